"""XPC101: who an NSXPCListener's delegate lets in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.extension_hosts import decides_for_extension, open_closures
from ipclint.checks.detectors.peer_apis import ACCEPTORS, EXCUSES
from ipclint.checks.detectors.peer_evidence import Guard, guard
from ipclint.checks.detectors.peer_reach import reaches
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function
from ipclint.model.finding import Confidence, Finding, Place, Step
from ipclint.model.ir import Assign, Call, Evaluate, Expr, Literal, Member, Name, Operator, Return, walk
from ipclint.program.configuration import is_privileged, programs_of
from ipclint.program.link import callers, calls_in, declarations, resolve
from ipclint.program.overriding import running
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import Listener, listeners_of
from ipclint.program.target_info import is_blessed

CONNECTS = frozenset(
    {"NSXPCConnection", "initWithMachServiceName:options:", "initWithServiceName:", "initWithListenerEndpoint:"}
)


class Endpoint(NamedTuple):
    """What is known of the listeners that a delegate decides for; `context` narrows severity in the rule file."""

    context: str
    confidence: Confidence
    service: str
    listener: Listener | None


EXTENSION = Endpoint("extension", "hint", "the extension", None)


@detector("listener-accepts-unverified-peer", on="function")
def accepts_unverified_peer(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    yield from _open_closures(rule, program, ref, unit)
    if not _decides(program, unit) or not unit.body or ref not in running(program, ref):
        return
    found = guard(program, ref)
    excused = bool(found.kinds) and found.kinds <= EXCUSES
    if not (found.open or found.unknown or excused):
        yield from _for_a_user(rule, program, ref, unit, found)
        return
    endpoint = EXTENSION if decides_for_extension(program, unit) else _endpoint(program, ref.path, unit)
    if endpoint is None:
        return  # the listener itself requires a code signature
    validator = _unused_validator(program, unit)
    unknown = found.unknown and not (found.open or excused)
    context = "unknown-validator" if unknown else "unused-validator" if validator else endpoint.context
    decider = _decider(program, ref)
    function = program.function(decider)
    if function is None:
        return
    finding = rule.finding(
        Place(decider.path, decider.key, *function.name_span),
        "hint" if unknown else endpoint.confidence,
        severity=rule.severity[_severity(program, ref, endpoint)],
        context=context,
        holes={
            "delegate": unit.owner or "The delegate",
            "service": endpoint.service,
            "validator": f"{validator[1]}" if validator else "",
            **admission(program, decider, function),
        },
        steps=tuple(_story(program, ref, unit, decider, endpoint, validator, found)),
    )
    yield finding


def _decides(program: Program, unit: Function) -> bool:
    return unit.selector in ACCEPTORS or decides_for_extension(program, unit)


def _open_closures(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """What is handed to ExtensionKit to accept connections."""
    for closure in open_closures(program, ref, unit):
        yield rule.finding(
            Place(ref.path, ref.key, closure.start, closure.body_start),
            EXTENSION.confidence,
            severity=rule.severity[EXTENSION.context],
            context=EXTENSION.context,
            holes={"delegate": "The closure", "service": EXTENSION.service},
        )


def _for_a_user(rule: Rule, program: Program, ref: UnitRef, unit: Function, found: Guard) -> Iterator[Finding]:
    """A delegate that asks only whose process connects: each program that the user runs has the same answer."""
    if found.kinds - EXCUSES != frozenset({"uid"}) or not _asks_for_a_user(program, ref):
        return
    endpoint = _endpoint(program, ref.path, unit)
    if endpoint is not None and endpoint.context in ("mach-service", "unknown-listener"):
        yield rule.finding(
            Place(ref.path, ref.key, *unit.name_span),
            endpoint.confidence,
            severity=rule.severity["uid-only"],
            context="uid-only",
            holes={
                "delegate": unit.owner or "The delegate",
                "service": endpoint.service,
                **admission(program, ref, unit),
            },
            steps=tuple(_listener_step(endpoint)),
        )


def _asks_for_a_user(program: Program, ref: UnitRef, calls: int = 2) -> bool:
    """Whether the user that is asked for is one who runs other programs too: not root, as in a daemon its own id is."""
    for node in walk(program.body(ref)):
        if isinstance(node, Operator) and node.op in ("==", "!=") and any(map(_is_uid, node.operands)):
            others = [side for side in node.operands if not _is_uid(side)]
            if not any(_is_root(program, ref, side) for side in others):
                return True
    return calls > 0 and any(
        _asks_for_a_user(program, callee, calls - 1)
        for call in calls_in(program, ref)
        for callee in resolve(program, ref, call).refs
    )


def _is_uid(side: Expr) -> bool:
    return any(isinstance(node, Member | Call) and node.name == "effectiveUserIdentifier" for node in walk(side))


def _is_root(program: Program, ref: UnitRef, side: Expr) -> bool:
    if any(isinstance(node, Call) and node.name in ("geteuid", "getuid") for node in walk(side)):
        return is_privileged(program, ref.path)
    return isinstance(side, Literal) and side.text == "0"


def _endpoint(program: Program, path: str, unit: Function) -> Endpoint | None:
    """None when every listener of this delegate has a code requirement of its own."""
    listeners = listeners_of(program, unit.owner)
    if listeners and all(listener.requirement for listener in listeners):
        return None
    open_ones = [listener for listener in listeners if not listener.requirement]
    for kind, context, confidence in (
        ("mach-service", "mach-service", "certain"),
        ("anonymous", "anonymous", "hint"),
        ("service", "embedded-service", "hint"),
    ):
        for listener in open_ones:
            if listener.kind == kind:
                service = f"“{listener.service}”" if listener.service else _WORDS[kind]
                return Endpoint(context, confidence, service, listener)  # type: ignore[arg-type]
    if (programs := programs_of(program, path)) and all(each.is_embedded_service for each in programs):
        return Endpoint("embedded-service", "hint", _WORDS["service"], None)
    return Endpoint("unknown-listener", "likely", "the service", None)


def _severity(program: Program, ref: UnitRef, endpoint: Endpoint) -> str:
    """The context whose severity the rule file gives."""
    if _swaps_interface(program, ref):
        return "swaps-interface"
    if endpoint.context in ("mach-service", "unknown-listener") and is_privileged(program, ref.path):
        return "privileged"
    return endpoint.context


_WORDS = {"mach-service": "its Mach service", "anonymous": "its endpoint", "service": "the embedded service"}


def admission(program: Program, ref: UnitRef, function: Function) -> dict[str, str | Place]:
    """The connection by its name, and the statement that resumes it: where a requirement must have been set before."""
    for node in walk(program.body(ref)):
        if isinstance(node, Evaluate) and isinstance(node.value, Call) and node.value.name in ("resume", "activate"):
            target = node.value.target
            if isinstance(target, Name) and any(param.name == target.text for param in function.params):
                return {"connection": target.text, "resume": Place(ref.path, ref.key, node.start, node.end)}
    return {}


def _decider(program: Program, ref: UnitRef) -> UnitRef:
    """The delegate, or the helper whose answer it returns as it is."""
    body = program.body(ref)
    returns = [node for node in walk(body) if isinstance(node, Return)]
    if len(returns) == 1 and isinstance(returns[0].value, Call):
        helpers = [body for each in resolve(program, ref, returns[0].value).refs for body in running(program, each)]
        if len(helpers) == 1 and guard(program, helpers[0]).open and program.body(helpers[0]):
            return helpers[0]
    return ref


def _unused_validator(program: Program, unit: Function) -> tuple[UnitRef, str] | None:
    """A function beside the delegate that validates code and that nobody calls."""
    for _, declaration in declarations(program, unit.owner) if unit.owner else ():
        for member in program.members_of(declaration.qualified):
            function = program.function(member)
            if function is None or not function.body or function.kind != "method":
                continue
            if reaches(program, member) & {"code", "static-code", "pid"} and function.selector != unit.selector:
                if "code" in reaches(program, member) and not callers(program, member):
                    return member, function.name
    return None


def _swaps_interface(program: Program, ref: UnitRef) -> bool:
    """A handshake: a first interface is exported here, and another method of the program swaps in the real one."""
    for user in program.mentioning("exportedInterface"):
        if user.path == ref.path and user != ref:
            for node in walk(program.body(user)):
                if (
                    isinstance(node, Assign)
                    and isinstance(node.target, Member)
                    and node.target.name == "exportedInterface"
                ) and not (_is_acceptor(program, user) or _is_client(program, user)):
                    return True
    return False


def _is_client(program: Program, ref: UnitRef) -> bool:
    """Whether a function makes a connection itself: what it exports on that is the other side's matter."""
    return any(call.name in CONNECTS for call in calls_in(program, ref))


def _is_acceptor(program: Program, ref: UnitRef) -> bool:
    function = program.function(ref)
    return function is None or function.selector in ACCEPTORS or function.name in ("init", "main")


def _story(
    program: Program,
    ref: UnitRef,
    unit: Function,
    decider: UnitRef,
    endpoint: Endpoint,
    validator: tuple[UnitRef, str] | None,
    found: Guard,
) -> Iterator[Step]:
    yield from _listener_step(endpoint)
    if decider != ref:
        yield Step(
            Place(ref.path, ref.key, *unit.name_span), f"{unit.owner or 'the delegate'} leaves the decision to a helper"
        )
    for node in walk(program.body(decider)):
        if isinstance(node, Return):
            yield Step(
                Place(decider.path, decider.key, node.start, node.end),
                "the connection is accepted without a check of the peer",
            )
            break
    if validator is not None:
        function = program.function(validator[0])
        if function is not None:
            yield Step(
                Place(validator[0].path, validator[0].key, *function.name_span),
                f"{validator[1]} validates code but nothing calls it",
            )
    if found.kinds:
        yield Step(
            Place(ref.path, ref.key, *unit.name_span),
            f"another path does look at the peer ({', '.join(sorted(found.kinds))}); this one does not",
        )
    yield from _installers(program, ref.path)


def _listener_step(endpoint: Endpoint) -> Iterator[Step]:
    if endpoint.listener is not None:
        at = endpoint.listener
        yield Step(
            Place(at.ref.path, at.ref.key, at.node.start, at.node.end),
            f"the listener for {endpoint.service} is created here",
        )


def _installers(program: Program, path: str) -> Iterator[Step]:
    """Where a helper says who may install it, which is easily taken for a check of who connects."""
    for info in (info for target in programs_of(program, path) for info in target.infos if is_blessed(info)):
        for entry in info.root.entries if info.root is not None else ():
            if entry.key == "SMAuthorizedClients":
                place = Place(info.path, "", entry.key_span.start, entry.key_span.end)
                yield Step(place, "this says who may install the helper, not who may connect to it")
