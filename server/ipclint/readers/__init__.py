"""One file's bytes → its facts. Pure, never raises, and loads only the grammar that the file needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal as OneOf

import msgspec

from ipclint.model.facts import Facts, Language, PlistFacts, ProjectFacts, SourceFacts

READER_VERSION = "10"
"""Part of every cache key: raise it whenever the same bytes give other facts."""

MAX_SOURCE = 1024 * 1024
"""Bytes of a source that is read. Real ones are below a tenth of it; what is above is made by tools, or amalgamated."""

TOO_LARGE = f"is larger than {MAX_SOURCE // 1024} KiB, so it was not analysed"

Kind = OneOf["swift", "objc", "c", "plist", "project"]

_BY_NAME: dict[str, Kind] = {
    "project.pbxproj": "project",
    "Package.swift": "project",
    "project.yml": "project",
    "project.yaml": "project",
    "project.json": "project",
    "Project.swift": "project",
}
INCLUDED = (".yml", ".yaml", ".json")
"""How the names of files end that a project of another file may include (XcodeGen)."""
_IS_MANIFEST = b"ProjectDescription"
"""What a Project.swift of Tuist imports; any other is code of the app."""

_BY_SUFFIX: dict[str, Kind] = {
    "swift": "swift",
    "m": "objc",
    "mm": "objc",
    "h": "objc",
    "c": "c",
    "cc": "c",
    "cpp": "c",
    "cxx": "c",
    "hpp": "c",
    "hh": "c",
    "plist": "plist",
    "entitlements": "plist",
    "xcconfig": "project",
}


def kind_of(path: str) -> Kind | None:
    """What a file is read as, by its name alone; None for files that are not read."""
    name = path.rpartition("/")[2]
    if (kind := _BY_NAME.get(name)) is not None:
        return kind
    if name.startswith("Package@swift-"):
        return "project"
    return _BY_SUFFIX.get(name.rpartition(".")[2].lower()) if "." in name else None


Beside = Callable[[str], bytes | None]
"""The bytes of another file of the workspace by its path; None when it cannot be had."""


def alone(path: str) -> bytes | None:
    """Of a file that is read by itself, there is no other."""
    return None


def read(path: str, data: bytes, beside: Beside = alone) -> Facts:
    """The facts of the file at workspace-relative `path`; of no known kind, they are PlistFacts with a `problem`.

    `beside` gives the bytes of another file of the workspace, for a project that includes others; None for none.
    """
    kind = kind_of(path)
    if kind == "project" and path.endswith("Project.swift") and _IS_MANIFEST not in data:
        kind = "swift"
    if kind == "plist":
        from ipclint.readers.plist import read_plist

        return read_plist(path, data)
    if kind == "project":
        from ipclint.readers.xcode import read_project

        return read_project(path, data, beside)
    if kind is None:
        return not_read(path, "not a kind of file that is read")
    return read_source(path, kind, data)


def not_read(path: str, problem: str) -> Facts:
    """Facts that say nothing but why the file was not read."""
    kind = kind_of(path)
    if kind in ("swift", "objc", "c"):
        return SourceFacts(path, kind, {}, {}, problem=problem)
    return (
        ProjectFacts(path, (), problem=problem)
        if kind == "project"
        else PlistFacts(path, "other", None, problem=problem)
    )


def read_source(path: str, language: Language, data: bytes) -> SourceFacts:
    """The facts of a Swift, Objective-C or C file."""
    from ipclint.readers.decoding import decoded
    from ipclint.readers.tree import SyntaxTree, read

    if len(data) > MAX_SOURCE:
        return SourceFacts(path, language, {}, {}, problem=TOO_LARGE)
    text = decoded(data)
    if not text.data:
        return SourceFacts(path, language, {}, {}, problem=text.problem)
    facts = read(path, SyntaxTree(language, text.data))
    return msgspec.structs.replace(facts, problem=text.problem or facts.problem) if text.problem else facts
