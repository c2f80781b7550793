"""`ipclint rules` and `ipclint explain`: the rulebook, read aloud."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from ipclint.checks.pages import reported_lines, rule_page
from ipclint.checks.rule import HOLE, Case, Rule
from ipclint.checks.rulebook import UnknownRule
from ipclint.cli.main import CLEAN, UsageError
from ipclint.cli.terminal import Style, width
from ipclint.engine.config import ConfigError
from ipclint.engine.rules import as_written
from ipclint.engine.setup import Setup, prepare


def list_rules(options: argparse.Namespace) -> int:
    """Print the rules that the selectors name, all without one. Raises UsageError."""
    setup = _setup(options)
    try:
        rules = setup.rulebook.select(options.selectors) if options.selectors else tuple(setup.rulebook)
    except UnknownRule as error:
        raise UsageError(str(error)) from None
    if options.format == "json":
        sys.stdout.write(msgspec.json.format(msgspec.json.encode([_as_data(rule) for rule in rules])).decode() + "\n")
        return CLEAN
    style = Style(sys.stdout)
    for rule in rules:
        severity = style(rule.severity[""], f"{rule.severity['']:8}")
        codes = ", ".join(rule.aliases)
        print(f"{rule.id:52}  {codes:10}  {severity}  {rule.profile['']:11}  {rule.title}")
    return CLEAN


def explain(options: argparse.Namespace) -> int:
    """Print what a rule finds, why, and what to do. Raises UsageError."""
    setup = _setup(options)
    rule = setup.rulebook.get(options.rule)
    if rule is None:
        near = setup.rulebook.nearest(options.rule)
        suggestion = f"; did you mean {' or '.join(near)}?" if near else "; `ipclint rules` lists them"
        raise UsageError(f'no rule is called "{options.rule}"{suggestion}')
    rule = as_written(rule, setup.own_rules)
    if options.format == "markdown":
        print(rule_page(rule), end="")
        return CLEAN
    columns = min(width(sys.stdout), 100)
    print("\n\n".join(part for part in _explanation(rule, Style(sys.stdout), columns) if part))
    return CLEAN


def _explanation(rule: Rule, style: Style, columns: int) -> Iterator[str]:
    """Its paragraphs: what it is called and reports, why, how it is set, what mends it, and an example either way."""
    yield f"{style('bold', rule.title)}\n{rule.id}{''.join(f', {alias}' for alias in rule.aliases)}"
    yield _facts(rule)
    yield "\n".join(f"{name or 'reports':10}  {HOLE.sub('…', text)}" for name, text in rule.message.items())
    yield _wrapped(rule.why, columns)
    settings = [f"{name} = {msgspec.json.encode(value).decode()}" for name, value in rule.options.items()]
    yield "\n".join((f"{style('bold', 'ipclint.toml:')}", f"[options.{rule.code}]", *settings)) if settings else ""
    yield "\n".join(
        f"{style('help', 'fix:')} {fix.title} ({'safe' if fix.safe else 'needs a decision: --unsafe-fixes'})"
        for fix in rule.fixes
    )
    reported = next((case for case in rule.cases if case.fires), None)
    spared = [case for case in rule.cases if not case.fires]
    yield from _example(style("bold", "reported:"), reported)
    yield from _example(style("bold", "not reported:"), min(spared, key=_length, default=None))


def _example(heading: str, case: Case | None) -> Iterator[str]:
    if case is not None:
        yield f"{heading} {case.title}\n\n{_code(case)}"


def _length(case: Case) -> int:
    return sum(len(file.text) for file in case.files)


def _code(case: Case) -> str:
    """The files of an example, indented; a name above each where there are several."""
    parts = ([f"{file.path}:"] * (len(case.files) > 1) + reported_lines(file) for file in case.files)
    return "\n\n".join(textwrap.indent("\n".join(part), "    ") for part in parts)


def _setup(options: argparse.Namespace) -> Setup:
    try:
        return prepare(Path.cwd(), config_file=Path(options.config) if options.config else None)
    except ConfigError as error:
        raise UsageError(str(error)) from None


def _facts(rule: Rule) -> str:
    lines = [
        f"severity    {_narrowed(rule.severity)}",
        f"confidence  {_narrowed(rule.confidence)}",
        f"profile     {_narrowed(rule.profile)}",
    ]
    if rule.cwe:
        lines.append(f"CWE         {', '.join(map(str, rule.cwe))}")
    if rule.masvs:
        lines.append(f"MASVS       {', '.join(rule.masvs)}")
    lines += [f"see         {reference}" for reference in rule.references]
    return "\n".join(lines)


def _narrowed(table: Mapping[str, str]) -> str:
    """The value, and the narrower ones in brackets: `high (critical: a, b; info: embedded-service)`."""
    values = dict.fromkeys(value for key, value in table.items() if key and value != table[""])
    narrower = "; ".join(f"{each}: {', '.join(k for k, v in table.items() if k and v == each)}" for each in values)
    return f"{table['']} ({narrower})" if narrower else table[""]


def _wrapped(markdown: str, columns: int) -> str:
    """Paragraphs filled, blocks of code and lists left as they are."""
    out: list[str] = []
    fenced = False
    for paragraph in markdown.strip().split("\n\n"):
        plain = not fenced and not paragraph.lstrip().startswith(("```", "-", "*", "|", "#", "    "))
        fenced ^= paragraph.count("```") % 2 == 1
        out.append(textwrap.fill(" ".join(paragraph.split()), columns) if plain else paragraph)
    return "\n\n".join(out)


def _as_data(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "aliases": rule.aliases,
        "title": rule.title,
        "severity": rule.severity,
        "confidence": rule.confidence,
        "profile": rule.profile,
        "cwe": rule.cwe,
        "masvs": rule.masvs,
        "fixes": [{"title": fix.title, "safe": fix.safe} for fix in rule.fixes],
    }
