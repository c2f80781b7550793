"""Functions that edits left alone: taken over where they stand now, instead of being lowered again.

Lowering bodies is most of what reading a file costs. A body is what the parser makes of its bytes; so where a function
without errors stands on the same bytes as before, in a type of the same kind, its value is what it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipclint.model.facts import Function, SourceFacts, Type
from ipclint.model.source import Span

_MAX_ERRORS = 100
_DIRECTIVE = re.compile(rb"#(?:if|else|end)")


class Text(NamedTuple):
    """The bytes of a file, and what was parsed of them, which is as long."""

    data: bytes
    masked: bytes


class _Known(NamedTuple):
    unit: Function
    owner_kind: str  # of the type around it, "" at file level


class Kept:
    """The functions of `previous`, read from `before`, that stand in `after` too."""

    def __init__(self, previous: SourceFacts, before: Text, after: Text) -> None:
        head = min(map(_common_head, before, after))
        tail = min(_common_tail(old, new, head) for old, new in zip(before, after, strict=True))
        shift = len(after.data) - len(before.data)
        self._known: dict[Span, _Known] = {}
        if len(previous.errors) > _MAX_ERRORS:
            return
        for extent, known in _functions(previous):
            if any(error.start <= extent.end and extent.start <= error.end for error in previous.errors):
                continue
            if _DIRECTIVE.search(before.data, extent.start, extent.end):
                continue
            if extent.end < head:
                self._known[extent] = known
            elif extent.start > len(before.data) - tail:
                self._known[Span(extent.start + shift, extent.end + shift)] = known

    def function(self, extent: Span, owner: str, owner_kind: str | None = None) -> Function | None:
        """The function that stood on the very bytes of `extent` before, in a type of the same name.

        `owner_kind` is for languages where the kind of the type matters too. Conditions around the function are not
        looked at, nor whether it stands without errors now.
        """
        known = self._known.get(extent)
        if known is None or known.unit.owner != owner or owner_kind not in (None, known.owner_kind):
            return None
        return known.unit


def _functions(facts: SourceFacts) -> Iterator[tuple[Span, _Known]]:
    """Functions by extent, without those that hold a type: it would be lost with them."""
    found: dict[Span, _Known] = {}
    around: list[tuple[Span, str | None]] = []  # what holds the unit, outermost first; the kind of a type
    for key, extent in facts.extents.items():
        unit = facts.units[key]
        while around and around[-1][0].end <= extent.start:
            around.pop()
        if isinstance(unit, Type):
            for holder, kind in around:
                if kind is None:
                    found.pop(holder, None)
            around.append((extent, unit.kind))
        elif isinstance(unit, Function):
            found[extent] = _Known(unit, next((kind for _, kind in reversed(around) if kind is not None), ""))
            around.append((extent, None))
    yield from found.items()


def _common_head(one: bytes, other: bytes) -> int:
    """How many bytes two texts begin with in common."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_tail(one: bytes, other: bytes, head: int) -> int:
    """How many bytes two texts end with in common, those of their common head not counted."""
    low, high = 0, min(len(one), len(other)) - head
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return low
