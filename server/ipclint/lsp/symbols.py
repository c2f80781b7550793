"""Endpoints, and the methods that cross at them, as symbols of a document and of the workspace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lsprotocol import types

from ipclint.engine.boundaries import Boundary, boundaries
from ipclint.lsp.view import View, body_place, name_place
from ipclint.lsp.wording import named, peer_of
from ipclint.model.facts import Function
from ipclint.model.finding import Place
from ipclint.program import messages
from ipclint.program.program import UnitRef

ENDPOINT = types.SymbolKind.Event


class Symbol(NamedTuple):
    """A name at a place; `whole` is all that belongs to it."""

    name: str
    detail: str
    kind: types.SymbolKind
    place: Place
    whole: Place
    container: str = ""


def document_symbols(view: View) -> list[types.DocumentSymbol] | list[types.SymbolInformation]:
    """The endpoints of a document and the methods that decide or are called there, in source order."""
    here = (symbol for each in boundaries(view.program) for symbol in _with_methods(view, each))
    found = {symbol.place: symbol for symbol in here if symbol.place.path == view.path}
    symbols = sorted(found.values(), key=lambda symbol: view.session.span(symbol.place))
    if view.client.symbol_trees:
        return [_symbol(view, symbol) for symbol in symbols]
    return [_information(view, symbol) for symbol in symbols]


def workspace_symbols(view: View, query: str) -> Iterator[types.SymbolInformation]:
    """The endpoints and the messages of one program whose name holds the letters of a query, in order."""
    program = view.program
    found = [_endpoint(each) for each in boundaries(program)]
    for message in messages.messages(program):
        sides = (message, *messages.implementations(program, message))
        found += [_method(view, ref, "XPC message") for ref in sides]
    yield from (_information(view, symbol) for symbol in dict.fromkeys(found) if _matches(query, symbol.name))


def _with_methods(view: View, boundary: Boundary) -> Iterator[Symbol]:
    endpoint = _endpoint(boundary)
    yield endpoint
    for ref in (*boundary.acceptors, *boundary.methods):
        if ref.path == view.path:
            yield _method(view, ref, endpoint.name)


def _endpoint(boundary: Boundary) -> Symbol:
    peer = peer_of(boundary.trust)
    detail = f"peer: {peer}" if peer and (boundary.listens or boundary.connects) else boundary.endpoint.reach
    return Symbol(named(boundary), detail, ENDPOINT, boundary.place, boundary.place)


def _method(view: View, ref: UnitRef, container: str) -> Symbol:
    function = view.program.function(ref)
    name = function.signature if isinstance(function, Function) else ref.key
    place = name_place(view.program, ref)
    return Symbol(name, "", types.SymbolKind.Method, place, body_place(view, ref), container)


def _symbol(view: View, symbol: Symbol) -> types.DocumentSymbol:
    """Methods stand beside what exports them: a child outside of its parent's range confuses editors."""
    whole, place = view.range(symbol.whole), view.range(symbol.place)
    return types.DocumentSymbol(
        symbol.name, symbol.kind, whole, place, detail=symbol.detail or symbol.container or None
    )


def _information(view: View, symbol: Symbol) -> types.SymbolInformation:
    container = symbol.container or symbol.detail or None
    return types.SymbolInformation(view.location(symbol.place), symbol.name, symbol.kind, container_name=container)


def _matches(query: str, name: str) -> bool:
    """Whether the letters of the query stand in the name, in order and whatever their case, as clients filter too."""
    letters: Iterable[str] = iter(name.lower())
    return all(letter in letters for letter in query.lower())
