"""One conversation with clients that can do much, something, and nothing: each gets what it says it understands."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types
from pytest_lsp import client_capabilities

from .conftest import codes, cursor, started, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOUD = "func f(_ text: String) {\n    shout(text)\n}\n"


@pytest.mark.parametrize(
    ("name", "encoding", "markdown", "lazy", "watches", "bar", "link"),
    [
        ("visual_studio_code", "utf-16", True, True, True, True, True),
        ("neovim@v0.11", "utf-8", True, True, False, True, False),
        ("emacs", "utf-32", True, False, True, True, False),
        ("", "utf-16", False, None, False, False, False),
    ],
)
async def test_a_client_gets_what_it_understands(
    root: Path,
    server_environment: dict[str, str],
    name: str,
    encoding: str,
    markdown: bool,
    lazy: bool | None,
    watches: bool,
    bar: bool,
    link: bool,
):
    (root / "B.swift").write_text(LOUD)
    capabilities = client_capabilities(name) if name else types.ClientCapabilities()
    editor = await started(root, server_environment, capabilities)
    editor.open("A.swift", LOUD)
    [diagnostic] = await editor.diagnostics("A.swift")
    assert diagnostic.code == "demo/no-shouting"
    assert bool(diagnostic.code_description) == link
    await editor.settles("B.swift", ["demo/no-shouting"])
    assert (editor.answer.capabilities.position_encoding or "utf-16") == encoding
    hover = await editor.hover("A.swift", 1, 6)
    assert hover is not None and hover.startswith("**demo/no-shouting**") == markdown
    actions = await editor.actions("A.swift", cursor(1, 6))
    if lazy is None:
        assert actions == [], "a client without literal actions is offered none"
    else:
        assert [action.edit is None for action in actions] == [lazy] * len(actions) and actions
    assert bool(editor.client.progress_reports) == bar
    if watches:
        await until(lambda: bool(editor.registrations))
    assert bool(editor.registrations) == watches
    editor.type("A.swift", 1, 4, "whisper", end=(1, 9))
    assert codes(await editor.diagnostics("A.swift")) == []
    await editor.stop()
