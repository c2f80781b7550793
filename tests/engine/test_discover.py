"""The walk: what is left out and said, and what a hostile workspace may try."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ipclint.engine.config import Config
from ipclint.engine.discover import MAX_DEPTH, Discovery, Scope, discover
from ipclint.engine.disk import MAX_BYTES, Disk, Unreadable

from .conftest import write


def walk(root: Path, **settings: Any) -> Discovery:
    return discover(Disk(root), Scope(Config(**settings)))


def names(found: Discovery) -> list[str]:
    return [file.path for file in found.files]


def test_vendored_and_hidden_folders_and_tests_are_left_out_and_said(tmp_path: Path) -> None:
    write(
        tmp_path,
        dict.fromkeys(
            ["App/A.swift", "Pods/P.swift", "lib/Carthage/C.m", ".build/B.swift", "AppTests/T.swift", "App/ATests.swift",
             "AppTests/Info.plist", "App/Notes.md"],
            "",
        ),
    )  # fmt: skip
    found = walk(tmp_path)
    assert names(found) == ["App/A.swift", "AppTests/Info.plist"]
    assert found.folders == ["Pods", "lib/Carthage"]
    assert found.left_out == {"test code": 2}
    assert names(walk(tmp_path, include_tests=True))[1:3] == ["App/ATests.swift", "AppTests/Info.plist"]


def test_configuration_takes_out_and_in(tmp_path: Path) -> None:
    write(
        tmp_path,
        dict.fromkeys(["A.swift", "Gen/G.swift", "Pods/Ours/P.swift", "Pods/Theirs/Q.swift", "x/Gen.swift"], ""),
    )
    found = walk(tmp_path, exclude=("Gen/",), include=("Pods/Ours",))
    assert names(found) == ["A.swift", "Pods/Ours/P.swift", "x/Gen.swift"]


def test_gitignore_counts_in_a_checkout_alone(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"A.swift": "", "B.swift": "", "sub/A.swift": "", "sub/.gitignore": "!A.swift\n", ".gitignore": "A.swift\n"},
    )
    assert names(walk(tmp_path)) == ["A.swift", "B.swift", "sub/A.swift"]
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert names(walk(tmp_path)) == ["B.swift", "sub/A.swift"]
    assert names(walk(tmp_path / "sub")) == ["A.swift"]


def test_ignore_files_above_the_root_count(tmp_path: Path) -> None:
    write(
        tmp_path,
        {".git/HEAD": "", ".gitignore": "app/Out.swift\n", "app/Out.swift": "", "app/In.swift": "", ".ignore": ""},
    )
    assert names(walk(tmp_path / "app")) == ["In.swift"]
    write(tmp_path, {"app/.ipclintignore": "In.swift"})
    assert names(walk(tmp_path / "app")) == []


def test_symlinks_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, {"secret/S.swift": "", "work/A.swift": ""})
    work = tmp_path / "work"
    (work / "out").symlink_to(tmp_path / "secret")
    (work / "loop").symlink_to(work)
    (work / "L.swift").symlink_to(tmp_path / "secret" / "S.swift")
    (work / "broken.swift").symlink_to("nowhere")
    assert names(walk(work)) == ["A.swift"]


def test_reading_does_not_leave_the_root(tmp_path: Path) -> None:
    write(tmp_path, {"secret/S.swift": "let key = 1", "work/A.swift": "let a = 1"})
    work = tmp_path / "work"
    (work / "out").symlink_to(tmp_path / "secret")
    (work / "L.swift").symlink_to(tmp_path / "secret" / "S.swift")
    (work / "inside.swift").symlink_to(work / "A.swift")
    for remember in (False, True):
        disk = Disk(work, remember=remember)
        for path in ("out/S.swift", "L.swift", "../secret/S.swift", str(tmp_path / "secret" / "S.swift")):
            found = disk.read(path)
            assert isinstance(found, Unreadable) and "leads out" in found.problem, path
        assert disk.read("inside.swift") == b"let a = 1"


def test_unreadable_things_are_said(tmp_path: Path) -> None:
    write(tmp_path, {"A.swift": "x", "locked/B.swift": "", "Dir.swift/C.swift": ""})
    os.mkfifo(tmp_path / "pipe.swift")
    disk = Disk(tmp_path)
    assert names(walk(tmp_path)) == ["A.swift", "Dir.swift/C.swift", "locked/B.swift"]
    assert disk.read("Dir.swift") == Unreadable("is not a regular file")
    assert disk.read("pipe.swift") == Unreadable("is not a regular file")
    assert disk.read("none.swift") == Unreadable("there is no such file", gone=True)
    assert isinstance(disk.read("A.swift\0"), Unreadable)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into everything")
def test_a_locked_folder_is_said(tmp_path: Path) -> None:
    write(tmp_path, {"locked/B.swift": ""})
    (tmp_path / "locked").chmod(0)
    try:
        assert walk(tmp_path).problems == [("locked", "cannot be looked into: Permission denied")]
    finally:
        (tmp_path / "locked").chmod(0o755)


def test_a_folder_that_cannot_be_listed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"locked/B.swift": "", "A.swift": ""})
    scandir = os.scandir

    def refuse(path: str) -> Any:
        if path.endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = walk(tmp_path)
    assert (names(found), found.problems) == (["A.swift"], [("locked", "cannot be looked into: Permission denied")])


def test_names_that_are_not_utf8_are_said(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.swift")).write_text("")
    (tmp_path / "café.swift").write_text("")
    found = walk(tmp_path)
    assert names(found) == ["café.swift"]
    assert found.problems == [("caf\\xe9.swift", "its name is not UTF-8")]


def test_depth_and_size_are_bounded(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * (MAX_DEPTH + 2))
    deep.mkdir(parents=True)
    (deep / "A.swift").touch()
    with open(tmp_path / "Huge.swift", "wb") as file:
        file.truncate(MAX_BYTES + 1)
    found = walk(tmp_path)
    assert names(found) == ["Huge.swift"]
    assert "nested more than" in found.problems[0][1]
    assert Disk(tmp_path).read("Huge.swift") == Unreadable("is larger than 8 MiB, so it was not analysed")


def test_what_an_editor_opens_is_in_the_scope_by_the_same_rules() -> None:
    scope = Scope(Config(exclude=("Gen/",), include=("Pods/Ours",)))
    assert [scope.holds(p) for p in ("A.swift", "Gen/A.swift", "Pods/A.swift", "Pods/Ours/A.swift", ".x/A.swift", "a.txt")] == [
        True, False, False, True, False, False,
    ]  # fmt: skip


def test_a_file_that_goes_while_its_folder_is_listed_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"A.swift": "", "B.swift": ""})
    why_not = Scope.is_test

    def goes(self: Scope, path: str) -> bool:
        (tmp_path / "A.swift").unlink(missing_ok=True)
        return why_not(self, path)

    monkeypatch.setattr(Scope, "is_test", goes)
    found = discover(Disk(tmp_path), Scope(Config()))
    assert [file.path for file in found.files] == ["B.swift"]
