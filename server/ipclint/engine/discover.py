"""Which files of the workspace are looked at: a walk that follows no symlink, and what it leaves out, said by name."""

from __future__ import annotations

import contextlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ipclint.engine.config import Config
from ipclint.engine.disk import Disk
from ipclint.engine.ignore import IgnoreFile
from ipclint.readers import kind_of

VENDORED = frozenset(
    {"Pods", "Carthage", "DerivedData", "SourcePackages", "Checkouts", "Vendor", "Vendors", "Vendored", "build"}
    | {"ThirdParty", "Third-Party", "third_party", "thirdparty", "3rdparty", "node_modules", "bower_components"}
)
"""Folders of code that others wrote or a tool made; a hidden folder (`.build`, `.swiftpm`) is never looked into."""

TEST_FOLDER = re.compile(r"(?:.*[a-z0-9_ -])?Tests|.*UITest|Specs|tests?|Test", re.DOTALL)
TEST_FILE = re.compile(r".*(?:Tests?|Spec)\.(?:swift|m|mm|c)", re.DOTALL)
IGNORE_FILES = (".gitignore", ".ignore", ".ipclintignore")
MAX_DEPTH = 60
"""Folders nested deeper than this are left out."""

SOURCES = frozenset({"swift", "objc", "c"})
"""The kinds of files that hold code; the others are always read."""
TEST_CODE = "test code"


class Found(NamedTuple):
    """A file to look at. `kind` is what `readers.kind_of` says, `size` is in bytes."""

    path: str
    kind: str
    size: int


@dataclass
class Discovery:
    """What the walk met. `left_out` counts files by why, `problems` says what could not be looked at and why."""

    files: list[Found] = field(default_factory=list[Found])
    left_out: Counter[str] = field(default_factory=Counter[str])
    folders: list[str] = field(default_factory=list[str])  # left out whole: vendored, ignored, excluded
    problems: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    top_files: tuple[str, ...] = ()  # the names of files and of folders in the root itself
    top_folders: tuple[str, ...] = ()


class Scope:
    """What belongs to the workspace by name alone; the walk and a watching editor ask the same questions."""

    def __init__(self, config: Config) -> None:
        self._exclude = IgnoreFile(config.exclude)
        self._include = IgnoreFile(config.include)
        self._heads = [pattern.strip("/").split("/") for pattern in config.include]
        self._include_tests = config.include_tests

    def why_not(self, path: str, folder: bool) -> str:
        """Why a path is left out by its own name, the folders above it not considered; "" when it is not."""
        if self._exclude.verdict(path, folder):
            return "excluded by the configuration"
        if not folder or self.includes(path):
            return ""
        name = path.rpartition("/")[2]
        return "vendored" if name in VENDORED else "hidden" if name.startswith(".") else ""

    def includes(self, path: str) -> bool:
        """Whether an `include` pattern names the path or a folder above it."""
        return bool(self._heads) and (self._include.covers(path) or self._include.verdict(path, True) is True)

    def includes_below(self, folder: str) -> bool:
        """Whether an `include` pattern may name something below a folder that is left out."""
        parts = folder.split("/")
        return any(
            len(head) == 1 or all(mine == theirs or "*" in theirs for mine, theirs in zip(parts, head, strict=False))
            for head in self._heads
        )

    def may_be_test(self, path: str) -> bool:
        """Whether test code would be left out at this path."""
        return not self._include_tests and not self.includes(path)

    def is_test(self, path: str) -> bool:
        """Whether a source file is test code, to be left out, by its name or the folders above it."""
        if not self.may_be_test(path):
            return False
        *folders, name = path.split("/")
        return bool(TEST_FILE.fullmatch(name)) or any(TEST_FOLDER.fullmatch(folder) for folder in folders)

    def holds(self, path: str) -> bool:
        """Whether a file that an editor opened, or that changed on disk, would be looked at (ignore files aside)."""
        parts = path.split("/")
        folders = ["/".join(parts[:count]) for count in range(1, len(parts))]
        left_out = self.why_not(path, False) or any(self.why_not(folder, True) for folder in folders)
        return kind_of(path) is not None and (self.includes(path) or not left_out)


class _Ignores(NamedTuple):
    """The patterns of an ignore file, with what to take from and put before a path to make it relative to that file."""

    strip: str
    put: str
    patterns: IgnoreFile


class _Frame(NamedTuple):
    folder: str  # relative to the root, "" for the root
    ignores: tuple[_Ignores, ...]  # outermost first
    checkout: bool  # whether it stands in a git checkout: elsewhere, what a .gitignore names was never made
    left_out: str  # why this folder is left out but for what `include` names in it; "" when it is not


def discover(disk: Disk, scope: Scope, under: Iterable[str] = ("",)) -> Discovery:
    """Walk these folders of the root, and take these files of it whatever their names say. The files come sorted."""
    found = Discovery()
    above = _ignores_above(disk.root)
    root = _Frame("", above or (), above is not None, "")
    todo = [root._replace(folder=path) for path in under if os.path.isdir(disk.absolute(path))]
    for path in set(under).difference(frame.folder for frame in todo):
        if (kind := kind_of(path)) is not None:
            found.files.append(Found(path, kind, os.path.getsize(disk.absolute(path))))
    while todo:
        frame = todo.pop()
        try:
            with os.scandir(disk.absolute(frame.folder)) as listing:
                entries = list(listing)
        except OSError as error:
            found.problems.append((frame.folder or ".", f"cannot be looked into: {error.strerror or error}"))
            continue
        names = frozenset(entry.name for entry in entries)
        if not frame.folder:
            found.top_files = tuple(sorted(entry.name for entry in entries if not entry.is_dir()))
            found.top_folders = tuple(sorted(names.difference(found.top_files)))
        frame = _with_ignores(disk, frame, names)
        for entry in entries:
            todo += _visit(entry, frame, scope, found)
    found.files = sorted(set(found.files))
    found.folders.sort()
    found.problems.sort()
    return found


def _visit(entry: os.DirEntry[str], frame: _Frame, scope: Scope, found: Discovery) -> Iterator[_Frame]:
    path = f"{frame.folder}/{entry.name}" if frame.folder else entry.name
    if entry.is_symlink():
        return  # what it leads to in the workspace is met where it stands; what is outside is not looked at
    if entry.is_dir(follow_symlinks=False):
        yield from _visit_folder(path, frame, scope, found)
        return
    kind = kind_of(path)
    if kind is None or not entry.is_file(follow_symlinks=False):
        return
    if not _is_text(path):
        found.problems.append((os.fsencode(path).decode("utf-8", "backslashreplace"), "its name is not UTF-8"))
        return
    why = _why_not(path, False, frame, scope)
    if not why and kind in SOURCES and scope.is_test(path):
        why = TEST_CODE
    if not why:
        with contextlib.suppress(FileNotFoundError):  # it may be gone since its folder was listed
            found.files.append(Found(path, kind, entry.stat(follow_symlinks=False).st_size))
    elif why != frame.left_out:
        found.left_out[why] += 1


def _visit_folder(path: str, frame: _Frame, scope: Scope, found: Discovery) -> Iterator[_Frame]:
    why = _why_not(path, True, frame, scope)
    if why and why not in ("hidden", frame.left_out):
        found.folders.append(path)
    if why and not scope.includes_below(path):
        return
    if path.count("/") >= MAX_DEPTH:
        found.problems.append((path, f"is nested more than {MAX_DEPTH} folders deep, so it was left out"))
        return
    yield _Frame(path, frame.ignores, frame.checkout, why)


def _why_not(path: str, folder: bool, frame: _Frame, scope: Scope) -> str:
    why = scope.why_not(path, folder)
    if why or scope.includes(path):
        return why
    return frame.left_out or ("ignored" if _ignored(path, folder, frame.ignores) else "")


def _ignored(path: str, folder: bool, ignores: tuple[_Ignores, ...]) -> bool:
    for strip, put, patterns in reversed(ignores):
        verdict = patterns.verdict(put + path.removeprefix(strip), folder)
        if verdict is not None:
            return verdict
    return False


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _with_ignores(disk: Disk, frame: _Frame, names: frozenset[str]) -> _Frame:
    """The frame of a folder with the ignore files that stand in it."""
    checkout = frame.checkout or ".git" in names
    base = f"{frame.folder}/" if frame.folder else ""
    files = [name for name in IGNORE_FILES if name in names and (checkout or name != ".gitignore")]
    added = tuple(_Ignores(base, "", patterns) for name in files if (patterns := _patterns(disk, base + name)))
    return frame._replace(ignores=frame.ignores + added, checkout=checkout)


def _patterns(disk: Disk, path: str) -> IgnoreFile | None:
    data = disk.read(path)
    return IgnoreFile(data.decode("utf-8", "replace").splitlines()) if isinstance(data, bytes) else None


def _ignores_above(root: str) -> tuple[_Ignores, ...] | None:
    """The .gitignore files between the root and the checkout that it stands in; None when it stands in none."""
    ignores: list[_Ignores] = []
    put, folder = "", root
    while not os.path.exists(os.path.join(folder, ".git")):
        folder, name = os.path.split(folder)
        if not name:
            return None
        put = f"{name}/{put}"
        patterns = _patterns(Disk(Path(folder)), ".gitignore")
        ignores += [_Ignores("", put, patterns)] if patterns else []
    return tuple(reversed(ignores))
