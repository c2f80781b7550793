"""XPC117: a switch that turns the peer check off."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.peer_apis import ACCEPTORS, EXCUSES, SWITCHES
from ipclint.checks.detectors.peer_evidence import guard
from ipclint.checks.detectors.peer_reach import judges_peer, reaches
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function
from ipclint.model.finding import Confidence, Finding, Place, Step
from ipclint.model.ir import Block, Call, Guard, If, Literal, Member, Name, Node, Return, Text, walk
from ipclint.program.link import scope
from ipclint.program.program import Program, UnitRef
from ipclint.program.types import base_type

FORCED = frozenset({"objectIsForced", "objectIsForcedForKey:"})
CHECKS = frozenset({"code", "requirement", "static-code", "pid"})
OWN = frozenset({"ProcessInfo", "NSProcessInfo", "processInfo", "CommandLine"})
_BOOLEAN = frozenset({"Bool", "BOOL", "bool"})


@detector("peer-check-bypass-switch", on="function")
def peer_check_bypass_switch(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    switched = tuple(_switched(program, ref))
    if not switched or not _decides(program, ref, unit):  # what the function decides costs a look at all that it calls
        return
    for node, (switch, words, where) in switched:
        confidence: Confidence = "hint" if words & FORCED else "certain"
        yield rule.finding(
            _place(ref, node),
            confidence,
            holes={"switch": switch, "function": unit.name.partition(":")[0]},
            steps=(Step(_place(ref, where), f"{switch} is read here"),),
        )


def _switched(program: Program, ref: UnitRef) -> Iterator[tuple[Node, tuple[str, set[str], Node]]]:
    """The branches that end by accepting because a switch says so."""
    for node in walk(program.body(ref)):
        if (isinstance(node, If) and _accepts(node.then)) or (isinstance(node, Guard) and _accepts(node.otherwise)):
            condition = node.conditions
        else:
            continue
        found = _switch(program, ref, condition)
        if found is not None:
            yield node, found


def _decides(program: Program, ref: UnitRef, unit: Function) -> bool:
    """Whether the function says who may connect: a listener's delegate, or a Bool function that validates code. One
    that looks at process ids does so for many reasons: it counts where it is about a peer."""
    if unit.selector in ACCEPTORS:
        return bool(guard(program, ref).kinds - EXCUSES) or bool(reaches(program, ref) & CHECKS)
    if base_type(unit.returns) not in _BOOLEAN:
        return False
    checks = reaches(program, ref) & CHECKS
    return bool(checks - {"pid"}) or (bool(checks) and judges_peer(program, ref))


def _accepts(block: Block) -> bool:
    """Whether a branch ends by accepting."""
    last = block[-1] if block else None
    return isinstance(last, Return) and isinstance(last.value, Literal) and last.value.text == "true"


def _switch(program: Program, ref: UnitRef, conditions: tuple[Node, ...]) -> tuple[str, set[str], Node] | None:
    nodes = [node for condition in conditions for node in walk(condition)]
    for name in [n.text for n in nodes if isinstance(n, Name)]:
        for binding in scope(program, ref).get(name, ()):
            if binding.value is not None:
                nodes.extend(walk(binding.value))
    words = {_word(node) for node in nodes}
    for node in nodes:
        if _word(node) in SWITCHES and not _is_of_another(node):
            key = next((n.value for n in nodes if isinstance(n, Text)), "")
            return f"{SWITCHES[_word(node)]}{f' (“{key}”)' if key else ''}", words, node
    return None


def _is_of_another(node: Node) -> bool:
    """The arguments and the environment of some other process are no switch of this one."""
    if not isinstance(node, Member) or node.name not in ("arguments", "environment"):
        return False
    return node.base is not None and not {_word(n) for n in walk(node.base)} & OWN


def _word(node: Node) -> str:
    if isinstance(node, Name):
        return node.text
    return node.name if isinstance(node, Member | Call) else ""


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
