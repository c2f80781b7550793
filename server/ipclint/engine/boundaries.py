"""The trust boundaries of a program as an editor shows them: what the surface map says of each endpoint, with the
functions that decide and that are called there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ipclint.checks.crossing import FAMILIES, Crossing, what_crosses
from ipclint.checks.detectors.peer_reach import acceptors_of
from ipclint.checks.story import place_of
from ipclint.checks.trust import Trust, trust
from ipclint.engine.surface.build import are_peers
from ipclint.model.finding import Place
from ipclint.program.arrivals import XPC
from ipclint.program.channels import every_endpoint
from ipclint.program.endpoints import Endpoint
from ipclint.program.flow_model import Parameter
from ipclint.program.flow_search import EXPORT_WORDS, Root, exports, flows, roots
from ipclint.program.link import calls_in, resolve
from ipclint.program.mechanisms import MECHANISMS
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query

HELPERS_DEEP = 2
"""How many calls away from the delegate an object may be exported for it."""


class Reached(NamedTuple):
    """Where the data that enters some functions gets to: the family of the sinks, the functions, the sinks."""

    family: str
    functions: tuple[UnitRef, ...]
    places: tuple[Place, ...]


class Boundary(NamedTuple):
    """An endpoint with what stands at it. `others` are the places of the other side: clients of a listener, listeners
    of a client, members of a group. `acceptors` decide who may connect, `methods` run for what the other side sends."""

    endpoint: Endpoint
    others: tuple[Place, ...]
    trust: Trust
    acceptors: tuple[UnitRef, ...]
    methods: tuple[UnitRef, ...]
    reached: tuple[Reached, ...]

    @property
    def place(self) -> Place:
        return self.endpoint.place

    @property
    def places(self) -> tuple[Place, ...]:
        """Where the endpoint is shown. What programs merely share is shown where it is met first."""
        shared = MECHANISMS[self.endpoint.kind].family in ("shared", "notification")
        return (self.place,) if shared else (self.place, *self.endpoint.also)

    @property
    def listens(self) -> bool:
        return self.endpoint.kind.endswith("listener") or self.endpoint.kind == "Mach service"

    @property
    def connects(self) -> bool:
        return self.endpoint.kind.endswith("client")


@query(bottom=())
def boundaries(program: Program) -> tuple[Boundary, ...]:
    """Every endpoint of the program, by place."""
    return tuple(_boundary(program, each) for each in every_endpoint(program))


@query(bottom=())
def listeners_exporting(program: Program, method: UnitRef) -> tuple[Boundary, ...]:
    """The listeners whose clients may call a method; () when none is known to export it."""
    return tuple(each for each in boundaries(program) if each.listens and method in each.methods)


@query(bottom=None)
def _boundary(program: Program, endpoint: Endpoint) -> Boundary:
    crossing = what_crosses(program, endpoint)
    listener = endpoint.listener
    acceptors = acceptors_of(program, listener.delegates) if listener is not None else ()
    exporters = _with_helpers(program, acceptors)
    named = (UnitRef(each.body.path, each.body.unit) for each in crossing if each.body is not None)
    exported = (method for ref in exporters for method in exports(program, ref))
    every = every_endpoint(program)
    others = (place for each in every if each != endpoint and are_peers(endpoint, each) for place in _places(each))
    methods = tuple(dict.fromkeys((*named, *exported))) if not endpoint.kind.endswith("client") else ()
    reached = tuple(_reached(program, crossing, exporters, methods))
    return Boundary(endpoint, tuple(dict.fromkeys(others)), trust(program, endpoint), acceptors, methods, reached)


def _places(endpoint: Endpoint) -> tuple[Place, ...]:
    return (endpoint.place, *endpoint.also) if endpoint.kind.endswith("client") else (endpoint.place,)


def _with_helpers(program: Program, refs: tuple[UnitRef, ...]) -> tuple[UnitRef, ...]:
    """Functions and what they call, as far as something is exported there."""
    found = dict.fromkeys(refs)
    level = list(refs)
    for _ in range(HELPERS_DEEP):
        calls = [(ref, node) for ref in level for node in calls_in(program, ref)]
        level = [callee for ref, node in calls for callee in resolve(program, ref, node).refs if callee not in found]
        found.update(dict.fromkeys(level))
    return tuple(ref for ref in found if not EXPORT_WORDS.isdisjoint(getattr(program.unit(ref), "mentions", ())))


# ── what data gets to ────────────────────────────────────────────────────────────────────────────────────────────────

Hit = tuple[str, UnitRef, Place]


@query(bottom=())
def reached_from(program: Program, ref: UnitRef, kind: str) -> tuple[Reached, ...]:
    """What the data of one kind that enters by the code of a function gets to, the gravest first."""
    return tuple(_by_family(_hits(program, (root for root in roots(program, ref) if root.kind == kind))))


def _reached(
    program: Program, crossing: tuple[Crossing, ...], exporters: tuple[UnitRef, ...], methods: tuple[UnitRef, ...]
) -> Iterator[Reached]:
    """What the surface map says of methods, and what is reached by those that only their export tells of."""
    hits: list[Hit] = [
        (reach.family, UnitRef(each.body.path, each.body.unit), reach.place)
        for each in crossing
        if each.body is not None
        for reach in each.reaches
    ]
    entered = dict.fromkeys(root for ref in exporters for root in roots(program, ref))
    hits += _hits(
        program,
        (root for root in entered if root.kind == XPC and isinstance(root.input, Parameter) and root.ref in methods),
    )
    yield from _by_family(hits)


def _hits(program: Program, entered: Iterable[Root]) -> Iterator[Hit]:
    for root in entered:
        for flow in flows(program, root):
            yield flow.sink.kind.partition(".")[0], root.ref, place_of(flow.links[-1])


def _by_family(hits: Iterable[Hit]) -> Iterator[Reached]:
    """The gravest family first."""
    functions: dict[str, dict[UnitRef, None]] = defaultdict(dict)
    places: dict[str, dict[Place, None]] = defaultdict(dict)
    for family, ref, place in hits:
        functions[family][ref] = None
        places[family][place] = None
    for family in FAMILIES:
        if family in functions:
            yield Reached(family, tuple(functions[family]), tuple(places[family]))
