"""What is offered of trust boundaries, to a client that knows it: the requests, and what must be declared for each."""

from __future__ import annotations

from typing import Any

from lsprotocol import types
from pygls.capabilities import get_capability

from ipclint.lsp import asking, leading

FEATURES: dict[str, tuple[Any, Any]] = {
    types.TEXT_DOCUMENT_CODE_LENS: (asking.code_lens, None),
    types.TEXT_DOCUMENT_INLAY_HINT: (asking.inlay_hint, None),
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: (leading.document_symbol, types.DocumentSymbolOptions(label="ipclint")),
    types.WORKSPACE_SYMBOL: (leading.workspace_symbol, None),
    types.TEXT_DOCUMENT_DEFINITION: (leading.definition, None),
    types.TEXT_DOCUMENT_IMPLEMENTATION: (leading.implementation, None),
    types.TEXT_DOCUMENT_REFERENCES: (leading.references, None),
    types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY: (leading.prepare_call_hierarchy, None),
    types.CALL_HIERARCHY_INCOMING_CALLS: (leading.incoming_calls, None),
    types.CALL_HIERARCHY_OUTGOING_CALLS: (leading.outgoing_calls, None),
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
