"""Files and folders that come, go and change on disk; configuration; progress; what is left when analysis fails."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from lsprotocol import types

from ipclint.engine.baseline import encode_baseline, entries_of
from ipclint.engine.setup import open_session

from .conftest import Editor, StartEditor, codes, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOUD = "func f(_ text: String) {\n    shout(text)\n}\n"
SHOUT = ["demo/no-shouting"]


def watched(editor: Editor, name: str, kind: types.FileChangeType = types.FileChangeType.Changed) -> None:
    event = types.FileEvent(editor.uri(name), kind)
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))


async def test_sources_property_lists_projects_and_configuration_are_watched(editor: Editor):
    await until(lambda: bool(editor.registrations))
    [registration] = editor.registrations
    assert registration.method == "workspace/didChangeWatchedFiles"
    assert registration.register_options is not None
    patterns = " ".join(watcher["globPattern"] for watcher in registration.register_options["watchers"])
    for name in (
        "swift",
        "m,",
        "mm",
        "h,",
        "c,",
        "plist",
        "entitlements",
        "pbxproj",
        "xcconfig",
        "yml",
        "yaml",
        "json",
    ):
        assert name in patterns
    assert "ipclint.toml" in patterns


async def test_files_on_disk_come_change_and_go(editor: Editor):
    file = editor.root / "Disk.swift"
    file.write_text(LOUD)
    watched(editor, "Disk.swift", types.FileChangeType.Created)
    await editor.settles("Disk.swift", SHOUT)
    file.write_text("func f() {}\n")
    watched(editor, "Disk.swift")
    await editor.settles("Disk.swift", [])
    file.write_text(LOUD)
    watched(editor, "Disk.swift")
    await editor.settles("Disk.swift", SHOUT)
    file.unlink()
    watched(editor, "Disk.swift", types.FileChangeType.Deleted)
    await editor.settles("Disk.swift", [])


async def test_what_is_open_stands_before_what_the_disk_says(editor: Editor):
    file = editor.root / "Open.swift"
    editor.open("Open.swift", LOUD)
    await editor.settles("Open.swift", SHOUT)
    file.write_text("func f() {}\n")
    watched(editor, "Open.swift")
    editor.type("Open.swift", 0, 0, "\n")
    assert codes(await editor.diagnostics("Open.swift")) == SHOUT
    file.unlink()


async def test_a_renamed_and_a_deleted_folder(editor: Editor):
    (editor.root / "Old").mkdir()
    (editor.root / "Old" / "A.swift").write_text(LOUD)
    watched(editor, "Old/A.swift", types.FileChangeType.Created)
    await editor.settles("Old/A.swift", SHOUT)
    (editor.root / "Old").rename(editor.root / "New")
    rename = types.FileRename(editor.uri("Old"), editor.uri("New"))
    editor.client.workspace_did_rename_files(types.RenameFilesParams([rename]))
    await editor.settles("New/A.swift", SHOUT)
    await editor.settles("Old/A.swift", [])
    shutil.rmtree(editor.root / "New")
    editor.client.workspace_did_delete_files(types.DeleteFilesParams([types.FileDelete(editor.uri("New"))]))
    await editor.settles("New/A.swift", [])


async def test_the_configuration_is_read_again_and_its_mistakes_are_shown_in_it(root: Path, start_editor: StartEditor):
    (root / "B.swift").write_text(LOUD)
    editor = await start_editor()
    editor.open("A.swift", LOUD)
    await editor.settles("A.swift", SHOUT)
    configuration = root / "ipclint.toml"
    written = configuration.read_text()
    configuration.write_text(written + 'ignore = ["DEMO1"]\n')
    watched(editor, "ipclint.toml")
    await editor.settles("A.swift", [])
    await editor.settles("B.swift", [])
    configuration.write_text(written + '\nignroe = ["DEMO1"]\n')
    watched(editor, "ipclint.toml")
    await editor.settles("ipclint.toml", ["configuration"])
    [mistake] = editor.published[editor.uri("ipclint.toml")].diagnostics
    assert "ignore" in mistake.message
    assert mistake.range.start.line == 2
    configuration.write_text(written)
    watched(editor, "ipclint.toml")
    await editor.settles("ipclint.toml", [])
    await editor.settles("B.swift", SHOUT)


async def test_the_baseline_is_read_again_when_it_changes(root: Path, start_editor: StartEditor):
    (root / "B.swift").write_text(LOUD)
    configuration, baseline = root / "ipclint.toml", root / "known.json"
    configuration.write_text(configuration.read_text() + 'baseline = "known.json"\n')
    before = encode_baseline(())
    baseline.write_text(before)
    editor = await start_editor()
    await editor.settles("B.swift", SHOUT)
    session = open_session(root, cache=False)
    session.load()
    entries = entries_of(session.reports("B.swift"), lambda path: session.document(path).data, lambda path: path, ())
    known = encode_baseline(entries)
    for text, expected, mistakes in (
        (known, [], []),
        ("{", [], ["configuration"]),
        (before, SHOUT, []),
        (known, [], []),
    ):
        baseline.write_text(text)
        watched(editor, "known.json")
        await editor.settles("B.swift", expected)
        await editor.settles("ipclint.toml", mistakes)


async def test_other_files_of_data_change_nothing(root: Path, start_editor: StartEditor):
    (root / "B.swift").write_text(LOUD)
    editor = await start_editor()
    await editor.settles("B.swift", SHOUT)
    editor.open("A.swift", LOUD)
    await editor.settles("A.swift", SHOUT)
    begun = len(editor.client.progress_reports)
    (root / "other.json").write_text("{}")
    watched(editor, "other.json", types.FileChangeType.Created)
    watched(editor, ".github/workflows/ci.yml", types.FileChangeType.Created)
    editor.type("A.swift", 0, 0, "\n")
    assert codes(await editor.diagnostics("A.swift")) == SHOUT
    assert len(editor.client.progress_reports) == begun


async def test_settings_of_the_editor(root: Path, start_editor: StartEditor):
    (root / "B.swift").write_text(LOUD)
    editor = await start_editor(settings={"diagnosticsScope": "openFiles", "unknown": 1})
    editor.open("A.swift", LOUD)
    await editor.settles("A.swift", SHOUT)
    assert editor.uri("B.swift") not in editor.published
    editor.client.set_configuration({"ipclint": {"diagnosticsScope": "workspace"}})
    editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
    await editor.settles("B.swift", SHOUT)
    editor.client.set_configuration({"ipclint": {"diagnosticsScope": "everything"}})
    editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
    await until(lambda: any("diagnosticsScope" in message.message for message in editor.client.messages))


async def test_folders_come_and_go(root: Path, tmp_path: Path, start_editor: StartEditor):
    (root / "B.swift").write_text(LOUD)
    editor = await start_editor(folders=False)
    editor.open("A.swift", LOUD)
    await editor.settles("A.swift", SHOUT)
    folder = types.WorkspaceFolder(root.as_uri(), "workspace")
    change = types.WorkspaceFoldersChangeEvent([folder], [])
    editor.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(change))
    await editor.settles("B.swift", SHOUT)
    change = types.WorkspaceFoldersChangeEvent([], [folder])
    editor.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(change))
    await editor.settles("B.swift", [])
    editor.type("A.swift", 0, 0, "\n")
    assert codes(await editor.diagnostics("A.swift")) == SHOUT


async def test_an_index_that_the_user_stops_leaves_open_documents_alive(root: Path, start_editor: StartEditor):
    for number in range(100):
        (root / f"F{number}.swift").write_text(LOUD * 30)
    editor = await start_editor()
    await until(lambda: bool(editor.client.progress_reports))
    [token] = editor.client.progress_reports
    editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
    editor.open("A.swift", LOUD)
    assert codes(await editor.diagnostics("A.swift")) == SHOUT
    reports = editor.client.progress_reports[token]
    await until(lambda: isinstance(reports[-1], types.WorkDoneProgressEnd))


async def test_progress_is_shown_while_a_folder_is_indexed(root: Path, start_editor: StartEditor):
    for number in range(50):
        (root / f"F{number}.swift").write_text(LOUD)
    editor = await start_editor()
    await editor.settles("F49.swift", SHOUT)

    def ended() -> bool:
        return any(
            isinstance(each[-1], types.WorkDoneProgressEnd) for each in editor.client.progress_reports.values() if each
        )

    await until(ended)
    [reports] = editor.client.progress_reports.values()
    assert isinstance(reports[0], types.WorkDoneProgressBegin)
    assert reports[0].cancellable


# ── folders inside one another ───────────────────────────────────────────────────────────────────────────────────────

LISTENER = """import Foundation

final class HelperDelegate: NSObject, NSXPCListenerDelegate {
    func listener(_ l: NSXPCListener, shouldAcceptNewConnection c: NSXPCConnection) -> Bool {
        prepare(c)
        c.exportedObject = self
        c.resume()
        return true
    }
}

let delegate = HelperDelegate()
let listener = NSXPCListener(machServiceName: "com.example.helper")
listener.delegate = delegate
listener.resume()
"""
CARELESS = "import Foundation\n\nfunc prepare(_ c: NSXPCConnection) {\n}\n"
OPEN_DOOR = ["xpc/listener-accepts-unverified-peer"]


async def test_the_unsaved_text_of_a_document_reaches_every_folder_around_it(start_editor: StartEditor, root: Path):
    (root / "inner").mkdir()
    (root / "inner" / "Prepare.swift").write_text(CARELESS)
    (root / "Main.swift").write_text(LISTENER)
    editor = await start_editor("neovim@v0.11")
    await editor.settles("Main.swift", OPEN_DOOR)
    editor.open("inner/Prepare.swift")
    inner = types.WorkspaceFolder((root / "inner").as_uri(), "inner")
    added = types.DidChangeWorkspaceFoldersParams(types.WorkspaceFoldersChangeEvent([inner], []))
    editor.client.workspace_did_change_workspace_folders(added)
    editor.type("inner/Prepare.swift", 3, 0, '    c.setCodeSigningRequirement("anchor apple")\n')
    await editor.settles("Main.swift", [])
    editor.type("inner/Prepare.swift", 3, 0, "", end=(4, 0))
    await editor.settles("Main.swift", OPEN_DOOR)
    editor.type("inner/Prepare.swift", 3, 0, '    c.setCodeSigningRequirement("anchor apple")\n')
    await editor.settles("Main.swift", [])
    removed = types.DidChangeWorkspaceFoldersParams(types.WorkspaceFoldersChangeEvent([], [inner]))
    editor.client.workspace_did_change_workspace_folders(removed)
    editor.type("inner/Prepare.swift", 0, 0, "shout(1)\n")
    await editor.settles("inner/Prepare.swift", SHOUT)
    assert editor.shown("Main.swift") == []
    editor.close("inner/Prepare.swift")
    await editor.settles("Main.swift", OPEN_DOOR)
