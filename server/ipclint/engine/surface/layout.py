"""The diagram of a surface map, laid out: targets as boxes in columns, arrows from who begins to who is reached.

A small layered layout: columns by who calls whom, order within a column by the neighbours' positions, long arrows led
through the columns between. The same map gives the same picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from ipclint.engine.surface.shape import STATES, Channel, Entry, State, Surface

COLUMN_GAP, BOX_GAP, WAY_GAP = 96, 22, 10
HEADER, ROW, MARGIN = 46, 22, 14
WIDTHS = {"actor": 176, "target": 300, "service": 236, "place": 236, "way": 0}
MAX_ROWS = 16
"""A target with more endpoints shows those of one kind as one row."""
SWEEPS = 6


class Row(NamedTuple):
    """A line of a box. `entries` are the ids of the endpoints that it stands for."""

    entries: tuple[str, ...]
    kind: str
    text: str
    state: State
    direction: str


@dataclass
class Box:
    """A box at `x`, `y`. `kind` is "target", "actor", "service", "place", or "way": a gap for an arrow."""

    id: str
    kind: str
    title: str = ""
    note: str = ""
    rows: tuple[Row, ...] = ()
    column: int = 0
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    def port(self, entry: str) -> float:
        """How far below the top an arrow meets the box: at the row of an endpoint, else in the middle."""
        for number, row in enumerate(self.rows):
            if entry in row.entries:
                return HEADER + ROW * number + ROW / 2
        return self.height / 2 if not self.rows else HEADER / 2


@dataclass
class Line:
    """An arrow that stands for `channels`. `points` are the corners of its way, two by two: it leaves at the first of a
    pair and arrives at the second."""

    source: str
    target: str
    state: State
    both: bool
    channels: list[Channel]
    ways: list[str] = field(default_factory=list[str])
    points: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])

    @property
    def from_entry(self) -> str:
        return self.channels[0].from_endpoint

    @property
    def to_entry(self) -> str:
        return self.channels[0].to_endpoint


class Diagram(NamedTuple):
    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def lay_out(surface: Surface) -> Diagram:
    """The diagram of what takes part in the map; targets without endpoints are left out."""
    boxes = {box.id: box for box in _boxes(surface)}
    lines = _lines(surface.channels, boxes)
    _assign_columns(boxes, lines)
    _add_ways(boxes, lines)
    columns = _ordered(boxes, lines)
    _place(columns, boxes, lines)
    _draw(boxes, lines)
    shown = tuple(box for box in boxes.values() if box.kind != "way")
    width = max((box.x + box.width for box in shown), default=0) + MARGIN
    height = max((box.y + box.height for box in boxes.values()), default=0) + MARGIN
    return Diagram(width, height, shown, tuple(lines))


# ── boxes and arrows ─────────────────────────────────────────────────────────────────────────────────────────────────


def _boxes(surface: Surface) -> Iterable[Box]:
    members: dict[str, list[Entry]] = defaultdict(list)
    for entry in surface.endpoints:
        for target in entry.targets:
            members[target].append(entry)
    for target in surface.targets:
        if members[target.id]:
            words = [target.kind.replace("-", " "), "privileged" if target.privileged else ""]
            words.append({True: "sandboxed", False: "no sandbox", None: ""}[target.sandboxed])
            rows = _rows(members[target.id])
            height = HEADER + ROW * len(rows) + 6
            note = " · ".join(filter(None, words))
            yield Box(target.id, "target", target.name, note, rows, width=WIDTHS["target"], height=height)
    for each in surface.outside:
        yield Box(each.id, each.kind, each.name, width=WIDTHS[each.kind], height=34)


def _rows(entries: Sequence[Entry]) -> tuple[Row, ...]:
    order = {"in": 0, "both": 1, "out": 2}
    found = sorted(
        entries, key=lambda e: (order[e.direction], e.kind, STATES.index(e.authentication.state), e.name, e.id)
    )
    if len(found) <= MAX_ROWS:
        return tuple(_row([entry]) for entry in found)
    groups: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in found:
        groups.setdefault((entry.direction, entry.kind, entry.authentication.state), []).append(entry)
    return tuple(_row(group) for group in groups.values())


def _row(group: Sequence[Entry]) -> Row:
    first = group[0]
    text = first.name or "(name unknown)"
    if len(group) > 1:
        text = f"{len(group)} of them"
    ids = tuple(entry.id for entry in group)
    return Row(ids, first.kind, text, first.authentication.state, first.direction)


def _lines(channels: Iterable[Channel], boxes: dict[str, Box]) -> list[Line]:
    """Arrows between two boxes that end at one row are one; those of somebody outside are one a state."""
    groups: dict[tuple[str, ...], list[Channel]] = {}
    for each in channels:
        if each.source in boxes and each.target in boxes and each.source != each.target:
            rows = _row_of(boxes[each.source], each.from_endpoint), _row_of(boxes[each.target], each.to_endpoint)
            inside = boxes[each.source].kind == "target" and boxes[each.target].kind == "target"
            ends = rows if inside else ("", "")
            groups.setdefault((each.source, each.target, each.state, *ends), []).append(each)
    return [Line(g[0].source, g[0].target, g[0].state, any(c.both for c in g), g) for g in groups.values()]


def _row_of(box: Box, entry: str) -> str:
    return next((row.entries[0] for row in box.rows if entry in row.entries), "")


# ── columns ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _assign_columns(boxes: dict[str, Box], lines: Sequence[Line]) -> None:
    """Actors first, then targets by the longest way of calls to them, at last services and places."""
    callers: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        if boxes[line.source].kind == "target" and boxes[line.target].kind == "target":
            callers[line.target].append(line.source)
    depth: dict[str, int] = {}

    def deep(name: str, open_: frozenset[str]) -> int:
        if name not in depth:
            above = [deep(each, open_ | {name}) for each in callers[name] if each not in open_]
            depth[name] = max(above, default=0) + 1
        return depth[name]

    for box in boxes.values():
        if box.kind == "target":
            box.column = min(deep(box.id, frozenset()), 6)
    last = max((box.column for box in boxes.values()), default=0) + 1
    for box in boxes.values():
        if box.kind in ("service", "place"):
            box.column = last
    used = sorted({box.column for box in boxes.values()})
    for box in boxes.values():
        box.column = used.index(box.column)


def _add_ways(boxes: dict[str, Box], lines: Iterable[Line]) -> None:
    """A gap in each column that an arrow passes."""
    for number, line in enumerate(lines):
        first, last = sorted((boxes[line.source].column, boxes[line.target].column))
        between = range(first + 1, last)
        names = [f"way {number} {column}" for column in between]
        for name, column in zip(names, between, strict=True):
            boxes[name] = Box(name, "way", column=column, height=2)
        line.ways = names if boxes[line.source].column < boxes[line.target].column else names[::-1]


def _ordered(boxes: dict[str, Box], lines: Sequence[Line]) -> list[list[Box]]:
    """The boxes of each column from top to bottom, so that neighbours lie near each other."""
    columns: list[list[Box]] = [[] for _ in range(max((box.column for box in boxes.values()), default=-1) + 1)]
    for box in boxes.values():
        columns[box.column].append(box)
    near: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        stations = [line.source, *line.ways, line.target]
        for one, other in pairwise(stations):
            near[one].append(other)
            near[other].append(one)
    for sweep in range(SWEEPS):
        at = {box.id: (number + 0.5) / len(column) for column in columns for number, box in enumerate(column)}
        for column in columns if sweep % 2 == 0 else columns[::-1]:
            wish = {box.id: _mean([at[each] for each in near[box.id]], at[box.id]) for box in column}
            column.sort(key=lambda box, wish=wish: (wish[box.id], box.kind, box.title, box.id))
            at.update({box.id: (number + 0.5) / len(column) for number, box in enumerate(column)})
    return columns


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


# ── positions ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _place(columns: Sequence[Sequence[Box]], boxes: dict[str, Box], lines: Sequence[Line]) -> None:
    x = float(MARGIN)
    for column in columns:
        width = max((WIDTHS[box.kind] for box in column), default=0)
        _stack(column, [0.0] * len(column))
        for box in column:
            box.x, box.width = x, width if box.kind == "way" else WIDTHS[box.kind]
        x += width + COLUMN_GAP
    tallest = max((column[-1].y + column[-1].height for column in columns if column), default=0)
    for column in columns:
        spare = (tallest - column[-1].y - column[-1].height) / 2 if column else 0
        for box in column:
            box.y += spare
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else columns[::-1]:
            _stack(column, [_wish(box, boxes, lines) for box in column])
    top = min((box.y for box in boxes.values()), default=0)
    for box in boxes.values():
        box.y += MARGIN - top


def _stack(column: Sequence[Box], wishes: Sequence[float]) -> None:
    """Each box at its wish, as far as those above it leave room; runs that collide settle at their mean wish."""
    blocks: list[tuple[list[Box], list[float]]] = []  # boxes, and where each wishes the block's top to be
    for box, wish in zip(column, wishes, strict=True):
        blocks.append(([box], [wish]))
        while len(blocks) > 1 and _top(blocks[-2]) + _size(blocks[-2][0]) > _top(blocks[-1]):
            boxes, tops = blocks.pop()
            above = _size(blocks[-1][0])
            blocks[-1][0].extend(boxes)
            blocks[-1][1].extend(top - above for top in tops)
    for block in blocks:
        y = _top(block)
        for box in block[0]:
            box.y = y
            y += box.height + _gap(box)


def _top(block: tuple[list[Box], list[float]]) -> float:
    return sum(block[1]) / len(block[1])


def _size(boxes: Iterable[Box]) -> float:
    return sum(box.height + _gap(box) for box in boxes)


def _gap(box: Box) -> float:
    return WAY_GAP if box.kind == "way" else BOX_GAP


def _wish(box: Box, boxes: dict[str, Box], lines: Sequence[Line]) -> float:
    """Where its top would be if its arrows were level."""
    ys: list[float] = []
    for line in lines:
        stations = [line.source, *line.ways, line.target]
        if box.id in stations:
            at = stations.index(box.id)
            own = _port(box, line)
            ys += [boxes[n].y + _port(boxes[n], line) - own for n in stations[max(0, at - 1) : at + 2] if n != box.id]
    return _mean(ys, box.y)


def _port(box: Box, line: Line) -> float:
    if box.id == line.source:
        return box.port(line.from_entry)
    return box.port(line.to_entry) if box.id == line.target else box.height / 2


def _draw(boxes: dict[str, Box], lines: Sequence[Line]) -> None:
    """The points of each arrow: out of one side, through its gaps, into the facing side."""
    for line in lines:
        source, target = boxes[line.source], boxes[line.target]
        start, end = source.y + _port(source, line), target.y + _port(target, line)
        if source.column == target.column:  # around the right side
            line.points = [(source.x + source.width, start), (target.x + target.width, end)]
        elif source.column < target.column:
            inner = [
                p
                for n in line.ways
                for p in ((boxes[n].x, boxes[n].middle), (boxes[n].x + boxes[n].width, boxes[n].middle))
            ]
            line.points = [(source.x + source.width, start), *inner, (target.x, end)]
        else:
            inner = [
                p
                for n in line.ways
                for p in ((boxes[n].x + boxes[n].width, boxes[n].middle), (boxes[n].x, boxes[n].middle))
            ]
            line.points = [(source.x, start), *inner, (target.x + target.width, end)]
