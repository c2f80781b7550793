"""Functions that an error swallowed: found by their heads at the left margin, cut out by their braces, parsed alone."""

from __future__ import annotations

import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec
from tree_sitter import Node, Parser

from ipclint.model.facts import Function
from ipclint.model.source import Span
from ipclint.readers.conditionals import Directives
from ipclint.readers.lowering import BROKEN
from ipclint.readers.mask import mask
from ipclint.readers.objc_cxx_scopes import hide
from ipclint.readers.objc_functions import FUNCTION, METHODS, c_function, method
from ipclint.readers.objc_shape import Shape
from ipclint.readers.objc_syntax import GRAMMAR, ObjcContext

MAX_FUNCTIONS = 500
"""Functions of one file that are parsed again."""
MAX_BYTES = 1 << 16
"""Bytes of one such function."""

_HEAD = re.compile(
    rb"""(?m)^(?: (?P<method>[-+])[ \t]*\([^;{}@\#]{0,1500}\{
      | (?!(?:else|if|for|while|switch|do|return|typedef|case|struct|enum|union)\b)[A-Za-z_][\w: \t*&]{0,100}[ \t*&\n]
        [\w:]{1,80}[ \t]*\([^;{}]{0,600}\)\s{0,40}\{ )""",
    re.X,
)
_BRACE = re.compile(rb"[{}]")
_BRACKET = re.compile(rb"[][{}()]")
_CLOSING = {b"(": b")", b"[": b"]", b"{": b"}"}
_CLASS = re.compile(rb"(?m)^[ \t]*@(?:(?:implementation|interface|protocol)[ \t]+(\w+)|end\b)")
_BEFORE = b"@implementation A\n"
_parser = Parser(GRAMMAR.language)


class _Lost(NamedTuple):
    start: int
    end: int
    is_method: bool


def recover(shape: Shape, data: bytes, errors: Sequence[Span]) -> None:
    """Adds to `shape` the functions of the file that stand in its errors, or behind them in the wrong place."""
    code, _ = hide(data)
    heads = [_Lost(found.start(), found.end(), found["method"] is not None) for found in _HEAD.finditer(code)]
    _drop_swallowing(shape, heads, errors)
    known = sorted((start, end) for start, end, _, unit in shape.found if isinstance(unit, Function) and unit.body)
    lost = [head for head in heads if not _is_known(known, head.start)][:MAX_FUNCTIONS]
    if not lost:
        return
    masked, owners = mask(data), _Owners(code)
    starts = [*(head.start for head in heads), len(data)]
    for head in lost:
        following = starts[bisect_right(starts, head.start)]
        end = _closing(code, head.end, min(following, head.start + MAX_BYTES))
        with suppress(*BROKEN):
            missing = _missing(code[head.start : end])
            _read(shape, masked, Span(head.start, end), missing, owners.at(head.start) if head.is_method else "")


def _drop_swallowing(shape: Shape, heads: Sequence[_Lost], errors: Sequence[Span]) -> None:
    """Takes out functions in which another begins: a brace too many, or too few, made them one."""
    starts = [head.start for head in heads]
    error_starts = [error.start for error in errors]

    def swallows(start: int, end: int) -> bool:
        at = bisect_right(starts, start)
        is_broken = bisect_left(error_starts, end) > 0 and errors[bisect_left(error_starts, end) - 1].end >= start
        return is_broken and at < len(starts) and starts[at] < end

    shape.found = [entry for entry in shape.found if not (isinstance(entry[3], Function) and swallows(*entry[:2]))]


def _is_known(functions: Sequence[tuple[int, int]], offset: int) -> bool:
    """Whether a function begins at `offset` or stands around it."""
    at = bisect_right(functions, (offset, sys.maxsize)) - 1
    return at >= 0 and offset < functions[at][1]


def _closing(code: bytes, at: int, limit: int) -> int:
    """The byte after the brace that closes the one before `at`, or `limit`."""
    depth = 1
    for brace in _BRACE.finditer(code, at, limit):
        depth += 1 if brace[0] == b"{" else -1
        if not depth:
            return brace.end()
    return limit


def _missing(code: bytes) -> bytes:
    """What closes the brackets that `code` leaves open: of a function that is cut off, or being typed."""
    expected = bytearray()
    for bracket in _BRACKET.finditer(code):
        if bracket[0] in _CLOSING:
            expected += _CLOSING[bracket[0]]
        elif expected and expected.endswith(bracket[0]):
            expected.pop()
    return bytes(reversed(expected)).replace(b"}", b";}")


class _Owners:
    """Which class stands around an offset, by its @implementation and @end."""

    def __init__(self, code: bytes) -> None:
        found = list(_CLASS.finditer(code))
        self.starts = [mark.start() for mark in found]
        self.names = [(mark[1] or b"").decode("ascii", "replace") for mark in found]

    def at(self, offset: int) -> str:
        at = bisect_left(self.starts, offset) - 1
        return self.names[at] if at >= 0 else ""


def _read(shape: Shape, masked: bytes, span: Span, missing: bytes, owner: str) -> None:
    """Parses and lowers one function apart from its file."""
    before = _BEFORE if owner else b""
    code = masked[span.start : span.end].rstrip()
    root = _parser.parse(before + code + missing + b"\n@end\n").root_node
    shift = len(before) - span.start
    lines = shape.directives.between(span.start, span.end)
    directives = Directives(tuple(d._replace(start=d.start + shift, end=d.end + shift) for d in lines))
    source = before.decode("ascii") + shape.source[span.start : span.end]
    node = next(_definitions(root), None)
    if node is None:
        return
    context = ObjcContext(source, node.start_byte, directives)
    unit = method(node, owner, (), context) if node.kind_id in METHODS else c_function(node, "", context)
    if unit is not None and unit.body:
        unit = msgspec.structs.replace(unit, conditions=shape.directives.conditions(span.start))
        shape.add_function(node.start_byte - shift, min(node.end_byte - shift, span.start + len(code)), unit)


def _definitions(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.kind_id in METHODS or node.kind_id in FUNCTION:
            yield node
        else:
            stack.extend(reversed(node.named_children))
