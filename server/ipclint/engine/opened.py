"""A document that an editor has open: its bytes, mirrored edit by edit, and the facts they give."""

from __future__ import annotations

from collections.abc import Iterable

from ipclint.engine.changes import ByteEdit
from ipclint.engine.discover import SOURCES
from ipclint.model.facts import Facts, SourceFacts
from ipclint.readers import Kind, read
from ipclint.readers import tree as trees
from ipclint.readers.decoding import decoded


class OpenDocument:
    """The editor's buffer. A source file keeps its syntax tree, so that an edit costs what it touches; one that has to
    be decoded first (UTF-16, NULs) is read in full each time."""

    def __init__(self, path: str, kind: Kind, data: bytes) -> None:
        self.path = path
        self.data = data
        self._tree: trees.SyntaxTree | None = None
        if kind in SOURCES and data and decoded(data) == (data, ""):
            self._tree = trees.SyntaxTree(kind, data)  # type: ignore[arg-type]
        self.facts: Facts = read(path, data) if self._tree is None else trees.read(path, self._tree)

    def edit(self, edits: Iterable[ByteEdit]) -> Facts:
        """Apply edits one after the other; the facts after the last."""
        for start, end, text in edits:
            self.data = b"".join((self.data[:start], text, self.data[end:]))
            if self._tree is not None:
                self._tree.edit(start, end, text)
        if self._tree is not None and (not self.data or decoded(self.data) != (self.data, "")):
            self._tree = None
        if self._tree is not None and isinstance(self.facts, SourceFacts):
            self.facts = trees.reread(self.facts, self._tree)
        else:
            self.facts = read(self.path, self.data)
        return self.facts
