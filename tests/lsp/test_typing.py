"""Invariant 5 at the editor's end: whatever is typed, what is shown is what a fresh session says of the same text."""

from __future__ import annotations

import random
from functools import lru_cache
from pathlib import Path

import pytest
from lsprotocol import types

from ipclint.checks.rulebook import Rulebook
from ipclint.engine.changes import Change
from ipclint.engine.config import Config, load_config
from ipclint.engine.rules import rulebook
from ipclint.engine.session import Session
from ipclint.engine.store import Store
from ipclint.lsp.convert import Positions
from ipclint.model.source import LineIndex, Span

from .conftest import Editor, StartEditor
from .test_documents import partial

pytestmark = pytest.mark.asyncio(loop_scope="module")

Shown = list[tuple[str, types.Range, str]]


@lru_cache
def rules(root: Path) -> tuple[Config, Rulebook]:
    config = load_config(root / "ipclint.toml")
    return config, rulebook((root / "rules",), Store(None))


def fresh(root: Path, texts: dict[str, str], encoding: str) -> dict[str, Shown]:
    """What a session that knows nothing but these texts reports, by file."""
    session = Session(root, *rules(root))
    session.apply(Change.opened(name, text.encode()) for name, text in texts.items())
    positions = Positions(encoding)
    return {
        name: [
            (
                report.rule,
                positions.range(LineIndex(text.encode()), Span(report.location.start, report.location.end)),
                report.message,
            )
            for report in session.reports(name)
        ]
        for name, text in texts.items()
    }


def shown(editor: Editor, name: str) -> Shown:
    params = editor.published.get(editor.uri(name))
    return [(str(each.code), each.range, each.message) for each in params.diagnostics] if params else []


async def test_a_program_typed_character_by_character(start_editor: StartEditor):
    editor = await start_editor("neovim@v0.11")
    texts = {"Main.swift": MAIN, "Delegate.swift": ""}
    editor.open("Main.swift", MAIN)
    editor.open("Delegate.swift", "")
    line = column = 0
    for number, character in enumerate(PROGRAM):
        editor.type("Delegate.swift", line, column, character)
        texts["Delegate.swift"] += character
        line, column = (line + 1, 0) if character == "\n" else (line, column + len(character.encode()))
        await editor.diagnostics("Delegate.swift")
        if number % 4 and number + 1 < len(PROGRAM):
            continue  # a fresh session costs more than the keystroke
        wanted = fresh(editor.root, texts, "utf-8")
        assert shown(editor, "Delegate.swift") == wanted["Delegate.swift"], texts["Delegate.swift"]
        assert shown(editor, "Main.swift") == wanted["Main.swift"], texts["Delegate.swift"]
    assert {code for code, _, _ in shown(editor, "Delegate.swift")} >= {
        "demo/no-shouting",
        "xpc/listener-accepts-unverified-peer",
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_random_edits(editor: Editor, seed: int):
    """Pieces cut, copied and put elsewhere, several in one message, in UTF-16."""
    chance = random.Random(seed)
    text = MAIN + PROGRAM
    editor.open("Random.swift", text)
    for _ in range(40):
        changes: list[types.TextDocumentContentChangeEvent] = []
        for _ in range(chance.randint(1, 3)):
            start = chance.randint(0, len(text))
            end = min(len(text), start + chance.choice((0, 0, 1, 3, 40)))
            copied = chance.randint(0, len(text))
            piece = chance.choice(("", "\n", "}", '"', "/*", "😀", "shout(1)\n", text[copied : copied + 30]))
            changes.append(partial(utf16(text, start), utf16(text, end), piece))
            text = text[:start] + piece + text[end:]
        editor.edit("Random.swift", *changes)
        await editor.diagnostics("Random.swift")
        assert shown(editor, "Random.swift") == fresh(editor.root, {"Random.swift": text}, "utf-16")["Random.swift"], (
            text
        )


def utf16(text: str, index: int) -> tuple[int, int]:
    line = text.count("\n", 0, index)
    return line, len(text[text.rfind("\n", 0, index) + 1 : index].encode("utf-16-le")) // 2


MAIN = """import Foundation

let listener = NSXPCListener(machServiceName: "com.example.helper")
let delegate = HelperDelegate()
listener.delegate = delegate
listener.resume()
"""

PROGRAM = """import Foundation

/// Says things 😀.
final class HelperDelegate: NSObject, NSXPCListenerDelegate {
    func listener(_ l: NSXPCListener, shouldAcceptNewConnection c: NSXPCConnection) -> Bool {
        c.exportedObject = self // é
        c.resume()
        return true
    }

    func say(_ text: String?) {
        guard let text else { return }
        let twice = "\\(text) 😀 \\(text)"; shout(twice)
    }
}
"""
