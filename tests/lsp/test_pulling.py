"""Diagnostics on request: result ids, unchanged reports, the whole workspace, and word when to ask again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from .conftest import Editor, StartEditor, codes, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOUD = "func f(_ text: String) {\n    shout(text)\n}\n"


async def pull(editor: Editor, name: str, previous: str | None = None) -> types.DocumentDiagnosticReport:
    params = types.DocumentDiagnosticParams(editor.document(name), previous_result_id=previous)
    return await editor.client.text_document_diagnostic_async(params)


async def pull_all(editor: Editor, previous: list[types.PreviousResultId], **options: Any) -> dict[str, Any]:
    params = types.WorkspaceDiagnosticParams(previous, **options)
    answer = await editor.client.workspace_diagnostic_async(params)
    return {item.uri.rpartition("/")[2]: item for item in answer.items}


async def test_a_document_is_pulled_in_full_once(start_editor: StartEditor):
    editor = await start_editor(pull=True)
    editor.open("A.swift", LOUD)
    first = await pull(editor, "A.swift")
    assert isinstance(first, types.RelatedFullDocumentDiagnosticReport)
    assert codes(first.items) == ["demo/no-shouting"]
    again = await pull(editor, "A.swift", first.result_id)
    assert isinstance(again, types.RelatedUnchangedDocumentDiagnosticReport)
    editor.type("A.swift", 0, 0, "\n")
    moved = await pull(editor, "A.swift", first.result_id)
    assert isinstance(moved, types.RelatedFullDocumentDiagnosticReport)
    assert moved.items[0].range.start == types.Position(2, 4)
    assert editor.published == {}, "a client that pulls is not pushed anything for what it has open"


async def test_an_edit_that_matters_elsewhere_has_the_client_ask_again(start_editor: StartEditor):
    editor = await start_editor(pull=True)
    editor.open("Delegate.swift", DELEGATE)
    editor.open("Main.swift", MAIN.replace("HelperDelegate()", "OtherDelegate()"))
    await pull(editor, "Delegate.swift")
    before = editor.client.diagnostic_refresh_count
    requirement = 'listener.setConnectionCodeSigningRequirement("anchor apple generic and identifier com.example.a")'
    editor.replace("Main.swift", MAIN.replace("listener.resume()", f"{requirement}\nlistener.resume()"))
    await until(lambda: editor.client.diagnostic_refresh_count > before)


async def test_a_rule_that_is_switched_off_has_the_client_ask_again(root: Path, start_editor: StartEditor):
    """In a file of no workspace folder too, which is not indexed; and not where that makes no difference."""
    editor = await start_editor(pull=True, folders=False)
    editor.open("A.swift", LOUD)
    assert isinstance(before := await pull(editor, "A.swift"), types.RelatedFullDocumentDiagnosticReport)
    assert codes(before.items) == ["demo/no-shouting"]
    changed = types.DidChangeWatchedFilesParams(
        [types.FileEvent(editor.uri("ipclint.toml"), types.FileChangeType.Changed)]
    )
    for text, times in (('rules = ["rules"]\n# nothing else\n', 0), ('rules = ["rules"]\nignore = ["DEMO1"]\n', 1)):
        asked = editor.client.diagnostic_refresh_count
        (root / "ipclint.toml").write_text(text)
        editor.client.workspace_did_change_watched_files(changed)
        found = await pull(editor, "A.swift")
        assert isinstance(found, types.RelatedFullDocumentDiagnosticReport)
        assert codes(found.items) == ["demo/no-shouting"] * (1 - times)
        await until(lambda asked=asked, times=times: editor.client.diagnostic_refresh_count == asked + times)


async def test_the_workspace_is_pulled_and_then_waited_for(root: Path, start_editor: StartEditor):
    (root / "A.swift").write_text(LOUD)
    editor = await start_editor(pull=True)
    found: dict[str, Any] = {}
    previous: list[types.PreviousResultId] = []
    while "A.swift" not in found:
        found = await pull_all(editor, previous)
    assert codes(found["A.swift"].items) == ["demo/no-shouting"]
    previous = [types.PreviousResultId(item.uri, item.result_id) for item in found.values()]
    waiting = asyncio.ensure_future(pull_all(editor, previous))
    await asyncio.sleep(0.05)
    assert not waiting.done(), "nothing has changed, so there is nothing to answer"
    editor.open("B.swift", LOUD)
    found = await waiting
    assert isinstance(found["A.swift"], types.WorkspaceUnchangedDocumentDiagnosticReport)
    assert codes(found["B.swift"].items) == ["demo/no-shouting"]
    assert found["B.swift"].version == 1
    editor.replace("B.swift", "func f() {}\n")
    found = await pull_all(editor, [types.PreviousResultId(item.uri, item.result_id) for item in found.values()])
    assert list(found["B.swift"].items) == [], "what the client believes to be there is taken back"


async def test_a_client_that_cannot_be_told_to_ask_again_is_pushed_to(start_editor: StartEditor):
    editor = await start_editor("neovim@v0.11")
    assert editor.answer.capabilities.diagnostic_provider is None
    editor.open("A.swift", LOUD)
    assert codes(await editor.diagnostics("A.swift")) == ["demo/no-shouting"]


MAIN = """import Foundation

let listener = NSXPCListener(machServiceName: "com.example.helper")
let delegate = HelperDelegate()
listener.delegate = delegate
listener.resume()
"""

DELEGATE = """import Foundation

final class HelperDelegate: NSObject, NSXPCListenerDelegate {
    func listener(_ listener: NSXPCListener, shouldAcceptNewConnection connection: NSXPCConnection) -> Bool {
        connection.exportedObject = Helper()
        connection.resume()
        return true
    }
}
"""
