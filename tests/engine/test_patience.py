"""Files that would take for ever: given up, told of, and the rest of the workspace goes on, in an editor and in a check."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from ipclint.checks.rulebook import Rulebook
from ipclint.checks.run import Checker
from ipclint.engine import batch, opened, patience, session
from ipclint.engine.changes import ByteEdit, Change
from ipclint.engine.config import Config
from ipclint.engine.opened import OpenDocument
from ipclint.engine.patience import Overdue, at_most
from ipclint.engine.rules import rulebook
from ipclint.engine.session import Session
from ipclint.engine.store import Store
from ipclint.engine.workspace import MAX_TREES
from ipclint.model.facts import SourceFacts
from ipclint.readers import MAX_SOURCE, TOO_LARGE
from ipclint.readers import tree as trees

from .conftest import write

BOARD = "#import <UIKit/UIKit.h>\nvoid copy(NSString *password) {\n    [UIPasteboard generalPasteboard].string = password;\n}\n"
SECRET = ["pasteboard/secret-on-general-pasteboard"]


@pytest.fixture(scope="module")
def shipped() -> Rulebook:
    return rulebook((), Store(None))


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little patience, so that the tests have little to wait for."""
    for module in (batch, opened, session, patience):
        monkeypatch.setattr(module, "PATIENCE", 0.1)
    monkeypatch.setattr(patience, "_TICK", 0.02)


def spin(*_: Any) -> Any:
    while True:
        pass


def test_work_that_takes_too_long_is_broken_off_and_no_other():
    for _ in range(2):
        with pytest.raises(Overdue), at_most(0.05):
            spin()
    for _ in range(100):
        with at_most(0.05):
            pass
    with at_most(0.05):
        time.sleep(0.7)  # waiting costs nothing; a machine that is busy with others is no reason to give up


def test_work_inside_of_work_is_bounded_by_the_outer():
    with pytest.raises(Overdue), at_most(0.05), at_most(60):
        spin()


@pytest.mark.usefixtures("hasty")
def test_a_file_that_cannot_be_read_in_time(tmp_path: Path, shipped: Rulebook, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path, {"Bad.m": BOARD + "// bad\n", "Good.m": BOARD})
    read = batch.read
    monkeypatch.setattr(
        batch, "read", lambda path, data, *more: spin() if b"// bad" in data else read(path, data, *more)
    )
    checked = Session(tmp_path, Config(jobs=1), shipped, tmp_path / "cache")
    checked.load()
    assert checked.problems() == [("Bad.m", "took more than 0.1 seconds to read, so it was not analysed")]
    assert [report.rule for path in checked.paths() for report in checked.reports(path)] == SECRET
    monkeypatch.undo()
    again = Session(tmp_path, Config(jobs=1), shipped, tmp_path / "cache")
    again.load()
    assert again.problems() == [], "that it took long is not remembered"
    assert again.paths() == ("Bad.m", "Good.m")


@pytest.mark.usefixtures("hasty")
def test_a_file_that_cannot_be_checked_in_time(tmp_path: Path, shipped: Rulebook, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path, {"Bad.m": BOARD, "Good.m": BOARD})
    check = Checker._check_unit
    monkeypatch.setattr(Checker, "_check_unit", lambda self, ref: spin() if ref.path == "Bad.m" else check(self, ref))
    checked = Session(tmp_path, Config(jobs=1), shipped)
    checked.load()
    assert checked.problems() == [("Bad.m", "took more than 0.1 seconds to check, so it was not analysed")]
    assert checked.paths() == ("Good.m",)
    start = time.process_time()
    for number in range(20):
        checked.apply([Change.opened("Bad.m", BOARD.encode() + b"// %d" % number)])
    assert time.process_time() - start < 1, "it is not tried again with every keystroke"
    monkeypatch.setattr(Checker, "_check_unit", check)
    checked._resting.clear()
    checked.apply([Change.opened("Bad.m", BOARD.encode())])
    assert checked.problems() == []
    assert checked.paths() == ("Bad.m", "Good.m"), "what was broken off leaves nothing behind"


@pytest.mark.usefixtures("hasty")
def test_a_document_that_cannot_be_read_in_time_is_mirrored_all_the_same(monkeypatch: pytest.MonkeyPatch):
    document = OpenDocument("A.swift", "swift", b"func f() {}\n")
    with monkeypatch.context() as slow:
        slow.setattr(trees, "reread", spin)
        facts = document.edit([ByteEdit(0, 0, b"// a\n"), ByteEdit(0, 0, b"// b\n")])
        assert isinstance(facts, SourceFacts) and "seconds to read" in facts.problem
        start = time.process_time()
        for _ in range(20):
            document.edit([ByteEdit(0, 0, b"x")])
        assert time.process_time() - start < 1
    assert document.data == b"x" * 20 + b"// b\n// a\nfunc f() {}\n"
    document._rests_until = 0.0
    facts = document.edit([ByteEdit(0, 20, b"")])
    assert isinstance(facts, SourceFacts) and not facts.problem and "F f()" in facts.units


def test_a_source_that_is_too_large_is_not_read_until_it_is_smaller(tmp_path: Path, shipped: Rulebook):
    large = b"[a b:c];" * (MAX_SOURCE // 8 + 1)
    write(tmp_path, {"Large.m": b"UIPasteboard " + large, "Good.m": BOARD})
    checked = Session(tmp_path, Config(jobs=1), shipped)
    start = time.process_time()
    checked.load()
    assert checked.problems() == [("Large.m", TOO_LARGE)]
    assert checked.paths() == ("Good.m",)
    checked.apply([Change.opened("Large.m", BOARD.encode())])
    assert checked.problems() == []
    end = len(BOARD)
    checked.apply([Change.edited("Large.m", [ByteEdit(end, end, large)])])
    assert checked.problems() == [("Large.m", TOO_LARGE)]
    checked.apply([Change.edited("Large.m", [ByteEdit(end, end + len(large), b"")])])
    assert checked.problems() == [] and checked.paths() == ("Good.m", "Large.m")
    assert time.process_time() - start < 2


def test_documents_that_are_not_edited_give_back_their_trees(tmp_path: Path, shipped: Rulebook):
    checked = Session(tmp_path, Config(), shipped)
    names = [f"F{number}.m" for number in range(MAX_TREES + 5)]
    for name in names:
        checked.apply([Change.opened(name, BOARD.encode())])
    documents = checked._files._open
    with_trees = [name for name in names if documents[name]._tree is not None]
    assert with_trees == names[5:]
    checked.apply([Change.edited(names[0], [ByteEdit(0, 0, b"\n")])])
    assert documents[names[0]]._tree is not None and documents[names[5]]._tree is None
    assert [report.location.line for report in checked.reports(names[0])] == [3]


def test_thousands_of_suppressions_and_endless_lines_take_no_minutes(tmp_path: Path, shipped: Rulebook):
    checked = Session(tmp_path, Config(), shipped)
    start = time.process_time()
    comments = "// ipclint:ignore XPC101 -- a\n" * 20_000
    checked.apply([Change.opened("Comments.swift", comments.encode())])
    chain = ("NSXPCListener(); let a = b " + "&& c " * 40_000).encode()
    checked.apply([Change.opened("Chain.swift", chain)])
    checked.apply([Change.edited("Chain.swift", [ByteEdit(100_000, 100_000, b"\n")])])
    assert time.process_time() - start < 20


def test_a_document_with_endless_lines_keeps_no_tree_and_one_without_does(tmp_path: Path):
    lines = b"func f() { g() }\n" * 10_000
    assert OpenDocument("A.swift", "swift", lines)._tree is not None
    assert OpenDocument("A.swift", "swift", lines + b"// " + b"x" * 20_000)._tree is None
    assert OpenDocument("A.swift", "swift", b"// " + b"x" * 20_000)._tree is not None


def test_a_reader_that_fails_loses_one_file(tmp_path: Path, shipped: Rulebook, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path, {"Bad.m": BOARD})
    checked = Session(tmp_path, Config(), shipped)

    def fail(*_: Any) -> Any:
        raise RecursionError("on purpose")

    with monkeypatch.context() as broken:
        broken.setattr(trees, "read", fail)
        checked.refresh(["Bad.m"])
        checked.apply([Change.opened("Worse.m", BOARD.encode())])
    checked.apply([Change.opened("Good.m", BOARD.encode())])
    told = "could not be read: RecursionError: on purpose"
    assert checked.problems() == [("Bad.m", told), ("Worse.m", told)]
    assert checked.paths() == ("Good.m",)
