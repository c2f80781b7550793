"""XPC109: a code requirement that is set, and not in force: too late, twice, on the wrong listener, or unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.peer_reach import bare_statements
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function
from ipclint.model.finding import Finding, Place, Step
from ipclint.model.ir import (
    Assign,
    Block,
    Call,
    Case,
    Closure,
    Conditional,
    Do,
    Evaluate,
    Expr,
    Guard,
    If,
    Let,
    Loop,
    Member,
    Name,
    Node,
    Operator,
    walk,
)
from ipclint.program.link import calls_in
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import Holder, listeners, variable_named

CONNECTION_SETTERS = frozenset({"setCodeSigningRequirement", "setCodeSigningRequirement:", "setPeerRequirement"})
LISTENER_SETTERS = frozenset({"setConnectionCodeSigningRequirement", "setConnectionCodeSigningRequirement:"})
STARTERS = frozenset({"resume", "activate"})
STATUS_SETTERS = frozenset(
    {
        "xpc_connection_set_peer_code_signing_requirement",
        "xpc_connection_set_peer_team_identity_requirement",
        "xpc_connection_set_peer_platform_identity_requirement",
        "xpc_connection_set_peer_entitlement_exists_requirement",
        "xpc_connection_set_peer_entitlement_matches_value_requirement",
        "xpc_connection_set_peer_lightweight_code_requirement",
        "xpc_session_set_peer_code_signing_requirement",
    }
)
CREATORS = frozenset({"SecRequirementCreateWithString", "SecRequirementCreateWithStringAndErrors"})


class Happening(NamedTuple):
    """A statement's call on a connection or listener: "set", "set-listener" or "start"."""

    what: str
    holder: Holder
    call: Call


@detector("code-requirement-not-in-force", on="function")
def code_requirement_not_in_force(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    for block in _blocks(program.body(ref)):
        yield from _order(rule, program, ref, block)
    yield from _wrong_listener(rule, program, ref)
    yield from _status_dropped(rule, program, ref)
    yield from _never_used(rule, program, ref, unit)


def _blocks(body: Block) -> Iterator[Block]:
    """Every straight line of statements: the body, and the bodies in it."""
    yield body
    for node in walk(body):
        match node:
            case If(then=then, otherwise=otherwise):
                yield from (then, otherwise)
            case Guard(otherwise=inner) | Loop(body=inner) | Do(body=inner) | Case(body=inner) | Closure(body=inner):
                yield inner
            case Conditional(clauses=clauses):
                yield from (block for _, block in clauses)
            case _:
                pass


def _order(rule: Rule, program: Program, ref: UnitRef, block: Block) -> Iterator[Finding]:
    """a, f: set after the start; a: set twice."""
    seen: dict[Holder, list[Happening]] = {}
    for happening in _happenings(program, ref, block):
        before = seen.setdefault(happening.holder, [])
        if happening.what != "start":
            started = next((h for h in before if h.what == "start"), None)
            again = next((h for h in before if h.what == happening.what), None)
            earlier = started or again
            if earlier is not None:
                text = "it is started here" if started else "a first requirement is set here"
                yield rule.finding(
                    _place(ref, happening.call),
                    "certain",
                    variant="a" if happening.what == "set" else "f",
                    severity="high",
                    context="late" if started else "twice",
                    holes={"name": happening.holder.name, "call": happening.call.name.partition(":")[0]},
                    steps=(Step(_place(ref, earlier.call), text),),
                )
        before.append(happening)


def _happenings(program: Program, ref: UnitRef, block: Block) -> Iterator[Happening]:
    for statement in block:
        if not isinstance(statement, Evaluate) or not isinstance(statement.value, Call):
            continue
        call = statement.value
        what = (
            "set"
            if call.name in CONNECTION_SETTERS
            else "set-listener"
            if call.name in LISTENER_SETTERS
            else "start"
            if call.name in STARTERS
            else ""
        )
        holder = variable_named(program, ref, call.target) if what else None
        if holder is not None:
            yield Happening(what, holder, call)


def _wrong_listener(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    """b: an embedded service's listener does not take one; the call fails an assertion."""
    for listener in listeners(program):
        if listener.kind == "service" and listener.requirement is not None and listener.requirement[0] == ref:
            call = listener.requirement[1]
            step = Step(_place(listener.ref, listener.node), "the listener is that of an embedded service")
            yield rule.finding(
                _place(ref, call),
                "certain",
                variant="b",
                severity="high",
                context="service",
                holes={"name": "the listener", "call": call.name.partition(":")[0]},
                steps=(step,),
            )


def _status_dropped(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    """c: the status says that the requirement is not in force, and nobody looks."""
    for statement in bare_statements(program, ref):
        call = statement.value
        if isinstance(call, Call) and call.name in STATUS_SETTERS:
            holes: dict[str, str | Place] = {
                "name": "the connection",
                "call": call.name,
                "statement": _place(ref, statement),
            }
            if call.args:
                holes["connection"] = _place(ref, call.args[0])
                holes["set"] = _place(ref, call)
            yield rule.finding(
                _place(ref, call), "certain", variant="c", severity="high", context="dropped", holes=holes
            )


def _never_used(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """e: a requirement object that is made and goes nowhere."""
    for call in calls_in(program, ref):
        if call.name not in CREATORS or len(call.args) < 3:
            continue
        name = _out_name(call.args[-1])
        if name and not _used(program, ref, name, call):
            yield rule.finding(
                _place(ref, call),
                "certain",
                variant="e",
                severity="high",
                context="unused",
                holes={"name": name, "call": call.name},
            )


def _out_name(argument: Expr) -> str:
    """The local that a call fills through `&name`; "" for anything else, which others may see."""
    if isinstance(argument, Operator) and argument.op == "address" and isinstance(argument.operands[0], Name):
        return argument.operands[0].text
    return ""


def _used(program: Program, ref: UnitRef, name: str, creation: Call) -> bool:
    """Whether a local is read anywhere but where it is declared, filled, or compared with nil."""
    body = program.body(ref)
    if not any(isinstance(n, Let) and name in n.names for n in walk(body)):
        return True  # a parameter, a property: others read it
    inside = {id(n) for n in walk(creation)}
    idle: set[int] = set()
    for node in walk(body):
        if isinstance(node, Operator) and node.op in ("==", "!="):
            idle |= {id(n) for n in node.operands}
        elif isinstance(node, Assign):
            idle.add(id(node.target))
        elif isinstance(node, Call) and node.name == "CFRelease":
            idle |= {id(n) for n in walk(node)}
    names = [
        n for n in walk(body) if isinstance(n, Name) and n.text == name and id(n) not in inside and id(n) not in idle
    ]
    members = [n for n in walk(body) if isinstance(n, Member) and n.name == name]
    return bool(names or members)


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
