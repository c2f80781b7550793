"""Suppressions: what they cover, in every language; a reason is required, and an unused one is reported."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ipclint.engine.session import Session

from .conftest import said

Make = Callable[..., Session]
PLIST = (
    '<?xml version="1.0"?>\n<plist version="1.0">\n<dict>\n%s<key>DemoOpenDoor</key>%s\n<true/>\n</dict>\n</plist>\n'
)


@pytest.mark.parametrize("name", ["demo/shouting", "DEMO1", "demo", "demo/*", "demo/shouting, demo/open-door"])
def test_a_comment_on_the_line_or_alone_above(workspace: Make, name: str) -> None:
    session = workspace(
        {
            "A.swift": f"func f() {{\n    shout(1) // ipclint:ignore {name} -- it is a test\n}}\n",
            "B.swift": f"func f() {{\n    // ipclint:ignore {name} -- it is a test\n\n    // why\n    shout(1)\n}}\n",
            "C.m": f"void f(void) {{\n    shout(1); // ipclint:ignore {name} -- it is a test\n}}\n",
            "D.c": f"void f(void) {{\n    /* ipclint:ignore {name} -- it is a test */\n    shout(1);\n}}\n",
        }
    )
    assert said(session) == []


def test_other_lines_are_not_covered(workspace: Make) -> None:
    text = "func f() {\n    // ipclint:ignore demo/shouting -- the first\n    shout(1)\n    shout(2)\n}\n"
    assert said(workspace({"A.swift": text})) == ["A.swift:4:5 demo/shouting medium/certain"]


def test_a_comment_above_an_attribute_covers_what_it_belongs_to(workspace: Make) -> None:
    text = (
        "class A {\n    // ipclint:ignore demo/shouting -- made once\n    @objc(thing)\n    lazy var x = shout(1)\n}\n"
    )
    assert said(workspace({"A.swift": text})) == []


def test_a_whole_file(workspace: Make) -> None:
    text = "// ipclint:ignore-file demo/shouting -- a sample\nfunc f() { shout(1) }\nfunc g() { shout(2) }\n"
    assert said(workspace({"A.swift": text})) == []


def test_xml(workspace: Make) -> None:
    comment = "<!-- ipclint:ignore demo/open-door -- for the review -->"
    session = workspace(
        {
            "a/Info.plist": PLIST % (comment + "\n", ""),
            "b/Info.plist": PLIST % ("", comment),
            "c/Info.plist": PLIST % ("", ""),
        }
    )
    assert said(session) == ["c/Info.plist:4:1 demo/open-door high/certain"]


def test_a_variant_is_suppressed_alone(workspace: Make) -> None:
    files = {
        "A.swift": "func send(_ parcel: String) {\n    // ipclint:ignore DEMO3.b -- it burns well\n    carry(parcel)\n}\n",
        "B.swift": "func carry(_ t: String) { burn(t) }\n",
    }
    assert said(workspace(files, profile="strict")) == []
    files["B.swift"] = "func carry(_ t: String) { keep(t) }\n"
    assert [line.split()[1] for line in said(workspace(files, profile="strict"))] == [
        "ipclint/unused-suppression",
        "demo/hands-on",
    ]


def test_a_reason_is_required(workspace: Make) -> None:
    session = workspace({"A.swift": "func f() {\n    shout(1) // ipclint:ignore demo/shouting\n}\n"})
    assert said(session) == ["A.swift:2:14 ipclint/suppression-without-reason low/certain"]


def test_an_unused_one_is_reported_unless_its_rule_is_off(workspace: Make) -> None:
    files = {"A.swift": "func f() {\n    whisper(1) // ipclint:ignore demo/shouting -- long gone\n}\n"}
    assert said(workspace(files)) == ["A.swift:2:16 ipclint/unused-suppression info/certain"]
    assert said(workspace(files, ignore=("demo/shouting",))) == []
    assert said(workspace(files, select=("demo/open-door", "ipclint"))) == []


def test_a_name_that_means_nothing_is_reported_with_the_nearest(workspace: Make) -> None:
    session = workspace({"A.swift": "func f() {\n    shout(1) // ipclint:ignore demo/shoutin -- typo\n}\n"})
    assert [report.message for report in session.reports("A.swift")] == [
        "This is heard by everyone",
        'No rule is called "demo/shoutin"; did you mean demo/shouting?',
    ]


def test_reports_about_suppressions_can_be_suppressed_and_ignored(workspace: Make) -> None:
    text = "// ipclint:ignore-file ipclint -- generated\nfunc f() { shout(1) // ipclint:ignore demo/shouting\n}\n"
    assert said(workspace({"A.swift": text})) == []
    assert said(workspace({"A.swift": "// ipclint:ignore demo -- x\n"}, ignore=("ipclint/unused-suppression",))) == []
