"""Messages at random, seeded: wrong types, broken frames, unknown methods, orders that nobody means. Each request has its
answer, every error code is one of the protocol's, and the server is well in the end."""

from __future__ import annotations

import json
import os
import random
from typing import Any

import pytest

from .conftest import WORKSPACE
from .test_protocol import is_well
from .wire import Process

CODES = {-32700, -32600, -32601, -32602, -32603, -32800, -32801, -32802, -32803}
"""What JSON-RPC and the specification (3.17, "ErrorCodes") allow once a server was initialized."""

STEPS = int(os.environ.get("IPCLINT_FUZZ_STEPS", "300"))
URI = (WORKSPACE / "Fuzz.swift").as_uri()
LOUD = "func f(_ text: String) {\n    shout(text)\n}\n"
METHODS = (
    *("textDocument/hover", "textDocument/completion", "textDocument/codeAction", "codeAction/resolve"),
    *("textDocument/didOpen", "textDocument/didChange", "textDocument/didClose", "textDocument/didSave"),
    *("workspace/didChangeConfiguration", "workspace/didChangeWatchedFiles", "workspace/didRenameFiles"),
    *("workspace/didChangeWorkspaceFolders", "workspace/executeCommand", "workspace/symbol", "$/cancelRequest"),
    *("textDocument/codeLens", "textDocument/inlayHint", "textDocument/documentSymbol", "textDocument/definition"),
    *("textDocument/prepareCallHierarchy", "callHierarchy/incomingCalls", "workspace/diagnostic", "initialize"),
    *("textDocument/levitate", "$/levitate", "", "window/workDoneProgress/cancel", "$/setTrace", "ipclint/surface"),
)
PLACE = {"line": 1, "character": 6}
RANGE = {"start": PLACE, "end": {"line": 2, "character": 0}}
PARAMS: tuple[Any, ...] = (
    {"textDocument": {"uri": URI}, "position": PLACE},
    {"textDocument": {"uri": URI}, "range": RANGE, "context": {"diagnostics": []}},
    {"textDocument": {"uri": URI, "languageId": "swift", "version": 1, "text": LOUD}},
    {"textDocument": {"uri": URI, "version": 2}, "contentChanges": [{"range": RANGE, "text": "😀"}, {"text": LOUD}]},
    {"title": "Whisper instead", "data": {"uri": URI, "title": "Whisper instead"}},
    {"settings": {"ipclint": {"profile": "strict"}}},
    {"changes": [{"uri": URI, "type": 2}]},
    {"files": [{"oldUri": URI, "newUri": URI + "x"}]},
    {"event": {"added": [{"uri": "file:///nowhere", "name": "n"}], "removed": []}},
    {"command": "ipclint.showEndpoint", "arguments": []},
    {"query": "x"},
    {"id": 7},
    {"value": "verbose"},
    {"item": {"name": "f", "kind": 12, "uri": URI, "range": RANGE, "selectionRange": RANGE}},
)
VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**31, 2**53, 1.5, "", "x", "\ud83d", "\0", [], {}, [None], {"uri": None}, "file:///%zz"),
    *("x" * 10_000, [[]] * 50, {"line": -1, "character": 2**31}, "untitled:Untitled-9", "http://a/b.swift"),
)


class Hostile:
    """A client that remembers what it asked."""

    def __init__(self, wire: Process, seed: int) -> None:
        self.wire = wire
        self.chance = random.Random(seed)
        self.asked: set[int] = set()
        self.next = 10_000 * (seed + 1)

    def step(self) -> None:
        deed = self.chance.random()
        if deed < 0.06:
            self.wire.raw(self.chance.choice(FRAMES))
        elif deed < 0.12:
            body = json.dumps(self.message()).encode()
            self.wire.body(body[: self.chance.randint(0, len(body) - 1)])
        elif deed < 0.18 and self.asked:
            self.wire.notify("$/cancelRequest", {"id": self.chance.choice(sorted(self.asked))})
        else:
            message = self.message()
            self.wire.body(json.dumps(message).encode())
            knows_itself = message["jsonrpc"] == "2.0"  # else the answer cannot say whose it is
            if "id" in message and knows_itself and message["method"] != "workspace/diagnostic":
                self.asked.add(message["id"])

    def message(self) -> dict[str, Any]:
        """A request or a notification, perhaps with something of it bent."""
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": self.chance.choice(METHODS)}
        params = self.chance.choice(PARAMS)
        message["params"] = self.bent(params) if self.chance.random() < 0.7 else params
        if self.chance.random() < 0.6:
            self.next += 1
            message["id"] = self.next
        if self.chance.random() < 0.1:
            name = self.chance.choice(("jsonrpc", "method", "params"))
            message[name] = self.chance.choice(VALUES)
        return message

    def bent(self, value: Any) -> Any:
        """The value with one thing in it replaced, added or left out."""
        if isinstance(value, dict) and value and self.chance.random() < 0.8:
            name = self.chance.choice(sorted(value))
            if self.chance.random() < 0.2:
                return {key: each for key, each in value.items() if key != name}
            return value | {name: self.bent(value[name])}
        if isinstance(value, list) and value and self.chance.random() < 0.8:
            return [self.bent(each) for each in value]
        return self.chance.choice(VALUES)

    def answers(self) -> None:
        """Waits for the answer of everything that was asked."""
        last = self.wire.ask("textDocument/hover", PARAMS[0])
        self.asked.add(last)
        while self.asked:
            message = self.wire.receive()
            if "method" not in message:
                self.asked.discard(message["id"])
                assert ("result" in message) != ("error" in message), message
                assert message.get("error", {"code": -32600})["code"] in CODES, message


FRAMES = (
    b"Content-Length: 2\r\n\r\n{}",
    b"Content-Length: 0\r\n\r\n",
    b"Content-Length: -5\r\n\r\n",
    b"Content-Length: 99999999999999999999\r\n\r\n",
    b"X: y\r\n\r\n",
    b"\r\n\r\n",
    b"Content-Length: 4\r\nContent-Type: text/plain; charset=utf-16\r\n\r\nnull",
    b"content-LENGTH:3\r\n\r\n[1]",
)


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_sent_the_server_answers_and_lives(server_environment: dict[str, str], seed: int):
    wire = Process(server_environment)
    try:
        wire.initialize(WORKSPACE)
        client = Hostile(wire, seed)
        for number in range(STEPS):
            client.step()
            if number % 50 == 49:
                client.answers()
        client.answers()
        wire.notify("workspace/didChangeConfiguration", {"settings": {"ipclint": {}}})
        wire.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
        assert is_well(wire)
        assert wire.leave() == 0
        assert wire.process.stderr is not None
        assert b"Traceback" not in wire.process.stderr.read()
    finally:
        wire.kill()
