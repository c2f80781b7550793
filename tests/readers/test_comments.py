"""Suppression comments in every kind of comment."""

from __future__ import annotations

import pytest

from ipclint.model.facts import SourceFacts, Suppression
from ipclint.model.source import Span
from ipclint.readers import read
from ipclint.readers.comments import line_comments, suppressions, xml_comments


def in_swift(source: str) -> tuple[Suppression, ...]:
    facts = read("a.swift", source.encode())
    assert isinstance(facts, SourceFacts)
    return facts.suppressions


@pytest.mark.parametrize(
    ("comment", "ids", "reason", "scope"),
    [
        ("// ipclint:ignore xpc/a -- checked above", ("xpc/a",), "checked above", "line"),
        ("// ipclint:ignore xpc/a, url/b.c -- both -- really", ("xpc/a", "url/b.c"), "both -- really", "line"),
        ("// ipclint:ignore xpc/a — a dash does", ("xpc/a",), "a dash does", "line"),
        ("// ipclint:ignore xpc/a", ("xpc/a",), "", "line"),
        ("// ipclint:ignore", (), "", "line"),
        ("// ipclint:ignore-file xpc/* -- generated", ("xpc/*",), "generated", "file"),
        ("/* ipclint:ignore xpc/a -- why */", ("xpc/a",), "why", "line"),
        ("/*\n * ipclint:ignore xpc/a -- why\n */", ("xpc/a",), "why", "line"),
        ("/// Text. ipclint:ignore xpc/a-b -- é", ("xpc/a-b",), "é", "line"),
    ],
)
def test_forms(comment: str, ids: tuple[str, ...], reason: str, scope: str) -> None:
    (found,) = in_swift(f"let a = 1\n  {comment}\nlet b = 2\n")
    assert (found.ids, found.reason, found.scope, found.alone) == (ids, reason, scope, True)
    assert found.span == Span(12, 12 + len(comment.encode()))


def test_a_comment_after_code_does_not_stand_alone() -> None:
    (found,) = in_swift("let é = 1 // ipclint:ignore a/b -- c\n")
    assert not found.alone and found.span.start == len("let é = 1 ".encode())


@pytest.mark.parametrize(
    "source",
    [
        'let s = "// ipclint:ignore a/b -- c"',
        'let s = """\n// ipclint:ignore a/b\n"""',
        "// ipclint:ignored a/b",
        "f(ipclint)",
    ],
)
def test_what_is_no_suppression(source: str) -> None:
    assert in_swift(source) == ()


def test_suppressions_in_broken_code_count() -> None:
    assert len(in_swift("class A {\n let = = 3\n // ipclint:ignore a/b -- c\n func f( {\n")) == 1


def test_xml_comments() -> None:
    data = b"<plist>\n<!-- ipclint:ignore a/b -- why -->\n<string>ipclint:ignore c/d</string></plist>"
    (found,) = suppressions(data, xml_comments(data))
    assert (found.ids, found.reason, found.alone) == (("a/b",), "why", True)
    assert data[slice(*found.span)] == b"<!-- ipclint:ignore a/b -- why -->"


def test_line_comments() -> None:
    data = b"A = 1 // ipclint:ignore a/b -- why\nB = ipclint:ignore\n"
    (found,) = suppressions(data, line_comments(data, b"//"))
    assert data[slice(*found.span)] == b"// ipclint:ignore a/b -- why" and not found.alone
