"""From the findings of a file to what is shown of it: configuration and suppressions applied, places resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ipclint.checks.rulebook import Rulebook
from ipclint.engine.report import Document, Report, resolve
from ipclint.engine.selection import Selection
from ipclint.engine.suppress import Suppressions
from ipclint.model.finding import Finding, Place


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
    selected = [finding for finding in findings if selection.shows(finding, home.path)]
    for finding in selected:
        hidden = suppressions.hides(finding, home.resolve(finding.place).line)
        if not hidden and not _yields(finding, selected, rulebook):
            shown.append(resolve(finding, selection.severity(finding, home.path), document))
    for finding in suppressions.findings(selection):
        line = home.resolve(finding.place).line
        if selection.shows(finding, home.path) and not suppressions.hides(finding, line):
            shown.append(resolve(finding, selection.severity(finding, home.path), document))
    return tuple(sorted(shown, key=lambda report: report.order))


def _yields(finding: Finding, others: Iterable[Finding], rulebook: Rulebook) -> bool:
    """Whether another rule, to which this one yields, says more of the same place."""
    rule = rulebook.get(finding.rule)
    if rule is None or not rule.yields:
        return False
    better = {found.id for name in rule.yields if (found := rulebook.get(name)) is not None}
    return any(
        other.rule in better and other.confidence != "hint" and _meet(other.place, finding.place) for other in others
    )


def _meet(one: Place, other: Place) -> bool:
    return (one.path, one.unit) == (other.path, other.unit) and one.start < other.end and other.start < one.end
