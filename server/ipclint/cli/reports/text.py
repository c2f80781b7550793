"""The report for people: place, rule, message, the source with carets, the trace as a numbered story, the fixes."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator
from typing import TextIO

from ipclint.cli.reports.sheet import Sheet
from ipclint.cli.terminal import Style, columns, printable, width
from ipclint.engine.report import Location, Report
from ipclint.engine.result import Shown, Summary
from ipclint.model.finding import SEVERITIES, Fix, Severity

TAB = 4
MAX_CONTEXT = 8
"""How many folders and problems are named before the rest is counted."""


def write(sheet: Sheet, out: TextIO) -> None:
    """Write all findings, then what was left out, then the count."""
    writer = _Writer(sheet, out)
    for shown in sheet.result.shown:
        out.writelines(f"{line}\n" for line in writer.finding(shown))
        out.write("\n")
    out.writelines(f"{line}\n" for line in writer.summary())


class _Writer:
    def __init__(self, sheet: Sheet, out: TextIO) -> None:
        self._sheet = sheet
        self._style = Style(out)
        self._width = width(out)

    # ── a finding ────────────────────────────────────────────────────────────────────────────────────────────────────

    def finding(self, shown: Shown) -> Iterator[str]:
        report = shown.report
        alias = self._sheet.alias(report.rule)
        rule = f"{report.rule} ({alias})" if alias else report.rule
        severity = self._style(report.severity, f"{report.severity}/{report.confidence}")
        yield f"{self._style('bold', self._place(report.location))}: {severity} {rule}"
        yield from self._wrapped(report.message, "  ", bold=True)
        yield from self._excerpt(report.location, report.severity)
        yield from self._trace(report)
        yield from self._help(shown.fixes)

    def _place(self, location: Location) -> str:
        line, column = self._sheet.start(location)
        return f"{printable(location.path)}:{line}:{column}"

    def _wrapped(self, text: str, indent: str, bold: bool = False) -> Iterator[str]:
        for line in textwrap.wrap(printable(text), self._width - len(indent), break_long_words=False) or [""]:
            yield indent + (self._style("bold", line) if bold else line)

    def _excerpt(self, location: Location, severity: Severity) -> Iterator[str]:
        number = str(location.line + 1)
        bar = self._style("dim", "|")
        margin = " " * (len(number) + 1)
        room = self._width - len(margin) - 4
        before = self._sheet.text(location.path, location.line, 0, location.column)
        last = location.end_column if location.end_line == location.line else None
        marked = self._sheet.text(location.path, location.line, location.column, last)
        after = self._sheet.text(location.path, location.line, last) if last is not None else ""
        if not (before + marked + after).strip():
            return
        before, marked, after = _cut(_shown(before), _shown(marked), _shown(after.rstrip()), room)
        carets = "^" * max(1, columns(marked.rstrip()))
        yield f" {margin}{bar}"
        yield f" {self._style('dim', number)} {bar} {before}{marked}{after}"
        yield f" {margin}{bar} {' ' * columns(before)}{self._style(severity, carets)}"

    def _trace(self, report: Report) -> Iterator[str]:
        for number, hop in enumerate(report.steps, 1):
            head = f"  {number}. {self._place(hop.location)}: "
            text = textwrap.wrap(head + printable(hop.text), self._width, subsequent_indent=" " * 5) or [head]
            first = text[0].removeprefix(head)
            yield (self._style("dim", head) + first) if text[0].startswith(head) else text[0]
            yield from text[1:]

    def _help(self, fixes: tuple[Fix, ...]) -> Iterator[str]:
        for fix in fixes:
            how = "--fix" if fix.safe else "--unsafe-fixes"
            yield f"  {self._style('help', 'help:')} {printable(fix.title)} {self._style('dim', f'({how})')}"

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def summary(self) -> Iterator[str]:
        summary = self._sheet.result.summary
        for path, problem in _some(summary.problems):
            yield f"{self._style('medium', 'note:')} {printable(path)}: {printable(problem)}"
        if len(summary.problems) > MAX_CONTEXT:
            yield f"{self._style('medium', 'note:')} {len(summary.problems) - MAX_CONTEXT} further files with problems"
        if summary.baselined:
            yield self._style("dim", f"{_plural(summary.baselined, 'finding')} of the baseline not shown.")
        if left_out := left_out_line(summary):
            yield self._style("dim", printable(left_out))
        yield self._count()

    def _count(self) -> str:
        counts = Counter(shown.report.severity for shown in self._sheet.result.shown)
        files = _plural(self._sheet.result.summary.files, "file")
        if not counts:
            return self._style("help", f"Nothing to report in {files}.")
        present = [severity for severity in reversed(SEVERITIES) if counts[severity]]
        by_severity = ", ".join(self._style(severity, f"{counts[severity]} {severity}") for severity in present)
        return f"{_plural(counts.total(), 'finding')} in {files}: {by_severity}."


def left_out_line(summary: Summary) -> str:
    """What was left out by default, and how to take it in; "" when nothing was."""
    folders = ", ".join(_some(summary.folders))
    if len(summary.folders) > MAX_CONTEXT:
        folders += f" and {len(summary.folders) - MAX_CONTEXT} more"
    counts = [f"{_plural(count, 'file')} of {why}" for why, count in summary.left_out.items()]
    parts = [*counts, *([f"the folders {folders}"] if folders else [])]
    how = "take them in with --include-tests or `include` in ipclint.toml"
    return f"Left out: {'; '.join(parts)} ({how})" if parts else ""


def _some(items: tuple[tuple[str, str], ...] | tuple[str, ...]) -> tuple:
    return items[:MAX_CONTEXT]


def _plural(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _shown(text: str) -> str:
    return printable(text.replace("\t", " " * TAB))


def _cut(before: str, marked: str, after: str, room: int) -> tuple[str, str, str]:
    """The pieces of a long line that fit, the beginning of the marked one among them."""
    if columns(before) > room // 2:
        keep = max(10, room // 4)
        before = "…" + before[-keep:]
    left = room - columns(before)
    if columns(marked) > left:
        return before, marked[: max(10, left - 1)], "…"
    left -= columns(marked)
    return before, marked, after if columns(after) <= left else after[: max(0, left - 1)] + "…"
