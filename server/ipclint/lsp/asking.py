"""Requests about trust boundaries, one function each: lenses, hints, symbols, hierarchy, navigation.

Whatever a client sends and however broken a document is, the answer is what is known, or nothing; never an error.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from lsprotocol import types
from pygls.capabilities import get_capability

from ipclint.engine.patience import PATIENCE, Overdue, at_most
from ipclint.lsp import hierarchy, navigation, symbols
from ipclint.lsp.events import Update
from ipclint.lsp.folders import Address, Folder
from ipclint.lsp.hints import hints
from ipclint.lsp.lenses import lenses
from ipclint.lsp.refreshing import Key
from ipclint.lsp.server import Server
from ipclint.lsp.view import View
from ipclint.model.source import Span

T = TypeVar("T")

ROUNDS = 3
"""How often a question is asked again because it had more files read."""

MAX_SYMBOLS = 512

FILES_AT_ONCE = 256
"""How many files are searched for callers between two chances for other work."""

LENSES, HINTS = "lenses", "hints"

logger = logging.getLogger(__name__)


async def answer(ls: Server, uri: str, make: Callable[[View], T], nothing: T) -> T:
    """What `make` says of a document on the analysis thread; `nothing` for one that is unknown."""

    def job() -> T:
        address = ls.analysis.address(uri)
        return nothing if address is None else said_of(ls, address, make, nothing)

    return await ls.ask(job)


def said_of(ls: Server, address: Address, make: Callable[[View], T], nothing: T) -> T:
    """As `answer`, on the analysis thread: asked until no further file has to be read for it."""
    said = nothing
    try:
        for _ in range(ROUNDS):
            with at_most(PATIENCE):
                said = make(View(ls.client, ls.analysis.positions, address))
            delta = address.folder.session.catch_up()
            if delta is None:
                break
            ls.show_soon([_update(ls, address.folder, path) for path in sorted(delta.changed)])
    except Overdue:
        address.folder.session.program(address.path).abandon()
        logger.warning("a question about %s took too long", address.path or address.folder.root)
    except Exception:
        logger.exception("a question could not be answered")
    return said


def _update(ls: Server, folder: Folder, path: str) -> Update:
    return ls.analysis.update(Address(folder, path))


# ── lenses and hints ─────────────────────────────────────────────────────────────────────────────────────────────────


def lenses_of(ls: Server, view: View) -> list[types.CodeLens]:
    waits = ls.client.refreshes_lenses and not ls.warming.is_warm(view.folder)
    return [] if waits or not ls.settings.code_lens else lenses(view)


def hints_of(ls: Server, view: View) -> list[types.InlayHint]:
    waits = ls.client.refreshes_hints and not ls.warming.is_warm(view.folder)
    return [] if waits or not ls.settings.inlay_hints else hints(view)


async def code_lens(ls: Server, params: types.CodeLensParams) -> list[types.CodeLens]:
    uri = params.text_document.uri
    found = await answer(ls, uri, lambda view: lenses_of(ls, view), [])
    ls.refreshing.answered((LENSES, uri), _texts(found))
    return found


async def inlay_hint(ls: Server, params: types.InlayHintParams) -> list[types.InlayHint]:
    uri = params.text_document.uri

    def shown(view: View) -> tuple[list[types.InlayHint], Span, list[int]]:
        found = hints_of(ls, view)
        return found, view.bytes_of(params.range), [view.offset(hint.position) for hint in found]

    found, within, places = await answer(ls, uri, shown, ([], Span(0, 0), []))
    ls.refreshing.answered((HINTS, uri), _texts(found))
    return [hint for hint, at in zip(found, places, strict=True) if within.start <= at <= within.end]


def begin(ls: Server) -> None:
    """Prepares for the client that the server was equipped for."""
    refresh: dict[str, Callable[[], object]] = {}
    if ls.client.refreshes_lenses:
        refresh[LENSES] = lambda: ls.workspace_code_lens_refresh(None)
    if ls.client.refreshes_hints:
        refresh[HINTS] = lambda: ls.workspace_inlay_hint_refresh(None)
    ls.refreshing.begin(lambda keys: look_again(ls, keys), refresh)


async def look_again(ls: Server, keys: tuple[Key, ...]) -> dict[Key, Hashable]:
    """What the answers would say now."""
    makers = {LENSES: lenses_of, HINTS: hints_of}

    def job() -> dict[Key, Hashable]:
        found: dict[Key, Hashable] = {}
        for key in keys:
            address = ls.analysis.address(key[1])
            if address is not None:
                make = makers[key[0]]
                found[key] = said_of(ls, address, lambda view, make=make: _texts(make(ls, view)), ())
        return found

    return await ls.ask(job)


def _texts(found: list[types.CodeLens] | list[types.InlayHint]) -> Hashable:
    """What answers say, wherever it stands: a client moves it along with the text itself."""
    return tuple(
        repr(each.command) if isinstance(each, types.CodeLens) else f"{each.label}{each.tooltip}" for each in found
    )


# ── symbols ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def document_symbol(
    ls: Server, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol] | list[types.SymbolInformation]:
    return await answer(ls, params.text_document.uri, symbols.document_symbols, [])


async def workspace_symbol(ls: Server, params: types.WorkspaceSymbolParams) -> list[types.SymbolInformation]:
    def job() -> list[types.SymbolInformation]:
        found: list[types.SymbolInformation] = []
        for folder in ls.analysis.folders:
            for path in folder.session.parts():
                address = Address(folder, path)
                found += said_of(ls, address, lambda view: list(symbols.workspace_symbols(view, params.query)), [])
        return found[:MAX_SYMBOLS]

    return await ls.ask(job)


# ── navigation ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def definition(ls: Server, params: types.DefinitionParams) -> list[types.Location]:
    def found(view: View) -> list[types.Location]:
        return navigation.definition(view, view.offset(params.position))

    return await answer(ls, params.text_document.uri, found, [])


async def implementation(ls: Server, params: types.ImplementationParams) -> list[types.Location]:
    def found(view: View) -> list[types.Location]:
        return navigation.implementation(view, view.offset(params.position))

    return await answer(ls, params.text_document.uri, found, [])


async def references(ls: Server, params: types.ReferenceParams) -> list[types.Location]:
    await _read_callers(ls, params)

    def found(view: View) -> list[types.Location]:
        return navigation.references(view, view.offset(params.position), params.context.include_declaration)

    return await answer(ls, params.text_document.uri, found, [])


async def _read_callers(ls: Server, params: types.ReferenceParams) -> None:
    """Reads the files that may send a message and hold no word of a rule, some at a time, so that typing is not held
    up."""

    def words(view: View) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
        return navigation.words_of(view, view.offset(params.position)), view.session.unread(view.path)

    uri = params.text_document.uri
    wanted, paths = await answer(ls, uri, words, ((), ()))
    for start in range(0, len(paths) if wanted else 0, FILES_AT_ONCE):
        chunk = paths[start : start + FILES_AT_ONCE]
        await answer(ls, uri, lambda view, chunk=chunk: _read(ls, view, wanted, chunk), None)


def _read(ls: Server, view: View, words: tuple[bytes, ...], paths: tuple[str, ...]) -> None:
    delta = view.session.read_mentioning(words, paths)
    ls.show_soon([_update(ls, view.folder, path) for path in sorted(delta.changed)])


# ── the paths of data ────────────────────────────────────────────────────────────────────────────────────────────────


async def prepare_call_hierarchy(
    ls: Server, params: types.CallHierarchyPrepareParams
) -> list[types.CallHierarchyItem] | None:
    def found(view: View) -> list[types.CallHierarchyItem]:
        return hierarchy.prepare(view, view.offset(params.position))

    return await answer(ls, params.text_document.uri, found, []) or None


async def incoming_calls(
    ls: Server, params: types.CallHierarchyIncomingCallsParams
) -> list[types.CallHierarchyIncomingCall]:
    stop = hierarchy.stop_of(params.item.data)
    return [] if stop is None else await answer(ls, params.item.uri, lambda view: hierarchy.incoming(view, stop), [])


async def outgoing_calls(
    ls: Server, params: types.CallHierarchyOutgoingCallsParams
) -> list[types.CallHierarchyOutgoingCall]:
    stop = hierarchy.stop_of(params.item.data)
    return [] if stop is None else await answer(ls, params.item.uri, lambda view: hierarchy.outgoing(view, stop), [])


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────────

FEATURES: dict[str, tuple[Any, Any]] = {
    types.TEXT_DOCUMENT_CODE_LENS: (code_lens, None),
    types.TEXT_DOCUMENT_INLAY_HINT: (inlay_hint, None),
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: (document_symbol, types.DocumentSymbolOptions(label="ipclint")),
    types.WORKSPACE_SYMBOL: (workspace_symbol, None),
    types.TEXT_DOCUMENT_DEFINITION: (definition, None),
    types.TEXT_DOCUMENT_IMPLEMENTATION: (implementation, None),
    types.TEXT_DOCUMENT_REFERENCES: (references, None),
    types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY: (prepare_call_hierarchy, None),
    types.CALL_HIERARCHY_INCOMING_CALLS: (incoming_calls, None),
    types.CALL_HIERARCHY_OUTGOING_CALLS: (outgoing_calls, None),
}

_NEEDS = {
    types.TEXT_DOCUMENT_CODE_LENS: "text_document.code_lens",
    types.TEXT_DOCUMENT_INLAY_HINT: "text_document.inlay_hint",
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: "text_document.document_symbol",
    types.WORKSPACE_SYMBOL: "workspace.symbol",
    types.TEXT_DOCUMENT_DEFINITION: "text_document.definition",
    types.TEXT_DOCUMENT_IMPLEMENTATION: "text_document.implementation",
    types.TEXT_DOCUMENT_REFERENCES: "text_document.references",
    types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY: "text_document.call_hierarchy",
    types.CALL_HIERARCHY_INCOMING_CALLS: "text_document.call_hierarchy",
    types.CALL_HIERARCHY_OUTGOING_CALLS: "text_document.call_hierarchy",
}
"""What a client must declare to be offered a feature."""


def not_wanted(capabilities: types.ClientCapabilities) -> list[str]:
    """The features that a client does not know."""
    return [name for name, path in _NEEDS.items() if get_capability(capabilities, path, None) is None]
