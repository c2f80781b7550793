"""Picks a face: the command line, or the language server. Imports nothing heavy first."""

from __future__ import annotations

import sys


def main() -> int:
    """The entry point `ipclint`. Returns the exit code."""
    if sys.argv[1:2] == ["server"]:
        from ipclint.lsp.main import run as serve

        return serve(sys.argv[2:])
    from ipclint.cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
