"""The trust boundaries of the program, each with what stands at it: who is on the other side, what is checked of him,
which methods he may call, and what their data reaches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from ipclint.checks.detectors.peer_evidence import ACCEPTORS
from ipclint.checks.peers import Peer, peer_of
from ipclint.checks.story import place_of
from ipclint.model.finding import Place
from ipclint.program.arrivals import XPC
from ipclint.program.endpoints import Endpoint, endpoints
from ipclint.program.flow_model import Parameter
from ipclint.program.flow_search import EXPORT_WORDS, Root, exports, flows, roots
from ipclint.program.link import calls_in, declarations, resolve
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query

HELPERS_DEEP = 2
"""How many calls away from the delegate an object may be exported for it."""

TARGETS = {
    "command": "Process",
    "code": "code loading",
    "privilege": "privileges",
    "path": "files",
    "url": "URLs",
    "store": "settings",
}
"""What data may reach, by the family of the sink; the gravest first."""


class Reached(NamedTuple):
    """What the data that enters some functions gets to, and where."""

    what: str
    functions: tuple[UnitRef, ...]
    places: tuple[Place, ...]


class Boundary(NamedTuple):
    """An endpoint with what stands at it. `others` are the places of the other side: clients of a listener by its
    name, listeners of a client. `acceptors` decide who may connect, `methods` are those that the other side calls."""

    endpoint: Endpoint
    others: tuple[Place, ...]
    peer: Peer
    acceptors: tuple[UnitRef, ...]
    methods: tuple[UnitRef, ...]
    reached: tuple[Reached, ...]

    @property
    def place(self) -> Place:
        return self.endpoint.place

    @property
    def listens(self) -> bool:
        return self.endpoint.kind.endswith("listener")


@query(bottom=())
def boundaries(program: Program) -> tuple[Boundary, ...]:
    """Every endpoint of the program, by place."""
    every = endpoints(program)
    return tuple(_boundary(program, each, every) for each in every)


@query(bottom=())
def listeners_exporting(program: Program, method: UnitRef) -> tuple[Boundary, ...]:
    """The listeners whose clients may call a method; () when none is known to export it."""
    return tuple(each for each in boundaries(program) if method in each.methods)


def _boundary(program: Program, endpoint: Endpoint, every: tuple[Endpoint, ...]) -> Boundary:
    acceptors = acceptors_of(program, endpoint)
    exporters = _with_helpers(program, acceptors)
    methods = tuple(dict.fromkeys(method for ref in exporters for method in exports(program, ref)))
    others = tuple(dict.fromkeys(each.place for each in every if are_peers(endpoint, each)))
    reached = _reached(program, exporters, methods)
    return Boundary(endpoint, others, peer_of(program, endpoint, acceptors), acceptors, methods, reached)


def acceptors_of(program: Program, endpoint: Endpoint) -> tuple[UnitRef, ...]:
    """The delegate methods that decide who connects to a listener."""
    found = (
        member
        for delegate in (endpoint.listener.delegates if endpoint.listener is not None else ())
        for _, declaration in declarations(program, delegate)
        for member in program.members_of(declaration.qualified)
        if (function := program.function(member)) is not None and function.selector in ACCEPTORS and function.body
    )
    return tuple(dict.fromkeys(found))  # an @interface and its @implementation have the same members


def are_peers(one: Endpoint, other: Endpoint) -> bool:
    """Whether two endpoints are the two sides of one service: their names say so."""
    sides = {one.kind.rpartition(" ")[2], other.kind.rpartition(" ")[2]}
    return one.name != "" and one.name == other.name and sides == {"listener", "client"}


def _with_helpers(program: Program, refs: tuple[UnitRef, ...]) -> tuple[UnitRef, ...]:
    """Functions and what they call, as far as something is exported there."""
    found = dict.fromkeys(refs)
    level = list(refs)
    for _ in range(HELPERS_DEEP):
        calls = [(ref, node) for ref in level for node in calls_in(program, ref)]
        level = [callee for ref, node in calls for callee in resolve(program, ref, node).refs if callee not in found]
        found.update(dict.fromkeys(level))
    return tuple(ref for ref in found if not EXPORT_WORDS.isdisjoint(getattr(program.unit(ref), "mentions", ())))


def _reached(program: Program, exporters: tuple[UnitRef, ...], methods: tuple[UnitRef, ...]) -> tuple[Reached, ...]:
    entered = dict.fromkeys(root for ref in exporters for root in roots(program, ref))
    return _reach_of(
        program,
        (root for root in entered if root.kind == XPC and isinstance(root.input, Parameter) and root.ref in methods),
    )


@query(bottom=())
def reached_from(program: Program, ref: UnitRef, kind: str) -> tuple[Reached, ...]:
    """What the data of one kind that enters by the code of a function gets to, the gravest first."""
    return _reach_of(program, (root for root in roots(program, ref) if root.kind == kind))


def _reach_of(program: Program, entered: Iterable[Root]) -> tuple[Reached, ...]:
    functions: dict[str, dict[UnitRef, None]] = defaultdict(dict)
    places: dict[str, dict[Place, None]] = defaultdict(dict)
    for root in entered:
        for flow in flows(program, root):
            family = flow.sink.kind.partition(".")[0]
            functions[family][root.ref] = None
            places[family][place_of(flow.links[-1])] = None
    return tuple(
        Reached(what, tuple(functions[family]), tuple(places[family]))
        for family, what in TARGETS.items()
        if family in functions
    )
