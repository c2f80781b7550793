"""NSSecureCoding for a class whose objects cross between processes."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.builders.coding_adopt import adopt_secure_coding
from ipclint.checks.detectors.coding_shapes import Shape
from ipclint.checks.detectors.coding_slots import slots
from ipclint.checks.fix import Sources
from ipclint.model.facts import Type
from ipclint.model.finding import Fix
from ipclint.program.link import conforms
from ipclint.program.messages import messages
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query


def secure_coding(program: Program, ref: UnitRef, unit: Type, sources: Sources) -> Iterator[Fix]:
    """For a class that a message names, itself or as an element, and that does not code itself securely yet."""
    if unit.kind not in ("class", "interface", "implementation") or unit.name not in crossing_classes(program):
        return
    if conforms(program, unit.qualified, "NSSecureCoding"):
        return
    plan = adopt_secure_coding(program, unit.qualified, ref.path, sources)
    if plan is not None:
        yield Fix(f"Make {unit.name} an NSSecureCoding class", False, tuple(sorted(plan.edits)))


@query(bottom=frozenset[str]())
def crossing_classes(program: Program) -> frozenset[str]:
    """The names of types that arguments and replies of messages are of."""
    functions = ((ref, program.function(ref)) for ref in messages(program))
    found = (
        slot.shape for ref, function in functions if function is not None for slot in slots(program, ref, function)
    )
    return frozenset(name for shape in found for name in _names(shape))


def _names(shape: Shape) -> Iterator[str]:
    if shape.name:
        yield shape.name.rpartition(".")[2]
    for inner in shape.args:
        yield from _names(inner)
