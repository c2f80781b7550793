"""Hover on findings, and on rules wherever they are named."""

from __future__ import annotations

import pytest

from .conftest import Editor, StartEditor

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_finding_explains_itself(editor: Editor):
    editor.open("A.swift", "func f(_ t: String) {\n    shout(t)\n}\n")
    text = await editor.hover("A.swift", 1, 6)
    assert text is not None
    assert text.startswith("**demo/no-shouting** · medium, certain\n\nThis is heard by everyone.")
    assert "### Shouting is heard by everyone\n\nSay it *quietly*." in text
    assert "rules/demo/no-shouting.md)" in text
    assert "CWE-200" in text
    assert await editor.hover("A.swift", 0, 0) is None
    assert await editor.hover("A.swift", 1, 14) is None


async def test_the_trace_of_a_finding_is_a_numbered_list(editor: Editor):
    editor.open("D.swift", DELEGATE)
    await editor.settles("D.swift", ["xpc/listener-accepts-unverified-peer"])
    [diagnostic] = await editor.diagnostics("D.swift")
    text = await editor.hover("D.swift", diagnostic.range.start.line, diagnostic.range.start.character)
    assert text is not None
    related = diagnostic.related_information or []
    assert related, "the finding has a trace"
    for number, hop in enumerate(related, 1):
        line = hop.location.range.start.line + 1
        assert f"{number}. {hop.message} ([D.swift:{line}]({hop.location.uri}#L{line}))" in text


async def test_a_rule_named_in_a_suppression_or_in_the_configuration(editor: Editor):
    editor.open("A.swift", "// ipclint:ignore DEMO1, demo/open-door -- a reason for demo/no-shouting\n")
    for column, title in ((19, "Shouting is heard by everyone"), (30, "A door stands open")):
        text = await editor.hover("A.swift", 0, column)
        assert text is not None and text.startswith(f"### {title}")
    text = await editor.hover("A.swift", 0, 60)
    assert text is not None and text.startswith("**ipclint/unused-suppression**"), "the reason names no rule"
    editor.open("ipclint.toml", 'ignore = ["demo/open-door"]\n[severity]\n"DEMO1" = "low"\n', "toml")
    for line, column, title in ((0, 15, "A door stands open"), (2, 4, "Shouting is heard by everyone")):
        text = await editor.hover("ipclint.toml", line, column)
        assert text is not None and text.startswith(f"### {title}")


async def test_a_setting_of_the_configuration(editor: Editor):
    editor.open(
        "ipclint.toml", 'profile = "strict"\n[severity]\n"x" = "low"\n[[per-path]]\npaths = []\nselect = []\n', "toml"
    )
    for line, name in ((0, "profile"), (1, "severity"), (3, "per-path"), (4, "paths")):
        text = await editor.hover("ipclint.toml", line, 4)
        assert text is not None and text.startswith(f"**{name}**"), text
    assert 'Default: `"recommended"`' in (await editor.hover("ipclint.toml", 0, 0) or "")
    assert await editor.hover("ipclint.toml", 0, 12) is None
    assert await editor.hover("ipclint.toml", 5, 2) is None, "a section has no such setting"


async def test_a_client_without_markdown_gets_plain_text(start_editor: StartEditor):
    editor = await start_editor("visual_studio_code", plain=True)
    editor.open("A.swift", "func f(_ t: String) {\n    shout(t)\n}\n")
    text = await editor.hover("A.swift", 1, 6)
    assert text is not None
    assert text.startswith("demo/no-shouting · medium, certain")
    assert "**" not in text and "](" not in text


DELEGATE = """import Foundation

final class HelperDelegate: NSObject, NSXPCListenerDelegate {
    func run() {
        let listener = NSXPCListener(machServiceName: "com.example.helper")
        listener.delegate = self
        listener.resume()
    }

    func listener(_ listener: NSXPCListener, shouldAcceptNewConnection connection: NSXPCConnection) -> Bool {
        connection.exportedObject = Helper()
        connection.resume()
        return true
    }
}
"""
