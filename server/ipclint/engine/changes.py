"""What may happen to files: written, gone, opened, edited, closed; and what the session answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal as OneOf
from typing import NamedTuple


class ByteEdit(NamedTuple):
    """Replace the bytes `start` to `end` of the document, as it is after the edits before this one, by `text`."""

    start: int
    end: int
    text: bytes


class Change(NamedTuple):
    """What happened to one file. `path` is relative to the session's root, "/" separated.

    As long as a document is open the editor's word stands; what the disk says of it meanwhile is left aside.
    """

    path: str
    kind: OneOf["written", "gone", "opened", "edited", "closed"]
    data: bytes = b""
    edits: tuple[ByteEdit, ...] = ()

    @classmethod
    def written(cls, path: str, data: bytes) -> Change:
        """The file on disk holds `data`."""
        return cls(path, "written", data)

    @classmethod
    def gone(cls, path: str) -> Change:
        """There is no such file on disk any more."""
        return cls(path, "gone")

    @classmethod
    def opened(cls, path: str, data: bytes) -> Change:
        """An editor opened the document, or sent the whole of it again."""
        return cls(path, "opened", data)

    @classmethod
    def edited(cls, path: str, edits: Iterable[ByteEdit]) -> Change:
        """An open document was edited; the edits apply one after the other."""
        return cls(path, "edited", b"", tuple(edits))

    @classmethod
    def closed(cls, path: str) -> Change:
        """The editor closed the document; what the disk holds counts again."""
        return cls(path, "closed")


class Delta(NamedTuple):
    """The paths whose reports are not what they were; some have none now."""

    changed: frozenset[str]
