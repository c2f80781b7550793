"""`--fix`, `--unsafe-fixes`, `--diff`, also on stdin."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.conftest import SHOUT, write

from .conftest import LOUD, Cli

DIFF = """\
--- a/App/A.swift
+++ b/App/A.swift
@@ -1,3 +1,3 @@
 func f(_ text: String) {
-    shout(text)
+    whisper(text)
 }
"""


def test_fix(cli: Cli, root: Path) -> None:
    said = cli("check", "--fix")
    assert said == (0, "Nothing to report in 1 file.\n", "Fixed 1 finding in 1 file.\n")
    assert (root / "App" / "A.swift").read_text() == LOUD.replace("shout", "whisper")
    assert cli("check", "--fix").err == "Fixed 0 findings in 0 files.\n"


def test_diff_writes_nothing_and_can_be_applied(cli: Cli, root: Path) -> None:
    write(root, {"App/B.swift": b"func g() {\r\n    shout(1)\r\n    // \x0c \xe2\x80\xa8\r\n}"})
    said = cli("check", "--diff")
    assert said.code == 1
    assert said.out.startswith(DIFF)
    assert "\\ No newline at end of file" not in said.out.partition("B.swift")[0]
    assert (root / "App" / "A.swift").read_text() == LOUD
    subprocess.run(["git", "apply", "--whitespace=nowarn"], input=said.out.encode(), check=True, cwd=root)
    assert (root / "App" / "B.swift").read_bytes() == b"func g() {\r\n    whisper(1)\r\n    // \x0c \xe2\x80\xa8\r\n}"
    assert cli("check").code == 0


def test_unsafe_fixes_are_asked_for(cli: Cli, root: Path) -> None:
    write(root, {"own/demo/shouting.md": SHOUT.replace("safe  = true", "safe  = false")})
    assert cli("check", "--fix").code == 1
    assert "(--unsafe-fixes)" in cli("check").out
    assert cli("check", "--unsafe-fixes", "--diff").out == DIFF
    assert cli("check", "--fix", "--unsafe-fixes").code == 0


def test_stdin_is_fixed_to_stdout(cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LOUD.encode())))
    out = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", out)
    cli("check", "--fix", "-", "--stdin-filename", "App/A.swift")
    assert out.buffer.getvalue().decode() == LOUD.replace("shout", "whisper")  # type: ignore[attr-defined]
    assert (root / "App" / "A.swift").read_text() == LOUD
