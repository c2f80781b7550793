"""Invariant: reading Swift never fails, whatever the bytes, and says the same of the same bytes."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from swift_samples import ALL, SERVICE, VIEW

from ipclint.model import facts as model
from ipclint.model import ir
from ipclint.model.facts import Function, SourceFacts
from ipclint.readers import read
from ipclint.readers.swift_mask import mask

TOKENS = [
    *"(){}[]<>.,:;!?@#\"'\\`&|=+-*/_ \n",
    *(
        "let ",
        "var ",
        "if ",
        "guard ",
        "else ",
        "switch ",
        "case ",
        "func ",
        "class ",
        "in ",
        "try? ",
        "await ",
        "as! ",
    ),
    *(
        "#if A\n",
        "#else\n",
        "#endif\n",
        '"""',
        "\\(",
        "/*",
        "*/",
        "//",
        "->",
        "...",
        "é",
        "a",
        "a.b(c)",
        "{ x in }",
        "1",
    ),
]


def check(data: bytes) -> SourceFacts:
    """Reads and asserts what holds for all facts."""
    facts = read("a.swift", data)
    assert isinstance(facts, SourceFacts)
    assert model.decode(model.encode(facts)) == facts
    for key, unit in facts.units.items():
        start, end = facts.extents[key]
        assert 0 <= start <= end <= len(data)
        if isinstance(unit, Function):
            for node in ir.walk(unit.block):
                assert 0 <= node.start <= node.end <= end - start, (key, node)
    return facts


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes(data: bytes) -> None:
    check(data)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=60))
def test_random_tokens(tokens: list[str]) -> None:
    check("".join(tokens).encode())


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ALL), st.integers(0, 3000), st.integers(0, 3000), st.sampled_from(ALL))
def test_cut_and_spliced_files(first: str, cut: int, resume: int, second: str) -> None:
    check(first.encode()[:cut] + second.encode()[resume:])


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(ALL), st.integers(0, 3000), st.sampled_from(TOKENS))
def test_a_token_too_many(sample: str, at: int, token: str) -> None:
    check(sample.encode()[:at] + token.encode() + sample.encode()[at:])


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "(",
            "[",
            "{",
            "f(",
            "f{",
            "a.b(",
            ".a()",
            "!",
            "-",
            "try ",
            "a...",
            "a ?? try ",
            "a ? (",
            "a+(",
            "!f(x)(",
            "a[",
        ),
        *(
            "if a{",
            "do{",
            "switch a{case .b:",
            "class A{",
            "func f(){",
            "func f(a:Int=",
            "var x:Int{get{",
            "#if A\n",
            "/*",
        ),
        *("case .a(", "if case .a(", "let (a,(", "for (a,(", '"\\(', "[a:", "{ [x = ", "#elseif A\n", "a<b>(", '"""'),
    ],
)
def test_deep_nesting_is_cut_not_followed(piece: str) -> None:
    check(("func f() { " + piece * 3000).encode())


@pytest.mark.parametrize(
    "text",
    [
        "#if A\n" * 3_000 + "a()\n" + "#endif\n" * 3_000,
        ("#if A\n" * 30 + "if a {\n") * 100 + ("}\n" + "#endif\n" * 30) * 100,
        "let a = " + " - ".join("x" * 20_000) + "\n",
    ],
)
def test_what_closes_again_is_cut_too(text: str) -> None:
    check(f"func f() {{\n{text}}}\n".encode())


def test_a_hundred_thousand_brackets_with_a_full_stack() -> None:
    """The depth bound leaves room for the callers' own frames."""

    def deep(frames: int) -> None:
        if frames:
            deep(frames - 1)
        else:
            check(b"f(" * 100_000)

    deep(min(200, sys.getrecursionlimit() // 5))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=60))
def test_masking_keeps_offsets_and_lines(tokens: list[str]) -> None:
    data = "".join(tokens).encode()
    masked = mask(data)
    assert len(masked) == len(data)
    assert [at for at, byte in enumerate(masked) if byte == 10] == [at for at, byte in enumerate(data) if byte == 10]


@pytest.mark.parametrize("sample", [SERVICE, VIEW])
def test_the_samples_are_read_in_full(sample: str) -> None:
    facts = check(sample.encode())
    assert facts.errors == () and facts.problem == ""
    opaque = [node.kind for _, unit in facts.functions() for node in ir.walk(unit.block) if isinstance(node, ir.Opaque)]
    assert set(opaque) <= {"key_path_expression", "if_statement"}
    assert check(sample.encode()) == facts
