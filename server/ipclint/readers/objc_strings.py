"""String literals of Objective-C and C: adjacent ones joined, escapes resolved, macros between them kept apart."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.model.ir import Expr, Interpolation, Name, Text

_PLAIN = re.compile(r'@?"([^"\\]*)"')
_PIECE = re.compile(
    r"""R"([^\s()\\]{0,16})\((.*?)\)\1" | (?:@|L|u8|[uU])?"([^"\\]*(?:\\.[^"\\]*)*)(?:"|\Z)
      | ([A-Za-z_]\w*) | //[^\n]* | /\*.*?(?:\*/|\Z)""",
    re.S | re.X,
)
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{1,8})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-7]{1,3})|(\r?\n)|(.))", re.S)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b"}


def string_value(raw: str, start: int) -> Expr:
    """One or more literals as written, `raw` in latin-1 (a character a byte), as a Text that begins at `start`.

    With macros between them they are an Interpolation, which constant folding resolves. The parser may have been shown
    one literal where there are several (see `mask`), so only the text as written counts.
    """
    if plain := _PLAIN.fullmatch(raw):
        return Text(start, start + len(raw), _decoded(plain[1]))
    parts: list[Expr] = []
    for piece in _pieces(raw, start):
        last = parts[-1] if parts else None
        if isinstance(piece, Text) and isinstance(last, Text):
            parts[-1] = Text(last.start, piece.end, last.value + piece.value)
        else:
            parts.append(piece)
    if len(parts) > 1:
        return Interpolation(parts[0].start, parts[-1].end, tuple(parts))
    return parts[0] if parts else Text(start, start + len(raw), "")


def _pieces(raw: str, start: int) -> Iterator[Expr]:
    for found in _PIECE.finditer(raw):
        at, end = start + found.start(), start + found.end()
        if found[2] is not None:
            yield Text(at, end, _decoded(found[2]))
        elif found[3] is not None:
            yield Text(at, end, _unescaped(_decoded(found[3])))
        elif found[4] is not None:
            yield Name(at, end, _decoded(found[4]))


def _decoded(raw: str) -> str:
    return raw if raw.isascii() else raw.encode("latin-1").decode("utf-8", "replace")


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(found: re.Match[str]) -> str:
    if code := found[1] or found[2] or found[3]:
        return _scalar(int(code, 16))
    if found[4]:
        return _scalar(int(found[4], 8))
    return "" if found[5] else _ESCAPES.get(found[6], found[6])


def _scalar(code: int) -> str:
    """A character that can be encoded: no half of a surrogate pair."""
    return "\ufffd" if code > 0x10FFFF or 0xD800 <= code < 0xE000 else chr(code)
