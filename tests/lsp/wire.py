"""A client that sends any bytes it is told to, for what no well-behaved client would send."""

from __future__ import annotations

import json
import queue
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO, cast

TIMEOUT = 10.0


class Wire:
    """A connection to a server. `send` takes messages, `raw` bytes; `receive` gives what comes back, in order."""

    def __init__(self, writer: BinaryIO, reader: BinaryIO) -> None:
        self._writer = writer
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._next = 0
        threading.Thread(target=self._read, args=(reader,), daemon=True).start()

    def _read(self, reader: BinaryIO) -> None:
        while header := reader.readline():
            length = int(header.partition(b":")[2])
            while reader.readline().strip():
                pass
            self._messages.put(json.loads(reader.read(length)))
        self._messages.put(None)

    def raw(self, data: bytes) -> None:
        self._writer.write(data)
        self._writer.flush()

    def body(self, body: bytes) -> None:
        self.raw(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def send(self, **message: Any) -> None:
        self.body(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def notify(self, method: str, params: Any = None) -> None:
        self.send(method=method, params=params)

    def ask(self, method: str, params: Any = None) -> int:
        """Sends a request; its id."""
        self._next += 1
        self.send(id=self._next, method=method, params=params)
        return self._next

    def receive(self) -> dict[str, Any]:
        message = self._messages.get(timeout=TIMEOUT)
        assert message is not None, "the server is gone"
        return message

    def answer(self, identifier: Any) -> dict[str, Any]:
        """The response to a request; what comes before it is left aside."""
        while (message := self.receive()).get("id", "") != identifier or "method" in message:
            pass
        return message

    def request(self, method: str, params: Any = None) -> Any:
        """The result of a request."""
        answer = self.answer(self.ask(method, params))
        assert "error" not in answer, answer
        return answer["result"]

    def refusal(self, method: str, params: Any = None) -> int:
        """The error code of a request that fails."""
        return self.answer(self.ask(method, params))["error"]["code"]

    def notification(self, method: str) -> Any:
        """The parameters of the next notification of this kind."""
        while (message := self.receive()).get("method") != method:
            pass
        return message["params"]

    def initialize(self, root: Path | None = None, **capabilities: Any) -> Any:
        params: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": capabilities}
        if root is not None:
            params["workspaceFolders"] = [{"uri": root.as_uri(), "name": root.name}]
        result = self.request("initialize", params)
        self.notify("initialized", {})
        return result

    def open(self, uri: str, text: str, version: int = 1, language: str = "swift") -> None:
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, uri: str, version: int, *changes: Any) -> None:
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)})


class Process(Wire):
    """A server of its own, over its standard streams."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ipclint", "server", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        super().__init__(cast(BinaryIO, self.process.stdin), cast(BinaryIO, self.process.stdout))

    def leave(self) -> int:
        """Ends the server in order; its exit code."""
        self.request("shutdown")
        self.notify("exit")
        return self.process.wait(TIMEOUT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def connect(host: str, port: int) -> tuple[Wire, socket.socket]:
    connection = socket.create_connection((host, port), timeout=TIMEOUT)
    return Wire(connection.makefile("wb"), connection.makefile("rb")), connection
