"""The registry of Python detectors: what data cannot say. A rule names one by `detector = "…"`.

    @detector("listener-accepts-unverified-peer", on="function")
    def detect(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
        yield rule.finding(Place(ref.path, ref.key, *unit.name_span), "certain", holes={"listener": unit.owner})

A detector is a pure function of the program: it reads only through `program`, so that what it looked at is known and
its answer is kept until that changes. It is asked once a unit of the kind it is registered `on`, only for units that
name one of the rule's `triggers`, or of every unit of the kind when it is registered as `everywhere` (types, say, whose
methods are asked about). Several detectors may share a name when they look at different kinds of unit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, NamedTuple
from typing import Literal as OneOf

from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Macro, PlistFacts, ProjectFacts, Type, Variable
from ipclint.model.finding import Finding
from ipclint.program.program import Program, UnitRef

UnitKind = OneOf["function", "type", "variable", "macro", "plist", "project"]

Detect = Callable[[Rule, Program, UnitRef, Any], Iterator[Finding]]

KINDS: dict[type, UnitKind] = {
    Function: "function",
    Type: "type",
    Variable: "variable",
    Macro: "macro",
    PlistFacts: "plist",
    ProjectFacts: "project",
}


class UnknownDetector(ValueError):
    """A rule names a detector that no module registers."""


class Detector(NamedTuple):
    on: UnitKind
    detect: Detect
    everywhere: bool = False


_registry: dict[str, list[Detector]] = defaultdict(list)


def detector(name: str, on: UnitKind, *, everywhere: bool = False) -> Callable[[Detect], Detect]:
    """Registers a function as the detector `name` for units of kind `on`; `everywhere`: whatever the triggers are."""

    def register(function: Detect) -> Detect:
        _registry[name].append(Detector(on, function, everywhere))
        return function

    return register


def find(name: str) -> tuple[Detector, ...]:
    """The detectors registered under `name`, one a kind of unit. Raises UnknownDetector when there is none."""
    _load()
    if name not in _registry:
        raise UnknownDetector(f'no detector is called "{name}"; there are {", ".join(sorted(_registry)) or "none"}')
    return tuple(_registry[name])


def registered(name: str, on: UnitKind) -> Detect:
    """The detector `name` for units of kind `on`, whose module is loaded."""
    return next(detector.detect for detector in _registry[name] if detector.on == on)


@cache
def _load() -> None:
    """Import every module of this package, each of which registers what it has."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
