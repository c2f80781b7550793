"""Preprocessor lines, which the grammar never sees: what they say, and which branches of `#if` may be parsed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ipclint.readers.conditionals import Directive

BLANKS = bytes(byte if byte in b"\r\n" else 0x20 for byte in range(256))
"""A translation table: line ends stay, any other byte becomes a space."""

MAX_NESTING = 20
"""How deep `#if` groups are looked into; what lies deeper is parsed as it stands."""

MAX_BRACKETS = 60
"""How deep the brackets of a branch may nest."""

MAX_INDENT = 200
"""Bytes before a `#` that are looked at: keeps one endless line from costing its square."""

LINE = re.compile(
    rb"""\#[ \t]*([a-z_]+)[ \t]*
      ((?:[^\\\n/"]+|\\(?:\r\n|(?s:.))|/(?:\*(?s:.*?)(?:\*/|\Z)|/[^\n]*)?|"[^"\\\n]*(?:\\(?s:.)[^"\\\n]*)*"?)*)""",
    re.X,
)
"""A directive with its continuation lines and the comments in it: its word, and the rest."""

_FOLD = re.compile(rb"\\\r?\n")
_NOT_CODE = re.compile(
    rb"""/(?:/[^\n]*|\*(?s:.*?)(?:\*/|\Z))|"[^"\\\n]*(?:\\(?s:.)[^"\\\n]*)*"?|'[^'\\\n]*(?:\\.[^'\\\n]*)*'"""
)
_BRACKETS = re.compile(rb"[^{}()\[\]]+")
_PAIRS = re.compile(rb"\(\)|\[\]|\{\}")
_LINKAGE = re.compile(rb'\s*(?:extern\s*"C(?:\+\+)?"\s*\{|\})\s*')

_KEYWORDS = {
    b"if": "#if",
    b"ifdef": "#if",
    b"ifndef": "#if",
    b"elif": "#elseif",
    b"elifdef": "#elseif",
    b"elifndef": "#elseif",
    b"else": "#else",
    b"endif": "#endif",
}


class Line(NamedTuple):
    """A preprocessor line: its word without `#`, the absolute bytes of the line and of what follows the word."""

    word: bytes
    start: int
    end: int
    text_start: int


def conditional(data: bytes, line: Line) -> Directive | None:
    """The line as a Directive, None when it is none of conditional compilation."""
    keyword = _KEYWORDS.get(line.word)
    if keyword is None:
        return None
    condition = "" if keyword in ("#else", "#endif") else plain_text(data[line.text_start : line.end])
    return Directive(line.start, line.end, keyword, "!" + condition if line.word.endswith(b"ndef") else condition)


def plain_text(text: bytes) -> str:
    """The text of a directive on one line, without comments."""
    text = _FOLD.sub(b" ", text)
    if b"/" in text:
        text = _NOT_CODE.sub(lambda found: b" " if found[0].startswith(b"/") else found[0], text)
    return " ".join(text.decode("utf-8", "replace").split())


def find_lines(data: bytes, is_code: Callable[[int], bool]) -> Iterator[Line]:
    """The preprocessor lines of a file; `is_code` says of a byte whether it stands outside comments and strings."""
    at = data.find(b"#")
    while at >= 0:
        match = None
        if not data[max(0, at - MAX_INDENT) : at].rpartition(b"\n")[2].strip() and is_code(at):
            match = LINE.match(data, at)
        if match:
            yield Line(match[1], at, match.end(), match.start(2))
        at = data.find(b"#", match.end() if match else at + 1)


def drop_branches(out: bytearray, directives: Sequence[Directive]) -> None:
    """Blanks dead branches (`#if 0`), and all branches but one where they are alternatives inside a construct.

    `#if A` / `if (x) {` / `#else` / `if (y) {` / `#endif` would open two braces; the first branch stays. Branches of
    whole statements or declarations all stay.
    """
    open_groups: list[list[Directive]] = []
    for directive in directives:
        if directive.keyword == "#if":
            open_groups.append([directive])
        elif open_groups and directive.keyword == "#endif":
            group = open_groups.pop()
            if len(open_groups) < MAX_NESTING:
                _drop_in_group(out, [*group, directive])
        elif open_groups:
            open_groups[-1].append(directive)


def _drop_in_group(out: bytearray, group: Sequence[Directive]) -> None:
    branches = [(at.end, after.start) for at, after in itertools.pairwise(group)]
    live = [branch for line, branch in zip(group, branches, strict=False) if line.condition not in ("0", "NO", "false")]
    if group[0].condition in ("1", "YES", "true"):
        live = branches[:1]
    if "__cplusplus" in group[0].condition and _LINKAGE.fullmatch(out, *branches[0]):
        live.remove(branches[0])
    if len(live) > 1 and not all(_is_whole(bytes(out[start:end])) for start, end in live):
        live = live[:1]
    for start, end in branches:
        if (start, end) not in live:
            out[start:end] = out[start:end].translate(BLANKS)


def _is_whole(code: bytes) -> bool:
    """Whether `code` can stand between any two statements, declarations, or elements of a list."""
    code = _NOT_CODE.sub(lambda found: b" " if found[0].startswith(b"/") else b'""', code).rstrip()
    brackets = _BRACKETS.sub(b"", code)
    for _ in range(MAX_BRACKETS):
        if not brackets:
            break
        brackets = _PAIRS.sub(b"", brackets)
    if brackets:
        return False
    return not code or code[-1:] in (b";", b"}", b",", b":") or code.endswith(b"@end")
