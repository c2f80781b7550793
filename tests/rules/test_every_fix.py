"""Every fix of every rule, on cases rewritten at random: what it leaves parses, is fixed, and is left alone after."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from ipclint.checks.edits import apply_fixes, compatible
from ipclint.checks.rule import Case, Rule
from ipclint.model.finding import Fix

from .harness import Run, files_of, rulebook
from .mutations import MUTATIONS, Mutation, mutated

MAX_PASSES = 12


def firing() -> list[tuple[Rule, Case]]:
    """Every case that fires of every rule that offers a fix."""
    return [(rule, case) for rule in rulebook() if rule.fixes for case in rule.cases if case.fires]


CASES = firing()
SINGLE = [
    (rule, case) for rule, case in CASES if len(case.files) == 1 and case.files[0].path.endswith((".swift", ".m"))
]
CHOSEN = st.lists(st.sampled_from(MUTATIONS), max_size=4, unique=True)


def prepared(index: int, chosen: list[Mutation], seed: int) -> tuple[Rule, dict[str, bytes]]:
    rule, case = CASES[index]
    texts = {path: data.decode() for path, data in files_of(case).items()}
    return rule, mutated(texts, chosen, Random(seed))


def after(run: Run, fixes: list[Fix]) -> dict[str, bytes]:
    return {**run.files, **apply_fixes(lambda path: run.files[path], fixes)}


def offered(run: Run) -> list[Fix]:
    return [fix for each in run.found() for fix in run.fixes(each.finding)]


def check_edits(run: Run, fix: Fix) -> None:
    """Edits lie within their files, at the beginnings of characters, and do not touch each other."""
    for edit in fix.edits:
        data = run.files[edit.path]
        assert 0 <= edit.start <= edit.end <= len(data), (fix.title, edit)
        for at in (edit.start, edit.end):
            assert at == len(data) or data[at] & 0xC0 != 0x80, (fix.title, edit)
        assert b"\r\n" in data or "\r" not in edit.text, (fix.title, edit)
    assert not any(path in run.files for path, _ in fix.creates)


@given(st.integers(0, len(CASES) - 1), CHOSEN, st.integers(0, 1_000_000))
@settings(max_examples=150, deadline=None)
def test_a_fix_alone_leaves_a_file_that_parses_and_no_second_helping(
    index: int, chosen: list[Mutation], seed: int
) -> None:
    rule, files = prepared(index, chosen, seed)
    run = Run(files, (rule,))
    errors, before = run.errors(), len(run.found())
    for fix in offered(run):
        check_edits(run, fix)
        fixed = Run(after(run, [fix]), (rule,))
        assert fixed.errors() <= errors, (fix.title, _show(fixed))
        assert len(fixed.found()) < before or fix.title not in {f.title for f in offered(fixed)}, (
            fix.title,
            _show(fixed),
        )


@given(st.integers(0, len(CASES) - 1), CHOSEN, st.integers(0, 1_000_000), st.booleans())
@settings(max_examples=150, deadline=None)
def test_fixes_go_together_and_come_to_an_end(index: int, chosen: list[Mutation], seed: int, unsafe: bool) -> None:
    rule, files = prepared(index, chosen, seed)
    check_end(files, (rule,), unsafe)


@given(st.lists(st.integers(0, len(SINGLE) - 1), min_size=2, max_size=3), CHOSEN, st.integers(0, 1_000_000))
@settings(max_examples=80, deadline=None)
def test_fixes_of_several_rules_go_together_in_one_file(picked: list[int], chosen: list[Mutation], seed: int) -> None:
    path = SINGLE[picked[0]][1].files[0].path
    parts = [SINGLE[i] for i in picked if SINGLE[i][1].files[0].path == path]
    text = "\n".join(case.files[0].text for _, case in parts)
    check_end(mutated({path: text}, chosen, Random(seed)), tuple({rule.id: rule for rule, _ in parts}.values()), True)


def check_end(files: dict[str, bytes], rules: tuple[Rule, ...], unsafe: bool) -> None:
    """The first fix of each finding, as many as go together, again and again: no file parses worse, and it ends."""
    run = Run(files, rules)
    errors = run.errors()
    for _ in range(MAX_PASSES):
        best = [next((fix for fix in run.fixes(each.finding) if fix.safe or unsafe), None) for each in run.found()]
        together, _ = compatible(fix for fix in best if fix is not None)
        if not together:
            return
        fixed = after(run, together)
        assert fixed != run.files
        run = Run(fixed, rules)
        assert run.errors() <= errors, ([fix.title for fix in together], _show(run))
        newlines = [data for path, data in fixed.items() if path in files and b"\r\n" in files[path]]
        assert all(data.count(b"\n") == data.count(b"\r\n") for data in newlines)
    raise AssertionError(f"there is always something left to fix: {_show(run)}")


def _show(run: Run) -> str:
    return "\n".join(f"--- {path}\n{data.decode()}" for path, data in run.files.items())
