"""The workspace on disk: bounded reads of regular files, and no symlink that leads out of the root."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

MAX_BYTES = 8 * 1024 * 1024
"""Files larger than this are not analysed."""


class Unreadable(NamedTuple):
    """Why there are no bytes: `problem` completes "NAME: …"; `gone` when there is no such file at all."""

    problem: str
    gone: bool = False


class Disk:
    """Files below `root`, named by paths relative to it with "/" between the parts."""

    def __init__(self, root: Path, *, remember: bool = False) -> None:
        """`remember` resolves each folder once: for a short run, in which nobody is expected to move folders."""
        self.root = os.path.realpath(root)
        self._folders: dict[str, str] | None = {} if remember else None

    def absolute(self, path: str) -> str:
        return os.path.join(self.root, path)

    def read(self, path: str) -> bytes | Unreadable:
        """The bytes of a file, or why they cannot be had. Symlinks are followed while they stay inside the root."""
        try:
            real = self._resolved(self.absolute(path))
        except (OSError, ValueError) as error:  # a loop of links, a NUL in the name
            return Unreadable(f"cannot be opened: {getattr(error, 'strerror', None) or error}")
        if not self.holds(real):
            return Unreadable("leads out of the folder that is checked, so it was not read")
        try:
            descriptor = os.open(real, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
        except FileNotFoundError:
            return Unreadable("there is no such file", gone=True)
        except (OSError, ValueError) as error:
            return Unreadable(f"cannot be opened: {getattr(error, 'strerror', None) or error}")
        try:
            return _read(descriptor)
        except OSError as error:
            return Unreadable(f"cannot be read: {error.strerror or error}")
        finally:
            os.close(descriptor)

    def _resolved(self, file: str) -> str:
        if self._folders is None or os.path.islink(file):
            return os.path.realpath(file)
        folder, name = os.path.split(file)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return os.path.join(self._folders[folder], name)

    def real(self, path: str) -> Path:
        """The file that a path means, symlinks resolved."""
        return Path(os.path.realpath(self.absolute(path)))

    def exists(self, path: str) -> bool:
        """Whether something stands at a path, be it a broken link."""
        return os.path.lexists(self.absolute(path))

    def holds(self, real: str) -> bool:
        """Whether a resolved absolute path lies in the root."""
        return real == self.root or real.startswith(self.root.rstrip(os.sep) + os.sep)


def _read(descriptor: int) -> bytes | Unreadable:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        return Unreadable("is not a regular file")
    if status.st_size > MAX_BYTES:
        return Unreadable(f"is larger than {MAX_BYTES // (1024 * 1024)} MiB, so it was not analysed")
    pieces: list[bytes] = []
    size = 0
    while piece := os.read(descriptor, max(status.st_size + 1 - size, 65_536)):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_BYTES:
            return Unreadable("grew while it was read")
    return b"".join(pieces)
