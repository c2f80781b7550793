"""The ways in which a function lets its caller go on: the paths that return true or a value, or do not throw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ipclint.checks.detectors.peer_apis import BOOLEAN, evidence_in
from ipclint.model.facts import Function
from ipclint.model.ir import (
    Assign,
    Availability,
    Block,
    Call,
    Evaluate,
    Expr,
    If,
    Jump,
    Literal,
    Name,
    Node,
    Return,
    Switch,
    Throw,
    walk,
)
from ipclint.model.ir import Guard as GuardStatement
from ipclint.program.paths import NEVER, Event, Given, Path, given, outcomes, paths, returned
from ipclint.program.program import Program, UnitRef
from ipclint.program.types import base_type


class Acceptances(NamedTuple):
    """How a function accepts.

    `ways` are the accepting paths, each with what happened on it; `decisive` are conditions, by identity, that turn out
    one way on all of them; `subjects` is what a switch asks, by the case that was chosen, where another case refuses.
    `complete` is False when there were more paths than were followed.
    """

    ways: tuple[tuple[Path, tuple[Event, ...]], ...]
    decisive: frozenset[tuple[int, bool]]
    subjects: dict[int, Expr]
    complete: bool


def acceptances(program: Program, ref: UnitRef, function: Function, values: Given) -> Acceptances:
    body = program.body(ref)
    flags = _flags(program, ref)
    found = paths(body, lambda node: _tells(node, flags))
    ways = tuple((path, events) for path in found.paths for events in _acceptances(function, path, values))
    decisive = _decisive(events for _, events in ways)
    return Acceptances(ways, decisive, _deciding_subjects(body, decisive), found.complete)


def is_older_system(event: Event) -> bool:
    """Whether an availability check turned out that the system is too old: XPC110 judges what is accepted then."""
    return isinstance(event.node, Availability) and event.taken is not None and event.taken == event.node.negated


def is_debug(condition: str) -> bool:
    """Whether an `#if` condition keeps its code out of shipped builds."""
    text = condition.replace(" ", "").replace("defined", "")
    negated = False
    while text.startswith("!") or (text.startswith("(") and text.endswith(")")):
        negated ^= text.startswith("!")
        text = text[1:] if text.startswith("!") else text[1:-1]
    return ("DEBUG" in text and "!DEBUG" not in text and not negated) or (text == "RELEASE" and negated)


def _flags(program: Program, ref: UnitRef) -> frozenset[str]:
    """Locals whose value steers: they are returned, or tested where an exit, evidence or such a local depends on it."""
    names: set[str] = set()
    tests: list[tuple[set[str], set[str], bool]] = []
    for node in walk(program.body(ref)):
        if isinstance(node, Return) and node.value is not None:
            names |= {n.text for n in walk(node.value) if isinstance(n, Name)}
        elif isinstance(node, If | GuardStatement):
            tested = {n.text for condition in node.conditions for n in walk(condition) if isinstance(n, Name)}
            tests.append((tested, *_depending(node)))
    before = -1
    while before < len(names):
        before = len(names)
        for tested, assigned, exits in tests:
            if exits or assigned & names:
                names |= tested
    return frozenset(names)


def _depending(node: If | GuardStatement) -> tuple[set[str], bool]:
    """What a condition decides: the locals that its branches assign, and whether they leave or look at the peer."""
    assigned: set[str] = set()
    exits = isinstance(node, GuardStatement)
    for branch in (node.then, node.otherwise) if isinstance(node, If) else ():
        for inner in walk(branch):
            assigned.add((given(inner) or ("", None))[0])
            exits |= isinstance(inner, Return | Throw | Jump)
            exits |= isinstance(inner, Call) and (bool(evidence_in(inner)) or inner.name in NEVER)
    return assigned - {""}, exits


def _tells(node: Node, flags: frozenset[str]) -> bool:
    if isinstance(node, Call):
        return bool(evidence_in(node)) or node.name in NEVER
    return isinstance(node, Assign) and isinstance(node.target, Name) and node.target.text in flags


def _acceptances(function: Function, path: Path, values: Given) -> Iterator[tuple[Event, ...]]:
    """The events of a path, once for each way in which it accepts; nothing for a path that refuses."""
    if isinstance(path.exit, (Throw, Evaluate)) or not _feasible(path, values):
        return
    value = returned(path)
    if value is None and path.exit is None and path.events and function.returns:
        last = path.events[-1].node  # an implicit return: the body's only expression
        value = last.value if isinstance(last, Evaluate) and len(path.events) == 1 else None
    value = _resolved(value, path, values)
    if value is None or not _decides(function, value):
        if not (isinstance(value, Literal) and (value.kind == "nil" or value.text == "false")):
            yield path.events
        return
    for holds, events in outcomes(value):
        if holds:
            yield (*path.events, *events)


def _decides(function: Function, value: Expr) -> bool:
    return base_type(function.returns) in BOOLEAN or (isinstance(value, Literal) and value.kind == "bool")


def _resolved(value: Expr | None, path: Path, values: Given) -> Expr | None:
    """A returned local's last value on the path."""
    seen: set[str] = set()
    while isinstance(value, Name) and value.text not in seen:
        seen.add(value.text)
        inner = values.last(path, value.text)
        if inner is None:
            break
        value = inner
    return value


def _feasible(path: Path, values: Given) -> bool:
    """False when a flag is tested against the constant that it was last given on this path."""
    known: dict[str, str] = {}
    for event in path.events:
        node = event.node
        if event.taken is not None and isinstance(node, Name) and known.get(node.text) in ("true", "false"):
            if (known[node.text] == "true") != event.taken:
                return False
        for name, value in values.within(node):
            known[name] = value.text if isinstance(value, Literal) else ""
    return True


def _decisive(accepting: Iterable[tuple[Event, ...]]) -> frozenset[tuple[int, bool]]:
    """Conditions that turn out one way on every accepting path that meets them."""
    seen: dict[int, set[bool]] = {}
    for events in accepting:
        for event in events:
            if event.taken is not None:
                seen.setdefault(id(event.node), set()).add(event.taken)
    return frozenset((node, *outcome) for node, outcome in seen.items() if len(outcome) == 1)  # type: ignore[misc]


def _deciding_subjects(body: Block, decisive: frozenset[tuple[int, bool]]) -> dict[int, Expr]:
    """What a switch asks, by the case that was chosen, where another of its cases refuses."""
    found: dict[int, Expr] = {}
    for node in walk(body):
        if isinstance(node, Switch) and any((id(case), True) not in decisive for case in node.cases):
            found.update((id(case), node.subject) for case in node.cases)
    return found
