"""Swift string literals: escapes, raw strings, multi-line indentation, interpolation."""

from __future__ import annotations

import re
from functools import lru_cache

from tree_sitter import Node

from ipclint.model.ir import Call, Expr, Interpolation, Text
from ipclint.readers.swift_syntax import GRAMMAR, SwiftContext, plain

_OPENING = re.compile(r'(#*)("""|"|)')
_CLOSING_LINE = re.compile(r'\n?([ \t]*)("""|"|)#*$')
_PLAIN = {"0": "\0", "t": "\t", "n": "\n", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
_HOLE_OPENS = GRAMMAR.kinds("\\(")
_HOLE = GRAMMAR.kinds("interpolated_expression")
_RAW_HOLE = GRAMMAR.kinds("raw_str_interpolation")


@GRAMMAR.lowers("line_string_literal", "multi_line_string_literal", "raw_string_literal")
def string(node: Node, context: SwiftContext) -> Expr:
    start, end = node.start_byte, node.end_byte
    raw = context.slice(start, end)
    if raw[0] == '"' and "\\" not in raw and not raw.startswith('"""'):
        return Text(start - context.base, end - context.base, raw[1:-1])
    holes = _holes(node)
    opening = _OPENING.match(raw)
    hashes, quote = opening.groups() if opening else ("", "")
    edges = [start, *(edge for hole in holes for edge in (hole[0], hole[1])), end]
    pieces = [context.slice(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    values = [_unescaped(piece, len(hashes)) for piece in _bare(pieces, len(hashes), quote)]
    if not holes:
        return Text(start - context.base, end - context.base, values[0])
    parts: list[Expr] = []
    for index, value in enumerate(values):
        if value:
            parts.append(Text(edges[2 * index] - context.base, edges[2 * index + 1] - context.base, value))
        if index < len(holes):
            parts += _hole_value(*holes[index], context)
    return Interpolation(start - context.base, end - context.base, tuple(parts))


def _holes(node: Node) -> list[tuple[int, int, list[Node]]]:
    """Absolute start and end of each `\\(…)`, with the interpolated expressions in it."""
    holes: list[tuple[int, int, list[Node]]] = []
    for kid in node.children:
        if kid.kind_id in _RAW_HOLE:
            inner = [part for part in kid.named_children if part.kind_id in _HOLE]
            holes.append((kid.start_byte, kid.end_byte, inner))
        elif kid.kind_id in _HOLE_OPENS:
            holes.append((kid.start_byte, kid.end_byte, []))
        elif holes and (kid.kind_id in _HOLE or kid.type == ")"):
            start, _, inner = holes[-1]
            holes[-1] = (start, kid.end_byte, [*inner, kid] if kid.kind_id in _HOLE else inner)
    return holes


def _hole_value(start: int, end: int, inner: list[Node], context: SwiftContext) -> list[Expr]:
    """The expression in a hole; with a label or several arguments the `appendInterpolation` call that it stands for."""
    labels: list[str] = []
    args: list[Expr] = []
    for part in inner:
        *label, value = context.kids(part) or [part]
        labels.append(plain(context.text(label[0])) if label else "")
        args.append(context.expr(value))
    if labels in ([], [""]):
        return args
    name = "appendInterpolation"
    context.mentions.add(name)
    start -= context.base
    return [Call(start, end - context.base, None, name, tuple(labels), tuple(args), start)]


def _bare(pieces: list[str], hashes: int, quote: str) -> list[str]:
    """The pieces without delimiters; of a multi-line string without the indentation of its closing line."""
    width = hashes + len(quote)
    last = pieces[-1]
    closing = _CLOSING_LINE.search(last)
    indent = closing.group(1) if closing else ""
    pieces[-1] = last[: max(len(last) - width, width if len(pieces) == 1 else 0)]
    pieces[0] = pieces[0][width:]
    if quote != '"""':
        return pieces
    pieces = [piece.replace("\r\n", "\n").replace(f"\n{indent}", "\n") for piece in pieces]
    pieces[0] = pieces[0].removeprefix("\n")
    pieces[-1] = pieces[-1].removesuffix("\n")
    return pieces


@lru_cache(maxsize=8)
def _escape(hashes: int) -> re.Pattern[str]:
    return re.compile(rf"\\#{{{hashes}}}(?:u\{{([0-9a-fA-F]{{1,8}})\}}|([0tnr\"'\\])|([ \t]*\n))")


def _unescaped(text: str, hashes: int) -> str:
    return _escape(hashes).sub(_character, text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    code, simple, _ = match.groups()
    if code:
        point = int(code, 16)
        return chr(point) if point < 0xD800 or 0xDFFF < point < 0x110000 else "\N{REPLACEMENT CHARACTER}"
    return _PLAIN[simple] if simple else ""
