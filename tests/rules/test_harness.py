"""The harness itself: a rule whose file says what is not so must fail, and say where."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ipclint.checks.document import parse_rule
from ipclint.checks.rule import Rule
from ipclint.checks.rulebook import Rulebook, parse_rulebook

from . import bends, harness
from .harness import Failure, check_case, check_complete

MODELS = '[[api]]\nname = "t.bad"\nc = ["bad"]\n[[api]]\nname = "t.worse"\nc = ["worse"]\n'
HEAD = 'aliases = ["T1"]\nmessage = "m"\nseverity = "high"\n[match]\ncall = "t.bad"\n'
OTHER = '# O\n\n```toml rule\naliases = ["T2"]\nmessage = "m"\nseverity = "high"\n[match]\ncall = "t.worse"\n```\n'


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Makes a rulebook of one rule, and another that reports `worse()`."""

    def build(cases: str, head: str = HEAD) -> Rule:
        made = parse_rule("t/bad", f"# T\n\n```toml rule\n{head}```\n\n{cases}")
        models = parse_rulebook({}, {"m": MODELS}).models
        book = Rulebook([made, parse_rule("t/worse", OTHER)], models)
        for module in (harness, bends):
            monkeypatch.setattr(module, "rulebook", lambda: book)
        return made

    yield build


def failures(rule: Rule) -> list[Failure]:
    return [failure for case in rule.cases for failure in check_case(rule, case)]


def swift(*lines: str) -> str:
    return "## Case\n\n```swift\nfunc f() {\n" + "\n".join(lines) + "\n}\n```\n\n"


def test_what_is_said_and_what_happens_agree(use) -> None:
    rule = use(swift("bad() // error: certain, high", "worse() // also: T2", "fine()") + swift("fine()"))
    assert failures(rule) == []
    assert list(check_complete(rule)) == []
    assert [failure for bend in bends.BENDS for failure in bends.check_bend(rule, bend)] == []
    assert list(bends.check_suppressed(rule)) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("fine() // error", "expected t/bad"),
        ("bad()", "expected nothing"),
        ("worse()", "expected nothing"),
        ("bad() // error: likely", "expected t/bad likely"),
        ("bad() // error: low", "expected t/bad low"),
        ("bad() // error: T1.b", "expected t/bad.b"),
        ("fine() // also: T2", "expected t/worse"),
        ("fine() // also: T9", "names no rule"),
    ],
)
def test_a_difference_fails_with_its_place(use, line: str, said: str) -> None:
    first, *_ = failures(use(swift("fine()", line)))
    assert said in first.text
    assert first.show("t/bad").startswith("rules/t/bad.md:16: [Case] Example.swift:3: ")


def test_incomplete_rules_fail(use) -> None:
    assert [f.text for f in check_complete(use(swift("fine()")))] == ["no case fires"]
    (missing,) = check_complete(use(swift("bad() // error")))
    assert "no near miss in swift" in missing.text
    c = "## C\n\n```c\nvoid f(void) { fine(); }\n```\n"
    (silent,) = check_complete(use(swift("bad() // error") + swift("fine()") + c))
    assert "no case fires in c" in silent.text


FIX = HEAD + '[[fix]]\ntitle = "Mend"\nswift = "{text}"\n'


@pytest.mark.parametrize(
    ("text", "golden", "said"),
    [
        ("good()", "good()", ""),
        ("good()", "better()", "another text"),
        ("bad()", "bad()", "expected nothing"),
        ("bad(((", "bad(((", "does not parse"),
        ("worse()", "worse()", "expected nothing"),
    ],
)
def test_fixes_are_held_to_their_golden_text(use, text: str, golden: str, said: str) -> None:
    block = f'```swift fixed "Mend"\nfunc f() {{\n{golden}\n}}\n```\n'
    found = failures(use(swift("bad() // error") + block, FIX.replace("{text}", text)))
    assert bool(found) == bool(said)
    assert any(said in failure.text for failure in found) or not said


def test_a_fix_that_nobody_offers(use) -> None:
    (missing,) = failures(use(swift("bad() // error") + '```swift fixed "Other"\nx\n```\n'))
    assert 'no finding has a fix "Other"' in missing.text


def test_a_fix_that_goes_on_changing_is_not_idempotent(use) -> None:
    head = HEAD + '[[fix]]\ntitle = "Mend"\nbefore = "call"\nswift = "check()"\n'
    block = '```swift fixed "Mend"\nfunc f() {\ncheck()\nbad() // error\n}\n```\n'
    (again,) = failures(use(swift("bad() // error") + block, head))
    assert "again" in again.text


def test_a_copy_that_reports_elsewhere_is_found_out(use, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = use(swift("bad() // error"))
    monkeypatch.setattr(bends, "EMOJI", "bad()\n// one more\n")
    (moved,) = bends.check_bend(rule, bends.behind_emoji)
    assert "behind emoji: reported in line 1: bad()" in moved.text
    lost = use(swift("bad() // error"), "respell = { bad = 'fine' }\n" + HEAD)
    (silent,) = bends.check_bend(lost, bends.respelled)
    assert "respelled: nothing is reported any more" in silent.text
