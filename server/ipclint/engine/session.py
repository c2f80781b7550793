"""The only way in: changes of files go in, reports come out.

A keystroke is one change; a CI run is every file applied to an empty session. The session owns the bytes of open
documents; it reads any other file from disk when it must show a piece of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from ipclint.checks.rulebook import Rulebook
from ipclint.checks.run import Checker
from ipclint.engine.changes import Change, Delta
from ipclint.engine.config import Config
from ipclint.engine.disk import Disk, Unreadable
from ipclint.engine.report import Document, Report, resolve
from ipclint.model.facts import Facts
from ipclint.model.finding import Fix
from ipclint.program.program import Program
from ipclint.readers import kind_of, read

MAX_ROUNDS = 8
"""How often files that the program asked for are read before it must do with what it has."""


class Session:
    """A workspace under watch. One thread at a time. `root` is the folder that no path leaves."""

    def __init__(self, root: Path, config: Config, rulebook: Rulebook) -> None:
        self.disk = Disk(root)
        self.config = config
        self.rulebook = rulebook
        self.program = Program()
        self._checker = Checker(self.program, rulebook)
        self._facts: dict[str, Facts] = {}
        self._open: dict[str, bytes] = {}
        self._reports: dict[str, tuple[Report, ...]] = {}
        self._referrers: dict[str, set[str]] = defaultdict(set)  # file → files whose traces pass through it

    # ── what happened ────────────────────────────────────────────────────────────────────────────────────────────────

    def apply(self, changes: Iterable[Change]) -> Delta:
        """Take in what happened, check what depends on it, and say which reports changed."""
        touched = {change.path for change in changes if self._take(change)}
        return self._check(touched)

    def refresh(self, paths: Iterable[str]) -> Delta:
        """Read these files from disk again (written, created or deleted by others) and take in what they hold."""
        return self.apply([self._on_disk(path) for path in paths])

    # ── what is known ────────────────────────────────────────────────────────────────────────────────────────────────

    def paths(self) -> tuple[str, ...]:
        """The paths that have reports, sorted."""
        return tuple(sorted(self._reports))

    def reports(self, path: str) -> tuple[Report, ...]:
        """The reports of a file in source order; () for a file without any, or unknown."""
        return self._reports.get(path, ())

    def fixes(self, report: Report) -> tuple[Fix, ...]:
        """The fixes of a report against the files as they stand now, the best first."""
        return tuple(self._checker.fixes(report.finding, self._source, self._extents))

    def document(self, path: str) -> Document:
        """A file as it stands, the open document before the one on disk; without bytes when it cannot be read."""
        data = self._open.get(path)
        if data is None:
            found = self.disk.read(path)
            data = b"" if isinstance(found, Unreadable) else found
        return Document(path, data, self._facts.get(path))

    def is_open(self, path: str) -> bool:
        return path in self._open

    # ── taking in ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _on_disk(self, path: str) -> Change:
        found = self.disk.read(path)
        return Change.gone(path) if isinstance(found, Unreadable) else Change.written(path, found)

    def _take(self, change: Change) -> bool:
        """Update the facts of one file; False when the change says nothing new."""
        path = change.path
        if change.kind == "closed":
            if self._open.pop(path, None) is None:
                return False
            return self._take(self._on_disk(path))
        if change.kind == "opened":
            self._open[path] = change.data
        elif change.kind == "edited":
            if path not in self._open:
                return False
            for edit in change.edits:
                data = self._open[path]
                self._open[path] = data[: edit.start] + edit.text + data[edit.end :]
        elif path in self._open:
            return False
        if change.kind == "gone":
            self._facts.pop(path, None)
            self.program.remove(path)
        else:
            self._learn(read(path, self._open.get(path, change.data)) if kind_of(path) else None)
        return True

    def _learn(self, facts: Facts | None) -> None:
        if facts is not None:
            self._facts[facts.path] = facts
            self.program.update(facts)

    def _check(self, touched: set[str]) -> Delta:
        affected = set(touched)
        for path in touched:
            affected |= self._referrers[path]
        affected |= set(self._checker.stale_paths())
        return Delta(frozenset(path for path in affected if self._report(path)))

    def _report(self, path: str) -> bool:
        """Bring the reports of a file up to date; whether they changed."""
        documents: dict[str, Document] = {}

        def document(name: str) -> Document:
            return documents.setdefault(name, documents.get(name) or self.document(name))

        findings = self._checker.findings(path) if path in self._facts else ()
        reports = tuple(sorted((resolve(each, each.severity, document) for each in findings), key=lambda r: r.order))
        old = self._reports.pop(path, ())
        if reports:
            self._reports[path] = reports
        for hop in (hop for report in reports for hop in report.steps):
            self._referrers[hop.location.path].add(path)
        return reports != old

    def _source(self, path: str) -> bytes:
        return self.document(path).data

    def _extents(self, path: str) -> dict[str, object]:
        return dict(getattr(self._facts.get(path), "extents", {}))
