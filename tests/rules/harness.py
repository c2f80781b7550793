"""Runs the cases of a rule's file: what is reported where, what a fix leaves, what a bent copy reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from ipclint.checks.document import parse_rule
from ipclint.checks.edits import apply_fixes, compatible
from ipclint.checks.fix import find as find_builder
from ipclint.checks.plan import checks_of
from ipclint.checks.rule import Case, CaseFile, Golden, Mark, Rule
from ipclint.checks.rulebook import Rulebook, RuleError, parse_rulebook
from ipclint.checks.run import Checker
from ipclint.engine.report import Document
from ipclint.model.facts import Facts, SourceFacts
from ipclint.model.finding import Finding, Fix
from ipclint.model.source import Span
from ipclint.program.program import Program, UnitRef
from ipclint.program.vocabulary import Vocabulary
from ipclint.readers import read

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "rules"
CODE = ("swift", "objc", "c")


def rule_ids() -> tuple[str, ...]:
    """The ids of all rules in the tree, broken ones too."""
    return tuple(sorted(f"{path.parent.name}/{path.stem}" for path in RULES.glob("*/*.md") if path.stem != "README"))


def rule_text(id: str) -> str:
    return (RULES / f"{id}.md").read_text(encoding="utf-8")


def model_names() -> tuple[str, ...]:
    """The names of all files of models, broken ones too."""
    return tuple(sorted(path.stem for path in (RULES / "models").glob("*.toml")))


def model_text(name: str) -> str:
    return (RULES / "models" / f"{name}.toml").read_text(encoding="utf-8")


@cache
def models() -> dict[str, str]:
    """The models that can be read together. A broken file fails its own test, and those of rules that need it."""
    sound: dict[str, str] = {}
    for name in model_names():
        with suppress(ValueError):
            _ = parse_rulebook({}, sound | {name: model_text(name)}).vocabulary
            sound[name] = model_text(name)
    return sound


@cache
def rulebook() -> Rulebook:
    """Every rule that parses and whose checks can be made. A broken one fails its own test and no other."""
    vocabulary = parse_rulebook({}, models()).vocabulary
    sound: dict[str, str] = {}
    for id in rule_ids():
        with suppress(ValueError):
            _check_parts(parse_rule(id, rule_text(id)), vocabulary)
            sound[id] = rule_text(id)
    return parse_rulebook(sound, models())


def _check_parts(rule: Rule, vocabulary: Vocabulary) -> None:
    """Raises the ValueError of whatever the rule names and nobody has: a detector, an API, a builder."""
    tuple(checks_of(rule, vocabulary))
    for fix in rule.fixes:
        if fix.builder:
            find_builder(fix.builder)


class Failure(NamedTuple):
    """What went otherwise than the rule's file says. `line` is 1-based in the rule's file."""

    case: str
    line: int
    text: str

    def show(self, id: str) -> str:
        return f"rules/{id}.md:{self.line}: [{self.case}] {self.text}"


class Found(NamedTuple):
    """A finding with its 0-based line."""

    finding: Finding
    path: str
    line: int


class Run:
    """The files of a case read, linked and checked by `rules`."""

    def __init__(self, files: Mapping[str, bytes], rules: Iterable[Rule]) -> None:
        self.files = files
        self.program = Program(rulebook().vocabulary)
        self.documents: dict[str, Document] = {}
        for path, data in files.items():
            facts = _read(path, data)
            if facts is not None:
                self.program.update(facts)
            self.documents[path] = Document(path, data, facts)
        self.checker = Checker(self.program, rules, strict=True)

    def found(self) -> list[Found]:
        """Everything that is reported, in order."""
        findings = [finding for path in self.files for finding in self.checker.findings(path)]
        return [
            Found(finding, finding.place.path, self.documents[finding.place.path].resolve(finding.place).line)
            for finding in findings
        ]

    def fixes(self, finding: Finding) -> tuple[Fix, ...]:
        return self.checker.fixes(finding, lambda path: self.files.get(path, b""), self._extent)

    def _extent(self, ref: UnitRef) -> Span:
        facts = self.documents[ref.path].facts
        return facts.extents[ref.key] if isinstance(facts, SourceFacts) else Span(0, 0)

    def errors(self) -> int:
        """How many pieces of syntax the readers could not understand."""
        facts = (document.facts for document in self.documents.values())
        return sum(len(each.errors) if isinstance(each, SourceFacts) else bool(each and each.problem) for each in facts)


@cache
def _read(path: str, data: bytes) -> Facts | None:
    return read(path, data)


def files_of(case: Case) -> dict[str, bytes]:
    return {file.path: file.text.encode() for file in case.files}


# ── what is expected ─────────────────────────────────────────────────────────────────────────────────────────────────


def check_case(rule: Rule, case: Case) -> Iterator[Failure]:
    """The case as it stands: every mark is met, nothing else is reported, and every fix gives its golden text."""
    run = Run(files_of(case), rulebook())
    found = run.found()
    yield from _compare(rule, case, case.files, found)
    for golden in case.goldens:
        yield from _check_golden(rule, case, golden, run, found)


def _compare(rule: Rule, case: Case, files: Iterable[CaseFile], found: list[Found]) -> Iterator[Failure]:
    for file in files:
        here = [each for each in found if each.path == file.path]
        for mark in file.marks:
            yield from _check_mark(rule, case, file, mark, [each.finding for each in here if each.line == mark.line])
        for each in here:
            if not _is_expected(rule, file, each):
                yield _failure(case, file, each.line, "expected nothing", [each.finding])


def _is_expected(rule: Rule, file: CaseFile, found: Found) -> bool:
    """Whether a mark speaks of the finding. What other rules say in passing (hints, advice) needs none."""
    marks = [mark for mark in file.marks if mark.line == found.line]
    if found.finding.rule == rule.id:
        return any(not mark.also for mark in marks)
    if found.finding.profile == "pedantic" or found.finding.confidence == "hint":
        return True
    named = (rulebook().get(mark.rule) for mark in marks if mark.also)
    return any(each is not None and each.id == found.finding.rule for each in named)


def _check_mark(rule: Rule, case: Case, file: CaseFile, mark: Mark, here: list[Finding]) -> Iterator[Failure]:
    meant = rulebook().get(mark.rule) if mark.also else rule
    if meant is None:
        yield _failure(case, file, mark.line, f'"also: {mark.rule}" names no rule', [])
        return
    if not any(_meets(finding, meant, mark) for finding in here):
        wanted = [meant.id + (f".{mark.variant}" if mark.variant else ""), mark.severity or "", mark.confidence or ""]
        yield _failure(case, file, mark.line, f"expected {' '.join(filter(None, wanted))}", here)


def _meets(finding: Finding, rule: Rule, mark: Mark) -> bool:
    return (
        finding.rule == rule.id
        and mark.variant in ("", finding.variant)
        and mark.severity in (None, finding.severity)
        and mark.confidence in (None, finding.confidence)
    )


def _failure(case: Case, file: CaseFile, line: int, expected: str, came: list[Finding]) -> Failure:
    source = file.text.split("\n")
    got = "; ".join(f"{f.shown_rule} {f.severity} {f.confidence}: {f.message}" for f in came) or "nothing"
    text = (
        f"{file.path}:{line + 1}: {expected}\n    {source[line].strip() if line < len(source) else ''}\n    came: {got}"
    )
    return Failure(case.title, file.line + line, text)


# ── fixes ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _check_golden(rule: Rule, case: Case, golden: Golden, run: Run, found: list[Found]) -> Iterator[Failure]:
    """The fix applied to all findings of the rule: equals its golden text, silences the rule, breaks nothing."""
    fixes = _titled(run, rule, golden.title, found)
    if not fixes:
        offered = sorted(
            {fix.title for each in found if each.finding.rule == rule.id for fix in run.fixes(each.finding)}
        )
        yield Failure(case.title, golden.file.line, f'no finding has a fix "{golden.title}"; offered are {offered}')
        return
    after = {**run.files, **apply_fixes(lambda path: run.files.get(path, b""), compatible(fixes)[0])}
    text = after.get(golden.file.path, b"").decode()
    if text != golden.file.text:
        yield Failure(
            case.title, golden.file.line, f'"{golden.title}" leaves another text\n{_difference(golden.file.text, text)}'
        )
        return
    again = Run(after, rulebook())
    if again.errors() > run.errors():
        yield Failure(case.title, golden.file.line, f'"{golden.title}" leaves code that does not parse')
    left = again.found()
    yield from _compare(rule, case, [golden.file], [each for each in left if each.path == golden.file.path])
    yield from _check_again(rule, case, golden, again, left, after)


def _check_again(
    rule: Rule, case: Case, golden: Golden, again: Run, left: list[Found], after: Mapping[str, bytes]
) -> Iterator[Failure]:
    """A fix that is offered again for what is left must change nothing that it changed before: it is idempotent."""
    fixes = _titled(again, rule, golden.title, left)
    twice = apply_fixes(lambda path: after.get(path, b""), compatible(fixes)[0])
    if any(data != after.get(path) for path, data in twice.items()):
        yield Failure(case.title, golden.file.line, f'"{golden.title}" changes the text again when applied again')


def _titled(run: Run, rule: Rule, title: str, found: list[Found]) -> list[Fix]:
    fixes = (fix for each in found if each.finding.rule == rule.id for fix in run.fixes(each.finding))
    return [fix for fix in fixes if fix.title == title]


def _difference(wanted: str, came: str) -> str:
    lines = list(zip_longest(wanted.split("\n"), came.split("\n"), fillvalue=""))
    at = next(number for number, (a, b) in enumerate(lines) if a != b)
    show = "\n".join(f"    | {line}" for line in came.split("\n"))
    return f"    first difference in line {at + 1}:\n    wanted {lines[at][0]!r}\n    came   {lines[at][1]!r}\n{show}"


# ── completeness ─────────────────────────────────────────────────────────────────────────────────────────────────────


def check_complete(rule: Rule) -> Iterator[Failure]:
    """A rule has a case that fires and a near miss in every language that it names."""
    fires = {file.language for case in rule.cases for file in case.files if any(not mark.also for mark in file.marks)}
    misses = {file.language for case in rule.cases if not case.fires for file in case.files}
    if not fires:
        yield Failure("", 1, "no case fires")
        return
    for language in sorted(fires - misses):
        yield Failure("", 1, f"a case fires in {language}, but there is no near miss in {language}")
    helps = {file.language for case in rule.cases if case.fires for file in case.files}
    for language in sorted((misses - helps) & set(CODE)):
        yield Failure("", 1, f"there is a near miss in {language}, but no case fires in {language}")


def sound_rule(id: str) -> Rule:
    """The rule with its cases. Raises RuleError or another ValueError that says what is wrong with its file."""
    known = rulebook().get(id)
    if known is not None and known.id == id:
        return known
    rule = parse_rule(id, rule_text(id))
    _check_parts(rule, rulebook().vocabulary)
    raise RuleError(id, 1, "the rule is not part of the rulebook: is one of its aliases taken?")
