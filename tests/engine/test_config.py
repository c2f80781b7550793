"""ipclint.toml: defaults, mistakes with file and line and the nearest right name, nothing outside its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipclint.checks.rulebook import Rulebook
from ipclint.engine.config import (
    Config,
    ConfigError,
    PathRules,
    find_config,
    parse_config,
    parse_gate,
    schema,
    settings_table,
)
from ipclint.engine.rules import rulebook
from ipclint.engine.selection import Selection
from ipclint.engine.setup import prepare
from ipclint.engine.store import Store

from .conftest import SHOUT, write


def test_an_empty_file_is_the_default() -> None:
    assert parse_config("", "x.toml") == Config()


def test_every_setting() -> None:
    config = parse_config(
        """
profile = "strict"
select = ["xpc"]
ignore = ["XPC101"]
severity = {"xpc/listener-*" = "low"}
exclude = ["Generated/"]
include = ["Vendor/Ours"]
include-tests = true
rules = ["security/rules"]
fail-on = "high:likely"
jobs = 2
[[per-path]]
paths = ["Tools/"]
profile = "recommended"
ignore = ["url"]
severity = {"pasteboard" = "info"}
""",
        "x.toml",
    )
    assert (config.profile, config.fail_on, config.per_path[0].paths) == ("strict", "high:likely", ("Tools/",))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('profle = "strict"', 'x.toml:1: there is no setting "profle"; did you mean "profile"?'),
        ("\n\njobs = 2\nincude = []", 'x.toml:4: there is no setting "incude"; did you mean "include"?'),
        (
            'jobs = 1\n[[per-path]]\npaths = []\n[[per-path]]\npaths = []\nselct = ["x"]',
            "x.toml:6: there is no setting",
        ),
        ('profile = "loud"', "x.toml:1: profile: Invalid enum value 'loud'"),
        ("\njobs = -1", "x.toml:2: jobs: Expected `int` >= 0"),
        ('[[per-path]]\nprofile = "strict"', "x.toml:1: per-path.0: Object missing required field `paths`"),
        ("jobs = ", "x.toml: not TOML: Invalid value (at end of document)"),
        (
            'fail-on = "hihg"',
            'x.toml:1: fail-on: "hihg" is none of info, low, medium, high, critical; did you mean "high"?',
        ),
        ('rules = ["../rules"]', 'x.toml:1: rules: "../rules" leads out of the folder of this file'),
        ('rules = ["/etc"]', 'x.toml:1: rules: "/etc" leads out of the folder of this file'),
        ('rules = ["~/rules"]', "leads out of the folder"),
        ('exclude = ["a/../../b"]', "leads out of the folder"),
        ("rules = 3", "x.toml:1: rules: Expected `array`, got `int`"),
        ("per-path = 3", "x.toml:1: per-path: Expected `array`, got `int`"),
    ],
)
def test_mistakes_are_told_with_their_line(text: str, error: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_config(text, "x.toml")
    assert error in str(raised.value)


def test_a_rule_that_is_not_there_is_told_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, {"ipclint.toml": '# x\nignore = ["ipclint/unused-supression"]\n'})
    with pytest.raises(
        ConfigError, match=r"ipclint.toml:2: ignore: no rule .*unused-supression.*did you mean ipclint/unused-s"
    ):
        prepare(tmp_path, cache=False)


def test_a_folder_of_rules_may_not_be_a_link_that_leads_out(tmp_path: Path) -> None:
    write(tmp_path, {"outside/demo/shouting.md": SHOUT, "work/ipclint.toml": 'rules = ["own"]'})
    (tmp_path / "work" / "own").symlink_to(tmp_path / "outside")
    with pytest.raises(ConfigError, match="a link that leads out"):
        prepare(tmp_path / "work", cache=False)


def test_rules_of_ones_own_are_data(tmp_path: Path) -> None:
    models = '[[api]]\nname = "demo.shout"\nswift = ["shout(_:)"]\nobjc = ["shout"]\n'
    files = {
        "own/demo/shouting.md": SHOUT,
        "own/models/demo.toml": models,
        "ipclint.toml": 'rules = ["own"]\nselect = ["demo"]',
    }
    setup = prepare(write(tmp_path, {**files, "own/demo/evil.py": "raise SystemExit('ran')"}), cache=False)
    assert setup.rulebook.get("DEMO1") is not None
    assert isinstance(setup.rulebook, Rulebook)


def test_the_nearest_configuration_counts_and_none_above_the_checkout(tmp_path: Path) -> None:
    write(tmp_path, {"ipclint.toml": "", "repo/.git/HEAD": "", "repo/app/A.swift": "", "repo/lib/ipclint.toml": ""})
    assert find_config(tmp_path / "repo" / "app") is None
    assert find_config(tmp_path / "repo" / "lib") == tmp_path / "repo" / "lib" / "ipclint.toml"
    assert find_config(tmp_path) == tmp_path / "ipclint.toml"


def test_the_gate() -> None:
    gate = parse_gate("high:likely")
    assert gate.fails("critical", "certain") and gate.fails("high", "likely")
    assert not gate.fails("high", "hint") and not gate.fails("medium", "certain")
    assert parse_gate("low").fails("low", "hint")


def test_schema_and_reference_name_every_setting() -> None:
    names = set(Config.__struct_encode_fields__)
    properties = schema()["properties"]
    assert isinstance(properties, dict)
    assert set(properties) == names


def test_the_page_on_the_configuration_is_true() -> None:
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    assert settings_table(Config) in page and settings_table(PathRules) in page
    example = page.partition("```toml\n")[2].partition("```")[0]
    Selection(parse_config(example, "ipclint.toml"), rulebook((), Store(None)))
