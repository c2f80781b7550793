"""Baselines: a finding is known again after moves and renames, and a new one never taken for an old one."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipclint.checks.rulebook import Rulebook
from ipclint.engine.baseline import Baseline, Entry, encode_baseline, entries_of, read_entries
from ipclint.engine.config import Config, ConfigError, load_config, parse_config
from ipclint.engine.session import Session

from .conftest import write

LOUD = "func f(_ text: String) {\n    shout(text)\n}\n"


@pytest.fixture
def shown(tmp_path: Path, book: Rulebook) -> Callable[..., list[str]]:
    """The messages' places in a workspace of these files, with the baseline of an earlier one."""

    def check(files: Mapping[str, str], entries: list[Entry] | None = None) -> list[str]:
        for old in tmp_path.glob("**/*.swift"):
            old.unlink()
        write(tmp_path, files)
        baseline = tmp_path / "b.json"
        baseline.write_text(encode_baseline(entries or []))
        session = Session(tmp_path, Config(baseline=str(baseline), jobs=1), book)
        session.load()
        return [f"{path}:{report.location.line}" for path in session.paths() for report in session.reports(path)]

    return check


@pytest.fixture
def entries(tmp_path: Path, book: Rulebook) -> Callable[[Mapping[str, str]], list[Entry]]:
    def write_down(files: Mapping[str, str], before: tuple[Entry, ...] = ()) -> list[Entry]:
        write(tmp_path, files)
        session = Session(tmp_path, Config(jobs=1), book)
        session.load()
        reports = [report for path in session.paths() for report in session.reports(path)]
        return entries_of(reports, lambda path: session.document(path).data, lambda path: path, before)

    return write_down


Shown = Callable[..., list[str]]
Entries = Callable[..., list[Entry]]


def test_what_is_in_it_is_not_reported(shown: Shown, entries: Entries) -> None:
    assert shown({"A.swift": LOUD}) == ["A.swift:1"]
    assert shown({"A.swift": LOUD}, entries({"A.swift": LOUD})) == []


@given(above=st.integers(0, 5), indent=st.text(" \t", max_size=6))
def test_moved_lines_change_nothing(
    above: int, indent: str, tmp_path_factory: pytest.TempPathFactory, book: Rulebook
) -> None:
    root = tmp_path_factory.mktemp("moved")
    write(root, {"A.swift": LOUD})
    session = Session(root, Config(jobs=1), book)
    session.load()
    known = entries_of(session.reports("A.swift"), lambda path: session.document(path).data, lambda path: path)
    moved = "// line\n" * above + LOUD.replace("    shout", f"    {indent}shout")
    write(root, {"A.swift": moved})
    session = Session(root, Config(jobs=1), book)
    session.load()
    assert Baseline(known, root, root).new(session.reports("A.swift"), moved.encode()) == ()


def test_a_second_one_that_looks_the_same_is_new(shown: Shown, entries: Entries) -> None:
    twice = LOUD.replace("shout(text)", "shout(text); shout(text)")
    assert shown({"A.swift": twice}, entries({"A.swift": LOUD})) == ["A.swift:1"]


def test_the_same_in_another_function_is_new(shown: Shown, entries: Entries) -> None:
    assert shown({"A.swift": LOUD + LOUD.replace("f(", "g(")}, entries({"A.swift": LOUD})) == ["A.swift:4"]


def test_a_renamed_file_is_known_but_a_copy_is_not(shown: Shown, entries: Entries) -> None:
    known = entries({"A.swift": LOUD})
    assert shown({"New/B.swift": LOUD}, known) == []
    assert shown({"A.swift": LOUD, "B.swift": LOUD}, known) == ["B.swift:1"]


def test_reasons_and_dates_are_kept(tmp_path: Path, entries: Entries) -> None:
    (entry,) = entries({"A.swift": LOUD})
    noted = Entry(
        **{name: getattr(entry, name) for name in ("rule", "path", "message", "fingerprint")},
        reason="why",
        until=datetime.date(2031, 5, 1),
    )
    file = tmp_path / "b.json"
    file.write_text(encode_baseline([noted]))
    assert read_entries(file) == (noted,)
    assert entries({"A.swift": LOUD}, read_entries(file)) == [noted]


def test_an_entry_is_over_after_its_last_day(entries: Entries, tmp_path: Path) -> None:
    (entry,) = entries({"A.swift": LOUD})
    last = datetime.date(2031, 5, 1)
    dated = Entry(rule=entry.rule, path=entry.path, message="", fingerprint=entry.fingerprint, until=last)
    assert Baseline([dated], tmp_path, tmp_path, today=last).entries == (dated,)
    assert Baseline([dated], tmp_path, tmp_path, today=last + datetime.timedelta(1)).entries == ()


def test_one_entry_a_line_and_the_same_text_each_time(entries: Entries) -> None:
    files = {"A.swift": LOUD, "B.swift": LOUD}
    text = encode_baseline(entries(files))
    assert len(text.splitlines()) == 3 + 2 + 2
    assert encode_baseline(entries(files)) == text


def test_paths_count_from_the_folder_of_the_baseline(tmp_path: Path) -> None:
    assert Baseline(folder=tmp_path, root=tmp_path / "App").path("A.swift") == "App/A.swift"
    assert Baseline(folder=tmp_path / "ci", root=tmp_path).path("A.swift") == "../A.swift"


@pytest.mark.parametrize("path", ["../../etc/hosts", "/etc/nowhere"])
def test_an_entry_that_leads_out_is_never_a_renamed_file(path: str, entries: Entries, shown: Shown) -> None:
    (entry,) = entries({"A.swift": LOUD})
    elsewhere = Entry(rule=entry.rule, path=path, message="", fingerprint=entry.fingerprint)
    assert shown({"A.swift": LOUD}, [elsewhere]) == ["A.swift:1"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "not a baseline"),
        ('{"version": 1}', "missing required field `findings`"),
        ('{"version": 9, "findings": []}', "version 9 is not 1"),
        ("[" * 100_000, "not a baseline"),
    ],
)
def test_what_is_no_baseline_is_told(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_entries(tmp_path / "b.json")
    with pytest.raises(ConfigError, match="there is no such baseline"):
        read_entries(tmp_path / "c.json")


def test_the_configuration_names_one_inside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "ipclint.toml").write_text('baseline = "b.json"\n')
    assert load_config(tmp_path / "ipclint.toml").baseline == str((tmp_path / "b.json").resolve())
    for outside in ("../b.json", "/b.json"):
        with pytest.raises(ConfigError, match="leads out of the folder"):
            parse_config(f'baseline = "{outside}"\n', "ipclint.toml")
    (tmp_path / "link.json").symlink_to("/etc/hosts")
    (tmp_path / "ipclint.toml").write_text('baseline = "link.json"\n')
    with pytest.raises(ConfigError, match="is a link that leads out"):
        load_config(tmp_path / "ipclint.toml")
