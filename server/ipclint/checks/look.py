"""Where rules look, as data: by which words, at which kind of unit. The code that looks is loaded when one is found.

Loading every detector costs more than checking a file. So a compiled rulebook holds the looks of its rules, and a run
loads the detectors that it has a use for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import msgspec

from ipclint.checks import detectors
from ipclint.checks.detectors import Detect, UnitKind
from ipclint.checks.rule import Rule
from ipclint.model.finding import Finding
from ipclint.program.program import Program, UnitRef
from ipclint.program.vocabulary import Vocabulary


class Check(NamedTuple):
    """A rule with one way to look at one kind of unit.

    A unit is looked at when it names one of `words` or a string in it holds one of `texts`; always when both are empty.
    `signatures` are looked at too; they are no words of a file.
    """

    rule: Rule
    on: UnitKind
    detect: Detect
    words: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()
    signatures: frozenset[str] = frozenset()


class Look(msgspec.Struct, frozen=True):
    """A check without its code: the `number`th of its rule; `module` is the one to load, "" when the plan tells.

    Words are sorted, so that the same rules compile to the same bytes.
    """

    rule: str
    number: int
    on: UnitKind
    module: str
    words: tuple[str, ...]
    texts: tuple[str, ...]
    signatures: tuple[str, ...]


def looks_of(rules: Iterable[Rule], vocabulary: Vocabulary) -> Iterator[Look]:
    """The looks of rules. Loads everything that can look; raises what `plan.checks_of` raises."""
    from ipclint.checks.plan import checks_of

    for rule in rules:
        only_detector = bool(rule.detector) and not rule.match and rule.flow is None
        for number, check in enumerate(checks_of(rule, vocabulary)):
            module = check.detect.__module__ if only_detector else ""
            words, signatures = tuple(sorted(check.words)), tuple(sorted(check.signatures))
            yield Look(rule.id, number, check.on, module, words, check.texts, signatures)


def check_of(look: Look, rule: Rule, vocabulary: Vocabulary) -> Check:
    """The check of a look. Its code is loaded when it is first called."""

    @cache
    def load() -> Detect:
        if look.module:
            import_module(look.module)
            return detectors.registered(rule.detector, look.on)
        from ipclint.checks.plan import checks_of

        return tuple(checks_of(rule, vocabulary))[look.number].detect

    def detect(rule: Rule, program: Program, ref: UnitRef, unit: Any) -> Iterator[Finding]:
        return load()(rule, program, ref, unit)

    return Check(rule, look.on, detect, frozenset(look.words), look.texts, frozenset(look.signatures))
