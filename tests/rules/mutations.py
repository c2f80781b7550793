"""Rewritings of a case that any real file may show: other names, other style, other order, comments and emoji between."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from random import Random

from ipclint.model.facts import Function, SourceFacts
from ipclint.readers import read

Files = dict[str, str]
Mutation = Callable[[Files, Random], Files]

NAMES = (
    "item",
    "x",
    "selfish",
    "dataValue",
    "connection2",
    "_held",
    "theLongestNameThatAnybodyEverWrote",
    "übergabe",
    "naïve",
)
DECLARED = re.compile(
    r"\b(?:let|var|for|func|case)\s+(\w+)|\b[A-Z]\w+\s*(?:<[^<>\n]*>)?\s*\*\s*(?:const\s+)?(\w+)\s*[=;)]|[(,]\s*(?:_\s+)?(\w+):\s"
)
KEPT = frozenset(
    ["self", "super", "init", "deinit", "main", "class", "static", "default", "return", "for", "in", "if", "is", "as"]
)
COMMENTS = ("// 🧨 drôle", "/* between */", "// TODO: later", '// { [ ( "', "/* 日本語 */ // ; }")
LINE_END = re.compile(r"[;{}]\s*$")
OPENING = re.compile(r"^(?P<indent>[ \t]*)(?P<head>[^\s/].*\S)[ \t]*\{[ \t]*$", re.MULTILINE)


def is_code(path: str) -> bool:
    return path.endswith((".swift", ".m", ".mm", ".h", ".c"))


def renamed(files: Files, random: Random) -> Files:
    """One declared name becomes another, in all files of code."""
    code = "\n".join(text for path, text in files.items() if is_code(path))
    names = sorted({name for found in DECLARED.findall(code) for name in found if name and name not in KEPT})
    if not names:
        return files
    old, new = random.choice(names), random.choice(NAMES)
    if re.search(rf"\b{new}\b", code):
        return files
    pattern = re.compile(rf"\b{re.escape(old)}\b(?![\"'])")
    return {path: pattern.sub(new, text) if is_code(path) else text for path, text in files.items()}


def reindented(files: Files, random: Random) -> Files:
    unit = random.choice(("\t", "  ", "        ", ""))

    def line(text: str) -> str:
        depth = len(text) - len(text.lstrip(" "))
        return unit * (depth // 4) + " " * (depth % 4 if unit else 0) + text.lstrip(" ")

    return {path: "\n".join(map(line, text.split("\n"))) if is_code(path) else text for path, text in files.items()}


def braces_below(files: Files, random: Random) -> Files:
    """`{` on a line of its own behind declarations and statements, in C, Objective-C and Swift's declarations."""

    def below(found: re.Match[str]) -> str:
        head = found["head"]
        is_declaration = re.match(
            r"(?:\w+ )*(?:class|struct|func|init|extension|enum|protocol|if|else|for|while)\b|[-+] ?\(", head
        )
        return f"{found['indent']}{head}\n{found['indent']}{{" if is_declaration else found[0]

    return {path: OPENING.sub(below, text) if is_code(path) else text for path, text in files.items()}


def commented(files: Files, random: Random) -> Files:
    """A comment on a line of its own, or behind a statement, here and there."""

    def text(source: str) -> str:
        lines: list[str] = []
        for line in source.split("\n"):
            whole = LINE_END.search(line) and '"""' not in line
            if whole and random.random() < 0.15:
                line += " " + random.choice(COMMENTS)
            lines.append(line)
            if whole and not line.lstrip().startswith("#") and random.random() < 0.15:
                lines.append(random.choice(("", "        ")) + random.choice(COMMENTS[:3]))
        return "\n".join(lines)

    return {path: text(source) if is_code(path) else source for path, source in files.items()}


MEMBER = re.compile(r"^[ \t]*(?:[-+] ?\(|(?:\w+ )*(?:func|init|var|let)\b)")


def documented(files: Files, random: Random) -> Files:
    """A paragraph in a block comment above declarations, whose lines begin with nothing in particular."""

    def text(source: str) -> str:
        lines: list[str] = []
        for line in source.split("\n"):
            if (
                MEMBER.match(line)
                and random.random() < 0.3
                and (not lines or LINE_END.search(lines[-1]) or not lines[-1])
            ):
                lines += ["/*", "\tWhat it is for: { and }", " */"]
            lines.append(line)
        return "\n".join(lines)

    return {path: text(source) if is_code(path) and '"""' not in source else source for path, source in files.items()}


def headed(files: Files, random: Random) -> Files:
    """A licence, a byte order mark, emoji before everything."""
    head = random.choice(("\ufeff", "// 🏳️‍🌈 ünïcödé\n\n", "/*\n Licence\n */\n", "\n\n"))
    return {path: head + text if is_code(path) else text for path, text in files.items()}


def with_crlf(files: Files, random: Random) -> Files:
    return {path: text.replace("\n", "\r\n") for path, text in files.items()}


def without_last_newline(files: Files, random: Random) -> Files:
    return {path: text.rstrip("\n") for path, text in files.items()}


def reordered(files: Files, random: Random) -> Files:
    """Two neighbouring members of one type change places."""
    path = random.choice(sorted(files))
    facts = read(path, files[path].encode()) if is_code(path) else None
    if not isinstance(facts, SourceFacts):
        return files
    members = [
        (facts.extents[key], unit.owner)
        for key, unit in facts.units.items()
        if isinstance(unit, Function) and unit.owner and unit.kind in ("method", "initializer", "deinitializer")
    ]
    pairs = [(one, two) for (one, a), (two, b) in pairwise(members) if a == b and one.end <= two.start]
    if not pairs:
        return files
    one, two = random.choice(pairs)
    data = files[path].encode()
    parts = (
        data[: one.start],
        data[two.start : two.end],
        data[one.end : two.start],
        data[one.start : one.end],
        data[two.end :],
    )
    return {**files, path: b"".join(parts).decode()}


def spaced(files: Files, random: Random) -> Files:
    """Trailing white space, and blank lines doubled."""
    return {
        path: re.sub(r"\n\n", "\n\n\n", re.sub(r"\{\n", "{ \t\n", text)) if is_code(path) else text
        for path, text in files.items()
    }


SHORT = re.compile(r"\{[ \t]*\n[ \t]*(?P<only>[^\n{}/#]+)\n[ \t]*\}")


def on_one_line(files: Files, random: Random) -> Files:
    """Blocks of one statement stand on the line of their brace, some of them."""

    def joined(found: re.Match[str]) -> str:
        return f"{{ {found['only'].strip()} }}" if random.random() < 0.6 else found[0]

    return {path: SHORT.sub(joined, text) if is_code(path) else text for path, text in files.items()}


MUTATIONS: tuple[Mutation, ...] = (
    on_one_line,
    renamed, reindented, braces_below, documented, commented, headed, reordered, spaced, without_last_newline, with_crlf,
)  # fmt: skip


def mutated(files: Mapping[str, str], chosen: list[Mutation], random: Random) -> dict[str, bytes]:
    """The files after the chosen rewritings, those of line ends last."""
    out = dict(files)
    for mutation in sorted(chosen, key=MUTATIONS.index):
        out = mutation(out, random)
    return {path: text.encode() for path, text in out.items()}
