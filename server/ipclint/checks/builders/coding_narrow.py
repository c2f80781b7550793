"""A root class in a class list replaced by the classes that the code expects. Unsafe: real archives may hold others."""

from __future__ import annotations

import re

from ipclint.checks.around import cast_in, path_to
from ipclint.checks.builders.coding_decode import is_default, uses_dot_class
from ipclint.checks.detectors.coding_class import class_named
from ipclint.checks.detectors.coding_lists import LISTS, ROOTS, class_arguments
from ipclint.checks.detectors.coding_shapes import BRIDGED, classes_of, parse_shape
from ipclint.checks.detectors.coding_wanted import wanted
from ipclint.checks.fix import Sources
from ipclint.model.finding import Edit, Finding, Place
from ipclint.model.ir import Call, Expr, Node, walk
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
                    if argument == node:
                        return _one_class(program, ref, use.node, names, finding.place, sources)
                    text = _written(names, ref.path, sources)
                    return (sources.replace(finding.place, text),) if names else ()
    return ()


def _one_class(
    program: Program, ref: UnitRef, call: Node, names: tuple[str, ...], place: Place, sources: Sources
) -> tuple[Edit, ...]:
    """Where a method takes one class and no list: in Swift it gives that class, so what is cast to it needs no cast."""
    called = call.name if isinstance(call, Call) else ""
    if "ictionary" in called:
        return ()
    if "ArrayOf" in called:
        names = tuple(name for name in names if name != "NSArray")
    if len(names) == 1:
        cast = _without_cast(program, ref, call, names[0], sources)
        return (sources.replace(place, _written(names, ref.path, sources)), *cast)
    listed = isinstance(call, Call) and "of" in call.labels and "ArrayOf" not in called
    return (sources.replace(place, f"[{_written(names, ref.path, sources)}]"),) if names and listed else ()


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


def _without_cast(program: Program, ref: UnitRef, call: Node, name: str, sources: Sources) -> tuple[Edit, ...]:
    """The cast behind a call that now gives what it is cast to: left out, or turned into what it still does."""
    path = path_to(program, ref, call)
    cast = cast_in(path)
    if cast is None or not ref.path.endswith(".swift") or cast.op not in ("as?", "as!"):
        return ()
    behind = Place(ref.path, ref.key, call.end, cast.end)
    text, given = sources.text(behind), f"[{name}]" if isinstance(call, Call) and "ArrayOf" in call.name else name
    written = _CAST.search(text)
    if written is None:
        return ()
    if cast.type == given:
        rest = "!" if cast.op == "as!" else ""
    elif cast.op == "as?" and BRIDGED.get(cast.type) == name and not is_default(path, cast):
        rest = f" as {cast.type}?"
    else:
        return ()
    span = sources.span(behind)
    return (Edit(ref.path, span.start, span.end, text[: written.start()] + rest + text[written.end() :]),)


_CAST = re.compile(r"\s*\bas[?!]\s+[\w.\[\]]+")
