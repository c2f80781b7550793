"""The paths of hostile data as a call hierarchy: incoming is where the data comes from, outgoing where it goes.

The hierarchy joins the traces of all findings about flows. Before the first function of a trace stands the listener
that exports it, before that its clients; behind the last stands the sink.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec
from lsprotocol import types

from ipclint.engine.boundaries import boundaries, listeners_exporting
from ipclint.lsp.view import View, body_place, name_place
from ipclint.lsp.wording import named
from ipclint.model.facts import Function
from ipclint.model.finding import Finding, Place
from ipclint.program.program import Program, UnitRef


class Stop(msgspec.Struct, frozen=True, order=True):
    """Where data stops on its way: a unit, or a place in it when `end` is not 0 (an endpoint, a sink)."""

    path: str
    unit: str
    start: int = 0
    end: int = 0
    name: str = ""

    @property
    def place(self) -> Place:
        return Place(self.path, self.unit, self.start, self.end)


class Hop(NamedTuple):
    """Data goes from one stop to another; `at` is where it leaves the first."""

    source: Stop
    target: Stop
    at: Place


# ── the graph ────────────────────────────────────────────────────────────────────────────────────────────────────────


def hops(view: View) -> list[Hop]:
    """Every hop of every path in the workspace's part that the document belongs to."""
    session, program = view.session, view.program
    traced = [report.finding for path in session.paths() for report in session.reports(path) if report.steps]
    flows = [each for each in traced if (rule := session.rulebook.get(each.rule)) is not None and rule.flow is not None]
    found = dict.fromkeys(hop for finding in flows for hop in _of_finding(program, finding))
    return [*found, *_of_boundaries(program, {stop for hop in found for stop in (hop.source, hop.target)})]


def _of_finding(program: Program, finding: Finding) -> Iterator[Hop]:
    last: Stop | None = None
    left: Place | None = None
    for step in finding.steps:
        ref = UnitRef(step.place.path, step.place.unit)
        if not isinstance(program.unit(ref), Function):
            continue
        stop = Stop(*ref)
        if last is not None and left is not None and stop != last:
            yield Hop(last, stop, left)
        last, left = stop, step.place
    if last is not None and left is not None:
        name = finding.steps[-1].text.removeprefix("reaches ")
        yield Hop(last, Stop(left.path, left.unit, left.start, left.end, name), left)


def _of_boundaries(program: Program, stops: set[Stop]) -> Iterator[Hop]:
    """From the clients of a listener to the listener, and from there to the functions of paths that it exports."""
    entered: dict[Stop, None] = {}
    for stop in sorted(stops):
        for boundary in listeners_exporting(program, UnitRef(stop.path, stop.unit)) if not stop.end else ():
            listener = _endpoint(boundary.place, named(boundary))
            entered[listener] = None
            yield Hop(listener, stop, boundary.place)
    for boundary in boundaries(program):
        place = boundary.place
        if boundary.connects:
            client = _endpoint(place, named(boundary))
            for listener in entered:
                if listener.place in boundary.others:
                    yield Hop(client, listener, place)


def _endpoint(place: Place, name: str) -> Stop:
    return Stop(place.path, place.unit, place.start, place.end, name)


# ── items ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def prepare(view: View, offset: int) -> list[types.CallHierarchyItem]:
    """The stop at a byte offset: an endpoint of a path, else the function that a path goes through."""
    known = {stop for hop in hops(view) for stop in (hop.source, hop.target) if stop.path == view.path}
    for stop in sorted(known):
        span = view.session.span(stop.place)
        if stop.end and span.start <= offset <= span.end:
            return [_item(view, stop)]
    ref = view.unit_at(offset)
    stop = Stop(*ref) if ref is not None else None
    return [_item(view, stop)] if stop in known and stop is not None else []


def incoming(view: View, stop: Stop) -> list[types.CallHierarchyIncomingCall]:
    """Where data comes from."""
    sources = _grouped((hop.source, hop.at) for hop in hops(view) if hop.target == stop)
    return [
        types.CallHierarchyIncomingCall(_item(view, source), [view.range(place) for place in places])
        for source, places in sources.items()
    ]


def outgoing(view: View, stop: Stop) -> list[types.CallHierarchyOutgoingCall]:
    """Where data goes."""
    targets = _grouped((hop.target, hop.at) for hop in hops(view) if hop.source == stop)
    return [
        types.CallHierarchyOutgoingCall(_item(view, target), [view.range(place) for place in places])
        for target, places in targets.items()
    ]


def stop_of(data: Any) -> Stop | None:
    """The stop that an item carries; None when it holds something else."""
    try:
        return msgspec.convert(data, Stop)
    except msgspec.ValidationError:
        return None


def _grouped(found: Iterable[tuple[Stop, Place]]) -> dict[Stop, list[Place]]:
    groups: dict[Stop, list[Place]] = defaultdict(list)
    for stop, place in found:
        if place not in groups[stop]:
            groups[stop].append(place)
    return groups


def _item(view: View, stop: Stop) -> types.CallHierarchyItem:
    ref = UnitRef(stop.path, stop.unit)
    unit = view.program.unit(ref)
    name, kind = stop.name, types.SymbolKind.Event
    place = chosen = stop.place
    if not stop.end and isinstance(unit, Function):
        name = unit.signature
        kind = types.SymbolKind.Method if unit.owner else types.SymbolKind.Function
        place, chosen = body_place(view, ref), name_place(view.program, ref)
    owner = unit.owner if isinstance(unit, Function) else ""
    return types.CallHierarchyItem(
        name=name or stop.path,
        kind=kind,
        uri=view.folder.uri(stop.path),
        range=view.range(place),
        selection_range=view.range(chosen),
        detail=f"{owner} — {stop.path}" if owner else stop.path,
        data=msgspec.to_builtins(stop),
    )
