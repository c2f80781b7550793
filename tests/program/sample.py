"""Small programs for tests: sources by path in, a linked Program out."""

from __future__ import annotations

from collections.abc import Mapping

from ipclint.model.facts import Function
from ipclint.model.ir import Call, walk
from ipclint.program.program import Program, UnitRef
from ipclint.program.vocabulary import Vocabulary
from ipclint.readers import read


def program_of(sources: Mapping[str, str], vocabulary: Vocabulary | None = None) -> Program:
    program = Program(vocabulary)
    for path, text in sources.items():
        program.update(read(path, text.encode()))
    return program


def function(program: Program, name: str) -> UnitRef:
    """The one function of that base name or selector that has a body."""
    found = [ref for ref in program.functions_named(name) if (f := program.function(ref)) is not None and f.body]
    assert len(found) == 1, f"{name}: {found}"
    return found[0]


def call(program: Program, ref: UnitRef, name: str) -> Call:
    """The first call of that name in a function."""
    return next(node for node in walk(program.body(ref)) if isinstance(node, Call) and node.name == name)


def unit(program: Program, ref: UnitRef) -> Function:
    found = program.function(ref)
    assert found is not None
    return found
