"""What reaches the terminal: colours when it wants them, and no control character from a file's name or text."""

from __future__ import annotations

import os
import re
import unicodedata
from typing import TextIO

_CONTROL = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff]"
)

_STYLES = {
    "critical": "1;35",
    "high": "1;31",
    "medium": "1;33",
    "low": "1;36",
    "info": "1;34",
    "bold": "1",
    "dim": "2",
    "help": "32",
    "add": "32",
    "remove": "31",
}


def printable(text: str) -> str:
    """The text with every character shown that would move the cursor, hide text or turn its direction."""
    return _CONTROL.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


class Style:
    """Colours for one stream."""

    def __init__(self, stream: TextIO) -> None:
        self._on = wants_colour(stream)

    def __call__(self, style: str, text: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self._on and text else text


def wants_colour(stream: TextIO) -> bool:
    """Whether to colour: not when NO_COLOR is set, always when FORCE_COLOR is, else on a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width(stream: TextIO) -> int:
    """The columns of the terminal; 100 when it is none."""
    try:
        return max(40, os.get_terminal_size(stream.fileno()).columns)
    except (OSError, ValueError):
        return 100


def columns(text: str) -> int:
    """How many columns a terminal gives to `text`."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(char) for char in text)


def _columns_of(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
