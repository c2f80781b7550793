"""A revision of the workspace out of git, written to a folder of its own; nothing is checked out into the workspace.

A repository can be hostile: its configuration could name programs that git runs. So git is only asked to name objects
and to print them, with what could start anything else switched off, and what it prints is written as plain files: no
link, no path that leads elsewhere, nothing that is not read anyway.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from ipclint.engine.discover import IGNORE_FILES
from ipclint.engine.disk import MAX_BYTES
from ipclint.readers import kind_of

TIMEOUT = 60
"""Seconds for one question to git."""

MAX_TOTAL = 2 * 1024 * 1024 * 1024
"""Bytes that are written of one revision at most."""

_SAFE = (
    ("core.fsmonitor", "false"),
    ("core.hooksPath", os.devnull),
    ("protocol.allow", "never"),  # a partial clone fetches what is missing
    ("safe.bareRepository", "explicit"),  # one that lies in the workspace as plain files
)
_KEPT = ("PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "XDG_CONFIG_HOME", "LC_ALL", "LANG")
"""Of the environment; nothing that begins with GIT_ gets through."""


class RevisionError(Exception):
    """The text says what could not be had and what to do."""


class Blob(NamedTuple):
    """A file of a revision: its path in the workspace, the name of its content, its size in bytes."""

    path: str
    object: str
    size: int


class Repository:
    """The git repository that a folder lies in. Raises RevisionError when it lies in none, or git is not there."""

    def __init__(self, root: Path) -> None:
        self._root = root
        program = shutil.which("git")
        if program is None:
            raise RevisionError("git is needed for this and was not found; install it")
        options = [word for key, value in _SAFE for word in ("-c", f"{key}={value}")]
        self._git = [program, "--no-pager", "--literal-pathspecs", "--no-replace-objects", *options, "-C", str(root)]
        self._environment = {key: os.environ[key] for key in _KEPT if key in os.environ}
        self._environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}
        try:
            self._prefix = self._ask("rev-parse", "--show-prefix").decode("utf-8", "surrogateescape").rstrip("\n")
        except RevisionError as error:
            raise RevisionError(f"{root}: this is no folder of a git repository ({error})") from None

    def commit(self, revision: str) -> str:
        """The full id of a commit by any name that git knows for it. Raises RevisionError."""
        try:
            found = self._ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        except RevisionError:
            raise RevisionError(
                f"{revision}: the repository has no such revision; a shallow clone may lack it (git fetch --unshallow)"
            ) from None
        return found.decode("ascii", "replace").strip()

    def write(self, commit: str, folder: Path) -> Path:
        """Write the files of the workspace as they were at `commit` below `folder`, which is empty.

        Returns the folder that corresponds to the workspace. Raises RevisionError.
        """
        (folder / ".git").mkdir()  # so that ignore files count as they do in the workspace
        root = folder / self._prefix
        root.mkdir(parents=True, exist_ok=True)
        blobs = list(self._blobs(commit))
        if sum(blob.size for blob in blobs) > MAX_TOTAL:
            raise RevisionError(f"{commit[:12]}: the revision holds more than {MAX_TOTAL // 2**30} GiB of code")
        for blob, data in self._contents(blobs):
            place = folder / blob.path
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(data)
            except OSError as error:
                raise RevisionError(f"{blob.path}: cannot be written: {error.strerror or error}") from None
        return root

    def _blobs(self, commit: str) -> Iterator[Blob]:
        """The files in the workspace that are read, and the ignore files in and above it."""
        listing = self._ask("ls-tree", "-r", "-z", "-l", "--full-tree", commit)
        for line in listing.split(b"\0"):
            head, _, name = line.partition(b"\t")
            words = head.split()
            if len(words) != 4 or words[0] not in (b"100644", b"100755") or not words[3].isdigit():
                continue  # links and submodules lead elsewhere
            path, size = _text(name), int(words[3])
            if size <= MAX_BYTES and self._is_wanted(path):
                yield Blob(path, words[2].decode(), size)

    def _is_wanted(self, path: str) -> bool:
        parts = path.split("/")
        if not path or any(part in ("", ".", "..") or part.lower() == ".git" for part in parts):
            return False
        if os.name == "nt" and any(character in path for character in ":\\"):
            return False
        folder = path[: -len(parts[-1])]
        if parts[-1] in IGNORE_FILES:
            return folder.startswith(self._prefix) or self._prefix.startswith(folder)
        return path.startswith(self._prefix) and (kind_of(path) is not None or path.endswith((".yml", ".yaml")))

    def _contents(self, blobs: list[Blob]) -> Iterator[tuple[Blob, bytes]]:
        command = [*self._git, "cat-file", "--batch"]
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nothing, env=self._environment) as process:
            assert process.stdin is not None and process.stdout is not None
            try:
                for blob in blobs:
                    process.stdin.write(f"{blob.object}\n".encode())
                    process.stdin.flush()
                    yield blob, _one(process.stdout, blob)
            except OSError as error:
                raise RevisionError(f"git stopped: {error}") from None
            finally:
                process.kill()

    def _ask(self, *words: str) -> bytes:
        """What git prints. Raises RevisionError with the first line of what it complains of."""
        try:
            done = subprocess.run(
                [*self._git, *words],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT,
                env=self._environment,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired, ValueError) as error:  # ValueError: a NUL in a name
            raise RevisionError(f"git cannot be run: {error}") from None
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise RevisionError(said[0] if said else f"git {words[0]} failed")
        return done.stdout


def _one(out: IO[bytes], blob: Blob) -> bytes:
    """The next answer of `cat-file --batch`: `NAME blob SIZE`, the bytes, a line feed."""
    words = out.readline().split()
    if len(words) != 3 or words[1] != b"blob" or words[2] != str(blob.size).encode():
        raise RevisionError(f"{blob.path}: its content is not in the repository; a partial clone may lack it")
    data = out.read(blob.size)
    out.read(1)
    return data


def _text(name: bytes) -> str:
    """A path, "" for one that is not UTF-8: those are left out of a workspace as well."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return ""
