"""What a function knows of its peer when it lets it in: the evidence on each accepting path.

A check counts when its result decides: the condition turns out one way on every accepting path. Comments are not
code, a
validator that nobody calls is not a check, a result that is dropped is none, and a name promises nothing: callees are
judged by their bodies, three calls deep and more, in any file and language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ipclint.model.facts import Function
from ipclint.model.ir import (
    Assign,
    Availability,
    Block,
    Call,
    Case,
    Closure,
    Evaluate,
    Expr,
    If,
    Jump,
    Literal,
    Member,
    Name,
    Node,
    Operator,
    Return,
    Switch,
    Throw,
    walk,
)
from ipclint.model.ir import Guard as GuardStatement
from ipclint.program.link import callers, calls_in, resolve, type_of
from ipclint.program.paths import NEVER, Event, Given, Path, given, outcomes, paths, returned
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.types import base_type, is_optional

# Evidence, strongest first. "requirement": a code requirement is in force on the connection; "code": the running code
# was validated by the kernel's identity of it; the others are weaker ends that rules of their own judge.
STRONG = frozenset({"requirement", "code"})

CODE_CHECKS = frozenset({"SecCodeCheckValidity", "SecCodeCheckValidityWithErrors", "SecTaskValidateForRequirement"})
STATIC_CHECKS = frozenset({"SecStaticCodeCheckValidity", "SecStaticCodeCheckValidityWithErrors"})
REQUIREMENT_SETTERS = frozenset(
    {
        "setCodeSigningRequirement",
        "setCodeSigningRequirement:",
        "setPeerRequirement",
        "senderSatisfies",
        "xpc_connection_set_peer_code_signing_requirement",
        "xpc_connection_set_peer_team_identity_requirement",
        "xpc_connection_set_peer_platform_identity_requirement",
        "xpc_connection_set_peer_entitlement_exists_requirement",
        "xpc_connection_set_peer_entitlement_matches_value_requirement",
        "xpc_connection_set_peer_lightweight_code_requirement",
        "xpc_connection_set_peer_requirement",
        "xpc_session_set_peer_code_signing_requirement",
        "xpc_session_set_peer_requirement",
        "xpc_listener_set_peer_requirement",
        "xpc_peer_requirement_match_received_message",
    }
)
WEAK: dict[str, str] = {
    **dict.fromkeys(STATIC_CHECKS, "static-code"),
    "kSecGuestAttributePid": "pid",
    "processIdentifier": "pid",
    "xpc_connection_get_pid": "pid",
    "audit_token_to_pid": "pid",
    "proc_pidpath": "pid",
    "effectiveUserIdentifier": "uid",
    "xpc_connection_get_euid": "uid",
    "audit_token_to_euid": "audited-uid",
    "audit_token_to_ruid": "audited-uid",
    "getpeereid": "uid",
    "kSecCodeInfoCertificates": "certificates",
    "kSecCodeInfoTeamIdentifier": "signing-information",
    "kSecCodeInfoIdentifier": "signing-information",
    "kSecCodeInfoEntitlementsDict": "signing-information",
    "SecTaskCopyValueForEntitlement": "entitlement",
    "SecTaskCopyValuesForEntitlements": "entitlement",
    "SecTaskCopySigningIdentifier": "signing-information",
    "valueForEntitlement": "entitlement",
    "valueForEntitlement:": "entitlement",
    "xpc_connection_copy_entitlement_value": "entitlement",
    "bundleIdentifier": "bundle-id",
}
# Kinds that are no evidence: who accepts on them alone accepts everybody.
EXCUSES = frozenset({"switch", "older-system"})
# What is no evidence, but a choice that somebody outside makes: XPC117 reports it.
SWITCHES: dict[str, str] = {
    "UserDefaults": "a user default",
    "NSUserDefaults": "a user default",
    "CFPreferencesGetAppBooleanValue": "a preference",
    "CFPreferencesCopyAppValue": "a preference",
    "getenv": "an environment variable",
    "environment": "an environment variable",
    "arguments": "a command-line argument",
    "CommandLine": "a command-line argument",
    "fileExists": "the existence of a file",
    "fileExistsAtPath:": "the existence of a file",
    "access": "the existence of a file",
}
_DIRECT: dict[str, str] = {
    **dict.fromkeys(CODE_CHECKS, "code"),
    **dict.fromkeys(REQUIREMENT_SETTERS, "requirement"),
    **WEAK,
}
_REQUIRING = frozenset(name.partition(":")[0] for name in REQUIREMENT_SETTERS)
_DIRECT_WORDS = {name.partition(":")[0]: kind for name, kind in _DIRECT.items()}
ACCEPTORS = frozenset({"listener:shouldAcceptNewConnection:", "shouldAcceptXPCConnection:"})
PEERS = frozenset({"NSXPCConnection", "xpc_connection_t", "xpc_object_t", "XPCReceivedMessage", "XPCSession"})
_BOOLEAN = frozenset({"Bool", "BOOL", "bool", "Boolean", "ObjCBool"})
MAX_CALLS_DEEP = 4
"""How many calls away a helper may touch evidence: a large app reaches nearly all of itself in a few more."""


def evidence_in(call: Call) -> str:
    """The kind of evidence that a call is by itself; "" for none."""
    if call.name == "value" and call.labels[:1] == ("forEntitlement",):
        return "entitlement"
    return _DIRECT.get(call.name, "")


class Guard(NamedTuple):
    """What holds whenever a function lets its caller go on.

    `kinds` are the kinds of evidence on accepting paths; `open` when some accepting path has none, `unknown` when such
    a path rests on a call whose body is not in the program.
    """

    kinds: frozenset[str] = frozenset()
    open: bool = False
    unknown: bool = False
    compiled_open: bool = False  # an accepting path without evidence exists under `#if DEBUG` only


def reaches(program: Program, ref: UnitRef) -> frozenset[str]:
    """Kinds of evidence that a function or its callees touch at all, whatever they do with it."""
    return _reaches(program, ref, MAX_CALLS_DEEP)


@query(bottom=frozenset[str]())
def _reaches(program: Program, ref: UnitRef, calls: int) -> frozenset[str]:
    function = program.function(ref)
    if function is None:
        return frozenset()
    found = {_DIRECT_WORDS[word] for word in function.mentions if word in _DIRECT_WORDS}
    if "NSRunningApplication" not in function.mentions:
        found.discard("bundle-id")  # one's own bundle, not the peer's
    found -= _dropped(program, ref)
    for node in walk(program.body(ref)) if calls else ():
        if isinstance(node, Call) and node.name == "value" and evidence_in(node):
            found.add(evidence_in(node))
        elif isinstance(node, Call) and node.name not in _DIRECT:
            for callee in resolve(program, ref, node).refs:
                found |= _reaches(program, callee, calls - 1)
    return frozenset(found)


def _dropped(program: Program, ref: UnitRef) -> set[str]:
    """Validity calls whose status nobody looks at, when there is no other of the kind."""
    dropped: set[str] = set()
    kept: set[str] = set()
    used_alone = {id(node.value) for node in bare_statements(program, ref)}
    for node in walk(program.body(ref)):
        if isinstance(node, Call) and node.name in CODE_CHECKS | STATIC_CHECKS:
            (dropped if id(node) in used_alone else kept).add(_DIRECT[node.name])
    return dropped - kept


def bare_statements(program: Program, ref: UnitRef) -> Iterator[Evaluate]:
    """Expression statements; the only statement of a closure or function is its value, not one of them."""
    body = program.body(ref)
    values = {id(body[0])} if len(body) == 1 else set[int]()
    for node in walk(body):
        if isinstance(node, Closure) and len(node.body) == 1:
            values.add(id(node.body[0]))
    for node in walk(body):
        if isinstance(node, Evaluate) and id(node) not in values:
            yield node


@query(bottom=Guard())
def guard(program: Program, ref: UnitRef) -> Guard:
    """The evidence that decides whether a function accepts: returns true, a value that is not nil, or does not
    throw.
    """
    function = program.function(ref)
    body = program.body(ref)
    if function is None or not body:
        return Guard(unknown=True)
    flags = _flags(program, ref)
    found = paths(body, lambda node: _tells(node, flags))
    evidence_of = _Evidence(program, ref)
    accepting = [(path, events) for path in found.paths for events in _acceptances(function, path, evidence_of.given)]
    decisive = _decisive(events for _, events in accepting)
    evidence_of.subjects = _deciding_subjects(body, decisive)
    kinds: set[str] = set()
    is_open = unknown = compiled = False
    for path, events in accepting:
        evidence = evidence_of.path(path, events, decisive)
        kinds |= evidence - {"unknown"}
        if evidence - {"unknown"}:
            continue
        if any(is_debug(condition) for condition in path.compiled):
            compiled = True
        elif _is_switched(events):
            kinds.add("switch")
        elif any(is_older_system(event) for event in events):
            kinds.add("older-system")
        elif "unknown" in evidence:
            unknown = True
        else:
            is_open = True
    return Guard(frozenset(kinds), is_open, unknown or not found.complete, compiled)


def is_older_system(event: Event) -> bool:
    """Whether an availability check turned out that the system is too old: XPC110 judges what is accepted then."""
    return isinstance(event.node, Availability) and event.taken is not None and event.taken == event.node.negated


def _is_switched(events: tuple[Event, ...]) -> bool:
    """Whether a setting, a variable or a file decided on this path."""
    return any(event.taken is not None and _words(event.node) & SWITCHES.keys() for event in events)


def is_debug(condition: str) -> bool:
    """Whether an `#if` condition keeps its code out of shipped builds."""
    text = condition.replace(" ", "").replace("defined", "")
    negated = False
    while text.startswith("!") or (text.startswith("(") and text.endswith(")")):
        negated ^= text.startswith("!")
        text = text[1:] if text.startswith("!") else text[1:-1]
    return ("DEBUG" in text and "!DEBUG" not in text and not negated) or (text == "RELEASE" and negated)


def _flags(program: Program, ref: UnitRef) -> frozenset[str]:
    """Locals whose value steers: they are returned, or tested where an exit, evidence or such a local depends on it."""
    names: set[str] = set()
    tests: list[tuple[set[str], set[str], bool]] = []
    for node in walk(program.body(ref)):
        if isinstance(node, Return) and node.value is not None:
            names |= {n.text for n in walk(node.value) if isinstance(n, Name)}
        elif isinstance(node, If | GuardStatement):
            tested = {n.text for condition in node.conditions for n in walk(condition) if isinstance(n, Name)}
            tests.append((tested, *_depending(node)))
    before = -1
    while before < len(names):
        before = len(names)
        for tested, assigned, exits in tests:
            if exits or assigned & names:
                names |= tested
    return frozenset(names)


def _depending(node: If | GuardStatement) -> tuple[set[str], bool]:
    """What a condition decides: the locals that its branches assign, and whether they leave or look at the peer."""
    assigned: set[str] = set()
    exits = isinstance(node, GuardStatement)
    for branch in (node.then, node.otherwise) if isinstance(node, If) else ():
        for inner in walk(branch):
            assigned.add((given(inner) or ("", None))[0])
            exits |= isinstance(inner, Return | Throw | Jump)
            exits |= isinstance(inner, Call) and (bool(evidence_in(inner)) or inner.name in NEVER)
    return assigned - {""}, exits


def _tells(node: Node, flags: frozenset[str]) -> bool:
    if isinstance(node, Call):
        return bool(evidence_in(node)) or node.name in NEVER
    return isinstance(node, Assign) and isinstance(node.target, Name) and node.target.text in flags


def _acceptances(function: Function, path: Path, values: Given) -> Iterator[tuple[Event, ...]]:
    """The events of a path, once for each way in which it accepts; nothing for a path that refuses."""
    if isinstance(path.exit, (Throw, Evaluate)) or not _feasible(path, values):
        return
    value = returned(path)
    if value is None and path.exit is None and path.events and function.returns:
        last = path.events[-1].node  # an implicit return: the body's only expression
        value = last.value if isinstance(last, Evaluate) and len(path.events) == 1 else None
    value = _resolved(value, path, values)
    if value is None or not _decides(function, value):
        if not (isinstance(value, Literal) and (value.kind == "nil" or value.text == "false")):
            yield path.events
        return
    for holds, events in outcomes(value):
        if holds:
            yield (*path.events, *events)


def _decides(function: Function, value: Expr) -> bool:
    return base_type(function.returns) in _BOOLEAN or (isinstance(value, Literal) and value.kind == "bool")


def _resolved(value: Expr | None, path: Path, values: Given) -> Expr | None:
    """A returned local's last value on the path."""
    seen: set[str] = set()
    while isinstance(value, Name) and value.text not in seen:
        seen.add(value.text)
        inner = values.last(path, value.text)
        if inner is None:
            break
        value = inner
    return value


def _feasible(path: Path, values: Given) -> bool:
    """False when a flag is tested against the constant that it was last given on this path."""
    known: dict[str, str] = {}
    for event in path.events:
        node = event.node
        if event.taken is not None and isinstance(node, Name) and known.get(node.text) in ("true", "false"):
            if (known[node.text] == "true") != event.taken:
                return False
        for name, value in values.within(node):
            known[name] = value.text if isinstance(value, Literal) else ""
    return True


def _decisive(accepting: Iterable[tuple[Event, ...]]) -> frozenset[tuple[int, bool]]:
    """Conditions that turn out one way on every accepting path that meets them."""
    seen: dict[int, set[bool]] = {}
    for events in accepting:
        for event in events:
            if event.taken is not None:
                seen.setdefault(id(event.node), set()).add(event.taken)
    return frozenset((node, *outcome) for node, outcome in seen.items() if len(outcome) == 1)  # type: ignore[misc]


def _deciding_subjects(body: Block, decisive: frozenset[tuple[int, bool]]) -> dict[int, Expr]:
    """What a switch asks, by the case that was chosen, where another of its cases refuses."""
    found: dict[int, Expr] = {}
    for node in walk(body):
        if isinstance(node, Switch) and any((id(case), True) not in decisive for case in node.cases):
            found.update((id(case), node.subject) for case in node.cases)
    return found


def _asked(condition: Node) -> tuple[Node, ...]:
    """What decides whether a condition holds: of a case its patterns, not what it does."""
    if isinstance(condition, Case):
        return (*condition.patterns, *filter(None, (condition.where,)))
    return (condition,)


class _Evidence:
    """The evidence on the paths of one function. Nodes are looked at once, for many paths lead through them."""

    def __init__(self, program: Program, ref: UnitRef) -> None:
        self.given = Given()
        self.subjects: dict[int, Expr] = {}
        self._program = program
        self._ref = ref
        self._evaluated: dict[int, set[str]] = {}
        self._called: dict[int, set[str]] = {}
        self._filled: dict[int, dict[str, set[str]]] = {}

    def path(self, path: Path, events: tuple[Event, ...], decisive: frozenset[tuple[int, bool]]) -> set[str]:
        """Kinds of evidence on a path that ends with these events."""
        found: set[str] = set()
        for event in events:
            key = id(event.node)
            if event.taken is None:
                if key not in self._evaluated:
                    self._evaluated[key] = _evaluated(self._program, self._ref, event.node)
                found |= self._evaluated[key]
            elif (key, event.taken) in decisive:
                for asked in (*_asked(event.node), *filter(None, (self.subjects.get(key),))):
                    found |= self.condition(asked, path)
        return found

    def condition(self, condition: Node, path: Path, depth: int = 0) -> set[str]:
        """Kinds of evidence in a condition: in its calls, and in the values of the locals that it tests."""
        found: set[str] = set()
        for node in walk(condition):
            if isinstance(node, Call):
                if id(node) not in self._called:
                    self._called[id(node)] = _called(self._program, self._ref, node)
                found |= self._called[id(node)]
            elif isinstance(node, Member) and node.name in _DIRECT:
                if node.name != "bundleIdentifier" or not _is_own_bundle(node):
                    found.add(_DIRECT[node.name])
            elif isinstance(node, Name):
                if node.text in _DIRECT:
                    found.add(_DIRECT[node.text])
                elif depth < 4 and (value := self.given.last(path, node.text)) is not None and value is not condition:
                    found |= self.condition(value, path, depth + 1)
                    found |= self._out_parameter(node.text, path)
        if "pid" in found and self._compares_own_process(condition, path):
            return {"own-process"}
        return found

    def _out_parameter(self, name: str, path: Path) -> set[str]:
        """A local that a call on the path fills through `&name` stands for what that call did."""
        found: set[str] = set()
        for event in path.events:
            if id(event.node) not in self._filled:
                self._filled[id(event.node)] = _filled(event.node)
            found |= self._filled[id(event.node)].get(name, set())
        return found

    def _compares_own_process(self, condition: Node, path: Path) -> bool:
        words = _words(condition)
        for name in tuple(words):
            value = self.given.last(path, name)
            if value is not None:
                words |= _words(value)
        return "getpid" in words or {"ProcessInfo", "processIdentifier"} <= words


def _evaluated(program: Program, ref: UnitRef, node: Node) -> set[str]:
    """What a statement that simply runs ensures: a requirement set, a callee that throws or never returns otherwise."""
    found: set[str] = set()
    tried = _tried(node)
    for inner in walk(node):
        if isinstance(inner, Call):
            if inner.name in REQUIREMENT_SETTERS and inner.name != "senderSatisfies":
                found.add("requirement")
                continue
            throws = id(inner) in tried
            for callee in resolve(program, ref, inner).refs:
                if throws or _may_require(program, callee):
                    answer = guard(program, callee)
                    if not answer.open and not answer.unknown:
                        found |= answer.kinds if throws else answer.kinds & {"requirement"}
    return found


@query(bottom=False)
def _may_require(program: Program, ref: UnitRef) -> bool:
    """Whether a function or one below it names what sets a requirement: few do, and only those are worth a walk."""
    function = program.function(ref)
    if function is None:
        return False
    if not _REQUIRING.isdisjoint(function.mentions):
        return True
    return any(
        _may_require(program, callee) for call in calls_in(program, ref) for callee in resolve(program, ref, call).refs
    )


def _tried(statement: Node) -> set[int]:
    """The nodes whose failure leaves, by identity: they stand under `try`. Of others only what they set stays."""
    return {
        id(below) for node in walk(statement) if isinstance(node, Operator) and node.op == "try" for below in walk(node)
    }


def _called(program: Program, ref: UnitRef, call: Call) -> set[str]:
    """What a call contributes to a decision: the API that it is, or what its body ensures or touches."""
    if kind := evidence_in(call):
        return {kind}
    resolution = resolve(program, ref, call)
    if not resolution.refs:
        return {"unknown"} if _passes_peer(program, ref, call) else set()
    found: set[str] = set()
    for callee in resolution.refs:
        function = program.function(callee)
        if function is None or not function.body:
            found.add("unknown")
        elif base_type(function.returns) in _BOOLEAN or not function.returns or is_optional(function.returns):
            answer = guard(program, callee)
            found |= set() if answer.open else answer.kinds
            if answer.unknown and not answer.kinds:
                found.add("unknown")
            if answer.open and base_type(function.returns) not in _BOOLEAN:
                found |= reaches(program, callee)
        else:
            found |= reaches(program, callee)
    return found


def _passes_peer(program: Program, ref: UnitRef, call: Call) -> bool:
    """Whether a call without a body here is given the connection, or something read from it."""
    if (
        call.target is not None
        and type_of(program, ref, call.target)
        and not type_of(program, ref, call.target).endswith(".Type")
    ):
        receiver = base_type(type_of(program, ref, call.target))
        if receiver == "NSXPCConnection" or receiver in (
            "Array",
            "Set",
            "Dictionary",
            "NSMutableArray",
            "NSArray",
            "NSMutableSet",
        ):
            return False
    return any(
        "XPCConnection" in type_of(program, ref, argument)
        or any(
            isinstance(n, Member | Name) and _last_name(n) in ("auditToken", "processIdentifier")
            for n in walk(argument)
        )
        for argument in call.args
    )


def _last_name(node: Member | Name) -> str:
    return node.name if isinstance(node, Member) else node.text


def _filled(node: Node) -> dict[str, set[str]]:
    """The locals that calls below a node fill through `&name`, with the evidence in these calls."""
    found: dict[str, set[str]] = {}
    for call in walk(node):
        for argument in call.args if isinstance(call, Call) else ():
            match argument:
                case Operator(op="address", operands=(Name(text=name), *_)):
                    found.setdefault(name, set()).update(_DIRECT[word] for word in _words(call) if word in _DIRECT)
                case _:
                    pass
    return found


def _words(node: Node) -> set[str]:
    return {
        n.name if isinstance(n, Call | Member) else n.text for n in walk(node) if isinstance(n, Call | Member | Name)
    }


def _is_own_bundle(member: Member) -> bool:
    return "Bundle" in _words(member) or "mainBundle" in _words(member)


@query(bottom=False)
def judges_peer(program: Program, ref: UnitRef, depth: int = MAX_CALLS_DEEP) -> bool:
    """Whether a function, or one that calls it, is about the peer of a connection: an acceptor, a handler of messages.

    Code that looks at signatures of other programs for another reason (a process monitor, an updater) is not.
    """
    function = program.function(ref)
    if function is None:
        return False
    if function.selector in ACCEPTORS or any(base_type(param.type) in PEERS for param in function.params):
        return True
    if PEERS & set(function.mentions) or {"xpc_connection_set_event_handler", "shouldAcceptNewConnection"} & set(
        function.mentions
    ):
        return True
    return depth > 0 and any(judges_peer(program, site.caller, depth - 1) for site in callers(program, ref))
