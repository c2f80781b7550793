"""Suppression comments: `// ipclint:ignore ID[, ID…] -- reason` (or `— reason`), in every kind of comment read."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable

from tree_sitter import Node

from ipclint.model.facts import Suppression
from ipclint.model.source import Span

MARKER = b"ipclint:"
_DIRECTIVE = re.compile(rb"ipclint:ignore(-file)?(?![\w-])[ \t]*:?([^\n]*)")
_COMMENT_END = re.compile(r"\s*(?:\*+/|-->).*$")
_REASON = re.compile(r"(?:^|\s)(?:--|—)(?:\s|$)")  # a dash too: XML allows no -- inside a comment
_ID = re.compile(r"[\w./*-]+")
_XML = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)

CommentFinder = Callable[[int], Span | None]
"""Says of an absolute byte which comment it stands in; None outside comments."""


def suppressions(data: bytes, comment_at: CommentFinder) -> tuple[Suppression, ...]:
    """The suppressions of a file in source order; `span` is the whole comment. Costs one scan when there are none."""
    if MARKER not in data:
        return ()
    found: list[Suppression] = []
    for match in _DIRECTIVE.finditer(data):
        span = comment_at(match.start())
        if span is None:
            continue
        text = _COMMENT_END.sub("", match.group(2).decode("utf-8", "replace"))
        ids, *reason = _REASON.split(text, maxsplit=1)
        line = data.rfind(b"\n", 0, span.start) + 1
        alone = not data[line : span.start].strip()
        scope = "file" if match.group(1) else "line"
        found.append(Suppression(tuple(_ID.findall(ids)), reason[0].strip() if reason else "", scope, span, alone))
    return tuple(found)


def tree_comments(root: Node, kinds: frozenset[int]) -> CommentFinder:
    """Comments as the syntax tree has them; `kinds` are the ids of its comment nodes."""

    def comment_at(offset: int) -> Span | None:
        node = root.descendant_for_byte_range(offset, offset + 1)
        return Span(node.start_byte, node.end_byte) if node is not None and node.kind_id in kinds else None

    return comment_at


def xml_comments(data: bytes) -> CommentFinder:
    """`<!-- … -->` comments, as in property lists."""
    spans = [Span(*match.span()) for match in _XML.finditer(data)] if MARKER in data else []
    starts = [span.start for span in spans]

    def comment_at(offset: int) -> Span | None:
        index = bisect_right(starts, offset) - 1
        return spans[index] if index >= 0 and offset < spans[index].end else None

    return comment_at


def line_comments(data: bytes, marker: bytes) -> CommentFinder:
    """Comments from `marker` (`//`, `#`) to the end of the line, in formats where the marker needs no quoting."""

    def comment_at(offset: int) -> Span | None:
        line = data.rfind(b"\n", 0, offset) + 1
        start = data.find(marker, line, offset)
        if start < 0:
            return None
        end = data.find(b"\n", offset)
        return Span(start, len(data) if end < 0 else end)

    return comment_at
