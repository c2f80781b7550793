"""`ipclint baseline` and `check --baseline`: adopted at once, and only what is new is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.engine.conftest import write

from .conftest import LOUD, Cli


def test_written_then_only_what_is_new(cli: Cli, root: Path) -> None:
    file = root / "ipclint-baseline.json"
    assert cli("baseline") == (0, f"Wrote 1 finding to {file}.\n", "")
    assert cli("check", "--baseline", file.name).code == 0
    assert cli("check").code == 1
    write(root, {"App/B.swift": LOUD})
    said = cli("check", "--baseline", file.name)
    assert said.code == 1
    assert said.out.startswith("App/B.swift:2:5: ")
    assert "1 finding of the baseline not shown.\n" in said.out


def test_the_configuration_may_name_it(cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = 'baseline = "ci/old.json"\n' + (root / "ipclint.toml").read_text()
    write(root, {"ipclint.toml": named, "ci/old.json": '{"version": 1, "findings": []}'})
    assert cli("check").code == 1
    assert cli("baseline").out == f"Wrote 1 finding to {root / 'ci/old.json'} (1 more, 0 gone).\n"
    assert cli("check").code == 0
    monkeypatch.chdir(root / "App")
    assert cli("check").code == 0  # the folder below has the same baseline
    (root / "App" / "A.swift").write_text("func f() {}\n")
    monkeypatch.chdir(root)
    assert "(0 more, 1 gone)" in cli("baseline").out


def test_it_is_written_from_all_findings_not_from_new_ones(cli: Cli, root: Path) -> None:
    cli("baseline")
    before = (root / "ipclint-baseline.json").read_text()
    assert "(0 more, 0 gone)" in cli("baseline").out
    assert (root / "ipclint-baseline.json").read_text() == before
    cli("baseline", "--output", "again.json")
    assert (root / "again.json").read_text() == before


def test_reports_tell_of_it(cli: Cli, root: Path) -> None:
    cli("baseline")
    write(root, {"App/B.swift": LOUD})
    use = ("--baseline", "ipclint-baseline.json", "--format")
    assert cli("check", *use, "json").json["summary"]["baselined"] == 1
    assert cli("check", "--format", "json").json["summary"]["baselined"] is None
    (run,) = cli("check", *use, "sarif").json["runs"]
    assert [each["baselineState"] for each in run["results"]] == ["new"]
    (run,) = cli("check", "--format", "sarif").json["runs"]
    assert {"baselineState" in each for each in run["results"]} == {False}


def test_the_fingerprints_of_a_report_survive_moved_lines(cli: Cli, root: Path) -> None:
    def names() -> list[object]:
        return [each["partialFingerprints"] for each in cli("check", "--format", "sarif").json["runs"][0]["results"]]

    before = names()
    (root / "App" / "A.swift").write_text("// one\n\n// two\n" + LOUD)
    assert names() == before


def test_mistakes_are_told(cli: Cli, root: Path) -> None:
    assert cli("check", "--baseline", "none.json").err == (
        f"ipclint: {root / 'none.json'}: there is no such baseline; `ipclint baseline` writes one\n"
    )
    (root / "bad.json").write_text(json.dumps({"version": 1, "findings": [{"rule": 1}]}))
    said = cli("check", "--baseline", "bad.json")
    assert said.code == 2
    assert "bad.json: not a baseline: " in said.err
    assert cli("baseline", "nowhere").code == 2
    assert cli("baseline", "--output", "nowhere/b.json").code == 2
