"""Rules by name and pattern, mistakes in their files, and the compiled form."""

from __future__ import annotations

import pytest

from ipclint.checks.document import parse_rule
from ipclint.checks.rulebook import (
    Rulebook,
    RuleError,
    UnknownRule,
    compile_rulebook,
    load_rulebook,
    parse_rulebook,
)


def source(head: str = "", body: str = "") -> str:
    return f'# Title\n\n```toml rule\nmessage = "m"\nseverity = "high"\n{head}\n```\n\nWhy.\n\n{body}'


def book() -> Rulebook:
    heads = {
        "xpc/listener-open": 'aliases = ["XPC101"]',
        "xpc/listener-late": 'aliases = ["XPC102", "OLD1"]\nprofile = "strict"',
        "file/guessable": 'aliases = ["FILE102"]\nprofile.default = "recommended"\nprofile.x = "pedantic"',
    }
    return Rulebook(parse_rule(id, source(head)) for id, head in heads.items())


@pytest.mark.parametrize(
    ("pattern", "ids"),
    [
        ("XPC101", ["xpc/listener-open"]),
        ("OLD1", ["xpc/listener-late"]),
        ("xpc", ["xpc/listener-late", "xpc/listener-open"]),
        ("xpc/listener-*", ["xpc/listener-late", "xpc/listener-open"]),
        ("XPC1*", ["xpc/listener-late", "xpc/listener-open"]),
        ("XPC102.c", ["xpc/listener-late"]),
        ("profile:strict", ["xpc/listener-late"]),
        ("profile:pedantic", ["file/guessable"]),
    ],
)
def test_patterns_name_rules(pattern: str, ids: list[str]) -> None:
    assert [rule.id for rule in book().select([pattern])] == ids


def test_a_variant_is_no_other_variant() -> None:
    selector = book().selector("XPC102.c")
    assert selector.matches("xpc/listener-late", "c")
    assert not selector.matches("xpc/listener-late", "b")
    assert not selector.matches("xpc/listener-open", "c")


def test_an_unknown_name_is_answered_with_a_similar_one() -> None:
    with pytest.raises(UnknownRule, match=r'"xpc/listner-open"; did you mean xpc/listener-open'):
        book().selector("xpc/listner-open")
    assert book().nearest("guessible") == ("file/guessable",)


def test_two_rules_do_not_share_a_name() -> None:
    rules = [parse_rule(id, source('aliases = ["A1"]')) for id in ("a/x", "a/y")]
    with pytest.raises(RuleError, match="A1"):
        Rulebook(rules)


def test_compiled_and_loaded_again_it_says_the_same_without_cases() -> None:
    sources = {"a/x": source("[match]\ncall = 'b.c'", "## It fires\n\n```c\nf(); // error\n```\n")}
    models = {"b": '[[api]]\nname = "b.c"\nc = ["f"]'}
    parsed = parse_rulebook(sources, models)
    blob = compile_rulebook(parsed)
    loaded = load_rulebook(blob)
    assert loaded is not None
    assert parsed.rules[0].cases
    assert not loaded.rules[0].cases
    assert loaded.rules[0].match == parsed.rules[0].match
    assert loaded.vocabulary.apis == parsed.vocabulary.apis
    assert compile_rulebook(loaded) == blob == compile_rulebook(parse_rulebook(sources, models))


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"\x93\x01"])
def test_a_damaged_blob_is_to_be_compiled_again(damage: bytes) -> None:
    assert load_rulebook(damage) is None
    blob = compile_rulebook(book())
    assert load_rulebook(blob[: len(blob) // 2]) is None


def test_a_mistake_in_a_model_names_the_model() -> None:
    with pytest.raises(RuleError, match="wrong"):
        parse_rulebook({}, {"wrong": "[[api]]\nname = 3"})
