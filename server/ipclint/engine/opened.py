"""A document that an editor has open: its bytes, mirrored edit by edit, and the facts they give."""

from __future__ import annotations

from collections.abc import Iterable

from ipclint.engine.changes import ByteEdit
from ipclint.model.facts import Facts
from ipclint.readers import kind_of, read


class OpenDocument:
    """The editor's buffer. `facts` is None for a file of no kind that is read."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data
        self.facts: Facts | None = read(path, data) if kind_of(path) is not None else None

    def edit(self, edits: Iterable[ByteEdit]) -> Facts | None:
        """Apply edits one after the other; the facts after the last."""
        for start, end, text in edits:
            self.data = b"".join((self.data[:start], text, self.data[end:]))
        self.facts = read(self.path, self.data) if self.facts is not None else None
        return self.facts
