"""`ipclint baseline`: write down what is found now, so that `check` reports only what is new."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from ipclint.cli.main import CLEAN, UsageError
from ipclint.cli.progress import Bar
from ipclint.engine.baseline import FILE_NAME, Baseline, Entry, compare, encode_baseline, entries_of, read_entries
from ipclint.engine.batch import collect_rarely
from ipclint.engine.config import ConfigError
from ipclint.engine.result import check_workspace
from ipclint.engine.setup import Setup, prepare


def baseline(options: argparse.Namespace) -> int:
    """Run the command; its exit code. Raises UsageError."""
    collect_rarely()
    root = Path(options.path)
    if not root.is_dir():
        raise UsageError(f"{root}: there is no such folder")
    given = {"profile": options.profile, "include_tests": options.include_tests}
    overrides = {name: value for name, value in given.items() if value is not None}
    config = Path(options.config) if options.config else None
    try:
        setup = prepare(root.resolve(), config_file=config, overrides=overrides, cache=not options.no_cache)
        file = _file(options.output, setup)
        before = read_entries(file) if file.exists() else None
        entries = _entries(_without_baseline(setup), file.parent.resolve(), before or ())
    except ConfigError as error:
        raise UsageError(str(error)) from None
    try:
        file.write_text(encode_baseline(entries), "utf-8")
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror or error}") from None
    print(_said(file, before, entries))
    return CLEAN


def _file(output: str | None, setup: Setup) -> Path:
    """Where it goes: where one says, where the configuration has it, or beside the configuration."""
    if output or setup.config.baseline:
        return Path(output or setup.config.baseline)
    return (setup.config_file.parent if setup.config_file else setup.root) / FILE_NAME


def _without_baseline(setup: Setup) -> Setup:
    return setup._replace(config=msgspec.structs.replace(setup.config, baseline=""))


def _entries(setup: Setup, folder: Path, before: tuple[Entry, ...]) -> list[Entry]:
    session = setup.session()
    with Bar(sys.stderr) as bar:
        result = check_workspace(setup, session, progress=bar.show)
    reports = [shown.report for shown in result.shown]
    path = Baseline(folder=folder, root=Path(session.disk.root)).path
    return entries_of(reports, lambda path: session.document(path).data, path, before)


def _said(file: Path, before: tuple[Entry, ...] | None, entries: list[Entry]) -> str:
    came, went = compare(before or (), entries)
    count = f"{len(entries)} finding{'' if len(entries) == 1 else 's'}"
    return f"Wrote {count} to {file}" + (f" ({came} more, {went} gone)." if before is not None else ".")
