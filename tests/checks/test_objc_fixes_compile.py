"""What fixes leave of Objective-C compiles: clang reads it against declarations of our own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ipclint.checks.edits import apply_fixes, compatible
from ipclint.checks.rule import Case, Rule
from tests.rules.harness import Run, files_of, rulebook

CLANG = shutil.which("clang")
HEADERS = Path(__file__).parents[1] / "objc_headers"
OPTIONS = (
    "--target=arm64-apple-macosx13.0",  # for ARC and the modern runtime; nothing is linked
    "-ffreestanding",
    "-fsyntax-only",
    "-fobjc-arc",
    "-fblocks",
    "-Wall",
    "-Werror",
    "-Wno-unused-function",
)
MENDED = ("-Wno-arc-retain-cycles", "-Wno-arc-unsafe-retained-assign")
"""What clang itself says of code that a fix mends: it may say so before, and not after."""
BUILDERS = frozenset(
    {
        "adopt-secure-coding",
        "typed-decode",
        "require-secure-coding",
        "narrow-class-list",
        "complete-class-list",
        "declare-classes",
        "send-reply",
        "main-thread-later",
        "hand-to-main-thread",
        "wait-with-deadline",
        "raw-value-check",
        "event-kind-check",
        "fail-on-malformed",
        "keep-group-secret",
        "invalidate-with-owner",
        "start-endpoint",
        "require-endpoint-peers",
        "measure-form",
        "obtain-right",
    }
)

pytestmark = pytest.mark.skipif(CLANG is None, reason="clang is not installed (apt-get install clang)")


def cases() -> list[tuple[Rule, Case, str]]:
    """The Objective-C cases with golden results of these builders, by the title of the fix."""
    return [
        (rule, case, title)
        for rule in rulebook()
        if any(fix.builder in BUILDERS for fix in rule.fixes)
        for case in rule.cases
        if any(file.path.endswith(".m") for file in case.files)
        for title in dict.fromkeys(golden.title for golden in case.goldens)
    ]


def compiler_says(folder: Path, files: dict[str, bytes], *more: str) -> str:
    """What clang reports on the implementation files among `files`, written to `folder`; "" when it takes them."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    sources = [path for path in files if path.endswith(".m")]
    command = [str(CLANG), *OPTIONS, *more, "-I", str(HEADERS), *sources]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return done.stderr if done.returncode else ""


@pytest.mark.parametrize(("rule", "case", "title"), cases(), ids=lambda each: getattr(each, "title", str(each)))
def test_fixed_code_compiles(rule: Rule, case: Case, title: str, tmp_path: Path) -> None:
    """The example compiles as it stands, and what the fix makes of it compiles as well."""
    before = files_of(case)
    run = Run(before, (rule,))
    fixes = [fix for each in run.found() for fix in run.fixes(each.finding) if fix.title == title]
    after = {**before, **apply_fixes(lambda path: before[path], compatible(fixes)[0])}
    assert after != before
    assert compiler_says(tmp_path / "before", before, *MENDED) == ""
    assert compiler_says(tmp_path / "after", dict(after)) == ""


def test_the_check_can_fail(tmp_path: Path) -> None:
    """A class that is used without its declaration is reported, so silence means something."""
    source = (
        b"#import <Foundation/Foundation.h>\n"
        b'id read(NSCoder *coder) { return [coder decodeObjectOfClass:[Nobody class] forKey:@"n"]; }\n'
    )
    assert "Nobody" in compiler_says(tmp_path, {"Broken.m": source})
