"""Regular expressions that mean the same in every Python from 3.11.0 on."""

from __future__ import annotations

import re
from pathlib import Path

SERVER = Path(__file__).parent.parent / "server" / "ipclint"
POSSESSIVE_GROUP = re.compile(r"(?<!\\)\)[*+?]\+")


def test_groups_are_not_repeated_possessively() -> None:
    """Before Python 3.11.5 such a group does not match all it should (CPython issue 106052): write `(?>(?:…)*)`."""
    files = sorted(SERVER.rglob("*.py"))
    lines = (
        (path.name, number, line)
        for path in files
        for number, line in enumerate(path.read_text("utf-8").split("\n"), 1)
    )
    assert [f"{name}:{number}" for name, number, line in lines if POSSESSIVE_GROUP.search(line)] == []
