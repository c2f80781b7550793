"""Fixes applied until none is left: in memory first, then to the disk, whole or not at all."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ipclint.checks.edits import apply_fixes
from ipclint.engine.changes import Change
from ipclint.engine.disk import Disk
from ipclint.engine.report import Document, Report
from ipclint.engine.session import Session
from ipclint.engine.store import write_atomically
from ipclint.model.facts import PlistFacts, ProjectFacts, SourceFacts
from ipclint.model.finding import Fix
from ipclint.model.paths import join

MAX_FIXES = 1_000
"""How many fixes one run applies: two that undo each other would go on for ever."""


class FixedFile(NamedTuple):
    """A file that fixes changed; `before` is None for one that they created."""

    path: str
    before: bytes | None
    after: bytes


class Fixed(NamedTuple):
    """What came of fixing: the files, sorted, and how many findings were fixed."""

    files: tuple[FixedFile, ...]
    findings: int


class ChangedMeanwhile(Exception):
    """A file is not what it was when it was checked; nothing was written. The text names it."""


def fix_all(session: Session, *, unsafe: bool) -> Fixed:
    """Apply fixes in the session, as an editor would, until no report offers one that helps. Writes nothing."""
    before: dict[str, bytes | None] = {}
    useless: set[tuple[str, str, str]] = set()  # (rule, path, title) of fixes that did not silence their rule
    count = 0
    for _ in range(MAX_FIXES):
        found = next(_candidates(session, unsafe, useless), None)
        if found is None:
            break
        report, fix = found
        if _try(session, report, fix, before):
            count += 1
        else:
            useless.add((report.rule, report.path, fix.title))
    files = ((path, old, session.document(path).data) for path, old in sorted(before.items()))
    return Fixed(tuple(FixedFile(*file) for file in files if file[1] != file[2]), count)


def _candidates(session: Session, unsafe: bool, useless: set[tuple[str, str, str]]) -> Iterator[tuple[Report, Fix]]:
    for path in session.paths():
        for report in session.reports(path):
            for fix in session.fixes(report):
                if (fix.safe or unsafe) and (report.rule, report.path, fix.title) not in useless:
                    yield report, fix


def _try(session: Session, report: Report, fix: Fix, before: dict[str, bytes | None]) -> bool:
    """Apply one fix; take it back when a file parses worse for it, or when its rule reports as much as before."""
    old = {path: session.document(path) for path in {edit.path for edit in fix.edits}}
    created = [path for path, _ in fix.creates]
    if any(document.problem for document in old.values()) or not _may_create(session, created):
        return False
    reports = _count(session, report)
    after = apply_fixes(lambda path: old[path].data, (fix,))
    session.apply([Change.opened(path, data) for path, data in after.items()])
    worse = any(_errors(session.document(path)) > _errors(document) for path, document in old.items())
    if worse or _count(session, report) >= reports:
        session.apply([Change.opened(path, document.data) for path, document in old.items()])
        session.apply([Change.closed(path) for path in created])
        return False
    for path, document in old.items():
        before.setdefault(path, document.data)
    for path in created:
        before.setdefault(path, None)
    return True


def _may_create(session: Session, created: Iterable[str]) -> bool:
    """New files only: inside the root, and where there is none."""
    return all(join("", path) == path and not session.exists(path) for path in created)


def _count(session: Session, report: Report) -> int:
    return sum(other.rule == report.rule for other in session.reports(report.path))


def _errors(document: Document) -> int:
    """How badly a file parses: the number of its errors, a problem of the whole file counted as one."""
    facts = document.facts
    if isinstance(facts, SourceFacts):
        return len(facts.errors) + bool(facts.problem)
    return int(isinstance(facts, PlistFacts | ProjectFacts) and bool(facts.problem))


def write_fixed(disk: Disk, fixed: Fixed) -> None:
    """Write the files, each whole or not at all. Raises ChangedMeanwhile before anything is written, and OSError."""
    for file in fixed.files:
        if file.before is None:
            if disk.exists(file.path) or not disk.holds(str(disk.real(file.path))):
                raise ChangedMeanwhile(f"{file.path}: there is such a file now; nothing was written")
        elif disk.read(file.path) != file.before:
            raise ChangedMeanwhile(f"{file.path}: it changed while it was checked; nothing was written, run again")
    for file in fixed.files:
        target = disk.real(file.path)
        mode = 0o666 if file.before is None else stat.S_IMODE(target.stat().st_mode)
        write_atomically(target, file.after, mode)
