"""A finding in the file as it stands: places resolved to bytes, lines and columns."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from ipclint.model.facts import Facts, PlistFacts, ProjectFacts, SourceFacts
from ipclint.model.finding import CONFIDENCES, Confidence, Finding, Place, Severity
from ipclint.model.source import LineIndex


class Location(msgspec.Struct, frozen=True, order=True):
    """Absolute bytes `start` to `end` of a file, and the same as 0-based lines and 0-based byte columns."""

    path: str
    start: int
    end: int
    line: int
    column: int
    end_line: int
    end_column: int


class Hop(msgspec.Struct, frozen=True):
    """One step of the trace, resolved."""

    location: Location
    text: str


class Report(msgspec.Struct, frozen=True):
    """What the user sees of a finding, after configuration: `rule` is the shown id, with its variant."""

    rule: str
    message: str
    severity: Severity
    confidence: Confidence
    location: Location
    steps: tuple[Hop, ...]
    finding: Finding

    @property
    def path(self) -> str:
        return self.location.path

    @property
    def order(self) -> tuple[object, ...]:
        """Sorts reports by file, then by place."""
        return self.location, self.rule, self.message


class Document:
    """A file as it stands: its bytes, what was read of it, and where its lines begin."""

    def __init__(self, path: str, data: bytes, facts: Facts | None) -> None:
        self.path = path
        self.data = data
        self.facts = facts
        self._lines: LineIndex | None = None

    @property
    def lines(self) -> LineIndex:
        if self._lines is None:
            self._lines = LineIndex(self.data)
        return self._lines

    def locate(self, start: int, end: int) -> Location:
        """The location of absolute bytes; offsets past the end give the end."""
        end = min(max(start, end), len(self.data))
        start = min(start, end)
        line, column = self.lines.position(start)
        end_line, end_column = self.lines.position(end)
        return Location(self.path, start, end, line, column, end_line, end_column)

    def resolve(self, place: Place) -> Location:
        """The location of a place; one in a unit that is gone gives the start of the file."""
        if not place.unit:
            return self.locate(place.start, place.end)
        extents = self.facts.extents if isinstance(self.facts, SourceFacts) else {}
        extent = extents.get(place.unit)
        if extent is None:
            return self.locate(0, 0)
        return self.locate(extent.start + place.start, extent.start + place.end)

    def in_error(self, location: Location) -> bool:
        """Whether the location lies in, or holds, syntax that the grammar could not read."""
        if not isinstance(self.facts, SourceFacts):
            return False
        return any(span.start <= location.end and location.start <= span.end for span in self.facts.errors)

    @property
    def problem(self) -> str:
        """Why the file could not be read in full; "" when it could."""
        return self.facts.problem if isinstance(self.facts, SourceFacts | PlistFacts | ProjectFacts) else ""


def weaker(confidence: Confidence) -> Confidence:
    """One step less sure; a hint stays a hint."""
    return CONFIDENCES[max(0, CONFIDENCES.index(confidence) - 1)]


def resolve(finding: Finding, severity: Severity, document: Callable[[str], Document]) -> Report:
    """The report of a finding; `document` gives the file behind a path."""
    home = document(finding.place.path)
    location = home.resolve(finding.place)
    return Report(
        rule=finding.shown_rule,
        message=finding.message,
        severity=severity,
        confidence=weaker(finding.confidence) if home.in_error(location) else finding.confidence,
        location=location,
        steps=tuple(Hop(document(step.place.path).resolve(step.place), step.text) for step in finding.steps),
        finding=finding,
    )


def fingerprints(reports: Iterable[Report], document: Callable[[str], Document]) -> list[str]:
    """A name for each report that survives moved lines; equal ones are numbered in the order of the file."""
    seen: Counter[str] = Counter()
    names: list[str] = []
    for report in reports:
        name = fingerprint(report, document(report.path).data)
        names.append(f"{name}:{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return names


def fingerprint(report: Report, source: bytes) -> str:
    """A name for the finding that survives moved lines: rule, file, unit and the text reported, spaces aside."""
    text = b" ".join(source[report.location.start : report.location.end].split())
    parts = (
        report.rule.encode(),
        report.path.encode("utf-8", "surrogateescape"),
        report.finding.place.unit.encode(),
        text,
    )
    return hashlib.blake2b(b"\0".join(parts), digest_size=16).hexdigest()
