"""The cache: whole entries or none, damage is a miss, size is bounded, never in the workspace."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ipclint.engine.config import Config
from ipclint.engine.rules import rulebook
from ipclint.engine.session import Session
from ipclint.engine.store import Store, cache_folder, digest, write_atomically

from .conftest import write

KEY = digest(b"key")


def entry(folder: Path) -> Path:
    return next(path for path in folder.rglob("*") if path.is_file())


def test_what_is_put_is_got(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.get(KEY) is None
    store.put(KEY, b"value")
    assert store.get(KEY) == b"value"
    assert store.get(digest(b"other")) is None


@pytest.mark.parametrize("damage", [b"", b"short", b"\0" * 40])
def test_a_damaged_entry_is_a_miss(tmp_path: Path, damage: bytes) -> None:
    store = Store(tmp_path)
    store.put(KEY, b"value")
    entry(tmp_path).write_bytes(damage)
    assert store.get(KEY) is None
    store.put(KEY, b"value")
    assert store.get(KEY) == b"value"


def test_an_entry_under_anothers_name_is_a_miss(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put(KEY, b"value")
    other = digest(b"other").hex()
    (tmp_path / other[:2]).mkdir(exist_ok=True)
    os.replace(entry(tmp_path), tmp_path / other[:2] / other[2:])
    assert store.get(digest(b"other")) is None


def test_a_cache_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Store(tmp_path / "file" / "below")
    store.put(KEY, b"value")
    store.trim()
    assert store.get(KEY) is None


def test_the_oldest_entries_go(tmp_path: Path) -> None:
    store = Store(tmp_path / "now")
    old = Store(tmp_path / "0.0.9-0123456789ab")
    for number in range(8):
        (old if number < 2 else store).put(digest(b"%d" % number), b"x" * 1000)
    for age, path in enumerate(sorted((tmp_path / "now").rglob("*/*"), key=lambda path: path.name)):
        os.utime(path, (1_000_000 + age, 1_000_000 + age))
    store.trim(limit=5000)
    kept = [number for number in range(8) if (old if number < 2 else store).get(digest(b"%d" % number))]
    assert len(kept) == 3 and not {0, 1} & set(kept)


def test_what_is_no_entry_is_left_alone(tmp_path: Path) -> None:
    """A user may have the cache in a folder with other things in it."""
    others = [
        tmp_path / name for name in ("letter.txt", "now/letter.txt", "now/ab/letter.txt", "photos/ab/" + "0" * 30)
    ]
    store = Store(tmp_path / "now")
    store.put(KEY, b"value")
    for other in others:
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_bytes(b"x" * 1000)
    store.trim(limit=10)
    assert store.get(KEY) is None
    assert all(other.exists() for other in others)


def test_the_cache_is_looked_at_once_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trimmed: list[int] = []
    store = Store(tmp_path / "now")
    monkeypatch.setattr(Store, "trim", lambda self: trimmed.append(1))
    Store(None).trim_daily()
    assert trimmed == []
    store.trim_daily()
    store.trim_daily()
    assert trimmed == [1]
    os.utime(tmp_path / "trimmed", (1_000_000, 1_000_000))
    store.trim_daily()
    assert trimmed == [1, 1]


def test_a_write_that_fails_leaves_the_old_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "A.swift"
    target.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(target, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["A.swift"]
    assert target.read_text() == "old"


def test_where_the_cache_stands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IPCLINT_CACHE_DIR", str(tmp_path / "named"))
    assert cache_folder().parent == tmp_path / "named"
    monkeypatch.delenv("IPCLINT_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_folder().parent == tmp_path / "xdg" / "ipclint"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder().parent.parts[-3:] == ("Library", "Caches", "ipclint")


def test_digests_tell_where_parts_end() -> None:
    assert digest(b"ab", b"c") != digest(b"a", b"bc")


def test_what_is_nothing_in_a_source_may_be_something_in_a_property_list(tmp_path: Path) -> None:
    """The memory of a workspace tells kinds of files apart: a file may be renamed, or copied."""
    text = "<plist><dict><key>com.apple.security.get-task-allow</key><true/></dict></plist>\n"
    root, cache = write(tmp_path / "work", {"A.swift": text}), tmp_path / "cache"
    book = rulebook((), Store(None))
    Session(root, Config(), book, cache).load()
    (root / "A.swift").rename(root / "App.entitlements")
    again = Session(root, Config(), book, cache)
    again.load()
    assert again.paths() == ("App.entitlements",)
