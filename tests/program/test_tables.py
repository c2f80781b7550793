"""Functions that C calls through tables."""

from __future__ import annotations

import pytest

from ipclint.program.link import calls_in, resolve
from tests.program.sample import function, program_of

TABLES = """
typedef void (*handler)(int);
struct entry { const char *name; handler run; };
static void first(int a) { go(a); }
static void second(int a) { go(a); }
static void other(int a, int b) { go(a); }
static const struct entry kTable[] = { {"first", first}, { .name = "second", .run = second }, {"other", other} };
static const handler kHandlers[] = { first, [3] = second };
"""


@pytest.mark.parametrize(
    "body",
    [
        "kTable[i].run(i);",
        "(*kTable[i].run)(i);",
        "kHandlers[i](i);",
        "(*kHandlers[i])(i);",
        "const struct entry *e = &kTable[i]; e->run(i);",
        "const struct entry *e = kTable; (e + 0, (*e->run)(i));",
        "for (const struct entry *e = kTable; e->name; e++) { if (e->run) { e->run(i); } }",
        "handler h = kTable[i].run; h(i);",
        'static const struct entry local[] = { {"a", first}, {"b", second} }; local[i].run(i);',
    ],
)
def test_what_a_table_of_functions_leads_to(body: str) -> None:
    assert called(body, "t.c", TABLES) == {"first", "second"}


def test_a_map_of_cxx() -> None:
    table = "static const std::map<int, std::function<void(int)>> kMap = { {1, first}, {2, second} };"
    body = "const auto found = kMap.find(i); if (found == kMap.end()) { return; } (found->second)(i);"
    assert called(body, "t.mm", TABLES + table) == {"first", "second"}


@pytest.mark.parametrize("body", ["handler h = chosen(i); h(i);", "struct entry *e = chosen(i); e->run(i);", "h(i);"])
def test_a_pointer_from_elsewhere_leads_nowhere(body: str) -> None:
    assert called(body, "t.c", TABLES) == set()


def called(body: str, path: str, declarations: str) -> set[str]:
    program = program_of({path: f"{declarations}\nvoid dispatch(int i) {{ {body} }}\n"})
    ref = function(program, "dispatch")
    refs = {callee for call in calls_in(program, ref) for callee in resolve(program, ref, call).refs}
    return {found.name for callee in refs if (found := program.function(callee)) is not None}
