"""`ipclint server`: the command's arguments, its streams, and the log."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
from collections.abc import Sequence

_ABOUT = "Speaks the Language Server Protocol. Editors start this by themselves: docs/editors/ says how to set them up."


def parse_address(text: str) -> tuple[str, int]:
    """`HOST:PORT`, `:PORT` or `PORT`; without a host it is this machine alone. Raises ArgumentTypeError."""
    host, _, port = text.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no address; write HOST:PORT, as in 127.0.0.1:5007")
    return host.strip("[]") or "127.0.0.1", int(port)


def run(arguments: Sequence[str]) -> int:
    """Runs the server until its client leaves. Returns the exit code: 0 after an orderly end, 2 for a usage error."""
    parser = argparse.ArgumentParser("ipclint server", description=_ABOUT)
    parser.add_argument("--stdio", action="store_true", help="use standard input and output (the default)")
    parser.add_argument("--tcp", type=parse_address, metavar="[HOST:]PORT", help="wait for one client here instead")
    levels = ("debug", "info", "warning", "error")
    parser.add_argument("--log-level", choices=levels, default="warning", help="what to log, on standard error")
    parser.add_argument("--clientProcessId", type=int, help=argparse.SUPPRESS)  # some clients add it to every server
    options = parser.parse_args(arguments)
    logging.basicConfig(level=options.log_level.upper(), format="%(levelname)s %(name)s: %(message)s")

    gc.disable()  # what is loaded stays: to search it for garbage, again and again, is a tenth of the start
    from ipclint.lsp.handlers import make_server
    from ipclint.lsp.protocol import brief
    from ipclint.lsp.transport import listen, standard_streams

    gc.freeze()
    gc.enable()
    try:
        streams = listen(*options.tcp) if options.tcp else standard_streams()
    except OSError as error:
        print(f"ipclint server: cannot listen on {options.tcp[0]}:{options.tcp[1]}: {error.strerror}", file=sys.stderr)
        return 2
    logging.getLogger("pygls.protocol.json_rpc").addFilter(brief)
    code = make_server().run(*streams)
    logging.shutdown()
    sys.stderr.flush()
    os._exit(code)  # the input thread may be inside a read, which the interpreter would wait for
