"""What is on, where, and how severe: profile, select, ignore, per-path sections, severity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ipclint.engine.config import ConfigError, PathRules
from ipclint.engine.session import Session

from .conftest import said

Make = Callable[..., Session]
FILES: dict[str, str | bytes] = {
    "A.swift": "func send(_ parcel: String) {\n    carry(parcel)\n    shout(1)\n}\n",
    "lib/B.swift": "func carry(_ t: String) { burn(t) }\nfunc f() { shout(2) }\n",
}
BURNS, LOUD, LOUD_TOO = "A.swift:2:5 demo/hands-on.b", "A.swift:3:5 demo/shouting", "lib/B.swift:2:12 demo/shouting"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [LOUD, LOUD_TOO]),
        ({"profile": "strict"}, [BURNS, LOUD, LOUD_TOO]),
        ({"select": ("demo",)}, [LOUD, LOUD_TOO]),
        ({"select": ("demo/hands-on",)}, [BURNS]),
        ({"select": ("DEMO3",)}, [BURNS]),
        ({"select": ("DEMO3.b",)}, [BURNS]),
        ({"select": ("DEMO3.a",)}, []),
        ({"select": ("demo/sh*",)}, [LOUD, LOUD_TOO]),
        ({"select": ("profile:strict",), "profile": "strict"}, [BURNS]),
        ({"ignore": ("DEMO1",)}, []),
        ({"ignore": ("DEMO3.b",), "profile": "pedantic"}, [LOUD, LOUD_TOO]),
        ({"select": ("demo/shouting",), "ignore": ("demo",)}, []),
        ({"per_path": (PathRules(paths=("lib/",), ignore=("demo",)),)}, [LOUD]),
        ({"per_path": (PathRules(paths=("A.swift",), profile="strict"),)}, [BURNS, LOUD, LOUD_TOO]),
    ],
)
def test_selecting(workspace: Make, settings: dict[str, Any], expected: list[str]) -> None:
    assert [line.rpartition(" ")[0] for line in said(workspace(FILES, **settings))] == expected


def test_severity_is_overridden_and_the_last_setting_decides(workspace: Make) -> None:
    section = PathRules(paths=("lib/",), severity={"DEMO1": "critical"})
    session = workspace(FILES, severity={"demo": "info", "demo/shouting": "low"}, per_path=(section,))
    assert [line.rpartition(" ")[2] for line in said(session)] == ["low/certain", "critical/certain"]


def test_a_profile_that_is_not_there(workspace: Make) -> None:
    with pytest.raises(ConfigError, match='there is no profile "strickt"; did you mean "strict"'):
        workspace(FILES, select=("profile:strickt",))
