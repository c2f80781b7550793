"""Code that never ships: what stands under an `#if` that holds in debug builds only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from ipclint.model.facts import Function, Macro, Type, Variable
from ipclint.model.finding import Place
from ipclint.model.ir import Conditional, walk
from ipclint.program.configuration import targets
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query

DEBUG_FLAGS = frozenset({"DEBUG", "_DEBUG", "DEBUG_BUILD", "TESTING"})
RELEASE_FLAGS = frozenset({"NDEBUG", "RELEASE"})

_DEFINING = ("SWIFT_ACTIVE_COMPILATION_CONDITIONS", "GCC_PREPROCESSOR_DEFINITIONS", "OTHER_SWIFT_FLAGS", "OTHER_CFLAGS")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")

MAX_LENGTH = 300
"""How many characters of a condition are read; that bounds its nesting."""

_TOKEN = re.compile(r"&&|\|\||!(?!=)|[()]|[^\s()!&|]+(?:\s*(?:==|!=|>=|<=|>|<)\s*\w+)?")


def is_debug_only(conditions: Iterable[str]) -> bool:
    """Whether code under these nested `#if` conditions is compiled in debug builds only."""
    return any(Condition(text, _flag).is_needed() for text in conditions)


def in_debug(program: Program, place: Place) -> bool:
    """Whether a place is compiled in debug builds only, by the conditions of its unit or around its statement: under a
    flag that is known for that, or that this program sets in its debug builds alone."""
    conditions = conditions_at(program, place)
    if not conditions or is_debug_only(conditions):
        return bool(conditions)

    def own(text: str) -> tuple[bool, bool]:
        needs = _flag(text)
        return needs if any(needs) or not _IDENTIFIER.fullmatch(text) else (_is_set_by_debug(program, text), False)

    return any(Condition(text, own).is_needed() for text in conditions)


def _is_set_by_debug(program: Program, flag: str) -> bool:
    """Whether only debug builds set a flag: every target that sets it, and every macro of that name."""
    set_in = defined(program).get(flag)
    macros = [unit for ref in program.macros_named(flag) if isinstance(unit := program.unit(ref), Macro)]
    if set_in is None and not macros:
        return False
    return set_in in (None, frozenset({True})) and all(is_debug_only(macro.conditions) for macro in macros)


@query(bottom={})
def defined(program: Program) -> dict[str, frozenset[bool]]:
    """The flags that build settings define, each with whether the configurations that do are debug ones."""
    known = targets(program)
    found: dict[str, set[bool]] = {}
    for target in known.all() if known is not None else ():
        for settings in target.settings:
            for key in _DEFINING:
                for flag in flags_in(settings.get(key) or ""):
                    found.setdefault(flag, set()).add("debug" in settings.configuration.lower())
    return {flag: frozenset(kinds) for flag, kinds in found.items()}


def flags_in(value: str) -> Iterator[str]:
    """The flags in a setting: `A B=1 -D C -DD`; one that is set to nothing (`A=0`) is none."""
    for word in value.replace('"', " ").split():
        name, _, given = word.removeprefix("-D").partition("=")
        if _IDENTIFIER.fullmatch(name) and given != "0":
            yield name


def conditions_at(program: Program, place: Place) -> tuple[str, ...]:
    """The `#if` conditions that must all hold for a place to be compiled: around its unit, and around its statement."""
    ref = UnitRef(place.path, place.unit)
    unit = program.unit(ref) if place.unit else None
    around = unit.conditions if isinstance(unit, Function | Variable | Type | Macro) else ()
    if not isinstance(unit, Function):
        return around
    inside = (conditions for conditions, start, end in _clauses(program, ref) if start <= place.start < end)
    return (*around, *(condition for conditions in inside for condition in conditions))


def _clauses(program: Program, ref: UnitRef) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """The clauses of every `#if` in a body: what must hold, and the bytes of the statements in it."""
    for node in walk(program.body(ref)):
        if isinstance(node, Conditional):
            before: tuple[str, ...] = ()
            for condition, body in node.clauses:
                if body:
                    yield (*before, condition) if condition else before, body[0].start, body[-1].end
                before = (*before, f"!({condition})")


class Condition:
    """An `#if` expression, read by precedence: `||` over `&&` over `!`.

    `flag` says of a single flag whether its being true needs what is asked about, and whether its being false does.
    """

    def __init__(self, text: str, flag: Callable[[str], tuple[bool, bool]]) -> None:
        self._tokens = _TOKEN.findall(re.sub(r"\bdefined\b", "", text[:MAX_LENGTH]))
        self._flag = flag
        self._at = 0

    def is_needed(self) -> bool:
        """Whether the whole can hold only with what is asked about."""
        return self._either()[0]

    def _either(self) -> tuple[bool, bool]:
        """The answers for the whole: what its being true needs, what its being false needs."""
        true, false = self._both()
        while self._take("||"):
            other_true, other_false = self._both()
            true, false = true and other_true, false or other_false
        return true, false

    def _both(self) -> tuple[bool, bool]:
        true, false = self._one()
        while self._take("&&"):
            other_true, other_false = self._one()
            true, false = true or other_true, false and other_false
        return true, false

    def _one(self) -> tuple[bool, bool]:
        negated = False
        while self._take("!"):
            negated = not negated
        if self._take("("):
            true, false = self._either()
            self._take(")")
        else:
            flag = self._tokens[self._at] if self._at < len(self._tokens) else ""
            self._at += 1
            true, false = self._flag(flag)
        return (false, true) if negated else (true, false)

    def _take(self, token: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at] == token
        self._at += found
        return found


def _flag(text: str) -> tuple[bool, bool]:
    """What a flag, alone or compared with a number, tells: being true needs a debug build, being false does."""
    name = re.split(r"[\s=!<>]", text, maxsplit=1)[0]
    needs = (name in DEBUG_FLAGS, name in RELEASE_FLAGS)
    return (needs[1], needs[0]) if re.search(r"(?:==\s*0|!=\s*1)$", text) else needs
