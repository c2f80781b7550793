"""What text can reach an API: literals, constants, macros, formats and appends, in any file."""

from __future__ import annotations

from ipclint.program.constants import HOLE, constant, fold
from tests.program.sample import call, function, program_of


def folded(sources: dict[str, str], callee: str = "use", caller: str = "f") -> tuple[str, ...]:
    program = program_of(sources)
    ref = function(program, caller)
    return fold(program, ref, call(program, ref, callee).args[0])


def swift(body: str, **files: str) -> tuple[str, ...]:
    return folded({"A.swift": f"func f(p: String) {{\n{body}\n}}", **{f"{k}.swift": v for k, v in files.items()}})


def test_pieces_of_other_files() -> None:
    names = 'enum Names { static let team = "T"\n static let app = "a." + team }'
    assert swift('use("x \\(Names.app) y")', Names=names) == ("x a.T y",)


def test_an_append_under_a_condition_may_not_happen() -> None:
    assert swift('var t = "a"\nif p.isEmpty { t += "b" }\nuse(t)') == ("a", "ab")
    assert swift('var t = "a"\nt += "b"\nuse(t)') == ("ab",)


def test_what_is_not_known_is_a_hole() -> None:
    assert swift('use("x\\(p)y")') == (f"x{HOLE}y",)
    assert swift("use(unknown())") == (HOLE,)


def test_choices_are_all_answers() -> None:
    assert swift('use(p.isEmpty ? "a" : "b")') == ("a", "b")


def test_format_and_macros() -> None:
    source = '#define TEAM @"T"\nvoid f(void) { use([NSString stringWithFormat:@"%@ is 100%% %@", TEAM, x]); }'
    assert folded({"A.m": source}) == (f"T is 100% {HOLE}",)


def test_adjacent_literals_with_a_macro() -> None:
    assert folded({"A.m": '#define TEAM "T"\nvoid f(void) { use(CFSTR("a \\"" TEAM "\\" b")); }'}) == ('a "T" b',)


def test_constants_across_languages() -> None:
    assert folded({"A.h": 'static NSString * const Group = @"group.x";', "A.swift": "func f() { use(Group) }"}) == (
        "group.x",
    )


def test_an_enum_case_is_its_raw_value() -> None:
    assert swift("use(Key.group.rawValue)", Key='enum Key: String { case group = "group.x"\n case other }') == (
        "group.x",
    )
    assert swift("use(Key.other.rawValue)", Key='enum Key: String { case group = "group.x"\n case other }') == (
        "other",
    )


def test_endless_definitions_end() -> None:
    assert swift("use(One.x)", One="enum One { static let x = Two.y }", Two="enum Two { static let y = One.x }") == (
        HOLE,
    )


def test_constant_is_one_text_without_holes() -> None:
    program = program_of({"A.swift": 'func f(p: String) { one("a")\n two(p) }'})
    ref = function(program, "f")
    assert constant(program, ref, call(program, ref, "one").args[0]) == "a"
    assert constant(program, ref, call(program, ref, "two").args[0]) is None
