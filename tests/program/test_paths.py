"""Every way through a body, with what its conditions turned out to be."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given, settings

from ipclint.model.ir import Block, Call, Evaluate, Guard, If, Literal, Loop, Name, Operator, Return, Stmt, Throw
from ipclint.program.paths import MAX_PATHS, Given, outcomes, paths, returned
from tests.program.sample import function, program_of


def ways(body: str, language: str = "swift") -> list[tuple[str, list[str]]]:
    """(what is returned, the conditions with their outcome) of each path of a function's body."""
    path, text = (
        ("A.swift", f"func f() -> Bool {{\n{body}\n}}")
        if language == "swift"
        else ("A.m", f"BOOL f(void) {{\n{body}\n}}")
    )
    program = program_of({path: text})
    found = paths(program.body(function(program, "f")))
    assert found.complete
    shown = []
    for way in found.paths:
        value = returned(way)
        conditions = [f"{'' if e.taken else '!'}{name(e.node)}" for e in way.events if e.taken is not None]
        shown.append((name(value), conditions))
    return shown


def name(node: object) -> str:
    if isinstance(node, Name | Literal):
        return node.text
    return node.name if isinstance(node, Call) else ""


def test_guard_and_if() -> None:
    assert ways("guard a() else { return false }\nif b() { return true }\nreturn false") == [
        ("false", ["!a"]),
        ("true", ["a", "b"]),
        ("false", ["a", "!b"]),
    ]


def test_operators_are_taken_apart() -> None:
    assert sorted(ways("if a() && !b() { return true }\nreturn false")) == [
        ("false", ["!a"]),
        ("false", ["a", "b"]),
        ("true", ["a", "!b"]),
    ]


def test_what_does_not_decide_is_one_event() -> None:
    assert len(ways("if a() { log(1) } else { log(2) }\nif b() { log(3) }\nreturn true")) == 1


def test_switch_leaves_or_falls_through() -> None:
    assert [value for value, _ in ways("switch k {\ncase 1: return true\ndefault: break\n}\nreturn false")] == [
        "true",
        "false",
    ]


def test_a_loop_runs_not_at_all_or_once() -> None:
    found = ways("for x in xs {\nif a() { return true }\n}\nreturn false")
    assert sorted(found) == [("false", []), ("false", ["!a"]), ("true", ["a"])]


def test_a_thrown_error_goes_to_the_catch() -> None:
    assert [value for value, _ in ways("do {\ntry check()\nreturn true\n} catch {\nreturn false\n}")] == [
        "true",
        "false",
    ]


def test_conditional_compilation_is_two_worlds() -> None:
    program = program_of({"A.swift": "func f() -> Bool {\n#if DEBUG\nreturn true\n#else\nreturn false\n#endif\n}"})
    found = paths(program.body(function(program, "f"))).paths
    assert [(way.compiled, name(returned(way))) for way in found] == [(("DEBUG",), "true"), (("!(DEBUG)",), "false")]


def test_goto_lands_on_its_label() -> None:
    body = "BOOL ok = NO;\nif (!a()) { goto bail; }\nok = YES;\nbail:\nreturn ok;"
    assert sorted(ways(body, "objc")) == [("ok", ["!a"]), ("ok", ["a"])]
    program = program_of({"A.m": f"BOOL f(void) {{\n{body}\n}}"})
    last = [name(Given().last(way, "ok")) for way in paths(program.body(function(program, "f"))).paths]
    assert sorted(last) == ["false", "true"]


def test_too_many_paths_are_said_to_be_incomplete() -> None:
    body: Block = tuple(If(0, 1, (Name(0, 1, f"c{i}"),), (Return(0, 1, None),), ()) for i in range(3))
    assert paths(body).complete
    doubling: Block = tuple(
        If(0, 1, (Name(0, 1, f"c{i}"),), (Evaluate(0, 1, Call(0, 1, None, "x", (), (), 0)),), ()) for i in range(12)
    )
    found = paths(doubling, lambda node: isinstance(node, Call))
    assert not found.complete and len(found.paths) <= MAX_PATHS


def test_what_a_debug_build_logs_makes_no_difference() -> None:
    logging = '#if DEBUG\nNSLog("x")\n#else\nlogger.info("y")\n#endif\n'
    assert ways(logging * 20 + "return a()") == [("a", [])]
    assert len(ways("#if DEBUG\nlogin()\n#endif\nreturn a()")) == 2
    assert len(ways("#if DEBUG\nreturn true\n#endif\nreturn a()")) == 2


CONDITION = st.recursive(
    st.sampled_from("abc").map(lambda text: Name(0, 1, text)),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(("&&", "||")), inner, inner).map(lambda t: Operator(0, 1, t[0], (t[1], t[2]))),
        inner.map(lambda node: Operator(0, 1, "!", (node,))),
    ),
    max_leaves=5,
)


def value(node: object, world: dict[str, bool]) -> bool:
    assert isinstance(node, Name | Operator)
    if isinstance(node, Name):
        return world[node.text]
    if node.op == "!":
        return not value(node.operands[0], world)
    left, right = (value(operand, world) for operand in node.operands)
    return left and right if node.op == "&&" else left or right


@settings(max_examples=200, deadline=None)
@given(CONDITION, st.fixed_dictionaries({key: st.booleans() for key in "abc"}))
def test_outcomes_agree_with_evaluation(condition: Operator | Name, world: dict[str, bool]) -> None:
    """In every world exactly one outcome's events hold, up to repeated atoms, and it says what the condition is."""
    fitting = {
        holds
        for holds, events in outcomes(condition)
        if all(isinstance(e.node, Name) and world[e.node.text] == e.taken for e in events)
    }
    assert fitting == {value(condition, world)}


STATEMENT: st.SearchStrategy[Stmt] = st.recursive(
    st.one_of(
        st.sampled_from("ab").map(lambda t: Return(0, 1, Name(0, 1, t))),
        st.just(Evaluate(0, 1, Call(0, 1, None, "log", (), (), 0))),
    ),
    lambda inner: st.one_of(
        st.tuples(CONDITION, st.lists(inner, max_size=2), st.lists(inner, max_size=2)).map(
            lambda t: If(0, 1, (t[0],), tuple(t[1]), tuple(t[2]))
        ),
        st.tuples(CONDITION, st.lists(inner, max_size=1)).map(
            lambda t: Guard(0, 1, (t[0],), (*t[1], Return(0, 1, None)))
        ),
        st.lists(inner, max_size=2).map(lambda body: Loop(0, 1, "while", (), None, (), tuple(body))),
    ),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(st.lists(STATEMENT, max_size=4))
def test_every_body_has_a_path_and_an_end(body: list[Stmt]) -> None:
    found = paths(tuple(body))
    assert found.paths
    assert len(found.paths) <= MAX_PATHS


def test_what_is_thrown_goes_to_the_catch() -> None:
    body = "do {\ntry a()\nif b() { try c() }\nlater { try d() }\n} catch { return false }\nreturn true"
    assert [(value, len(conditions)) for value, conditions in ways(body)] == [("false", 1), ("false", 1), ("true", 0)]


def test_an_error_may_leave_the_body() -> None:
    program = program_of({"A.swift": "func f() throws {\ntry a()\ndo { try b() } catch { }\n}"})
    exits = [way.exit for way in paths(program.body(function(program, "f")), throwing=True).paths]
    assert [type(exit) for exit in exits] == [Throw, type(None)]
