"""Workspace folders: one session each, and which of them an address belongs to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from pygls.uris import from_fs_path, to_fs_path

from ipclint.engine.config import FILE_NAME
from ipclint.engine.session import Session
from ipclint.lsp.documents import Document
from ipclint.lsp.sessions import Made, page_of
from ipclint.model.source import LineIndex

OpenSession = Callable[[Path], Made]

_SUFFIXES = {"swift": ".swift", "objective-c": ".m", "objective-cpp": ".mm", "c": ".c", "cpp": ".mm"}
"""The names of untitled documents end in none; their language says what they are."""

_NOWHERE = os.devnull
"""The root of untitled documents: no file stands below it."""


class Folder:
    """A folder and the session that watches it. `root` is the path as the client names it, symlinks not resolved."""

    def __init__(self, root: str, open_session: OpenSession, in_workspace: bool = True) -> None:
        self.root = root.rstrip("/\\") or "/"
        self.in_workspace = in_workspace
        self.documents: dict[str, Document] = {}  # open ones, by path
        self.shown: set[str] = set()  # paths that the client was told something of
        self.indexed: Session | None = None  # the session whose index has begun
        self._real_root = os.path.realpath(self.root)
        self._open_session = open_session
        self._files: dict[str, LineIndex] = {}  # on disk, that positions were asked of
        self._pages: dict[str, str | None] = {}
        self.reopen()

    def reopen(self) -> None:
        """Makes a new session, when what a session is made from has changed. It knows no file, not even open ones."""
        made = self._open_session(Path(self.root))
        self.session, self.mistake, self._own_rules, self._configuration, self._baseline = made
        self._files.clear()
        self._pages.clear()

    @property
    def has_configuration(self) -> bool:
        """Whether the folder's ipclint.toml stands in it, not above, and holds no mistake."""
        file = self._configuration if self.mistake is None else None
        return file is not None and self.path_of(str(file)) == FILE_NAME

    @property
    def may_have_configuration(self) -> bool:
        """Whether an ipclint.toml in this folder of the workspace would be its first."""
        return self.in_workspace and self._configuration is None

    def path_of(self, file: str) -> str | None:
        """The session's path of an absolute file name; None when the file is not in this folder."""
        found = _below(self.root, file)
        return found if found is not None else _below(self._real_root, os.path.realpath(file))

    def is_baseline(self, file: str) -> bool:
        """Whether an absolute file name is that of the folder's baseline, be it that it could not be read."""
        named = self._baseline
        return os.path.basename(file) == os.path.basename(named) and os.path.realpath(file) == os.path.realpath(named)

    def uri(self, path: str) -> str:
        """The address of a path: the client's own spelling when the document is open."""
        document = self.documents.get(path)
        return document.uri if document is not None else from_fs_path(os.path.join(self.root, *path.split("/"))) or ""

    def lines(self, path: str) -> LineIndex:
        """The text behind a path as it stands: the open document, else the file on disk."""
        if path in self.documents:
            return self.documents[path]
        if path not in self._files:
            self._files[path] = self.session.document(path).lines
        return self._files[path]

    def version(self, path: str) -> int | None:
        """The version of an open document; None for a file on disk."""
        document = self.documents.get(path)
        return document.version if document is not None else None

    def changed_on_disk(self, path: str) -> None:
        self._files.pop(path, None)

    def page(self, rule: str) -> str | None:
        """The address of a rule's documentation."""
        if rule not in self._pages:
            file = page_of(rule, self._own_rules)
            self._pages[rule] = None if file is None else from_fs_path(str(file))
        return self._pages[rule]


class Address(NamedTuple):
    """Where a document lives: its folder and the path in that folder's session."""

    folder: Folder
    path: str


class Folders:
    """The folders of the workspace, and some for what lies in none of them.

    `open_session` makes the session of a folder. A document outside of every folder gets a session of the folder it
    stands in, which knows nothing but what is open. An untitled one is taken as a file of the first folder; when there
    is none, it gets a session that has no folder on disk at all.
    """

    def __init__(self, open_session: OpenSession) -> None:
        self._open_session = open_session
        self._workspace: dict[str, Folder] = {}
        self._loose: dict[str, Folder] = {}
        self._nested = False

    def __iter__(self) -> Iterator[Folder]:
        yield from (*self._workspace.values(), *self._loose.values())

    def add(self, uri: str) -> Folder | None:
        """Opens the session of a workspace folder; None when it is none on this machine, or is one already."""
        root = to_fs_path(uri)
        if root is None or not os.path.isdir(root) or uri in self._workspace:
            return None
        self._workspace[uri] = Folder(root, self._open_session)
        self._nested = self._are_nested()
        return self._workspace[uri]

    def remove(self, uri: str) -> Folder | None:
        gone = self._workspace.pop(uri, None)
        self._nested = self._are_nested()
        return gone

    def _are_nested(self) -> bool:
        folders = self._workspace.values()
        return any(one is not other and one.path_of(other.root) is not None for one in folders for other in folders)

    def is_workspace(self, folder: Folder) -> bool:
        return folder in self._workspace.values()

    def find(self, uri: str) -> Address | None:
        """Where a file belongs in the workspace: in the innermost folder; None when it is in none."""
        return min(self.holding(uri), key=lambda address: len(address.path), default=None)

    def holding(self, uri: str) -> list[Address]:
        """The file in every folder of the workspace that holds it: one may lie inside another."""
        file = to_fs_path(uri)
        places = [(folder, folder.path_of(file)) for folder in self._workspace.values()] if file is not None else []
        return [Address(folder, path) for folder, path in places if path is not None]

    def innermost(self, address: Address) -> Address:
        """The same file in the innermost folder that holds it: that one speaks of it."""
        if not self._nested or not address.folder.in_workspace:
            return address
        return self.find(address.folder.uri(address.path)) or address

    def configured_by(self, uri: str) -> list[Folder]:
        """The folders that an ipclint.toml may configure: those at and below the place where it stands."""
        file = to_fs_path(uri)
        place = os.path.dirname(file) if file is not None else None
        return [folder for folder in self if place is not None and (folder.root == place or _below(place, folder.root))]

    def baselined_by(self, uri: str) -> list[Folder]:
        """The folders whose baseline is this file."""
        file = to_fs_path(uri)
        return [folder for folder in self if file is not None and folder.is_baseline(file)]

    def leave(self, folder: Folder) -> None:
        """Forgets a folder outside of the workspace in which nothing is open any more."""
        if not folder.documents and self._loose.get(folder.root) is folder:
            del self._loose[folder.root]

    def homes(self, uri: str, language: str) -> tuple[Address, ...]:
        """Every place of a document that is being opened, the one where it belongs first; makes a session for it when
        there is none."""
        home = self._place(uri, language)
        others = (address for address in self.holding(uri) if address != home) if self._nested else ()
        return (home, *others)

    def _place(self, uri: str, language: str) -> Address:
        found = self.find(uri)
        if found is not None:
            return found
        file = to_fs_path(uri)
        if file is None and self._workspace:
            return Address(next(iter(self._workspace.values())), untitled_name(uri, language))
        root, name = (_NOWHERE, untitled_name(uri, language)) if file is None else os.path.split(file)
        if root not in self._loose:
            self._loose[root] = Folder(root, self._open_session, in_workspace=False)
        return Address(self._loose[root], name)


def _below(root: str, file: str) -> str | None:
    prefix = root if root.endswith(os.sep) else root + os.sep
    return file[len(prefix) :].replace(os.sep, "/") if file.startswith(prefix) else None


def untitled_name(uri: str, language: str) -> str:
    """A file name for a document that has none, of the kind that its language says."""
    name = "".join(letter if letter.isalnum() else "-" for letter in uri)
    return name + _SUFFIXES.get(language, "")
