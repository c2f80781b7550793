"""The protocol's messages, one function each: what happened goes to the analysis as events, requests ask it."""

from __future__ import annotations

import asyncio
import copy
import logging
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from ipclint.lsp import asking, offers, surface, watching
from ipclint.lsp.actions import KINDS, Actions, Gone, read_ticket
from ipclint.lsp.client import Client
from ipclint.lsp.completion import TRIGGERS, completion
from ipclint.lsp.events import Closed, Configured, Edited, FoldersChanged, OnDisk, Opened, Reread
from ipclint.lsp.folders import Address
from ipclint.lsp.hover import Hovers
from ipclint.lsp.pulling import pull_document, pull_workspace
from ipclint.lsp.server import Server
from ipclint.lsp.settings import SECTION, parse_settings

CONTENT_MODIFIED = -32801
INVALID_PARAMS = -32602

CONFIGURED = 1.0
"""Seconds that a client has to tell its settings before its documents are read without them."""

logger = logging.getLogger(__name__)


# ── the connection ───────────────────────────────────────────────────────────────────────────────────────────────────


def initialize(ls: Server, params: types.InitializeParams) -> None:
    settings, problem = parse_settings(params.initialization_options)
    ls.equip(Client.of(params.capabilities), settings)
    if not ls.client.pulls:  # one that cannot be told to ask again would miss what an edit means for other files
        for method in (types.TEXT_DOCUMENT_DIAGNOSTIC, types.WORKSPACE_DIAGNOSTIC):
            ls.protocol.fm.features.pop(method)
    for method in offers.not_wanted(params.capabilities):
        ls.protocol.fm.features.pop(method)
    asking.begin(ls)
    ls.problem = problem
    ls.protocol.trace = params.trace or types.TraceValue.Off
    ls.roots = tuple(folder.uri for folder in params.workspace_folders or ())
    if not ls.roots and ls.workspace.root_uri:
        ls.roots = (ls.workspace.root_uri,)


def initialized(ls: Server, params: types.InitializedParams) -> None:
    if ls.problem:
        ls.say(ls.problem)
    if not ls.client.asks_configuration:
        ls.tell(FoldersChanged(ls.roots, ()))
    else:
        ls.hold()
        ls.start(begin(ls))
    if ls.client.watches:
        ls.start(watch(ls))


async def begin(ls: Server) -> None:
    """Opens the folders once the settings are known, so that nothing is read twice."""
    configured = asyncio.ensure_future(configure(ls))
    await asyncio.wait([configured], timeout=CONFIGURED)
    ls.release(FoldersChanged(ls.roots, ()))
    await configured


async def watch(ls: Server) -> None:
    try:
        await ls.client_register_capability_async(watching.registration())
    except JsonRpcException as error:
        logger.warning("the client does not watch files: %s", error)


def shutdown(ls: Server, params: None) -> None:
    ls.worker.stop(timeout=0)


# ── documents ────────────────────────────────────────────────────────────────────────────────────────────────────────


def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    document = params.text_document
    ls.publisher.opened(document.uri, document.version)
    ls.tell(Opened(document))


def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    uri, version = params.text_document.uri, params.text_document.version
    if ls.publisher.is_open(uri):
        ls.publisher.edited(uri, version, params.content_changes)
        ls.tell(Edited(uri, version, tuple(params.content_changes)))
        ls.rest(uri)


def did_save(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    ls.stir(params.text_document.uri)
    ls.tell(Reread(params.text_document.uri))
    if params.text_document.uri.endswith("/ipclint.toml") and not ls.client.watches:
        ls.tell(OnDisk((params.text_document.uri,)))


def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    uri = params.text_document.uri
    ls.stir(uri)
    ls.publisher.closed(uri)
    ls.refreshing.forget(uri)
    ls.tell(Closed(uri))


# ── the workspace ────────────────────────────────────────────────────────────────────────────────────────────────────


def did_change_watched_files(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    ls.tell(OnDisk(tuple(change.uri for change in params.changes)))


def did_create_files(ls: Server, params: types.CreateFilesParams) -> None:
    ls.tell(OnDisk(tuple(file.uri for file in params.files)))


def did_rename_files(ls: Server, params: types.RenameFilesParams) -> None:
    ls.tell(OnDisk(tuple(uri for file in params.files for uri in (file.old_uri, file.new_uri))))


def did_delete_files(ls: Server, params: types.DeleteFilesParams) -> None:
    ls.tell(OnDisk(tuple(file.uri for file in params.files)))


def did_change_workspace_folders(ls: Server, params: types.DidChangeWorkspaceFoldersParams) -> None:
    added, removed = params.event.added, params.event.removed
    ls.tell(FoldersChanged(tuple(folder.uri for folder in added), tuple(folder.uri for folder in removed)))


async def did_change_configuration(ls: Server, params: types.DidChangeConfigurationParams) -> None:
    if ls.client.asks_configuration:
        await configure(ls)
    elif isinstance(params.settings, dict) and SECTION in params.settings:
        use_settings(ls, params.settings)


async def configure(ls: Server) -> None:
    """Asks the client for the settings."""
    items = [types.ConfigurationItem(section=SECTION)]
    try:
        answer = await ls.workspace_configuration_async(types.ConfigurationParams(items))
    except JsonRpcException as error:
        logger.warning("the client does not tell its settings: %s", error)
        return
    if answer and answer[0] is not None:
        use_settings(ls, answer[0])


def use_settings(ls: Server, value: object) -> None:
    settings, problem = parse_settings(value)
    if problem:
        ls.say(problem)
        return
    ls.publisher.only_open = settings.diagnostics_scope == "openFiles"
    ls.settings = settings
    ls.tell(Configured(settings.for_analysis))


# ── requests ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def diagnostic(ls: Server, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
    return await ls.ask(lambda: pull_document(ls.analysis, params.text_document.uri, params.previous_result_id))


async def workspace_diagnostic(ls: Server, params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
    """Answered when there is something to say: the client asks again as soon as it has an answer."""
    ls.publisher.pull_workspace()
    await ls.news_after(ls.pulled)
    ls.pulled = ls.generation
    items = await ls.ask(lambda: pull_workspace(ls.analysis, params.previous_result_ids))
    if params.partial_result_token is None:
        return types.WorkspaceDiagnosticReport(items)
    for start in range(0, len(items), 100):
        part = types.WorkspaceDiagnosticReportPartialResult(items[start : start + 100])
        ls.protocol.notify(types.PROGRESS, types.ProgressParams(params.partial_result_token, part))
    return types.WorkspaceDiagnosticReport([])


async def code_action(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    def offered() -> list[types.CodeAction]:
        address = ls.analysis.address(params.text_document.uri)
        if address is None or not ls.client.literal_actions:
            return []
        span = ls.analysis.positions.span(address.folder.lines(address.path), params.range)
        only = [str(getattr(kind, "value", kind)) for kind in params.context.only or ()]
        asked = params.context.trigger_kind != types.CodeActionTriggerKind.Automatic
        return actions_of(ls, address).offered(span, only or None, asked)

    return await ls.ask(offered)


async def resolve_code_action(ls: Server, params: types.CodeAction) -> types.CodeAction:
    ticket = read_ticket(params.data)
    if ticket is None:
        raise JsonRpcException("this code action was not offered by ipclint", INVALID_PARAMS)

    def resolved() -> types.WorkspaceEdit | None:
        address = ls.analysis.address(ticket.uri)
        try:
            return None if address is None else actions_of(ls, address).resolve(ticket)
        except Gone:
            return None

    params.edit = await ls.ask(resolved)
    if params.edit is None:
        raise JsonRpcException("the finding is not there any more", CONTENT_MODIFIED)
    return params


def actions_of(ls: Server, address: Address) -> Actions:
    folder = address.folder
    return Actions(ls.client, address, ls.analysis.diagnostics(folder), ls.analysis.edits(folder))


async def hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    def shown() -> types.Hover | None:
        address = ls.analysis.address(params.text_document.uri)
        if address is None:
            return None
        folder, path = address
        lines, positions = folder.lines(path), ls.analysis.positions
        hovers = Hovers(folder, path, ls.client.markdown, ls.analysis.diagnostics(folder).location)
        found = hovers.at(positions.offset(lines, params.position))
        if found is None:
            return None
        text, span = found
        kind = types.MarkupKind.Markdown if ls.client.markdown else types.MarkupKind.PlainText
        return types.Hover(types.MarkupContent(kind, text), positions.range(lines, span))

    return await ls.ask(shown)


async def complete(ls: Server, params: types.CompletionParams) -> list[types.CompletionItem]:
    def items() -> list[types.CompletionItem]:
        address = ls.analysis.address(params.text_document.uri)
        if address is None:
            return []
        folder, path = address
        rulebook, markdown = folder.session.rulebook, ls.client.completion_markdown
        return completion(path, folder.lines(path), params.position, ls.analysis.positions, rulebook, markdown)

    return await ls.ask(items)


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────────

_OPERATIONS = watching.file_operations()

FEATURES: dict[str, tuple[Any, Any]] = {
    types.INITIALIZE: (initialize, None),
    types.INITIALIZED: (initialized, None),
    types.SHUTDOWN: (shutdown, None),
    types.TEXT_DOCUMENT_DID_OPEN: (did_open, None),
    types.TEXT_DOCUMENT_DID_CHANGE: (did_change, None),
    types.TEXT_DOCUMENT_DID_SAVE: (did_save, types.SaveOptions(include_text=False)),
    types.TEXT_DOCUMENT_DID_CLOSE: (did_close, None),
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: (did_change_watched_files, None),
    types.WORKSPACE_DID_CREATE_FILES: (did_create_files, _OPERATIONS),
    types.WORKSPACE_DID_RENAME_FILES: (did_rename_files, _OPERATIONS),
    types.WORKSPACE_DID_DELETE_FILES: (did_delete_files, _OPERATIONS),
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: (did_change_workspace_folders, None),
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: (did_change_configuration, None),
    types.TEXT_DOCUMENT_DIAGNOSTIC: (
        diagnostic,
        types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=True, identifier="ipclint"),
    ),
    types.WORKSPACE_DIAGNOSTIC: (workspace_diagnostic, None),
    types.TEXT_DOCUMENT_CODE_ACTION: (
        code_action,
        types.CodeActionOptions(code_action_kinds=list(KINDS), resolve_provider=True),
    ),
    types.CODE_ACTION_RESOLVE: (resolve_code_action, None),
    types.TEXT_DOCUMENT_HOVER: (hover, None),
    types.TEXT_DOCUMENT_COMPLETION: (complete, types.CompletionOptions(trigger_characters=list(TRIGGERS))),
}


def make_server() -> Server:
    """A server with every feature it offers."""
    server = Server()
    for name, (handler, options) in (FEATURES | offers.FEATURES).items():
        server.feature(name, copy.copy(options))(handler)
    server.command(offers.SHOW)(offers.later("showing", "show_endpoint"))
    server.feature(surface.REQUEST)(surface.surface)
    return server
