"""Positions in a file: byte offsets everywhere; lines and columns only at the edges.

Nothing here knows UTF-16: the language server converts in `lsp/convert.py`, reports count characters in `cli/reports`.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, count
from operator import add
from typing import NamedTuple


class Span(NamedTuple):
    """Bytes `start` (inclusive) to `end` (exclusive)."""

    start: int
    end: int


class LineIndex:
    """Where the lines of a file begin. Lines and byte columns are 0-based; a line ends at "\\n"."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        lengths = map(len, data.split(b"\n")[:-1])  # no loop of our own: every keystroke counts the lines of its file
        self.starts = [0, *map(add, accumulate(lengths), count(1))]

    def position(self, offset: int) -> tuple[int, int]:
        """The 0-based line and byte column of a byte offset (offsets past the end give the end)."""
        offset = min(offset, len(self.data))
        line = bisect_right(self.starts, offset) - 1
        return line, offset - self.starts[line]

    def line(self, number: int) -> bytes:
        """The bytes of 0-based line `number`, without its line end."""
        end = self.starts[number + 1] if number + 1 < len(self.starts) else len(self.data)
        return self.data[self.starts[number] : end].rstrip(b"\r\n")
