"""Swift patterns: what they match as expressions, and the names they bind."""

from __future__ import annotations

from collections.abc import Sequence

from tree_sitter import Node

from ipclint.model.ir import Call, Cast, Collection, Expr, Member, Name, Opaque
from ipclint.readers.lowering import MAX_DEPTH
from ipclint.readers.swift_syntax import GRAMMAR, IDENTIFIERS, SwiftContext, plain

_PATTERN = GRAMMAR.kinds("pattern")
BINDING = GRAMMAR.kinds("value_binding_pattern")
_WILDCARD = GRAMMAR.kinds("wildcard_pattern")
_CASE_BASE = IDENTIFIERS | GRAMMAR.kinds("user_type")


class Pattern:
    """Lowers one pattern; `binds` collects its names, in source order."""

    def __init__(self, context: SwiftContext) -> None:
        self.context = context
        self.binds: list[str] = []
        self.type = ""  # of `let x as T` and `is T` at the top

    def lower(self, parts: Sequence[Node], is_binding: bool = False) -> Expr:
        """`parts` are the children of a pattern node, tokens included (conditions hold them without a pattern node)."""
        parts = [part for part in parts if part.kind_id not in self.context.grammar.silent]
        while parts and (parts[0].kind_id in BINDING or parts[0].type == "case"):
            is_binding = is_binding or parts[0].kind_id in BINDING
            parts = parts[1:]
        while parts and parts[-1].type == "?":
            parts = parts[:-1]
        if not parts or self.context.depth >= MAX_DEPTH:
            return Name(0, 0, "_")
        self.context.depth += 1
        lowered = self._bare(parts, is_binding)
        self.context.depth -= 1
        return lowered

    def _bare(self, parts: Sequence[Node], is_binding: bool) -> Expr:
        """A pattern without `case`, `let` and `?`."""
        start, end = parts[0].start_byte - self.context.base, parts[-1].end_byte - self.context.base
        tokens = [part.type for part in parts]
        if tokens[0] == "is":
            self.type = self.context.type_text(parts[-1])
            return Cast(start, end, "is", Name(start, start, "_"), self.type)
        if "as" in tokens:
            at = tokens.index("as")
            value = self.lower(parts[:at], is_binding)
            self.type = self.context.type_text(parts[-1])
            return Cast(start, end, "as", value, self.type)
        if tokens[0] == "(":
            return Collection(start, end, "tuple", tuple(value for _, value in self._elements(parts, is_binding)))
        if "." in tokens and (not parts[0].is_named or parts[0].kind_id in _CASE_BASE):
            return self._case(parts, is_binding, start, end)
        return self._single(parts, is_binding, start, end)

    def _single(self, parts: Sequence[Node], is_binding: bool, start: int, end: int) -> Expr:
        node = parts[0]
        if len(parts) > 1:
            return Opaque(start, end, "pattern", self.context.exprs(part for part in parts if part.is_named))
        if node.kind_id in _PATTERN:
            return self.lower(node.children, is_binding)
        if node.kind_id in _WILDCARD:
            return Name(start, end, "_")
        if node.kind_id in IDENTIFIERS and is_binding:
            text = plain(self.context.text(node))
            if text != "_":
                self.binds.append(text)
            return Name(start, end, text)
        return self.context.expr(node)

    def _case(self, parts: Sequence[Node], is_binding: bool, start: int, end: int) -> Expr:
        """`.some(let x)`, `Kind.some(x: _)`: as the call or member that makes such a value."""
        dot = next(index for index, part in enumerate(parts) if part.type == ".")
        base = self.context.expr(parts[0]) if dot else None
        name_node = parts[dot + 1] if dot + 1 < len(parts) else parts[dot]
        name, at = plain(self.context.name(name_node)), name_node.start_byte - self.context.base
        payload = parts[dot + 2 :]
        if not payload or payload[0].type != "(":
            return Member(start, end, base, name, at)
        elements = self._elements(payload, is_binding)
        labels, args = tuple(label for label, _ in elements), tuple(value for _, value in elements)
        return Call(start, end, base, name if base else f".{name}", labels, args, at)

    def _elements(self, parts: Sequence[Node], is_binding: bool) -> list[tuple[str, Expr]]:
        """The labelled elements between `(` and `)`."""
        elements: list[tuple[str, Expr]] = []
        label = ""
        for index, part in enumerate(parts):
            if part.kind_id in _PATTERN:
                elements.append((label, self.lower(part.children, is_binding)))
                label = ""
            elif part.kind_id in IDENTIFIERS and index + 1 < len(parts) and parts[index + 1].type == ":":
                label = plain(self.context.text(part))
        return elements


def lower_pattern(node: Node, context: SwiftContext) -> tuple[Expr, tuple[str, ...], str]:
    """A pattern node's expression, the names it binds and the type it asks for ("" for none)."""
    pattern = Pattern(context)
    value = pattern.lower(node.children)
    return value, tuple(pattern.binds), pattern.type


def bound_names(node: Node, context: SwiftContext) -> tuple[str, ...]:
    """The names that the pattern of a declaration or loop binds: all in it, or after `case` those that `let` binds."""
    pattern = Pattern(context)
    pattern.lower(node.children, is_binding=node.children[0].type != "case")
    return tuple(pattern.binds)
