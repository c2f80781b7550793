"""Refactorings that build what a trust boundary lacks, where nothing need be wrong: a requirement, secure coding, a
validator. They are offered at a declaration, and only where they make sense.
"""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.fix import Sources
from ipclint.checks.scaffolds.coding import secure_coding
from ipclint.checks.scaffolds.requirement import requirement_of_client, requirement_of_listener
from ipclint.checks.scaffolds.validator import validator
from ipclint.model.facts import Function, Type
from ipclint.model.finding import Fix
from ipclint.program.program import Program, UnitRef

__all__ = ["scaffolds"]


def scaffolds(program: Program, ref: UnitRef, sources: Sources) -> Iterator[Fix]:
    """What can be built at a declaration. None of it is safe: each leaves something to be filled in."""
    unit = program.unit(ref)
    yield from requirement_of_listener(program, ref, sources)
    if isinstance(unit, Function):
        yield from requirement_of_client(program, ref, unit, sources)
        yield from validator(program, ref, unit, sources)
    elif isinstance(unit, Type):
        yield from secure_coding(program, ref, unit, sources)
