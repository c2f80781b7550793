"""Bytes of files made readable, and which files are read as what."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipclint.model.facts import PlistFacts, ProjectFacts, SourceFacts
from ipclint.readers import kind_of, read
from ipclint.readers.decoding import MAX_BYTES, decoded


@given(st.binary(max_size=300))
def test_what_comes_out_is_utf8_without_nuls(data: bytes) -> None:
    text = decoded(data)
    text.data.decode()
    assert b"\0" not in text.data
    assert data[:2] in (b"\xff\xfe", b"\xfe\xff") or len(text.data) == len(data)


@pytest.mark.parametrize(
    ("data", "text", "problem"),
    [
        (b"let a = 1", b"let a = 1", ""),
        ("é".encode(), "é".encode(), ""),
        (b"\xef\xbb\xbflet", b"   let", ""),
        ("aé".encode() + b"\xff\xfeb", "aé??b".encode(), "not UTF-8 at byte 3"),
        (b"a\0b", b"a?b", "NUL at byte 1"),
        ("let é".encode("utf-16"), "let é".encode(), "UTF-16, read as UTF-8: positions differ"),
        (b" " * (MAX_BYTES + 1), b"", "larger than 8 MiB"),
    ],
)
def test_decoding(data: bytes, text: bytes, problem: str) -> None:
    assert decoded(data) == (text, problem)


def test_problems_reach_the_facts_and_the_rest_is_read() -> None:
    facts = read("a.swift", b"func f() {} // \xff\nfunc g() {}")
    assert isinstance(facts, SourceFacts)
    assert list(facts.units) == ["F f()", "F g()"] and facts.problem == "not UTF-8 at byte 15"


def test_offsets_hold_after_a_byte_order_mark() -> None:
    facts = read("a.swift", b"\xef\xbb\xbffunc f() {}")
    assert isinstance(facts, SourceFacts) and facts.extents["F f()"].start == 3


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a/b.swift", "swift"),
        ("a/Package.swift", "project"),
        ("a/Package@swift-5.9.swift", "project"),
        ("B.MM", "objc"),
        ("b.m", "objc"),
        ("b.h", "objc"),
        ("b.c", "c"),
        ("b.cpp", "c"),
        ("Info.plist", "plist"),
        ("App.entitlements", "plist"),
        ("A.xcodeproj/project.pbxproj", "project"),
        ("A.xcconfig", "project"),
        ("swift", None),
        ("README.md", None),
        ("a.swift/b", None),
    ],
)
def test_kinds(path: str, kind: str | None) -> None:
    assert kind_of(path) == kind


def test_read_dispatches_by_name() -> None:
    assert isinstance(read("Info.plist", b"<plist><dict/></plist>"), PlistFacts)
    assert isinstance(read("Package.swift", b'let package = Package(name: "A")'), ProjectFacts)
    unknown = read("README.md", b"")
    assert isinstance(unknown, PlistFacts) and unknown.problem


def test_a_property_list_loads_no_grammar() -> None:
    script = (
        "import sys; from ipclint.readers import read\n"
        "read('a.plist', b'<plist/>'); print('tree_sitter_swift' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.strip() == "False"
