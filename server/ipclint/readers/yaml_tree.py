"""YAML → the value tree of property lists, with spans; nothing is constructed or executed, and everything is bounded.

The parser's events are taken one by one, so that no tag makes an object. An alias shares the value it names: what reads
the tree must not follow it without a bound of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from ipclint.model.facts import PlistEntry, PlistValue
from ipclint.model.source import Span
from ipclint.readers.plist_xml import Parsed

MAX_BYTES = 1_000_000
MAX_NODES = 200_000
"""Values, those that merges (`<<`) copy among them."""
MAX_DEPTH = 60

_TRUE = frozenset(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"))
_FALSE = frozenset(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"))
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_REAL = re.compile(r"[-+]?[0-9]+\.[0-9]*")
_NULL = frozenset(("", "~", "null", "Null", "NULL"))


@dataclass(slots=True)
class _Frame:
    """A mapping or sequence that is open."""

    is_map: bool
    start: int
    anchor: str | None
    items: list[PlistValue] = field(default_factory=list[PlistValue])
    entries: list[PlistEntry] = field(default_factory=list[PlistEntry])
    key: PlistValue | None = None


class _TooMuch(Exception):
    """More than MAX_NODES values or MAX_DEPTH levels."""


def parse_yaml(data: bytes) -> Parsed:
    """The first document of a YAML file. Never raises; a text without value reads "", a decimal number its own text."""
    if len(data) > MAX_BYTES:
        return Parsed(problem=f"a file of more than {MAX_BYTES} bytes is not read")
    try:
        import yaml  # costs more to load than most files to read, and few workspaces need it
    except ImportError:
        return Parsed(problem="it is not read, as PyYAML is not installed")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Parsed(problem=f"it is not UTF-8 at byte {error.start}")
    builder = _Builder(text, len(data) - len(text.encode()))
    try:
        builder.run(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except _TooMuch:
        return Parsed(problem=f"it has more than {MAX_NODES} values or {MAX_DEPTH} levels")
    except yaml.MarkedYAMLError as error:
        return builder.failed(error.problem or "it cannot be read", error.problem_mark)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return builder.failed(str(error).partition("\n")[0] or "this is no YAML", None)
    return Parsed(builder.root)


class _Builder:
    """Makes values from a parser's events. `shift` is how many bytes of the file stand before the text."""

    def __init__(self, text: str, shift: int) -> None:
        lengths = () if text.isascii() else (len(letter.encode()) for letter in text)
        self._offsets = tuple(accumulate(lengths, initial=0))
        self._shift = shift
        self._data = text
        self._budget = MAX_NODES
        self._stack: list[_Frame] = []
        self._anchors: dict[str, PlistValue] = {}
        self.root: PlistValue | None = None

    def run(self, events: Iterable[Any]) -> None:
        """Take the events of the first document."""
        for event in events:
            kind = type(event).__name__
            if kind == "ScalarEvent":
                self._spend(1)
                self._add(_scalar(event, self._span(event)), event.anchor)
            elif kind in ("MappingStartEvent", "SequenceStartEvent"):
                self._open(_Frame(kind == "MappingStartEvent", self._at(event.start_mark), event.anchor))
            elif kind in ("MappingEndEvent", "SequenceEndEvent"):
                self._close(self._at(event.end_mark))
            elif kind == "AliasEvent":
                self._add(self._anchors.get(event.anchor, PlistValue("string", self._span(event), "")), None)
            elif kind == "DocumentEndEvent":
                return

    def failed(self, problem: str, mark: Any) -> Parsed:
        """What to say of a file that cannot be read: nothing of it is used."""
        if mark is None:
            return Parsed(problem=problem)
        at = self._at(mark)
        return Parsed(problem=f"line {mark.line + 1}: this is no YAML: {problem}", problem_span=Span(at, at))

    def _at(self, mark: Any) -> int:
        index = min(mark.index, len(self._data))
        return self._shift + (self._offsets[index] if len(self._offsets) > 1 else index)

    def _span(self, event: Any) -> Span:
        return Span(self._at(event.start_mark), self._at(event.end_mark))

    def _spend(self, count: int) -> None:
        self._budget -= count
        if self._budget < 0:
            raise _TooMuch

    def _open(self, frame: _Frame) -> None:
        self._spend(1)
        if len(self._stack) >= MAX_DEPTH:
            raise _TooMuch
        self._stack.append(frame)

    def _close(self, end: int) -> None:
        frame = self._stack.pop()
        span = Span(frame.start, end)
        if frame.is_map:
            value = PlistValue("dict", span, entries=tuple(self._merged(frame.entries)))
        else:
            value = PlistValue("array", span, items=tuple(frame.items))
        self._add(value, frame.anchor)

    def _add(self, value: PlistValue, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = value
        frame = self._stack[-1] if self._stack else None
        if frame is None:
            self.root = value
        elif not frame.is_map:
            frame.items.append(value)
        elif frame.key is None:
            frame.key = value
        else:
            key = frame.key.scalar if frame.key.scalar is not None else ""
            frame.entries.append(PlistEntry(str(key), frame.key.span, value))
            frame.key = None

    def _merged(self, entries: list[PlistEntry]) -> Iterator[PlistEntry]:
        """The entries of a mapping, and those that `<<` takes from others where it has none of that key."""
        known = {entry.key for entry in entries}
        for entry in entries:
            if entry.key != "<<":
                yield entry
                continue
            for source in (entry.value, *entry.value.items):
                self._spend(len(source.entries) + 1)
                fresh = [each for each in source.entries if each.key not in known]
                known.update(each.key for each in fresh)
                yield from fresh


def _scalar(event: Any, span: Span) -> PlistValue:
    """A plain scalar by what it looks like (YAML 1.1), a quoted one as text."""
    text: str = event.value
    if not event.implicit[0] or event.tag is not None:
        return PlistValue("string", span, text)
    if text in _TRUE or text in _FALSE:
        return PlistValue("bool", span, text in _TRUE)
    if _INTEGER.fullmatch(text):
        return PlistValue("integer", span, int(text))
    if _REAL.fullmatch(text):
        return PlistValue("real", span, text)
    return PlistValue("string", span, "" if text in _NULL else text)
