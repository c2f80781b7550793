"""A rule's page in Markdown, for the documentation: what it finds, why, how much it matters, examples, fixes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ipclint.checks.rule import HOLE, Case, CaseFile, Rule

CWE = "https://cwe.mitre.org/data/definitions/{}.html"

_FENCES = {"pbxproj": "text", "xcconfig": "text"}


def rule_page(rule: Rule) -> str:
    """The page of a rule; examples are there only when the rule was parsed from its file (`rulebook.parse_rule`)."""
    parts = [f"# {rule.title}", _names(rule), _messages(rule), rule.why, _weight(rule)]
    parts += (
        [f"**Settings:** {', '.join(f'`{name}` = `{value}`' for name, value in rule.options.items())}"]
        if rule.options
        else []
    )
    parts += list(_fixes(rule))
    for before, case in zip((None, *rule.cases), rule.cases, strict=False):
        parts += _case(case, headed=before is None or before.title != case.title)
    parts += ["## Read more\n\n" + "\n".join(f"- <{each}>" for each in rule.references)] if rule.references else []
    return "\n\n".join(part for part in parts if part) + "\n"


def _names(rule: Rule) -> str:
    cwe = (f"[CWE-{number}]({CWE.format(number)})" for number in rule.cwe)
    return " · ".join([f"`{rule.id}`", *(f"`{alias}`" for alias in rule.aliases), *cwe, *rule.masvs])


def _messages(rule: Rule) -> str:
    """What it reports, quoted: of each variant, its letter first."""
    return "\n>\n".join(
        f"> {f'**{name}** ' if name else ''}{HOLE.sub('…', text)}" for name, text in rule.message.items()
    )


def _weight(rule: Rule) -> str:
    """Severity, confidence and profile, with what narrows them."""
    rows = [("Severity", rule.severity), ("Confidence", rule.confidence), ("Profile", rule.profile)]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {_narrowed(table)} |" for name, table in rows)])


def _narrowed(table: Mapping[str, str]) -> str:
    return ", ".join([table[""], *(f"{value} ({key})" for key, value in table.items() if key)])


def _fixes(rule: Rule) -> Iterator[str]:
    if rule.fixes:
        kinds = {True: "safe: part of `--fix`", False: "needs a decision"}
        yield "## Fixes\n\n" + "\n".join(f"- **{fix.title}** ({kinds[fix.safe]})" for fix in rule.fixes)


def _case(case: Case, headed: bool) -> Iterator[str]:
    """A case; the second of the same heading (another language) goes on below the first."""
    if headed:
        yield f"## {case.title}"
        yield case.prose
    for file in case.files:
        yield from _file(file, len(case.files) > 1)
    for golden in case.goldens:
        yield f"After “{golden.title}”:"
        yield from _file(golden.file, len(case.files) > 1)


def _file(file: CaseFile, named: bool) -> Iterator[str]:
    if named:
        yield f"`{file.path}`:"
    yield "\n".join([f"```{_FENCES.get(file.language, file.language)}", *reported_lines(file), "```"])


def reported_lines(file: CaseFile) -> list[str]:
    """The lines of an example's file; those that are reported say so in a comment."""
    reported = {mark.line for mark in file.marks if not mark.also}
    note = "  <!-- reported -->" if file.language == "xml" else "  // reported"
    lines = file.text.rstrip("\n").split("\n")
    return [f"{text}{note if number in reported else ''}" for number, text in enumerate(lines)]
