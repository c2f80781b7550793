"""A rule that yields to another: one report where both report, whatever is selected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ipclint.checks.rulebook import parse_rulebook
from ipclint.engine.builtin import with_builtin
from ipclint.engine.config import Config
from ipclint.engine.session import Session
from tests.rules.harness import rulebook

from .conftest import MODELS, SHOUT, said, write

BETTER = """# Shouting a secret

```toml rule
aliases  = ["DEMO4"]
message  = "This secret is heard by everyone"
severity = "high"
confidence = {confidence}

[[match]]
call = "demo.shout"
arg0.is = 1
```
"""
TEXT = "func f() {\n    shout(1)\n    shout(2)\n}\n"


def shown(folder: Path, text: str, confidence: str = "certain", **settings: Any) -> list[str]:
    sources = {
        "demo/shouting": SHOUT.replace('severity = "medium"', 'severity = "medium"\nyields = ["DEMO4"]'),
        "demo/secret": BETTER.replace("{confidence}", f'"{confidence}"'),
    }
    book = with_builtin(parse_rulebook(sources, {"demo": MODELS}))
    session = Session(write(folder, {"A.swift": text}), Config(**settings), book)
    session.load()
    return [line.rpartition(" ")[0].partition(":")[2] for line in said(session)]


def test_one_report_where_both_report(tmp_path: Path) -> None:
    assert shown(tmp_path, TEXT) == ["2:5 demo/secret", "3:5 demo/shouting"]


@pytest.mark.parametrize("settings", [{"ignore": ("DEMO4",)}, {"select": ("DEMO1",)}])
def test_a_rule_yields_to_none_that_is_off(tmp_path: Path, settings: dict[str, Any]) -> None:
    assert shown(tmp_path, TEXT, **settings) == ["2:5 demo/shouting", "3:5 demo/shouting"]


def test_a_rule_yields_to_no_hint(tmp_path: Path) -> None:
    assert "2:5 demo/shouting" in shown(tmp_path, TEXT, confidence="hint")


def test_what_is_suppressed_does_not_come_back_as_the_other(tmp_path: Path) -> None:
    suppressed = TEXT.replace("shout(1)", "shout(1) // ipclint:ignore DEMO4 -- a sample")
    assert shown(tmp_path, suppressed) == ["3:5 demo/shouting"]


def test_a_suppression_of_a_rule_that_yields_is_of_use(tmp_path: Path) -> None:
    suppressed = TEXT.replace("shout(1)", "shout(1) // ipclint:ignore DEMO1 -- a sample")
    assert shown(tmp_path, suppressed) == ["2:5 demo/secret", "3:5 demo/shouting"]


def test_the_rules_yield_to_rules() -> None:
    book = rulebook()
    named = [(rule.id, name) for rule in book.rules for name in rule.yields]
    assert named and all(book.get(name) is not None for _, name in named)
