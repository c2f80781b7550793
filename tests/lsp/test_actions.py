"""Code actions: found from the range, resolved late against the text as it stands, applied, and checked again."""

from __future__ import annotations

import tomllib

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from ipclint.lsp.convert import Positions
from ipclint.lsp.documents import Document

from .conftest import Editor, StartEditor, codes, cursor

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOUD = 'func f(_ t: String) {\n    shout(t); shout("😀"); shout(t)\n}\n'
EVERYWHERE = types.Range(types.Position(0, 0), types.Position(9, 0))


def applied(editor: Editor, name: str, text: str, edit: types.WorkspaceEdit) -> str:
    """The document after the parts of an edit that concern it."""
    document = Document("", "", 0, text)
    edits: list[types.TextEdit] = list((edit.changes or {}).get(editor.uri(name), ()))
    for change in edit.document_changes or ():
        if isinstance(change, types.TextDocumentEdit) and change.text_document.uri == editor.uri(name):
            assert change.text_document.version == editor.versions[name]
            edits += [each for each in change.edits if isinstance(each, types.TextEdit)]
    assert edits, "the edit leaves the document alone"
    for each in sorted(edits, key=lambda each: (each.range.start.line, each.range.start.character), reverse=True):
        document.apply([types.TextDocumentContentChangePartial(each.range, each.new_text)], Positions("utf-16"), 0)
    return document.data.decode()


def titled(actions: list[types.CodeAction], start: str) -> types.CodeAction:
    [action] = [action for action in actions if action.title.startswith(start)]
    return action


async def test_a_fix_is_offered_resolved_applied_and_silences_the_finding(editor: Editor):
    editor.open("A.swift", LOUD)
    fix = titled(await editor.actions("A.swift", cursor(1, 16)), "Whisper instead")
    assert fix.kind == types.CodeActionKind.QuickFix
    assert fix.is_preferred
    assert fix.edit is None
    assert codes(fix.diagnostics) == ["demo/no-shouting"]
    resolved = await editor.client.code_action_resolve_async(fix)
    assert resolved.edit is not None
    text = applied(editor, "A.swift", LOUD, resolved.edit)
    assert text == LOUD.replace('shout("😀")', 'whisper("😀")')
    editor.replace("A.swift", text)
    assert len(await editor.diagnostics("A.swift")) == 2


async def test_of_two_findings_that_look_the_same_the_right_one_is_fixed(editor: Editor):
    editor.open("A.swift", LOUD)
    fix = titled(await editor.actions("A.swift", cursor(1, 30)), "Whisper instead")
    editor.type("A.swift", 0, 0, "\n")
    resolved = await editor.client.code_action_resolve_async(fix)
    assert resolved.edit is not None
    assert applied(editor, "A.swift", "\n" + LOUD, resolved.edit).endswith('shout("😀"); whisper(t)\n}\n')


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("let a = 1\n  // ipclint:ignore DEMO1 -- no more\nlet b = 2\n", "let a = 1\nlet b = 2\n"),
        ("let a = 1  // ipclint:ignore DEMO1 -- no more\nlet b = 2\n", "let a = 1\nlet b = 2\n"),
        ("/* ipclint:ignore DEMO1 -- no more */ let b = 2\n", " let b = 2\n"),
    ],
)
async def test_a_suppression_of_nothing_is_removed(editor: Editor, before: str, after: str):
    editor.open("A.swift", before)
    [finding] = await editor.diagnostics("A.swift")
    assert finding.code == "ipclint/unused-suppression"
    assert list(finding.tags or ()) == [types.DiagnosticTag.Unnecessary]
    remove = titled(await editor.actions("A.swift", finding.range), "Remove this suppression")
    resolved = await editor.client.code_action_resolve_async(remove)
    assert resolved.edit is not None
    assert applied(editor, "A.swift", before, resolved.edit) == after


async def test_an_action_is_resolved_against_the_text_as_it_stands_then(editor: Editor):
    editor.open("A.swift", LOUD)
    fix = titled(await editor.actions("A.swift", cursor(1, 16)), "Whisper instead")
    editor.type("A.swift", 0, 0, "// é\n")
    resolved = await editor.client.code_action_resolve_async(fix)
    assert resolved.edit is not None
    assert applied(editor, "A.swift", "// é\n" + LOUD, resolved.edit).count('whisper("😀")') == 1
    editor.replace("A.swift", "func f() {}\n")
    with pytest.raises(JsonRpcException) as caught:
        await editor.client.code_action_resolve_async(fix)
    assert caught.value.code == -32801


async def test_a_suppression_asks_for_its_reason_and_is_quiet_with_one(editor: Editor):
    editor.open("A.swift", "func f(_ t: String) {\n    shout(t)\n}\n")
    suppress = titled(await editor.actions("A.swift", cursor(1, 6)), "Suppress demo/no-shouting here")
    assert not suppress.is_preferred
    resolved = await editor.client.code_action_resolve_async(suppress)
    assert resolved.edit is not None
    text = applied(editor, "A.swift", "func f(_ t: String) {\n    shout(t)\n}\n", resolved.edit)
    assert text.splitlines()[1] == "    // ipclint:ignore demo/no-shouting -- "
    editor.replace("A.swift", text)
    assert codes(await editor.diagnostics("A.swift")) == ["ipclint/suppression-without-reason"]
    editor.replace("A.swift", text.replace("-- ", "-- a test of loudness"))
    assert await editor.diagnostics("A.swift") == []


async def test_a_suppression_in_a_property_list_is_an_xml_comment(editor: Editor):
    text = '<plist version="1.0">\r\n<dict>\r\n\t<key>DemoOpenDoor</key>\r\n\t<true/>\r\n</dict>\r\n</plist>\r\n'
    editor.open("Info.plist", text, "xml")
    suppress = titled(await editor.actions("Info.plist", cursor(2, 5)), "Suppress demo/open-door here")
    resolved = await editor.client.code_action_resolve_async(suppress)
    assert resolved.edit is not None
    text = applied(editor, "Info.plist", text, resolved.edit)
    assert "\r\n\t<!-- ipclint:ignore demo/open-door —  -->\r\n\t<key>" in text
    editor.replace("Info.plist", text.replace("—  -->", "— it is a shop -->"))
    assert await editor.diagnostics("Info.plist") == []


async def test_all_safe_fixes_at_once(editor: Editor):
    editor.open("A.swift", LOUD)
    [action] = await editor.actions("A.swift", cursor(0, 0), only=["source.fixAll"])
    assert action.kind == "source.fixAll.ipclint"
    resolved = await editor.client.code_action_resolve_async(action)
    assert resolved.edit is not None
    text = applied(editor, "A.swift", LOUD, resolved.edit)
    assert text == LOUD.replace("shout", "whisper")
    editor.replace("A.swift", text)
    assert await editor.diagnostics("A.swift") == []
    assert await editor.actions("A.swift", cursor(0, 0), only=["source.fixAll.ipclint"]) == []


async def test_only_what_the_range_touches_and_the_kinds_that_are_wanted(editor: Editor):
    editor.open("A.swift", LOUD)
    fixes = [action for action in await editor.actions("A.swift", EVERYWHERE, ["quickfix"]) if action.is_preferred]
    assert len(fixes) == 3
    assert await editor.actions("A.swift", cursor(0, 0), ["quickfix"]) == []
    assert await editor.actions("A.swift", EVERYWHERE, ["refactor"]) == []
    by_itself = await editor.actions("A.swift", cursor(0, 0), automatic=True)
    assert by_itself == [], "a bulb for all fixes on every line would mean nothing"
    asked = await editor.actions("A.swift", cursor(0, 0))
    assert [action.kind for action in asked] == ["source.fixAll.ipclint"]


async def test_a_client_that_resolves_nothing_gets_edits_at_once(start_editor: StartEditor):
    editor = await start_editor("emacs")
    editor.open("A.swift", LOUD)
    fix = titled(await editor.actions("A.swift", cursor(1, 5)), "Whisper instead")
    assert fix.data is None
    assert fix.edit is not None and fix.edit.document_changes


async def test_an_action_of_another_server_is_refused(editor: Editor):
    with pytest.raises(JsonRpcException) as caught:
        await editor.client.code_action_resolve_async(types.CodeAction("Rename", data={"id": 4}))
    assert caught.value.code == -32602


async def test_a_suppression_for_the_whole_file(editor: Editor):
    editor.open("A.swift", LOUD)
    action = titled(await editor.actions("A.swift", cursor(1, 6)), "Suppress demo/no-shouting in this file")
    resolved = await editor.client.code_action_resolve_async(action)
    assert resolved.edit is not None
    text = applied(editor, "A.swift", LOUD, resolved.edit)
    assert text == f"// ipclint:ignore-file demo/no-shouting -- \n{LOUD}"
    editor.replace("A.swift", text.replace("-- ", "-- it is a shop"))
    assert await editor.diagnostics("A.swift") == []
    plist = '<?xml version="1.0"?>\n<plist version="1.0"><dict><key>DemoOpenDoor</key><true/></dict></plist>\n'
    editor.open("Info.plist", plist, "xml")
    action = titled(await editor.actions("Info.plist", cursor(1, 40)), "Suppress demo/open-door in this file")
    resolved = await editor.client.code_action_resolve_async(action)
    assert resolved.edit is not None
    text = applied(editor, "Info.plist", plist, resolved.edit)
    assert text.startswith('<?xml version="1.0"?>\n<!-- ipclint:ignore-file demo/open-door —  -->\n<plist')


async def test_a_rule_is_turned_off_in_the_configuration(editor: Editor):
    written = (editor.root / "ipclint.toml").read_text()
    editor.open("A.swift", LOUD)
    action = titled(await editor.actions("A.swift", cursor(1, 6)), "Turn demo/no-shouting off in ipclint.toml")
    resolved = await editor.client.code_action_resolve_async(action)
    assert resolved.edit is not None
    editor.open("ipclint.toml", written, "toml")
    action = titled(await editor.actions("A.swift", cursor(1, 6)), "Turn demo/no-shouting off in ipclint.toml")
    resolved = await editor.client.code_action_resolve_async(action)
    assert resolved.edit is not None
    text = applied(editor, "ipclint.toml", written, resolved.edit)
    assert tomllib.loads(text) == tomllib.loads(written) | {"ignore": ["demo/no-shouting"]}
