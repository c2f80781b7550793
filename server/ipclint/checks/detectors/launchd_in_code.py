"""PLIST104: launchd jobs that code writes into LaunchDaemons or LaunchAgents, or submits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.launchd_jobs import judge
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, PlistEntry, PlistValue, Variable
from ipclint.model.finding import Finding
from ipclint.model.ir import (
    Assign,
    Block,
    Call,
    Cast,
    Collection,
    Expr,
    Let,
    Literal,
    Member,
    Name,
    Node,
    Subscript,
    Text,
    walk,
)
from ipclint.model.source import Span
from ipclint.program.constants import HOLE, fold
from ipclint.program.launchd import Role
from ipclint.program.link import code_of, scope
from ipclint.program.program import Program, UnitRef

RUNS = frozenset({"ProgramArguments", "Program", "BundleProgram"})
MAX_DEPTH = 6
"""How deep dictionaries and arrays of a job nest, names of locals counted."""

_DOMAINS: dict[str, Role] = {"kSMDomainSystemLaunchd": "daemon", "kSMDomainUserLaunchd": "agent"}
_FOLDERS: dict[str, Role] = {"/LaunchDaemons": "daemon", "/LaunchAgents": "agent"}
_PAIRS = ("dictionaryWithObjectsAndKeys:", "initWithObjectsAndKeys:")
_SETTERS = ("setObject", "setObject:forKey:", "setValue", "setValue:forKey:")


class _Pair(NamedTuple):
    key: str
    value: Expr
    at: Node


@detector("launchd-job-overexposed", on="function")
@detector("launchd-job-overexposed", on="variable")
def launchd_job_in_code(rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable) -> Iterator[Finding]:
    dictionaries = list(_dictionaries(code_of(program, ref)))
    role = ""
    for pairs in dictionaries:
        keys = {pair.key for pair in pairs}
        if "Label" not in keys or not keys & RUNS:
            continue
        role = role or _role(program, ref)
        if role != "unknown":
            yield from judge(rule, program, ref, _job(program, ref, pairs), role == "daemon")


def _dictionaries(code: Block) -> Iterator[list[_Pair]]:
    """The dictionaries with constant keys that code writes down, those that it fills key by key among them."""
    filled: dict[str, list[_Pair]] = {}
    literals: list[list[_Pair]] = []
    for node in walk(code):
        if isinstance(node, Let) and len(node.names) == 1 and node.value is not None:
            filled.setdefault(node.names[0], []).extend(_pairs(node.value))
        elif isinstance(node, Assign) and isinstance(node.target, Subscript) and isinstance(node.target.base, Name):
            if node.target.args and (key := _key(node.target.args[0])):
                filled.setdefault(node.target.base.text, []).append(_Pair(key, node.value, node))
        elif isinstance(node, Call) and node.name in _SETTERS and isinstance(node.target, Name) and len(node.args) == 2:
            if key := _key(node.args[1]):
                filled.setdefault(node.target.text, []).append(_Pair(key, node.args[0], node))
        elif isinstance(node, Collection | Call):
            literals.append(_pairs(node))
    known = {id(pair.value) for pairs in filled.values() for pair in pairs}
    yield from filled.values()
    yield from (pairs for pairs in literals if pairs and id(pairs[0].value) not in known)


def _pairs(expr: Expr) -> list[_Pair]:
    """The keys and values of a dictionary that an expression writes down; [] for any other."""
    while isinstance(expr, Cast):
        expr = expr.value
    if isinstance(expr, Collection) and expr.kind == "dictionary":
        keys, values = expr.items[::2], expr.items[1::2]
    elif isinstance(expr, Call) and expr.name in _PAIRS:
        keys, values = expr.args[1::2], expr.args[::2]
    elif isinstance(expr, Call) and expr.name in ("NSDictionary", "NSMutableDictionary") and len(expr.args) == 1:
        return _pairs(expr.args[0])
    else:
        return []
    return [_Pair(key, value, at) for at, value in zip(keys, values, strict=False) if (key := _key(at))]


def _key(expr: Expr) -> str:
    while isinstance(expr, Cast):
        expr = expr.value
    return expr.value if isinstance(expr, Text) else ""


def _role(program: Program, ref: UnitRef) -> Role:
    """Whether the job becomes a daemon or an agent, by where the function puts it; "unknown" where it does not say."""
    found: set[Role] = set()
    for node in walk(code_of(program, ref)):
        if isinstance(node, Name | Member):
            word = node.text if isinstance(node, Name) else node.name
            if word in _DOMAINS:
                found.add(_DOMAINS[word])
        if isinstance(node, Name | Member | Text):
            for text in fold(program, ref, node):
                found |= {role for folder, role in _FOLDERS.items() if folder in text}
    return found.pop() if len(found) == 1 else "unknown"


def _job(program: Program, ref: UnitRef, pairs: Iterable[_Pair]) -> PlistValue:
    return _dict(program, ref, pairs, 0)


def _dict(program: Program, ref: UnitRef, pairs: Iterable[_Pair], depth: int) -> PlistValue:
    entries = tuple(
        PlistEntry(pair.key, Span(pair.at.start, pair.at.end), _value(program, ref, pair.value, depth + 1))
        for pair in pairs
    )
    return PlistValue("dict", Span(0, 0), entries=entries)


def _value(program: Program, ref: UnitRef, expr: Expr, depth: int) -> PlistValue:
    """What an expression puts into a property list; a text that is not known reads U+FFFC where it is not."""
    span = Span(expr.start, expr.end)
    while isinstance(expr, Cast):
        expr = expr.value
    if isinstance(expr, Name) and depth <= MAX_DEPTH:
        values = [binding.value for binding in scope(program, ref).get(expr.text, ()) if binding.value is not None]
        if len(values) == 1 and isinstance(values[0], Collection | Call):
            found = _value(program, ref, values[0], depth + 1)
            return found if found.kind != "string" else PlistValue("string", span, found.scalar)
    if isinstance(expr, Collection) and expr.kind == "array" and depth <= MAX_DEPTH:
        return PlistValue("array", span, items=tuple(_value(program, ref, each, depth + 1) for each in expr.items))
    if pairs := _pairs(expr):
        return _dict(program, ref, pairs, depth)
    if isinstance(expr, Literal) and expr.kind == "bool":
        return PlistValue("bool", span, expr.text == "true")
    if isinstance(expr, Literal) and expr.kind == "int":
        return PlistValue("integer", span, _number(expr.text))
    texts = fold(program, ref, expr)
    return PlistValue("string", span, texts[0] if len(texts) == 1 and not texts[0].startswith(HOLE) else None)


def _number(text: str) -> int | None:
    """The number of a Swift or C literal."""
    digits = text.replace("_", "").rstrip("uUlL")
    try:
        return int(digits, 8 if digits[:1] == "0" and digits.isdigit() else 0)
    except ValueError:
        return None
