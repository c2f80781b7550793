"""`ipclint surface`: the endpoints of a workspace as a tree of targets, or as JSON."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

import msgspec

from ipclint import __version__
from ipclint.cli.main import CLEAN, UsageError
from ipclint.cli.progress import Bar
from ipclint.cli.terminal import printable
from ipclint.engine.batch import collect_rarely
from ipclint.engine.config import ConfigError
from ipclint.engine.report import Location
from ipclint.engine.setup import prepare
from ipclint.engine.surface import Mapped

VERSION = 1
"""Of the JSON format: raised when a field changes its meaning or goes, not when one is added."""


def surface(options: argparse.Namespace) -> int:
    """Run the command; its exit code. Raises UsageError."""
    collect_rarely()
    root = Path(options.path)
    if not root.is_dir():
        raise UsageError(f"{root}: there is no such folder")
    try:
        session = prepare(root.resolve()).session()
    except ConfigError as error:
        raise UsageError(str(error)) from None
    with Bar(sys.stderr) as bar:
        for step in session.index():
            bar.show(step)
    found = session.surface()
    write = write_json if options.format == "json" else write_text
    if not options.output:
        if options.format == "json" and isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")
        write(found, sys.stdout)
        return CLEAN
    try:
        with open(options.output, "w", encoding="utf-8") as out:
            write(found, out)
    except OSError as error:
        raise UsageError(f"{options.output}: cannot be written: {error.strerror or error}") from None
    return CLEAN


# ── text ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def write_text(found: Sequence[Mapped], out: TextIO) -> None:
    """Targets, below each its endpoints, below each what crosses there."""
    if not found:
        out.write("no endpoint found\n")
    for number, (target, members) in enumerate(sorted(_by_target(found).items())):
        out.write("\n" if number else "")
        out.write(f"{printable(target)}\n")
        for mapped in members:
            for line in _lines(mapped):
                out.write(f"  {printable(line)}\n")


def _by_target(found: Iterable[Mapped]) -> dict[str, list[Mapped]]:
    """Endpoints by what their target is called; one of several targets stands under each."""
    groups: dict[str, list[Mapped]] = {}
    for mapped in found:
        names = [f"{each.name} (privileged)" if each.privileged else each.name for each in mapped.endpoint.owners]
        for name in names or ["(no known target)"]:
            groups.setdefault(name, []).append(mapped)
    return groups


def _lines(mapped: Mapped) -> Iterable[str]:
    endpoint = mapped.endpoint
    yield f"{endpoint.kind} {endpoint.name or '(name unknown)'}  {_where(mapped.location)}"
    if endpoint.reach:
        yield f"    reachable by: {endpoint.reach}"
    if mapped.authentication != "not applicable":
        yield f"    peer authenticated by: {mapped.authentication}"
    if endpoint.rating:
        yield f"    mechanism rated: {endpoint.rating}"
    for peer in mapped.peers:
        yield f"    other side: {_where(peer)}"
    if endpoint.protocols:
        yield f"    protocol: {', '.join(endpoint.protocols)}"
    for method in endpoint.methods:
        yield f"      {method}"


def _where(location: Location) -> str:
    return f"{location.path}:{location.line}:{location.column}"


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def write_json(found: Sequence[Mapped], out: TextIO) -> None:
    """One object, indented, keys in a fixed order; lines and columns are 1-based."""
    report = {
        "version": VERSION,
        "tool": {"name": "ipclint", "version": __version__},
        "endpoints": [_object(mapped) for mapped in found],
    }
    out.write(msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")


def _object(mapped: Mapped) -> dict[str, Any]:
    endpoint = mapped.endpoint
    return {
        "kind": endpoint.kind,
        "name": endpoint.name,
        **_place(mapped.location),
        "targets": [{"name": owner.name, "privileged": owner.privileged} for owner in endpoint.owners],
        "reach": endpoint.reach,
        "authentication": mapped.authentication,
        "rating": endpoint.rating,
        "protocols": list(endpoint.protocols),
        "methods": list(endpoint.methods),
        "peers": [_place(peer) for peer in mapped.peers],
    }


def _place(location: Location) -> dict[str, Any]:
    return {"path": location.path, "line": location.line, "column": location.column}
