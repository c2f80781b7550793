"""The examples in a rule's file: what is expected of each line, and what a file reads after a fix."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from ipclint.checks.rule import Case, CaseFile, Golden, Mark
from ipclint.model.finding import CONFIDENCES, SEVERITIES, Confidence, Severity

DEFAULT_PATHS = {
    "swift": "Example.swift",
    "objc": "Example.m",
    "c": "Example.c",
    "pbxproj": "App.xcodeproj/project.pbxproj",
    "xcconfig": "App.xcconfig",
    "yaml": "project.yml",
    "xml": "",  # the name tells what kind of property list it is, so it must be written
}

_FIXED = re.compile(r'^(\w+)\s+fixed\s+"([^"]+)"$')
_MARK = re.compile(
    r"[ \t]*(?://|/\*|<!--|#(?= ))[ \t]*(?P<kind>error|also)"
    r"(?:[ \t]*:[ \t]*(?P<what>[\w., /-]*\w))?[ \t]*(?:\*/|-->)?[ \t]*$"
)


class RuleError(ValueError):
    """A mistake in a rule's file: `rule` is its id, `line` 1-based."""

    def __init__(self, rule: str, line: int, text: str) -> None:
        super().__init__(f"{rule}, line {line}: {text}")
        self.rule, self.line, self.text = rule, line, text


class Fence(msgspec.Struct):
    """A fenced block: its info string, the path written before it, its text and its first line (1-based)."""

    info: str
    path: str
    text: str
    line: int


class Section(msgspec.Struct):
    """A heading with what follows it up to the next one."""

    title: str
    line: int
    lines: list[str] = []
    fences: list[Fence] = []

    @property
    def prose(self) -> str:
        return "\n".join(self.lines).strip()


def parse_section(id: str, names: tuple[str, ...], section: Section) -> Iterator[Case]:
    """The cases of a section: blocks with paths are one case, blocks without are one each.

    `names` are the rule's id and aliases. Raises RuleError.
    """
    cases: list[tuple[list[CaseFile], list[Golden]]] = []
    together = bool(section.fences) and bool(section.fences[0].path)
    for fence in section.fences:
        fixed = _FIXED.match(fence.info)
        language = fixed[1] if fixed else fence.info
        if language not in DEFAULT_PATHS:
            raise RuleError(id, fence.line - 1, f'"{fence.info}" is no language of a case ({", ".join(DEFAULT_PATHS)})')
        if fixed:
            if not cases:
                raise RuleError(id, fence.line - 1, "there is no block before this one that the fix could apply to")
            files, goldens = cases[-1]
            file = _file(id, names, fence, language, fence.path or files[-1].path)
            goldens.append(Golden(fixed[2], file))
            continue
        if bool(fence.path) != together:
            raise RuleError(id, fence.line - 1, "give a path to every block of this case, or to none")
        file = _file(id, names, fence, language, fence.path or DEFAULT_PATHS[language])
        if not together or not cases:
            cases.append(([], []))
        cases[-1][0].append(file)
    for files, goldens in cases:
        yield Case(section.title, tuple(files), tuple(goldens), section.prose)


def _file(id: str, names: tuple[str, ...], fence: Fence, language: str, path: str) -> CaseFile:
    if not path:
        raise RuleError(id, fence.line - 1, "write the file's name before this block, like `Info.plist`:")
    lines: list[str] = []
    marks: list[Mark] = []
    for number, line in enumerate(fence.text.split("\n")):
        while found := _MARK.search(line):
            line = line[: found.start()]
            marks += _marks(id, names, fence.line + number, number, found)
        lines.append(line)
    return CaseFile(path, language, "\n".join(lines), tuple(marks), fence.line)


def _marks(id: str, names: tuple[str, ...], at: int, line: int, found: re.Match[str]) -> Iterator[Mark]:
    words = [word for word in re.split(r"[,\s]+", found["what"] or "") if word]
    if found["kind"] == "also":
        if not words:
            raise RuleError(id, at, "say which rule: // also: <rule>")
        for word in words:
            rule, _, variant = word.partition(".")
            yield Mark(line, rule, variant, also=True)
        return
    variant, severity, confidence = "", None, None
    for word in words:
        rule, dot, letter = word.partition(".")
        if word in SEVERITIES:
            severity = _as_severity(word)
        elif word in CONFIDENCES:
            confidence = _as_confidence(word)
        elif rule in ("", *names):
            variant = letter if dot else ""
        else:
            raise RuleError(id, at, f'"{word}" is no severity, no confidence and no name of this rule')
    yield Mark(line, "", variant, severity, confidence)


def _as_severity(word: str) -> Severity:
    return next(each for each in SEVERITIES if each == word)


def _as_confidence(word: str) -> Confidence:
    return next(each for each in CONFIDENCES if each == word)
