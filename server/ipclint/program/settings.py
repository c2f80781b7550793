"""Xcode build settings of one target and configuration: levels, conditions, `$(inherited)` and `$(VAR:modifier)`.

Levels go from the target's own settings over its .xcconfig and the project's settings to the project's .xcconfig. What
cannot be resolved (a variable that the environment sets) stays as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

MAX_STEPS = 200
"""Substitutions in one value. Settings that refer to each other in a circle end here."""
MAX_DEPTH = 20
"""Values with modifiers inside values with modifiers."""
MAX_LENGTH = 10_000

_REFERENCE = re.compile(r"\$(?:\(([^$(){}]*)\)|\{([^$(){}]*)\})")
_CONDITION = re.compile(r"\[(\w+)=([^\]]*)\]")
_KEPT = "\0"  # stands for the `$` of a reference that has no value

_MODIFIERS: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "rfc1034identifier": lambda text: re.sub(r"[^A-Za-z0-9.-]", "-", text),
    "c99extidentifier": lambda text: re.sub(r"^(?=[0-9])|[^A-Za-z0-9_]", "_", text),
    "identifier": lambda text: re.sub(r"^(?=[0-9])|[^A-Za-z0-9_]", "_", text),
    "file": lambda text: text.rpartition("/")[2],
    "dir": lambda text: text.rpartition("/")[0],
    "base": lambda text: text.rpartition("/")[2].rpartition(".")[0] or text.rpartition("/")[2],
    "standardizepath": lambda text: text,
}


@dataclass(frozen=True)
class Level:
    """The settings of one level, as its file writes them: `KEY`, `KEY[sdk=macosx*]`."""

    written: Mapping[str, str]

    @cached_property
    def conditional(self) -> dict[str, list[tuple[list[tuple[str, str]], str]]]:
        """Key → the conditions and values of its conditional settings."""
        found: dict[str, list[tuple[list[tuple[str, str]], str]]] = {}
        for full, value in self.written.items():
            key, bracket, _ = full.partition("[")
            if bracket:
                found.setdefault(key, []).append((_CONDITION.findall(full), value))
        return found


@dataclass(frozen=True)
class BuildSettings:
    """The settings of a target in one configuration. `levels` is strongest first; `sdk` is "macosx", "iphoneos", …"""

    levels: tuple[Level, ...]
    configuration: str
    sdk: str = ""

    def raw(self, key: str, below: int = 0) -> str | None:
        """The value before expansion, `$(inherited)` filled in; None when no level from `below` on sets it."""
        for depth in range(below, len(self.levels)):
            value = self._at(self.levels[depth], key)
            if value is not None:
                value = value[:MAX_LENGTH]
                for name in ("inherited", key):
                    for reference in (f"$({name})", f"${{{name}}}"):
                        if reference in value:
                            value = value.replace(reference, self.raw(key, depth + 1) or "").strip()[:MAX_LENGTH]
                return value
        return None

    def get(self, key: str) -> str | None:
        """The value, expanded; None when nothing sets it."""
        value = self.raw(key)
        return None if value is None else self.expand(value)

    def expand(self, text: str) -> str:
        """`text` with every `$(VAR)` and `${VAR}` that has a value replaced, inner ones first."""
        return self._expand(text, iter(range(MAX_STEPS)), 0)

    def _expand(self, text: str, budget: Iterator[int], depth: int) -> str:
        """Every replacement takes one from `budget`, which all levels share."""
        while (found := _REFERENCE.search(text)) is not None:
            if next(budget, None) is None or len(text) > MAX_LENGTH:
                break
            value = self._reference(found[1] if found[1] is not None else found[2], budget, depth)
            text = text[: found.start()] + (_KEPT + found[0][1:] if value is None else value) + text[found.end() :]
        return text.replace(_KEPT, "$")

    def _reference(self, reference: str, budget: Iterator[int], depth: int) -> str | None:
        name, *modifiers = reference.split(":")
        value = self.raw(name)
        if value is not None and modifiers and depth < MAX_DEPTH:
            value = self._expand(value, budget, depth + 1)
        for modifier in modifiers:
            if modifier.startswith("default="):
                value = value or modifier.removeprefix("default=")
            elif value is not None and modifier in _MODIFIERS:
                value = _MODIFIERS[modifier](value)
        return value

    def _at(self, level: Level, key: str) -> str | None:
        """The value one level gives: of its conditional settings that hold, the one with the most conditions."""
        best, weight = level.written.get(key), 0
        for conditions, value in level.conditional.get(key, ()):
            if len(conditions) > weight and all(self._holds(kind, pattern) for kind, pattern in conditions):
                best, weight = value, len(conditions)
        return best

    def _holds(self, kind: str, pattern: str) -> bool:
        actual = {"sdk": self.sdk, "config": self.configuration, "arch": "arm64", "variant": "normal"}.get(kind)
        return actual is not None and fnmatchcase(actual, pattern)
