"""`ipclint check`: what is checked, what is said, with which exit code."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from tests.engine.conftest import write

from .conftest import LOUD, Cli

REPORT = """\
App/A.swift:2:5: medium/certain demo/shouting (DEMO1)
  This is heard by everyone
   |
 2 |     shout(text)
   |     ^^^^^^^^^^^
  help: Whisper instead (--fix)

1 finding in 1 file: 1 medium.
"""


def test_the_report(cli: Cli) -> None:
    assert cli("check") == (1, REPORT, "")
    assert cli("check", ".") == (1, REPORT, "")


def test_nothing_to_report(cli: Cli, root: Path) -> None:
    (root / "App" / "A.swift").write_text("func f() {}\n")
    assert cli("check") == (0, "Nothing to report in 1 file.\n", "")


def test_paths_are_relative_to_the_folder_checked(cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("check", "App").out.startswith("A.swift:2:5: ")
    monkeypatch.chdir(root / "own")
    assert cli("check", "..").out.startswith("App/A.swift:2:5: ")
    assert cli("check", str(root)).out.startswith("App/A.swift:2:5: ")


def test_several_paths_are_relative_to_where_one_stands(cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(root, {"Lib/B.swift": LOUD, "Lib/C.swift": LOUD})
    assert [line["path"] for line in cli("check", "App", "Lib/B.swift", "--format", "json").json["findings"]] == [
        "App/A.swift",
        "Lib/B.swift",
    ]
    monkeypatch.chdir(root / "own")
    assert [line["path"] for line in cli("check", "../App/A.swift", "../Lib", "--format", "json").json["findings"]] == [
        "App/A.swift",
        "Lib/B.swift",
        "Lib/C.swift",
    ]


def test_a_file_named_outright_is_checked_wherever_it_stands(cli: Cli, root: Path) -> None:
    write(root, {"Pods/P.swift": LOUD})
    assert cli("check", "Pods/P.swift").code == 1
    assert cli("check", "Pods").code == 1


def test_what_is_left_out_is_said(cli: Cli, root: Path) -> None:
    write(root, {"Pods/P.swift": LOUD, "AppTests/T.swift": LOUD, "App/X.swift": "import XCTest\n" + LOUD})
    out = cli("check").out
    assert "Left out: 2 files of test code; the folders Pods (take them in with --include-tests or `include`" in out
    assert cli("check", "--include-tests", "--format", "json").json["summary"]["left_out"] == {}


def test_the_gate_decides_the_exit_code(cli: Cli) -> None:
    assert cli("check", "--fail-on", "high").code == 0
    assert cli("check", "--fail-on", "medium:certain").code == 1
    assert cli("check", "--fail-on", "medum") == (
        2, "", 'ipclint: "medum" is none of info, low, medium, high, critical; did you mean "medium"?\n',
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ("chek",),
            "invalid choice: 'chek' (choose from 'check', 'rules', 'explain', 'surface', 'baseline', 'server'); did you mean check?",
        ),
        (("check", "--frmat", "json"), "there is no option --frmat; did you mean --format?"),
        (("check", "--format", "xml"), "invalid choice: 'xml' (choose from 'text', 'json', 'sarif')"),
        (("check", "nowhere"), "nowhere: there is no such file or folder"),
        (("check", "--select", "demo/shoutin"), 'no rule is called "demo/shoutin"; did you mean demo/shouting?'),
        (("check", "--config", "none.toml"), "none.toml: cannot be read: No such file or directory"),
        (("check", "-"), "- needs --stdin-filename NAME"),
        (("check", "-", "App"), "- reads stdin and takes no other PATH"),
        (("check", "--stdin-filename", "A.swift"), "--stdin-filename belongs to the PATH -"),
        (("check", "--output", "no/such/folder"), "no/such/folder: cannot be written: No such file or directory"),
        (("check", "--jobs", "0"), '"0" is no number of processes'),
        (("explain", "XPC999"), 'no rule is called "XPC999"'),
        (("rules", "nothing"), 'no rule is called "nothing"'),
        ((), "the following arguments are required: COMMAND"),
    ],
)
def test_usage_errors(cli: Cli, arguments: tuple[str, ...], error: str) -> None:
    said = cli(*arguments)
    assert (said.code, said.out) == (2, "")
    assert error in said.err
    assert "Traceback" not in said.err


def test_a_mistake_in_the_configuration(cli: Cli, root: Path) -> None:
    (root / "ipclint.toml").write_text('\nprofle = "strict"\n')
    said = cli("check")
    assert said.code == 2
    assert said.err == f'ipclint: {root}/ipclint.toml:2: there is no setting "profle"; did you mean "profile"?\n'


def test_a_mistake_in_a_rule_of_ones_own(cli: Cli, root: Path) -> None:
    write(root, {"own/demo/broken.md": '# B\n\n```toml rule\nmessage = "m"\nseverity = "loud"\n```\n'})
    said = cli("check")
    assert said.code == 2
    assert "demo/broken, line 5" in said.err


def test_stdin(cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = io.TextIOWrapper(io.BytesIO(LOUD.encode()))
    monkeypatch.setattr(sys, "stdin", text)
    said = cli("check", "-", "--stdin-filename", "New/N.swift")
    assert said.code == 1
    assert said.out.startswith("New/N.swift:2:5: medium/certain demo/shouting")
    assert not (root / "New").exists()


def test_output_to_a_file(cli: Cli, root: Path) -> None:
    assert cli("check", "--output", "report.txt") == (1, "", "")
    assert (root / "report.txt").read_text() == REPORT


def test_statistics(cli: Cli, root: Path) -> None:
    write(root, {"App/B.swift": LOUD})
    assert cli("check", "--statistics").out == (
        "     2  medium    demo/shouting (DEMO1): Shouting is heard by everyone\n     2  in all, in 2 files\n"
    )


def test_no_control_character_reaches_the_terminal(cli: Cli, root: Path) -> None:
    name = "App/\x1b]0;title\x07.swift"
    write(root, {name: "func f() {\n    shout(“\x1b[2J\u202e”) // \x9b1m\n}\n"})
    out = cli("check").out
    assert not any((ord(char) < 32 and char != "\n") or 0x7F <= ord(char) < 0xA0 or char == "\u202e" for char in out)
    assert "\\x1b]0;title\\x07.swift:2:5" in out


def test_colours_only_when_wanted(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in cli("check").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1;33mmedium/certain\x1b[0m" in cli("check").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in cli("check").out


def test_carets_stand_below_wide_and_tabbed_text(cli: Cli, root: Path) -> None:
    write(root, {"App/A.swift": "func f() {\n\tlet 名前 = “x”; shout(名前)\n}\n"})
    lines = cli("check").out.split("\n")
    code, carets = lines[3], lines[4]
    before = code.index("shout")
    assert carets.index("^") == before + 2  # two wide characters stand before it
    assert carets.count("^") == len("shout(") + 4 + 1


def test_a_long_line_is_cut_around_the_finding(cli: Cli, root: Path) -> None:
    write(root, {"App/A.swift": "func f() { " + "let x = 1; " * 200 + "shout(1); " + "let y = 2; " * 200 + "}\n"})
    code = cli("check").out.split("\n")[3]
    assert "shout(1)" in code and len(code) < 110


def test_a_terminal_that_is_not_utf8(cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(root, {"App/A.swift": "func f() {\n    shout(“é”)\n}\n"})
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "ascii"))
    assert cli("check").code == 1
    sys.stdout.flush()
    assert b"shout(\\u201c\\xe9\\u201d)" in raw.getvalue()


def test_a_reader_that_goes_away(root: Path) -> None:
    code = os.system(f"{sys.executable} -m ipclint check --no-cache --format sarif | head -c 10 > head.txt 2> err.txt")
    assert code == 0
    assert (root / "err.txt").read_text() == ""
