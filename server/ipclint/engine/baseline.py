"""A baseline: the findings that were there when it was written, and are not reported, so that new ones stand out.

A finding is known again by its rule, its file, the function it stands in and the text it is about: moved lines change
none of them. When its file is gone, any other file may have it: it was renamed. Two that look alike count as two.
"""

from __future__ import annotations

import datetime
import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from ipclint.engine.config import ConfigError
from ipclint.engine.report import Report

FILE_NAME = "ipclint-baseline.json"
VERSION = 1
LARGEST = 64 * 1024 * 1024
"""Bytes of a file that is read as a baseline."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One finding. `path` is relative to the folder of the baseline, with `/`; `fingerprint` says nothing of it.

    What people add: `reason`, and `until`, the last day on which it is not reported.
    """

    rule: str
    path: str
    message: str
    fingerprint: str
    reason: str = ""
    until: datetime.date | None = None


class _File(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    findings: tuple[Entry, ...]


class Baseline:
    """The entries of a file, for the reports of one root.

    `folder` is the baseline's, `root` the one that paths of reports are relative to. An entry is over from the day
    after its `until` on; `today` tells.
    """

    def __init__(
        self,
        entries: Iterable[Entry] = (),
        folder: Path = Path(),
        root: Path = Path(),
        today: datetime.date | None = None,
    ) -> None:
        today = today or datetime.date.today()
        self.entries = tuple(each for each in entries if each.until is None or each.until >= today)
        self._folder = folder
        self._root = root
        self._by_path: dict[str, Counter[str]] = {}
        for entry in self.entries:
            self._by_path.setdefault(entry.path, Counter())[entry.fingerprint] += 1
        self._moved: Counter[str] | None = None

    @property
    def digest(self) -> bytes:
        """A name for what it hides."""
        return hashlib.blake2b(msgspec.msgpack.encode((str(self._folder), self.entries)), digest_size=16).digest()

    def new(self, reports: Sequence[Report], source: bytes) -> tuple[Report, ...]:
        """Those of a file's reports that the baseline does not have; `source` is the file."""
        if not reports or not self.entries:
            return tuple(reports)
        own = Counter(self._by_path.get(self.path(reports[0].path), Counter()))
        names = [fingerprint(report, source) for report in reports]
        rest = [each for each in zip(reports, names, strict=True) if not _take(own, each[1])]
        moved = Counter(self._of_moved_files()) if rest else Counter()
        return tuple(report for report, name in rest if not _take(moved, name))

    def path(self, path: str) -> str:
        """A path of the root as the baseline writes it."""
        if self._root == self._folder:
            return path
        return Path(os.path.relpath(self._root / path, self._folder)).as_posix()

    def _of_moved_files(self) -> Counter[str]:
        """The fingerprints of the entries whose file is gone."""
        if self._moved is None:
            gone = [path for path in self._by_path if _is_inside(path) and not (self._folder / path).exists()]
            self._moved = sum((self._by_path[path] for path in gone), Counter())
        return self._moved


def read_baseline(file: Path, root: Path) -> Baseline:
    """The baseline in a file, for a root. Raises ConfigError: there is none, or it is none that this version reads."""
    return Baseline(read_entries(file), file.parent.resolve(), root)


def read_entries(file: Path) -> tuple[Entry, ...]:
    """The entries of a file, over or not. Raises ConfigError."""
    try:
        if file.stat().st_size > LARGEST:
            raise ConfigError(
                f"{file}: longer than {LARGEST} bytes, which no baseline is; write it anew: `ipclint baseline`"
            )
        content = msgspec.json.decode(file.read_bytes(), type=_File)
    except FileNotFoundError:
        raise ConfigError(f"{file}: there is no such baseline; `ipclint baseline` writes one") from None
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror or error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{file}: not a baseline: {error}; write it anew: `ipclint baseline`") from None
    if content.version != VERSION:
        raise ConfigError(
            f"{file}: version {content.version} is not {VERSION}, which this ipclint reads; write it anew"
        )
    return content.findings


def entries_of(
    reports: Iterable[Report], source: Callable[[str], bytes], path: Callable[[str], str], before: Iterable[Entry] = ()
) -> list[Entry]:
    """The entries for these reports, in the order of the file. What people wrote beside an entry `before` is kept.

    `source` gives the file behind a report's path, `path` that path as the baseline writes it.
    """
    written: dict[tuple[str, str], list[Entry]] = {}
    for each in before:
        written.setdefault((each.path, each.fingerprint), []).append(each)

    def entry(report: Report) -> Entry:
        place, name = path(report.path), fingerprint(report, source(report.path))
        old = written.get((place, name))
        kept = old.pop(0) if old else None
        return Entry(
            rule=report.rule,
            path=place,
            message=report.message,
            fingerprint=name,
            reason=kept.reason if kept else "",
            until=kept.until if kept else None,
        )

    made = [entry(report) for report in reports]
    return sorted(made, key=lambda each: (each.path, each.rule, each.fingerprint))


def encode_baseline(entries: Sequence[Entry]) -> str:
    """The text of a file: an entry a line, so that a change of one is a change of one line."""
    lines = ",\n".join(f"    {msgspec.json.encode(entry).decode()}" for entry in entries)
    findings = f"[\n{lines}\n  ]" if entries else "[]"
    return f'{{\n  "version": {VERSION},\n  "findings": {findings}\n}}\n'


def fingerprint(report: Report, source: bytes) -> str:
    """A name for the finding that survives moved lines and renamed files: rule, unit, text reported, spaces aside."""
    text = b" ".join(source[report.location.start : report.location.end].split())
    parts = (report.rule.encode(), report.finding.place.unit.encode(), text)
    return hashlib.blake2b(b"\0".join(parts), digest_size=16).hexdigest()


def compare(old: Iterable[Entry], new: Iterable[Entry]) -> tuple[int, int]:
    """How many entries came, and how many went."""
    before = Counter((each.path, each.fingerprint) for each in old)
    after = Counter((each.path, each.fingerprint) for each in new)
    return (after - before).total(), (before - after).total()


def _take(names: Counter[str], name: str) -> bool:
    """Uses one of the names up."""
    if names[name] <= 0:
        return False
    names[name] -= 1
    return True


def _is_inside(path: str) -> bool:
    return ".." not in PurePosixPath(path).parts and not PurePosixPath(path).is_absolute()
