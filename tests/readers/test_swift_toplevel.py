"""The loose code of a Swift file, when all of it stands under an `#if`."""

from __future__ import annotations

from ipclint.model.facts import Function, SourceFacts
from ipclint.model.ir import Conditional
from ipclint.readers import read


def toplevel(text: str) -> Function:
    facts = read("main.swift", text.encode())
    assert isinstance(facts, SourceFacts)
    unit = facts.units["F toplevel"]
    assert isinstance(unit, Function)
    return unit


def test_conditions_around_the_first_and_the_last_statement_are_kept() -> None:
    first, last = toplevel("import A\n#if DEBUG\nstart()\n#endif\nrun()\n#if !DEBUG\nstop()\n#endif\n").block[::2]
    assert isinstance(first, Conditional)
    assert isinstance(last, Conditional)
    assert [first.clauses[0][0], last.clauses[0][0]] == ["DEBUG", "!DEBUG"]


def test_conditions_elsewhere_leave_the_code_alone() -> None:
    (only,) = toplevel("#if X\nfunc f() {}\n#endif\nrun()\n#if Y\nfunc g() {}\n#endif\n").block
    assert not isinstance(only, Conditional)
