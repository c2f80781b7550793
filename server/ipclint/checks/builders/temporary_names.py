"""Fixes for names that can be guessed: a unique name in the user's own temporary folder."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Finding, Fix, Place
from ipclint.program.program import Program

SWIFT = 'FileManager.default.temporaryDirectory.appendingPathComponent("{stem}-\\(UUID().uuidString){suffix}")'
OBJC = (
    "[NSTemporaryDirectory() stringByAppendingPathComponent:"
    '[NSString stringWithFormat:@"{stem}-%@{suffix}", NSUUID.UUID.UUIDString]]'
)


@builder("unique-temporary-path")
def unique_temporary_path(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Only for a whole path that one function writes: a constant is there because somebody else knows it too."""
    path, literal, url = finding.holes.get("path"), finding.holes.get("whole"), finding.holes.get("url")
    if not isinstance(path, str) or not isinstance(literal, Place):
        return
    name = path.rstrip("/").rpartition("/")[2]
    stem, dot, suffix = name.rpartition(".")
    parts = {"stem": stem or name, "suffix": f"{dot}{suffix}" if stem else ""}
    if "%" in name or '"' in name or "\\" in name:
        return
    if literal.path.endswith(".swift"):
        text = SWIFT.format(**parts)
        edit = sources.replace(url, text) if isinstance(url, Place) else sources.replace(literal, f"{text}.path")
        edits = (edit, *sources.imports(literal.path, "Foundation"))
    elif literal.path.endswith((".m", ".mm")):
        edits = (sources.replace(literal, OBJC.format(**parts)),)
    else:
        return
    yield Fix("Use a unique name in the temporary folder", False, edits, rule=rule.id)
