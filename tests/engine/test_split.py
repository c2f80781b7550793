"""A folder of several repositories, with a document that was open before the folder was looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipclint.checks.rulebook import Rulebook
from ipclint.engine.changes import Change
from ipclint.engine.config import Config
from ipclint.engine.session import Session

from .conftest import said, write
from .test_session import CAREFUL, CARELESS, SENDER

PACKAGE = 'let package = Package(name: "A", targets: [.target(name: "A")])\n'


@pytest.mark.parametrize(("path", "text"), [("One/A.swift", SENDER), ("One/B.swift", CARELESS)])
def test_what_was_open_before_the_split_is_linked_with_its_part(
    tmp_path: Path, book: Rulebook, path: str, text: str
) -> None:
    files: dict[str, str | bytes] = {"One/A.swift": SENDER, "One/B.swift": CARELESS, "Two/B.swift": CAREFUL}
    write(tmp_path / "work", files | {"One/Package.swift": PACKAGE, "Two/Package.swift": PACKAGE, path: "let a = 1\n"})
    session = Session(tmp_path / "work", Config(), book)
    session.apply([Change.opened(path, text.encode())])
    session.load()
    assert said(session) == ["One/A.swift:2:5 demo/hands-on low/likely"]
    assert session.apply([Change.closed(path)]).changed == {"One/A.swift"}
