"""The diagram of a surface map, laid out: targets as boxes in columns, arrows from who begins to who is reached.

A small layered layout: columns by who calls whom, order within a column by the neighbours' positions, long arrows led
through the columns between. The same map gives the same picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from math import ceil
from typing import NamedTuple

from ipclint.engine.surface.shape import STATES, Channel, Entry, Outside, State, Surface, Target

COLUMN_GAP, BOX_GAP, WAY_GAP = 84, 22, 10
HEADER, ROW, MARGIN = 46, 22, 14
NARROWEST, WIDEST = 120, 350
CHARACTER, KIND_CHARACTER = 7.4, 6.6
"""How wide a character is, about, in the two sizes of text; a picture knows no fonts."""
MAX_ROWS = 16
"""A target with more endpoints shows those of one kind as one row."""
TALLEST = 1000
"""A column of targets that would be taller is split."""
MAX_SPLIT = 5
MAX_ALIKE = 5
"""More places of one kind than this are one box."""
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
    names: tuple[str, ...] = ()  # of the targets that it stands for

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
    boxes, stands = _boxes(surface)
    lines = _lines(surface.channels, boxes, stands)
    _assign_columns(boxes, lines)
    _split_columns(boxes)
    _add_ways(boxes, lines)
    columns = _ordered(boxes, lines)
    _place(columns, boxes, lines)
    _draw(boxes, lines)
    shown = tuple(box for box in boxes.values() if box.kind != "way")
    width = max((box.x + box.width for box in shown), default=0) + MARGIN
    height = max((box.y + box.height for box in boxes.values()), default=0) + MARGIN
    return Diagram(width, height, shown, tuple(lines))


# ── boxes and arrows ─────────────────────────────────────────────────────────────────────────────────────────────────


def _boxes(surface: Surface) -> tuple[dict[str, Box], dict[str, str]]:
    """The boxes by id, and the id of the box that stands for each target or outside end. Targets that do the same are
    one box."""
    members: dict[str, list[Entry]] = defaultdict(list)
    for entry in surface.endpoints:
        for target in entry.targets:
            members[target].append(entry)
    groups: dict[object, list[Target]] = {}
    for target in surface.targets:
        if members[target.id]:
            does = sorted((e.kind, e.name, e.direction, e.authentication.state) for e in members[target.id])
            groups.setdefault((target.kind, target.privileged, target.sandboxed, tuple(does)), []).append(target)
    boxes: dict[str, Box] = {}
    stands: dict[str, str] = {}
    for alike in groups.values():
        first = alike[0]
        entries = {(e.kind, e.name, e.direction): e for target in alike[::-1] for e in members[target.id]}
        same: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for entry in dict.fromkeys(e for target in alike for e in members[target.id]):
            same[entry.kind, entry.name, entry.direction].append(entry.id)
        rows = _rows(list(entries.values()), same)
        height = HEADER + ROW * len(rows) + 6
        title = _common([target.name for target in alike])
        width = _width(24 + len(title) * CHARACTER, *(38 + _length(row) for row in rows))
        names = tuple(target.name for target in alike)
        boxes[first.id] = Box(first.id, "target", title, _note(first), rows, width=width, height=height, names=names)
        stands.update((target.id, first.id) for target in alike)
    for alike in _together(surface.outside):
        first = alike[0]
        title = first.name if len(alike) == 1 else f"{len(alike)} × {_word(first.id).lower()}"
        names = tuple(each.name for each in alike)
        width = _width(28 + len(title) * CHARACTER)
        boxes[first.id] = Box(first.id, first.kind, title, width=width, height=34, names=names)
        stands.update((each.id, first.id) for each in alike)
    return boxes, stands


def _together(outside: Sequence[Outside]) -> Iterable[list[Outside]]:
    """Outside ends, those of one word together where there are many."""
    groups: dict[str, list[Outside]] = defaultdict(list)
    for each in outside:
        many = each.kind != "actor" and sum(_word(other.id) == _word(each.id) for other in outside) > MAX_ALIKE
        groups[_word(each.id) if many else each.id].append(each)
    return groups.values()


def _word(id: str) -> str:
    """What kind of place or service an outside end is, by its id: `outside:place:App group:group.a`."""
    parts = id.split(":")
    return parts[2] if parts[1] == "place" else parts[1]


def _width(*wanted: float) -> float:
    return float(round(min(max(NARROWEST, *wanted), WIDEST)))


def _length(row: Row) -> float:
    """How long the text of a row is, about."""
    return len(row.kind) * KIND_CHARACTER + (len(row.text) + 1) * CHARACTER


def _common(names: Sequence[str]) -> str:
    """What several targets are called together."""
    if len(names) == 1:
        return names[0]
    alike = takewhile(lambda characters: len(set(characters)) == 1, zip(*names, strict=False))
    beginning = "".join(characters[0] for characters in alike)
    return f"{beginning}… ({len(names)} alike)" if len(beginning) > 3 else f"{names[0]} and {len(names) - 1} alike"


def _note(target: Target) -> str:
    words = [target.kind.replace("-", " "), "privileged" if target.privileged else ""]
    words.append({True: "sandboxed", False: "no sandbox", None: ""}[target.sandboxed])
    return " · ".join(filter(None, words))


def _rows(entries: Sequence[Entry], same: Mapping[tuple[str, str, str], Sequence[str]]) -> tuple[Row, ...]:
    """A row for each endpoint; `same` has the ids of those that it stands for."""
    order = {"in": 0, "both": 1, "out": 2}
    found = sorted(
        entries, key=lambda e: (order[e.direction], e.kind, STATES.index(e.authentication.state), e.name, e.id)
    )
    groups: dict[tuple[str, ...], list[Entry]] = {}
    for entry in found:
        apart = entry.id if len(found) <= MAX_ROWS else ""
        groups.setdefault((entry.direction, entry.kind, entry.authentication.state, apart), []).append(entry)
    rows: list[Row] = []
    for group in groups.values():
        first = group[0]
        text = f"{len(group)} of them" if len(group) > 1 else first.name or "(name unknown)"
        ids = tuple(id for entry in group for id in same[entry.kind, entry.name, entry.direction])
        rows.append(Row(ids, first.kind, text, first.authentication.state, first.direction))
    return tuple(rows)


def _lines(channels: Iterable[Channel], boxes: Mapping[str, Box], stands: Mapping[str, str]) -> list[Line]:
    """Arrows between two boxes that end at one row are one; those of somebody outside are one a state."""
    groups: dict[tuple[str, ...], list[Channel]] = {}
    for each in channels:
        source, target = stands.get(each.source, ""), stands.get(each.target, "")
        if source and target and source != target:
            rows = _row_of(boxes[source], each.from_endpoint), _row_of(boxes[target], each.to_endpoint)
            inside = boxes[source].kind == "target" and boxes[target].kind == "target"
            groups.setdefault((source, target, each.state, *(rows if inside else ("", ""))), []).append(each)
    return [
        Line(key[0], key[1], group[0].state, any(each.both for each in group), group) for key, group in groups.items()
    ]


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


def _split_columns(boxes: Mapping[str, Box]) -> None:
    """Several columns in place of one that would be very tall; the targets with most to show stand on the left."""
    extra = 0
    for column in range(max((box.column for box in boxes.values()), default=0) + 1):
        members = [box for box in boxes.values() if box.column == column]
        height = sum(box.height + BOX_GAP for box in members)
        parts = min(MAX_SPLIT, ceil(height / TALLEST)) if all(box.kind == "target" for box in members) else 1
        below = 0.0
        for box in sorted(members, key=lambda box: (-len(box.rows), box.title, box.id)) if parts > 1 else members:
            box.column = -(column + extra + int(below / (height / parts))) - 1  # negative: done
            below += box.height + BOX_GAP
        extra += max(parts, 1) - 1
    for box in boxes.values():
        box.column = -box.column - 1


def _add_ways(boxes: dict[str, Box], lines: Iterable[Line]) -> None:
    """A gap in each column that an arrow passes. Arrows from one actor, or to one place, go through it together."""
    for number, line in enumerate(lines):
        source, target = boxes[line.source], boxes[line.target]
        hubs = [box.id for box in (source, target) if box.kind != "target"]
        together = f"{hubs[0]} {line.state}" if hubs else str(number)
        first, last = sorted((source.column, target.column))
        between = range(first + 1, last)
        names = [f"way {together} {column}" for column in between]
        for name, column in zip(names, between, strict=True):
            boxes[name] = Box(name, "way", column=column, height=2)
        line.ways = names if source.column < target.column else names[::-1]


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
        width = max((box.width for box in column), default=0)
        _stack(column, [0.0] * len(column))
        for box in column:
            if box.kind in ("target", "way"):
                box.width = width
            box.x = x if column is not columns[0] else x + width - box.width
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
