"""`ipclint rules`, `ipclint explain`, `ipclint --version`."""

from __future__ import annotations

import pytest

from ipclint import __version__
from ipclint.cli.main import run

from .conftest import Cli


def test_every_rule_is_listed(cli: Cli) -> None:
    lines = cli("rules").out.splitlines()
    assert any(line.startswith("demo/shouting") and "DEMO1" in line and "medium" in line for line in lines)
    assert any(line.startswith("xpc/listener-accepts-unverified-peer") and "XPC101" in line for line in lines)


def test_rules_can_be_chosen(cli: Cli) -> None:
    assert [line.split()[0] for line in cli("rules", "demo", "XPC101").out.splitlines()] == [
        "demo/open-door",
        "demo/shouting",
        "xpc/listener-accepts-unverified-peer",
    ]
    (rule,) = cli("rules", "DEMO1", "--format", "json").json
    assert (rule["id"], rule["fixes"]) == ("demo/shouting", [{"title": "Whisper instead", "safe": True}])


def test_a_rule_is_explained(cli: Cli) -> None:
    out = cli("explain", "DEMO1").out
    assert out.startswith("Shouting is heard by everyone\ndemo/shouting, DEMO1\n\nseverity    medium\n")
    assert "Say it *quietly*." in out
    assert "fix: Whisper instead (safe)" in out
    assert cli("explain", "ipclint/unused-suppression").code == 0


def test_what_a_rule_reports_how_it_is_set_and_an_example_either_way(cli: Cli) -> None:
    out = cli("explain", "TAINT101").out
    for piece in (
        "severity    high (critical: a, b; low: e, g)\n",
        "\nb           … is run as shell text by …\n",
        '\n[options.TAINT101]\nshells = ["sh",',
        "\nreported: A command line from a client goes to a shell\n\n    import Foundation\n",
        '        process.arguments = ["-c", command]  // reported\n',
        "\nnot reported: ",
    ):
        assert piece in out


def test_a_rule_is_explained_for_a_page(cli: Cli) -> None:
    out = cli("explain", "TAINT101", "--format", "markdown").out
    assert out.startswith("# Data from another process becomes a command\n")
    assert '        process.arguments = ["-c", command]  // reported\n' in out
    assert "- **Whisper instead** (safe: part of `--fix`)" in cli("explain", "DEMO1", "--format", "markdown").out
    assert cli("explain", "ipclint/unused-suppression", "--format", "markdown").out.startswith("# ")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["--version"])
    assert capsys.readouterr().out == f"ipclint {__version__}\n"
