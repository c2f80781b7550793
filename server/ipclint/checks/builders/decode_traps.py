"""Fixes that refuse malformed data instead of ending the process: `as!`, `!`, `try!`, nil in a literal."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks.builders.leaving import Spot, spot_of, whole
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function
from ipclint.model.finding import Edit, Finding, Fix, Place
from ipclint.model.ir import (
    Assign,
    Call,
    Cast,
    Closure,
    Collection,
    Evaluate,
    Expr,
    Let,
    Member,
    Name,
    Node,
    Operator,
    walk,
)
from ipclint.program.program import Program, UnitRef

TITLE = "Refuse what is malformed"


@builder("fail-on-malformed")
def fail_on_malformed(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Bind the value or leave: with nil in a failable initialiser, by throwing where the function throws."""
    ref = UnitRef(finding.place.path, finding.place.unit)
    function = program.function(ref)
    node = _node_at(program, ref, finding.place)
    if function is None or node is None or _has_callback(function):
        return  # who waits for a reply must hear that there is none
    spot = spot_of(program, ref, node)
    how = finding.holes.get("how")
    failable = "failable" in function.modifiers or function.returns.strip() == "instancetype"
    if how == "@[]":
        edits = _nil_check(ref, finding, spot, sources)
        safe = failable
    elif isinstance(node, Operator) and node.op == "try!" and _throws(function, spot):
        edits, safe = (sources.replace(finding.place, _thrown(node, ref, sources)),), True
    elif isinstance(node, Call):
        edits, safe = _left(ref, node, spot, failable, sources), failable
    else:
        edits = _guarded(ref, node, spot, sources) if spot is not None and spot.leave else ()
        safe = failable and not any(isinstance(each, Closure) for each in (spot.path if spot else ()))
    if edits:
        yield Fix(TITLE, safe, edits, rule=rule.id)


def _node_at(program: Program, ref: UnitRef, place: Place) -> Expr | None:
    for node in walk(program.body(ref)):
        if (node.start, node.end) == (place.start, place.end) and isinstance(node, Operator | Cast | Call | Collection):
            return node
    return None


def _has_callback(function: Function) -> bool:
    return any("^" in param.type or "->" in param.type for param in function.params)


def _throws(function: Function, spot: Spot | None) -> bool:
    inside = spot.path if spot is not None else ()
    return "throws" in function.modifiers and not any(isinstance(each, Closure) for each in inside)


def _thrown(node: Operator, ref: UnitRef, sources: Sources) -> str:
    return re.sub(r"^try!", "try", sources.text(_place(ref, node)))


def _is_statement(node: Node, spot: Spot | None) -> bool:
    return spot is not None and isinstance(spot.statement, Evaluate) and spot.statement.value == node


def _left(ref: UnitRef, node: Call, spot: Spot | None, failable: bool, sources: Sources) -> tuple[Edit, ...]:
    """Leave instead of ending the process: `fatalError()`, or a test that ends it."""
    if spot is None or not _is_statement(node, spot):
        return ()
    swift = ref.path.endswith(".swift")
    leave = "return nil" if failable else spot.leave.rstrip(";") if spot.silent else ""
    if not leave or (not swift and node.name != "abort"):
        return ()
    if node.name == "precondition":
        leave = f"guard {sources.text(_place(ref, node.args[0]))} else {{ {leave} }}"
    return (sources.replace(_place(ref, node), leave),)


def _guarded(ref: UnitRef, node: Expr, spot: Spot, sources: Sources) -> tuple[Edit, ...]:
    soft = _soft(ref, node, sources)
    if not soft:
        return ()
    leave = spot.leave.rstrip(";")
    statement = spot.statement
    if isinstance(statement, Let) and statement.value == node and not statement.mutable and len(statement.names) == 1:
        text = f"guard let {statement.names[0]} = {soft} else {{ {leave} }}"
        return (sources.replace(_place(ref, statement), text),)
    name = _fresh(statement)
    before = f"guard let {name} = {soft} else {{ {leave} }}"
    return sources.insert_before(_place(ref, statement), before), sources.replace(_place(ref, node), name)


def _soft(ref: UnitRef, node: Expr, sources: Sources) -> str:
    """The expression that gives nil instead of ending the process."""
    match node:
        case Operator(op="unwrap", operands=(inner,)):
            return sources.text(_place(ref, inner))
        case Operator(op="try!"):
            return re.sub(r"^try!", "try?", sources.text(_place(ref, node)))
        case Cast(op="as!", value=value, type=text):
            inner = sources.text(_place(ref, value))
            optional = isinstance(value, Operator) and value.op == "unwrap"  # `x! as! T` becomes `x as? T`
            return f"{inner[:-1] if optional and inner.endswith('!') else inner} as? {text}"
        case _:
            return ""


def _fresh(statement: Node) -> str:
    """A name for the value: that of the property which gets it, else of what it is."""
    target = statement.value.target if isinstance(statement, Evaluate) and isinstance(statement.value, Assign) else None
    taken = {node.text for node in walk(statement) if isinstance(node, Name)}
    plain = target.name if isinstance(target, Member) else target.text if isinstance(target, Name) else ""
    if not plain and isinstance(statement, Let) and len(statement.names) == 1:
        plain = statement.names[0]
    name = plain if plain and isinstance(target, Member) and plain not in taken else ""
    return name or ("decoded" + plain[:1].upper() + plain[1:] if plain else "decoded")


def _nil_check(ref: UnitRef, finding: Finding, spot: Spot | None, sources: Sources) -> tuple[Edit, ...]:
    """In front of the statement with the literal, when the value has a name."""
    value = finding.holes.get("value")
    if spot is None or not spot.leave or not isinstance(value, Place):
        return ()
    name = sources.text(value)
    if not name.isidentifier():
        return ()
    at = whole(spot, ref, sources)
    return (sources.insert_before(at, f"if ({name} == nil) {{\n    {spot.leave}\n}}"),) if at is not None else ()


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
