"""The checker: a unit is checked again only when what its findings rest on changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ipclint.checks import detectors, fix, run
from ipclint.checks.detectors import UnknownDetector, detector
from ipclint.checks.document import parse_rule
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.checks.run import Checker
from ipclint.model.facts import Function, PlistFacts, SourceFacts
from ipclint.model.finding import Finding, Fix, Place
from ipclint.model.ir import Call, walk
from ipclint.program.program import Program, UnitRef
from ipclint.readers import read

asked: list[str] = []


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Detectors and builders of this module, taken out again."""
    detectors._load()
    fix._load()
    registry = detectors._registry.copy()
    monkeypatch.setattr(detectors, "_registry", registry)
    monkeypatch.setattr(fix, "_registry", fix._registry.copy())

    @detector("calls-open", on="function")
    def calls_open(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
        """Reports calls of functions that are called `open` and are declared with a body that calls nothing."""
        asked.append(ref.key)
        for node in walk(program.body(ref)):
            if isinstance(node, Call) and node.name == "open":
                for callee in program.functions_named("open"):
                    if not program.body(callee):
                        place = Place(ref.path, ref.key, node.start, node.end)
                        yield rule.finding(place, holes={"call": place, "name": node.name})

    @detector("breaks", on="function")
    def breaks(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
        yield from ()
        raise ZeroDivisionError("no")

    @builder("rename")
    def rename(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
        yield Fix("Rename", False, (sources.replace(finding.place, "close()"),))

    registry["calls-open"] = [detectors.Detector("function", calls_open)]
    registry["breaks"] = [detectors.Detector("function", breaks)]
    asked.clear()
    yield


def rule(head: str, id: str = "t/open") -> Rule:
    return parse_rule(id, f'# T\n\n```toml rule\nmessage = "calls {{name}}"\nseverity = "high"\n{head}\n```\n')


OPEN = (
    'detector = "calls-open"\ntriggers = ["open"]\n[[fix]]\ntitle = "Guard"\nbefore = "call"\nswift = "check({name})"\n'
)


def workspace(**files: str) -> Program:
    program = Program()
    for name, text in files.items():
        change(program, f"{name}.swift", text)
    return program


def change(program: Program, path: str, text: str) -> None:
    program.update(read(path, text.encode()))


def test_only_units_with_a_trigger_are_looked_at() -> None:
    program = workspace(a="func f() { open() }\nfunc g() { close() }\nfunc open() {}\n")
    found = Checker(program, [rule(OPEN)]).findings("a.swift")
    assert [finding.message for finding in found] == ["calls open"]
    assert asked == ["F f()", "F open()"]


def test_a_change_runs_what_rests_on_it_again_and_nothing_else() -> None:
    program = workspace(a="func f() { open() }\nfunc g() { open() }\n", b="func open() {}\n", c="func x() {}\n")
    checker = Checker(program, [rule(OPEN)])
    assert len(checker.findings("a.swift")) == 2
    checker.findings("b.swift")
    checker.findings("c.swift")
    checker.stale_paths()
    asked.clear()
    change(program, "a.swift", "func f() { open() }\nfunc g() { open(); more() }\n")
    assert checker.stale_paths() == {"a.swift"}
    assert len(checker.findings("a.swift")) == 2
    assert asked == ["F g()"]
    asked.clear()
    change(program, "b.swift", "func open() { check() }\n")
    assert checker.stale_paths() == {"a.swift", "b.swift"}
    assert checker.findings("a.swift") == ()
    assert asked == ["F f()", "F g()"]
    change(program, "c.swift", "func x() { y() }\n")
    assert checker.stale_paths() == {"c.swift"}


def test_two_checkers_on_one_program_answer_by_their_own_rules() -> None:
    program = workspace(a="func f() { open() }\nfunc open() {}\n")
    assert Checker(program, [rule(OPEN)]).findings("a.swift")
    assert not Checker(program, []).findings("a.swift")


def test_debug_code_is_left_alone_unless_asked_for() -> None:
    program = workspace(a="func f() {\n#if DEBUG\nopen()\n#endif\n}\nfunc open() {}\n")
    assert not Checker(program, [rule(OPEN)]).findings("a.swift")
    assert Checker(program, [rule("debug = true\n" + OPEN)]).findings("a.swift")


def test_a_broken_rule_silences_no_other_and_is_named() -> None:
    program = workspace(a="func f() { open() }\nfunc open() {}\n")
    rules = [rule(OPEN), rule('detector = "breaks"', "t/broken")]
    checker = Checker(program, rules)
    assert len(checker.findings("a.swift")) == 1
    assert {(failure.rule, failure.error) for failure in checker.failures("a.swift")} == {
        ("t/broken", "ZeroDivisionError: no")
    }
    with pytest.raises(ZeroDivisionError):
        Checker(program, rules, strict=True).findings("a.swift")


def test_an_unknown_detector_is_an_error_at_once() -> None:
    with pytest.raises(UnknownDetector, match='"no-such"'):
        Checker(Program(), [rule('detector = "no-such"')])


def test_texts_trigger_too() -> None:
    program = workspace(a='func f() { open("/tmp/x") }\nfunc g() { open("/usr") }\nlet t = "/tmp/y"\nfunc open() {}\n')
    texts = rule('detector = "calls-open"\ntexts = ["/tmp/"]')
    Checker(program, [texts]).findings("a.swift")
    assert asked == ["F f()"]


def test_fixes_are_made_from_the_text_as_it_stands() -> None:
    program = workspace(a="func f() {\n  open()\n}\nfunc open() {}\n")
    checker = Checker(program, [rule(OPEN + '[[fix]]\ntitle = "R"\nbuilder = "rename"\n')])
    (finding,) = checker.findings("a.swift")
    moved = b"// above\n\nfunc f() {\n  open()\n}\nfunc open() {}\n"
    facts = read("a.swift", moved)
    assert isinstance(facts, SourceFacts)
    guard, rename = checker.fixes(finding, lambda _: moved, lambda ref: facts.extents[ref.key])
    (edit,) = guard.edits
    assert (edit.text, moved[edit.start :].startswith(b"  open")) == ("  check(open)\n", True)
    (edit,) = rename.edits
    assert moved[edit.start : edit.end] == b"open()"


def test_the_keys_of_a_property_list_trigger() -> None:
    inner = b"<array><dict><key>b</key><true/></dict></array>"
    plist = read("Info.plist", b"<plist><dict><key>a</key>" + inner + b"</dict></plist>")
    assert isinstance(plist, PlistFacts)
    assert set(run.words(plist)) == {"a", "b"}
