"""A document that an editor has open: its bytes, mirrored edit by edit, and the facts they give."""

from __future__ import annotations

import time
from collections.abc import Iterable

from ipclint.engine.changes import ByteEdit
from ipclint.engine.discover import SOURCES
from ipclint.engine.patience import PATIENCE, RESTS, Overdue, at_most, gave_up
from ipclint.model.facts import Facts, SourceFacts
from ipclint.readers import MAX_SOURCE, Beside, Kind, alone, not_read, read
from ipclint.readers import tree as trees
from ipclint.readers.decoding import decoded

MAX_ANY_LINES = 128 * 1024
"""Bytes up to which a document may have lines of any length and keeps its tree."""

MAX_LINE = 10_000
"""Bytes of the longest line of a longer document that keeps its tree."""


class OpenDocument:
    """The editor's buffer. A source file keeps its syntax tree, so that an edit costs what it touches; one that has to
    be decoded first (UTF-16, NULs) is read in full each time, and one that is too large, or took too long, not at all.
    """

    def __init__(self, path: str, kind: Kind, data: bytes, beside: Beside = alone) -> None:
        """`beside` gives the bytes of what a project includes."""
        self.path = path
        self.data = data
        self._beside = beside
        self._kind = kind
        self._tree: trees.SyntaxTree | None = None
        self._rests_until = 0.0  # a time of the monotonic clock
        self.facts: Facts = not_read(path, "")
        self._take(())

    def edit(self, edits: Iterable[ByteEdit]) -> Facts:
        """Apply edits one after the other; the facts after the last."""
        edits = tuple(edits)
        for start, end, text in edits:
            self.data = b"".join((self.data[:start], text, self.data[end:]))
        if not self.rests:
            self._take(edits)
        return self.facts

    @property
    def rests(self) -> bool:
        """Whether reading took so long that the document is left alone for now."""
        return time.monotonic() < self._rests_until

    def forget_tree(self) -> None:
        """Give back most of the memory; the next edit costs a whole read."""
        self._tree = None

    def _take(self, edits: Iterable[ByteEdit]) -> None:
        start = time.monotonic()
        try:
            with at_most(PATIENCE):
                self.facts = self._facts_after(edits)
        except Overdue:
            self._tree = None
            self._rests_until = time.monotonic() + RESTS * (time.monotonic() - start)
            self.facts = not_read(self.path, gave_up("read"))
        except Exception as error:  # readers never raise; should one do, one document is lost and not the rest
            self._tree = None
            self.facts = not_read(self.path, f"could not be read: {type(error).__name__}: {error}")

    def _facts_after(self, edits: Iterable[ByteEdit]) -> Facts:
        tree, self._tree = self._tree, None
        if self._kind not in SOURCES or not _can_be_edited(self.data):
            return read(self.path, self.data, self._beside)
        if tree is None or not isinstance(self.facts, SourceFacts):
            tree = trees.SyntaxTree(self._kind, self.data)  # type: ignore[arg-type]
            facts = trees.read(self.path, tree)
        else:
            for edit in edits:
                tree.edit(*edit)
            facts = trees.reread(self.facts, tree)
        self._tree = tree
        return facts


def _can_be_edited(data: bytes) -> bool:
    """Whether the bytes are those that are parsed, and an edit of them need not be more work than they are themselves.

    Comparing two trees may take the square of their depth, and cannot be broken off; depth comes in endless lines.
    """
    if len(data) > MAX_ANY_LINES and max(map(len, data.split(b"\n"))) > MAX_LINE:
        return False
    return 0 < len(data) <= MAX_SOURCE and decoded(data) == (data, "")
