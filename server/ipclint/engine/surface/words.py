"""Words and text of the written maps: what a state is called, and how names from a workspace are made harmless."""

from __future__ import annotations

import html
import re
import unicodedata

from ipclint.engine.surface.shape import Spot, State

STATE_WORDS: dict[State, str] = {
    "verified": "authenticated",
    "weak": "weakly authenticated",
    "open": "not authenticated",
    "unknown": "unknown",
    "not-applicable": "waits for nobody",
}
_UNSAFE = re.compile(r"[^A-Za-z0-9-]")


def escape(text: str) -> str:
    """Text for HTML, in elements and quoted attributes. What is invisible or turns the direction of text is spelled."""
    return html.escape("".join(map(_visible, text)), quote=True)


def _visible(character: str) -> str:
    if character.isprintable() or character in "\n\t":
        return character
    if unicodedata.category(character) in ("Zs", "Zl", "Zp"):
        return " "
    return f"\\u{{{ord(character):x}}}"


def shortened(text: str, length: int) -> str:
    """At most `length` characters, the middle left out: names of services differ at their ends."""
    if len(text) <= length:
        return text
    head = (length - 1) // 2
    return f"{text[:head]}…{text[len(text) - (length - 1 - head) :]}"


def anchor(id: str) -> str:
    """An id as a fragment of a page: letters, digits and hyphens alone."""
    return _UNSAFE.sub(lambda found: f"_{ord(found[0]):x}_", id)


def where(spot: Spot) -> str:
    return f"{spot.path}:{spot.start.line}:{spot.start.column}"
