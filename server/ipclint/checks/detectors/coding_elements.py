"""The classes of the elements of a collection whose type does not name them, by what code does with the elements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks.detectors.coding_shapes import parse_shape
from ipclint.model.ir import Assign, Call, Cast, Closure, Expr, Let, Loop, Member, Node, Subscript, walk
from ipclint.program.link import type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import Holder, users_of, variable_named

ELEMENTS = frozenset(
    {
        "objectAtIndex:",
        "objectAtIndexedSubscript:",
        "firstObject",
        "lastObject",
        "anyObject",
        "first",
        "last",
        "member:",
    }
)
PUTS = frozenset({"addObject:", "insertObject:atIndex:", "append", "insert"})
EACH = re.compile(r"^(?:enumerateObjects|forEach|map|filter|compactMap|sorted|first|contains)")
_BARE = re.compile(r"^NS(?:Mutable)?(?:Array|Set|OrderedSet)\s*\*?$")
MAX_CLASSES = 4


def with_elements(program: Program, ref: UnitRef, text: str, path: tuple[Node, ...]) -> str:
    """A collection's type with its elements, `NSArray<Foo *> *`, where `text` names none and the use of what a decode
    is put into does; `text` itself where it does not. `path` leads to the decode."""
    if not _BARE.match(text.strip()):
        return text
    holders = [holder for node in path if (holder := _holder(program, ref, node)) is not None]
    found: dict[str, None] = {}
    for holder in holders:
        for user in users_of(program, ref, holder):
            found |= dict.fromkeys(_classes(program, user, holder))
    if not 0 < len(found) <= MAX_CLASSES:
        return text
    inside = " | ".join(f"{name} *" for name in sorted(found))
    return f"{text.strip().rstrip('* ')}<{inside}> *"


def _holder(program: Program, ref: UnitRef, node: Node) -> Holder | None:
    match node:
        case Let(names=(name,)):
            return Holder("", name, ref)
        case Assign(target=target):
            return variable_named(program, ref, target)
        case _:
            return None


def _classes(program: Program, ref: UnitRef, holder: Holder) -> Iterator[str]:
    """The classes that the code of a unit takes the elements for."""

    def is_it(expr: Expr | None) -> bool:
        return expr is not None and variable_named(program, ref, expr) == holder

    def is_element(expr: Expr) -> bool:
        match expr:
            case Subscript(base=base):
                return is_it(base)
            case Call(target=base, name=name) | Member(base=base, name=name) if name in ELEMENTS:
                return is_it(base)
            case _:
                return False

    for node in walk(program.body(ref)):
        texts: tuple[str, ...] = ()
        match node:
            case Loop(sequence=sequence, type=text) if is_it(sequence):
                texts = (text,)
            case Let(type=text, value=value) if value is not None and is_element(value):
                texts = (text,)
            case Cast(op=op, type=text, value=value) if op != "is" and is_element(value):
                texts = (text,)
            case Cast(op=op, type=text, value=value) if op != "is" and is_it(value):
                texts = _parts(text)
            case Let(type=text, value=value) if is_it(value):
                texts = _parts(text)
            case Call(target=target, name=name, args=(value, *_)) if name in PUTS and is_it(target):
                texts = (type_of(program, ref, value),)
            case Call(target=target, name=name, args=args) if EACH.match(name) and is_it(target):
                texts = tuple(each.params[0].type for each in args if isinstance(each, Closure) and each.params)
            case _:
                pass
        yield from (shape.name for text in texts if (shape := parse_shape(text)).kind == "named")


def _parts(text: str) -> tuple[str, ...]:
    """The types of the elements that a collection's type names."""
    return tuple(each.name for each in parse_shape(text).args if each.kind == "named")
