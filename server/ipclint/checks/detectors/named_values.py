"""What a name outside the scope stands for: properties, globals, defaults of parameters, and what they are given.

Not a detector itself: the ones that ask what a value may be share it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks import around
from ipclint.model.facts import Variable
from ipclint.model.ir import Expr, Member, Name, Node, walk
from ipclint.program.link import members, owner_of, scope, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.types import base_type


def variables_of(program: Program, ref: UnitRef, node: Name | Member) -> tuple[UnitRef, ...]:
    """The properties, globals and methods without parameters that a name outside the scope stands for."""
    if isinstance(node, Name):
        owner, name = owner_of(program, ref), node.text
    else:
        owner, name = base_type(type_of(program, ref, node.base).removesuffix(".Type")), node.name
    found = members(program, owner, name) if owner else ()
    if not found and isinstance(node, Name):
        found = tuple(each for each in program.variables_named(name) if not owner_of(program, each))
    return found


def nodes_of(program: Program, ref: UnitRef, value: Expr) -> Iterator[tuple[UnitRef, Node]]:
    """The nodes that a value may be, each with its unit: through locals, defaults of parameters and one property."""
    local = scope(program, ref)
    function = program.function(ref)
    for node in around.origins(program, ref, value):
        yield ref, node
        if isinstance(node, Name) and node.text in local:
            for param in function.params if function is not None else ():
                if param.name == node.text and param.default is not None:
                    yield ref, param.default
        elif isinstance(node, Name | Member):
            for each in variables_of(program, ref, node)[:2]:
                yield from _held_in(program, each)


def _held_in(program: Program, ref: UnitRef) -> Iterator[tuple[UnitRef, Node]]:
    unit = program.unit(ref)
    if isinstance(unit, Variable) and not unit.computed:
        yield from ((ref, node) for node in (walk(unit.value) if unit.value is not None else ()))
    elif isinstance(unit, Variable):
        getter = getter_of(ref, unit)
        values = tuple(around.returned(program, getter))
        if len(values) == 1:  # several are a choice that is made elsewhere
            yield from ((getter, node) for node in around.origins(program, getter, values[0]))


def getter_of(ref: UnitRef, unit: object) -> UnitRef:
    return UnitRef(ref.path, f"F {ref.key[2:]}.get") if isinstance(unit, Variable) else ref
