"""Fixes count bytes: what stands before them in the line, and how long a name is, changes nothing but itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import pytest
from lsprotocol import types

from ipclint.checks.edits import apply_edits, apply_fixes, compatible
from ipclint.checks.rule import Case, Golden, Rule
from ipclint.lsp.convert import Positions
from ipclint.model.finding import Fix
from ipclint.model.source import LineIndex

from .harness import Run, files_of, rulebook
from .mutations import KEPT, is_code

Texts = dict[str, str]

ENDING = "é日"  # of names; two and three bytes, one UTF-16 code unit each
COMMENT = "/* 🧨日本 */ "  # four bytes, two UTF-16 code units
IN_TEXT = "🧨日"

_LITERAL = r'@?"(?:\\.|[^"\\\n])*"'
_SPOT = re.compile(rf"{_LITERAL}|//[^\n]*|/\*.*?\*/|(?P<spot>(?<= = )|(?<=, )|(?<=return ))", re.S)
_LOCAL = re.compile(
    r"\b(?:let|var)\s+(\w+)|\b(?:[A-Z]\w+\s*\*|id|BOOL|NSInteger|int|size_t|const char \*)\s*(\w+)\s*(?:=|;)|:\([^()]*\)(\w+)"
)
"""Names that a case may choose freely: locals, properties and arguments, no labels and no selectors."""


class Told(NamedTuple):
    """What a fix makes of a case: how many findings and fixes there are, and the text that its golden block shows."""

    findings: int
    fixes: int
    text: str


def commented(text: str) -> str:
    """A comment before values and arguments."""
    parts: list[str] = []
    last = 0
    for found in _SPOT.finditer(text):
        line = text[text.rfind("\n", 0, found.start()) + 1 : found.start()].lstrip()
        if found.lastgroup == "spot" and not line.startswith(("#", "@", '"')):
            parts += (text[last : found.start()], COMMENT)
            last = found.start()
    return "".join((*parts, text[last:]))


def in_texts(text: str) -> str:
    """Emoji at the end of each text, those that name files aside."""
    return re.sub(r"^(?![ \t]*#).*", lambda line: re.sub(_LITERAL, _longer, line[0]), text, flags=re.M)


def _longer(literal: re.Match[str]) -> str:
    return f'{literal[0][:-1]}{IN_TEXT}"' if len(literal[0]) > 3 else literal[0]


def renamed(names: list[str]) -> Callable[[str], str]:
    """These names with an ending that is no ASCII."""
    pattern = re.compile(rf"(?<!\w)_?(?:{'|'.join(map(re.escape, names))})\b(?![\"'])")
    return lambda text: pattern.sub(lambda found: found[0] + ENDING, text)


def names_in(texts: Texts) -> list[str]:
    code = "\n".join(texts.values())
    names = {name.removeprefix("_") for found in _LOCAL.findall(code) for name in found if name} - KEPT
    return sorted(name for name in names if name and not re.search(rf"\b{name}\s*:", code))


def told(rule: Rule, golden: Golden, texts: Texts) -> Told:
    run = Run({path: text.encode() for path, text in texts.items()}, (rule,))
    found = run.found()
    fixes = [fix for each in found for fix in run.fixes(each.finding) if fix.title == golden.title]
    together = compatible(fixes)[0]
    check_client(run, together)
    after = {**run.files, **apply_fixes(lambda path: run.files.get(path, b""), together)}
    return Told(len(found), len(fixes), after.get(golden.file.path, b"").decode())


def check_client(run: Run, fixes: list[Fix]) -> None:
    """A client that counts in UTF-16 gets the same text by the same edits."""
    positions = Positions("utf-16")
    for path in {edit.path for fix in fixes for edit in fix.edits if edit.path in run.files}:
        edits = sorted({edit for fix in fixes for edit in fix.edits if edit.path == path})
        lines, rows = LineIndex(run.files[path]), run.files[path].decode().split("\n")
        text = run.files[path].decode().encode("utf-16-le")
        for edit in reversed(edits):
            start, end = (_units(rows, positions.position(lines, at)) for at in (edit.start, edit.end))
            text = text[: 2 * start] + edit.text.encode("utf-16-le") + text[2 * end :]
        assert text.decode("utf-16-le") == apply_edits(run.files[path], edits).decode()


def _units(rows: list[str], position: types.Position) -> int:
    """The UTF-16 code units before a position of the client's."""
    return sum(len(row.encode("utf-16-le")) // 2 + 1 for row in rows[: position.line]) + position.character


def bare(text: str) -> str:
    """Code without what was put in, and without its layout: a statement that is longer may be laid out otherwise."""
    for put_in in (ENDING, COMMENT, IN_TEXT):
        text = text.replace(put_in, "")
    return re.sub(r"\s|;", "", text)


GOLDENS = [
    (rule, case, golden)
    for rule in rulebook()
    for case in rule.cases
    for golden in case.goldens
    if is_code(golden.file.path)
]


@pytest.mark.parametrize("how", ["names", "comments", "texts"])
def test_fixes_of_code_count_bytes(how: str) -> None:
    compared = 0
    for rule, case, golden in GOLDENS:
        before = {path: data.decode() for path, data in files_of(case).items()}
        for change in changes(how, before):
            after = {path: change(text) if is_code(path) else text for path, text in before.items()}
            if after != before:
                compared += check(rule, case, golden, before, after)
    assert compared > 60


def changes(how: str, texts: Texts) -> list[Callable[[str], str]]:
    if how == "comments":
        return [commented]
    if how == "texts":
        return [in_texts]
    names = names_in({path: text for path, text in texts.items() if is_code(path)})
    return [renamed([name]) for name in names] + ([renamed(names)] if len(names) > 1 else [])


def check(rule: Rule, case: Case, golden: Golden, before: Texts, after: Texts) -> bool:
    """Whether the rewritten case could be compared: where its words mean the same to the rule, the fix is the same."""
    original, rewritten = told(rule, golden, before), told(rule, golden, after)
    if original[:2] != rewritten[:2]:
        return False
    assert bare(rewritten.text) == bare(golden.file.text), (rule.id, case.title, golden.title, rewritten.text)
    return True
