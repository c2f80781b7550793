"""SARIF 2.1.0. Columns count UTF-16 code units; paths are relative to the root checked."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote

import msgspec

from ipclint import __version__
from ipclint.checks.rule import Rule
from ipclint.cli.reports.sheet import Sheet
from ipclint.engine.report import Location, fingerprints
from ipclint.engine.result import Shown
from ipclint.model.finding import SEVERITIES, Fix, Severity

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
BASE = "SRCROOT"

LEVELS: dict[Severity, str] = {
    "info": "note",
    "low": "note",
    "medium": "warning",
    "high": "error",
    "critical": "error",
}
SCORES: dict[Severity, str] = {"info": "1.0", "low": "3.0", "medium": "5.5", "high": "8.0", "critical": "9.5"}
"""What code scanning services sort by (`security-severity`), in the bands of CVSS."""


def write(sheet: Sheet, out: TextIO) -> None:
    """Write one run with every rule of the rulebook."""
    indexes = {rule.id: index for index, rule in enumerate(sheet.rulebook)}
    names = fingerprints((shown.report for shown in sheet.result.shown), sheet.document)
    results = [_result(sheet, shown, name, indexes) for shown, name in zip(sheet.result.shown, names, strict=True)]
    run = {
        "tool": {
            "driver": {
                "name": "ipclint",
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in sheet.rulebook],
            }
        },
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {BASE: {"uri": Path(sheet.root).as_uri().rstrip("/") + "/"}},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notifications(sheet)}],
        "results": results,
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    out.write(msgspec.json.format(msgspec.json.encode(log), indent=2).decode() + "\n")


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _rule(rule: Rule) -> dict[str, Any]:
    severity = max(rule.severity.values(), key=SEVERITIES.index)
    why = rule.why.strip() or rule.title
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in re.split(r"\W+", rule.id)),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": _plain(why.partition("\n\n")[0])},
        "help": {"text": _plain(why), "markdown": why},
        "defaultConfiguration": {"level": LEVELS[rule.severity[""]]},
        "properties": {
            "aliases": list(rule.aliases),
            "tags": ["security", rule.family, *(f"external/cwe/cwe-{number:03}" for number in rule.cwe)],
            "masvs": list(rule.masvs),
            "profile": rule.profile[""],
            "precision": {"certain": "very-high", "likely": "high", "hint": "medium"}[rule.confidence[""]],
            "security-severity": SCORES[severity],
        },
    }


def _plain(markdown: str) -> str:
    """Markdown without the marks that plain text readers stumble over."""
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", markdown.replace("`", "")).replace("\n", " ").strip()


# ── results ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _result(sheet: Sheet, shown: Shown, fingerprint: str, indexes: dict[str, int]) -> dict[str, Any]:
    report = shown.report
    result: dict[str, Any] = {
        "ruleId": report.finding.rule,
        "ruleIndex": indexes[report.finding.rule],
        "level": LEVELS[report.severity],
        "message": {"text": report.message},
        "locations": [_location(sheet, report.location)],
        "partialFingerprints": {"ipclint/v1": fingerprint},
        "properties": {
            "severity": report.severity,
            "confidence": report.confidence,
            "profile": report.finding.profile,
            **({"variant": report.finding.variant} if report.finding.variant else {}),
        },
    }
    if sheet.result.summary.baselined is not None:
        result["baselineState"] = "new"  # what the baseline has is not in the report
    if report.steps:
        steps = [
            {**_location(sheet, hop.location), "id": number, "message": {"text": hop.text}}
            for number, hop in enumerate(report.steps, 1)
        ]
        end = {**_location(sheet, report.location), "message": {"text": report.message}}
        flow = [{"location": {k: v for k, v in step.items() if k != "id"}} for step in steps]
        result["relatedLocations"] = steps
        result["codeFlows"] = [{"threadFlows": [{"locations": [*flow, {"location": end}]}]}]
    if shown.fixes:
        result["fixes"] = [_fix(sheet, fix) for fix in shown.fixes]
    return result


def _location(sheet: Sheet, location: Location) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": _artifact(location.path),
            "region": _region(sheet, location.path, location.start, location.end),
        }
    }


def _artifact(path: str) -> dict[str, str]:
    return {"uri": quote(path, safe="/@+!$&'()*,;=~"), "uriBaseId": BASE}


def _region(sheet: Sheet, path: str, start: int, end: int) -> dict[str, int]:
    first, last = sheet.utf16(path, start), sheet.utf16(path, end)
    return {"startLine": first.line, "startColumn": first.column, "endLine": last.line, "endColumn": last.column}


def _fix(sheet: Sheet, fix: Fix) -> dict[str, Any]:
    replacements: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for edit in fix.edits:
        region = _region(sheet, edit.path, edit.start, edit.end)
        replacements[edit.path].append({"deletedRegion": region, "insertedContent": {"text": edit.text}})
    nothing = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}
    for path, text in fix.creates:
        replacements[path].append({"deletedRegion": nothing, "insertedContent": {"text": text}})
    return {
        "description": {"text": fix.title},
        "artifactChanges": [
            {"artifactLocation": _artifact(path), "replacements": changes} for path, changes in replacements.items()
        ],
        "properties": {"safe": fix.safe},
    }


def _notifications(sheet: Sheet) -> list[dict[str, Any]]:
    return [
        {
            "level": "warning",
            "message": {"text": problem},
            "locations": [{"physicalLocation": {"artifactLocation": _artifact(path)}}],
        }
        for path, problem in sheet.result.summary.problems
    ]
