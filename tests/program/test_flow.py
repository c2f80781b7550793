"""The flow analysis as a whole: it ends, its answer depends on nothing but the program, and it costs what data reaches."""

from __future__ import annotations

from itertools import permutations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from ipclint.readers import read
from tests.program.flow_sample import flows_in, program_of, reached, swift


@pytest.mark.parametrize(
    "more",
    [
        "func f(_ s: String, _ n: Int) { if n > 0 { f(s, n - 1) } else { system(s) } }",
        "func f(_ s: String, _ n: Int) { g(s, n) }\nfunc g(_ s: String, _ n: Int) { if n > 0 { f(s, n) } else { system(s) } }",
        "func f(_ s: String, _ n: Int) { system(h(s, n)) }\nfunc h(_ s: String, _ n: Int) -> String { n > 0 ? h(s, n - 1) : s }",
    ],
)
def test_recursion_ends_and_is_followed(more: str) -> None:
    assert reached(swift("f(x, 3)", more)) == {"command.shell"}


def test_recursion_that_leads_nowhere_ends() -> None:
    more = "func f(_ s: String) -> String { g(s + s) }\nfunc g(_ s: String) -> String { f(s) }"
    assert reached(swift("system(f(x))", more)) == set()


def test_the_story_is_the_shortest() -> None:
    program = program_of(swift("let a = x; let b = a; let c = flag ? b : x; system(c)"))
    (flow,) = flows_in(program, ["Helper.swift"])
    assert [hop.text for hop in flow.links[0].leaves.story.hops] == ["c"]


# ── the answer depends on the program alone ──────────────────────────────────────────────────────────────────────────

HELPER = swift("guard check(x) else { return }; store.line = x; system(made(x)); twice(x)", "let store = Store()")
STORES = (
    'final class Store { var line = ""\n func fire() { system(line) } }',
    'final class Store { var line = ""\n func fire() { system("ls") } }',
    'struct Store { var line = "" }',
)
CHECKS = (
    'func check(_ s: String) -> Bool { ["a"].contains(s) }',
    "func check(_ s: String) -> Bool { !s.isEmpty }",
    "func check(_ s: String) -> Bool { inner(s) }\nfunc inner(_ s: String) -> Bool { check(s) }",
    "",
)
MAKERS = (
    'func made(_ s: String) -> String { s + " " }',
    '\n\nfunc made(_ s: String) -> String { s + " " }',
    'func made(_ s: String) -> String { s.isEmpty ? "" : made(s) }',
    'func made(_ s: String) -> String { "\\(s.count)" }',
)
USERS = (
    "func twice(_ s: String) { unlink(s); twice(s) }",
    "func twice(_ s: String) { guard check(s) else { return }; unlink(s) }",
    "func twice(_ s: String) { once(s) }\nfunc once(_ s: String) { twice(made(s)); rename(s, s) }",
)
VARIANTS = {"Store.swift": STORES, "Check.swift": CHECKS, "Make.swift": MAKERS, "Use.swift": USERS}


def test_the_order_of_files_and_questions_does_not_matter() -> None:
    files = {**HELPER, **{path: variants[-1] for path, variants in VARIANTS.items()}}
    answers = []
    for order in list(permutations(files))[::7]:
        program = program_of({path: files[path] for path in order})
        for path in order:
            flows_in(program, [path])
        answers.append(flows_in(program, list(files)))
    assert all(answer == answers[0] for answer in answers) and answers[0]


EDITS = st.lists(
    st.sampled_from([(path, text) for path, variants in VARIANTS.items() for text in variants]), min_size=1, max_size=6
)


@settings(max_examples=40, deadline=None)
@given(EDITS)
def test_incremental_equals_fresh(edits: list[tuple[str, str]]) -> None:
    files = {**HELPER, **{path: variants[0] for path, variants in VARIANTS.items()}}
    program = program_of(files)
    for path, text in edits:
        files[path] = text
        program.update(read(path, text.encode()))
        assert flows_in(program, list(files)) == flows_in(program_of(files), list(files))


# ── the cost ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def synthetic(copies: int) -> dict[str, str]:
    """Services that are independent of each other, each with a chain of helpers in its own file, and code beside them
    that no data reaches."""
    files: dict[str, str] = {}
    for n in range(copies):
        service = swift(f"a{n}(x)")["Helper.swift"].replace("Helper", f"Helper{n}").replace("act(", f"act{n}(")
        files[f"Service{n}.swift"] = service
        steps = "\n".join(
            f'func {a}{n}(_ s: String) {{ {b}{n}(s + " ") }}' for a, b in zip("abcd", "bcde", strict=True)
        )
        files[f"Steps{n}.swift"] = f"{steps}\nfunc e{n}(_ s: String) {{ system(s) }}\nfunc other{n}() {{ print(1) }}"
    return files


def evaluations(copies: int) -> int:
    files = synthetic(copies)
    program = program_of(files)
    assert len(flows_in(program, list(files))) == copies
    return program.evaluations


def test_the_cost_is_linear_in_the_code_that_data_reaches() -> None:
    counts = [evaluations(copies) for copies in (2, 4, 8, 16, 32)]
    per_copy = [count / copies for count, copies in zip(counts, (2, 4, 8, 16, 32), strict=True)]
    assert max(per_copy) <= 1.15 * min(per_copy)


def test_an_edit_of_one_helper_recomputes_what_depends_on_it() -> None:
    files = synthetic(16)
    program = program_of(files)
    flows_in(program, list(files))
    before = program.evaluations
    path = "Steps3.swift"
    program.update(
        read(path, files[path].replace("func e3(_ s: String) {", "func e3(_ s: String) { print(2);").encode())
    )
    assert len(flows_in(program, list(files))) == 16
    assert program.evaluations - before < evaluations(1)


def test_moved_code_in_a_callee_re_runs_no_caller() -> None:
    files = swift("system(made(x))", "func made(_ s: String) -> String {\n    let t = s\n    return t\n}")
    program = program_of(files)
    (flow,) = flows_in(program, list(files))
    program.turned_stale.clear()
    before = program.evaluations
    moved = files["Helper.swift"].replace("    let t = s", "    print(1)\n    let t = s")
    program.update(read("Helper.swift", moved.encode()))
    assert flows_in(program, list(files)) == [flow]
    interpreted = program.evaluations - before
    assert interpreted < 25  # the callee, and questions about it that turn out as before
