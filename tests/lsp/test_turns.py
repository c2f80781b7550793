"""Newest version wins, but not for ever: whoever types faster than an analysis takes is shown something too."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from lsprotocol import types

from ipclint.lsp import turns
from ipclint.lsp.analysis import Analysis
from ipclint.lsp.client import Client
from ipclint.lsp.events import FoldersChanged, Opened
from ipclint.lsp.handlers import make_server
from ipclint.lsp.settings import Settings
from ipclint.program.query import Interrupted

from .test_parts import LOUD, typed

BUSY = 2_000
"""How often may be asked whether there is news before it is plain that work gives way for ever."""


def test_an_analysis_gives_way_to_newer_text_for_so_long_only(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(turns, "LONGEST", 0.05)
    analysis = Analysis(Client(), Settings(cache=False), lambda text: None)
    uri = (root / "A.swift").as_uri()
    analysis.tell(FoldersChanged((root.as_uri(),), ()))
    analysis.tell(Opened(types.TextDocumentItem(uri, "swift", 1, LOUD)))
    analysis.settle()
    version = 2
    analysis.tell(typed(uri, version, "shout(2)\n"))

    def typed_on() -> bool:
        """As if the user typed whenever something is computed."""
        nonlocal version
        if not analysis._events:
            version += 1
            analysis.tell(typed(uri, version, "\n"))
        if version > BUSY:
            pytest.fail("whoever types on is never shown anything")
        return True

    monkeypatch.setattr(analysis, "has_news", typed_on)
    [update] = analysis.settle()
    assert update.late and update.version is not None and 2 <= update.version < version
    line = update.version - 2
    assert [each.range.start.line for each in update.diagnostics] == [line, line + 2]
    monkeypatch.undo()
    [update] = analysis.settle()
    assert (update.version, update.late) == (version, False)


async def test_a_question_is_answered_however_much_happens_meanwhile(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(turns, "LONGEST", 0.05)
    server = make_server()
    server._loop = asyncio.get_running_loop()
    monkeypatch.setattr(server.analysis, "has_news", lambda: True)
    begun, tries = time.monotonic(), 0

    def work() -> str:
        nonlocal tries
        tries += 1
        if server.analysis.turn():
            raise Interrupted
        return "answered"

    try:
        async with asyncio.timeout(10):
            assert await server.ask(work) == "answered"
    finally:
        server.worker.stop()
    assert tries > 1 and time.monotonic() - begun >= 0.05


def test_work_in_the_background_has_some_time_for_itself_again_and_again(monkeypatch: pytest.MonkeyPatch):
    now = 100.0
    monkeypatch.setattr(turns.time, "monotonic", lambda: now)
    turn = turns.in_the_background(lambda: True)
    assert not turn()
    now += turns.SLICE
    assert turn()
    turn.begin()
    assert not turn()
    assert not turns.in_the_background(lambda: False)()
