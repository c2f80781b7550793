"""Questions to the analysis, and the lenses and hints that are answers to them.

Whatever a client sends and however broken a document is, the answer is what is known, or nothing; never an error.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from typing import TypeVar

from lsprotocol import types

from ipclint.engine.changes import Delta
from ipclint.engine.patience import PATIENCE, Overdue, at_most
from ipclint.lsp.events import Update
from ipclint.lsp.folders import Address, Folder
from ipclint.lsp.refreshing import Key
from ipclint.lsp.server import Server
from ipclint.lsp.view import View
from ipclint.model.source import Span

T = TypeVar("T")

ROUNDS = 3
"""How often a question is asked again because it had more files read."""

LENSES, HINTS = "lenses", "hints"

logger = logging.getLogger(__name__)


async def answer(ls: Server, uri: str, make: Callable[[View], T], nothing: T) -> T:
    """What `make` says of a document on the analysis thread; `nothing` for one that is unknown."""

    def job() -> T:
        address = ls.analysis.address(uri)
        return nothing if address is None else said_of(ls, address, make, nothing)

    return await ls.ask(job)


def said_of(ls: Server, address: Address, make: Callable[[View], T], nothing: T) -> T:
    """As `answer`, on the analysis thread: asked until no further file has to be read for it. Raises Interrupted when
    something happens meanwhile."""
    said, session = nothing, address.folder.session
    try:
        for _ in range(ROUNDS):
            view = View(ls.client, ls.analysis.positions, address)
            with at_most(PATIENCE):
                said = session.ask(address.path, lambda _, view=view: make(view), ls.analysis.turn)
            delta = session.catch_up(ls.analysis.turn)
            if delta is None:
                break
            ls.show_soon(updates_of(ls, address.folder, delta))
    except Overdue:
        session.program(address.path).abandon()
        logger.warning("a question about %s took too long", address.path or address.folder.root)
    except Exception:
        logger.exception("a question could not be answered")
    return said


def updates_of(ls: Server, folder: Folder, delta: Delta) -> list[Update]:
    """What to show of the files whose reports became others."""
    return [ls.analysis.update(Address(folder, path)) for path in sorted(delta.changed)]


# ── lenses and hints ─────────────────────────────────────────────────────────────────────────────────────────────────


def lenses_of(ls: Server, view: View) -> list[types.CodeLens]:
    waits = ls.client.refreshes_lenses and not ls.warming.is_warm(view.folder)
    if waits or not ls.settings.code_lens:
        return []
    from ipclint.lsp.lenses import lenses  # with all that looks at trust boundaries: a tenth of the start

    return lenses(view)


def hints_of(ls: Server, view: View) -> list[types.InlayHint]:
    waits = ls.client.refreshes_hints and not ls.warming.is_warm(view.folder)
    if waits or not ls.settings.inlay_hints:
        return []
    from ipclint.lsp.hints import hints  # as above

    return hints(view)


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
