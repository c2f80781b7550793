"""What can be done about a finding but to mend it: a suppression on its line, for its file, or in ipclint.toml."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ipclint.checks.edits import insert_before, line_end, line_start
from ipclint.engine.builtin import UNUSED
from ipclint.engine.config import FILE_NAME
from ipclint.engine.report import Report
from ipclint.model.finding import Edit, Fix
from ipclint.model.source import LineIndex, Span

_COMMENTS = {
    **dict.fromkeys(("swift", "m", "mm", "h", "c"), "// {} -- "),
    **dict.fromkeys(("plist", "entitlements", "xcent"), "<!-- {} —  -->"),  # XML allows no -- inside a comment
}
_LIST = re.compile(rb"^[ \t]*ignore[ \t]*=[ \t]*\[[ \t\r\n]*", re.MULTILINE)
_TABLE = re.compile(rb"^[ \t]*\[", re.MULTILINE)
_ROOT = re.compile(rb"^[ \t]*<plist\b", re.MULTILINE)


def suppressions(report: Report, lines: LineIndex) -> Iterator[Fix]:
    """What can be done with a comment: suppress the finding, or take out a suppression that is the finding.

    The comment gives no reason: one is asked for where it has to stand.
    """
    if report.rule == UNUSED.id:
        span = Span(report.location.start, report.location.end)
        yield Fix("Remove this suppression", safe=False, edits=(_removal(report.path, lines.data, span),))
        return
    comment = _COMMENTS.get(report.path.rpartition(".")[2])
    if comment is None or report.rule.startswith("ipclint/"):
        return
    above = lines.line(report.location.line - 1) if report.location.line else b""
    if not above.endswith(b"\\"):
        row = lines.line(report.location.line)
        first = lines.starts[report.location.line] + len(row) - len(row.lstrip(b" \t"))
        edit = insert_before(report.path, lines.data, first, comment.format(f"ipclint:ignore {report.rule}"))
        yield Fix(f"Suppress {report.rule} here; write the reason behind the dash", safe=False, edits=(edit,))
    top = _top(lines.data, comment)
    if top is not None:
        edit = insert_before(report.path, lines.data, top, comment.format(f"ipclint:ignore-file {report.rule}"))
        title = f"Suppress {report.rule} in this file; write the reason behind the dash"
        yield Fix(title, safe=False, edits=(edit,))


def _top(data: bytes, comment: str) -> int | None:
    """Where a comment about the whole file goes; None when there is no such place."""
    if comment.startswith("<"):
        root = _ROOT.search(data)
        return None if root is None else root.start()
    if data.startswith((b"#!", b"// swift-tools-version")):
        return min(line_end(data, 0) + 1, len(data))
    return 0


def switched_off(report: Report, configuration: bytes | None) -> Fix | None:
    """Turns the rule of a finding off in the ipclint.toml that holds `configuration`; None: there is no file yet."""
    if report.rule.startswith("ipclint/"):
        return None
    title = f"Turn {report.rule} off in {FILE_NAME}"
    name = json.dumps(report.rule)
    if configuration is None:
        return Fix(title, safe=False, edits=(), creates=((FILE_NAME, f"ignore = [{name}]\n"),))
    tables = _TABLE.search(configuration)
    end = len(configuration) if tables is None else tables.start()
    known = _LIST.search(configuration, 0, end)
    if known is not None:
        rest = configuration[known.end() :].lstrip()
        return Fix(
            title, safe=False, edits=(Edit(FILE_NAME, known.end(), known.end(), f"{name}{', ' * (rest[:1] != b']')}"),)
        )
    before = "" if configuration[:end].endswith(b"\n") or not end else "\n"
    return Fix(title, safe=False, edits=(Edit(FILE_NAME, end, end, f"{before}ignore = [{name}]\n"),))


def _removal(path: str, data: bytes, comment: Span) -> Edit:
    """Takes out a comment: with its line when nothing else stands there, else with the white space before it."""
    start, end = line_start(data, comment.start), line_end(data, comment.end)
    before = data[start : comment.start].rstrip()
    if before or data[comment.end : end].strip():
        return Edit(path, start + len(before), comment.end, "")
    following = data.find(b"\n", end)
    return Edit(path, start, len(data) if following < 0 else following + 1, "")
