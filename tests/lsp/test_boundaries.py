"""Code lenses and inlay hints at trust boundaries, and the command behind a lens."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from .conftest import COURIER, TIMEOUT, Editor, every_capability, profile, started, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

LISTENER = "Mach service · 1 client · peer: not checked · 3 methods, 1 reaches Process"
ALL = types.Range(types.Position(0, 0), types.Position(1000, 0))
REQUIRE = '        connection.setCodeSigningRequirement("anchor apple")\n'
LENSES, HINTS = types.WORKSPACE_CODE_LENS_REFRESH, types.WORKSPACE_INLAY_HINT_REFRESH


async def lenses(editor: Editor, name: str) -> list[types.CodeLens]:
    found = await editor.client.text_document_code_lens_async(types.CodeLensParams(editor.document(name)))
    return list(found or ())


async def titles(editor: Editor, name: str) -> list[str]:
    return [each.command.title for each in await lenses(editor, name) if each.command is not None]


async def hints(editor: Editor, name: str, within: types.Range = ALL) -> list[types.InlayHint]:
    found = await editor.client.text_document_inlay_hint_async(types.InlayHintParams(editor.document(name), within))
    return list(found or ())


async def indexed(editor: Editor) -> None:
    """Waits for what only the whole workspace tells. A client that can be told to ask again has no lens until then."""
    await until(lambda: editor.shown("Helper/HelperDelegate.swift") != [])
    async with asyncio.timeout(TIMEOUT):
        while not await hints(editor, "Helper/Helper.swift"):
            await asyncio.sleep(0.002)


def tooltip(hint: types.InlayHint) -> str:
    assert isinstance(hint.tooltip, types.MarkupContent)
    return hint.tooltip.value


async def test_a_lens_says_what_stands_at_a_listener(courier: Editor):
    await indexed(courier)
    [lens] = await lenses(courier, "Helper/main.swift")
    assert lens.command is not None and lens.command.title == LISTENER
    assert lens.range == types.Range(types.Position(3, 24), types.Position(3, 77)), "an emoji before it"
    assert await titles(courier, "Helper/HelperDelegate.swift") == [
        LISTENER.replace("Mach service", "Mach service com.example.courier")
    ]
    assert await titles(courier, "App/Client.swift") == [
        "XPC connection · com.example.courier · 1 listener · peer: the system"
    ]
    assert await titles(courier, "App/AppDelegate.swift") == ["URL handler · reaches files"]
    assert await titles(courier, "Helper/Shell.swift") == []


async def test_hints_mark_what_arrives_and_say_who_sends_it(courier: Editor):
    await indexed(courier)
    command, folder, letter = await hints(courier, "Helper/Helper.swift")
    assert {command.label, folder.label, letter.label} == {"⇠ XPC"}
    assert command.position == types.Position(3, 46), "behind the type, two UTF-16 columns for the emoji"
    text = tooltip(command)
    assert "`command` comes from another process." in text
    assert "Exported by the Mach service com.example.courier (Helper/main.swift:4)" in text
    assert "Before it: not checked." in text
    rows = types.Range(types.Position(7, 0), types.Position(8, 0))
    assert [hint.position.line for hint in await hints(courier, "Helper/Helper.swift", rows)] == [7]
    [url] = await hints(courier, "App/AppDelegate.swift")
    assert url.label == "⇠ URL" and "any web page" in tooltip(url)


async def test_an_edit_elsewhere_refreshes_lenses_and_hints_of_others(courier: Editor):
    await indexed(courier)
    courier.open("Helper/main.swift")
    courier.open("Helper/HelperDelegate.swift")
    assert await titles(courier, "Helper/main.swift") == [LISTENER]
    await hints(courier, "Helper/Helper.swift")
    courier.refreshed.clear()
    courier.type("Helper/HelperDelegate.swift", 6, 0, REQUIRE)
    await until(lambda: set(courier.refreshed) == {LENSES, HINTS})
    assert await titles(courier, "Helper/main.swift") == [LISTENER.replace("not checked", "code requirement (Apple)")]
    assert "Before it: code requirement (Apple)." in tooltip((await hints(courier, "Helper/Helper.swift"))[0])
    courier.close("Helper/HelperDelegate.swift")
    await until(lambda: len(courier.refreshed) == 4)
    courier.close("Helper/main.swift")


async def test_settings_switch_both_off(courier: Editor):
    await indexed(courier)
    assert await titles(courier, "Helper/main.swift") and await hints(courier, "Helper/Helper.swift")
    for settings, shows in (({"codeLens": False, "inlayHints": False}, False), ({}, True)):
        courier.refreshed.clear()
        courier.client.set_configuration({"ipclint": settings})
        courier.client.workspace_did_change_configuration(types.DidChangeConfigurationParams({}))
        await until(lambda: set(courier.refreshed) == {LENSES, HINTS})
        assert bool(await titles(courier, "Helper/main.swift")) == shows
        assert bool(await hints(courier, "Helper/Helper.swift")) == shows


async def test_who_asks_too_early_is_told_when_to_ask_again_and_the_command_tells_everything(
    tmp_path: Path, server_environment: dict[str, str]
):
    root = Path(shutil.copytree(COURIER, tmp_path / "courier"))
    asked: list[types.ShowMessageRequestParams] = []
    opened: list[types.ShowDocumentParams] = []

    def choose(_: object, params: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
        asked.append(params)
        return params.actions[0] if params.actions else None

    def show(_: object, params: types.ShowDocumentParams) -> types.ShowDocumentResult:
        opened.append(params)
        return types.ShowDocumentResult(success=True)

    features = {types.WINDOW_SHOW_MESSAGE_REQUEST: choose, types.WINDOW_SHOW_DOCUMENT: show}
    editor = await started(root, server_environment, every_capability(), features=features)
    assert await titles(editor, "Helper/main.swift") == []
    await until(lambda: LENSES in editor.refreshed)
    [lens] = await lenses(editor, "Helper/main.swift")
    assert lens.command is not None
    assert editor.answer.capabilities.execute_command_provider is not None
    assert lens.command.command in editor.answer.capabilities.execute_command_provider.commands
    shown: Any = await run(editor, lens.command.command, *(lens.command.arguments or ()))
    for line in ("Mach service com.example.courier", "other side: App/Client.swift:4"):
        assert line in shown["text"].split("\n")
    assert "peer authenticated by nothing: every connection is accepted" in shown["text"]
    assert "runCommand(_:inFolder:withReply:) (Helper/Helper.swift:4) reaches Process" in shown["text"]
    await until(lambda: bool(opened))
    assert opened[0].uri == editor.uri("App/Client.swift")
    for arguments in ([], ["x"], [1, 2], [editor.uri("Helper/main.swift"), "no such"], ["nowhere:", "no such"]):
        assert await run(editor, lens.command.command, *arguments) is None
    await editor.stop()


async def declared(editor: Editor, column: int) -> str:
    """Where the message is declared that is sent behind an emoji; the columns around say nothing."""
    editor.open("App/Legacy.m", language="objective-c")
    for at in (column - 2, column):
        position = types.Position(7, at)
        found: Any = await editor.client.text_document_definition_async(
            types.DefinitionParams(editor.document("App/Legacy.m"), position)
        )
        assert (found == []) == (at < column)
    return found[0].uri


async def run(editor: Editor, command: str, *arguments: Any) -> Any:
    return await editor.client.workspace_execute_command_async(types.ExecuteCommandParams(command, list(arguments)))


async def test_a_client_with_a_command_of_its_own_is_given_locations(
    tmp_path: Path, server_environment: dict[str, str]
):
    root = Path(shutil.copytree(COURIER, tmp_path / "courier"))
    capabilities = profile("neovim@v0.11")
    capabilities.experimental = {"commands": {"commands": ["ipclint.showReferences"]}}
    editor = await started(root, server_environment, capabilities)
    await indexed(editor)
    [lens] = await lenses(editor, "Helper/main.swift")
    assert lens.command is not None and lens.command.command == "ipclint.showReferences"
    arguments: Any = lens.command.arguments
    uri, position, locations = arguments
    assert (uri, position["line"]) == (editor.uri("Helper/main.swift"), 3)
    assert [each["uri"] for each in locations] == [
        editor.uri("App/Client.swift"),
        *[editor.uri("Helper/Helper.swift")] * 3,
    ]
    assert lens.range.start.character == 26, "the emoji takes four UTF-8 columns"
    [command, *_] = await hints(editor, "Helper/Helper.swift")
    assert command.position.character == 48
    assert await declared(editor, 40) == editor.uri("Shared/HelperProtocol.h")
    assert editor.answer.capabilities.code_lens_provider and editor.answer.capabilities.inlay_hint_provider
    await editor.stop()


async def test_an_old_client_is_offered_nothing_that_it_does_not_know(
    tmp_path: Path, server_environment: dict[str, str]
):
    root = Path(shutil.copytree(COURIER, tmp_path / "courier"))
    editor = await started(root, server_environment, profile("emacs"))
    offered = editor.answer.capabilities
    assert offered.position_encoding == "utf-32"
    assert offered.code_lens_provider is None and offered.call_hierarchy_provider is None
    assert offered.inlay_hint_provider and offered.definition_provider and offered.document_symbol_provider
    await indexed(editor)
    [command, *_] = await hints(editor, "Helper/Helper.swift")
    assert command.position.character == 45
    assert await declared(editor, 37) == editor.uri("Shared/HelperProtocol.h")
    await editor.stop()


async def test_refactorings_build_what_a_boundary_lacks(courier: Editor):
    await indexed(courier)
    provider: Any = courier.answer.capabilities.code_action_provider
    assert "refactor.rewrite.ipclint" in provider.code_action_kinds
    at = types.Range(types.Position(3, 12), types.Position(3, 12))
    [action] = await courier.actions("Helper/Helper.swift", at, ["refactor.rewrite"])
    assert action.title == "Check the arguments of runCommand(_:inFolder:withReply:) first"
    assert (action.kind, action.edit) == ("refactor.rewrite.ipclint", None)
    resolved = await courier.client.code_action_resolve_async(action)
    changes: Any = resolved.edit and resolved.edit.document_changes
    texts = [edit.new_text for change in changes for edit in change.edits]
    assert any("guard Self.acceptsRunCommand(command: command, folder: folder)" in text for text in texts)
    at = types.Range(types.Position(2, 12), types.Position(2, 12))
    [action] = await courier.actions("Shared/Letter.h", at, ["refactor"])
    assert action.title == "Make Letter an NSSecureCoding class"
    at = types.Range(types.Position(3, 10), types.Position(3, 10))
    kinds = {action.kind for action in await courier.actions("Helper/HelperDelegate.swift", at)}
    assert kinds == {"quickfix", "refactor.rewrite.ipclint"}
    assert await courier.actions("Helper/HelperDelegate.swift", at, ["refactor.inline"]) == []
    automatic = await courier.actions("Helper/HelperDelegate.swift", at, automatic=True)
    assert {action.kind for action in automatic} == {"quickfix"}, "a bulb at every method would say nothing"
