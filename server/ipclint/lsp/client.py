"""What the client can do, read once from its capabilities; anything not said is taken as not supported."""

from __future__ import annotations

from typing import NamedTuple

from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder, get_capability


class Client(NamedTuple):
    encoding: str = "utf-16"
    pulls: bool = False  # asks for diagnostics of open documents itself, and can be told to ask again
    related_information: bool = False
    code_description: bool = False
    diagnostic_data: bool = False
    diagnostic_tags: frozenset[types.DiagnosticTag] = frozenset()
    literal_actions: bool = False  # takes code actions rather than commands
    resolves_edits: bool = False
    preferred: bool = False
    document_changes: bool = False
    creates_files: bool = False
    markdown: bool = False
    completion_markdown: bool = False
    watches: bool = False  # can be asked to watch files
    progress: bool = False
    asks_configuration: bool = False  # answers workspace/configuration
    shows_references: bool = False  # has a command of its own that shows locations
    shows_documents: bool = False
    offers_choices: bool = False  # messages with buttons
    symbol_trees: bool = False
    refreshes_lenses: bool = False
    refreshes_hints: bool = False

    @classmethod
    def of(cls, capabilities: types.ClientCapabilities) -> Client:
        def can(path: str) -> bool:
            return bool(get_capability(capabilities, path, False))

        def listed(path: str) -> list[object]:
            return list(get_capability(capabilities, path, None) or ())

        operations = listed("workspace.workspace_edit.resource_operations")  # these imply document changes
        tags = listed("text_document.publish_diagnostics.tag_support.value_set")
        return cls(
            encoding=types.PositionEncodingKind(ServerCapabilitiesBuilder.choose_position_encoding(capabilities)).value,
            pulls=get_capability(capabilities, "text_document.diagnostic", None) is not None
            and can("workspace.diagnostics.refresh_support"),
            related_information=can("text_document.publish_diagnostics.related_information"),
            code_description=can("text_document.publish_diagnostics.code_description_support"),
            diagnostic_data=can("text_document.publish_diagnostics.data_support"),
            diagnostic_tags=frozenset(tag for tag in types.DiagnosticTag if tag in tags),
            literal_actions=can("text_document.code_action.code_action_literal_support"),
            resolves_edits="edit" in listed("text_document.code_action.resolve_support.properties")
            and can("text_document.code_action.data_support"),
            preferred=can("text_document.code_action.is_preferred_support"),
            document_changes=can("workspace.workspace_edit.document_changes") or bool(operations),
            creates_files="create" in operations,
            markdown="markdown" in listed("text_document.hover.content_format"),
            completion_markdown="markdown" in listed("text_document.completion.completion_item.documentation_format"),
            watches=can("workspace.did_change_watched_files.dynamic_registration"),
            progress=can("window.work_done_progress"),
            asks_configuration=can("workspace.configuration"),
            shows_references="ipclint.showReferences" in _commands(capabilities.experimental),
            shows_documents=can("window.show_document.support"),
            offers_choices=get_capability(capabilities, "window.show_message.message_action_item", None) is not None,
            symbol_trees=can("text_document.document_symbol.hierarchical_document_symbol_support"),
            refreshes_lenses=can("workspace.code_lens.refresh_support"),
            refreshes_hints=can("workspace.inlay_hint.refresh_support"),
        )


def _commands(experimental: object) -> list[object]:
    """The client-side commands in the capabilities `experimental.commands.commands`, as other servers read them too."""
    for name in ("commands", "commands"):
        experimental = experimental.get(name) if isinstance(experimental, dict) else getattr(experimental, name, None)
    return list(experimental) if isinstance(experimental, list | tuple) else []
