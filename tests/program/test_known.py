"""What is sure at each place of a body: the walk that carries along what conditions have shown."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from ipclint.model.ir import Call, Expr, Name, Node
from ipclint.program.known import Fact, State, watch
from ipclint.program.program import Program
from tests.program.sample import function, program_of


class Names:
    """Learns "true" and "false" of the names that conditions test; remembers what holds at each call of `use…`."""

    def __init__(self) -> None:
        self.seen: dict[str, str] = {}
        self.held: dict[str, int] = {}

    def see(self, node: Node, state: State) -> Iterable[Fact]:
        if isinstance(node, Call) and node.name.startswith("use"):
            facts = {f"{fact.subject}" if fact.what == "true" else f"!{fact.subject}" for fact in state.facts}
            before = set(self.seen.get(node.name, " ".join(facts)).split())
            self.seen[node.name] = " ".join(sorted(facts & before))
            self.held[node.name] = len(state.values.get("p", ()))
        return ()

    def learn(self, condition: Expr, holds: bool, state: State) -> Iterable[Fact]:
        return (Fact(condition.text, "true" if holds else "false"),) if isinstance(condition, Name) else ()

    def given(self, name: str, value: Expr, state: State) -> Iterable[Fact]:
        return ()

    def matched(self, over: Expr, patterns: tuple[Expr, ...], state: State) -> Iterable[Fact]:
        return (Fact(over.text, "true" if patterns else "false"),) if isinstance(over, Name) else ()


def known(body: str, path: str = "A.m") -> dict[str, str]:
    """What is known at each call of `use…`, by its name: names that are true, and !names that are false."""
    head = "func f() {" if path.endswith(".swift") else "void f(void) {"
    program: Program = program_of({path: f"{head}\n{body}\n}}\n"})
    ref = function(program, "f")
    names = Names()
    watch(program.body(ref), (), names)
    return names.seen


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if (p) { use(); } else { use2(); } use3();", {"use": "p", "use2": "!p", "use3": ""}),
        ("if (!p) { return; } use();", {"use": "p"}),
        ("if (!p) { log(); } use();", {"use": ""}),
        ("if (p && q) { use(); } else { use2(); }", {"use": "p q", "use2": ""}),
        ("if (p || q) { use(); } else { use2(); }", {"use": "", "use2": "!p !q"}),
        ("if (!p || !use()) { return; } use2();", {"use": "p", "use2": "p"}),
        ("x = p ? use() : use2();", {"use": "p", "use2": "!p"}),
        ("if (!p) { goto out; } use(); out: use2();", {"use": "p", "use2": ""}),
        ("if (p) { p = other(); use(); }", {"use": ""}),
        ("if (p) { fill(&p); use(); }", {"use": ""}),
        ("while (p) { use(); p = next(p); use2(); } use3();", {"use": "p", "use2": "", "use3": "!p"}),
        ("for (int i = 0; p; i++) { if (q) { break; } use(); } use2();", {"use": "!q p", "use2": ""}),
        ("do { use(); } while (p); use2();", {"use": "", "use2": "!p"}),
        ("if (p) { run(^{ use(); }); } run(^{ use2(); });", {"use": "p", "use2": ""}),
        ("if (!p) { abort(); } use();", {"use": "p"}),
        ("BOOL ok = p; if (!ok) { return; } use();", {"use": "ok"}),
        ("BOOL both = p && q; if (!both) { return; } use();", {"use": "both p q"}),
        ("if (p) { n = sizeof(use()); }", {}),
    ],
)
def test_c(body: str, expected: dict[str, str]) -> None:
    assert known(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("guard p, !q else { use(); return }\nuse2()", {"use": "", "use2": "!q p"}),
        ("guard let p = make(), q else { return }\nuse()", {"use": "p q"}),
        ("switch p {\ncase 1: use()\ndefault: use2()\n}\nuse3()", {"use": "p", "use2": "!p", "use3": ""}),
        ("do { guard p else { throw e }\nuse() } catch { use2() }\nuse3()", {"use": "p", "use2": "", "use3": ""}),
        ("if p { return }\ndefer { use() }\nuse2()", {"use": "!p", "use2": "!p"}),
    ],
)
def test_swift(body: str, expected: dict[str, str]) -> None:
    assert known(body, "A.swift") == expected


def test_branches_that_run_off_the_end_of_a_handler_stay_apart() -> None:
    body = "set(^{ if (p) { return; } use(); }); use2();"
    assert known(body) == {"use": "!p", "use2": ""}
