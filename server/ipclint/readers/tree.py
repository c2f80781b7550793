"""Syntax trees that are edited: parse again what an edit touched, lower again the function it stands in.

A whole read of a long file costs a tenth of a second, a keystroke must not. `SyntaxTree.edit` parses incrementally;
`reread` re-lowers one function when the edit lies inside its body and nothing else can have changed. Whenever that is
in doubt the whole file is read, all but what is sure to be as it was; and where the tree has errors it is parsed afresh
first: incremental recovery from errors need not end where a fresh parse does. So the facts are always those of a fresh
read of the same bytes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from tree_sitter import Node, Parser, Tree

from ipclint.model.facts import Function, Language, SourceFacts, Suppression, Type, Unit, Variable
from ipclint.model.source import Span
from ipclint.readers.comments import MARKER
from ipclint.readers.kept import Kept, Shapes, Stood, Text
from ipclint.readers.lowering import SourceReader, error_spans

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1 << 16
_MAX_UNCLOSED = 16
_BASE_STEPS, _BYTES_A_STEP = (
    10_000,
    25,
)  # ordinary code takes a hundred parser actions for 150 bytes, hostile code for 15
_COMMENT_EDGE = re.compile(rb"/\*|\*/")
_parsers: dict[str, Parser] = {}
_chunk = bytearray()


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
    steps = _BASE_STEPS + len(view) // _BYTES_A_STEP

    def read(offset: int, _: object) -> bytearray:  # always the same one: the parser never lets go of what it is given
        _chunk[:] = view[offset : offset + _CHUNK]
        return _chunk

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
    if data.count(b"/*") + data.count(b"/*/") - data.count(b"*/") <= _MAX_UNCLOSED:
        return data
    unclosed: list[int] = []
    for edge in _COMMENT_EDGE.finditer(data):
        if edge.group() == b"/*":
            unclosed.append(edge.start())
        elif unclosed:
            unclosed.pop()
    if len(unclosed) <= _MAX_UNCLOSED:
        return data
    blanked = bytearray(data)
    for start in unclosed:
        blanked[start : start + 2] = b"  "
    return bytes(blanked)


class SyntaxTree:
    """The bytes of one open file and their tree.

    `data` are decoded bytes (see `decoding`). Between two `reread`s, `start` and `tail` bound what was edited: all
    bytes before `start` and the last `tail` bytes are those of the last read. `between` says that all edits were to
    comments or white space that stand between declarations. `masked` is what was parsed.
    """

    def __init__(self, language: Language, data: bytes) -> None:
        self.language: Language = language
        self.data = data
        self.masked = reader_of(language).mask(data)
        self._read = self.text  # as of the last reread
        self._stood: Tree | None = None  # the tree of then, moved along with the edits since
        self.shapes: Shapes = {}
        self.tree = parse(language, self.masked)
        self.start = 0
        self.tail = 0
        self.between = True

    def edit(self, start: int, old_end: int, new: bytes) -> Span:
        """Replaces bytes `start` to `old_end` by `new` and parses again.

        Returns the bytes that must be read again: the edit and all that the parser read differently for it.
        """
        data = b"".join((self.data[:start], new, self.data[old_end:]))
        new_end = start + len(new)
        masked = self._masked_after(data, start, old_end, new_end)
        dirty = Span(0, len(data))
        between = False
        same_around = masked[:start] == self.masked[:start] and masked[new_end:] == self.masked[old_end:]
        row = data.count(b"\n", 0, start)
        old_point, new_point = _point(self.data, start, old_end, row), _point(data, start, new_end, row)
        edit = start, old_end, new_end, _point(data, start, start, row), old_point, new_point
        if self.tree is not None and self.data is self._read.data:
            self._stood = self.tree.copy()
        if self._stood is not None:
            self._stood.edit(*edit)
        if self.tree is None or not same_around:
            self.tree = parse(self.language, masked)
        else:
            between = _is_between(self.tree.root_node, self.data, start, old_end)
            self.tree.edit(*edit)
            edited, self.tree = self.tree, parse(self.language, masked, self.tree)
            if self.tree is not None:
                ranges = edited.changed_ranges(self.tree)
                first = min((r.start_byte for r in ranges), default=start)
                last = max((r.end_byte for r in ranges), default=new_end)
                dirty = Span(min(start, first), max(new_end, last))
                between = between and not ranges and _is_between(self.tree.root_node, data, start, new_end)
        self._note(dirty, len(data), between)
        self.data, self.masked = data, masked
        return dirty

    def _masked_after(self, data: bytes, start: int, old_end: int, new_end: int) -> bytes:
        """`data` masked; only the lines that the edit can reach when the reader says how far that is."""
        reader = reader_of(self.language)
        reach = reader.GRAMMAR.mask_reach
        if not reach:
            return reader.mask(data)
        first = data.rfind(b"\n", 0, max(0, start - reach)) + 1
        last = data.find(b"\n", min(new_end + reach, len(data)))
        last = last if last >= 0 else len(data)
        tail = self.masked[last - new_end + old_end :]
        return b"".join((self.masked[:first], reader.mask(data[first:last]), tail))

    def _note(self, dirty: Span, length: int, between: bool) -> None:
        if self.data is self._read.data:
            self.start, self.tail, self.between = dirty.start, length - dirty.end, between
        else:
            self.start = min(self.start, dirty.start)
            self.tail = min(self.tail, length - dirty.end)
            self.between = self.between and between

    @property
    def text(self) -> Text:
        return Text(self.data, self.masked)

    def settle(self) -> tuple[Text, Stood | None, Span, Span]:
        """The text of the last reread, and the tree it gave; which of that text was edited, and what that is now.

        Starts counting anew.
        """
        before = self._read
        stood = Stood(self._stood.root_node, self.shapes) if self._stood is not None else None
        old = Span(self.start, max(self.start, len(before.data) - self.tail))
        now = Span(self.start, max(self.start, len(self.data) - self.tail))
        self._read, self._stood = self.text, None
        return before, stood, old, now

    def parse_afresh(self) -> None:
        self.tree = parse(self.language, self.masked)


_BLOCKS = ("source_file", "translation_unit", "class_body", "protocol_body", "class_implementation", "class_interface")


def _is_between(root: Node, data: bytes, start: int, end: int) -> bool:
    """Whether bytes stand in a comment, or are white space, directly inside a file or the body of a type."""
    node = root.descendant_for_byte_range(start, end)
    if node is None:
        return False
    if "comment" in node.type and node.parent is not None:
        is_line = data.startswith(b"//", node.start_byte)
        if node.start_byte + 2 <= start and end <= node.end_byte - (0 if is_line else 2):
            return node.parent.type in _BLOCKS
        node = node.parent  # at the edge of the comment
    return node.type in _BLOCKS and not data[start:end].strip()


def _point(data: bytes, start: int, offset: int, row: int) -> tuple[int, int]:
    """Row and byte column of an offset, as tree_sitter counts; `row` is that of `start` before it."""
    return row + data.count(b"\n", start, offset), offset - data.rfind(b"\n", 0, offset) - 1


def read(path: str, tree: SyntaxTree, kept: Kept | None = None) -> SourceFacts:
    """All facts of the file; functions that are `kept` need not be lowered again."""
    if tree.tree is None:
        return SourceFacts(path, tree.language, {}, {}, problem="too deeply nested to parse")
    return reader_of(tree.language).read_tree(path, tree.data, tree.tree.root_node, kept)


def reread(previous: SourceFacts, tree: SyntaxTree) -> SourceFacts:
    """The facts after the edits since `previous` was read from this tree; equal to a fresh read of the same bytes."""
    before, stood, old, now = tree.settle()
    if tree.data == before.data:
        return previous
    root = tree.tree.root_node if tree.tree is not None else None
    is_broken = root is not None and bool(error_spans(root, reader_of(tree.language).GRAMMAR.tolerated))
    kept: Kept | None = None
    if is_broken:
        tree.parse_afresh()
    elif root is not None and not previous.errors:
        changed = _changed_units(previous, tree, root, before.data, old, now)
        if changed is not None:
            return _shifted(previous, changed, old, now.end - old.end)
        kept = Kept(previous, before, tree.text)
    if kept is None and stood is not None:
        kept = Kept(previous, before, tree.text, stood)
    facts = read(previous.path, tree, kept)
    if kept is not None:
        shapes = (tree.shapes | kept.shapes).items()
        tree.shapes = {key: known for key, known in shapes if facts.units.get(key) is known[0]}
    return msgspec.structs.replace(facts, problem=facts.problem or previous.problem)


def _changed_units(
    previous: SourceFacts, tree: SyntaxTree, root: Node, before: bytes, old: Span, now: Span
) -> dict[str, Unit] | None:
    """The units whose values the edits changed, when that is at most one function; None when it is not certain."""
    if _touches_more_than_code(before, old) or _touches_more_than_code(tree.data, now):
        return None
    holding = list(_holding(previous, old))
    if tree.between and not holding:
        return {}
    key = _edited_function(previous, holding, old)
    if key is None:
        return None
    unit, extent = previous.units[key], previous.extents[key]
    node = _exactly(root, extent.start, extent.end + now.end - old.end)
    if node is None or not isinstance(unit, Function):
        return None
    source = tree.data.decode("latin-1")
    changed = reader_of(tree.language).reread_function(unit, node, source, extent.start)
    return None if changed is None else {key: changed}


def _shifted(previous: SourceFacts, changed: dict[str, Unit], old: Span, shift: int) -> SourceFacts:
    """The facts with some values replaced, everything after the edit `shift` bytes further."""
    return msgspec.structs.replace(
        previous,
        units=previous.units | changed,
        extents={key: _moved(span, old, shift) for key, span in previous.extents.items()},
        suppressions=tuple(_moved_suppression(entry, old, shift) for entry in previous.suppressions),
    )


def _touches_more_than_code(data: bytes, span: Span) -> bool:
    """Whether the lines of a span hold a directive or a suppression."""
    start = data.rfind(b"\n", 0, span.start) + 1
    end = data.find(b"\n", span.end)
    lines = data[start : len(data) if end < 0 else end]
    return MARKER in lines or any(line.lstrip()[:1] == b"#" for line in lines.splitlines())


def _holding(previous: SourceFacts, old: Span) -> Iterator[tuple[str, Unit]]:
    """The units that hold or touch the edited bytes, without the types whose own value the edits leave alone."""
    for key, span in previous.extents.items():
        if span.start <= old.end and old.start <= span.end:
            unit = previous.units[key]
            if not (isinstance(unit, Type) and _is_around(unit, span, old)):
                yield key, unit


def _is_around(unit: Type, extent: Span, old: Span) -> bool:
    """Whether edits leave a type's own value alone: between its braces, and before no case of an enum."""
    last_case = max((case.span.end for case in unit.cases), default=0)
    return extent.start + max(unit.body_start, last_case) <= old.start and old.end < extent.end


def _edited_function(previous: SourceFacts, holding: list[tuple[str, Unit]], old: Span) -> str | None:
    """The key of the one function whose body holds all edited bytes."""
    functions = [(key, unit) for key, unit in holding if isinstance(unit, Function)]
    if len(functions) != 1:
        return None
    (key, function), outer = functions[0], previous.extents[functions[0][0]]
    inside = outer.start + function.body_start <= old.start and old.end < outer.end
    if not inside or not function.body_start or function.kind == "toplevel":
        return None
    for name, unit in holding:  # of the others only the variable of an accessor, which stands before it
        start = previous.extents[name].start
        is_before = isinstance(unit, Variable) and (unit.value is None or start + unit.value.end <= outer.start)
        if name != key and not is_before:
            return None
    holds_types = any(
        outer.start <= span.start and span.end <= outer.end for name, span in previous.extents.items() if name != key
    )
    return None if holds_types else key


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
