"""The Swift grammar: its handler tables, the kinds that readers ask for, and the lowering context."""

from __future__ import annotations

from collections.abc import Sequence

import tree_sitter_swift
from tree_sitter import Language, Node

from ipclint.model.ir import Block
from ipclint.readers.conditionals import Directives, nest
from ipclint.readers.lowering import ERROR, IDENTIFIER, Context, Grammar
from ipclint.readers.swift_mask import MASK_REACH
from ipclint.readers.swift_operators import OperatorRun


class SwiftContext(Context):
    """A Context that also re-nests `#if` and carries what Swift's expressions leave for their surroundings.

    `types` collects the type declarations met inside bodies: they become units, not statements.
    """

    __slots__ = ("directives", "implicit", "open", "types")

    def __init__(self, source: str, base: int, directives: Directives) -> None:
        super().__init__(GRAMMAR, source, base)
        self.directives = directives
        self.types: list[Node] = []
        self.implicit: int = -1  # where the name after a leading dot begins (absolute byte)
        self.open: OperatorRun | None = None  # the operators around the operand whose suffixes are being lowered

    def sound(self, node: Node) -> list[Node]:
        """The `kids` of a node that are no errors."""
        return [kid for kid in self.kids(node) if kid.kind_id != ERROR]

    def body(self, node: Node) -> Block:
        """The statements between the braces that are direct children of `node`."""
        for kid in node.named_children:
            if kid.kind_id in STATEMENTS:
                return self.run(kid.named_children, node.start_byte, node.end_byte)
        return ()

    def run(self, nodes: Sequence[Node], start: int, end: int) -> Block:
        """Statements that follow each other within absolute bytes `start` to `end`, `#if` re-nested around them."""
        if not self.directives or not (lines := self.directives.between(start, end)):
            return self.block(nodes)
        return nest(nodes, lines, self)


def plain(name: str) -> str:
    """An identifier without its backticks."""
    return name[1:-1] if name[:1] == "`" and len(name) > 2 else name


def identifiers(text: str) -> list[str]:
    return IDENTIFIER.findall(text)


GRAMMAR: Grammar[SwiftContext] = Grammar(
    Language(tree_sitter_swift.language()),
    silent=("comment", "multiline_comment", "directive", "diagnostic", "operator_declaration", "shebang_line"),
    tolerated=("bang", "!"),  # what stands between the parentheses of `()`
    mask_reach=MASK_REACH,
)

STATEMENTS = GRAMMAR.kinds("statements")
COMMENTS = GRAMMAR.kinds("comment", "multiline_comment")
NOT_CODE = COMMENTS | GRAMMAR.kinds(
    "line_string_literal", "line_str_text", "multi_line_string_literal", "multi_line_str_text",
    "raw_string_literal", "raw_str_part", "raw_str_end_part", "regex_literal",
)  # fmt: skip
IDENTIFIERS = GRAMMAR.kinds("simple_identifier")
