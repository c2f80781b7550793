"""New files in an Xcode project: the lines of project.pbxproj that make a target compile them.

They are modelled on those of a file beside the new ones, and inserted behind these. Nothing is offered where that
file's lines are not as Xcode writes them, each exactly as often as it must be.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ipclint.checks.fix import Sources
from ipclint.model.facts import ProjectFacts, Target
from ipclint.model.finding import Edit
from ipclint.program.program import Program

COMPILED = {".swift": "sourcecode.swift", ".m": "sourcecode.c.objc"}
TYPES = COMPILED | {".h": "sourcecode.c.h"}
TO_ADD = ", and add the new files to its target"
"""What the title of a fix says where this cannot be done for the user."""

_HEAD = b"// !$*UTF8*$!"
_KEPT = frozenset(
    ("fileEncoding", "lastKnownFileType", "name", "path", "sourceTree", "indentWidth", "tabWidth", "usesTabs")
)
_KEY = re.compile(rb"(\w+) = ")


class NewFile(NamedTuple):
    """A file that a fix creates: its name, and whether the target of the file beside it compiles it."""

    name: str
    compiled: bool


class _Lines(NamedTuple):
    """The lines of one file in a project file: its reference, its place in a group, and for each target its build file
    and the entry in the target's phase."""

    reference: re.Match[bytes]
    child: re.Match[bytes]
    built: tuple[tuple[re.Match[bytes], re.Match[bytes]], ...]


def joined(program: Program, sources: Sources, beside: str, files: Iterable[NewFile]) -> tuple[Edit, ...] | None:
    """The edits that put files, created in the folder of `beside`, into its targets: () where that needs nothing (a
    folder that is compiled as a whole, or no project), None where it cannot be done exactly."""
    owners = [
        project
        for project in program.configurations()
        if isinstance(project, ProjectFacts) and any(beside in target.sources for target in project.targets)
    ]
    if not owners or _is_generated(program, beside):
        return ()
    if len(owners) > 1 or not _is_xcode(owners[0]) or owners[0].problem:
        return None
    project = owners[0]
    data, names = sources.data(project.path), _targets(project, beside)
    rows = _Rows(data if _is_sound(data) else b"")
    for anchor in _beside(project, beside, names):
        lines = rows.of(anchor.rpartition("/")[2])
        if lines is not None and len(lines.built) == len(names):
            return tuple(_edits(project.path, data, anchor, names, lines, tuple(files)))
    return None


def _is_xcode(project: ProjectFacts) -> bool:
    return project.path.endswith("/project.pbxproj")


def _is_sound(data: bytes) -> bool:
    """Whether a project file is one that Xcode wrote, in UTF-8."""
    try:
        return data.startswith(_HEAD) and bool(data.decode())
    except UnicodeDecodeError:
        return False


def _is_generated(program: Program, path: str) -> bool:
    """Whether a manifest compiles the folder that holds a file: the project is made from it anew."""
    targets = (
        target
        for project in program.configurations()
        if isinstance(project, ProjectFacts) and not _is_xcode(project)
        for target in project.targets
    )
    folders = (folder for target in targets for folder in target.sources if folder.endswith("/"))
    return any(folder == "./" or path.startswith(folder) for folder in folders)


def _targets(project: ProjectFacts, path: str) -> tuple[str, ...]:
    return tuple(sorted(target.name for target in project.targets if path in target.sources))


def _beside(project: ProjectFacts, path: str, names: tuple[str, ...]) -> Iterator[str]:
    """The files of the same folder and the same targets, in an order that does not depend on which of them is asked
    for: so that fixes in several of them make the same edits."""
    folder = path.rpartition("/")[0]
    listed = {source for target in _named(project, names) for source in target.sources}
    for source in sorted(listed):
        if source.rpartition("/")[0] == folder and source.endswith(tuple(COMPILED)):
            if _targets(project, source) == names:
                yield source


def _named(project: ProjectFacts, names: tuple[str, ...]) -> Iterator[Target]:
    return (target for target in project.targets if target.name in names)


# ── the lines as they are ────────────────────────────────────────────────────────────────────────────────────────────


class _Rows:
    """The lines of a project file that name a file: references by the file's name, build files by the reference, and
    entries of lists by what they name. `sound` when every reference is a line as Xcode writes them."""

    def __init__(self, data: bytes) -> None:
        self.references: dict[bytes, list[re.Match[bytes]]] = {}
        self.built: dict[bytes, list[re.Match[bytes]]] = {}
        self.entries: dict[bytes, list[re.Match[bytes]]] = {}
        for row in _ROW.finditer(data):
            if row["isa"] is None:
                self.entries.setdefault(row["id"], []).append(row)
            elif row["isa"] == b"PBXBuildFile":
                self.built.setdefault(_field(row, b"fileRef").partition(b" ")[0], []).append(row)
            else:
                name = _field(row, b"path").strip(b'"').rpartition(b"/")[2]
                self.references.setdefault(name, []).append(row)
        self.sound = sum(map(len, self.references.values())) == data.count(b"isa = PBXFileReference;")

    def of(self, name: str) -> _Lines | None:
        """The lines of the one file of this name; None when there are several, or it is not just compiled."""
        found = self.references.get(name.encode(), [])
        if not self.sound or len(found) != 1 or found[0]["about"] != name.encode():
            return None
        keys = {key[1].decode() for key in _KEY.finditer(found[0]["fields"])}
        children = self.entries.get(found[0]["id"], [])
        if not keys <= _KEPT or len(children) != 1:
            return None
        built: list[tuple[re.Match[bytes], re.Match[bytes]]] = []
        for row in self.built.get(found[0]["id"], []):
            entries = self.entries.get(row["id"], [])
            if len(entries) != 1 or row["about"] != f"{name} in Sources".encode():
                return None
            built.append((row, entries[0]))
        return _Lines(found[0], children[0], tuple(built))


_ROW = re.compile(
    rb"^(?P<indent>[ \t]*)(?P<id>[0-9A-F]{24}) /\* (?P<about>[^\n]*?) \*/"
    rb"(?: = \{isa = (?P<isa>PBXFileReference|PBXBuildFile); (?P<fields>[^\n]*)\};|,)(?P<end>\r?\n)",
    re.M,
)


def _field(row: re.Match[bytes], key: bytes) -> bytes:
    """The value of a field as written, quotes and comment included."""
    found = re.search(rb"(?:^|; )" + key + rb' = ("(?:[^"\\]|\\.)*"|[^;]*);', row["fields"])
    return found[1] if found else b""


# ── the lines to be added ────────────────────────────────────────────────────────────────────────────────────────────


def _edits(
    path: str, data: bytes, anchor: str, targets: tuple[str, ...], lines: _Lines, files: tuple[NewFile, ...]
) -> Iterator[Edit]:
    old, folder = anchor.rpartition("/")[2], anchor.rpartition("/")[0]
    ids = {file.name: _id(data, f"{folder}/{file.name}", *targets) for file in files}
    yield _behind(path, lines.reference, [_reference(lines.reference, old, f.name, ids[f.name]) for f in files])
    yield _behind(path, lines.child, [f"{ids[file.name]} /* {file.name} */," for file in files])
    compiled = [file.name for file in files if file.compiled]
    for number, (built, entry) in enumerate(lines.built):
        made = {name: _id(data, f"{folder}/{name}", *targets, str(number)) for name in compiled}
        about = "{} /* {} in Sources */"
        fields = "{{isa = PBXBuildFile; fileRef = {} /* {} */; }};"
        yield _behind(path, built, [f"{about.format(made[n], n)} = {fields.format(ids[n], n)}" for n in compiled])
        yield _behind(path, entry, [f"{about.format(made[n], n)}," for n in compiled])


def _behind(path: str, row: re.Match[bytes], texts: list[str]) -> Edit:
    indent, end = row["indent"].decode(), row["end"].decode()
    return Edit(path, row.end(), row.end(), "".join(f"{indent}{text}{end}" for text in texts))


def _reference(row: re.Match[bytes], old: str, new: str, id: str) -> str:
    """The reference to a file beside another: what that one says, but for the name and what kind of file it is."""
    kind = TYPES[new[new.rindex(".") :]]
    fields = re.sub(r"lastKnownFileType = [^;]+;", f"lastKnownFileType = {kind};", row["fields"].decode())
    fields = re.sub(rf'(?<=[ "/]){re.escape(old)}(?="?;)', new, fields)
    return f"{id} /* {new} */ = {{isa = PBXFileReference; {fields}}};"


def _id(data: bytes, *parts: str) -> str:
    """An id of 24 hexadecimal digits that follows from what it is for; the next one where the file has that already."""
    found = "\0".join(parts)
    while True:
        found = hashlib.blake2b(found.encode("utf-8", "surrogateescape"), digest_size=12).hexdigest().upper()
        if found.encode() not in data:
            return found
