"""Fix templates: where their text goes, and what they need to be offered at all."""

from __future__ import annotations

import pytest

from ipclint.checks.document import parse_rule
from ipclint.checks.edits import apply_fixes
from ipclint.checks.fix import UnknownBuilder, find
from ipclint.checks.pages import rule_page
from ipclint.checks.rulebook import parse_rulebook
from ipclint.checks.run import Checker
from ipclint.model.facts import SourceFacts
from ipclint.program.program import Program
from ipclint.readers import read

MODELS = '[[api]]\nname = "t.bad"\nswift = ["Tool.bad(_:)"]\nobjc = ["-[Tool bad:]"]\nc = ["bad"]\n'
HEAD = 'message = "{api} is bad"\nseverity = "high"\n[match]\ncall = "t.bad"\n[[fix]]\ntitle = "Mend"\n'


def mended(fix: str, path: str, text: str) -> str | None:
    """The file after the fix of its one finding, None when no fix is offered."""
    rule = parse_rule("t/bad", f"# T\n\n```toml rule\n{HEAD}{fix}\n```\n")
    program = Program(parse_rulebook({}, {"m": MODELS}).vocabulary)
    facts = read(path, text.encode())
    assert isinstance(facts, SourceFacts)
    program.update(facts)
    checker = Checker(program, [rule], strict=True)
    (finding,) = checker.findings(path)
    fixes = checker.fixes(finding, lambda _: text.encode(), lambda ref: facts.extents[ref.key])
    return apply_fixes(lambda _: text.encode(), fixes)[path].decode() if fixes else None


SWIFT = "func f(tool: Tool) {\n\tlet x = tool.bad(1 + 1)\n}\n"


@pytest.mark.parametrize(
    ("fix", "line"),
    [
        ('swift = "good({arg0}, {self})"', "\tlet x = good(1 + 1, tool)"),
        ('swift = "2"\nreplaces = "arg0"', "\tlet x = tool.bad(2)"),
        ('swift = "if a {\\n    b()\\n}"\nbefore = "statement"', "\tif a {\n\t\tb()\n\t}\n\tlet x = tool.bad(1 + 1)"),
        ('swift = "check(\\"{function}\\")"\nafter = "statement"', '\tlet x = tool.bad(1 + 1)\n\tcheck("f(tool:)")'),
    ],
)
def test_where_the_text_goes(fix: str, line: str) -> None:
    assert mended(fix, "a.swift", SWIFT) == f"func f(tool: Tool) {{\n{line}\n}}\n"


def test_a_statement_is_removed_with_its_line() -> None:
    assert (
        mended('removes = "statement"', "a.c", "void f(void) {\n    a();\n    bad(1);\n}\n")
        == "void f(void) {\n    a();\n}\n"
    )


def test_no_text_for_the_language_or_a_missing_hole_offers_nothing() -> None:
    assert mended('objc = "x"', "a.swift", SWIFT) is None
    assert mended('swift = "{class}"', "a.swift", SWIFT) is None
    assert mended('swift = "{arg7}"', "a.swift", SWIFT) is None


def test_the_class_of_a_cast_and_an_import() -> None:
    text = "import A\n\nfunc f(tool: Tool) {\n    g(tool.bad(1) as? Item)\n}\n"
    fix = 'swift = "tool.good({class}.self)"\nreplaces = "cast"\nimports.swift = "B"'
    assert (
        mended(fix, "a.swift", text) == "import A\nimport B\n\nfunc f(tool: Tool) {\n    g(tool.good(Item.self))\n}\n"
    )


def test_nothing_is_mended_inside_a_macro() -> None:
    assert mended('objc = "good()"\nc = "good()"', "a.m", "#define RUN bad(1)\n") is None


def test_an_unknown_builder() -> None:
    with pytest.raises(UnknownBuilder, match='"no-such"'):
        find("no-such")


def test_the_page_shows_what_is_reported_and_what_it_becomes() -> None:
    cases = '## Bad\n\nProse.\n\n```swift\nbad() // error\n```\n\n```swift fixed "Mend"\ngood()\n```\n'
    page = rule_page(
        parse_rule("t/bad", f'# T\n\n```toml rule\ncwe = [22]\n{HEAD}swift = "good()"\n```\n\nWhy.\n\n{cases}')
    )
    for piece in (
        "# T\n",
        "> … is bad",
        "Why.",
        "CWE-22",
        "**Mend**",
        "## Bad\n\nProse.",
        "bad()  // reported",
        "good()\n```",
    ):
        assert piece in page
