"""What no well-behaved client sends: the server answers with the right error code and goes on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from ipclint.lsp.handlers import make_server

from .conftest import WORKSPACE
from .wire import Process, connect

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
NOT_INITIALIZED, REQUEST_CANCELLED = -32002, -32800
URI = "file:///nowhere/A.swift"
LOUD = "func f(_ text: String) {\n    shout(text)\n}\n"

_versions = count(1000)


@pytest.fixture
def fresh(server_environment: dict[str, str]) -> Iterator[Process]:
    """A server that nobody has said anything to."""
    wire = Process(server_environment)
    yield wire
    wire.kill()


@pytest.fixture(scope="module")
def ready(server_environment: dict[str, str]) -> Iterator[Process]:
    """A server that many tests maltreat, and that lives through all of them."""
    wire = Process(server_environment)
    wire.initialize(WORKSPACE)
    yield wire
    assert wire.leave() == 0
    wire.kill()


def is_well(wire: Process) -> bool:
    """Whether the server still finds what it should."""
    uri = (WORKSPACE / "Well.swift").as_uri()
    version = next(_versions)
    wire.open(uri, LOUD, version)
    while (params := wire.notification("textDocument/publishDiagnostics")).get("version") != version:
        pass
    wire.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    return [each["code"] for each in params["diagnostics"]] == ["demo/no-shouting"]


def test_the_order_of_the_protocol_is_kept(fresh: Process):
    assert fresh.refusal("textDocument/hover", {}) == NOT_INITIALIZED
    assert fresh.refusal("shutdown") == NOT_INITIALIZED
    fresh.open(URI, LOUD)
    fresh.initialize()
    assert fresh.refusal("initialize", {"processId": None, "rootUri": None, "capabilities": {}}) == INVALID_REQUEST
    fresh.request("shutdown")
    assert fresh.refusal("textDocument/hover", hover()) == INVALID_REQUEST
    fresh.notify("exit")
    assert fresh.process.wait(10) == 0


def test_an_end_without_shutdown_is_an_error(fresh: Process):
    fresh.initialize()
    fresh.notify("exit")
    assert fresh.process.wait(10) == 1


def test_the_end_of_the_input_ends_the_server(fresh: Process):
    fresh.initialize()
    assert fresh.process.stdin is not None
    fresh.process.stdin.close()
    assert fresh.process.wait(10) == 1


def hover() -> dict[str, Any]:
    return {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", PARSE_ERROR),
        (b"\xff\xfe", PARSE_ERROR),
        (b"[" * 100_000, PARSE_ERROR),
        (b"[]", INVALID_REQUEST),
        (b"7", INVALID_REQUEST),
        (b'{"id": 1, "method": "shutdown"}', INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": {}, "method": "shutdown"}', INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "method": 5}', INVALID_REQUEST),
    ],
)
def test_what_is_no_message_is_refused(ready: Process, body: bytes, code: int):
    ready.body(body)
    assert ready.answer(None)["error"]["code"] == code
    assert is_well(ready)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("textDocument/hover", None),
        ("textDocument/hover", []),
        ("textDocument/hover", {"textDocument": 5, "position": {"line": 0, "character": 0}}),
        ("textDocument/hover", {"textDocument": {"uri": URI}, "position": {"line": -1, "character": 0}}),
        ("textDocument/hover", {"textDocument": {"uri": URI}, "position": {"line": "x", "character": 0}}),
        ("textDocument/codeAction", {"textDocument": {"uri": URI}}),
        ("codeAction/resolve", {"title": 4, "data": "?"}),
        ("codeAction/resolve", {"title": "x"}),
        ("workspace/executeCommand", {"command": "format the disk"}),
    ],
)
def test_wrong_parameters_are_refused(ready: Process, method: str, params: Any):
    assert ready.refusal(method, params) == INVALID_PARAMS


def test_unknown_methods(ready: Process):
    assert ready.refusal("textDocument/levitate", {}) == METHOD_NOT_FOUND
    ready.notify("$/levitate", {"jsonrpc": "2.0", "id": 7})
    ready.notify("textDocument/levitate", None)
    ready.notify("textDocument/hover", hover())
    assert ready.answer(None)["error"]["code"] == INVALID_REQUEST, "a request without an id"
    assert is_well(ready)


def test_headers_that_lie(ready: Process):
    ready.raw(b"Content-Type: x\r\n\r\n")
    assert ready.answer(None)["error"]["code"] == INVALID_REQUEST
    ready.raw(b"Content-Length: minus two\r\n\r\n")
    assert ready.answer(None)["error"]["code"] == INVALID_REQUEST
    huge = 70 * 1024 * 1024
    ready.raw(b"Content-Length: %d\r\n\r\n" % huge)
    for _ in range(70):
        ready.raw(b" " * (1024 * 1024))
    assert ready.answer(None)["error"]["code"] == INVALID_REQUEST
    ready.raw(b"content-length:   2 \r\nContent-Type: application/vscode-jsonrpc\r\n\r\n[]")
    assert ready.answer(None)["error"]["code"] == INVALID_REQUEST
    assert is_well(ready)


def test_answers_to_questions_that_nobody_asked(ready: Process):
    ready.send(id=99, result={"x": 1})
    ready.send(id=None, error={"code": 1, "message": "?"})
    ready.send(id=[], result=None)
    assert is_well(ready)


def test_documents_out_of_order(ready: Process):
    ready.change(URI, 4, {"text": "let a = 1"})
    ready.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    ready.notify("textDocument/didSave", {"textDocument": {"uri": URI}})
    ready.open(URI, LOUD, 3)
    ready.open(URI, LOUD, 2)
    ready.notify("textDocument/didChange", {"textDocument": {"uri": URI, "version": "x"}, "contentChanges": [4]})
    far = {"line": 2**31 - 1, "character": 2**31 - 1}
    ready.change(URI, 5, {"range": {"start": far, "end": far}, "text": "// the end"})
    ready.change(URI, 6, {"range": {"start": far, "end": {"line": 0, "character": 0}}, "text": "\ud83d"})
    ready.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert is_well(ready)


MALFORMED = {
    "NULs": "\0\0\0",
    "BOM": "\ufeff" + LOUD,
    "deep": "{" * 20_000,
    "open string": '"' * 20_001,
    "one word": "a" * 2_000_000,
    "CRs": "\r" * 1_000,
    "open comments": "/*" * 5_000,
    "other line ends": "\u2028" * 99,
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_malformed_documents(ready: Process, kind: str):
    text = MALFORMED[kind]
    edit = {"range": {"start": {"line": 0, "character": 1}, "end": {"line": 0, "character": 2}}, "text": "😀"}
    for uri in (URI, "file:///nowhere/B.plist", "untitled:x", "git:/A.swift?ref=%7E", "file:///%00/%ff.m", "::", ""):
        ready.open(uri, text)
        ready.change(uri, 2, edit)
        ready.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert is_well(ready)


def test_a_request_is_cancelled(ready: Process):
    """The requests wait behind the analysis of a long document, so that there is time to cancel them."""
    ready.open(URI, "func f() { g(a) }\n" * 6_000)
    identifiers = [ready.ask("textDocument/hover", hover()) for _ in range(3)]
    ready.notify("$/cancelRequest", {"id": identifiers[1]})
    ready.notify("$/cancelRequest", {"id": 12345})
    answers = {identifier: ready.answer(identifier) for identifier in (identifiers[1], identifiers[0], identifiers[2])}
    assert answers[identifiers[1]]["error"]["code"] == REQUEST_CANCELLED
    assert answers[identifiers[0]]["result"] is None
    ready.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert is_well(ready)


def test_a_burst_of_edits_ends_with_the_last(ready: Process):
    ready.open(URI, "")
    for version in range(2, 300):
        ready.change(URI, version, {"text": f"let a = {version}\n"})
    ready.change(URI, 300, {"text": LOUD})
    while (params := ready.notification("textDocument/publishDiagnostics")).get("version") != 300:
        assert params["diagnostics"] == [] or params["uri"] != URI
    ready.notify("textDocument/didClose", {"textDocument": {"uri": URI}})


def test_what_is_printed_does_not_reach_the_client(fresh: Process):
    """Standard output belongs to the protocol alone; the log goes to standard error."""
    fresh.initialize()
    fresh.body(b"{")
    assert fresh.answer(None)["error"]["code"] == PARSE_ERROR
    assert fresh.leave() == 0
    assert fresh.process.stderr is not None
    assert b"is not JSON" in fresh.process.stderr.read()


def test_over_tcp_on_this_machine_alone(server_environment: dict[str, str]):
    server = Process(server_environment, "--tcp", "0")
    assert server.process.stderr is not None
    line = server.process.stderr.readline().decode()
    host, _, port = line.rpartition(" ")[2].strip().rpartition(":")
    assert host == "127.0.0.1"
    wire, connection = connect(host, int(port))
    wire.initialize()
    assert wire.request("textDocument/hover", hover()) is None
    wire.request("shutdown")
    wire.notify("exit")
    assert server.process.wait(10) == 0
    connection.close()
    server.kill()


@pytest.mark.parametrize("arguments", [("--tcp", "here"), ("--tcp", "1:99999"), ("--udp",)])
def test_wrong_usage_is_explained(server_environment: dict[str, str], arguments: tuple[str, ...]):
    server = Process(server_environment, *arguments)
    assert server.process.wait(10) == 2
    assert server.process.stderr is not None
    text = server.process.stderr.read().decode()
    assert "usage: ipclint server" in text and "Traceback" not in text
    server.kill()


def test_the_workspace_of_these_tests_is_not_touched(ready: Process):
    assert is_well(ready)
    assert sorted(path.name for path in Path(WORKSPACE).iterdir()) == ["ipclint.toml", "rules"]


@pytest.mark.parametrize("answers", [True, False])
def test_a_document_waits_for_the_settings_but_not_for_ever(fresh: Process, answers: bool):
    fresh.initialize(WORKSPACE, workspace={"configuration": True})
    uri = (WORKSPACE / "Waits.swift").as_uri()
    fresh.open(uri, LOUD)
    asked = fresh.ask("textDocument/hover", {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 6}})
    while (message := fresh.receive()).get("method") != "workspace/configuration":
        assert message.get("method") != "textDocument/publishDiagnostics"
    if answers:
        fresh.send(id=message["id"], result=[{"profile": "strict"}])
    shown: list[Any] = []
    while (message := fresh.receive()).get("id") != asked:
        if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
            shown.append(message["params"]["diagnostics"])
    assert [[each["code"] for each in diagnostics] for diagnostics in shown] == [["demo/no-shouting"]]
    assert "shout" in str(message["result"])


def test_the_end_calls_off_what_is_under_way():
    """What ends removes itself from the table that pygls goes through."""
    protocol = make_server().protocol
    under_way = {number: Future[None]() for number in range(3)}
    for number, future in under_way.items():
        protocol._request_futures[number] = future
        future.add_done_callback(lambda _, number=number: protocol._request_futures.pop(number))
    list(protocol.lsp_shutdown(None))
    assert all(future.cancelled() for future in under_way.values())
    assert protocol._request_futures == {}
