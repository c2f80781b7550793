"""`ipclint check --fix`, `--unsafe-fixes`, `--diff`: fixes applied in memory, then written or shown."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from typing import TextIO

from ipclint.cli.main import UsageError
from ipclint.cli.terminal import Style, printable
from ipclint.engine.fixing import ChangedMeanwhile, Fixed, FixedFile, fix_all, write_fixed
from ipclint.engine.session import Session


def fix(session: Session, *, unsafe: bool, write: bool) -> Fixed:
    """Apply the fixes to a loaded session, and to the disk unless told not to. Raises UsageError."""
    fixed = fix_all(session, unsafe=unsafe)
    if write:
        try:
            write_fixed(session.disk, fixed)
        except ChangedMeanwhile as error:
            raise UsageError(str(error)) from None
        except OSError as error:
            raise UsageError(f"{error.filename}: cannot be written: {error.strerror or error}") from None
    return fixed


def write_diff(fixed: Fixed, out: TextIO) -> None:
    """The changes as unified diffs, one a file."""
    style = Style(out)
    for file in fixed.files:
        for line in _diff(file):
            kind = {"+": "add", "-": "remove", "@": "dim"}.get(line[:1], "")
            text = "\t".join(map(printable, line.split("\t"))) if out.isatty() else line  # a patch must stay exact
            out.write((style(kind, text) if kind else text) + "\n")


def say(fixed: Fixed, *, written: bool) -> None:
    """One line about it on stderr."""
    verb = "Fixed" if written else "Would fix"
    findings = f"{fixed.findings} finding{'' if fixed.findings == 1 else 's'}"
    files = f"{len(fixed.files)} file{'' if len(fixed.files) == 1 else 's'}"
    print(f"{verb} {findings} in {files}.", file=sys.stderr)


def _diff(file: FixedFile) -> Iterator[str]:
    old = _lines(file.before or b"")
    new = _lines(file.after)
    names = ("/dev/null" if file.before is None else f"a/{file.path}", f"b/{file.path}")
    heads = (f"--- {names[0]}", f"+++ {names[1]}")
    for line in difflib.unified_diff(old, new, *names, lineterm=""):
        yield line.removesuffix("\n")
        if not line.endswith("\n") and line not in heads and not line.startswith("@@"):
            yield "\\ No newline at end of file"


def _lines(data: bytes) -> list[str]:
    """The lines with their ends; only a line feed ends one."""
    *lines, last = data.decode("utf-8", "replace").split("\n")
    return [f"{line}\n" for line in lines] + ([last] if last else [])
