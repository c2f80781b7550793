"""Which platforms a place is compiled for, by the `#if` conditions around it."""

from __future__ import annotations

import re

from ipclint.checks.debug import Condition, conditions_at
from ipclint.model.finding import Place
from ipclint.program.program import Program

_SYSTEM = re.compile(r"\bos\s*\(\s*(\w+)\s*\)")
_NAMES: dict[str, frozenset[str]] = {
    "os:macOS": frozenset({"macos"}),
    "os:OSX": frozenset({"macos"}),
    "os:iOS": frozenset({"ios", "maccatalyst"}),
    "os:tvOS": frozenset({"tvos"}),
    "os:watchOS": frozenset({"watchos"}),
    "os:visionOS": frozenset({"visionos"}),
    "TARGET_OS_OSX": frozenset({"macos"}),
    "TARGET_OS_IOS": frozenset({"ios", "maccatalyst"}),
    "TARGET_OS_TV": frozenset({"tvos"}),
    "TARGET_OS_WATCH": frozenset({"watchos"}),
    "TARGET_OS_VISION": frozenset({"visionos"}),
    "TARGET_OS_IPHONE": frozenset({"ios", "maccatalyst", "tvos", "watchos", "visionos"}),
}
"""What Swift and C call the platforms, as the targets have them."""


def is_compiled_for(program: Program, place: Place, platform: str) -> bool:
    """Whether a place can be compiled for a platform ("macos", "ios"…); conditions that say nothing of it may hold."""
    return all(_may_hold(text, platform) for text in conditions_at(program, place))


def _may_hold(text: str, platform: str) -> bool:
    def needs_another(flag: str) -> tuple[bool, bool]:
        named = _NAMES.get(flag.partition("=")[0].strip(), frozenset[str]())
        return bool(named) and platform not in named, platform in named

    return not Condition(_SYSTEM.sub(r"os:\1", text), needs_another).is_needed()
