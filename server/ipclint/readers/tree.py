"""Syntax trees that are edited: parse again what an edit touched, lower again the function it stands in.

A whole read of a long file costs a tenth of a second, a keystroke must not. `SyntaxTree.edit` parses incrementally;
`reread` re-lowers one function when the edit lies inside its body and nothing else can have changed. Whenever that is
in doubt the whole file is read, and where the tree has errors it is parsed afresh first: incremental recovery from
errors need not end where a fresh parse does. So the facts are always those of a fresh read of the same bytes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from tree_sitter import Node, Parser, Tree

from ipclint.model.facts import Function, Language, SourceFacts, Suppression, Unit, Variable
from ipclint.model.source import Span
from ipclint.readers.comments import MARKER
from ipclint.readers.lowering import SourceReader

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1 << 16
_MAX_UNCLOSED = 16
_COMMENT_EDGE = re.compile(rb"/\*|\*/")
_parsers: dict[str, Parser] = {}


def reader_of(language: Language) -> SourceReader:
    """The module that reads a language; its grammar is loaded on first use."""
    if language == "swift":
        from ipclint.readers import swift

        return swift
    from ipclint.readers import objc

    return objc


def parse(language: Language, masked: bytes, old: Tree | None = None) -> Tree | None:
    """The tree of masked bytes; `old` is the edited tree to start from. None when it would take too long.

    The bound counts the parser's own steps, not time: the same bytes give the same answer on every machine.
    """
    parser = _parsers.get(language)
    if parser is None:
        parser = _parsers[language] = Parser(reader_of(language).GRAMMAR.language)
    view = memoryview(_without_unclosed_comments(masked))
    steps = 10_000 + len(view) // 25  # in hundreds; ordinary code takes one for 150 bytes, hostile code for 15

    def read(offset: int, _: object) -> memoryview:
        return view[offset : offset + _CHUNK]

    def is_enough(_: int, __: bool) -> bool:
        nonlocal steps
        steps -= 1
        return steps < 0

    try:
        if old is None:
            return parser.parse(read, encoding="utf8", progress_callback=is_enough)
        return parser.parse(read, old, encoding="utf8", progress_callback=is_enough)
    except ValueError:  # what tree_sitter raises for a parse that was called off
        parser.reset()
        return None


def _without_unclosed_comments(data: bytes) -> bytes:
    """A scanner reads every unclosed `/*` to the end of the file: with thousands of them that never ends.

    So where there are more than a file can have by accident, those that nothing closes are blanked.
    """
    if data.count(b"/*") - data.count(b"*/") <= _MAX_UNCLOSED:
        return data
    unclosed: list[int] = []
    for edge in _COMMENT_EDGE.finditer(data):
        if edge.group() == b"/*":
            unclosed.append(edge.start())
        elif unclosed:
            unclosed.pop()
    blanked = bytearray(data)
    for start in unclosed:
        blanked[start : start + 2] = b"  "
    return bytes(blanked)


class SyntaxTree:
    """The bytes of one open file and their tree.

    `data` are decoded bytes (see `decoding`). Between two `reread`s, `start` and `tail` bound what was edited: all
    bytes before `start` and the last `tail` bytes are those of the last read.
    """

    def __init__(self, language: Language, data: bytes) -> None:
        self.language: Language = language
        self.data = data
        self._read_data = data  # as of the last reread
        self._masked = reader_of(language).mask(data)
        self.tree = parse(language, self._masked)
        self.start = 0
        self.tail = 0

    def edit(self, start: int, old_end: int, new: bytes) -> Span:
        """Replaces bytes `start` to `old_end` by `new` and parses again.

        Returns the bytes that must be read again: the edit and all that the parser read differently for it.
        """
        data = b"".join((self.data[:start], new, self.data[old_end:]))
        masked = reader_of(self.language).mask(data)
        new_end = start + len(new)
        dirty = Span(0, len(data))
        same_around = masked[:start] == self._masked[:start] and masked[new_end:] == self._masked[old_end:]
        if self.tree is not None and same_around:
            self.tree.edit(
                start, old_end, new_end, _point(self.data, start), _point(self.data, old_end), _point(data, new_end)
            )
            edited, self.tree = self.tree, parse(self.language, masked, self.tree)
            if self.tree is not None:
                ranges = edited.changed_ranges(self.tree)
                first = min((r.start_byte for r in ranges), default=start)
                last = max((r.end_byte for r in ranges), default=new_end)
                dirty = Span(min(start, first), max(new_end, last))
        else:
            self.tree = parse(self.language, masked)
        self.start = min(self.start if self.data is not self._read_data else start, dirty.start)
        self.tail = min(self.tail if self.data is not self._read_data else len(data) - dirty.end, len(data) - dirty.end)
        self.data, self._masked = data, masked
        return dirty

    def settle(self) -> tuple[bytes, Span, Span]:
        """The bytes of the last reread, which of them were edited, and what they are now; starts counting anew."""
        before = self._read_data
        old = Span(self.start, max(self.start, len(before) - self.tail))
        now = Span(self.start, max(self.start, len(self.data) - self.tail))
        self._read_data = self.data
        return before, old, now

    def parse_afresh(self) -> None:
        self.tree = parse(self.language, self._masked)


def _point(data: bytes, offset: int) -> tuple[int, int]:
    """Row and byte column, as tree_sitter counts."""
    return data.count(b"\n", 0, offset), offset - data.rfind(b"\n", 0, offset) - 1


def read(path: str, tree: SyntaxTree) -> SourceFacts:
    """All facts of the file."""
    if tree.tree is None:
        return SourceFacts(path, tree.language, {}, {}, problem="too deeply nested to parse")
    return reader_of(tree.language).read_tree(path, tree.data, tree.tree.root_node)


def reread(previous: SourceFacts, tree: SyntaxTree) -> SourceFacts:
    """The facts after the edits since `previous` was read from this tree; equal to a fresh read of the same bytes."""
    before, old, now = tree.settle()
    if tree.data == before:
        return previous
    if tree.tree is not None and not tree.tree.root_node.has_error and not previous.errors:
        facts = _reread_function(previous, tree, tree.tree.root_node, before, old, now)
        if facts is not None:
            return facts
    elif tree.tree is not None:
        tree.parse_afresh()
    facts = read(previous.path, tree)
    return msgspec.structs.replace(facts, problem=facts.problem or previous.problem)


def _reread_function(
    previous: SourceFacts, tree: SyntaxTree, root: Node, before: bytes, old: Span, now: Span
) -> SourceFacts | None:
    """The facts when only the body of one function changed; None when that is not certain."""
    if _touches_more_than_code(before, old) or _touches_more_than_code(tree.data, now):
        return None
    key = _edited_function(previous, old)
    if key is None:
        return None
    unit, extent = previous.units[key], previous.extents[key]
    shift = now.end - old.end
    node = _exactly(root, extent.start, extent.end + shift)
    if node is None or not isinstance(unit, Function):
        return None
    source = tree.data.decode("latin-1")
    changed = reader_of(tree.language).reread_function(unit, node, source, extent.start)
    if changed is None:
        return None
    units: dict[str, Unit] = dict(previous.units)
    units[key] = changed
    return msgspec.structs.replace(
        previous,
        units=units,
        extents={name: _moved(span, old, shift) for name, span in previous.extents.items()},
        suppressions=tuple(_moved_suppression(entry, old, shift) for entry in previous.suppressions),
    )


def _touches_more_than_code(data: bytes, span: Span) -> bool:
    """Whether the lines of a span hold a directive or a suppression."""
    start = data.rfind(b"\n", 0, span.start) + 1
    end = data.find(b"\n", span.end)
    lines = data[start : len(data) if end < 0 else end]
    return MARKER in lines or any(line.lstrip()[:1] == b"#" for line in lines.splitlines())


def _edited_function(previous: SourceFacts, old: Span) -> str | None:
    """The key of the one function whose body holds all edited bytes."""
    found: str | None = None
    for key, unit in _holding(previous, old):
        if isinstance(unit, Variable):
            continue  # the variable of an accessor, or the edit is in its initialiser: then no function holds it
        extent = previous.extents[key]
        inside = extent.start + unit.body_start <= old.start and old.end < extent.end
        if found is not None or not inside or not unit.body_start or unit.kind == "toplevel":
            return None
        found = key
    if found is None:
        return None
    outer = previous.extents[found]
    for key, span in previous.extents.items():
        if key != found and outer.start <= span.start and span.end <= outer.end:
            return None  # a type declared in the body
    return found


def _holding(previous: SourceFacts, old: Span) -> Iterator[tuple[str, Function | Variable]]:
    for key, unit in previous.units.items():
        span = previous.extents[key]
        if isinstance(unit, Function | Variable) and span.start <= old.end and old.start <= span.end:
            yield key, unit


def _exactly(root: Node, start: int, end: int) -> Node | None:
    """The outermost named node of exactly these bytes."""
    node = root.named_descendant_for_byte_range(start, end)
    found: Node | None = None
    while node is not None and node.start_byte == start and node.end_byte == end:
        found, node = node, node.parent
    return found


def _moved(span: Span, old: Span, shift: int) -> Span:
    """Where a span stands after `old` grew by `shift` bytes; the span holds `old` or lies beside it."""
    if span.end <= old.start:
        return span
    return Span(span.start + shift if span.start >= old.end else span.start, span.end + shift)


def _moved_suppression(entry: Suppression, old: Span, shift: int) -> Suppression:
    return msgspec.structs.replace(entry, span=_moved(entry.span, old, shift))
