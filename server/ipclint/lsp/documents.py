"""Open documents: a byte mirror of each, kept equal to the editor's buffer change by change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lsprotocol import types

from ipclint.lsp.convert import Positions, to_bytes
from ipclint.model.source import LineIndex


class Splice(NamedTuple):
    """Bytes `start` to `end` of the text as it stood when the change was made, and what replaced them."""

    start: int
    end: int
    text: bytes


class Document(LineIndex):
    """What the editor shows. `starts` is kept along, so that an edit scans only its own bytes."""

    def __init__(self, uri: str, language: str, version: int, text: str) -> None:
        super().__init__(to_bytes(text))
        self.uri = uri
        self.language = language
        self.version = version

    def apply(
        self, changes: Sequence[types.TextDocumentContentChangeEvent], positions: Positions, version: int
    ) -> list[Splice]:
        """Applies changes one by one: each range refers to the text that the changes before it left.

        Returns the same edits in bytes, in order; a change without a range replaces the whole text.
        """
        splices: list[Splice] = []
        for change in changes:
            start, end = 0, len(self.data)
            if isinstance(change, types.TextDocumentContentChangePartial):
                start, end = positions.span(self, change.range)
            splices.append(self.splice(Splice(start, end, to_bytes(change.text))))
        self.version = version
        return splices

    def splice(self, edit: Splice) -> Splice:
        """Replaces bytes and moves the beginnings of the lines behind them."""
        start, end, text = edit
        first, last = self.position(start)[0] + 1, self.position(end)[0] + 1
        fresh = [start + at for at in LineIndex(text).starts[1:]]
        self.data = b"".join((self.data[:start], text, self.data[end:]))
        self.starts[first:last] = fresh
        if shift := len(text) - (end - start):
            behind = first + len(fresh)
            self.starts[behind:] = [at + shift for at in self.starts[behind:]]
        return edit


class Documents:
    """The open documents by URI. Methods on a URI that is not open raise KeyError."""

    def __init__(self) -> None:
        self._open: dict[str, Document] = {}

    def open(self, item: types.TextDocumentItem) -> Document:
        """Opens a document; one that is open already is replaced (some clients open twice)."""
        document = Document(item.uri, item.language_id, item.version, item.text)
        self._open[item.uri] = document
        return document

    def close(self, uri: str) -> Document | None:
        return self._open.pop(uri, None)

    def get(self, uri: str) -> Document | None:
        return self._open.get(uri)

    def __getitem__(self, uri: str) -> Document:
        return self._open[uri]

    def __iter__(self) -> Iterator[Document]:
        return iter(tuple(self._open.values()))

    def __len__(self) -> int:
        return len(self._open)
