"""One document as the answers of requests see it: its program, and places turned into what the client understands."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from ipclint.engine.session import Session
from ipclint.lsp.client import Client
from ipclint.lsp.convert import Positions
from ipclint.lsp.folders import Address
from ipclint.model.facts import Function
from ipclint.model.finding import Place
from ipclint.model.source import LineIndex, Span
from ipclint.program.program import Program, UnitRef


class View:
    """Lives on the analysis thread, for as long as one answer takes."""

    def __init__(self, client: Client, positions: Positions, address: Address) -> None:
        self.client = client
        self.folder, self.path = address
        self.session = self.folder.session
        self._positions = positions

    @property
    def program(self) -> Program:
        return self.session.program(self.path)

    @property
    def lines(self) -> LineIndex:
        return self.folder.lines(self.path)

    @property
    def uri(self) -> str:
        return self.folder.uri(self.path)

    # ── the client's places → the program's ──────────────────────────────────────────────────────────────────────────

    def offset(self, position: types.Position) -> int:
        return self._positions.offset(self.lines, position)

    def bytes_of(self, range_: types.Range) -> Span:
        return self._positions.span(self.lines, range_)

    def functions(self) -> Iterator[UnitRef]:
        """The functions of the document, in source order."""
        for key, unit in self.program.units(self.path).items():
            if isinstance(unit, Function):
                yield UnitRef(self.path, key)

    def unit_at(self, offset: int) -> UnitRef | None:
        """The innermost unit at a byte offset."""
        return unit_at(self.session, self.path, offset)

    # ── the program's places → the client's ──────────────────────────────────────────────────────────────────────────

    def range(self, place: Place) -> types.Range:
        return self._positions.range(self.folder.lines(place.path), self.session.span(place))

    def position(self, place: Place) -> types.Position:
        """Where a place begins."""
        return self._positions.position(self.folder.lines(place.path), self.session.span(place).start)

    def location(self, place: Place) -> types.Location:
        return types.Location(self.folder.uri(place.path), self.range(place))

    def shown(self, place: Place) -> str:
        """A place as a text names it: `Helper/main.swift:4`."""
        return f"{place.path}:{self.position(place).line + 1}"


def name_place(program: Program, ref: UnitRef) -> Place:
    """The name of a unit, or its beginning when it has none."""
    span = getattr(program.unit(ref), "name_span", Span(0, 0))
    return Place(ref.path, ref.key, span.start, span.end)


def body_place(view: View, ref: UnitRef) -> Place:
    """All of a unit."""
    extent = view.session.extent(ref)
    return Place(ref.path, ref.key, 0, extent.end - extent.start)


def unit_at(session: Session, path: str, offset: int) -> UnitRef | None:
    """The innermost unit of a file at a byte offset."""
    refs = (UnitRef(path, key) for key in session.program(path).units(path))
    extents = ((session.extent(ref), ref) for ref in refs)
    around = ((extent.end - extent.start, ref) for extent, ref in extents if extent.start <= offset <= extent.end)
    return min(around, default=(0, None))[1]
