"""Reports as the protocol's diagnostics."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from lsprotocol import types

from ipclint.engine.report import Location, Report
from ipclint.lsp.client import Client
from ipclint.lsp.convert import Positions
from ipclint.model.source import LineIndex, Span

SOURCE = "ipclint"

_LEVELS = (
    types.DiagnosticSeverity.Error,
    types.DiagnosticSeverity.Warning,
    types.DiagnosticSeverity.Information,
    types.DiagnosticSeverity.Hint,
)
_LEVEL_OF = {"critical": 0, "high": 0, "medium": 1, "low": 2, "info": 3}


def level(report: Report) -> types.DiagnosticSeverity:
    """How loud a report is in an editor: its severity, one step lower when it is no more than a hint."""
    step = _LEVEL_OF[report.severity] + (report.confidence == "hint")
    return _LEVELS[min(step, len(_LEVELS) - 1)]


def tags(report: Report) -> list[types.DiagnosticTag]:
    """Struck through when the API is deprecated, faded when the text does nothing."""
    if report.rule.startswith("platform/"):
        return [types.DiagnosticTag.Deprecated]
    if report.rule == "ipclint/unused-suppression":
        return [types.DiagnosticTag.Unnecessary]
    return []


class Diagnostics:
    """Makes diagnostics of reports, for one client.

    `uri` gives the address of a path, `lines` the file behind it as it stands, `page` where a rule is documented.
    """

    def __init__(
        self,
        client: Client,
        positions: Positions,
        uri: Callable[[str], str],
        lines: Callable[[str], LineIndex],
        page: Callable[[str], str | None],
    ) -> None:
        self._client = client
        self._positions = positions
        self._uri = uri
        self._lines = lines
        self._page = page

    def of(self, reports: Iterable[Report]) -> list[types.Diagnostic]:
        return [self.diagnostic(report) for report in reports]

    def diagnostic(self, report: Report) -> types.Diagnostic:
        client = self._client
        page = self._page(report.rule) if client.code_description else None
        return types.Diagnostic(
            range=self.range(report.location),
            message=report.message,
            severity=level(report),
            source=SOURCE,
            code=report.rule,
            code_description=types.CodeDescription(page) if page else None,
            tags=[tag for tag in tags(report) if tag in client.diagnostic_tags] or None,
            related_information=self._trace(report) if client.related_information and report.steps else None,
            data={"severity": report.severity, "confidence": report.confidence} if client.diagnostic_data else None,
        )

    def range(self, location: Location) -> types.Range:
        return self._positions.range(self._lines(location.path), Span(location.start, location.end))

    def location(self, location: Location) -> types.Location:
        return types.Location(self._uri(location.path), self.range(location))

    def _trace(self, report: Report) -> list[types.DiagnosticRelatedInformation]:
        return [types.DiagnosticRelatedInformation(self.location(hop.location), hop.text) for hop in report.steps]


def result_id(diagnostics: Iterable[types.Diagnostic]) -> str:
    """A name for exactly these diagnostics: a client that has it need not be sent them again."""
    digest = hashlib.blake2b(digest_size=12)
    for diagnostic in diagnostics:
        digest.update(repr(diagnostic).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def not_analysed(problem: str) -> types.Diagnostic:
    """Why a document was not analysed, or not in full; at its beginning, since it is about all of it."""
    top = types.Range(types.Position(0, 0), types.Position(0, 0))
    return types.Diagnostic(
        top, problem, severity=types.DiagnosticSeverity.Information, source=SOURCE, code="not-analysed"
    )


def mistaken(text: str, line: int) -> types.Diagnostic:
    """A mistake in ipclint.toml, shown where it was made."""
    whole = types.Range(types.Position(line, 0), types.Position(line + 1, 0))
    return types.Diagnostic(whole, text, severity=types.DiagnosticSeverity.Error, source=SOURCE, code="configuration")
