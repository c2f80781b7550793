"""The variables of a Swift `let` or `var`, local or not."""

from __future__ import annotations

from tree_sitter import Node

from ipclint.readers.swift_patterns import BINDING, bound_names
from ipclint.readers.swift_syntax import GRAMMAR, SwiftContext

_PATTERN = GRAMMAR.kinds("pattern")
_COMMA = GRAMMAR.kinds(",")
_EQUAL = GRAMMAR.kinds("=")
_TYPE_ANNOTATION = GRAMMAR.kinds("type_annotation")
_ACCESSOR_BLOCK = GRAMMAR.kinds("computed_property", "willset_didset_block")


class DeclaredVariable:
    """One pattern of `let a = 1, (b, c): T = f()`. `start` and `end` are absolute bytes."""

    __slots__ = ("accessors", "end", "mutable", "name", "names", "start", "type", "value")

    def __init__(self, name: Node, names: tuple[str, ...], start: int, mutable: bool) -> None:
        self.name = name
        self.names = names
        self.start = start
        self.end = name.end_byte
        self.mutable = mutable
        self.type = ""
        self.value: Node | None = None
        self.accessors: Node | None = None  # a computed property's or an observers' block


def declared_variables(node: Node, context: SwiftContext) -> list[DeclaredVariable]:
    """The variables of a property declaration; the first one's start is the declaration's."""
    found: list[DeclaredVariable] = []
    mutable = False
    wants_value = False
    for kid in node.children:
        kind = kid.kind_id
        if kind in BINDING:
            mutable = context.text(kid).endswith("var")
        elif kind in _PATTERN and not wants_value:
            start = node.start_byte if not found else kid.start_byte
            found.append(DeclaredVariable(kid, bound_names(kid, context), start, mutable))
        elif not found or kind in context.grammar.silent:
            continue
        elif kind in _COMMA:
            wants_value = False
        elif kind in _EQUAL:
            wants_value = True
        elif kind in _TYPE_ANNOTATION:
            found[-1].type = annotation(kid, context)
            found[-1].end = kid.end_byte
        elif kind in _ACCESSOR_BLOCK:
            found[-1].accessors = kid
            found[-1].end = kid.end_byte
        elif wants_value and kid.is_named:
            found[-1].value = kid
            found[-1].end = kid.end_byte
            wants_value = False
    for declared, following in zip(reversed(found[:-1]), reversed(found[1:]), strict=True):
        if not declared.type and declared.value is None:  # `let a, b: Int`
            declared.type = following.type
    return found


def annotation(node: Node, context: SwiftContext) -> str:
    """The type of `: T`."""
    return context.type_slice(node.start_byte, node.end_byte).removeprefix(":").lstrip()
