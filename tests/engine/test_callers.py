"""Callers that hold no word of any rule: they are read once a rule asks who calls a function."""

from __future__ import annotations

from pathlib import Path

from ipclint.engine.changes import ByteEdit, Change
from ipclint.engine.session import Session
from ipclint.engine.setup import open_session
from ipclint.engine.unread import MAX_CALLERS

from .conftest import write

CLIP = """import UIKit

enum Clip {
    static func put(_ text: String) {
        UIPasteboard.general.string = text
    }
}
"""
CALLER = "func show(mnemonic: String) {\n    Clip.put(mnemonic)\n}\n"
IDLE = "func show(mnemonic: String) {\n    print(1)\n}\n"


def checked(folder: Path, files: dict[str, str]) -> Session:
    write(folder, files)
    session = open_session(folder, cache=False)
    for _ in session.index():
        pass
    return session


def secrets(session: Session) -> list[str]:
    return [
        path for path in session.paths() for report in session.reports(path) if report.rule.startswith("pasteboard/")
    ]


def test_a_caller_without_any_word_of_a_rule_is_read(tmp_path: Path) -> None:
    assert secrets(checked(tmp_path / "called", {"Clip.swift": CLIP, "Wallet.swift": CALLER}))
    assert not secrets(checked(tmp_path / "idle", {"Clip.swift": CLIP, "Wallet.swift": IDLE}))


def test_a_file_that_becomes_a_caller_is_read(tmp_path: Path) -> None:
    session = checked(tmp_path, {"Clip.swift": CLIP, "Wallet.swift": IDLE})
    write(tmp_path, {"Wallet.swift": CALLER})
    session.refresh(["Wallet.swift"])
    assert secrets(session)
    write(tmp_path, {"Wallet.swift": IDLE})
    session.refresh(["Wallet.swift"])
    assert not secrets(session)


def test_a_name_that_is_everywhere_leads_nowhere(tmp_path: Path) -> None:
    files = {f"{number}.swift": CALLER for number in range(MAX_CALLERS + 1)}
    session = checked(tmp_path, {"Clip.swift": CLIP, **files})
    assert len(session.unread("Clip.swift")) == MAX_CALLERS + 1


def test_callers_of_what_is_typed_are_read_once_the_document_is_left_alone(tmp_path: Path) -> None:
    session = checked(tmp_path, {"Clip.swift": "import UIKit\n", "Wallet.swift": CALLER})
    session.apply([Change.opened("Clip.swift", b"")])
    session.apply([Change.edited("Clip.swift", [ByteEdit(0, 0, CLIP.encode())])])
    assert session.unread("Clip.swift") == ("Wallet.swift",), "with every keystroke, every file would be looked into"
    session.apply([Change.opened("Clip.swift", CLIP.encode())])
    assert secrets(session)
