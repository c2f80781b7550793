"""Which `#if` conditions keep code out of what ships."""

from __future__ import annotations

import pytest

from ipclint.checks.debug import flags_in, is_debug_only


@pytest.mark.parametrize(
    "condition",
    ["DEBUG", "!(!DEBUG)", "DEBUG && os(macOS)", "DEBUG || TESTING", "defined(DEBUG)", "!defined(NDEBUG)", "DEBUG == 1",
     "!(RELEASE)", "!(NDEBUG || X)", "(DEBUG)", "DEBUG != 0"],
)  # fmt: skip
def test_only_in_debug_builds(condition: str) -> None:
    assert is_debug_only([condition])
    assert is_debug_only(["os(macOS)", condition])


@pytest.mark.parametrize(
    "condition",
    ["!DEBUG", "!(DEBUG)", "DEBUG || X", "DEBUG == 0", "os(macOS)", "", "!(DEBUG && X)", "canImport(UIKit) && !Y",
     "NDEBUG", "DEBUGGER", "(" * 5000, "&& || !"],
)  # fmt: skip
def test_in_other_builds_too(condition: str) -> None:
    assert not is_debug_only([condition])


@pytest.mark.parametrize(
    ("setting", "flags"),
    [
        ("DEBUG $(inherited)", {"DEBUG"}),
        ("-DTRACING -Xcc -D -D=1", {"TRACING"}),
        ("A=1 B=0 C", {"A", "C"}),
        ('"QUOTED=1" 7UP', {"QUOTED"}),
    ],
)
def test_flags_that_a_build_setting_defines(setting: str, flags: set[str]) -> None:
    assert set(flags_in(setting)) == flags
