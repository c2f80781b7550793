"""Functions and variables that edits left alone: taken over where they stand now, instead of being lowered again.

Lowering is most of what reading a file costs. A declaration is what the parser makes of its bytes; so where one stands
on the same bytes as before, in a type of the same kind, its value is what it was. That holds while neither text has an
error: after one the parser follows several readings at once and may settle on another for what comes later. Then the
syntax of the declaration is compared, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from tree_sitter import Node

from ipclint.model.facts import Function, SourceFacts, Type, Unit, Variable
from ipclint.model.source import Span

U = TypeVar("U", Function, Variable)

_DIRECTIVE = re.compile(rb"#(?:if|else|end)")


class Text(NamedTuple):
    """The bytes of a file, and what was parsed of them, which is as long."""

    data: bytes
    masked: bytes


class _Known(NamedTuple):
    key: str
    unit: Function | Variable
    owner_kind: str  # of the type around it, "" at file level


Shapes = dict[str, tuple[Unit, int]]
"""By key, units whose syntax was looked at, and a number that stands for it."""


class Stood(NamedTuple):
    """The tree that facts were read from, moved along with the edits since, and what is known of its units."""

    root: Node
    shapes: Shapes


class Kept:
    """The functions and variables of `previous`, read from `before`, that stand in `after` too.

    `stood` is what `previous` was read from; None when neither text has an error. `shapes` is of the units that were
    taken over by comparing their syntax.
    """

    def __init__(self, previous: SourceFacts, before: Text, after: Text, stood: Stood | None = None) -> None:
        self.shapes: Shapes = {}
        self._stood = stood
        head = min(map(_common_head, before, after))
        tail = min(_common_tail(old, new, head) for old, new in zip(before, after, strict=True))
        shift = len(after.data) - len(before.data)
        self._known: dict[Span, _Known] = {}
        for extent, known in _units(previous):
            if b"#" in before.data[extent.start : extent.end] and _DIRECTIVE.search(before.data, *extent):
                continue
            if extent.end < head:
                self._known[extent] = known
            elif extent.start > len(before.data) - tail:
                self._known[Span(extent.start + shift, extent.end + shift)] = known

    def unit(self, kind: type[U], node: Node, owner: str, owner_kind: str | None = None) -> U | None:
        """The function or variable that stood on the very bytes of `node` before, in a type of the same name.

        `owner_kind` is for where the kind of the type matters too. Conditions around the declaration are not looked at.
        """
        known = self._known.get(Span(node.start_byte, node.end_byte))
        if known is None or known.unit.owner != owner or owner_kind not in (None, known.owner_kind):
            return None
        if not isinstance(known.unit, kind) or (self._stood is not None and not self._stands(known, node, self._stood)):
            return None
        return known.unit

    def _stands(self, known: _Known, node: Node, stood: Stood) -> bool:
        """Whether the syntax of a unit is what it was."""
        before = _counterpart(node, stood.root)
        if before is None or before.id == node.id:  # a parse takes over the nodes that it finds unchanged
            return before is not None
        if node.has_error:
            return False
        unit, shape = stood.shapes.get(known.key, (None, 0))
        if unit is not known.unit:
            shape = _shape(before)
        self.shapes[known.key] = known.unit, shape
        return shape == _shape(node)


def _counterpart(node: Node, root: Node) -> Node | None:
    """The node of the same kind that stands on the same bytes in another tree."""
    other = root.named_descendant_for_byte_range(node.start_byte, node.end_byte)
    while other is not None and other.kind_id != node.kind_id:
        other = other.parent
    is_there = other is not None and (other.start_byte, other.end_byte) == (node.start_byte, node.end_byte)
    return other if is_there else None


def _shape(node: Node) -> int:
    """Stands for the kinds of all nodes below, and how they are nested; 64 bits, of which no text can choose any."""
    return hash(str(node))


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
            found[extent] = _Known(key, unit, owner_kind)
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
