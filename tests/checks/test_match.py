"""`[match]` tables on code: what each condition lets through."""

from __future__ import annotations

import pytest

from ipclint.checks.document import parse_rule
from ipclint.checks.match_syntax import MatchError, parse_match
from ipclint.checks.plan import UnknownApi, checks_of
from ipclint.checks.rule import Rule
from ipclint.checks.rulebook import parse_rulebook
from ipclint.checks.run import Checker
from ipclint.model.facts import SourceFacts
from ipclint.model.finding import Finding, Place
from ipclint.program.program import Program
from ipclint.readers import read

MODELS = """
[[api]]
name = "box.put"
swift = ["Box.put(_:at:)"]
[[api]]
name = "box.lock"
swift = ["Box.locked"]
[[api]]
name = "box.make"
swift = ["Box.init()"]
[[api]]
name = "file.make"
c = ["mktemp"]
[[api]]
name = "store.shared"
swift = ["Shared.value"]
[[api]]
name = "queue.later"
swift = ["Queue.later(_:)"]
"""


def rule(match: str) -> Rule:
    return parse_rule("t/rule", f'# T\n\n```toml rule\nmessage = "m"\nseverity = "high"\n{match}\n```\n')


def lines(match: str, *files: tuple[str, str]) -> list[tuple[str, int]]:
    """The files and 0-based lines that a table reports."""
    return [(f.place.path, line) for f, line in found(match, *files)]


def found(match: str, *files: tuple[str, str]) -> list[tuple[Finding, int]]:
    made = rule(match)
    program = Program(parse_rulebook({}, {"m": MODELS}).vocabulary)
    bases: dict[tuple[str, str], int] = {}
    for path, text in files:
        facts = read(path, text.encode())
        program.update(facts)
        if isinstance(facts, SourceFacts):
            bases |= {(path, key): span.start for key, span in facts.extents.items()}
    checker = Checker(program, [made], strict=True)
    texts = {path: text.encode() for path, text in files}

    def line(place: Place) -> int:
        return texts[place.path].count(b"\n", 0, bases.get((place.path, place.unit), 0) + place.start)

    return [(each, line(each.place)) for path, _ in files for each in checker.findings(path)]


def body(*statements: str) -> tuple[str, str]:
    return "a.swift", "let size = 5\nfunc f(box: Box, other: Box) {\n" + "\n".join(statements) + "\n}\n"


def hits(conditions: str, *statements: str) -> list[int]:
    """The numbers of the statements that `call = "box.put"` with these conditions reports."""
    return [line - 2 for _, line in lines(f'[match]\ncall = "box.put"\n{conditions}', body(*statements))]


def test_a_call_of_the_vocabulary_on_its_type_only() -> None:
    assert hits("", "box.put(1, at: 2)", "unknown.put(1, at: 2)", "box.put(1)") == [0]


@pytest.mark.parametrize(
    ("test", "passes", "fails"),
    [
        ("{ is = 5 }", "size", "6"),
        ("{ is = true }", "true", "false"),
        ('{ is = "x" }', '"x"', '"y"'),
        ("{ text = '^/tmp/' }", '"/tmp/" + name', '"a/tmp/"'),
        ('{ type = "Box" }', "other", "size"),
        ('{ names = ["locked"] }', "[.locked, .x]", "[.x]"),
        ("{ absent = true }", "nil", "1"),
        ("{ known = false }", "name", "size"),
        ("{ not = { is = 5 } }", "6", "5"),
        ('{ from = "store.shared" }', "Shared.value", "other"),
    ],
)
def test_tests_of_an_argument(test: str, passes: str, fails: str) -> None:
    assert hits(f"arg0 = {test}", f"box.put({passes}, at: 2)", f"box.put({fails}, at: 2)") == [0]


def test_a_value_is_followed_through_locals_and_callers() -> None:
    match = '[match]\ncall = "box.put"\narg0.from = "store.*"'
    text = (
        "func g(box: Box) {\n    let v = Shared.value\n    h(box, v)\n}\n"
        "func h(_ box: Box, _ v: Int) {\n    box.put(v, at: 1)\n}\n"
    )
    assert lines(match, ("a.swift", text)) == [("a.swift", 5)]


def test_where_the_use_stands() -> None:
    text = (
        "class A: Base {\n"
        "    init(x: Int) { Box().put(1, at: 2) }\n"
        "    func loop(box: Box, queue: Queue) {\n"
        "        while x { box.put(1, at: 2) }\n"
        "        queue.later { box.put(1, at: 2) }\n"
        "        if #available(macOS 13, *) { box.put(1, at: 2) }\n"
        "    }\n"
        "}\n"
        "class B { func loop(box: Box) { box.put(1, at: 2) } }\n"
    )

    def inside(conditions: str) -> list[int]:
        return [line for _, line in lines(f'[match]\ncall = "box.put"\ninside = {conditions}', ("a.swift", text))]

    assert inside('{ type = "Base" }') == [1, 3, 4, 5]
    assert inside('{ kind = "initializer" }') == [1]
    assert inside("{ loop = true }") == [3]
    assert inside('{ closure-of = "queue.later" }') == [4]
    assert inside("{ available = true }") == [5]
    assert inside('{ function = "lo*(box:)" }') == [8]


PACKAGE = """// swift-tools-version:5.9
import PackageDescription
let package = Package(name: "P", platforms: [.macOS(.v12)], targets: [.executableTarget(name: "T", path: "Sources/T")])
"""


@pytest.mark.parametrize(
    ("inside", "holds"),
    [
        ('{ platform = "macos" }', True),
        ('{ platform = "ios" }', False),
        ('{ deploys = { macos = "11.0" } }', True),
        ('{ deploys = { macos = "12.0.0" } }', True),
        ('{ deploys = { macos = "13" } }', False),
        ('{ deploys = { ios = "9.0" } }', False),
    ],
)
def test_what_the_file_is_built_for(inside: str, holds: bool) -> None:
    path, text = body("box.put(1, at: 2)")
    match = f'[match]\ncall = "box.put"\ninside = {inside}'
    assert bool(lines(match, ("Package.swift", PACKAGE), (f"Sources/T/{path}", text))) is holds
    assert bool(lines(match, (path, text))) is ("platform" in inside)


def test_an_unused_result() -> None:
    statements = ("box.put(1, at: 2)", "_ = box.put(1, at: 2)", "let x = box.put(1, at: 2)", "g(box.put(1, at: 2))")
    assert hits('result = "unused"', *statements) == [0, 1]
    assert hits('result = "used"', *statements) == [2, 3]


def test_another_use_excuses() -> None:
    write = 'unless = [{ write = "box.lock", value = true, on = "self", when = "before" }]'
    assert hits(write, "box.locked = true", "box.put(1, at: 2)") == []
    assert hits(write, "box.put(1, at: 2)", "box.locked = true") == [0]
    assert hits(write, "other.locked = true", "box.put(1, at: 2)") == [1]
    assert hits(write, "box.locked = false", "box.put(1, at: 2)") == [1]
    made = '[match]\ncall = "box.make"\nunless = [{ write = "box.lock", on = "result", when = "after" }]'
    assert lines(made, body("let a = Box()", "a.locked = true", "let b = Box()")) == [("a.swift", 4)]


def test_a_write_in_either_language() -> None:
    match = '[match]\nwrite = "box.lock"\nvalue = false'
    assert lines(match, body("box.locked = false", "box.locked = true", "print(box.locked)")) == [("a.swift", 2)]


def test_a_context_narrows() -> None:
    match = (
        'confidence.default = "likely"\nconfidence.big = "hint"\n'
        '[match]\ncall = "box.put"\ncontext.big.arg0 = { is = 5 }\nvariant = "b"\n'
    )
    (first, _), (second, _) = found(match, body("box.put(size, at: 1)", "box.put(1, at: 1)"))
    assert (first.confidence, second.confidence) == ("hint", "likely")
    assert first.variant == second.variant == "b"


def test_declarations_and_property_lists() -> None:
    text = "class A: NSObject, Listens {\n    func open(_ url: URL, options: Int) {}\n    func close() {}\n}\n"
    assert lines('[match]\nfunction = "open(_:*)"', ("a.swift", text)) == [("a.swift", 1)]
    assert lines('[match]\nadopts = "Listens"', ("a.swift", text)) == [("a.swift", 0)]
    plist = "<plist><dict>\n<key>a</key><true/>\n<key>b</key><dict>\n<key>a</key><false/>\n</dict></dict></plist>\n"
    match = '[match]\nkey = "a"\nvalue = true\nplist = "entitlements"'
    assert lines(match, ("x.entitlements", plist), ("Info.plist", plist)) == [("x.entitlements", 1)]


def test_an_api_that_no_model_describes() -> None:
    vocabulary = parse_rulebook({}, {"m": MODELS}).vocabulary
    with pytest.raises(UnknownApi, match=r'"box\.putt"; did you mean box\.put\?'):
        tuple(checks_of(rule('[match]\ncall = "box.putt"'), vocabulary))


@pytest.mark.parametrize("pattern", ["(a*)*", "(a|b)+", r"(a)\1", "(?=a)", "(?<!a)b", "[", "(?P<n>a)"])
def test_patterns_that_can_run_away_are_refused(pattern: str) -> None:
    with pytest.raises(MatchError):
        parse_match({"call": "a.b", "arg0": {"text": pattern}})


@pytest.mark.parametrize("pattern", ["^/tmp/", "a|b", r"(?:x|y)z", r"\d+\.\d+", "[(]a*[)]"])
def test_patterns_that_cannot(pattern: str) -> None:
    assert parse_match({"call": "a.b", "arg0": {"text": pattern}}).conditions.tests["arg0"].text == pattern
