"""Functions that syntax errors swallow are found again, and no function takes another's place."""

from __future__ import annotations

import pytest
from notation import body_of

from ipclint.model.facts import Function, SourceFacts
from ipclint.readers import read


def functions(source: str, path: str = "a.m") -> dict[str, str]:
    facts = read(path, source.encode())
    assert isinstance(facts, SourceFacts) and facts.errors
    return {
        f"{unit.owner}.{unit.name}": body_of(unit.block)
        for unit in facts.units.values()
        if isinstance(unit, Function) and unit.body
    }


BEFORE = "- (void)first:(int)x {\n  one(x);\n}\n"
AFTER = "- (void)last {\n  three();\n}\n"
BROKEN = [
    "- (void)second {\n  if (x) {\n    two();\n}\n",  # a brace too few
    "- (void)second {\n  two();\n}\n}\n",  # a brace too many
    "- (void)second {\n  two(;\n}\n",
    "- (void)second {\n  [self two:^{\n}\n",
    "UNKNOWN(a, b c) ??? \n",
    "- (void)second:(int {\n  two();\n}\n",
]


@pytest.mark.parametrize("broken", BROKEN)
def test_neighbours_of_broken_code_stay(broken: str) -> None:
    found = functions(f"@implementation A\n{BEFORE}{broken}{AFTER}@end\n")
    assert found["A.first:"] == "one(x)"
    assert found["A.last"] == "three()"


def test_a_file_cut_off_in_a_method() -> None:
    found = functions(f"@implementation A\n{BEFORE}{AFTER}- (void)cut {{\n  four();\n  [self fi")
    assert found["A.first:"] == "one(x)" and found["A.last"] == "three()"
    assert found["A.cut"].startswith("four()")


def test_classes_keep_their_methods() -> None:
    source = f"@implementation A\n{BEFORE}}}\n@end\n@implementation B\n{AFTER}@end\nvoid f(void) {{ g(); }}\n"
    found = functions(source)
    assert found["A.first:"] == "one(x)" and found["B.last"] == "three()" and found[".f"] == "g()"


def test_conditions_and_branches_survive() -> None:
    source = "@implementation A\n#if DEBUG\n- (void)a {\n  b(;\n#if X\n  c();\n#endif\n}\n- (void)d {\n#if Y\n  e();\n#endif\n}\n#endif\n@end ("
    facts = read("a.m", source.encode())
    assert isinstance(facts, SourceFacts)
    found = {unit.name: unit for unit in facts.units.values() if isinstance(unit, Function)}
    assert found["d"].conditions == ("DEBUG",) and body_of(found["d"].block) == "#(Y) [e()]"
