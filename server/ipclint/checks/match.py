"""Rules as data: `[match]` tables tried on the uses of the vocabulary, on declarations and on property lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from ipclint.checks import around
from ipclint.checks.match_syntax import Conditions, Inside, Match, Test, Unless, named
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, PlistFacts, PlistValue, Type
from ipclint.model.finding import Confidence, Finding, Place
from ipclint.model.ir import Assign, Call, Expr, Literal, Member, Name, Node
from ipclint.program.configuration import targets_of
from ipclint.program.constants import HOLE, fold
from ipclint.program.flow_model import Parameter
from ipclint.program.flow_search import roots
from ipclint.program.link import callers, conforms, owner_of, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.target_info import version_key
from ipclint.program.types import base_type
from ipclint.program.usage import Use, call_uses, read_uses, uses_in

MAX_CALLERS = 20
"""How many calls of a function are looked at to learn what it is given."""

Detect = Callable[[Rule, Program, UnitRef, Any], Iterator[Finding]]


# ── detectors made from tables ───────────────────────────────────────────────────────────────────────────────────────


def on_uses(matches: tuple[Match, ...]) -> Detect:
    """Reports uses of APIs in functions, variables and macros. A use is reported by the first table that fits it."""

    def detect(rule: Rule, program: Program, ref: UnitRef, unit: object) -> Iterator[Finding]:
        for use in uses_in(program, ref):
            for match in matches:
                if match.uses.mean(use.kind, use.api.name) and (found := _Look(program, ref, use)).fits(match):
                    yield found.finding(rule, match)
                    break

    return detect


def on_functions(matches: tuple[Match, ...]) -> Detect:
    """Reports declarations of functions by signature or selector."""

    def detect(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
        for match in matches:
            if match.function and _is_called(unit, match.function) and _is_inside(program, ref, (), match.conditions):
                yield _of_declaration(rule, match, ref, unit, {"function": unit.signature})
                return

    return detect


def on_types(matches: tuple[Match, ...]) -> Detect:
    """Reports types by what they inherit from or adopt."""

    def detect(rule: Rule, program: Program, ref: UnitRef, unit: Type) -> Iterator[Finding]:
        for match in matches:
            if any(base_type(name) in match.adopts for name in unit.inherits):
                yield _of_declaration(rule, match, ref, unit, {"type": unit.name})
                return

    return detect


def on_plists(matches: tuple[Match, ...]) -> Detect:
    """Reports entries of property lists by key and value."""

    def detect(rule: Rule, program: Program, ref: UnitRef, unit: PlistFacts) -> Iterator[Finding]:
        for key, place, value in _entries(ref.path, unit.root):
            for match in matches:
                fits = key in match.key and (not match.plist or unit.kind in match.plist)
                if fits and _value_passes(value, match.conditions.tests.get("value")):
                    text = value.scalar if isinstance(value.scalar, str) else ""
                    holes = {"key": key, "value": text, "entry": place}
                    yield rule.finding(place, match.confidence, variant=match.variant, holes=holes)
                    break

    return detect


def _of_declaration(rule: Rule, match: Match, ref: UnitRef, unit: Function | Type, holes: dict[str, str]) -> Finding:
    place = Place(ref.path, ref.key, *unit.name_span)
    return rule.finding(place, match.confidence, variant=match.variant, holes={**holes, "name": place})


def _entries(path: str, value: PlistValue | None) -> Iterator[tuple[str, Place, PlistValue]]:
    """Every entry of a property list with the place from its key to the end of its value."""
    if value is None:
        return
    for entry in value.entries:
        yield entry.key, Place(path, "", entry.key_span.start, entry.value.span.end), entry.value
        yield from _entries(path, entry.value)
    for item in value.items:
        yield from _entries(path, item)


def _value_passes(value: PlistValue, test: Test | None) -> bool:
    if test is None:
        return True
    if test.is_ is not None and (
        value.scalar != test.is_ or isinstance(value.scalar, bool) != isinstance(test.is_, bool)
    ):
        return False
    if test.text and not any(test.pattern.search(text) for text in value.strings):
        return False
    return test.not_ is None or not _value_passes(value, test.not_)


# ── one use ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Look:
    """A use under a rule's eye: what is passed where, what stands around it."""

    def __init__(self, program: Program, ref: UnitRef, use: Use) -> None:
        self.program, self.ref, self.use = program, ref, use
        self._path: tuple[Node, ...] | None = None

    @property
    def path(self) -> tuple[Node, ...]:
        if self._path is None:
            self._path = around.path_to(self.program, self.ref, self.use.node)
        return self._path

    def at(self, position: str) -> Expr | None:
        """The expression at a position of the use, None when nothing is passed there."""
        if position == "self":
            return self.use.receiver
        index = 0 if position == "value" else int(position.removeprefix("arg"))
        return self.use.args[index] if index < len(self.use.args) else None

    def fits(self, match: Match) -> bool:
        return self.holds(match.conditions) and not any(self.excused(each) for each in match.unless)

    def holds(self, conditions: Conditions) -> bool:
        if not all(self.passes(self.at(position), test) for position, test in conditions.tests.items()):
            return False
        if conditions.result and around.is_unused(self.path) != (conditions.result == "unused"):
            return False
        return conditions.inside is None or _is_inside(self.program, self.ref, self.path, conditions)

    def excused(self, unless: Unless) -> bool:
        if not unless.uses.apis:
            return self.holds(unless.conditions)
        owner = around.name_given(self.path) if unless.on == "result" else around.spelled(self.at(unless.on or "self"))
        for other in uses_in(self.program, self.ref):
            if other.node == self.use.node or not unless.uses.mean(other.kind, other.api.name):
                continue
            if unless.on and (not owner or around.spelled(other.receiver) != owner):
                continue
            if unless.when and (other.node.start < self.use.node.start) != (unless.when == "before"):
                continue
            if _Look(self.program, self.ref, other).holds(unless.conditions):
                return True
        return False

    def passes(self, expr: Expr | None, test: Test) -> bool:
        """Whether a value passes a test."""
        if test.absent is not None and _is_absent(expr) != test.absent:
            return False
        texts = (
            fold(self.program, self.ref, expr) if test.is_ is not None or test.text or test.known is not None else ()
        )
        if test.is_ is not None and _constant_text(test.is_) not in texts:
            return False
        if test.text and not any(test.pattern.search(text) for text in texts):
            return False
        if test.known is not None and all(HOLE not in text for text in texts) != test.known:
            return False
        if test.type and not _is_type(self.program, self.ref, expr, test.type):
            return False
        if test.names and not any(
            _name_of(node) in test.names for node in around.origins(self.program, self.ref, expr)
        ):
            return False
        if test.from_ and not stems_from(self.program, self.ref, expr, test.from_):
            return False
        return test.not_ is None or not self.passes(expr, test.not_)

    # ── what is reported ─────────────────────────────────────────────────────────────────────────────────────────────

    def finding(self, rule: Rule, match: Match) -> Finding:
        context = next((name for name, conditions in match.context.items() if self.holds(conditions)), "")
        node = self.at(match.report) if match.report else None
        return rule.finding(
            around.place_of(self.ref, node or self.use.node),
            match.confidence if self.use.certain and not context else self._confidence(rule, match, context),
            context=context,
            variant=match.variant,
            holes=self.holes(match),
        )

    def _confidence(self, rule: Rule, match: Match, context: str) -> Confidence:
        stated = rule.confidence.get(context) or match.confidence or rule.confidence[""]
        return stated if self.use.certain or stated == "hint" else "likely"

    def holes(self, match: Match) -> dict[str, str | Place]:
        """The parts of the match by name; rules/README.md lists them."""
        unit = self.program.unit(self.ref)
        node = self.use.node
        holes: dict[str, str | Place] = {
            "call": Place(self.ref.path, self.ref.key, node.start, node.end),
            "api": _written(node),
            "function": unit.signature if isinstance(unit, Function) else "",
            "self.text": around.spelled(self.use.receiver),
        }
        pieces: dict[str, Node | None] = {
            "self": self.use.receiver,
            "statement": around.statement_in(self.path),
            "cast": around.cast_in(self.path),
            **{f"arg{index}": arg for index, arg in enumerate(self.use.args)},
        }
        for name, piece in pieces.items():
            if piece is not None:
                holes[name] = Place(self.ref.path, self.ref.key, piece.start, piece.end)
        if (cast := around.cast_in(self.path)) is not None and (name := base_type(cast.type)):
            holes["class"] = name
        for position, test in match.conditions.tests.items():
            if test.text:
                texts = fold(self.program, self.ref, self.at(position))
                holes[f"{position}.text"] = next(text for text in texts if test.pattern.search(text)).replace(HOLE, "…")
        return holes


def _written(node: Node) -> str:
    """How the code spells an API: a call's signature, a property's name."""
    if isinstance(node, Assign):
        node = node.target
    return node.signature if isinstance(node, Call) else _name_of(node)


def _is_inside(program: Program, ref: UnitRef, path: tuple[Node, ...], conditions: Conditions) -> bool:
    inside = conditions.inside or Inside()
    unit = program.unit(ref)
    if inside.type and not any(conforms(program, owner_of(program, ref), name) for name in inside.type):
        return False
    if inside.function and not (isinstance(unit, Function) and _is_called(unit, inside.function)):
        return False
    if inside.kind and not (isinstance(unit, Function) and unit.kind in inside.kind):
        return False
    if (inside.platform or inside.deploys) and not _is_built_for(program, ref.path, inside):
        return False
    if inside.loop is not None and around.in_loop(path) != inside.loop:
        return False
    if inside.available is not None and around.under_availability(path) != inside.available:
        return False
    if inside.closure_of:
        taker = around.closure_taker(path)
        return taker is not None and any(
            named(use.api.name, inside.closure_of) for use in call_uses(program, ref, taker)
        )
    return True


def _is_built_for(program: Program, path: str, inside: Inside) -> bool:
    targets = targets_of(program, path)
    platforms = {platform for target in targets for platform in target.platforms}
    if inside.platform and platforms and not platforms & set(inside.platform):
        return False
    for platform, version in inside.deploys.items():
        lowest = [target.deployment[platform] for target in targets if platform in target.deployment]
        if not lowest or min(map(_release, lowest)) < _release(version):
            return False
    return True


def _release(version: str) -> tuple[int, ...]:
    """Major, minor, patch: "13" is no less than "13.0"."""
    return version_key(f"{version}.0.0")[:3]


def _is_called(function: Function, names: tuple[str, ...]) -> bool:
    return any(fnmatchcase(known, name) for name in names for known in (function.signature, function.selector))


def _is_absent(expr: Expr | None) -> bool:
    return expr is None or (isinstance(expr, Literal) and expr.kind == "nil")


def _constant_text(value: str | bool | int | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _name_of(node: Node) -> str:
    return node.text if isinstance(node, Name) else node.name if isinstance(node, Member) else ""


def _is_type(program: Program, ref: UnitRef, expr: Expr | None, names: tuple[str, ...]) -> bool:
    found = base_type(type_of(program, ref, expr).removesuffix(".Type"))
    return bool(found) and any(found == name or conforms(program, found, name) for name in names)


def stems_from(program: Program, ref: UnitRef, expr: Expr | None, names: tuple[str, ...], up: int = 1) -> bool:
    """Whether an API of these names, or a source of one of these kinds, had a part in making a value.

    A value that is a parameter is what the system calls the function with, or what the callers pass (`up` levels).
    """
    function = program.function(ref)
    numbers = {param.name: number for number, param in enumerate(function.params if function else ()) if param.name}
    for node in around.origins(program, ref, expr):
        if isinstance(node, Name) and node.text in numbers:
            if _is_given(program, ref, numbers[node.text], names, up):
                return True
        elif any(_is_from(use, names) for use in _made_by(program, ref, node)):
            return True
    return False


def _is_given(program: Program, ref: UnitRef, number: int, names: tuple[str, ...], up: int) -> bool:
    """Whether parameter `number` of a function stems from an API or source of these names."""
    if any(
        root.input == Parameter(number) and (named(root.kind, names) or named(root.name, names))
        for root in roots(program, ref)
    ):
        return True
    sites = callers(program, ref)[:MAX_CALLERS] if up else ()
    return any(
        stems_from(program, site.caller, site.call.args[number], names, up - 1)
        for site in sites
        if number < len(site.call.args)
    )


def _made_by(program: Program, ref: UnitRef, node: Node) -> tuple[Use, ...]:
    if isinstance(node, Call):
        return call_uses(program, ref, node)
    return read_uses(program, ref, node) if isinstance(node, Member) else ()


def _is_from(use: Use, names: tuple[str, ...]) -> bool:
    return named(use.api.name, names) or any(named(flow.kind, names) for flow in use.api.source)
