"""What a function knows of its peer when it lets it in: the evidence on each accepting path.

A check counts when its result decides: the condition turns out one way on every accepting path. Comments are not
code, a validator that nobody calls is not a check, a result that is dropped is none, and a name promises nothing:
callees are judged by their bodies, three calls deep and more, in any file and language.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ipclint.checks.detectors.acceptance import acceptances, is_debug, is_older_system
from ipclint.checks.detectors.peer_apis import BOOLEAN, DIRECT, REQUIREMENT_SETTERS, SWITCHES, evidence_in
from ipclint.checks.detectors.peer_reach import may_require, reaches
from ipclint.model.ir import Call, Case, Expr, Member, Name, Node, Operator, walk
from ipclint.program.link import resolve, type_of
from ipclint.program.overriding import running
from ipclint.program.paths import Event, Given, Path
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.types import base_type, is_optional


class Guard(NamedTuple):
    """What holds whenever a function lets its caller go on.

    `kinds` are the kinds of evidence on accepting paths; `open` when some accepting path has none, `unknown` when such
    a path rests on a call whose body is not in the program.
    """

    kinds: frozenset[str] = frozenset()
    open: bool = False
    unknown: bool = False
    compiled_open: bool = False  # an accepting path without evidence exists under `#if DEBUG` only


@query(bottom=Guard())
def guard(program: Program, ref: UnitRef) -> Guard:
    """The evidence that decides whether a function accepts: returns true, a value that is not nil, or does not
    throw.
    """
    function = program.function(ref)
    body = program.body(ref)
    if function is None or not body:
        return Guard(unknown=True)
    evidence_of = _Evidence(program, ref)
    found = acceptances(program, ref, function, evidence_of.given)
    evidence_of.subjects = found.subjects
    kinds: set[str] = set()
    is_open = unknown = compiled = False
    for path, events in found.ways:
        evidence = evidence_of.path(path, events, found.decisive)
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


def _is_switched(events: tuple[Event, ...]) -> bool:
    """Whether a setting, a variable or a file decided on this path."""
    return any(event.taken is not None and _words(event.node) & SWITCHES.keys() for event in events)


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
            elif isinstance(node, Member) and node.name in DIRECT:
                if node.name != "bundleIdentifier" or not _is_own_bundle(node):
                    found.add(DIRECT[node.name])
            elif isinstance(node, Name):
                if node.text in DIRECT:
                    found.add(DIRECT[node.text])
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
                found |= _in_all(_ensured(program, body, throws) for body in _bodies(program, inner, callee))
    return found


def _ensured(program: Program, callee: UnitRef, throws: bool) -> set[str]:
    """What holds once a callee has returned: what it sets, and what it throws without."""
    if not throws and not may_require(program, callee):
        return set()
    answer = guard(program, callee)
    if answer.open or answer.unknown:
        return set()
    return set(answer.kinds if throws else answer.kinds & {"requirement"})


def _bodies(program: Program, call: Call, callee: UnitRef) -> tuple[UnitRef, ...]:
    """The bodies that a call of a method can run, those of subclasses too."""
    is_super = isinstance(call.target, Name) and call.target.text == "super"
    return (callee,) if is_super else running(program, callee)


def _in_all(bodies: Iterable[set[str]]) -> set[str]:
    """The evidence of bodies any of which may run: none where one has none."""
    each = list(bodies)
    return set[str]().union(*each) if all(each) else set()


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
    return set[str]().union(
        *(_in_all(_answered(program, body) for body in _bodies(program, call, callee)) for callee in resolution.refs)
    )


def _answered(program: Program, callee: UnitRef) -> set[str]:
    """What the answer of a callee stands for."""
    function = program.function(callee)
    if function is None or not function.body:
        return {"unknown"}
    is_boolean = base_type(function.returns) in BOOLEAN
    if not is_boolean and function.returns and not is_optional(function.returns):
        return set(reaches(program, callee))
    answer = guard(program, callee)
    found = set[str]() if answer.open else set(answer.kinds)
    if answer.unknown and not answer.kinds:
        found.add("unknown")
    if answer.open and not is_boolean:
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
                    found.setdefault(name, set()).update(DIRECT[word] for word in _words(call) if word in DIRECT)
                case _:
                    pass
    return found


def _words(node: Node) -> set[str]:
    return {
        n.name if isinstance(n, Call | Member) else n.text for n in walk(node) if isinstance(n, Call | Member | Name)
    }


def _is_own_bundle(member: Member) -> bool:
    return "Bundle" in _words(member) or "mainBundle" in _words(member)
