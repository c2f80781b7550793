"""Edited trees: rereading gives what a fresh read of the same bytes gives, and re-lowers little."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from swift_samples import ALL, SERVICE, VIEW

from ipclint.model.facts import SourceFacts
from ipclint.readers import tree as trees
from ipclint.readers.swift_mask import mask
from ipclint.readers.tree import SyntaxTree, read, reread

PIECES = [
    *(
        "",
        "x",
        "_y",
        " ",
        "\n",
        ".",
        ",",
        "{",
        "}",
        "(",
        ")",
        '"',
        "//",
        "/*",
        "*/",
        "é",
        "!",
        "?",
        "&& ",
        "== .a",
        "0",
    ),
    *(
        "let y = 1\n",
        "if a { b() }\n",
        "func g() { a.b(c) }\n",
        "class Q { var z = 1 }\n",
        "return ",
        "await ",
        "try? ",
    ),
    *(
        "#if DEBUG\n",
        "#else\n",
        "#endif\n",
        "// ipclint:ignore a/b -- c\n",
        "/// Says why.\n",
        "case .a: b()\n",
        " as? Foo",
    ),
]
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 6), st.sampled_from(PIECES)), min_size=1, max_size=6)


def edited(tree: SyntaxTree, place: float, removed: int, text: str) -> None:
    """Applies an edit at a fraction of the file, moved to the edges of characters."""
    data = tree.data
    start = int(place * len(data))
    while start < len(data) and data[start] & 0xC0 == 0x80:
        start += 1
    end = min(len(data), start + removed)
    while end < len(data) and data[end] & 0xC0 == 0x80:
        end += 1
    tree.edit(start, end, text.encode())


def fresh(data: bytes) -> SourceFacts:
    return read("a.swift", SyntaxTree("swift", data))


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(ALL), EDITS, st.booleans())
def test_incremental_equals_fresh(sample: str, edits: list[tuple[float, int, str]], at_once: bool) -> None:
    tree = SyntaxTree("swift", sample.encode())
    facts = read("a.swift", tree)
    for number, (place, removed, text) in enumerate(edits, 1):
        edited(tree, place, removed, text)
        if number == len(edits) or not at_once:
            facts, wanted = reread(facts, tree), fresh(tree.data)
            assert facts == wanted
            assert list(facts.units) == list(wanted.units)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(ALL), st.floats(0, 1), st.integers(0, 6), st.sampled_from(PIECES))
def test_masking_some_lines_equals_masking_all(sample: str, place: float, removed: int, text: str) -> None:
    tree = SyntaxTree("swift", sample.encode())
    edited(tree, place, removed, text)
    assert tree.masked == mask(tree.data)


def insert(tree: SyntaxTree, before: str, text: str) -> None:
    at = tree.data.index(before.encode())
    tree.edit(at, at, text.encode())


def changed_keys(old: SourceFacts, new: SourceFacts) -> set[str]:
    """The units that are not the very same objects."""
    return {key for key in new.units if new.units[key] is not old.units.get(key)}


@pytest.mark.parametrize(
    ("before", "text", "key"),
    [
        ("listener.delegate", "log(1)\n", "F Helper.start()"),
        ("task.waitUntilExit", "if a { b() }\n", "F Helper.run(_:withReply:)"),
        ("connections.isEmpty", "self.", "F Helper.isIdle.get"),
        ("renamed", "was ", "F Helper.name.didSet"),
        ("status != err", "let é = 1; ", ""),
    ],
)
def test_an_edit_in_a_body_lowers_that_body_alone(before: str, text: str, key: str) -> None:
    tree = SyntaxTree("swift", SERVICE.encode())
    facts = read("a.swift", tree)
    insert(tree, before, text)
    again = reread(facts, tree)
    assert again == fresh(tree.data)
    if key:
        assert changed_keys(facts, again) == {key}


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("/// Answers", "\n\n"),
        (" the app", " to"),
        ("\nfinal class", "\n"),
        ("    func start", "\n"),
        ("    func version(_ reply: (S", "    "),
    ],
)
def test_blank_space_and_comments_between_declarations_change_no_unit(before: str, text: str) -> None:
    tree = SyntaxTree("swift", SERVICE.encode())
    facts = read("a.swift", tree)
    insert(tree, before, text)
    again = reread(facts, tree)
    assert again == fresh(tree.data) and changed_keys(facts, again) == set()
    assert again.extents != facts.extents


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("start() {", "re"),  # a name
        ("-> Bool {", "async "),  # a header
        ("case denied", "case worse\n        "),  # a case of an enum
        ('print("gone', "#if X\n"),  # a directive
        ("listener.resume", "// ipclint:ignore a/b -- c\n"),  # a suppression
        ("listener.resume", "struct Local { func f() {} }\n"),  # a type in a body
        ("RunLoop", "}\n"),  # the shape
        ("RunLoop", '"'),
    ],
)
def test_other_edits_read_the_whole_file(before: str, text: str) -> None:
    tree = SyntaxTree("swift", SERVICE.encode())
    facts = read("a.swift", tree)
    insert(tree, before, text)
    again = reread(facts, tree)
    assert again == fresh(tree.data)
    assert len(changed_keys(facts, again)) > 1


def test_a_file_with_an_empty_tuple_is_still_reread_in_part() -> None:
    """The grammar makes up a token in `()`, which must not count as an error."""
    tree = SyntaxTree("swift", b"func f() { a(.success(())) }\nfunc g() { b() }\n")
    facts = read("a.swift", tree)
    assert facts.errors == ()
    insert(tree, "b()", "c()\n")
    again = reread(facts, tree)
    assert again == fresh(tree.data) and changed_keys(facts, again) == {"F g()"}


def test_an_edit_before_a_case_of_an_enum_moves_the_case() -> None:
    tree = SyntaxTree("swift", b"enum E { func f() { a() }\n case b\n func g() { c() } }")
    facts = read("a.swift", tree)
    insert(tree, "a()", "x()\n")
    assert reread(facts, tree) == fresh(tree.data)


def test_dirty_bytes_cover_what_the_parser_read_differently() -> None:
    tree = SyntaxTree("swift", VIEW.encode())
    at = VIEW.encode().index(b"/* keep")
    dirty = tree.edit(at, at + 2, b"")
    assert dirty.start <= at and dirty.end >= at + len(b" keep the order */")


def test_nothing_is_read_again_without_an_edit() -> None:
    tree = SyntaxTree("swift", SERVICE.encode())
    facts = read("a.swift", tree)
    assert reread(facts, tree) is facts


def test_a_parse_that_takes_too_many_steps_is_called_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "_BASE_STEPS", 0)
    monkeypatch.setattr(trees, "_BYTES_A_STEP", 1 << 20)
    facts = fresh(SERVICE.encode() * 5)
    assert facts.problem == "too deeply nested to parse" and not facts.units


def test_thousands_of_unclosed_comments_cost_little() -> None:
    assert fresh(b"/*" * 20_000).problem == ""


def test_a_parse_keeps_nothing_of_earlier_texts() -> None:
    text = SERVICE.encode() * 50
    tree = SyntaxTree("swift", text)
    tracemalloc.start()
    try:
        for _ in range(20):
            tree.edit(0, 0, b" ")
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 5 * len(text), "the text and what was parsed of it, now and as it was last read"
