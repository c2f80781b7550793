"""Hover: what a finding means, and what a rule is about wherever its name is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from lsprotocol import types

from ipclint.checks.rule import Rule
from ipclint.checks.rulebook import Rulebook
from ipclint.engine.config import FILE_NAME
from ipclint.engine.report import Hop, Location, Report
from ipclint.lsp.actions import under
from ipclint.lsp.configuring import is_configuration, setting_at
from ipclint.lsp.folders import Folder
from ipclint.model.source import LineIndex, Span

_NAME = re.compile(rb"[A-Za-z][\w/-]*(?:\.[a-z]\b)?")
_SUPPRESSION = re.compile(rb"ipclint:ignore(?:-file)?\s+(?P<ids>.*?)(?:--|\xe2\x80\x94|-->|\*/|$)")


class Hovers:
    """The hovers of one document. `markdown`: whether the client renders it; `locate` places a hop of a trace."""

    def __init__(self, folder: Folder, path: str, markdown: bool, locate: Callable[[Location], types.Location]) -> None:
        self._folder = folder
        self._path = path
        self._lines = folder.lines(path)
        self._markdown = markdown
        self._locate = locate

    def at(self, offset: int) -> tuple[str, Span] | None:
        """What to show at a byte offset, and the bytes it is about."""
        named = name_at(self._path, self._lines, offset)
        if named is not None:
            rule = self._rulebook.get(self._lines.data[named.start : named.end].decode())
            if rule is not None:
                return self._text([self._about(rule)]), named
        if is_configuration(self._path) and (found := setting_at(self._lines, offset)) is not None:
            setting, span = found
            default = f"\n\nDefault: `{setting.default}`" if setting.default else ""
            return self._text([f"**{setting.name}**\n\n{setting.about}{default}"]), span
        reports = [
            report
            for report in under(self._folder.session.reports(self._path), Span(offset, offset), self._lines)
            if report.location.start <= offset < report.location.end
        ]
        if not reports:
            return None
        location = min((report.location for report in reports), key=lambda each: each.end - each.start)
        return self._text(self._finding(report) for report in reports), Span(location.start, location.end)

    @property
    def _rulebook(self) -> Rulebook:
        return self._folder.session.rulebook

    def _finding(self, report: Report) -> str:
        parts = [f"**{report.rule}** · {report.severity}, {report.confidence}", f"{report.message}."]
        if report.steps:
            parts.append("\n".join(f"{number}. {self._hop(hop)}" for number, hop in enumerate(report.steps, 1)))
        rule = self._rulebook.get(report.rule)
        if rule is not None:
            parts.append(self._about(rule))
        return "\n\n".join(parts)

    def _hop(self, hop: Hop) -> str:
        place = self._locate(hop.location)
        line = place.range.start.line + 1
        name = f"{hop.location.path.rpartition('/')[2]}:{line}"
        return f"{hop.text} ([{name}]({place.uri}#L{line}))" if self._markdown else f"{hop.text} ({name})"

    def _about(self, rule: Rule) -> str:
        names = " · ".join((rule.id, *rule.aliases, *(f"CWE-{number}" for number in rule.cwe)))
        page = self._folder.page(rule.id)
        more = f"[{names}]({page})" if page and self._markdown else names
        return "\n\n".join(part for part in (f"### {rule.title}", rule.why.strip(), more) if part)

    def _text(self, parts: Iterable[str]) -> str:
        text = "\n\n---\n\n".join(parts)
        return text if self._markdown else re.sub(r"^#+ |\*\*|^```\w*$\n?", "", text, flags=re.MULTILINE)


def name_at(path: str, lines: LineIndex, offset: int) -> Span | None:
    """The word at an offset, where words name rules: in a suppression comment, and in ipclint.toml."""
    number = lines.position(offset)[0]
    row, start = lines.line(number), lines.starts[number]
    first, last = 0, len(row)
    if path.rpartition("/")[2] != FILE_NAME:
        comment = _SUPPRESSION.search(row)
        if comment is None:
            return None
        first, last = comment.span("ids")
    for word in _NAME.finditer(row, first, last):
        if word.start() <= offset - start <= word.end():
            return Span(start + word.start(), start + word.end())
    return None
