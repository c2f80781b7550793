"""The rules together: parsed from Markdown, looked up by id, alias or pattern, compiled to one blob and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

import msgspec

from ipclint.checks.cases import RuleError
from ipclint.checks.look import Look, looks_of
from ipclint.checks.rule import Rule
from ipclint.program.vocabulary import Api, Vocabulary, parse_models

FORMAT = 2
"""Version of the compiled form; a blob of another version is to be compiled again."""


class UnknownRule(LookupError):
    """A selector that names no rule; the text says which rules have a similar name."""


class Compiled(msgspec.Struct, frozen=True):
    format: int
    rules: tuple[Rule, ...]
    models: tuple[Api, ...]
    looks: tuple[Look, ...]


class Selector(msgspec.Struct, frozen=True):
    """What a pattern of the configuration names: rules, one variant of a rule ("" for all), or a profile."""

    rules: frozenset[str]
    variant: str = ""
    profile: str = ""

    def matches(self, rule: str, variant: str = "", profile: str = "") -> bool:
        """Whether a finding of `rule` (id) with this variant and profile is meant."""
        if self.profile:
            return profile == self.profile
        return rule in self.rules and self.variant in ("", variant)


class Rulebook:
    """Rules in order of their ids, and where they look (worked out when not given).

    Raises RuleError when two share an id or alias.
    """

    def __init__(
        self, rules: Iterable[Rule], models: Iterable[Api] = (), looks: tuple[Look, ...] | None = None
    ) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: rule.id))
        self.models = tuple(models)
        self._looks = looks
        self._names: dict[str, Rule] = {}
        self._vocabulary: Vocabulary | None = None
        for rule in self.rules:
            for name in (rule.id, *rule.aliases):
                if name in self._names:
                    raise RuleError(rule.id, 1, f'"{name}" is also a name of {self._names[name].id}')
                self._names[name] = rule

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    @property
    def vocabulary(self) -> Vocabulary:
        """The API vocabulary that the rules are written in; give it to the `Program`. Raises VocabularyError."""
        if self._vocabulary is None:
            self._vocabulary = Vocabulary(self.models)
        return self._vocabulary

    @property
    def looks(self) -> tuple[Look, ...]:
        """Where each rule looks. Raises what `plan.checks_of` raises for a mistake in a rule."""
        if self._looks is None:
            self._looks = tuple(looks_of(self.rules, self.vocabulary))
        return self._looks

    def get(self, name: str) -> Rule | None:
        """The rule with this id or alias; a variant's letter (`XPC109.c`) is left aside."""
        return self._names.get(name) or self._names.get(name.partition(".")[0])

    def selector(self, pattern: str) -> Selector:
        """What a pattern names: an id, an alias, one of these with a variant (`XPC109.c`), a family (`xpc`), a glob
        (`xpc/listener-*`, `XPC1*`) or `profile:NAME`. Raises UnknownRule."""
        if pattern.startswith("profile:"):
            return Selector(frozenset(), profile=pattern.removeprefix("profile:"))
        if pattern in self._names:
            return Selector(frozenset({self._names[pattern].id}))
        name, dot, variant = pattern.rpartition(".")
        if dot and name in self._names:
            return Selector(frozenset({self._names[name].id}), variant)
        found = frozenset(
            rule.id
            for rule in self.rules
            if rule.family == pattern or any(fnmatchcase(known, pattern) for known in (rule.id, *rule.aliases))
        )
        if not found:
            raise UnknownRule(f'no rule is called "{pattern}"{_suggestion(self.nearest(pattern))}')
        return Selector(found)

    def select(self, patterns: Iterable[str]) -> tuple[Rule, ...]:
        """The rules that at least one pattern names, in order of their ids. Raises UnknownRule."""
        selectors = [self.selector(pattern) for pattern in patterns]
        return tuple(
            rule
            for rule in self.rules
            if any(rule.id in each.rules or each.profile in rule.profile.values() for each in selectors)
        )

    def nearest(self, name: str) -> tuple[str, ...]:
        """Up to three ids or aliases that look like `name`, the best first."""
        folded = {known.lower(): known for known in self._names}
        folded |= {rule.id.partition("/")[2]: rule.id for rule in self.rules}
        folded |= {rule.family: rule.family for rule in self.rules}
        from difflib import get_close_matches  # only a mistake needs it

        return tuple(dict.fromkeys(folded[match] for match in get_close_matches(name.lower(), folded, n=3, cutoff=0.6)))


def _suggestion(names: tuple[str, ...]) -> str:
    return f"; did you mean {' or '.join(names)}?" if names else ""


def parse_rulebook(sources: Mapping[str, str], models: Mapping[str, str]) -> Rulebook:
    """The rulebook of Markdown texts by rule id and of model files (TOML texts) by name.

    Raises RuleError for a mistake in a rule (its id or the model's name, the line, what is wrong).
    """
    import tomllib

    from ipclint.checks.document import parse_rule  # a compiled rulebook needs no parser

    apis: list[Api] = []
    for name, text in sorted(models.items()):
        try:
            apis += parse_models((tomllib.loads(text),))
        except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError) as error:
            raise RuleError(name, 1, str(error)) from error
    return Rulebook((parse_rule(id, text) for id, text in sorted(sources.items())), apis)


def compile_rulebook(rulebook: Rulebook) -> bytes:
    """The rulebook as one blob, what only tests need left out; the same rulebook gives the same bytes."""
    rules = tuple(msgspec.structs.replace(rule, cases=(), respell={}) for rule in rulebook.rules)
    return msgspec.msgpack.encode(Compiled(FORMAT, rules, rulebook.models, rulebook.looks))


def load_rulebook(blob: bytes) -> Rulebook | None:
    """The rulebook of a blob; None when the blob is damaged or of another version and must be compiled again."""
    try:
        compiled = msgspec.msgpack.decode(blob, type=Compiled)
    except msgspec.MsgspecError:
        return None
    return Rulebook(compiled.rules, compiled.models, compiled.looks) if compiled.format == FORMAT else None
