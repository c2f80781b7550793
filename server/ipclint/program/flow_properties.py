"""Properties: what reading one gives, and what writing one runs, in the spellings of both languages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ipclint.model.facts import Variable
from ipclint.model.ir import Assign, Call, Expr, Member, Name, Node
from ipclint.program import flow_model as model
from ipclint.program import flow_numbers
from ipclint.program.flow_apis import hop_at, put, record_sinks, sourced
from ipclint.program.flow_enter import enter
from ipclint.program.flow_run import Run
from ipclint.program.flow_state import EMPTY, Taint, Value, joined, mapped
from ipclint.program.link import members, type_of
from ipclint.program.names import property_of_setter
from ipclint.program.program import UnitRef
from ipclint.program.types import base_type
from ipclint.program.usage import read_uses, write_uses


def read(run: Run, member: Member, found: Value) -> Value:
    """The taint of a property read, `found` being what its place or container holds."""
    source = run.input
    if isinstance(source, model.Source):
        found = joined((found, sourced(run, read_uses(run.program, run.ref, member), member)))
    elif isinstance(source, model.Stored) and source.owner and _is_stored(run, member, source):
        found = joined((found, {source.path: Taint(weak=1)}))
    elif isinstance(source, model.Returned) and _is_getter_of(run, member, source.callee):
        found = joined((found, {source.path: Taint().then(hop_at(member, "returned", member.name))}))
    if member.name in model.NO_TEXT_MEMBERS:
        return EMPTY
    found = _through_getter(run, member) or found  # what the getter makes of it, its assurances too
    if not found:
        return EMPTY
    for use in read_uses(run.program, run.ref, member):
        record_sinks(run, use, {}, found, ())
        for each in model.passes(use.api):
            if each.goes_from == "self" and each.goes_to == "ret":
                return {p: t.sure(each.tokens) for p, t in found.items()} if each.tokens else found
    if flow_numbers.is_value(member):
        return flow_numbers.marked(found) if run.takes_numbers else EMPTY
    return run.as_type(found, type_of(run.program, run.ref, member))


def getter_message(run: Run, node: Call, source: model.Stored) -> Value:
    """`[helper command]` reads property `command` of another object."""
    member = Member(node.start, node.end, node.target, node.name, node.name_start)
    return {source.path: Taint(weak=1)} if source.owner and _is_stored(run, member, source) else EMPTY


def _is_stored(run: Run, member: Member, source: model.Stored) -> bool:
    if member.name.lstrip("_") != source.name or member.base is None:
        return False
    if isinstance(member.base, Name) and member.base.text == "self":
        return False  # the state knows
    owner = model.owner_named(run.program, run.ref, type_of(run.program, run.ref, member.base).removesuffix(".Type"))
    return bool(owner) and model.related(run.program, owner, source.owner, source.name)


def _is_getter_of(run: Run, member: Member, callee: UnitRef) -> bool:
    getter = run.program.function(callee)
    if getter is None or getter.kind != "getter" or member.name != getter.name or member.base is None:
        return False
    return any(callee == ref for ref in _getters(run, member))


def _getters(run: Run, member: Member) -> Iterable[UnitRef]:
    """The getter of a computed property of the program."""
    owner = base_type(type_of(run.program, run.ref, member.base).removesuffix(".Type"))
    for ref in members(run.program, owner, member.name) if owner else ():
        unit = run.program.unit(ref)
        if isinstance(unit, Variable) and unit.computed:
            yield UnitRef(ref.path, f"F{ref.key[1:]}.get")


def is_computed(run: Run, expr: Expr | None) -> bool:
    """Whether an expression reads a property that the program computes."""
    return isinstance(expr, Member) and expr.base is not None and any(_getters(run, expr))


def _through_getter(run: Run, member: Member) -> Value:
    """A computed property of a value of which something is tainted runs its getter on it."""
    base = run.place(member.base)
    receiver = run.now.read(base) if base is not None else EMPTY
    if not receiver:
        return EMPTY
    results: list[Value] = []
    for getter in _getters(run, member):
        for path, taint in receiver.items():
            result, _ = enter(run, getter, model.Receiver(path), taint, member, 0, {})
            results.append(result)
    return joined(results)


def assigned(run: Run, assign: Assign, value: Value) -> None:
    """Sinks that an assignment to a property is, and the setter that it runs."""
    if not value or not isinstance(assign.target, Member):
        return
    for use in write_uses(run.program, run.ref, assign):
        record_sinks(run, use, {0: value}, EMPTY, (assign.value,))
        for each in model.passes(use.api):
            if each.goes_from == "value" and each.goes_to == "self":
                put(run, assign.target.base, value, each.tokens, assign)
    _run_setter(run, assign.target.base, assign.target.name, value, assign)


def setter_message(run: Run, node: Call, values: Sequence[Value]) -> Value:
    """`[x setName:v]` is `x.name = v`."""
    name = property_of_setter(node.name)
    if not name or not values or not values[0] or node.target is None or not run.alive:
        return EMPTY
    target = Member(node.start, node.end, node.target, name, node.name_start)
    place = run.place(target)
    if place is not None:
        run.write_place(place, mapped(values[0], hop_at(node, "assign", name)), node, node.target)
    _run_setter(run, node.target, name, values[0], node)
    return EMPTY


def _run_setter(run: Run, base: Expr | None, name: str, value: Value, node: Node) -> None:
    owner = base_type(type_of(run.program, run.ref, base)) if base is not None else run.owner
    for ref in members(run.program, owner, name) if owner else ():
        unit = run.program.unit(ref)
        setter = UnitRef(ref.path, f"F{ref.key[1:]}.set")
        if isinstance(unit, Variable) and unit.computed and run.program.function(setter) is not None:
            for path, taint in value.items():
                enter(run, setter, model.Parameter(0, path), taint, node, 0, {})
