"""Which copy is meant where several programs of a workspace each have their own copy of a type or a function."""

from __future__ import annotations

from ipclint.model.facts import Type
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query


def visible(program: Program, refs: tuple[UnitRef, ...], path: str) -> tuple[UnitRef, ...]:
    """`refs` without the copies of a function that stand farther from the code of file `path` than another copy does.

    Copies have one key and one signature: a module holds no two of them, so each belongs to another program. Programs
    lie in folders of their own, so the copy that shares most folders with the caller is the caller's.
    """
    if len(refs) < 2 or len({ref.key for ref in refs}) == len(refs):
        return refs
    groups: dict[tuple[object, ...], list[UnitRef]] = {}
    for ref in refs:
        groups.setdefault(_signature(program, ref), []).append(ref)
    kept = {ref for copies in groups.values() for ref in nearest(copies, path)}
    return tuple(ref for ref in refs if ref in kept)


def _signature(program: Program, ref: UnitRef) -> tuple[object, ...]:
    function = program.function(ref)
    if function is None:
        return (ref.key,)
    return (ref.key, function.returns, *(param.type for param in function.params))


def nearest(refs: list[UnitRef], path: str) -> list[UnitRef]:
    """Those of `refs` that share most folders with file `path`; the file itself is nearer than its neighbours."""
    shared = [_shared(ref.path, path) for ref in refs]
    return [ref for ref, count in zip(refs, shared, strict=True) if count == max(shared)]


def _shared(one: str, other: str) -> int:
    """How many folders two files have in common, counted from the root; the same file counts one more."""
    if one == other:
        return one.count("/") + 1
    count = 0
    for mine, yours in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if mine != yours:
            break
        count += 1
    return count


def same_type(program: Program, name: str, one: str, other: str) -> bool:
    """Whether type `name` is the same one to the code of two files: not two copies, each in a program of its own."""
    return one == other or all(
        set(nearest(list(copies), one)) & set(nearest(list(copies), other)) for copies in _copies(program, name)
    )


@query(bottom=())
def _copies(program: Program, name: str) -> tuple[tuple[UnitRef, ...], ...]:
    """The declarations of type `name` of which there are several, each group of one key and kind."""
    groups: dict[tuple[str, str], list[UnitRef]] = {}
    for ref in program.types_named(name):
        unit = program.unit(ref)
        if isinstance(unit, Type) and unit.kind not in ("extension", "category"):
            groups.setdefault((ref.key, unit.kind), []).append(ref)
    return tuple(tuple(refs) for refs in groups.values() if len(refs) > 1)
