"""From the findings of a file to what is shown of it: configuration and suppressions applied, places resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ipclint.checks.rulebook import Rulebook
from ipclint.engine.report import Document, Report, resolve
from ipclint.engine.selection import Selection
from ipclint.engine.suppress import Suppressions
from ipclint.model.finding import Finding


def reports_of(
    home: Document,
    findings: Iterable[Finding],
    selection: Selection,
    rulebook: Rulebook,
    document: Callable[[str], Document],
) -> tuple[Report, ...]:
    """The reports of the file `home`, in source order; `document` gives the other files that traces pass through."""
    suppressions = Suppressions(home, rulebook)
    shown: list[Report] = []
    for finding in findings:
        if selection.shows(finding, home.path):
            line = home.resolve(finding.place).line
            if not suppressions.hides(finding, line):
                shown.append(resolve(finding, selection.severity(finding, home.path), document))
    for finding in suppressions.findings(selection):
        line = home.resolve(finding.place).line
        if selection.shows(finding, home.path) and not suppressions.hides(finding, line):
            shown.append(resolve(finding, selection.severity(finding, home.path), document))
    return tuple(sorted(shown, key=lambda report: report.order))
