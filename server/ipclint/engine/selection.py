"""Which findings are shown, and how severe: profile, selectors and per-path sections of the configuration, applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from ipclint.checks.rule import Rule
from ipclint.checks.rulebook import Rulebook, Selector, UnknownRule
from ipclint.engine.config import Config, ConfigError, nearest
from ipclint.engine.ignore import IgnoreFile
from ipclint.model.finding import PROFILES, Finding, Profile, Severity


class SelectorError(ConfigError):
    """A selector, `pattern`, that names nothing."""

    def __init__(self, pattern: str, text: str) -> None:
        super().__init__(text)
        self.pattern = pattern


class _Section(NamedTuple):
    """A per-path section, its selectors resolved."""

    paths: IgnoreFile
    profile: Profile | None
    ignore: tuple[Selector, ...]
    severity: tuple[tuple[Selector, Severity], ...]


def with_options(rulebook: Rulebook, config: Config) -> Rulebook:
    """The rulebook with the rules' settings as the configuration has them. Raises ConfigError for one that is none."""
    if not config.options:
        return rulebook
    changed: dict[str, Rule] = {}
    for name, settings in config.options.items():
        rule = rulebook.get(name)
        if rule is None:
            raise ConfigError(f'options: no rule is called "{name}"{nearest(name, (r.id for r in rulebook.rules))}')
        rule = changed.get(rule.id, rule)
        for key in settings.keys() - rule.options.keys():
            raise ConfigError(f'options.{name}: {rule.id} has no setting "{key}"{nearest(key, rule.options)}')
        changed[rule.id] = msgspec.structs.replace(rule, options=rule.options | settings)
    rules = [changed.get(rule.id, rule) for rule in rulebook.rules]
    return Rulebook(rules, rulebook.models, rulebook.looks)


class Selection:
    """The configuration's answer for each finding. Raises SelectorError on a selector that names no rule."""

    def __init__(self, config: Config, rulebook: Rulebook) -> None:
        self._profile = config.profile
        self._select = _selectors("select", config.select, rulebook)
        self._exact = frozenset(
            rule
            for pattern, selector in zip(config.select, self._select, strict=True)
            if rulebook.get(pattern) is not None
            for rule in selector.rules
        )
        self._ignore = _selectors("ignore", config.ignore, rulebook)
        self._severity = _severities("severity", config.severity, rulebook)
        self._sections = tuple(
            _Section(
                IgnoreFile(section.paths),
                section.profile,
                _selectors("per-path.ignore", section.ignore, rulebook),
                _severities("per-path.severity", section.severity, rulebook),
            )
            for section in config.per_path
        )

    def shows(self, finding: Finding, path: str) -> bool:
        """Whether a finding at `path` is on."""
        return self._on(finding.rule, finding.variant, finding.profile, path)

    def wants(self, rule: Rule, path: str) -> bool:
        """Whether a finding of the rule at `path` could be on, were there one."""
        return any(self._on(rule.id, "", profile, path) for profile in rule.profile.values())

    def severity(self, finding: Finding, path: str) -> Severity:
        """The severity that the configuration gives a finding at `path`; the last setting that names it decides."""
        severity = finding.severity
        for settings in (self._severity, *(section.severity for section in self._at(path))):
            for selector, wanted in settings:
                if selector.matches(finding.rule, finding.variant, finding.profile):
                    severity = wanted
        return severity

    def _at(self, path: str) -> list[_Section]:
        return [section for section in self._sections if section.paths.covers(path)]

    def _on(self, rule: str, variant: str, profile: Profile, path: str) -> bool:
        widest, ignore = self._profile, self._ignore
        for section in self._at(path):
            widest = section.profile or widest
            ignore = ignore + section.ignore
        if any(each.matches(rule, variant, profile) for each in ignore):
            return False
        selected = not self._select or any(each.matches(rule, variant, profile) for each in self._select)
        return selected and (rule in self._exact or PROFILES.index(profile) <= PROFILES.index(widest))


def _selectors(setting: str, patterns: Iterable[str], rulebook: Rulebook) -> tuple[Selector, ...]:
    return tuple(_selector(setting, pattern, rulebook) for pattern in patterns)


def _severities(
    setting: str, table: Mapping[str, Severity], rulebook: Rulebook
) -> tuple[tuple[Selector, Severity], ...]:
    return tuple((_selector(setting, pattern, rulebook), severity) for pattern, severity in table.items())


def _selector(setting: str, pattern: str, rulebook: Rulebook) -> Selector:
    profile = pattern.removeprefix("profile:")
    if profile != pattern and profile not in PROFILES:
        raise SelectorError(pattern, f'{setting}: there is no profile "{profile}"{nearest(profile, PROFILES)}')
    try:
        return rulebook.selector(pattern)
    except UnknownRule as error:
        raise SelectorError(pattern, f"{setting}: {error}") from None
