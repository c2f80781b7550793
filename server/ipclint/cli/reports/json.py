"""JSON: one object with every finding, its trace and its fixes.

Lines and columns are 1-based; columns count characters (Unicode scalar values), offsets count bytes of the file.
"""

from __future__ import annotations

from typing import Any, TextIO

import msgspec

from ipclint import __version__
from ipclint.cli.reports.sheet import Sheet
from ipclint.engine.report import Location, fingerprints
from ipclint.engine.result import Shown

VERSION = 1
"""Of the format: raised when a field changes its meaning or goes, not when one is added."""


def write(sheet: Sheet, out: TextIO) -> None:
    """Write the object, indented, keys in a fixed order."""
    names = fingerprints((shown.report for shown in sheet.result.shown), sheet.document)
    summary = sheet.result.summary
    report = {
        "version": VERSION,
        "tool": {"name": "ipclint", "version": __version__},
        "root": sheet.root,
        "findings": [_finding(sheet, shown, name) for shown, name in zip(sheet.result.shown, names, strict=True)],
        "summary": {
            "files": summary.files,
            "left_out": summary.left_out,
            "left_out_folders": summary.folders,
            "baselined": summary.baselined,
            "problems": [{"path": path, "problem": problem} for path, problem in summary.problems],
        },
    }
    out.write(msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")


def _finding(sheet: Sheet, shown: Shown, fingerprint: str) -> dict[str, Any]:
    report = shown.report
    rule = sheet.rulebook.get(report.rule)
    return {
        "rule": report.rule,
        "aliases": list(rule.aliases) if rule else [],
        "message": report.message,
        "severity": report.severity,
        "confidence": report.confidence,
        **_place(sheet, report.location),
        "trace": [{"text": hop.text, **_place(sheet, hop.location)} for hop in report.steps],
        "fixes": [
            {
                "title": fix.title,
                "safe": fix.safe,
                "edits": [{"path": e.path, "start": e.start, "end": e.end, "text": e.text} for e in fix.edits],
                "creates": [{"path": path, "text": text} for path, text in fix.creates],
            }
            for fix in shown.fixes
        ],
        "fingerprint": fingerprint,
    }


def _place(sheet: Sheet, location: Location) -> dict[str, Any]:
    start, end = sheet.start(location), sheet.end(location)
    return {
        "path": location.path,
        "start": {"line": start.line, "column": start.column, "offset": location.start},
        "end": {"line": end.line, "column": end.column, "offset": location.end},
    }
