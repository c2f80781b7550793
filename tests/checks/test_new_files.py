"""Files that fixes create: they parse, no rule has anything to say about them, and clang takes the Objective-C."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipclint.checks.builders import shared_keychain, transfer
from tests.checks.test_objc_fixes_compile import CLANG, compiler_says
from tests.rules.harness import Run, rulebook

OLD = transfer.Identity("com.example.app.secret-transfer", "ABCDE12345", "com.example.app", ventura=False)
NEW = OLD._replace(ventura=True)
MAC = ("", "always", "checked")


def created() -> dict[str, dict[str, bytes]]:
    """Every set of files that a fix can create, by a name for it."""
    sets = {
        f"transfer {names.ventura} {swift}": transfer.files("", names, swift)
        for names in (OLD, NEW)
        for swift in (True, False)
    }
    sets |= {
        f"keychain {mac or 'ios'} {swift}": shared_keychain.files("", swift, mac)
        for mac in MAC
        for swift in (True, False)
    }
    return {name: {path: text.encode() for path, text in files} for name, files in sets.items()}


@pytest.mark.parametrize("name", created())
def test_no_rule_reports_a_created_file(name: str) -> None:
    run = Run(created()[name], rulebook())
    assert run.errors() == 0
    told = [each.finding for each in run.found()]
    assert [
        f"{each.shown_rule}: {each.message}"
        for each in told
        if each.confidence != "hint" and each.profile != "pedantic"
    ] == []


@pytest.mark.parametrize("name", created())
def test_created_files_name_nothing_that_is_left_to_fill_in(name: str) -> None:
    for data in created()[name].values():
        assert "«" not in data.decode()
        assert all(len(line) <= 140 for line in data.decode().split("\n"))


@pytest.mark.skipif(CLANG is None, reason="clang is not installed (apt-get install clang)")
@pytest.mark.parametrize("name", [name for name in created() if name.endswith("False")])
def test_created_objective_c_compiles(name: str, tmp_path: Path) -> None:
    assert compiler_says(tmp_path, created()[name]) == ""
