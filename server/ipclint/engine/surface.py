"""The surface map: every endpoint of a workspace with its place in the files and what authenticates its peer."""

from __future__ import annotations

from typing import NamedTuple

from ipclint.checks.authentication import Authentication, authentication
from ipclint.engine.island import Island
from ipclint.engine.report import Location
from ipclint.engine.workspace import Workspace
from ipclint.program.endpoints import Endpoint, endpoints


class Mapped(NamedTuple):
    """An endpoint where it stands. `peers` are the places of the other side: clients of a listener by its name, and
    listeners of a client."""

    endpoint: Endpoint
    location: Location
    authentication: Authentication
    peers: tuple[Location, ...]


def surface_of(files: Workspace) -> tuple[Mapped, ...]:
    """The endpoints of every program of the workspace, by path and position."""
    found = {mapped: None for island in files.islands() for mapped in _of(files, island)}
    return tuple(sorted(found, key=lambda each: (each.location.path, each.location.start, each.endpoint.kind)))


def _of(files: Workspace, island: Island) -> list[Mapped]:
    every = endpoints(island.program)
    places = {each: files.document(each.place.path).resolve(each.place) for each in every}
    return [
        Mapped(
            each,
            places[each],
            authentication(island.program, each),
            tuple(places[other] for other in every if _are_peers(each, other)),
        )
        for each in every
    ]


def _are_peers(one: Endpoint, other: Endpoint) -> bool:
    sides = {one.kind.rpartition(" ")[2], other.kind.rpartition(" ")[2]}
    return one.name != "" and one.name == other.name and sides == {"listener", "client"}
