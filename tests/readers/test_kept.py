"""What edits elsewhere leave alone is taken over, and only that."""

from __future__ import annotations

import pytest

from ipclint.model.facts import Function
from ipclint.readers import swift_declarations, swift_shape
from ipclint.readers.tree import SyntaxTree, read, reread

SOURCE = """class A {
    func one() { a() }
    func two() { b() }
    func three() { struct Inner {}; c() }
}
"""


def lowered(monkeypatch: pytest.MonkeyPatch, before: str, old: str, new: str) -> set[str]:
    """The names of the functions that are lowered again when `old` becomes `new` in `before`."""
    tree = SyntaxTree("swift", before.encode())
    facts = read("a.swift", tree)
    seen: set[str] = set()

    def noticed(*arguments: object) -> Function:
        unit = swift_declarations.function(*arguments)  # type: ignore[arg-type]
        seen.add(unit.name)
        return unit

    start = before.index(old)
    tree.edit(start, start + len(old), new.encode())
    with monkeypatch.context() as watched:
        watched.setattr(swift_shape, "function", noticed)
        facts = reread(facts, tree)
    assert facts == read("a.swift", SyntaxTree("swift", tree.data))
    return seen


def test_an_edit_between_functions_has_none_lowered(monkeypatch: pytest.MonkeyPatch):
    again = lowered(monkeypatch, SOURCE, "func two", "func four() { d() }\n    func two")
    assert again == {"two", "three", "four"}, "a type declared in a body is read with it"


def test_a_syntax_error_has_only_its_own_function_lowered(monkeypatch: pytest.MonkeyPatch):
    assert lowered(monkeypatch, SOURCE, "a()", "let =") == {"one", "three"}


def test_so_has_what_mends_a_syntax_error(monkeypatch: pytest.MonkeyPatch):
    broken = SOURCE.replace("a()", "let =")
    assert lowered(monkeypatch, broken, "let =", "a()") == {"one", "three"}
    assert lowered(monkeypatch, broken, "let =", "let = =") == {"one", "three"}


UNCLOSED = """class A {
    func one(style: Style) {
        label.font = font(.body).scaled(by: .make(2))
        label.insets = Insets(top: 1)
        traits.insert(.button)
    }

    init() { make() }

    func two() { b() }
}
"""


def test_after_a_syntax_error_the_parser_may_read_other_functions_differently(monkeypatch: pytest.MonkeyPatch):
    """Behind the open string, `make()` is read as the call of an initialiser."""
    assert "init" in lowered(monkeypatch, UNCLOSED, ".scaled", '."scaled')
    assert "init" in lowered(monkeypatch, UNCLOSED.replace(".scaled", '."scaled'), '."scaled', ".scaled")


def test_syntax_is_compared_with_that_of_the_last_text(monkeypatch: pytest.MonkeyPatch):
    tree = SyntaxTree("swift", UNCLOSED.encode())
    facts = read("a.swift", tree)
    at = tree.data.index(b"scaled")
    for start, end, text in ((at, at, b'"'), (at, at + 1, b"("), (at, at, b'"'), (at, at + 2, b"")):
        tree.edit(start, end, text)
        facts = reread(facts, tree)
        assert facts == read("a.swift", SyntaxTree("swift", tree.data))
        assert bool(facts.errors) == bool(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("class A", "struct A"),  # its methods have no selectors
        ("class A", "class B"),
        ("class A", "#if DEBUG\nclass A"),
    ],
)
def test_what_is_around_a_function_matters(monkeypatch: pytest.MonkeyPatch, old: str, new: str):
    before = SOURCE if "#" not in new else SOURCE + "#endif\n"
    assert {"one", "two", "three"} <= lowered(monkeypatch, before, old, new)


PROPERTIES = """class A {
    let one = make(1)
    var two: Int { make(2) }
    let (three, four) = make(3)
    func five() { a() }
}
"""


def test_variables_are_kept_unless_something_shares_their_place(monkeypatch: pytest.MonkeyPatch):
    seen: list[str] = []
    head = swift_shape.head

    def noticed(*arguments: object) -> object:
        seen.append(arguments[2].text(arguments[1]))  # type: ignore[attr-defined]
        return head(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(swift_shape, "head", noticed)
    assert lowered(monkeypatch, PROPERTIES, "five()", "six()") == {"six"}
    assert seen.count("one") == 2, "in the first read and in the fresh one that is compared with"
    assert seen.count("two") == 3
    assert seen.count("(three, four)") == 3
