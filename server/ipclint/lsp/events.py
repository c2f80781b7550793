"""What the client tells: of documents, files, folders and settings. What comes out: updates of what to show."""

from __future__ import annotations

from typing import NamedTuple

from lsprotocol import types

from ipclint.lsp.settings import Settings


class Opened(NamedTuple):
    document: types.TextDocumentItem


class Edited(NamedTuple):
    """The changes are applied one after the other."""

    uri: str
    version: int
    changes: tuple[types.TextDocumentContentChangeEvent, ...]


class Reread(NamedTuple):
    """An open document was saved, or left alone for a while: it is to be read in full."""

    uri: str


class Closed(NamedTuple):
    uri: str


class OnDisk(NamedTuple):
    """Files were written, created or deleted, by others or through the editor."""

    uris: tuple[str, ...]


class FoldersChanged(NamedTuple):
    """Workspace folders came and went; a folder in both is read again from the beginning."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


class Configured(NamedTuple):
    settings: Settings


Event = Opened | Edited | Reread | Closed | OnDisk | FoldersChanged | Configured


class Update(NamedTuple):
    """What to show of a document now. `version` is None for one that is not open; `edited`: its own text changed;
    `late`: something newer is known, but it is high time to show something."""

    uri: str
    version: int | None
    diagnostics: list[types.Diagnostic]
    edited: bool = False
    late: bool = False
