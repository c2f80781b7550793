"""Runs the rules over the units of a program, a unit at a time, and keeps every answer until what it read changes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import NamedTuple

import msgspec

from ipclint.checks import detectors
from ipclint.checks.detectors import UnitKind
from ipclint.checks.look import Check, check_of, looks_of
from ipclint.checks.rule import Rule
from ipclint.checks.rulebook import Rulebook
from ipclint.model.facts import Function, Macro, PlistFacts, PlistValue, ProjectFacts, Type, Unit, Variable
from ipclint.model.finding import Finding, Fix
from ipclint.model.source import Span
from ipclint.program.program import Program, UnitRef

Looked = Unit | PlistFacts | ProjectFacts | None

_editions = count(1)
_IDENTIFIER = re.compile(r"\w+")


class Failure(NamedTuple):
    """A rule that failed on a unit: a mistake in the rule, not in the code it looked at."""

    rule: str
    ref: UnitRef
    error: str


class Report(NamedTuple):
    """What the rules said of a unit or of a file."""

    findings: tuple[Finding, ...] = ()
    failures: tuple[Failure, ...] = ()


class _Tried(NamedTuple):
    """A unit with the checks that are worth trying on it; `ref` is None when there are none at all."""

    unit: Looked
    checks: list[Check]
    ref: UnitRef | None


_NOTHING = Report()


class Checker:
    """Answers what the rules say of a file of `program`. Make a new one when the set of rules changes.

    With `strict`, a rule that raises lets the error out (tests); without, it becomes a `Failure` of that unit.
    """

    def __init__(self, program: Program, rules: Iterable[Rule], *, strict: bool = False) -> None:
        self.program = program
        self.rules = tuple(rules)
        self._by_id = {rule.id: rule for rule in self.rules}
        self._strict = strict
        self._edition = next(_editions)  # keeps the answers of two checkers on one program apart
        self._tried: dict[str, dict[str, _Tried]] = {}  # by path and key
        looks = rules.looks if isinstance(rules, Rulebook) else looks_of(self.rules, program.vocabulary)
        self._index = _Index(check_of(look, self._by_id[look.rule], program.vocabulary) for look in looks)

    def findings(self, path: str) -> tuple[Finding, ...]:
        """What the rules report on the units of file `path`, by place. A finding's place may be in another file."""
        return self._file(path).findings

    def failures(self, path: str) -> tuple[Failure, ...]:
        """The rules that failed on units of file `path`."""
        return self._file(path).failures

    def fixes(
        self, finding: Finding, source: Callable[[str], bytes], extents: Callable[[UnitRef], Span]
    ) -> tuple[Fix, ...]:
        """The fixes of a finding against the files as they stand: `source` gives the bytes of a file, `extents` the
        absolute bytes of a unit (`SourceFacts.extents`). Made on demand; the first is the best."""
        from ipclint.checks import fix  # loads what edits code

        rule = self._by_id[finding.rule]
        return tuple(fix.fixes(rule, self.program, finding, fix.Sources(source, extents)))

    def stale_paths(self) -> set[str]:
        """The files asked before whose findings may have changed since the last call of this method."""
        stale = {str(key[2]) for key in self.program.turned_stale if key[:2] == ("findings of file", self._edition)}
        self.program.turned_stale.clear()
        return stale

    def _file(self, path: str) -> Report:
        return self.program.fetch(("findings of file", self._edition, path), lambda: self._check_file(path), _NOTHING)

    def _check_file(self, path: str) -> Report:
        units = self.program.units(path) or {"": self.program.configuration(path)}
        tried = self._tried.setdefault(path, {})
        reports: list[Report] = []
        for key, unit in units.items():  # of a file of a thousand units, with every keystroke
            known = tried.get(key)
            if known is None or known.unit is not unit:
                known = self._try(path, key, unit)
            if known.ref is not None:
                reports.append(self._unit(known.ref))
        if len(tried) > len(units):
            for gone in tried.keys() - units.keys():
                del tried[gone]
        findings = {(f.shown_rule, f.place): f for report in reports for f in report.findings}
        return Report(
            tuple(sorted(findings.values(), key=lambda finding: (finding.place, finding.shown_rule))),
            tuple(failure for report in reports for failure in report.failures),
        )

    def _unit(self, ref: UnitRef) -> Report:
        return self.program.fetch(("findings", self._edition, ref), lambda: self._check_unit(ref), _NOTHING)

    def _check_unit(self, ref: UnitRef) -> Report:
        unit = self.program.unit(ref) if ref.key else self.program.configuration(ref.path)
        findings: list[Finding] = []
        failures: list[Failure] = []
        for check, looked in self._looks(ref.path, ref.key, unit):
            try:
                findings += self._shipped(check.rule, check.detect(check.rule, self.program, ref, looked))
            except Exception as error:  # one broken rule must not silence the others
                if self._strict:
                    raise
                failures.append(Failure(check.rule.id, ref, f"{type(error).__name__}: {error}"))
        return Report(tuple(findings), tuple(failures))

    def _looks(self, path: str, key: str, unit: Looked) -> Iterator[tuple[Check, Looked]]:
        """The checks to try, each with what it looks at: the unit, or a property list that a manifest makes."""
        yield from ((check, unit) for check in self._candidates(path, key, unit))
        for plist in unit.plists.values() if isinstance(unit, ProjectFacts) else ():
            yield from ((check, plist) for check in self._index.candidates(plist))

    def _candidates(self, path: str, key: str, unit: Looked) -> list[Check]:
        """The checks to try on a unit; most have none, so this is kept for the same unit."""
        known = self._tried.setdefault(path, {}).get(key)
        return known.checks if known is not None and known.unit is unit else self._try(path, key, unit).checks

    def _try(self, path: str, key: str, unit: Looked) -> _Tried:
        checks = self._index.candidates(unit) if unit is not None else []
        others = unit.plists.values() if isinstance(unit, ProjectFacts) else ()
        asked = bool(checks) or any(self._index.candidates(plist) for plist in others)
        known = _Tried(unit, checks, UnitRef(path, key) if asked else None)
        self._tried.setdefault(path, {})[key] = known
        return known

    def _shipped(self, rule: Rule, findings: Iterator[Finding]) -> Iterator[Finding]:
        """The findings without those in code that only debug builds hold, unless the rule asks for them."""
        from ipclint.checks.debug import in_debug  # loads the linker

        return (found for found in findings if rule.debug or not in_debug(self.program, found.place))


class _Index:
    """Which checks are worth trying on a unit: those without triggers, and those one of whose triggers it names."""

    def __init__(self, checks: Iterable[Check]) -> None:
        self._checks = tuple(checks)
        self._always: dict[UnitKind, list[int]] = defaultdict(list)
        self._by_word: dict[UnitKind, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        self._by_text: dict[UnitKind, dict[bytes, list[int]]] = defaultdict(lambda: defaultdict(list))
        for number, check in enumerate(self._checks):
            if not check.words and not check.texts:
                self._always[check.on].append(number)
            for word in (*check.words, *check.signatures):
                self._by_word[check.on][word].append(number)
            for text in check.texts:
                self._by_text[check.on][text.encode()].append(number)

    def candidates(self, unit: Unit | PlistFacts | ProjectFacts) -> list[Check]:
        """The checks to try on a unit, in the order of the rules."""
        kind = detectors.KINDS.get(type(unit))
        if kind is None:
            return []
        numbers = set(self._always.get(kind, ()))
        if by_word := self._by_word.get(kind):
            for word in by_word.keys() & words(unit):
                numbers.update(by_word[word])
        if by_text := self._by_text.get(kind):
            held = _held_texts(unit)
            for text, wanted in by_text.items():
                if text in held:
                    numbers.update(wanted)
        return [self._checks[number] for number in sorted(numbers)]


def words(unit: Unit | PlistFacts | ProjectFacts) -> set[str]:
    """The words that may trigger a rule on a unit: what it names, what it is called, and the type whose method it is
    (which an extension of an API's own type need not name again); the keys of a property list."""
    if isinstance(unit, Function):
        return {*unit.mentions, unit.name, unit.selector, unit.signature, unit.owner.rpartition(".")[2]}
    if isinstance(unit, Variable):
        return {*unit.mentions, unit.name}
    if isinstance(unit, Type):
        return {unit.name, unit.superclass, *unit.inherits, *unit.attributes}
    if isinstance(unit, Macro):
        return {unit.name, *_IDENTIFIER.findall(unit.text)}
    return set(_keys(unit.root)) if isinstance(unit, PlistFacts) else set()


def _keys(value: PlistValue | None) -> Iterator[str]:
    if value is not None:
        for entry in value.entries:
            yield entry.key
            yield from _keys(entry.value)
        for item in value.items:
            yield from _keys(item)


def _held_texts(unit: Unit | PlistFacts | ProjectFacts) -> bytes:
    """Bytes in which every string literal of a unit stands as it is (msgpack writes text unchanged)."""
    return unit.body if isinstance(unit, Function) else msgspec.msgpack.encode(unit)
