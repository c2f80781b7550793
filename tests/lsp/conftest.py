"""A real server process behind a test client that knows how to type, and a workspace with two small rules."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types
from pytest_lsp import LanguageClient, client_capabilities
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

WORKSPACE = Path(__file__).parent / "workspace"
COURIER = Path(__file__).parent / "courier"
SERVER = Path(__file__).parents[2] / "server"
TIMEOUT = 10.0
"""Seconds after which something that should happen is taken not to happen."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace of its own, with the rules demo/no-shouting (Swift and Objective-C) and demo/open-door (plist)."""
    return Path(shutil.copytree(WORKSPACE, tmp_path / "workspace"))


@pytest.fixture(scope="session")
def server_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(SERVER), "IPCLINT_CACHE_DIR": str(tmp_path_factory.mktemp("cache"))}


class Editor:
    """A client that opens documents of one folder, and waits for what the server makes of them."""

    def __init__(self, root: Path, client: LanguageClient) -> None:
        self.root = root
        self.client = client
        self.published: dict[str, types.PublishDiagnosticsParams] = {}
        self.registrations: list[types.Registration] = []
        self.refreshed: list[str] = []  # what the server asked the client to ask for again
        self.versions: dict[str, int] = {}
        self.answer: types.InitializeResult

    def uri(self, name: str) -> str:
        return name if ":" in name else (self.root / name).as_uri()

    async def start(
        self, environment: dict[str, str], capabilities: types.ClientCapabilities, folders: bool = True, **options: Any
    ) -> None:
        await self.client.start_io(sys.executable, "-m", "ipclint", "server", env=environment)
        folder = types.WorkspaceFolder(self.root.as_uri(), self.root.name)
        self.answer = await self.client.initialize_session(
            types.InitializeParams(capabilities, workspace_folders=[folder] if folders else None, **options)
        )

    async def stop(self) -> None:
        await self.client.shutdown_session()
        await self.client.stop()

    def open(self, name: str, text: str | None = None, language: str = "swift") -> None:
        text = (self.root / name).read_text() if text is None else text
        self.versions[name] = 1
        document = types.TextDocumentItem(self.uri(name), language, 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(document))

    def close(self, name: str) -> None:
        del self.versions[name]
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(self.document(name)))

    def save(self, name: str) -> None:
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(self.document(name)))

    def document(self, name: str) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(self.uri(name))

    def edit(self, name: str, *changes: types.TextDocumentContentChangeEvent) -> None:
        self.versions[name] += 1
        document = types.VersionedTextDocumentIdentifier(self.versions[name], self.uri(name))
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, list(changes)))

    def replace(self, name: str, text: str) -> None:
        self.edit(name, types.TextDocumentContentChangeWholeDocument(text))

    def type(self, name: str, line: int, column: int, text: str, end: tuple[int, int] | None = None) -> None:
        start = types.Position(line, column)
        ends = types.Range(start, types.Position(*end) if end else start)
        self.edit(name, types.TextDocumentContentChangePartial(ends, text))

    async def diagnostics(self, name: str) -> list[types.Diagnostic]:
        """What was published for the version that the document has now (for a file that is not open: at all)."""
        uri, version = self.uri(name), self.versions.get(name)
        await until(lambda: uri in self.published and self.published[uri].version == version)
        return list(self.published[uri].diagnostics)

    async def settles(self, name: str, wanted: list[str]) -> None:
        """Waits until the document shows exactly these rules."""
        await until(lambda: self.shown(name) == wanted)

    def shown(self, name: str) -> list[str]:
        """The rules that the document shows now."""
        params = self.published.get(self.uri(name))
        return [] if params is None else codes(params.diagnostics)

    async def actions(
        self, name: str, at: types.Range, only: list[str] | None = None, automatic: bool = False
    ) -> list[types.CodeAction]:
        trigger = types.CodeActionTriggerKind.Automatic if automatic else types.CodeActionTriggerKind.Invoked
        context = types.CodeActionContext([], only=only, trigger_kind=trigger)
        found = await self.client.text_document_code_action_async(
            types.CodeActionParams(self.document(name), at, context)
        )
        return [action for action in found or () if isinstance(action, types.CodeAction)]

    async def hover(self, name: str, line: int, column: int) -> str | None:
        found = await self.client.text_document_hover_async(
            types.HoverParams(self.document(name), types.Position(line, column))
        )
        return None if found is None else found.contents.value  # type: ignore[union-attr]


async def until(condition: Callable[[], bool]) -> None:
    """Waits for something to come true."""
    async with asyncio.timeout(TIMEOUT):
        while not condition():
            await asyncio.sleep(0.002)


def codes(diagnostics: Any) -> list[str]:
    return [str(diagnostic.code) for diagnostic in diagnostics]


def cursor(line: int, column: int) -> types.Range:
    return types.Range(types.Position(line, column), types.Position(line, column))


def profile(name: str, pull: bool = False, plain: bool = False) -> types.ClientCapabilities:
    """The capabilities of an editor; `pull`: as if it asked for diagnostics itself; `plain`: without Markdown."""
    capabilities = client_capabilities(name)
    if plain:
        assert capabilities.text_document is not None and capabilities.text_document.hover is not None
        capabilities.text_document.hover.content_format = [types.MarkupKind.PlainText]
    if pull:
        assert capabilities.text_document is not None and capabilities.workspace is not None
        capabilities.text_document.diagnostic = types.DiagnosticClientCapabilities()
        capabilities.workspace.diagnostics = types.DiagnosticWorkspaceClientCapabilities(refresh_support=True)
    return capabilities


StartEditor = Callable[..., Awaitable[Editor]]


async def started(
    root: Path, environment: dict[str, str], capabilities: types.ClientCapabilities, **options: Any
) -> Editor:
    client = LanguageClient(configuration={"": {"ipclint": options.pop("settings", None)}})
    editor = Editor(root, client)

    def publish(_: LanguageClient, params: types.PublishDiagnosticsParams) -> None:
        editor.published[params.uri] = params

    def registered(_: LanguageClient, params: types.RegistrationParams) -> None:
        editor.registrations += params.registrations

    def refreshes(method: str) -> Callable[[LanguageClient, None], None]:
        def refresh(_: LanguageClient, params: None) -> None:
            editor.refreshed.append(method)

        return refresh

    own: dict[str, Any] = {
        types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: publish,
        types.CLIENT_REGISTER_CAPABILITY: registered,
    }
    own |= {name: refreshes(name) for name in (types.WORKSPACE_CODE_LENS_REFRESH, types.WORKSPACE_INLAY_HINT_REFRESH)}
    register_lsp_features(client, DEFAULT_CLIENT_FEATURES | own | options.pop("features", {}))
    await editor.start(environment, capabilities, **options)
    return editor


@pytest_asyncio.fixture(loop_scope="module")
async def start_editor(root: Path, server_environment: dict[str, str]) -> AsyncIterator[StartEditor]:
    """Starts an editor on a workspace of its own: `await start_editor("neovim@v0.11", pull=…, folders=…)`."""
    running: list[Editor] = []

    async def start(
        name: str = "visual_studio_code", pull: bool = False, plain: bool = False, **options: Any
    ) -> Editor:
        running.append(await started(root, server_environment, profile(name, pull, plain), **options))
        return running[-1]

    yield start
    for editor in running:
        await editor.stop()


def every_capability() -> types.ClientCapabilities:
    """VS Code, as if it knew what came into the protocol after its profile was written."""
    capabilities = profile("visual_studio_code")
    assert capabilities.text_document is not None and capabilities.workspace is not None
    capabilities.text_document.inlay_hint = types.InlayHintClientCapabilities()
    capabilities.workspace.inlay_hint = types.InlayHintWorkspaceClientCapabilities(refresh_support=True)
    return capabilities


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def courier(
    tmp_path_factory: pytest.TempPathFactory, server_environment: dict[str, str]
) -> AsyncIterator[Editor]:
    """An editor on a service, its clients and what they share, in Swift and Objective-C. One process a module."""
    root = Path(shutil.copytree(COURIER, tmp_path_factory.mktemp("courier") / "courier"))
    editor = await started(root, server_environment, every_capability())
    yield editor
    await editor.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory, server_environment: dict[str, str]) -> AsyncIterator[Editor]:
    root = Path(shutil.copytree(WORKSPACE, tmp_path_factory.mktemp("shared") / "workspace"))
    editor = await started(root, server_environment, profile("visual_studio_code"))
    yield editor
    await editor.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def editor(shared: Editor) -> AsyncIterator[Editor]:
    """VS Code as of 1.65: UTF-16, pushed diagnostics, lazy code actions, versioned edits. One process a module."""
    yield shared
    for name in list(shared.versions):
        shared.close(name)
    shared.published.clear()
