"""`ipclint surface`: where the programs of a workspace meet other processes, and what a change adds to that."""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from ipclint.cli.main import CLEAN, UsageError
from ipclint.cli.progress import Bar
from ipclint.cli.reports.surface import change_text, text
from ipclint.engine.batch import collect_rarely
from ipclint.engine.config import ConfigError
from ipclint.engine.revision import Repository, RevisionError
from ipclint.engine.session import Session
from ipclint.engine.setup import Setup, prepare
from ipclint.engine.surface import Difference, Surface, compare, of, to_html, to_json, to_mermaid


def surface(options: argparse.Namespace) -> int:
    """Run the command; its exit code. Raises UsageError."""
    collect_rarely()
    root = Path(options.path)
    if not root.is_dir():
        raise UsageError(f"{root}: there is no such folder")
    if options.link:
        _check_link(options.link)
    if options.diff and options.format == "mermaid":
        raise UsageError("--diff is written as text, json or html; mermaid draws one map")
    try:
        setup = prepare(root.resolve())
        session = setup.session(checks=False)
        commit = Repository(setup.root).commit(options.diff) if options.diff else ""
        found = _mapped(session)
        difference = compare(_at(setup, commit), found, options.diff, commit) if options.diff else None
    except (ConfigError, RevisionError) as error:
        raise UsageError(str(error)) from None
    _write(_written(options, session, found, difference), options)
    return CLEAN


def _check_link(link: str) -> None:
    try:
        link.format(path="", line=1, column=1)
    except (LookupError, ValueError, AttributeError):
        raise UsageError(f"--link {link}: only {{path}}, {{line}} and {{column}} may stand in braces") from None


def _mapped(session: Session) -> Surface:
    with Bar(sys.stderr) as bar:
        for step in session.index():
            bar.show(step)
    return of(session)


def _at(setup: Setup, commit: str) -> Surface:
    """The map of the workspace at a commit, by the configuration of today."""
    with tempfile.TemporaryDirectory(prefix="ipclint-") as folder:
        root = Repository(setup.root).write(commit, Path(folder))
        return _mapped(setup._replace(root=root).session(checks=False))


def _written(options: argparse.Namespace, session: Session, found: Surface, difference: Difference | None) -> str:
    if options.format == "json":
        return to_json(difference or found)
    if options.format == "mermaid":
        return to_mermaid(found)
    if options.format == "html":
        link = options.link or _link(session, options.output)
        return to_html(found, lambda path: session.document(path).data, link=link, difference=difference)
    return change_text(difference) if difference is not None else text(found)


def _link(session: Session, output: str | None) -> str:
    """Where the page's links lead: from the folder that it is written to, to the workspace."""
    folder = Path(output).resolve().parent if output else Path(session.disk.root)
    try:
        way = os.path.relpath(session.disk.root, folder)
    except ValueError:  # another drive
        return "./{path}#L{line}"
    steps = quote(Path(way).as_posix(), safe="/").replace("{", "%7B").replace("}", "%7D")
    return f"./{steps}/{{path}}#L{{line}}"


def _write(written: str, options: argparse.Namespace) -> None:
    if not options.output:
        if options.format != "text" and isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")
        sys.stdout.write(written)
        return
    try:
        with open(options.output, "w", encoding="utf-8") as out:
            out.write(written)
    except OSError as error:
        raise UsageError(f"{options.output}: cannot be written: {error.strerror or error}") from None
