"""A content-addressed cache on disk: what was made of some bytes, found again by the digest of what it was made from.

Entries are written whole or not at all, carry a checksum, and are only ever a saving of time: a damaged, missing or
unwritable entry is a miss. The cache stands in the user's cache folder, never in the workspace.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ipclint import __version__

MAX_BYTES = 256 * 1024 * 1024
"""What the cache may hold; beyond it the oldest entries go, down to three quarters."""

DAY = 24 * 60 * 60.0
"""Seconds."""

_DIGEST = 16
_BUILD = re.compile(r"\d[\w.]*-[0-9a-f]{12}")
_ENTRY = re.compile(r"[0-9a-f]{30}|\.[0-9a-f]{30}\.\d+\.tmp")


def digest(*parts: bytes) -> bytes:
    """16 bytes that name what the parts are; ("ab", "c") and ("a", "bc") differ."""
    hasher = hashlib.blake2b(digest_size=_DIGEST)
    for part in parts:
        if len(parts) > 1:
            hasher.update(len(part).to_bytes(8, "little"))
        hasher.update(part)
    return hasher.digest()


def cache_folder() -> Path:
    """The folder of this build's cache, in IPCLINT_CACHE_DIR or else in the platform's folder for caches."""
    if named := os.environ.get("IPCLINT_CACHE_DIR"):
        caches = Path(named)
    elif sys.platform == "darwin":
        caches = Path.home() / "Library" / "Caches" / "ipclint"
    elif sys.platform == "win32":
        caches = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "ipclint" / "Cache"
    else:
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ipclint"
    return caches / f"{__version__}-{_build()}"


def _build() -> str:
    """A name for the code that runs, so that a source tree that is worked on does not recall what older code said."""
    package = Path(__file__).resolve().parent.parent
    files = sorted(package.rglob("*.py"))
    stamps = ((str(file.relative_to(package)), file.stat().st_mtime_ns) for file in files)
    return digest(*(f"{name}\0{time}".encode() for name, time in stamps)).hex()[:12]


class Store:
    """Values by digest, in one folder. With None as the folder, a store that keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def get(self, key: bytes) -> bytes | None:
        """The value kept under a digest, None when there is none or it is damaged."""
        if self.folder is None:
            return None
        try:
            with open(self._file(key), "rb") as file:
                data = file.read()
        except OSError:
            return None
        checksum, value = data[:_DIGEST], data[_DIGEST:]
        return value if checksum == digest(key, value) else None

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value under a digest; a full or read-only disk loses it, no more."""
        if self.folder is None:
            return
        with contextlib.suppress(OSError):
            write_atomically(self._file(key), digest(key, value) + value)

    def _file(self, key: bytes) -> Path:
        assert self.folder is not None
        name = key.hex()
        return self.folder / name[:2] / name[2:]

    def trim_daily(self) -> None:
        """Keep the cache within its bound; looks once a day, however many runs there are."""
        if self.folder is None:
            return
        mark = self.folder.parent / "trimmed"
        with contextlib.suppress(OSError):
            if mark.exists() and abs(time.time() - mark.stat().st_mtime) < DAY:
                return
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()
        self.trim()

    def trim(self, limit: int = MAX_BYTES) -> None:
        """Drop the oldest entries when the cache has grown past `limit` bytes; those of other builds go first."""
        if self.folder is None:
            return
        with contextlib.suppress(OSError):
            self._trim(sorted(_entries(self.folder)), limit)

    @staticmethod
    def _trim(entries: list[tuple[bool, float, int, str]], limit: int) -> None:
        total = sum(size for _, _, size, _ in entries)
        goal = limit * 3 // 4 if total > limit else total
        for _, _, size, name in entries:
            if total <= goal:
                break
            with contextlib.suppress(OSError):
                os.unlink(name)
            total -= size


def _entries(folder: Path) -> Iterator[tuple[bool, float, int, str]]:
    """(of this build, time, size in bytes, name) of every entry, leftovers of broken writes among them.

    A cache may stand in a folder that holds other things: only what can be an entry is one.
    """
    for build in folder.parent.iterdir():
        if build.is_symlink() or not (build == folder or _BUILD.fullmatch(build.name)):
            continue
        for file in build.glob("[0-9a-f][0-9a-f]/*"):
            with contextlib.suppress(OSError):
                status = file.lstat()
                if _ENTRY.fullmatch(file.name) and stat.S_ISREG(status.st_mode):
                    yield build == folder, status.st_mtime, status.st_size, str(file)


def write_atomically(file: Path, data: bytes, mode: int = 0o666) -> None:
    """Write a file so that it holds its old bytes or the new ones, whatever happens. Raises OSError.

    `mode` are its permissions; by default, what the umask leaves of reading and writing for all.
    """
    temporary = file.with_name(f".{file.name[:100]}.{os.getpid()}.tmp")
    try:
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileNotFoundError:
            os.makedirs(file.parent, exist_ok=True)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with open(descriptor, "wb") as out:
            out.write(data)
        if mode != 0o666:
            os.chmod(temporary, mode)
        os.replace(temporary, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
