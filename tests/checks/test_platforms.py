"""Which platforms the `#if` conditions around a place leave."""

from __future__ import annotations

import pytest

from ipclint.checks.platforms import is_compiled_for
from ipclint.model.finding import Place
from tests.program.sample import function, program_of


def compiled_for(condition: str, *, otherwise: bool = False) -> str:
    """The platforms of those asked for that `#if condition`, or its `#else`, leaves."""
    body = "#else\n    g()\n" if otherwise else "    g()\n"
    text = f"func f() {{\n#if {condition}\n{body}#endif\n}}\n"
    program = program_of({"A.swift": text})
    ref = function(program, "f")
    at = text.index("g()")
    place = Place(ref.path, ref.key, at, at + 3)
    asked = ("macos", "ios", "tvos", "maccatalyst")
    return " ".join(platform for platform in asked if is_compiled_for(program, place, platform))


@pytest.mark.parametrize(
    ("condition", "then", "otherwise"),
    [
        ("os(macOS)", "macos", "ios tvos maccatalyst"),
        ("os(iOS)", "ios maccatalyst", "macos tvos"),
        ("!os(tvOS)", "macos ios maccatalyst", "tvos"),
        ("os(macOS) || os(tvOS)", "macos tvos", "ios maccatalyst"),
        ("os(macOS) && EXTRA", "macos", "macos ios tvos maccatalyst"),
        ("os(macOS) || EXTRA", "macos ios tvos maccatalyst", "ios tvos maccatalyst"),
        ("TARGET_OS_IPHONE", "ios tvos maccatalyst", "macos"),
        ("canImport(UIKit)", "macos ios tvos maccatalyst", "macos ios tvos maccatalyst"),
    ],
)
def test_conditions(condition: str, then: str, otherwise: str) -> None:
    assert compiled_for(condition) == then
    assert compiled_for(condition, otherwise=True) == otherwise
