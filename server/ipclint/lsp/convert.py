"""The client's positions ↔ bytes. The only place that knows UTF-16, UTF-8 and UTF-32 columns.

A client and the server agree on one encoding at `initialize`; everything behind this module counts bytes.
"""

from __future__ import annotations

from lsprotocol import types

from ipclint.model.source import LineIndex, Span

ENCODINGS = ("utf-16", "utf-8", "utf-32")


def to_bytes(text: str) -> bytes:
    """The client's text as UTF-8.

    JSON can carry half a surrogate pair, which UTF-8 cannot: it becomes U+FFFD, which is as wide in UTF-16.
    """
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


class Positions:
    """Converts in the encoding that was negotiated ("utf-16" unless the client offered another it prefers)."""

    def __init__(self, encoding: str = "utf-16") -> None:
        self.encoding = encoding if encoding in ENCODINGS else "utf-16"

    def offset(self, lines: LineIndex, position: types.Position) -> int:
        """The byte offset of a position in a text that is valid UTF-8, as every open document is.

        What lies outside is clamped: behind the last line to the end of the text, behind a line's end to that end, into
        a character to its beginning. The one position between CR and LF is kept: a client that shows the CR of a file
        with mixed line ends can put its cursor there.
        """
        if position.line >= len(lines.starts):
            return len(lines.data)
        row = self._row(lines, position.line)
        taken = self._bytes_of(row, position.character)
        if taken == len(row) and row.endswith(b"\r") and position.character > self.width(row):
            taken -= 1
        return lines.starts[position.line] + taken

    def position(self, lines: LineIndex, offset: int) -> types.Position:
        """The position of a byte offset, in any bytes (a file on disk may be no text).

        Offsets outside are clamped; one inside a character gives its beginning.
        """
        line, column = lines.position(max(offset, 0))
        row = self._row(lines, line)
        while 0 < column < len(row) and 0x80 <= row[column] < 0xC0:
            column -= 1
        return types.Position(line, self.width(row[:column]))

    def span(self, lines: LineIndex, range_: types.Range) -> Span:
        """The bytes of a range; the ends are put in order when the client has them swapped."""
        start, end = self.offset(lines, range_.start), self.offset(lines, range_.end)
        return Span(min(start, end), max(start, end))

    def range(self, lines: LineIndex, span: Span) -> types.Range:
        """The range of a span of bytes."""
        return types.Range(self.position(lines, span.start), self.position(lines, span.end))

    def width(self, row: bytes) -> int:
        """The columns that the bytes of one line (or of its beginning) take."""
        if self.encoding == "utf-8" or row.isascii():
            return len(row)
        text = row.decode("utf-8", "replace")
        return len(text) if self.encoding == "utf-32" else len(text.encode("utf-16-le")) // 2

    def _bytes_of(self, row: bytes, columns: int) -> int:
        """How many bytes of `row` its first `columns` columns take; all of them when the row is shorter."""
        if row.isascii():
            return min(columns, len(row))
        if self.encoding == "utf-8":
            return len(row[:columns].decode("utf-8", "ignore").encode())
        text = row.decode("utf-8", "replace")
        if self.encoding == "utf-32":
            return len(text[:columns].encode())
        return len(text.encode("utf-16-le")[: 2 * columns].decode("utf-16-le", "ignore").encode())

    def _row(self, lines: LineIndex, number: int) -> bytes:
        end = lines.starts[number + 1] - 1 if number + 1 < len(lines.starts) else len(lines.data)
        return lines.data[lines.starts[number] : end]
