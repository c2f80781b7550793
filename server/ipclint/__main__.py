"""Picks a face: the command line, or the language server. Imports nothing heavy first."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import NoReturn


def main() -> int:
    """The entry point `ipclint`. Returns the exit code, or ends the process with it."""
    first, *rest = sys.argv[1:] or [""]
    if first == "server":
        from ipclint.lsp.main import run

        return run(rest)
    from ipclint.cli.main import run

    return _leave(run(sys.argv[1:]))


def _leave(code: int) -> NoReturn:
    """Ends the process without taking apart what it holds: to give back a large program node by node takes a second."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # closed by whoever reads it
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
