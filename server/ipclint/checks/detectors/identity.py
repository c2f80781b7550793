"""XPC103: a peer judged by its process id, or by the names and paths that a process id leads to."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.claims import claims_in_arguments, claims_in_message
from ipclint.checks.detectors.identity_lookups import (
    PID_KEY,
    Sink,
    arguments_from,
    identifying,
    identity_parameters,
    identity_sinks,
)
from ipclint.checks.detectors.older_system import requires_everywhere
from ipclint.checks.detectors.peer_apis import ACCEPTORS, STRONG
from ipclint.checks.detectors.peer_evidence import guard
from ipclint.checks.detectors.peer_reach import judges_peer
from ipclint.checks.detectors.process_ids import (
    PID_FUNCTIONS,
    PID_TYPES,
    SOCKET_PIDS,
    Origin,
    origins,
    peer_chains,
    place,
)
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Param
from ipclint.model.finding import Confidence, Finding, Place, Step
from ipclint.model.ir import Call, Literal, Member, Name, Node, Operator, Text, walk
from ipclint.program.link import calls_in, resolve
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.surface import is_exported
from ipclint.program.types import base_type


@detector("peer-identified-by-spoofable-attribute", on="function")
def identified_by_spoofable_attribute(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    if not requires_everywhere(program, ref):  # then the process id is one more look, and decides nothing
        yield from _at_the_sink(rule, program, ref)
        yield from _at_the_call(rule, program, ref, unit)
    yield from _named_in_the_message(rule, program, ref, unit)
    yield from _named_by_the_caller(rule, program, ref, unit)
    yield from _claimed(rule, program, ref, unit)


def _at_the_sink(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    for sink in identity_sinks(program, ref):
        confidence, steps = _trace(program, ref, sink)
        if confidence is not None:
            yield rule.finding(
                place(ref, sink.node),
                confidence,
                context="code-by-pid" if sink.use == "code" else "name-by-pid",
                variant="" if sink.use == "code" else "b",
                steps=steps,
                holes={"attribute": PID_KEY if sink.use == "code" else _spelling(sink.node), "pid": "the process id"},
            )


def _trace(program: Program, ref: UnitRef, sink: Sink) -> tuple[Confidence | None, tuple[Step, ...]]:
    """How sure it is that the pid is a peer's, None when it is not one, with the way there."""
    best: tuple[Confidence | None, tuple[Step, ...]] = (None, ())
    for origin in origins(program, ref, sink.pid):
        if origin.kind == "peer" and origin.node is not None and not _is_any_token(origin.node, sink):
            return "certain", (Step(place(ref, origin.node), "the process id of the peer is read here"),)
        if origin.kind == "parameter":
            for chain in peer_chains(program, ref, origin.parameter):
                if chain.known:
                    return "certain", chain.steps
                if best[0] is None and sink.use == "code" and _about_a_client(program, ref):
                    best = "likely", ()
    return best


def _is_any_token(node: Node, sink: Sink) -> bool:
    """Whether the process id is taken from an audit token of which nothing says that it is a peer's: the system tells
    of many processes by their tokens."""
    if sink.use == "code" or not isinstance(node, Call) or node.name != "audit_token_to_pid":
        return False
    words = (
        n.name if isinstance(n, Member | Call) else n.text for n in walk(node) if isinstance(n, Name | Member | Call)
    )
    return not any(word in each.lower() for each in words for word in _CLIENT_WORDS)


_CLIENT_WORDS = ("client", "peer", "caller", "connection", "xpc", "sender")


def _about_a_client(program: Program, ref: UnitRef) -> bool:
    """Whether the function's name says that it judges a client; otherwise a look-up by pid is inspection, not a
    check.
    """
    function = program.function(ref)
    if function is None or not {"SecCodeCheckValidity", "SecCodeCheckValidityWithErrors"} & set(function.mentions):
        return False
    words = f"{function.owner} {function.name} {' '.join(param.name for param in function.params)}".lower()
    return any(word in words for word in _CLIENT_WORDS) or judges_peer(program, ref)


def _at_the_call(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """Call sites that hand the peer's pid to something that identifies processes by it."""
    for call, callee, origin in _handings(program, ref, unit):
        yield _handed_over(rule, program, ref, call, callee, origin)


def _handings(program: Program, ref: UnitRef, unit: Function) -> Iterator[tuple[Call, UnitRef, Origin]]:
    if not {"processIdentifier", *PID_FUNCTIONS, *SOCKET_PIDS} & set(unit.mentions):
        return
    for call in calls_in(program, ref):
        handed = arguments_from(program, ref, call, "peer")
        for callee in resolve(program, ref, call).refs if handed else ():
            for index in sorted(identifying(program, ref, call, callee)):
                yield from ((call, callee, origin) for origin in handed.get(index, ()))


@query(bottom=False)
def judges_by_pid(program: Program, ref: UnitRef) -> bool:
    """Whether a function asks by the process id of a peer who that is: what this rule reports."""
    unit = program.function(ref)
    return unit is not None and (
        any(_trace(program, ref, sink)[0] is not None for sink in identity_sinks(program, ref))
        or any(True for _ in _handings(program, ref, unit))
    )


def _handed_over(rule: Rule, program: Program, ref: UnitRef, call: Call, callee: UnitRef, origin: Origin) -> Finding:
    steps = [
        Step(place(callee, sink.node), "and there the process is looked up by its id")
        for sink in identity_sinks(program, callee)
    ]
    node = origin.node or call
    return rule.finding(
        place(ref, call),
        "certain",
        context="pid-handed-over",
        holes={"callee": call.signature, "pid": _spelling(node)},
        steps=(Step(place(ref, node), "the process id of the peer is read here"), *steps),
    )


def _named_by_the_caller(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """An exported method that takes a process id, and asks by it who somebody is."""
    named = [number for number, param in enumerate(unit.params) if _is_pid(param)]
    if not named or not is_exported(program, ref):
        return
    for number in sorted(identity_parameters(program, ref) & set(named)):
        yield rule.finding(
            Place(ref.path, ref.key, *unit.name_span),
            "likely",
            variant="c",
            context="pid-in-message",
            holes={"pid": unit.params[number].name, "method": unit.signature},
        )


def _claimed(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """A message that says itself who sends it, and is believed."""
    found = [(ref, claim) for claim in claims_in_message(program, ref, unit)]
    if {"exportedObject", "setExportedObject"} & set(unit.mentions):
        found += claims_in_arguments(program, ref)
    for at, claim in found:
        yield rule.finding(
            place(at, claim.node),
            "likely" if claim.about_sender else "hint",
            variant="d",
            context="claimed",
            holes={"claim": claim.name},
        )


def _is_pid(param: Param) -> bool:
    words = f"{param.label} {param.name}".lower()
    return base_type(param.type) in PID_TYPES and ("pid" in words or "process" in words)


def _named_in_the_message(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """A delegate whose only evidence is a name or a path that the peer chose."""
    if unit.selector not in ACCEPTORS:
        return
    found = guard(program, ref)
    if found.open or found.kinds & STRONG or "bundle-id" not in found.kinds or any(identity_sinks(program, ref)):
        return
    for node in walk(program.body(ref)):
        if isinstance(node, Member | Call) and node.name == "bundleIdentifier":
            yield rule.finding(
                place(ref, node),
                "certain",
                context="name-by-pid",
                variant="b",
                holes={"attribute": "bundleIdentifier", "pid": "the process id"},
            )
            return


def _spelling(node: Node) -> str:
    """A short spelling of what is read, for the message."""
    match node:
        case Member(base=Name(text=base), name=name) | Call(target=Name(text=base), name=name, args=()):
            return f"{base}.{name}"
        case Call(name=name):
            return name.partition(":")[0]
        case Member(name=name):
            return name
        case Name(text=text) | Literal(text=text):
            return text
        case Text(value=value):
            return value
        case Operator(operands=operands) if operands:
            return _spelling(operands[0])
        case _:
            return "the process id"
