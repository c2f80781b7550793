"""Documents through the real server: opened, typed in, closed, in every encoding and with effects on other files."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from .conftest import Editor, StartEditor, codes

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOUT = ["demo/no-shouting"]
LOUD = "func f(_ text: String) {\n    shout(text)\n}\n"


async def test_a_finding_is_shown_where_it_stands(editor: Editor):
    editor.open("A.swift", LOUD)
    [diagnostic] = await editor.diagnostics("A.swift")
    assert diagnostic.code == "demo/no-shouting"
    assert diagnostic.source == "ipclint"
    assert diagnostic.message == "This is heard by everyone"
    assert diagnostic.severity == types.DiagnosticSeverity.Warning
    assert diagnostic.range == types.Range(types.Position(1, 4), types.Position(1, 15))


async def test_an_edit_moves_and_clears_it(editor: Editor):
    editor.open("A.swift", LOUD)
    editor.type("A.swift", 0, 0, "\n\n")
    [diagnostic] = await editor.diagnostics("A.swift")
    assert diagnostic.range.start == types.Position(3, 4)
    editor.type("A.swift", 3, 4, "whisper", end=(3, 9))
    assert await editor.diagnostics("A.swift") == []


async def test_changes_of_one_message_refer_to_each_other(editor: Editor):
    editor.open("A.swift", "func f() {}\n")
    first = types.TextDocumentContentChangePartial(
        types.Range(types.Position(0, 10), types.Position(0, 10)), "\n    shout(1)\n"
    )
    second = types.TextDocumentContentChangePartial(types.Range(types.Position(1, 10), types.Position(1, 11)), '"😀"')
    editor.edit("A.swift", first, second)
    [diagnostic] = await editor.diagnostics("A.swift")
    assert diagnostic.range == types.Range(types.Position(1, 4), types.Position(1, 15))


@pytest.mark.parametrize(
    ("client", "encoding", "begin", "typed"),
    [
        ("neovim@v0.11", "utf-8", 27, 12 + 11),
        ("visual_studio_code", "utf-16", 25, 9 + 9),
        ("emacs", "utf-32", 24, 8 + 8),
    ],
)
async def test_columns_are_the_clients(start_editor: StartEditor, client: str, encoding: str, begin: int, typed: int):
    editor = await start_editor(client)
    assert (editor.answer.capabilities.position_encoding or "utf-16") == encoding
    editor.open("A.swift", 'func f() { let s = "😀"; shout(s) }\n')
    [diagnostic] = await editor.diagnostics("A.swift")
    assert diagnostic.range == types.Range(types.Position(0, begin), types.Position(0, begin + 8))
    editor.type("A.swift", 0, begin, '_="é😀"; ')
    editor.type("A.swift", 0, 0, "/* 😀 */ ")
    [diagnostic] = await editor.diagnostics("A.swift")
    assert diagnostic.range.start == types.Position(0, begin + typed)


async def test_editing_a_delegate_clears_the_finding_at_the_listener(editor: Editor):
    """The workspace is linked, unsaved buffers included."""
    editor.open("Main.swift", MAIN)
    editor.open("Delegate.swift", DELEGATE)
    await editor.settles("Delegate.swift", ["xpc/listener-accepts-unverified-peer"])
    requirement = "anchor apple generic and certificate leaf[subject.OU] = ABCDE12345"
    line = next(number for number, row in enumerate(MAIN.splitlines()) if "resume" in row)
    editor.type("Main.swift", line, 0, f'listener.setConnectionCodeSigningRequirement("{requirement}")\n')
    await editor.settles("Delegate.swift", [])


async def test_files_on_disk_are_shown_and_a_buffer_takes_their_place(root: Path, start_editor: StartEditor):
    (root / "A.swift").write_text(LOUD)
    editor = await start_editor()
    assert codes(await editor.diagnostics("A.swift")) == SHOUT
    editor.open("A.swift", "func f() {}\n")
    assert await editor.diagnostics("A.swift") == []
    editor.close("A.swift")
    assert codes(await editor.diagnostics("A.swift")) == SHOUT


async def test_a_whole_text_takes_the_place_of_the_document(editor: Editor):
    editor.open("A.swift", LOUD)
    editor.replace("A.swift", "func g() {}\n")
    assert await editor.diagnostics("A.swift") == []
    editor.replace("A.swift", LOUD)
    assert codes(await editor.diagnostics("A.swift")) == SHOUT


async def test_untitled_documents_and_property_lists(editor: Editor):
    editor.open("untitled:Untitled-1", LOUD)
    assert codes(await editor.diagnostics("untitled:Untitled-1")) == SHOUT
    editor.open("Info.plist", PLIST, "xml")
    assert codes(await editor.diagnostics("Info.plist")) == ["demo/open-door"]
    editor.close("untitled:Untitled-1")
    assert await editor.diagnostics("untitled:Untitled-1") == []


async def test_without_a_folder_an_open_file_is_analysed_alone(root: Path, start_editor: StartEditor):
    (root / "B.swift").write_text(LOUD)
    editor = await start_editor(folders=False)
    editor.open("A.swift", LOUD)
    assert codes(await editor.diagnostics("A.swift")) == SHOUT
    assert editor.uri("B.swift") not in editor.published


async def test_a_document_that_is_too_large_says_so_and_the_others_go_on(editor: Editor):
    editor.open("Large.swift", LOUD + "let a = [" + "1, " * 400_000 + "]\n")
    [diagnostic] = await editor.diagnostics("Large.swift")
    assert (diagnostic.code, diagnostic.severity) == ("not-analysed", types.DiagnosticSeverity.Information)
    assert diagnostic.message == "Large.swift: is larger than 1024 KiB, so it was not analysed"
    editor.open("A.swift", LOUD)
    assert codes(await editor.diagnostics("A.swift")) == SHOUT
    editor.type("Large.swift", 3, 0, "", end=(4, 0))
    assert codes(await editor.diagnostics("Large.swift")) == SHOUT


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

PLIST = """<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0">
<dict>
    <key>DemoOpenDoor</key>
    <true/>
</dict>
</plist>
"""
