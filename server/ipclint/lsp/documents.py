"""Open documents: a byte mirror of each, kept equal to the editor's buffer change by change."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types

from ipclint.engine.changes import ByteEdit
from ipclint.lsp.convert import Positions, to_bytes
from ipclint.model.source import LineIndex


class Document(LineIndex):
    """What the editor shows. `starts` is kept along, so that an edit scans only its own bytes."""

    def __init__(self, uri: str, language: str, version: int, text: str) -> None:
        super().__init__(to_bytes(text))
        self.uri = uri
        self.language = language
        self.version = version

    def apply(
        self, changes: Sequence[types.TextDocumentContentChangeEvent], positions: Positions, version: int
    ) -> list[ByteEdit]:
        """Applies changes one by one: each range refers to the text that the changes before it left.

        Returns the same edits in bytes, in order; a change without a range replaces the whole text.
        """
        edits: list[ByteEdit] = []
        for change in changes:
            start, end = 0, len(self.data)
            if isinstance(change, types.TextDocumentContentChangePartial):
                start, end = positions.span(self, change.range)
            edits.append(ByteEdit(start, end, to_bytes(change.text)))
            self.splice(edits[-1])
        self.version = version
        return edits

    def splice(self, edit: ByteEdit) -> None:
        """Replaces bytes and moves the beginnings of the lines behind them."""
        start, end, text = edit
        first, last = self.position(start)[0] + 1, self.position(end)[0] + 1
        fresh = [start + at for at in LineIndex(text).starts[1:]]
        self.data = b"".join((self.data[:start], text, self.data[end:]))
        self.starts[first:last] = fresh
        if shift := len(text) - (end - start):
            behind = first + len(fresh)
            self.starts[behind:] = [at + shift for at in self.starts[behind:]]
