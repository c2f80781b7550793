"""Picks a face: the command line, or the language server. Imports nothing heavy first."""

from __future__ import annotations

import sys


def main() -> int:
    """The entry point `ipclint`. Returns the exit code."""
    first, *rest = sys.argv[1:] or [""]
    if first == "server":
        from ipclint.lsp.main import run

        return run(rest)
    from ipclint.cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
