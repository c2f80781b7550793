"""What authenticates the other side of an endpoint, judged and said in words; unknown is said to be unknown.

The text of a code requirement is evaluated where it can be folded: who satisfies it decides the state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal as OneOf
from typing import NamedTuple

from ipclint.checks.detectors.code_requirement import read, weakest
from ipclint.checks.detectors.peer_apis import EXCUSES, REQUIREMENT_SETTERS, STRONG
from ipclint.checks.detectors.peer_evidence import guard
from ipclint.checks.detectors.peer_reach import acceptors_of, reaches
from ipclint.checks.requirement import Grade, Verdict, with_holes
from ipclint.checks.usual_trust import USUAL
from ipclint.model.facts import PlistFacts
from ipclint.model.finding import Place
from ipclint.model.ir import Call, Expr, Member, Name, Node, walk
from ipclint.program.channels import every_endpoint
from ipclint.program.constants import HOLE, fold
from ipclint.program.endpoints import HANDED, Endpoint
from ipclint.program.link import calls_in, declarations, owner_of, resolve
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query

State = OneOf["verified", "weak", "open", "unknown", "not-applicable"]

LISTENER_SETTERS = frozenset({"setConnectionCodeSigningRequirement", "setConnectionCodeSigningRequirement:"})
MAKERS = frozenset({"SecRequirementCreateWithString", "SecRequirementCreateWithStringAndErrors"})
PRIVILEGED = frozenset({"privileged", "NSXPCConnectionPrivileged", "XPC_CONNECTION_MACH_SERVICE_PRIVILEGED"})
_OF_BUNDLE = frozenset({"initWithServiceName:", "xpc_connection_create"})
HELPERS_DEEP = 3
MAX_FUNCTIONS = 120
"""How many functions around a listener without a delegate are looked at."""

_EVIDENCE = {
    "requirement": "a code requirement",
    "code": "its code signature",
    "static-code": "the code on disk, which need not be the code that runs",
    "pid": "the process id, which another program can take over",
    "uid": "the user id, which says nothing of the program",
    "audited-uid": "the user id, which says nothing of the program",
    "own-process": "that it is this very process",
    "certificates": "the names in its certificates alone",
    "signing-information": "what its signature says, not who signed it",
    "entitlement": "an entitlement",
    "bundle-id": "the bundle id, which anyone can use",
}
_UNDERMINES = frozenset({"pid", "static-code"})
"""Ways to a peer's code by which another program's may be looked at; any other evidence only adds to a signature."""

_OF_CONNECTIONS = frozenset({"pid", "own-process", "bundle-id", "entitlement"})
"""Words that mean a peer on a connection of XPC; near a socket they are about the program itself."""

_FIXED = {
    "xpc_connection_set_peer_team_identity_requirement": "any program of the same team",
    "xpc_connection_set_peer_platform_identity_requirement": "any program that Apple ships",
    "xpc_connection_set_peer_entitlement_exists_requirement": "any program with an entitlement",
    "xpc_connection_set_peer_entitlement_matches_value_requirement": "any program with an entitlement",
}


class Demand(NamedTuple):
    """A code requirement: its text ("" when unknown), who satisfies it, and where it is written or set."""

    text: str
    verdict: str
    grade: Grade
    place: Place


class Trust(NamedTuple):
    """`says` is a sentence without full stop, `checks` are kinds of evidence, `places` the functions that decide."""

    state: State
    says: str
    checks: tuple[str, ...] = ()
    demands: tuple[Demand, ...] = ()
    places: tuple[Place, ...] = ()


@query(bottom=Trust("unknown", ""))
def trust(program: Program, endpoint: Endpoint) -> Trust:
    """What authenticates the other side of an endpoint."""
    kind = endpoint.kind
    if kind == "XPC listener":
        return _of_listener(program, endpoint)
    if kind in ("libxpc listener", "socket listener", "Mach port listener"):
        return _of_handlers(program, endpoint)
    if kind in ("XPC client", "libxpc client"):
        return _of_client(program, endpoint)
    if kind == "extension point":
        return _of_extension(endpoint.name)
    if kind == "helper installation":
        return _of_installation(program, endpoint)
    return Trust(*USUAL.get((kind, endpoint.direction), ("not-applicable", "")))


# ── NSXPCListener ────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_listener(program: Program, endpoint: Endpoint) -> Trust:
    listener = endpoint.listener
    if listener is None:
        return Trust("unknown", "not known")
    if listener.requirement is not None:
        return _demanded(tuple(_demands(program, listener.requirement[0], listener.requirement[1])))
    acceptors = acceptors_of(program, listener.delegates)
    found = _of_acceptors(program, acceptors)
    if found.state in ("open", "unknown") and listener.kind == "service":
        return found._replace(
            state="verified",
            says=f"the system: only what contains the service can reach it; by itself it asks for {_by(found)}",
        )
    if found.state == "open" and listener.kind == "anonymous":
        return found._replace(state="weak", says="nothing but the endpoint: whoever is handed it may connect")
    return found


def _by(found: Trust) -> str:
    return "nothing" if found.state == "open" else "something that is not known here"


def _of_acceptors(program: Program, acceptors: tuple[UnitRef, ...]) -> Trust:
    places = tuple(_name_place(program, ref) for ref in acceptors)
    if not acceptors:
        return Trust("unknown", "not known: the delegate that decides is not found here")
    guards = [guard(program, ref) for ref in acceptors]
    kinds = frozenset[str]().union(*(each.kinds for each in guards))
    checks = tuple(kind for kind in _EVIDENCE if kind in kinds)
    if any(each.open for each in guards):
        partly = " on one path; another asks for " + _words(checks) if checks else ""
        return Trust("open", f"nothing{partly or ': every connection is accepted'}", checks, (), places)
    if kinds & EXCUSES or any(each.kinds and each.kinds <= EXCUSES for each in guards):
        when = "where a setting, a variable or a file says so" if "switch" in kinds else "on older systems"
        other = f"; otherwise {_words(checks)}" if checks else ""
        return Trust("open", f"nothing {when}{other}", checks, (), places)
    if any(each.unknown or not each.kinds for each in guards):
        return Trust("unknown", "not known: the check rests on code that is not here", checks, (), places)
    demands = tuple(dict.fromkeys(d for ref in acceptors for d in _below(program, ref, HELPERS_DEEP)))
    if not kinds & STRONG or kinds & _UNDERMINES:
        return Trust("weak", _words(checks), checks, demands, places)
    return _demanded(demands)._replace(checks=checks, places=places)


def _words(checks: Iterable[str]) -> str:
    kinds = list(checks)
    if "pid" in kinds and "code" in kinds:
        rest = [_EVIDENCE[kind] for kind in kinds if kind not in ("pid", "code")]
        return "; and ".join(
            ["its code signature, found by its process id, which another program can take over", *rest]
        )
    return "; and ".join(dict.fromkeys(_EVIDENCE[kind] for kind in kinds))


# ── code requirements ────────────────────────────────────────────────────────────────────────────────────────────────


def _demanded(demands: tuple[Demand, ...]) -> Trust:
    """The state that requirements give: the weakest that is known decides."""
    known = [demand for demand in demands if demand.grade is not Grade.UNKNOWN]
    if not known:
        return Trust("unknown", "a code requirement whose text is not known here", ("requirement",), demands)
    found = min(known, key=lambda demand: demand.grade)
    says = f"a code requirement: {found.verdict} can satisfy it"
    return Trust(_state(found.grade), says, ("requirement",), demands)


def _state(grade: Grade) -> State:
    if grade is Grade.ANYONE:
        return "open"
    return "weak" if grade <= Grade.APPLE else "verified"


def _below(program: Program, ref: UnitRef, deep: int) -> Iterator[Demand]:
    """The requirements that a function, or one that it calls, sets or evaluates."""
    calls = calls_in(program, ref)
    for call in calls:
        if call.name in REQUIREMENT_SETTERS | MAKERS | LISTENER_SETTERS:
            yield from _demands(program, ref, call)
    for callee in (
        dict.fromkeys(callee for call in calls for callee in resolve(program, ref, call).refs) if deep else ()
    ):
        yield from _below(program, callee, deep - 1)


def _demands(program: Program, ref: UnitRef, call: Call) -> Iterator[Demand]:
    """What a call that sets or makes a requirement asks for."""
    place = Place(ref.path, ref.key, call.start, call.end)
    if call.name in _FIXED:
        grade = Grade.SIGNER if "team" in call.name else Grade.APPLE
        yield Demand("", _FIXED[call.name], grade, place)
        return
    for argument in call.args:
        if (found := _read(program, ref, argument)) is not None:
            yield Demand(found[0], found[1].answer, found[1].grade, place)
            return
    yield Demand("", "not known", Grade.UNKNOWN, place)


def _read(program: Program, ref: UnitRef, argument: Expr) -> tuple[str, Verdict] | None:
    texts = [text for text in fold(program, ref, argument) if text != HOLE]
    verdict = weakest(tuple(texts))
    return next(((text, verdict) for text in texts if read(text) == verdict), None) if verdict is not None else None


_FROM_ANY_APP = (
    "com.apple.share-services",
    "com.apple.ui-services",
    "com.apple.services",
    "com.apple.photo-editing",
    "com.apple.keyboard-service",
    "com.apple.broadcast-services",
    "com.apple.authentication-services",
)
"""Beginnings of the extension points whose host is whatever app the user is in."""


def _of_extension(point: str) -> Trust:
    if point.startswith(_FROM_ANY_APP):
        return Trust("open", "nothing: the system starts it for whatever app the user is in, and that cannot be told")
    if point.startswith("com.apple."):
        return Trust("verified", "the system, which is its host")
    return Trust("unknown", "not known: the app that defines the extension point is its host")


def _of_installation(program: Program, endpoint: Endpoint) -> Trust:
    """Who may replace a privileged helper: its Info.plist says."""
    facts = program.configuration(endpoint.place.path)
    clients = (
        facts.root.get("SMAuthorizedClients") if isinstance(facts, PlistFacts) and facts.root is not None else None
    )
    demands = tuple(
        Demand(text, verdict.answer, verdict.grade, endpoint.place)
        for text in (clients.strings if clients is not None else ())
        if (verdict := read(with_holes(text))) is not None
    )
    return _demanded(demands)


# ── handlers without a delegate ──────────────────────────────────────────────────────────────────────────────────────


def _of_handlers(program: Program, endpoint: Endpoint) -> Trust:
    """Evidence in the functions around a listener: whether it decides is not followed, but for a requirement that the
    connection itself enforces."""
    around = _around(program, UnitRef(endpoint.place.path, endpoint.place.unit))
    found = frozenset[str]().union(*(reaches(program, ref) for ref in around))
    if endpoint.kind != "libxpc listener":
        found -= _OF_CONNECTIONS
    checks = tuple(kind for kind in _EVIDENCE if kind in found)
    if "requirement" in found:
        return _demanded(tuple(dict.fromkeys(d for ref in around for d in _below(program, ref, 0))))._replace(
            checks=checks
        )
    if checks:
        return Trust("unknown", f"perhaps {_words(checks)}: whether that decides is not followed", checks)
    if endpoint.reach == HANDED:
        return Trust("weak", "nothing but the endpoint: whoever is handed it may connect")
    if endpoint.kind == "libxpc listener":
        return Trust("open", "nothing: no check of the peer is found in its handlers")
    return Trust("unknown", "not known: no check of the peer is found near it")


@query(bottom=())
def _around(program: Program, ref: UnitRef) -> tuple[UnitRef, ...]:
    """The functions that can run for a listener made here: callees, handlers by name, the methods beside it."""
    found: dict[UnitRef, None] = {ref: None}
    owner = owner_of(program, ref)
    todo = [ref, *(m for _, unit in declarations(program, owner) for m in program.members_of(unit.qualified))]
    while todo and len(found) < MAX_FUNCTIONS:
        at = todo.pop(0)
        found[at] = None
        todo += [callee for callee in _run_by(program, at) if callee not in found]
    return tuple(found)


@query(bottom=())
def _run_by(program: Program, ref: UnitRef) -> tuple[UnitRef, ...]:
    """What a function calls or hands over by name."""
    found: dict[UnitRef, None] = {}
    for call in calls_in(program, ref):
        handed = [argument.text for argument in call.args if isinstance(argument, Name)]
        found.update(dict.fromkeys(resolve(program, ref, call).refs))
        found.update(dict.fromkeys(callee for name in handed for callee in program.functions_named(name)))
    return tuple(found)


# ── clients ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_client(program: Program, endpoint: Endpoint) -> Trust:
    """What the client makes sure of about the service that answers."""
    ref = UnitRef(endpoint.place.path, endpoint.place.unit)
    demands = tuple(_below(program, ref, 0))
    if demands:
        return _demanded(demands)
    place = endpoint.place
    call = next((call for call in calls_in(program, ref) if (call.start, call.end) == (place.start, place.end)), None)
    if call is not None and "istenerEndpoint" in "".join((call.name, *call.labels)):
        return Trust("unknown", "not known: it is as good as whoever handed it the endpoint")
    if call is not None and (call.labels[:1] == ("serviceName",) or call.name in _OF_BUNDLE):
        return Trust("verified", "the system: the name means a service in its own bundle")
    if call is not None and PRIVILEGED & {_word(node) for node in walk(call)}:
        return Trust("verified", "the system: only root can register the name")
    if endpoint.name.startswith("com.apple.") and not _is_served(program, endpoint.name):
        return Trust("verified", "the system: its own service has the name before anybody else can")
    return Trust("open", "nothing: whoever registers the name first can answer")


def _is_served(program: Program, name: str) -> bool:
    """Whether the program itself listens on a name."""
    return any(each.name == name and each.direction == "in" for each in every_endpoint(program))


def _word(node: Node) -> str:
    return node.text if isinstance(node, Name) else node.name if isinstance(node, Member) else ""


def _name_place(program: Program, ref: UnitRef) -> Place:
    function = program.function(ref)
    return Place(ref.path, ref.key, *(function.name_span if function is not None else (0, 0)))
