"""From the bytes of a file to bytes that grammars can read: UTF-8, no NULs, bounded size."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

MAX_BYTES = 8 * 1024 * 1024
_UNDECODABLE = re.compile("[\udc80-\udcff]")
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class Decoded(NamedTuple):
    """`data` is UTF-8; `problem` says what had to be done to it, "" for nothing."""

    data: bytes
    problem: str


def decoded(data: bytes) -> Decoded:
    """UTF-8 of the same length as `data`, so that offsets hold; only UTF-16 (with its mark) is converted.

    Bytes that are not UTF-8 and NULs become "?"; a UTF-8 byte order mark becomes three spaces. More than `MAX_BYTES`
    are not read at all.
    """
    if len(data) > MAX_BYTES:
        return Decoded(b"", f"larger than {MAX_BYTES // 1024**2} MiB")
    if (encoding := _UTF16.get(data[:2])) is not None:
        text = data[2:].decode(encoding, "replace")
        return Decoded(text.replace("\0", "?").encode("utf-8", "replace"), "UTF-16, read as UTF-8: positions differ")
    if data.startswith(codecs.BOM_UTF8):
        data = b"   " + data[3:]
    problem = ""
    if not data.isascii():
        text = data.decode("utf-8", "surrogateescape")
        if (match := _UNDECODABLE.search(text)) is not None:
            problem = f"not UTF-8 at byte {len(text[: match.start()].encode())}"
            data = _UNDECODABLE.sub("?", text).encode()
    if (nul := data.find(b"\0")) >= 0:
        problem = problem or f"NUL at byte {nul}"
        data = data.replace(b"\0", b"?")
    return Decoded(data, problem)
