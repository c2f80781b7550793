"""Settings of rules, from the configuration: ENT108's list of domains stands for all of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ipclint.engine.config import ConfigError, parse_config
from ipclint.engine.rules import rulebook
from ipclint.engine.session import Session
from ipclint.engine.store import Store

from .conftest import write

ENTITLEMENTS = """<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0">
<dict>
    <key>com.apple.developer.associated-domains</key>
    <array>
        <string>webcredentials:example.com</string>
        <string>webcredentials:login.example.org</string>
        <string>webcredentials:tracker.example.net?mode=managed</string>
        <string>webcredentials:$(HOST)</string>
        <string>applinks:other.example.net</string>
    </array>
</dict>
</plist>
"""
LISTED = 'profile = "strict"\nselect = ["ENT108"]\n[options.ENT108]\ndomains = ["Example.com", "*.example.org"]\n'


def checked(root: Path, configuration: str) -> list[str]:
    config = parse_config(configuration, "ipclint.toml")
    session = Session(write(root, {"App.entitlements": ENTITLEMENTS}), config, rulebook((), Store(None)))
    session.load()
    return [report.finding.message for path in session.paths() for report in session.reports(path)]


def test_web_credentials_of_a_domain_that_is_not_listed(tmp_path: Path) -> None:
    (message,) = checked(tmp_path, LISTED)
    assert "tracker.example.net" in message
    assert "other.example.net" not in message


def test_without_a_list_every_domain_may_be_there(tmp_path: Path) -> None:
    assert checked(tmp_path, 'profile = "strict"\nselect = ["ENT108"]\n') == []


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        ('[options.ENT108]\ndomain = ["a.b"]\n', 'has no setting "domain"; did you mean "domains"?'),
        ('[options."xpc/nowhere"]\ndomains = []\n', 'no rule is called "xpc/nowhere"'),
        ("[options.ENT108]\ndomains = 1\n", "options"),
    ],
)
def test_a_setting_that_is_none_is_told_of(tmp_path: Path, configuration: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        checked(tmp_path, configuration)
