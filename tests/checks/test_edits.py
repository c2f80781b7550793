"""Edits in the style of the file they go into, applied alone and together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipclint.checks import edits
from ipclint.model.finding import Edit, Fix
from ipclint.model.source import Span


def applied(data: bytes, *changes: Edit) -> str:
    return edits.apply_edits(data, changes).decode()


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("a {\n  b\n}\n", "  "),
        ("a {\n    b {\n        c\n    }\n}\n", "    "),
        ("a {\n\tb\n}\n", "\t"),
        ("a\n", "    "),
        ("/*\n * text\n * text\n */\na {\n  b\n}\n", "  "),
        ("a(b,\n  c)\nx {\n    y\n}\nz {\n    y\n}\n", "    "),
    ],
)
def test_the_level_of_a_file(text: str, level: str) -> None:
    assert edits.level_of(text.encode()) == level


def test_a_statement_goes_before_another_in_its_style() -> None:
    data = b"f {\r\n\tg()\r\n}\r\n"
    edit = edits.insert_before("a.swift", data, data.index(b"g"), "if x {\n    y()\n}")
    assert applied(data, edit) == "f {\r\n\tif x {\r\n\t\ty()\r\n\t}\r\n\tg()\r\n}\r\n"


def test_a_statement_that_shares_its_line_keeps_it() -> None:
    data = b"f { g() }\n"
    assert applied(data, edits.insert_before("a.swift", data, 4, "h()")) == "f { h(); g() }\n"
    assert applied(data, edits.insert_before("a.m", data, 4, "h();")) == "f { h(); g() }\n"


def test_a_statement_goes_behind_the_line_of_another() -> None:
    data = b"f {\n    g(); // why\n}\n"
    edit = edits.insert_after("a.m", data, data.index(b";"), "h();")
    assert applied(data, edit) == "f {\n    g(); // why\n    h();\n}\n"


def test_a_statement_goes_behind_another_on_a_line_that_holds_more() -> None:
    data = b"f { g() }\n"
    assert applied(data, edits.insert_after("a.swift", data, data.index(b")"), "h()")) == "f { g(); h() }\n"
    for data in (b"f { g(); k(); }\n", b"f { g() ; k(); }\n"):
        told = applied(data, edits.insert_after("a.m", data, data.index(b")"), "h();"))
        assert told.replace(" ;", ";") == "f { g(); h(); k(); }\n"


def test_a_statement_goes_first_in_a_body() -> None:
    data = b"f { // why\n    g()\n}\n"
    assert applied(data, edits.insert_in_body("a.swift", data, 3, "h()")) == "f { // why\n    h()\n    g()\n}\n"
    assert applied(b"f { g() }\n", edits.insert_in_body("a.swift", b"f { g() }\n", 3, "h()")) == "f { h(); g() }\n"


def test_a_statement_goes_with_its_line() -> None:
    data = b"a();\n    b(); // why\nc(); d();\n"
    at = data.index(b"b")
    assert applied(data, edits.remove_statement("a.m", data, Span(at, at + 3))) == "a();\nc(); d();\n"
    at = data.index(b"c")
    assert applied(data, edits.remove_statement("a.m", data, Span(at, at + 3))) == "a();\n    b(); // why\nd();\n"


@pytest.mark.parametrize(
    ("path", "text", "name", "after"),
    [
        ("a.swift", "import A\nimport B\n\nf()\n", "C", "import A\nimport B\nimport C\n\nf()\n"),
        ("a.swift", "@testable import A\nimport struct B.C\nf()\n", "B.C", None),
        ("a.swift", "import A\n#if X\nimport B\n#endif\n", "C", "import A\nimport C\n#if X\nimport B\n#endif\n"),
        ("a.swift", "// Licence\n\nf()\n", "C", "// Licence\nimport C\n\nf()\n"),
        ("a.swift", "f()\n", "C", "import C\n\nf()\n"),
        ("a.m", '#import "a.h"\r\n', "<os/log.h>", '#import "a.h"\r\n#import <os/log.h>\r\n'),
        ("a.m", "#import <os/log.h>\n", "<os/log.h>", None),
        ("a.m", "@import os;\n", "os", None),
    ],
)
def test_imports(path: str, text: str, name: str, after: str | None) -> None:
    edit = edits.add_import(path, text.encode(), name)
    assert (applied(text.encode(), edit) if edit else None) == after


def test_fixes_that_touch_the_same_bytes_are_not_applied_together() -> None:
    one = Fix("a", True, (Edit("f", 0, 3, "x"),))
    two = Fix("b", True, (Edit("f", 2, 4, "y"),))
    other = Fix("c", True, (Edit("f", 3, 4, "z"), Edit("g", 0, 0, "new ")), creates=(("h", "made"),))
    together, left = edits.compatible([one, two, other])
    assert (together, left) == ([one, other], [two])
    files = {"f": b"abcd", "g": b"old"}
    assert edits.apply_fixes(files.__getitem__, together) == {"f": b"xz", "g": b"new old", "h": b"made"}
    with pytest.raises(edits.OverlappingEdits):
        edits.apply_fixes(files.__getitem__, [one, two])


def test_an_edit_that_two_fixes_share_counts_once() -> None:
    shared = Edit("f", 0, 0, "import os\n")
    fixes = [Fix("a", True, (shared, Edit("f", 1, 2, "x"))), Fix("b", True, (shared, Edit("f", 2, 3, "y")))]
    together, left = edits.compatible(fixes)
    assert not left
    assert edits.apply_fixes(lambda _: b"abc", together)["f"] == b"import os\naxy"


def test_edits_are_of_bytes_and_in_any_order() -> None:
    edits_of_one = (Edit("a", 4, 5, "é"), Edit("a", 0, 2, ""))
    assert edits.apply_edits(b"01234", edits_of_one) == "23é".encode()


SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5), st.text(max_size=3)), max_size=6)


@given(st.binary(max_size=40), SPANS)
def test_compatible_fixes_always_apply(data: bytes, spans: list[tuple[int, int, str]]) -> None:
    end = len(data)
    fixes = [Fix("t", True, (Edit("f", min(at, end), min(at + size, end), text),)) for at, size, text in spans]
    together, left = edits.compatible(fixes)
    assert len(together) + len(left) == len(fixes)
    after = edits.apply_fixes(lambda _: data, together).get("f", data)
    kept = set(together)
    grown = sum(len(fix.edits[0].text.encode()) - (fix.edits[0].end - fix.edits[0].start) for fix in kept)
    assert len(after) == len(data) + grown
