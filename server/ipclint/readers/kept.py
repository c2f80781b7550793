"""Functions and variables that edits left alone: taken over where they stand now, instead of being lowered again.

Lowering is most of what reading a file costs. A declaration is what the parser makes of its bytes; so where one stands
on the same bytes as before, in a type of the same kind, its value is what it was. That holds only while neither text
has an error: after one the parser follows several readings at once and may settle on another for what comes later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from ipclint.model.facts import Function, SourceFacts, Type, Unit, Variable
from ipclint.model.source import Span

U = TypeVar("U", Function, Variable)

_DIRECTIVE = re.compile(rb"#(?:if|else|end)")


class Text(NamedTuple):
    """The bytes of a file, and what was parsed of them, which is as long."""

    data: bytes
    masked: bytes


class _Known(NamedTuple):
    unit: Function | Variable
    owner_kind: str  # of the type around it, "" at file level


class Kept:
    """The functions and variables of `previous`, read from `before`, that stand in `after` too; both without errors."""

    def __init__(self, previous: SourceFacts, before: Text, after: Text) -> None:
        head = min(map(_common_head, before, after))
        tail = min(_common_tail(old, new, head) for old, new in zip(before, after, strict=True))
        shift = len(after.data) - len(before.data)
        self._known: dict[Span, _Known] = {}
        for extent, known in _units(previous):
            if _DIRECTIVE.search(before.data, extent.start, extent.end):
                continue
            if extent.end < head:
                self._known[extent] = known
            elif extent.start > len(before.data) - tail:
                self._known[Span(extent.start + shift, extent.end + shift)] = known

    def unit(self, kind: type[U], extent: Span, owner: str, owner_kind: str | None = None) -> U | None:
        """The function or variable that stood on the very bytes of `extent` before, in a type of the same name.

        `owner_kind` is for where the kind of the type matters too. Conditions around the declaration are not looked at.
        """
        known = self._known.get(extent)
        if known is None or known.unit.owner != owner or owner_kind not in (None, known.owner_kind):
            return None
        return known.unit if isinstance(known.unit, kind) else None


def _units(facts: SourceFacts) -> Iterator[tuple[Span, _Known]]:
    """Functions and variables by extent, without those that hold what would be lost with them.

    That is a type in a function, and in a variable its accessors, or another one of the same declaration.
    """
    found: dict[Span, _Known] = {}
    around: list[tuple[Span, Unit]] = []  # what holds the unit, outermost first
    for key, extent in facts.extents.items():
        unit = facts.units[key]
        while around and around[-1][0].end <= extent.start:
            around.pop()
        for holder, outer in around:
            if isinstance(outer, Variable) or (isinstance(outer, Function) and isinstance(unit, Type)):
                found.pop(holder, None)
        if isinstance(unit, Function | Variable) and not any(holder == extent for holder, _ in around):
            owner_kind = next((outer.kind for _, outer in reversed(around) if isinstance(outer, Type)), "")
            found[extent] = _Known(unit, owner_kind)
        around.append((extent, unit))
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
