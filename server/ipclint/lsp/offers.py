"""What is offered of trust boundaries, to a client that knows it: the requests, and what must be declared for each."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from typing import Any

from lsprotocol import types
from pygls.capabilities import get_capability

from ipclint.lsp import asking
from ipclint.lsp.server import Server


def later(module: str, name: str) -> Callable[..., Awaitable[Any]]:
    """A handler that is loaded when it is first called, and after the analysis of what happened before."""

    async def handler(ls: Server, *params: Any) -> Any:
        loaded = await ls.ask(lambda: importlib.import_module(f"ipclint.lsp.{module}"))
        return await getattr(loaded, name)(ls, *params)

    return handler


SHOW = "ipclint.showEndpoint"
"""The server's own command: it shows what stands at a boundary."""

FEATURES: dict[str, tuple[Any, Any]] = {
    types.TEXT_DOCUMENT_CODE_LENS: (asking.code_lens, None),
    types.TEXT_DOCUMENT_INLAY_HINT: (asking.inlay_hint, None),
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: (
        later("leading", "document_symbol"),
        types.DocumentSymbolOptions(label="ipclint"),
    ),
    types.WORKSPACE_SYMBOL: (later("leading", "workspace_symbol"), None),
    types.TEXT_DOCUMENT_DEFINITION: (later("leading", "definition"), None),
    types.TEXT_DOCUMENT_IMPLEMENTATION: (later("leading", "implementation"), None),
    types.TEXT_DOCUMENT_REFERENCES: (later("leading", "references"), None),
    types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY: (later("leading", "prepare_call_hierarchy"), None),
    types.CALL_HIERARCHY_INCOMING_CALLS: (later("leading", "incoming_calls"), None),
    types.CALL_HIERARCHY_OUTGOING_CALLS: (later("leading", "outgoing_calls"), None),
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
