"""Tables of functions in C: what `kTable[i].run(message)` and `handlers[i](message)` can call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from ipclint.model.facts import Variable
from ipclint.model.ir import Call, Cast, Collection, Expr, Member, Name, Operator, Subscript, walk
from ipclint.program.program import Program, UnitRef

MAX_HOPS = 4
"""Through how many locals a table is followed: `e = &kTable[i]`, `run = e->run`."""


class Bound(Protocol):
    """What a local name is given."""

    @property
    def value(self) -> Expr | None: ...


def is_through_pointer(call: Call) -> bool:
    """Whether a call has the shape of one through a pointer that a structure, an array or a local holds."""
    if not call.args or ":" in call.name:
        return False
    return call.target is None or isinstance(call.target, Name | Member | Subscript | Operator)


def functions_in_table(program: Program, call: Call, locals_: Mapping[str, tuple[Bound, ...]]) -> tuple[UnitRef, ...]:
    """The functions with a body that the table names to which a call's pointer leads; () when it leads to none."""
    if call.target is None and call.name not in locals_:
        return ()
    start = call.target or Name(call.start, call.end, call.name)
    found = dict.fromkeys(
        ref
        for table in _tables(program, start, locals_, MAX_HOPS)
        for node in walk(table)
        if isinstance(node, Name)
        for ref in program.functions_named(node.text)
    )
    return tuple(
        ref
        for ref in found
        if (f := program.function(ref)) is not None and f.body and not f.owner and len(f.params) == len(call.args)
    )


def _tables(program: Program, expr: Expr, locals_: Mapping[str, tuple[Bound, ...]], hops: int) -> Iterator[Collection]:
    name = _root(expr)
    if not name or not hops:
        return
    bound = [binding.value for binding in locals_.get(name, ())]
    units = [] if name in locals_ else [program.unit(ref) for ref in program.variables_named(name)]
    for value in (*bound, *(unit.value for unit in units if isinstance(unit, Variable))):
        if isinstance(value, Collection):
            yield value
        elif value is not None and name in locals_:
            yield from _tables(program, value, locals_, hops - 1)


def _root(expr: Expr) -> str:
    """The variable that an expression begins with: `table` of `(*table[i].run)`; "" for none."""
    while True:
        match expr:
            case Name(text=text):
                return text
            case Subscript(base=inner) | Cast(value=inner):
                expr = inner
            case Member(base=inner) if inner is not None:
                expr = inner
            case Call(target=inner, name="find" | "at") if inner is not None:  # of a map in C++
                expr = inner
            case Operator(op="address" | "dereference" | "unwrap", operands=(inner,)):
                expr = inner
            case _:
                return ""
