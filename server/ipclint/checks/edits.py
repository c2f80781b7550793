"""Edits of source text: where a line, a statement or an import goes, how it is indented, and how edits are applied.

Positions are absolute bytes. Inserted text takes the indentation and the line ends of the file it goes into.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping

from ipclint.model.finding import Edit, Fix
from ipclint.model.source import Span

LEVEL = "    "
"""A level of indentation in the text of a template; it becomes the file's own."""

_LEADING = re.compile(rb"^(\t+| *)[^\s*]", re.MULTILINE)
_SWIFT_IMPORT = re.compile(rb"^(?:@\w+(?:\([^)\n]*\))?[ \t]+)*(?:\w+[ \t]+)?import[ \t]+(?:\w+[ \t]+)?([\w.]+)")
_C_IMPORT = re.compile(rb"^[ \t]*(?:#[ \t]*(?:import|include)[ \t]*([<\"][^>\"\n]+[>\"])|@import[ \t]+([\w.]+)[ \t]*;)")
_LICENCE = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:[ \t\r\n]*(?://[^\n]*\n|/\*.*?\*/[ \t]*\r?\n))*", re.DOTALL)


# ── the style of a file ──────────────────────────────────────────────────────────────────────────────────────────────


def newline_of(data: bytes) -> str:
    """The line end of a file's first line, "\\n" when it has one line only."""
    return "\r\n" if data[: data.find(b"\n") + 1].endswith(b"\r\n") else "\n"


def level_of(data: bytes) -> str:
    """One level of a file's indentation: a tab, or as many spaces as lines most often step in by; four by default."""
    steps: Counter[str] = Counter()
    before = 0
    for lead in _LEADING.finditer(data):
        depth = len(lead[1])
        if lead[1][:1] == b"\t":
            steps["\t"] += 1
        elif depth - before in (2, 3, 4, 8):
            steps[" " * (depth - before)] += 1
        before = depth
    return steps.most_common(1)[0][0] if steps else LEVEL


def line_start(data: bytes, offset: int) -> int:
    """Where the line that holds `offset` begins."""
    return data.rfind(b"\n", 0, offset) + 1


def line_end(data: bytes, offset: int) -> int:
    """Where the line that holds `offset` ends: before its "\\r\\n" or "\\n"."""
    end = data.find(b"\n", offset)
    end = len(data) if end < 0 else end
    return end - 1 if data[end - 1 : end] == b"\r" and end > offset else end


def indent_of(data: bytes, offset: int) -> str:
    """The white space that the line holding `offset` begins with."""
    line = data[line_start(data, offset) : line_end(data, offset)]
    return line[: len(line) - len(line.lstrip(b" \t"))].decode()


def laid_out(text: str, data: bytes, indent: str) -> str:
    """`text` with the file's line ends, every line but the first behind `indent`, its levels the file's own."""
    level = level_of(data)
    first, *rest = text.strip("\n").split("\n")
    lines = [first]
    for line in rest:
        depth = (len(line) - len(line.lstrip(" "))) // len(LEVEL)
        lines.append(indent + level * depth + line[depth * len(LEVEL) :] if line.strip() else "")
    return newline_of(data).join(lines)


# ── edits ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def replace(path: str, data: bytes, span: Span, text: str) -> Edit:
    """Put `text` in the place of `span`; its further lines are indented like the line that `span` begins on."""
    return Edit(path, span.start, span.end, laid_out(text, data, indent_of(data, span.start)))


def insert_before(path: str, data: bytes, offset: int, text: str) -> Edit:
    """Put `text` before the statement at `offset`, on lines of its own unless the statement shares its line."""
    start = line_start(data, offset)
    if data[start:offset].strip():
        return Edit(path, offset, offset, " ".join(_one_line(text, path)) + " ")
    indent = indent_of(data, offset)
    return Edit(path, start, start, indent + laid_out(text, data, indent) + newline_of(data))


def insert_after(path: str, data: bytes, offset: int, text: str) -> Edit:
    """Put `text` behind the statement whose last byte is `offset`: on lines of its own after its line, unless more code
    stands on that."""
    end = line_end(data, offset)
    rest = data[offset + 1 : end].lstrip(b" \t;")
    if rest and not rest.startswith((b"//", b"/*")):
        lines = " ".join(_one_line(text, path))
        if path.endswith(".swift"):
            return Edit(path, offset + 1, offset + 1, f"; {lines.rstrip(';')}")
        semicolon = re.compile(rb"[ \t]*;").match(data, offset + 1)
        at = semicolon.end() if semicolon else offset + 1
        return Edit(path, at, at, f" {lines}")
    indent = indent_of(data, offset)
    return Edit(path, end, end, newline_of(data) + indent + laid_out(text, data, indent))


def insert_in_body(path: str, data: bytes, body_start: int, text: str) -> Edit:
    """Put `text` first in a body; `body_start` is just after its opening brace."""
    rest = data[body_start : line_end(data, body_start)]
    if rest.strip() and not rest.strip().startswith((b"//", b"/*")):  # the body stands on the line of its brace
        return Edit(path, body_start, body_start, " " + " ".join(_one_line(text, path)))
    at = line_end(data, body_start)
    indent = indent_of(data, body_start) + level_of(data)
    return Edit(path, at, at, newline_of(data) + indent + laid_out(text, data, indent))


def remove_statement(path: str, data: bytes, span: Span) -> Edit:
    """Take a statement out, with its line (and the `;` and comment behind it) when it is alone there."""
    start, end = line_start(data, span.start), line_end(data, span.end)
    after = data[span.end : end].strip().lstrip(b";").strip()
    if data[start : span.start].strip() or (after and not after.startswith((b"//", b"/*"))):
        semicolon = re.compile(rb"[ \t]*;?[ \t]*").match(data, span.end)
        return Edit(path, span.start, semicolon.end() if semicolon else span.end, "")
    following = data.find(b"\n", end)
    return Edit(path, start, len(data) if following < 0 else following + 1, "")


def add_import(path: str, data: bytes, name: str) -> Edit | None:
    """Import module `name` (Swift, `Foundation`) or header (`<os/log.h>`, `"X.h"`) unless the file does so already.

    The line goes behind the last import that is under no `#if`, else behind the comment that heads the file.
    """
    swift = path.endswith(".swift")
    line = f"import {name}" if swift else f"#import {name}" if name[:1] in '<"' else f"@import {name};"
    depth, at, last = 0, 0, -1
    for raw in data.splitlines(keepends=True):
        stripped = raw.lstrip()
        depth += stripped.startswith(b"#if") - stripped.startswith(b"#endif")
        if found := (_SWIFT_IMPORT if swift else _C_IMPORT).match(raw):
            if name.encode() in found.groups():
                return None
            last = at + len(raw) if depth == 0 else last
        at += len(raw)
    newline = newline_of(data)
    if last < 0:
        heading = _LICENCE.match(data)
        last = heading.end() if heading else 0
        return Edit(path, last, last, line + newline + ("" if data[last:].startswith((b"\n", b"\r\n")) else newline))
    return Edit(path, last, last, line + newline)


def _one_line(text: str, path: str) -> list[str]:
    """The lines of `text` for a line that holds more: Swift needs a semicolon where Objective-C has one already."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if path.endswith(".swift"):
        return [line if line.endswith(("{", ";")) else f"{line};" for line in lines]
    return lines


# ── applying ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class OverlappingEdits(ValueError):
    """Two edits change the same bytes."""


def apply_edits(data: bytes, edits: Iterable[Edit]) -> bytes:
    """The bytes of one file after its edits; equal edits count once. Raises OverlappingEdits."""
    out: list[bytes] = []
    at = 0
    for edit in sorted(set(edits)):
        if edit.start < at:
            raise OverlappingEdits(f"{edit.path}: two edits change byte {edit.start}")
        out += (data[at : edit.start], edit.text.encode())
        at = edit.end
    return b"".join((*out, data[at:]))


def compatible(fixes: Iterable[Fix]) -> tuple[list[Fix], list[Fix]]:
    """The fixes that can be applied together, taken in order, and those that touch what an earlier one changes."""
    taken: dict[str, set[Edit]] = defaultdict(set)
    created: dict[str, str] = {}
    together: list[Fix] = []
    left: list[Fix] = []
    for fix in fixes:
        clash = any(_clashes(edit, taken[edit.path]) for edit in fix.edits) or any(
            created.get(path, text) != text for path, text in fix.creates
        )
        (left if clash else together).append(fix)
        if not clash:
            created.update(fix.creates)
            for edit in fix.edits:
                taken[edit.path].add(edit)
    return together, left


def apply_fixes(source: Callable[[str], bytes], fixes: Iterable[Fix]) -> Mapping[str, bytes]:
    """The new content of every file that the fixes change or create. Raises OverlappingEdits (see `compatible`)."""
    fixes = tuple(fixes)
    edits: dict[str, list[Edit]] = defaultdict(list)
    for fix in fixes:
        for edit in fix.edits:
            edits[edit.path].append(edit)
    created = {path: text.encode() for fix in fixes for path, text in fix.creates}
    return created | {path: apply_edits(source(path), changes) for path, changes in edits.items()}


def _clashes(edit: Edit, taken: set[Edit]) -> bool:
    return edit not in taken and any(
        (edit.start < other.end and other.start < edit.end) or (edit.start == other.start and other.start == other.end)
        for other in taken
    )
