"""Messages over a pair of byte streams: `Content-Length` frames in, bytes out. Knows nothing of what they say."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from typing import BinaryIO

MAX_MESSAGE = 64 * 1024 * 1024
"""Bytes of one message. A longer one is skipped, not stored."""

MAX_HEADER = 8 * 1024


class BadFrame(ValueError):
    """A message that could not be had; the text says why. The stream goes on behind it."""


def frames(stream: BinaryIO) -> Iterator[bytes | BadFrame]:
    """The bodies of the messages on a stream until it ends.

    A header without a usable length gives a BadFrame and the next header is looked for behind its empty line; so does a
    body over MAX_MESSAGE, which is read past.
    """
    while (length := _length(stream)) is not None:
        if isinstance(length, BadFrame):
            yield length
        elif length > MAX_MESSAGE:
            _skip(stream, length)
            yield BadFrame(f"a message of {length} bytes is longer than the {MAX_MESSAGE} that are accepted")
        else:
            body = stream.read(length)
            if len(body) < length:
                return
            yield body


def _length(stream: BinaryIO) -> int | BadFrame | None:
    """The `Content-Length` of the next header; None at the end of the stream."""
    length: int | BadFrame = BadFrame("a header without Content-Length")
    seen = False
    while line := stream.readline(MAX_HEADER):
        name, _, value = line.partition(b":")
        if not line.strip():
            if seen:
                return length
            continue
        seen = True
        if name.strip().lower() == b"content-length":
            digits = value.strip()
            length = int(digits) if digits.isdigit() and len(digits) < 16 else BadFrame("Content-Length is no number")
    return None


def _skip(stream: BinaryIO, count: int) -> None:
    while count > 0 and (chunk := stream.read(min(count, 1 << 20))):
        count -= len(chunk)


class Writer:
    """What pygls writes to. After the client has gone, writes are dropped: the end of the input ends the server."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._open = True

    def write(self, data: bytes) -> None:
        if self._open:
            try:
                self._stream.write(data)
                self._stream.flush()
            except (OSError, ValueError):
                self._open = False

    def close(self) -> None:
        self._open = False


def standard_streams() -> tuple[BinaryIO, BinaryIO]:
    """The process's own input and output. Whatever prints to standard output from now on lands on standard error."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return sys.stdin.buffer, out


def listen(host: str, port: int) -> tuple[BinaryIO, BinaryIO]:
    """Waits for one client on a TCP port (0 picks a free one; the choice is printed) and gives its streams.

    Raises OSError when the address cannot be bound.
    """
    with socket.create_server((host, port)) as server:
        name, number = server.getsockname()[:2]
        print(f"ipclint server: waiting for one client on {name}:{number}", file=sys.stderr, flush=True)
        connection, _ = server.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection.makefile("rb"), connection.makefile("wb")
