"""Ignore patterns: the same verdicts as git, and linear time whatever the pattern."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from ipclint.engine.ignore import IgnoreFile

PATHS = [
    "a.swift",
    "ab",
    "a b",
    "build/x.m",
    "lib/build/y.m",
    "lib/a.swift",
    "lib/deep/er/a.swift",
    "x[1].h",
    "#odd",
    "!odd",
    "lib/ab.swift",
]
PATTERNS = [
    "*.swift", "/*.swift", "build", "build/", "/build", "lib/*.swift", "lib/**", "**/a.swift", "lib/**/a.swift", "!lib/a.swift",
    "!*.swift", "a?", "a\\ b", "x\\[1\\].h", "x[[]1].h", "[ab].swift", "[!b].swift", "\\#odd", "\\!odd", "# comment", "",
    "deep/", "lib/deep/er", "*/a.swift", "**", "a*t", "l*/*.swift", "trailing   ", "*a*b*", "**/er/**",
]  # fmt: skip


@pytest.mark.skipif(shutil.which("git") is None, reason="compares with git")
@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=5))
def test_the_verdicts_are_those_of_git(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    root = checkout(tmp_path_factory)
    (root / ".gitignore").write_text("\n".join(lines) + "\n")
    names = "\0".join(PATHS).encode() + b"\0"
    told = subprocess.run(
        ["git", "check-ignore", "-z", "--stdin"], cwd=root, input=names, capture_output=True, check=False
    )
    ignored = set(told.stdout.decode().split("\0")) - {""}
    patterns = IgnoreFile(lines)
    assert {path for path in PATHS if _is_ignored(patterns, path)} == ignored


def _is_ignored(patterns: IgnoreFile, path: str) -> bool:
    """As the walk does: nothing below an ignored folder can be taken in again."""
    parts = path.split("/")
    if any(patterns.verdict("/".join(parts[:count]), True) for count in range(1, len(parts))):
        return True
    return patterns.verdict(path, False) is True


_checkouts: list[Path] = []


def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not _checkouts:
        root = tmp_path_factory.mktemp("checkout")
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        for path in PATHS:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).touch()
        _checkouts.append(root)
    return _checkouts[0]


@pytest.mark.parametrize(
    "pattern", ["*a" * 100 + "b", "**/" * 3 + "a*" * 50 + "b", "[a-z]*" * 60 + "0", "a" * 5000, "**/" * 400]
)
def test_no_pattern_takes_long(pattern: str) -> None:
    patterns = IgnoreFile([pattern])
    start = time.process_time()
    for path in ("a" * 250, "a/" * 60 + "a" * 200):
        patterns.verdict(path, False)
    assert time.process_time() - start < 0.5


def test_covers_looks_at_the_folders_above() -> None:
    patterns = IgnoreFile(["Vendor/Ours"])
    assert patterns.covers("Vendor/Ours/A.swift")
    assert not patterns.covers("Vendor/Theirs/A.swift")
