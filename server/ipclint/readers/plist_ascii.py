"""Old-style (OpenStep, "ASCII") property lists → the value tree with spans: the format of project.pbxproj.

One pass of one regular expression over the text, and a stack; linear, and never an exception. The marker lines of a
merge conflict are skipped, so that a project still reads in the middle of a merge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ipclint.model.facts import PlistEntry, PlistValue
from ipclint.model.source import Span
from ipclint.readers.plist_xml import MAX_DEPTH, NOWHERE, Parsed

# Possessive quantifiers: a token matches in one way only, so a broken file costs no backtracking.
_TOKEN = re.compile(
    r"(?>(?:\s++|//[^\n]*+|/\*(?>(?:[^*]++|\*(?!/))*)\*/|(?m:^)(?:<{7}|={7}|>{7})[^\n]*+)*)"
    r"(?:([{}()=;,])"
    r'|("(?>(?:[^"\\]++|\\.)*)"'
    r"|'(?>(?:[^'\\]++|\\.)*)')"
    r"|([A-Za-z0-9_$/:.\-+@~]++)"
    r"|(<[0-9A-Fa-f\s]*+>)"
    r"|\Z)",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|U([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_CONTROLS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@dataclass(slots=True)
class _Frame:
    """A dictionary or array that is open; `is_array` tells which."""

    is_array: bool
    start: int
    items: list[PlistValue] = field(default_factory=list[PlistValue])
    entries: list[PlistEntry] = field(default_factory=list[PlistEntry])
    key: str | None = None
    key_span: Span = NOWHERE
    expects: str = ""  # the punctuation that must come next, "" for a key or value


def parse_ascii(data: bytes) -> Parsed:
    """The tree of an OpenStep property list. Never raises; what follows the first problem is not read."""
    return _Parser(data).run()


class _Parser:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.text = data.decode("latin-1")  # one character a byte, so that offsets are byte offsets
        self.utf8 = not data.isascii()
        self.stack: list[_Frame] = []
        self.parsed = Parsed()

    def run(self) -> Parsed:
        at = 3 if self.data.startswith(b"\xef\xbb\xbf") else 0
        while not self.parsed.problem:
            token = _TOKEN.match(self.text, at)
            if token is None:
                self._problem(at, "this is no text of a property list")
                break
            at = token.end()
            which = token.lastindex
            if which is None:
                if self.stack:
                    line = self._line(self.stack[-1].start)
                    self._problem(at, f"the file ends inside the list opened in line {line}")
                break
            if which == 1:
                self._punctuation(token[1], token.start(1))
            else:
                self._atom(which, token[which], Span(token.start(which), at))
        while self.stack:
            self._close(len(self.data))
        if (conflict := self.data.find(b"\n<<<<<<< ")) >= 0:
            self._problem(conflict + 1, "an unresolved merge conflict; both sides are read")
        if self.parsed.root is None and not self.parsed.problem:
            self._problem(0, "the file is empty")
        return self.parsed

    def _line(self, at: int) -> int:
        return self.data.count(b"\n", 0, at) + 1

    def _problem(self, at: int, text: str) -> None:
        if not self.parsed.problem:
            end = self.data.find(b"\n", at)
            self.parsed.problem = f"line {self._line(at)}: {text}"
            self.parsed.problem_span = Span(at, end if end >= 0 else len(self.data))

    def _punctuation(self, mark: str, at: int) -> None:
        frame = self.stack[-1] if self.stack else None
        if mark in "{(":
            if not self._value_may_stand(at):
                return
            if len(self.stack) >= MAX_DEPTH:
                self._problem(at, f"the values nest deeper than {MAX_DEPTH} levels")
            self.stack.append(_Frame(mark == "(", at))
        elif frame is not None and mark == frame.expects:
            frame.expects = ""
        elif frame is not None and mark == ")" and frame.is_array and frame.expects in ("", ","):
            self._close(at + 1)
        elif frame is not None and mark == "}" and not frame.is_array and frame.key is None:
            self._close(at + 1)  # the last `;` may be missing
        else:
            missing = f", “{frame.expects}” is missing" if frame is not None and frame.expects else ""
            self._problem(at, f"“{mark}” may not stand here{missing}")

    def _atom(self, which: int, text: str, span: Span) -> None:
        """A string, quoted or not, or data in angle brackets."""
        if not self._value_may_stand(span.start, is_atom=True):
            return
        if which == 4:
            value = PlistValue("data", span, "".join(text[1:-1].split()))
        else:
            value = PlistValue("string", span, self._string(which, text))
        frame = self.stack[-1] if self.stack else None
        if frame is not None and not frame.is_array and frame.key is None:
            frame.key, frame.key_span, frame.expects = str(value.scalar), span, "="
        else:
            self._add(value)

    def _string(self, which: int, text: str) -> str:
        if which == 2:
            text = text[1:-1]
        if self.utf8:
            text = text.encode("latin-1").decode("utf-8", "replace")
        return _ESCAPE.sub(_unescape, text) if which == 2 and "\\" in text else text

    def _value_may_stand(self, at: int, is_atom: bool = False) -> bool:
        """Whether a value, or an atom as key, may stand at byte `at`; if not, that is the problem."""
        frame = self.stack[-1] if self.stack else None
        if frame is None:
            if self.parsed.root is not None:
                self._problem(at, "a property list has one value at its top, this is a second one")
                return False
        elif frame.expects:
            self._problem(at, f"“{frame.expects}” is missing before this")
            return False
        elif not frame.is_array and frame.key is None and not is_atom:
            self._problem(at, "a dictionary has a key here, not a value")
            return False
        return True

    def _close(self, end: int) -> None:
        frame = self.stack.pop()
        span = Span(frame.start, end)
        if frame.is_array:
            self._add(PlistValue("array", span, items=tuple(frame.items)))
        else:
            self._add(PlistValue("dict", span, entries=tuple(frame.entries)))

    def _add(self, value: PlistValue) -> None:
        frame = self.stack[-1] if self.stack else None
        if frame is None:
            self.parsed.root = value
        elif frame.is_array:
            frame.items.append(value)
            frame.expects = ","
        elif frame.key is not None:
            frame.entries.append(PlistEntry(frame.key, frame.key_span, value))
            frame.key, frame.expects = None, ";"


def _unescape(escape: re.Match[str]) -> str:
    octal, code, letter = escape.groups()
    if octal or code:
        return chr(int(octal, 8) if octal else int(code, 16))
    return _CONTROLS.get(letter, letter)
