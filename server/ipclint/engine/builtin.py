"""The rules about suppressions, which the engine itself reports: they are selected, explained and ignored like any."""

from __future__ import annotations

from ipclint.checks.rule import Rule
from ipclint.checks.rulebook import Rulebook

WITHOUT_REASON = Rule(
    id="ipclint/suppression-without-reason",
    title="A finding is suppressed without a reason",
    message={"": "This suppression of {rules} gives no reason; write one after `--`"},
    severity={"": "low"},
    why=(
        "A suppression is a decision about a risk, and the next reader must be able to judge it: is the reason still\n"
        "true? Write it after two hyphens:\n\n"
        "```swift\n// ipclint:ignore xpc/listener-accepts-unverified-peer -- loopback test tool, never shipped\n```"
    ),
)

UNUSED = Rule(
    id="ipclint/unused-suppression",
    title="A suppression suppresses nothing",
    message={"": "Nothing is reported here that this suppression of {rules} would hide", "unknown": "{problem}"},
    severity={"": "info"},
    why=(
        "The code was mended or moved, or the rule's name is misspelt. A suppression that is left behind hides the\n"
        "next finding that appears on its line: delete it, or correct the name."
    ),
)


def with_builtin(rulebook: Rulebook) -> Rulebook:
    """The rulebook with the engine's own rules in it. Raises RuleError when a rule takes one of their names."""
    return Rulebook((*rulebook.rules, WITHOUT_REASON, UNUSED), rulebook.models, rulebook.looks)
