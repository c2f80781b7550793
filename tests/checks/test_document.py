"""What is read from a rule's Markdown file, and what is said of mistakes in it."""

from __future__ import annotations

import pytest

from ipclint.checks.cases import RuleError
from ipclint.checks.document import parse_rule
from ipclint.checks.rule import Mark, Rule
from ipclint.model.finding import Place

HEAD = 'aliases = ["T101"]\nmessage = "m"\nseverity = "high"\n'


def parse(head: str = HEAD, cases: str = "") -> Rule:
    return parse_rule("t/rule", f"# Title\n\n```toml rule\n{head}```\n\nWhy *so*.\n\n{cases}")


def test_metadata_and_prose() -> None:
    rule = parse('message.default = "m"\nmessage.own = "o"\nseverity.default = "high"\nseverity.b = "low"\ncwe = [1]\n')
    assert (rule.id, rule.title, rule.why, rule.cwe) == ("t/rule", "Title", "Why *so*.", (1,))
    assert rule.message == {"": "m", "own": "o"}
    assert rule.severity == {"": "high", "b": "low"}
    assert rule.profile == {"": "recommended"}


@pytest.mark.parametrize(
    ("head", "line", "said"),
    [
        ('message = "m"\nseverity = "grave"\n', 5, "grave"),
        ('message = "m"\nseverity = "high"\ncwe = ["x"]\n', 6, "cwe"),
        ('message = "m"\nseverity = "high"\nnothing = 1\n', 6, "nothing"),
        ('message = "m."\nseverity = "high"\n', 4, "full stop"),
        ('message = "m"\nseverity.own = "high"\n', 5, "severity.default"),
        ('message = "m"\nseverity = = "high"\n', 5, "TOML"),
        (HEAD + '[[fix]]\ntitle = "t"\n', 7, "builder"),
        (HEAD + "[match]\narg0 = 1\n", 7, "look"),
        (HEAD + '[match]\ncall = "a.b"\narg0 = { txt = "x" }\n', 9, "txt"),
        (HEAD + "[match]\ncall = \"a.b\"\nvalue.text = '(a+)+'\n", 9, "repeats"),
        (HEAD + '[match]\ncall = "a.b"\nunless = [{ when = "before" }]\n', 9, "another use"),
    ],
)
def test_mistakes_are_said_with_their_line(head: str, line: int, said: str) -> None:
    with pytest.raises(RuleError) as raised:
        parse(head)
    assert raised.value.line == line
    assert said in str(raised.value)


def test_blocks_without_names_are_a_case_each() -> None:
    rule = parse(HEAD, "## One\n\nProse.\n\n```swift\na()\n```\n\n```objc\nb();\n```\n")
    assert [(case.title, case.files[0].path, case.prose) for case in rule.cases] == [
        ("One", "Example.swift", "Prose."),
        ("One", "Example.m", "Prose."),
    ]


def test_blocks_with_names_are_one_case() -> None:
    (case,) = parse(HEAD, "## Two\n\n`A.swift`:\n```swift\na()\n```\n`Info.plist`:\n```xml\n<plist/>\n```\n").cases
    assert [file.path for file in case.files] == ["A.swift", "Info.plist"]
    assert case.files[1].line == 19


def test_marks_are_taken_out_of_the_text() -> None:
    lines = ["a(); // error: certain, T101.b // also: x/y, Z1", "b(); /* error */", "c(); // error handling"]
    (case,) = parse(HEAD, "\n".join(["## M", "", "```c", *lines, "```", ""])).cases
    assert case.files[0].text == "a();\nb();\nc(); // error handling\n"
    assert set(case.files[0].marks) == {
        Mark(0, variant="b", confidence="certain"),
        Mark(0, "x/y", also=True),
        Mark(0, "Z1", also=True),
        Mark(1),
    }


def test_a_golden_block_belongs_to_the_case_before_it() -> None:
    text = '## G\n\n```c\na(); // error: low\n```\n\n```c fixed "Do it"\nb();\n```\n'
    (case,) = parse(HEAD, text).cases
    assert case.fires
    assert [(golden.title, golden.file.path, golden.file.text) for golden in case.goldens] == [
        ("Do it", "Example.c", "b();\n")
    ]


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        ("## A\n\n```python\nx\n```\n", "python"),
        ("## A\n\n```xml\n<plist/>\n```\n", "name"),
        ("## A\n\n```c\nx // error: enormous\n```\n", "enormous"),
        ("## A\n\n```c\nx // error: other/rule\n```\n", "other/rule"),
        ('## A\n\n```c fixed "T"\nx\n```\n', "before"),
        ("## A\n\n`A.c`:\n```c\nx\n```\n```c\ny\n```\n", "every block"),
        ("## A\n\n```c\nx\n", "not closed"),
    ],
)
def test_mistakes_in_cases(cases: str, said: str) -> None:
    with pytest.raises(RuleError, match=said):
        parse(HEAD, cases)


@pytest.mark.parametrize("id", ["Upper/x", "nofamily", "a/b/c", "a/B"])
def test_an_id_is_family_and_rule(id: str) -> None:
    with pytest.raises(RuleError):
        parse_rule(id, "# T\n")


def test_a_message_takes_its_holes_from_texts() -> None:
    severity = 'severity.default = "high"\nseverity.own = "low"\n'
    rule = parse(f'message.default = "{{a}} and {{ b }}"\nmessage.own = "own"\n{severity}')
    place = Place("f", "", 0, 1)
    finding = rule.finding(place, holes={"a": "A", "p": place})
    assert (finding.message, finding.severity, finding.confidence) == ("A and { b }", "high", "certain")
    assert rule.finding(place, "hint", context="own").severity == "low"
    with pytest.raises(ValueError, match=r"\{a\}"):
        rule.finding(place, holes={"a": place})
