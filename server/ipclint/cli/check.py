"""`ipclint check`: which files, which settings, which report, which exit code."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from ipclint.cli.main import CLEAN, FINDINGS, UsageError
from ipclint.cli.progress import Bar
from ipclint.cli.reports.sheet import Sheet
from ipclint.engine.batch import collect_rarely
from ipclint.engine.changes import Change
from ipclint.engine.config import ConfigError, Gate, parse_gate
from ipclint.engine.result import Result, check_workspace, collect
from ipclint.engine.session import Session
from ipclint.engine.setup import prepare


class Target(NamedTuple):
    """What to check: `under` are paths relative to `root`; `text` is what came from stdin in their place."""

    root: Path
    under: tuple[str, ...]
    text: bytes | None = None


def check(options: argparse.Namespace) -> int:
    """Run the command; its exit code. Raises UsageError."""
    collect_rarely()
    target = _target(options.paths, options.stdin_filename)
    try:
        config = Path(options.config) if options.config else None
        setup = prepare(target.root, config_file=config, overrides=_overrides(options), cache=not options.no_cache)
        gate = parse_gate(setup.config.fail_on)
        session = setup.session()
    except ConfigError as error:
        raise UsageError(str(error)) from None
    if options.fix or options.unsafe_fixes or options.diff:
        return _fix(options, session, target, gate)
    with Bar(sys.stderr) as bar:
        result = check_workspace(setup, session, target.under, bar.show) if target.text is None else None
    if result is None:
        _open(session, target)
        result = collect(session)
    _write(options, session, result, sys.stdout)
    return _code(result, gate)


def _code(result: Result, gate: Gate) -> int:
    failing = any(gate.fails(shown.report.severity, shown.report.confidence) for shown in result.shown)
    return FINDINGS if failing else CLEAN


def _open(session: Session, target: Target) -> None:
    """Put the text from stdin into the session as a document."""
    session.apply([Change.opened(target.under[0], target.text or b"")])


def _fix(options: argparse.Namespace, session: Session, target: Target, gate: Gate) -> int:
    """Fix, then report what is left; with --diff or stdin, stdout gets the changes and the new text instead."""
    from ipclint.cli.fix import fix, say, write_diff

    if target.text is not None:
        _open(session, target)
    else:
        with Bar(sys.stderr) as bar:
            for step in session.index(session.survey(target.under)):
                bar.show(step)
    writes = not options.diff and target.text is None
    fixed = fix(session, unsafe=options.unsafe_fixes, write=writes)
    result = collect(session)
    if options.diff:
        write_diff(fixed, sys.stdout)
    elif target.text is not None:
        sys.stdout.buffer.write(session.document(target.under[0]).data)
    else:
        _write(options, session, result, sys.stdout)
    say(fixed, written=writes)
    return FINDINGS if options.diff and fixed.files else _code(result, gate)


# ── what to check ────────────────────────────────────────────────────────────────────────────────────────────────────


def _target(paths: Iterable[str], stdin_filename: str | None) -> Target:
    paths = list(paths)
    if "-" in paths:
        if len(paths) > 1:
            raise UsageError("- reads stdin and takes no other PATH beside it")
        if not stdin_filename:
            raise UsageError("- needs --stdin-filename NAME, whose ending says what the text is")
        root, under = _rooted([Path(stdin_filename)])
        return Target(root, under, sys.stdin.buffer.read())
    if stdin_filename:
        raise UsageError("--stdin-filename belongs to the PATH -")
    places = [Path(path) for path in paths]
    for place in places:
        if not place.exists():
            raise UsageError(f"{place}: there is no such file or folder")
    if len(places) == 1 and places[0].is_dir():
        return Target(places[0].resolve(), ("",))
    return Target(*_rooted(places))


def _rooted(places: list[Path]) -> tuple[Path, tuple[str, ...]]:
    """The folder that reported paths are relative to: the current one if it holds all of them, else their nearest."""
    resolved = [place.parent.resolve() / place.name if place.name else place.resolve() for place in places]
    root = Path.cwd()
    if not all(place.is_relative_to(root) for place in resolved):
        root = Path(os.path.commonpath([place if place.is_dir() else place.parent for place in resolved]))
    under = sorted({place.relative_to(root).as_posix() for place in resolved})
    return root, tuple("" if path == "." else path for path in under)


def _overrides(options: argparse.Namespace) -> dict[str, Any]:
    """The settings that the command line gives, by the names of the configuration's attributes."""
    given = {
        "profile": options.profile,
        "select": _split(options.select),
        "ignore": _split(options.ignore),
        "include_tests": options.include_tests,
        "fail_on": options.fail_on,
        "jobs": options.jobs,
        "baseline": str(Path(options.baseline).resolve()) if options.baseline else None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _split(values: list[str] | None) -> tuple[str, ...] | None:
    if values is None:
        return None
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


# ── what to say ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _write(options: argparse.Namespace, session: Session, result: Result, stdout: TextIO) -> None:
    sheet = Sheet(result, session.rulebook, session.disk.root, session.document)
    write = _format(options)
    if not options.output:
        if options.format != "text" and isinstance(stdout, io.TextIOWrapper):
            stdout.reconfigure(encoding="utf-8")  # what JSON is written in, whatever the locale
        write(sheet, stdout)
        stdout.flush()
        return
    try:
        with open(options.output, "w", encoding="utf-8") as out:
            write(sheet, out)
    except OSError as error:
        raise UsageError(f"{options.output}: cannot be written: {error.strerror or error}") from None


def _format(options: argparse.Namespace) -> Callable[[Sheet, TextIO], None]:
    if options.statistics:
        from ipclint.cli.reports.statistics import write
    elif options.format == "json":
        from ipclint.cli.reports.json import write
    elif options.format == "sarif":
        from ipclint.cli.reports.sarif import write
    else:
        from ipclint.cli.reports.text import write
    return write
