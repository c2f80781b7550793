"""A root class in a class list replaced by the classes that the code expects. Unsafe: real archives may hold others."""

from __future__ import annotations

from ipclint.checks.builders.coding_decode import uses_dot_class
from ipclint.checks.detectors.coding_class import class_named
from ipclint.checks.detectors.coding_lists import LISTS, ROOTS, class_arguments
from ipclint.checks.detectors.coding_shapes import classes_of, parse_shape
from ipclint.checks.detectors.coding_wanted import wanted
from ipclint.checks.fix import Sources
from ipclint.model.finding import Edit, Finding
from ipclint.model.ir import Call, Expr, walk
from ipclint.program.program import Program, UnitRef
from ipclint.program.usage import uses_of


def narrowed(program: Program, finding: Finding, sources: Sources) -> tuple[Edit, ...]:
    """The edit of one finding; () when the code does not tell which classes it expects."""
    ref = UnitRef(finding.place.path, finding.place.unit)
    for use in uses_of(program, ref, *LISTS):
        for argument in class_arguments(use):
            for node in walk(argument):
                if class_named(node) in ROOTS and (node.start, node.end) == (finding.place.start, finding.place.end):
                    names = _expected(program, ref, use.node, argument) if isinstance(use.node, Call) else ()
                    text = _written(names, ref.path, sources)
                    return (sources.replace(finding.place, text),) if names else ()
    return ()


def _expected(program: Program, ref: UnitRef, call: Call, argument: Expr) -> tuple[str, ...]:
    """The classes that the code looks for, without those that the list names already."""
    expected = wanted(program, ref, call)
    classes = classes_of(program, parse_shape(expected.type)) if expected is not None and expected.exact else None
    if classes is None or not classes.exact:
        return ()
    listed = {class_named(node) for node in walk(argument)}
    return tuple(name for name in classes.names if name not in listed)


def _written(names: tuple[str, ...], path: str, sources: Sources) -> str:
    if path.endswith(".swift"):
        return ", ".join(f"{name}.self" for name in names)
    dotted = uses_dot_class(sources.data(path))
    return ", ".join(f"{name}.class" if dotted else f"[{name} class]" for name in names)
