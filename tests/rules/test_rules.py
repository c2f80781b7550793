"""Every rule's file is a test module: its cases, its fixes, and what must follow from them."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from ipclint.checks.rulebook import parse_rulebook

from .bends import BENDS, Bend, check_bend, check_suppressed
from .harness import (
    Failure,
    check_case,
    check_complete,
    model_names,
    model_text,
    models,
    rule_ids,
    rulebook,
    sound_rule,
)

RULES = tuple(rulebook())
CASES = [(rule, case) for rule in RULES for case in rule.cases]


def expect_none(id: str, failures: Iterable[Failure]) -> None:
    shown = [failure.show(id) for failure in failures]
    if shown:
        pytest.fail("\n".join(shown), pytrace=False)


@pytest.mark.parametrize("id", rule_ids())
def test_rule_is_sound(id: str) -> None:
    """The file parses, its detector exists, its APIs are described, and every language has both kinds of case."""
    expect_none(id, check_complete(sound_rule(id)))


@pytest.mark.parametrize("name", model_names())
def test_model_is_sound(name: str) -> None:
    """Every entry follows the grammar, and no other file describes the same API."""
    assert parse_rulebook({}, models() | {name: model_text(name)}).vocabulary.apis


@pytest.mark.parametrize(("rule", "case"), CASES, ids=[f"{rule.id}-{case.title}" for rule, case in CASES])
def test_case(rule, case) -> None:
    expect_none(rule.id, check_case(rule, case))


@pytest.mark.parametrize("bend", BENDS, ids=lambda bend: bend.__name__)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_bent(rule, bend: Bend) -> None:
    expect_none(rule.id, check_bend(rule, bend))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_suppressed(rule) -> None:
    expect_none(rule.id, check_suppressed(rule))
