"""Patterns of .gitignore syntax, compiled to regular expressions that match in linear time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

MAX_PATTERN = 1_000
"""Longer patterns are left aside, and so are those with more than MAX_FOLDERS `**`: no project writes them."""
MAX_FOLDERS = 3


class _Pattern(NamedTuple):
    regex: str
    anchored: bool  # matches the path from the base folder on; else the last name alone
    folder: bool  # matches folders only
    negated: bool


class IgnoreFile:
    """The patterns of one file. Paths given to it are relative to the folder that the file stands in."""

    def __init__(self, lines: Iterable[str]) -> None:
        patterns = [pattern for line in lines if (pattern := _parse(line))]
        self._all = _Matcher(patterns)
        self._files = _Matcher([pattern for pattern in patterns if not pattern.folder])

    def verdict(self, path: str, folder: bool) -> bool | None:
        """True: ignored; False: taken in again by a `!` pattern; None: nothing is said of it."""
        return (self._all if folder else self._files).verdict(path)

    def covers(self, path: str) -> bool:
        """Whether a file or one of the folders above it is ignored."""
        parts = path.split("/")
        above = ("/".join(parts[:count]) for count in range(1, len(parts)))
        return any(self.verdict(folder, True) for folder in above) or self.verdict(path, False) is True


class _Matcher:
    """The last pattern that matches decides: they are tried in reverse order, in two alternations."""

    def __init__(self, patterns: list[_Pattern]) -> None:
        self._negated = [pattern.negated for pattern in patterns]
        self._paths = _alternation((number, p.regex) for number, p in enumerate(patterns) if p.anchored)
        self._names = _alternation((number, p.regex) for number, p in enumerate(patterns) if not p.anchored)

    def verdict(self, path: str) -> bool | None:
        last = max(_last(self._paths, path), _last(self._names, path.rpartition("/")[2]))
        return None if last < 0 else not self._negated[last]


def _alternation(regexes: Iterator[tuple[int, str]]) -> re.Pattern[str] | None:
    alternatives = [f"(?P<p{number}>{regex})" for number, regex in regexes]
    return re.compile(f"(?:{'|'.join(reversed(alternatives))})\\Z", re.DOTALL) if alternatives else None


def _last(regex: re.Pattern[str] | None, text: str) -> int:
    found = regex.match(text) if regex else None
    return int(found.lastgroup[1:]) if found and found.lastgroup else -1


def _parse(line: str) -> _Pattern | None:
    text = re.sub(r"(?<!\\)[ \t]+$", "", line.rstrip("\r\n"))
    if not text or text.startswith("#") or len(text) > MAX_PATTERN:
        return None
    negated = text.startswith("!")
    text = text[1:] if negated else text
    folder = text.endswith("/")
    text = text.rstrip("/") if folder else text
    anchored = "/" in text
    parts = text.removeprefix("/").split("/")
    if not text or parts.count("**") > MAX_FOLDERS:
        return None
    return _Pattern(_path_regex(parts), anchored, folder, negated)


def _path_regex(parts: list[str]) -> str:
    """`**/` is any number of folders, a last `/**` is everything inside."""
    regex = ""
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            regex += "[^/].*" if last else "(?:[^/]+/)*?"
        else:
            regex += _name_regex(part) + ("" if last else "/")
    return regex


def _name_regex(part: str) -> str:
    """One name with wildcards. What stands between two stars matches at its first place for good (an atomic group):
    the last star takes up the rest, so nothing is lost, and no pattern makes the match backtrack far."""
    first, *rest = _chunks(part)
    if not rest:
        return first
    *between, last = rest
    return first + "".join(f"(?>[^/]*?{chunk})" for chunk in between if chunk) + "[^/]*" + last


def _chunks(part: str) -> list[str]:
    """The regular expressions of what stands between the stars."""
    chunks = [""]
    at = 0
    while at < len(part):
        char = part[at]
        at += 1
        if char == "*":
            chunks.append("")
        elif char == "?":
            chunks[-1] += "[^/]"
        elif char == "[" and (found := re.match(r"([!^]?)(\]?[^\]]*)\]", part[at:])):
            chunks[-1] += _set_regex(found[1], found[2])
            at += found.end()
        else:
            if char == "\\" and at < len(part):
                char = part[at]
                at += 1
            chunks[-1] += re.escape(char)
    return chunks


def _set_regex(negation: str, members: str) -> str:
    inside = re.sub(r"([\\\[\]^&~|])", r"\\\1", members)
    try:
        re.compile(f"[{inside}]")
    except re.error:  # a range that runs backwards matches nothing
        return "(?!)"
    return f"(?!/)[{'^' if negation else ''}{inside}]"
