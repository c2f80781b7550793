"""Requests that lead from one place to another: symbols, navigation between processes, the paths of data."""

from __future__ import annotations

from lsprotocol import types

from ipclint.lsp import hierarchy, navigation, symbols
from ipclint.lsp.asking import answer, said_of, updates_of
from ipclint.lsp.folders import Address
from ipclint.lsp.server import Server
from ipclint.lsp.view import View

MAX_SYMBOLS = 512

FILES_AT_ONCE = 256
"""How many files are searched for callers between two chances for other work."""


# ── symbols ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def document_symbol(
    ls: Server, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol] | list[types.SymbolInformation]:
    return await answer(ls, params.text_document.uri, symbols.document_symbols, [])


async def workspace_symbol(ls: Server, params: types.WorkspaceSymbolParams) -> list[types.SymbolInformation]:
    def job() -> list[types.SymbolInformation]:
        found: dict[tuple[str, str, int, int], types.SymbolInformation] = {}
        for folder in ls.analysis.folders:
            for path in folder.session.parts():
                address = Address(folder, path)
                for each in said_of(ls, address, lambda view: list(symbols.workspace_symbols(view, params.query)), []):
                    start = each.location.range.start
                    found.setdefault((each.name, each.location.uri, start.line, start.character), each)
        return list(found.values())[:MAX_SYMBOLS]

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
    ls.show_soon(updates_of(ls, view.folder, delta))


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
