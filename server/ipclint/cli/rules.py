"""`ipclint rules` and `ipclint explain`: the rulebook, read aloud."""

from __future__ import annotations

import argparse
import sys
import textwrap
from pathlib import Path

import msgspec

from ipclint.checks.rule import Rule
from ipclint.checks.rulebook import UnknownRule
from ipclint.cli.main import CLEAN, UsageError
from ipclint.cli.terminal import Style, width
from ipclint.engine.config import ConfigError
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
    if options.format == "markdown":
        print(_page(rule))
        return CLEAN
    style = Style(sys.stdout)
    print(style("bold", rule.title))
    print(f"{rule.id}{''.join(f', {alias}' for alias in rule.aliases)}")
    print()
    print(_facts(rule))
    if rule.why:
        print()
        print(_wrapped(rule.why, min(width(sys.stdout), 100)))
    for fix in rule.fixes:
        print()
        print(f"{style('help', 'fix:')} {fix.title} ({'safe' if fix.safe else 'needs a decision: --unsafe-fixes'})")
    return CLEAN


def _setup(options: argparse.Namespace) -> Setup:
    try:
        return prepare(Path.cwd(), config_file=Path(options.config) if options.config else None)
    except ConfigError as error:
        raise UsageError(str(error)) from None


def _page(rule: Rule) -> str:
    """The same as Markdown."""
    rows = [("severity", _narrowed(rule.severity)), ("confidence", _narrowed(rule.confidence))]
    rows.append(("profile", _narrowed(rule.profile)))
    rows += [("CWE", ", ".join(map(str, rule.cwe)))] * bool(rule.cwe) + [("MASVS", ", ".join(rule.masvs))] * bool(
        rule.masvs
    )
    fixes = [f"- {fix.title} ({'safe' if fix.safe else 'needs a decision'})" for fix in rule.fixes]
    parts = [
        f"# {rule.title}",
        " · ".join(f"`{name}`" for name in (rule.id, *rule.aliases)),
        "\n".join(("| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows))),
        rule.why.strip(),
        "\n".join(("## Fixes\n", *fixes)) if fixes else "",
        "\n".join(("## References\n", *(f"- <{reference}>" for reference in rule.references)))
        if rule.references
        else "",
    ]
    return "\n\n".join(part for part in parts if part)


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


def _narrowed(table: dict) -> str:
    """The value, and the narrower ones in brackets: `critical (info: embedded-service)`."""
    narrower = ", ".join(f"{value}: {key}" for key, value in table.items() if key)
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
