"""What a client is offered by what it declares, and a question that fails or never ends."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from lsprotocol import types

from ipclint.lsp import asking, offers
from ipclint.lsp.folders import Address, Folder
from ipclint.lsp.handlers import make_server
from ipclint.lsp.server import Server
from ipclint.lsp.sessions import make_session
from ipclint.lsp.settings import Settings
from ipclint.lsp.view import View

from .conftest import COURIER, every_capability, profile

LENS, HINT = types.TEXT_DOCUMENT_CODE_LENS, types.TEXT_DOCUMENT_INLAY_HINT
PATHS = {
    types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY,
    types.CALL_HIERARCHY_INCOMING_CALLS,
    types.CALL_HIERARCHY_OUTGOING_CALLS,
}


@pytest.mark.parametrize(
    ("client", "unknown"),
    [
        ("visual_studio_code", {HINT}),
        ("neovim@v0.11", set[str]()),
        ("neovim@v0.10", {LENS}),
        ("neovim@v0.6", {LENS, HINT} | PATHS),
        ("emacs", {LENS} | PATHS),
    ],
)
def test_what_a_client_does_not_know_is_not_offered(client: str, unknown: set[str]):
    assert unknown <= set(offers.not_wanted(profile(client)))
    assert offers.not_wanted(every_capability()) == []
    assert set(offers.not_wanted(types.ClientCapabilities())) == set(offers.FEATURES)


@pytest.fixture
def server() -> Iterator[Server]:
    server = make_server()
    yield server
    server.worker.stop()


@pytest.fixture(scope="module")
def address() -> Address:
    folder = Folder(str(COURIER), lambda root: make_session(root, Settings(cache=False)))
    return Address(folder, "Helper/main.swift")


def test_a_question_that_fails_is_answered_with_nothing(server: Server, address: Address):
    def fail(view: View) -> list[int]:
        raise RecursionError(view.path)

    assert asking.said_of(server, address, fail, [7]) == [7]


def test_a_question_that_never_ends_is_broken_off(server: Server, address: Address, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(asking, "PATIENCE", 0.01)

    def turn(view: View) -> list[int]:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            view.program.mentioning("NSXPCListener")
        return [8]

    assert asking.said_of(server, address, turn, [7]) == [7]
    monkeypatch.undo()
    assert asking.said_of(server, address, lambda view: len(view.program.keys(view.path)), -1) >= 0
