"""Copies of a firing case, bent in ways that must not matter, or must silence the rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ipclint.checks.rule import Case, CaseFile, Rule
from ipclint.engine.suppress import Suppressions

from .harness import CODE, Failure, Run, rulebook

EMOJI = "// 🧨 drôle 🏳️‍🌈 ünïcödé\n" * 2


class Bent(NamedTuple):
    """A file's new text. `shift` is how many lines further down its marks are now; None: the rule must be silent."""

    text: str
    shift: int | None


Bend = Callable[[Rule, CaseFile], Bent | None]
"""None: the bend says nothing of files of this kind."""


def commented_out(rule: Rule, file: CaseFile) -> Bent | None:
    if file.language == "xml":
        return _without_plist(file)
    if file.language not in CODE:
        return None
    return Bent("".join(f"// {line}\n" for line in file.text.split("\n")), None)


def _without_plist(file: CaseFile) -> Bent | None:
    start, end = file.text.find("<dict>"), file.text.rfind("</dict>")
    inside = file.text[start : end + len("</dict>")]
    if start < 0 or "--" in inside:
        return None
    return Bent(file.text[:start] + f"<!-- {inside} --><dict/>" + file.text[end + len("</dict>") :], None)


def in_a_string(rule: Rule, file: CaseFile) -> Bent | None:
    if file.language == "swift":
        return Bent(f'let sample = ###"""\n{file.text}\n"""###\n', None)
    if file.language in CODE:
        escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in file.text.split("\n"))
        lines = "\n".join(f'    "{line}\\n"' for line in escaped)
        return Bent(f"static const char *sample =\n{lines};\n", None)
    return None


def behind_emoji(rule: Rule, file: CaseFile) -> Bent | None:
    if file.language in CODE:
        return Bent(EMOJI + file.text, 2)
    if file.language == "xml" and file.text.startswith("<?xml"):
        first, _, rest = file.text.partition("\n")
        shifted = all(mark.line > 0 for mark in file.marks)
        return Bent(f"{first}\n<!-- 🧨 drôle -->\n{rest}", 1) if shifted else None
    return None


def with_crlf(rule: Rule, file: CaseFile) -> Bent | None:
    return Bent(file.text.replace("\n", "\r\n"), 0)


def in_debug_builds(rule: Rule, file: CaseFile) -> Bent | None:
    if file.language not in CODE:
        return None
    return Bent(f"#if DEBUG\n{file.text}\n#endif\n", 1 if rule.debug else None)


def respelled(rule: Rule, file: CaseFile) -> Bent | None:
    text = file.text
    for old, new in rule.respell.items():
        text = text.replace(old, new)
    return Bent(text, 0) if text != file.text else None


BENDS: tuple[Bend, ...] = (commented_out, in_a_string, behind_emoji, with_crlf, in_debug_builds, respelled)


def check_bend(rule: Rule, bend: Bend) -> Iterator[Failure]:
    """Every firing case of a rule, each file with a mark bent in turn; only the rule itself is run."""
    for case in rule.cases:
        for file in case.files:
            if any(not mark.also for mark in file.marks) and (bent := bend(rule, file)) is not None:
                yield from _check_bent(rule, case, file, bent, bend.__name__.replace("_", " "))


def _check_bent(rule: Rule, case: Case, file: CaseFile, bent: Bent, name: str) -> Iterator[Failure]:
    files = {each.path: (bent.text if each is file else each.text).encode() for each in case.files}
    came = {each.line for each in Run(files, (rule,)).found() if each.path == file.path}
    wanted = {m.line + bent.shift for m in file.marks if not m.also} if bent.shift is not None else set[int]()
    shift = bent.shift or 0
    for line in sorted(wanted - came):
        yield Failure(case.title, file.line + line - shift, f"{file.path}, {name}: nothing is reported any more")
    for line in sorted(came - wanted):
        shown = bent.text.split("\n")[line].strip()
        yield Failure(case.title, file.line, f"{file.path}, {name}: reported in line {line + 1}: {shown}")


def check_suppressed(rule: Rule) -> Iterator[Failure]:
    """Every marked line behind a suppression with a reason: the rule is silent, and the suppression is of use."""
    for case in rule.cases:
        for file in case.files:
            lines = {mark.line for mark in file.marks if not mark.also}
            if lines and file.language in (*CODE, "xml"):
                yield from _check_suppressed(rule, case, file, lines)


def _check_suppressed(rule: Rule, case: Case, file: CaseFile, lines: Iterable[int]) -> Iterator[Failure]:
    opening, closing = ("<!--", " -->") if file.language == "xml" else ("//", "")
    source = file.text.split("\n")
    for line in lines:
        source[line] += f" {opening} ipclint:ignore {rule.id} -- this example is meant to be so{closing}"
    files = {each.path: ("\n".join(source) if each is file else each.text).encode() for each in case.files}
    run = Run(files, (rule,))
    suppressions = Suppressions(run.documents[file.path], rulebook())
    for found in run.found():
        if found.path == file.path and not suppressions.hides(found.finding, found.line):
            text = f"{file.path}, suppressed: still reported in line {found.line + 1}: {source[found.line].strip()}"
            yield Failure(case.title, file.line + found.line, text)
