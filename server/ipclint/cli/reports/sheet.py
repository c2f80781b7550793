"""What every format reports from: the findings, the rules, the texts, and places as people and formats count them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ipclint.checks.rulebook import Rulebook
from ipclint.engine.report import Document, Location
from ipclint.engine.result import Result


class Point(NamedTuple):
    """A 1-based line and column; what the column counts is said by who made it."""

    line: int
    column: int


class Sheet:
    """`root` is the absolute folder that paths are relative to; `document` gives the text behind a path."""

    def __init__(self, result: Result, rulebook: Rulebook, root: str, document: Callable[[str], Document]) -> None:
        self.result = result
        self.rulebook = rulebook
        self.root = root
        self._read = document
        self._documents: dict[str, Document] = {}

    def document(self, path: str) -> Document:
        """The file as it was checked, or without bytes when it cannot be read any more."""
        if path not in self._documents:
            self._documents[path] = self._read(path)
        return self._documents[path]

    def alias(self, rule: str) -> str:
        """The catalogue's code of a shown rule id, its variant kept; "" when it has none."""
        found = self.rulebook.get(rule)
        variant = rule.partition(".")[2]
        if found is None or not found.aliases:
            return ""
        return f"{found.code}.{variant}" if variant else found.code

    def text(self, path: str, line: int, start: int = 0, end: int | None = None) -> str:
        """Bytes `start` to `end` of a 0-based line as text."""
        lines = self.document(path).lines
        if line >= len(lines.starts):
            return ""
        return lines.line(line)[start:end].decode("utf-8", "replace")

    def start(self, location: Location) -> Point:
        """Where a location begins, columns in characters."""
        return Point(location.line + 1, len(self.text(location.path, location.line, 0, location.column)) + 1)

    def end(self, location: Location) -> Point:
        """Where a location ends (exclusive), columns in characters."""
        return Point(
            location.end_line + 1, len(self.text(location.path, location.end_line, 0, location.end_column)) + 1
        )

    def utf16(self, path: str, offset: int) -> Point:
        """The point of an absolute byte offset, columns in UTF-16 code units."""
        line, column = self.document(path).lines.position(offset)
        return Point(line + 1, len(self.text(path, line, 0, column).encode("utf-16-le")) // 2 + 1)
