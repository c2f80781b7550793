"""The request `ipclint/surface`: the surface map of a folder, unsaved documents included (docs/editors/index.md)."""

from __future__ import annotations

from typing import Any

import msgspec
from pygls.exceptions import JsonRpcException

from ipclint.lsp.asking import said_of
from ipclint.lsp.folders import Address, Folder
from ipclint.lsp.server import Server
from ipclint.lsp.view import View

REQUEST = "ipclint/surface"
FORMATS = ("json", "mermaid", "html")

INVALID_PARAMS = -32602


async def surface(ls: Server, params: Any) -> dict[str, Any] | str | None:
    """The map as an object in the JSON format, or as text; None for a folder that is not of the workspace.

    Answered once the folder is indexed. Raises JsonRpcException for a format that there is not.
    """
    written = getattr(params, "format", None) or "json"
    if written not in FORMATS:
        raise JsonRpcException(f"format is one of {', '.join(FORMATS)}", INVALID_PARAMS)
    uri = getattr(params, "uri", None)
    await ls.ask(lambda: None)
    await ls.indexing.finished()

    def job() -> dict[str, Any] | str | None:
        folder = _folder(ls, uri)
        return None if folder is None else said_of(ls, Address(folder, ""), lambda view: _map(view, written), None)

    return await ls.ask(job)


def _folder(ls: Server, uri: object) -> Folder | None:
    """The folder of an address, or the first of the workspace when none is given."""
    if uri is None:
        return next(iter(ls.analysis.folders), None)
    address = ls.analysis.address(uri.rstrip("/") + "/") if isinstance(uri, str) else None
    return address.folder if address is not None else None


def _map(view: View, written: str) -> dict[str, Any] | str:
    from ipclint.engine.surface import to_html, to_mermaid  # a server that nobody asks for a map needs none of it

    found = view.session.surface()
    if written == "html":
        base = view.folder.uri("").rstrip("/")
        return to_html(found, lambda path: view.session.document(path).data, link=base + "/{path}#L{line}")
    return to_mermaid(found) if written == "mermaid" else msgspec.to_builtins(found)
