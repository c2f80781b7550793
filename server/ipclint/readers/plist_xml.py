"""XML property lists → the value tree, with the bytes of every key and value; malformed XML gives what was read.

Expat does the parsing, with nothing expanded: an entity declaration ends the reading. What Apple's parser and build
system take and XML does not is masked beforehand at equal length: `--` in comments, control characters, `<$(VAR)/>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal as OneOf
from xml.parsers import expat

from ipclint.model.facts import PlistEntry, PlistValue
from ipclint.model.source import Span

MAX_DEPTH = 100
"""How deep containers may nest; real property lists stay below 20."""

NOWHERE = Span(0, 0)

Scalar = OneOf["string", "bool", "integer", "real", "data", "date"]

_SCALARS: dict[str, Scalar] = {
    "string": "string",
    "true": "bool",
    "false": "bool",
    "integer": "integer",
    "real": "real",
    "data": "data",
    "date": "date",
}
_COMMENT_OR_CDATA = re.compile(rb"<!--|<!\[CDATA\[")
_INTEGER = re.compile(r"[+-]?(?:0[xX][0-9A-Fa-f]+|[0-9]+)")
_REAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+|nan|inf(?:inity)?)", re.IGNORECASE)
_TEMPLATE = re.compile(r"\$\(|\$\{|@\w+@|\{\{|%[@ds]")  # a value that a build system or program fills in
_TEMPLATE_ELEMENT = re.compile(rb"<\$[({]\w+[)}](?=\s*/>)")
_AS_NAME = bytes.maketrans(b"$(){}", b"_____")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_DIRECTIVE = re.compile(r"#\s*(?:if|ifdef|ifndef|elif|else|endif|define|undef|include)\b")  # INFOPLIST_PREPROCESS


@dataclass
class Parsed:
    """A property list as far as it could be read. Spans are absolute bytes; `problem` is "" when all is well."""

    root: PlistValue | None = None
    problem: str = ""
    problem_span: Span = NOWHERE


@dataclass
class _Frame:
    """An element that is open."""

    tag: str
    start: int
    items: list[PlistValue] = field(default_factory=list[PlistValue])
    entries: list[PlistEntry] = field(default_factory=list[PlistEntry])
    text: list[str] = field(default_factory=list[str])
    key: str | None = None
    key_span: Span = NOWHERE


class _Stop(Exception):
    """Ends the parse from inside a handler; the problem has been noted."""


def parse_xml(data: bytes) -> Parsed:
    """The tree of an XML property list. Never raises; white space before the XML declaration is tolerated."""
    offset = len(data) - len(data.lstrip())
    masked = _mask_comments(data)
    utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    if not utf16:
        masked = _CONTROL.sub(b"\x7f", masked)
        masked = _TEMPLATE_ELEMENT.sub(lambda element: element[0].translate(_AS_NAME), masked)
    builder = _Builder(data, offset)
    builder.run(masked[offset:])
    return builder.parsed


def _mask_comments(data: bytes) -> bytes:
    """The data with the inner text of its comments blanked."""
    if b"<!--" not in data:
        return data
    masked = bytearray(data)
    at = 0
    while opening := _COMMENT_OR_CDATA.search(data, at):
        closing = b"-->" if opening[0] == b"<!--" else b"]]>"
        end = data.find(closing, opening.end())
        if end < 0:
            break
        if closing == b"-->":
            masked[opening.end() : end] = b" " * (end - opening.end())
        at = end + 3
    return bytes(masked)


class _Builder:
    """Expat's handlers and the stack of open elements."""

    def __init__(self, data: bytes, offset: int) -> None:
        self.data = data
        self.offset = offset
        self.parsed = Parsed()
        self.stack: list[_Frame] = []
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.EntityDeclHandler = self._entity
        self.parser.SkippedEntityHandler = self._skipped_entity

    def run(self, masked: bytes) -> None:
        try:
            self.parser.Parse(masked, True)
        except _Stop:
            self._unwind(self._here())
        except expat.ExpatError as error:
            at = min(self.parser.ErrorByteIndex + self.offset, len(self.data))
            if self.data[at - 2 : at] == b"</":
                at -= 2  # expat points at the name of a closing tag
            self._problem(at, self._explain(error.code, at))
            self._unwind(at)
        except (LookupError, ValueError):
            self._problem(0, "the encoding that the XML declaration names is not known; use UTF-8")
            self._unwind(0)

    def _here(self) -> int:
        return self.parser.CurrentByteIndex + self.offset

    def _line(self, at: int) -> int:
        return self.data.count(b"\n", 0, at) + 1

    def _problem(self, at: int, text: str) -> None:
        """Note a problem, unless there was one before: later ones are mostly its consequences."""
        if not self.parsed.problem:
            end = self.data.find(b"\n", at)
            self.parsed.problem = f"line {self._line(at)}: {text}"
            self.parsed.problem_span = Span(at, end if end >= 0 else len(self.data))

    # ── elements ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _start(self, tag: str, attributes: object) -> None:
        at = self._here()
        if len(self.stack) > MAX_DEPTH:
            self._problem(at, f"the values nest deeper than {MAX_DEPTH} levels")
            raise _Stop
        parent = self.stack[-1] if self.stack else None
        if parent is None:
            if tag != "plist":
                self._problem(at, f"a property list begins with <plist>, not with <{tag}>")
                raise _Stop
        elif parent.tag not in ("plist", "dict", "array"):
            self._problem(at, f"<{parent.tag}> holds text alone, not <{tag}>")
        elif tag == "key":
            if parent.tag != "dict":
                self._problem(at, "a <key> stands in a <dict> only")
        elif tag not in _SCALARS and tag not in ("dict", "array") and not tag.startswith("__"):
            self._problem(at, f"<{tag}> is no element of property lists")
        self.stack.append(_Frame(tag, at))

    def _end(self, tag: str) -> None:
        end = self._here()  # the start of `</string>`, but the end of `<true/>`
        if self.data.startswith(b"</", end):
            closing = self.data.find(b">", end)
            end = closing + 1 if closing >= 0 else len(self.data)
        frame = self.stack.pop()
        if frame.tag == "key":
            self._close_key(frame, end)
        elif (value := self._value(frame, end)) is not None:
            self._add(value)

    def _close_key(self, frame: _Frame, end: int) -> None:
        parent = self.stack[-1]
        if parent.key is not None:
            self._problem(parent.key_span.start, f"the key “{parent.key}” has no value")
        parent.key = "".join(frame.text)
        parent.key_span = Span(frame.start, end)

    def _value(self, frame: _Frame, end: int) -> PlistValue | None:
        """The value of an element that ends at byte `end`; None for <plist> and for what is no value."""
        span = Span(frame.start, end)
        if frame.tag == "dict":
            if frame.key is not None:
                self._problem(frame.key_span.start, f"the key “{frame.key}” has no value")
            return PlistValue("dict", span, entries=tuple(frame.entries))
        if frame.tag == "array":
            return PlistValue("array", span, items=tuple(frame.items))
        if frame.tag.startswith("__"):
            written = self.data[span.start + 1 : span.start + 1 + len(frame.tag)]
            return PlistValue("string", span, written.decode("utf-8", "replace"))
        kind = _SCALARS.get(frame.tag)
        if kind is None:
            return None
        text = "".join(frame.text)
        if kind == "string":
            return PlistValue(kind, span, text)
        if kind == "bool":
            return PlistValue(kind, span, frame.tag == "true")
        if kind == "data":
            return PlistValue(kind, span, "".join(text.split()))
        if kind == "date":
            return PlistValue(kind, span, text.strip())
        return PlistValue(kind, span, self._number(kind, text.strip(), frame.start))

    def _number(self, kind: Scalar, text: str, at: int) -> int | float | str:
        """The number, or the text itself where there is none to be had (which is a problem unless a template)."""
        if kind == "integer" and _INTEGER.fullmatch(text) and len(text) < 30:
            number = int(text, 16 if "x" in text.lower() else 10)
            if -(2**63) <= number < 2**64:
                return number
        elif kind == "real" and _REAL.fullmatch(text):
            return float(text)
        if not _TEMPLATE.search(text):
            self._problem(at, f"“{text[:40]}” is not a number that fits <{kind}>")
        return text

    def _add(self, value: PlistValue) -> None:
        """Give a finished value to the element around it."""
        parent = self.stack[-1]
        if parent.tag == "dict":
            if parent.key is None:
                self._problem(value.span.start, "this value has no <key> before it")
            else:
                parent.entries.append(PlistEntry(parent.key, parent.key_span, value))
                parent.key = None
        elif parent.tag == "array":
            parent.items.append(value)
        elif parent.tag == "plist":
            if self.parsed.root is not None:
                self._problem(value.span.start, "a property list has one value at its top, this is a second one")
            else:
                self.parsed.root = value

    def _characters(self, text: str) -> None:
        frame = self.stack[-1]
        if frame.tag in ("dict", "array", "plist"):
            if not text.isspace() and not _DIRECTIVE.match(text.lstrip()):
                self._problem(self._here(), f"“{text.strip()[:40]}” stands loose in <{frame.tag}>")
        else:
            frame.text.append(text)

    def _entity(self, *declaration: object) -> None:
        self._problem(self._here(), "property lists may not declare entities; write the text itself")
        raise _Stop

    def _skipped_entity(self, name: str, is_parameter: bool) -> None:
        if not is_parameter:
            self._problem(self._here(), f"&{name}; is no known entity; write & as &amp;")

    # ── broken files ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _unwind(self, at: int) -> None:
        """Close what is open, as if the file ended well at byte `at`; an unfinished text is dropped."""
        while self.stack:
            frame = self.stack.pop()
            if frame.tag in ("dict", "array") and self.stack:
                value = self._value(frame, at)
                if value is not None:
                    self._add(value)

    def _explain(self, code: int, at: int) -> str:
        """Expat's error in words that say what to do."""
        name = expat.errors.messages.get(code, "")
        open_tag = f"<{self.stack[-1].tag}> of line {self._line(self.stack[-1].start)}" if self.stack else ""
        if self.data.startswith((b"<<<<<<<", b">>>>>>>"), at) or self.data.startswith(b"<<<<<", at - 1):
            return "an unresolved merge conflict"
        if name == expat.errors.XML_ERROR_TAG_MISMATCH:
            return f"this closing tag does not match the open {open_tag}"
        if name in (expat.errors.XML_ERROR_NO_ELEMENTS, expat.errors.XML_ERROR_UNCLOSED_TOKEN):
            return f"the file ends inside {open_tag}" if open_tag else "there is no <plist> in this file"
        if name == expat.errors.XML_ERROR_INVALID_TOKEN:
            return "this is not well-formed XML; in texts write & as &amp; and < as &lt;"
        if name == expat.errors.XML_ERROR_UNDEFINED_ENTITY:
            return "this entity is not known; write & as &amp;"
        if name == expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT:
            return "something stands after </plist>"
        return f"the XML cannot be read ({name or 'unknown error'})"
