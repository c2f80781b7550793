"""A rule's Markdown file read: its metadata from the `toml rule` block, its prose, its cases."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from ipclint.checks.cases import Fence, RuleError, Section, parse_section
from ipclint.checks.match_syntax import MatchError, parse_match
from ipclint.checks.rule import FixLanguage, FixTemplate, Rule
from ipclint.model.finding import Confidence, Profile, Severity

_ID = re.compile(r"^[a-z][a-z0-9-]*/[a-z][a-z0-9-]*$")
_FENCE = re.compile(r"^(`{3,}|~{3,})\s*(.*?)\s*$")
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_PATH_LINE = re.compile(r"^`([^`]+)`:?$")
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")


class _Fix(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A `[[fix]]` table as written."""

    title: str
    safe: bool = False
    builder: str = ""
    replaces: str = ""
    before: str = ""
    after: str = ""
    removes: str = ""
    swift: str = ""
    objc: str = ""
    c: str = ""
    imports: dict[FixLanguage, str] = {}


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The `toml rule` block as written."""

    message: str | dict[str, str]
    severity: Severity | dict[str, Severity]
    aliases: tuple[str, ...] = ()
    profile: Profile | dict[str, Profile] = "recommended"
    confidence: Confidence | dict[str, Confidence] = "certain"
    cwe: tuple[int, ...] = ()
    masvs: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    detector: str = ""
    match: dict[str, Any] | tuple[dict[str, Any], ...] = ()
    flow: dict[str, Any] | None = None
    fix: _Fix | tuple[_Fix, ...] = ()
    triggers: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    options: dict[str, Any] = {}
    debug: bool = False
    tests: bool = False
    respell: dict[str, str] = {}
    yields: tuple[str, ...] = ()


def parse_rule(id: str, markdown: str) -> Rule:
    """The rule of a Markdown file; `id` is "<family>/<rule>". Raises RuleError with the line of the mistake."""
    if not _ID.match(id):
        raise RuleError(id, 1, "a rule's id is <family>/<rule> in lower case with hyphens")
    title, sections = _outline(id, markdown)
    lead = sections[0]
    fence = next((f for f in lead.fences if f.info.split() == ["toml", "rule"]), None)
    if fence is None:
        raise RuleError(id, 1, "there is no ```toml rule block before the first case")
    header = _header(id, fence)
    names = (id, *header.aliases)
    return Rule(
        id=id,
        title=title,
        message=_messages(id, fence, header.message),
        severity=_narrowed(id, fence, "severity", header.severity),
        aliases=header.aliases,
        profile=_narrowed(id, fence, "profile", header.profile),
        confidence=_narrowed(id, fence, "confidence", header.confidence),
        cwe=header.cwe,
        masvs=header.masvs,
        references=header.references,
        detector=header.detector,
        match=_matches(id, fence, header),
        flow=header.flow,
        fixes=_fixes(id, fence, header.fix),
        triggers=header.triggers,
        files=header.files,
        texts=header.texts,
        options=header.options,
        debug=header.debug,
        tests=header.tests,
        respell=header.respell,
        yields=header.yields,
        why=lead.prose,
        cases=tuple(case for section in sections[1:] for case in parse_section(id, names, section)),
    )


# ── Markdown ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Line(NamedTuple):
    number: int  # 1-based
    text: str


def _outline(id: str, markdown: str) -> tuple[str, list[Section]]:
    """The title and the sections: the first is what stands before any second-level heading, each other one a case."""
    lines = iter([_Line(number, text) for number, text in enumerate(markdown.split("\n"), 1)])
    title = ""
    sections = [Section("", 1)]
    path = ""
    for line in lines:
        if found := _FENCE.match(line.text):
            sections[-1].fences.append(_fence(id, line, found, lines, path))
            path = ""
        elif found := _HEADING.match(line.text):
            if len(found[1]) == 1:
                title = title or found[2]
            else:
                sections.append(Section(found[2], line.number))
        elif found := _PATH_LINE.match(line.text.strip()):
            path = found[1]
        else:
            path = path if not line.text.strip() else ""
            sections[-1].lines.append(line.text)
    if not title:
        raise RuleError(id, 1, "the file has no title (a line that begins with one #)")
    return title, sections


def _fence(id: str, opening: _Line, found: re.Match[str], lines: Iterator[_Line], path: str) -> Fence:
    body: list[str] = []
    for line in lines:
        if line.text.rstrip() == found[1]:
            return Fence(found[2], path, "".join(f"{text}\n" for text in body), opening.number + 1)
        body.append(line.text)
    raise RuleError(id, opening.number, "this block is not closed")


# ── the toml block ───────────────────────────────────────────────────────────────────────────────────────────────────


def _header(id: str, fence: Fence) -> _Header:
    try:
        return msgspec.convert(tomllib.loads(fence.text), _Header)
    except tomllib.TOMLDecodeError as error:
        at = _AT_LINE.search(str(error))
        raise RuleError(
            id, fence.line + (int(at[1]) - 1 if at else 0), f"not TOML: {_AT_LINE.sub('', str(error))}"
        ) from error
    except msgspec.ValidationError as error:
        raise RuleError(id, _line_of(fence, str(error)), str(error)) from error


def _line_of(fence: Fence, error: str) -> int:
    """The line of the key that a validation error speaks of: the last name in it that the block has a line for."""
    for key in reversed(re.findall(r"[\w-]+", error)):
        pattern = re.compile(rf'^\s*(?:\[\[?\s*)?(?:[\w.-]+\.)?"?{re.escape(key)}"?\s*(?:[=.\]]|$)')
        for number, text in enumerate(fence.text.split("\n")):
            if pattern.match(text):
                return fence.line + number
    return fence.line


def _narrowed(id: str, fence: Fence, key: str, value: Any) -> Any:
    """A value, or a table with `default` and narrower entries, as a table whose default is ""."""
    if not isinstance(value, dict):
        return {"": value}
    table: dict[str, Any] = dict(value)  # pyright: ignore[reportUnknownArgumentType]
    if "default" not in table:
        raise RuleError(id, _line_of(fence, key), f"{key}.default is missing")
    return {"": table.pop("default"), **table}


def _messages(id: str, fence: Fence, value: str | dict[str, str]) -> dict[str, str]:
    messages: dict[str, str] = _narrowed(id, fence, "message", value)
    for message in messages.values():
        if message.endswith(".") or "\n" in message or not message.strip():
            raise RuleError(id, _line_of(fence, "message"), "a message is one sentence on one line without a full stop")
    return messages


def _matches(id: str, fence: Fence, header: _Header) -> tuple[dict[str, Any], ...]:
    tables = (header.match,) if isinstance(header.match, dict) else header.match
    for table in tables:
        try:
            parse_match(table)
        except MatchError as error:
            raise RuleError(id, _line_of(fence, error.key), str(error)) from error
    return tables


def _fixes(id: str, fence: Fence, value: _Fix | tuple[_Fix, ...]) -> tuple[FixTemplate, ...]:
    return tuple(_fix(id, fence, fix) for fix in ((value,) if isinstance(value, _Fix) else value))


def _fix(id: str, fence: Fence, fix: _Fix) -> FixTemplate:
    languages: dict[FixLanguage, str] = {"swift": fix.swift, "objc": fix.objc, "c": fix.c}
    texts: dict[FixLanguage, str] = {language: text for language, text in languages.items() if text or fix.removes}
    if bool(texts) == bool(fix.builder):
        raise RuleError(
            id, _line_of(fence, "fix"), f'the fix "{fix.title}" needs either a builder or a text for a language'
        )
    if fix.removes:
        return FixTemplate(fix.title, fix.safe, how="remove", where=fix.removes, templates=texts)
    if fix.before or fix.after:
        how = "before" if fix.before else "after"
        return FixTemplate(fix.title, fix.safe, "", how, fix.before or fix.after, texts, fix.imports)
    return FixTemplate(fix.title, fix.safe, fix.builder, "replace", fix.replaces, texts, fix.imports)
