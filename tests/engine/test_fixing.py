"""Fixes to a fixpoint: no file parses worse, nothing is written over a change, whole files or nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ipclint.checks.rulebook import Rulebook, parse_rulebook
from ipclint.engine.config import Config
from ipclint.engine.fixing import ChangedMeanwhile, fix_all, write_fixed
from ipclint.engine.session import Session

from .conftest import MODELS, SHOUT, said, write

Make = Callable[..., Session]


def test_all_safe_fixes_are_applied(workspace: Make, tmp_path: Path) -> None:
    session = workspace(
        {"A.swift": "func f() {\r\n    shout(é)\r\n    shout(2)\r\n}\r\n", "B.m": "void g(void) { shout(3); }\n"}
    )
    fixed = fix_all(session, unsafe=False)
    assert (fixed.findings, said(session)) == (3, [])
    assert (tmp_path / "work" / "A.swift").read_bytes().count(b"shout") == 2  # not yet
    (tmp_path / "work" / "A.swift").chmod(0o640)
    write_fixed(session.disk, fixed)
    assert (
        tmp_path / "work" / "A.swift"
    ).read_bytes() == "func f() {\r\n    whisper(é)\r\n    whisper(2)\r\n}\r\n".encode()
    assert (tmp_path / "work" / "A.swift").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "work" / "B.m").read_text() == "void g(void) { whisper(3); }\n"
    assert {path.name for path in (tmp_path / "work").iterdir()} == {"A.swift", "B.m"}


def test_nothing_is_written_when_a_file_changed_meanwhile(workspace: Make, tmp_path: Path) -> None:
    session = workspace({"A.swift": "func f() { shout(1) }\n", "B.swift": "func g() { shout(2) }\n"})
    fixed = fix_all(session, unsafe=False)
    write(tmp_path / "work", {"B.swift": "func g() { shout(2) } // mine\n"})
    with pytest.raises(ChangedMeanwhile, match=r"B\.swift: it changed while it was checked"):
        write_fixed(session.disk, fixed)
    assert (tmp_path / "work" / "A.swift").read_text() == "func f() { shout(1) }\n"


def rule(swift: str, *, safe: bool = True) -> Rulebook:
    text = SHOUT.replace('swift = "whisper({arg0})"', f'swift = "{swift}"').replace(
        "safe  = true", f"safe  = {str(safe).lower()}"
    )
    return parse_rulebook({"demo/shouting": text}, {"demo": MODELS})


@pytest.mark.parametrize("worse", ["whisper({arg0}", "shout({arg0})", "{arg0} ]]"])
def test_a_fix_that_does_not_help_is_taken_back(tmp_path: Path, worse: str) -> None:
    write(tmp_path, {"A.swift": "func f() { shout(1) }\n"})
    session = Session(tmp_path, Config(), rule(worse))
    session.load()
    before = said(session)
    assert fix_all(session, unsafe=False) == ((), 0)
    assert said(session) == before


def test_unsafe_fixes_are_applied_when_asked_for(tmp_path: Path) -> None:
    write(tmp_path, {"A.swift": "func f() { shout(1) }\n"})
    session = Session(tmp_path, Config(), rule("whisper({arg0})", safe=False))
    session.load()
    assert fix_all(session, unsafe=False).findings == 0
    assert fix_all(session, unsafe=True).findings == 1


def test_text_that_is_not_utf8_is_left_alone(workspace: Make) -> None:
    session = workspace(
        {"A.swift": b"func f() { shout(1) } // \xff\n", "B.swift": "func f() { shout(1) }\n".encode("utf-16")}
    )
    assert len(said(session)) == 2
    assert fix_all(session, unsafe=True).findings == 0
