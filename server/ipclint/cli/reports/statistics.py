"""How often each rule fired, the most frequent first."""

from __future__ import annotations

from collections import Counter
from typing import TextIO

from ipclint.cli.reports.sheet import Sheet


def write(sheet: Sheet, out: TextIO) -> None:
    """One line a rule: count, severity, id, alias and title."""
    counts = Counter((shown.report.rule, shown.report.severity) for shown in sheet.result.shown)
    for (rule, severity), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        found = sheet.rulebook.get(rule)
        alias = sheet.alias(rule)
        out.write(f"{count:6}  {severity:8}  {rule}{f' ({alias})' if alias else ''}: {found.title if found else ''}\n")
    out.write(f"{counts.total():6}  in all, in {sheet.result.summary.files:,} files\n")
