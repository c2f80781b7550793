"""XPC103: a name that the message itself gives for its sender, and what is let in by it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.detectors.identity_paths import COMPARES, carriers, holds
from ipclint.checks.detectors.peer_apis import BOOLEAN, STRONG
from ipclint.checks.detectors.peer_evidence import guard
from ipclint.checks.detectors.peer_reach import acceptors_of, reaches
from ipclint.model.facts import Function, Variable
from ipclint.model.ir import (
    Assign,
    Block,
    Call,
    Collection,
    Evaluate,
    Expr,
    Guard,
    If,
    Jump,
    Let,
    Literal,
    Member,
    Name,
    Node,
    Operator,
    Return,
    Throw,
    walk,
)
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import scope, type_of
from ipclint.program.paths import NEVER, outcomes
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import is_exported, listeners
from ipclint.program.types import base_type

GETTER = "xpc_dictionary_get_string"
_OF_SENDER = re.compile(
    r"(?:client|caller|sender|peer|requester|requesting|calling|parent|host|team)\w*?(?:id|identifier|name)$"
)
_OF_A_PROGRAM = re.compile(r"(?:bundle|app|application|signing|code)(?:id|identifier)$")
_BUNDLE_OR_TEAM = re.compile(r"[A-Za-z][\w-]*(?:\.[\w-]+){2,}|[A-Z0-9]{10}")
_DIFFER = frozenset({"strcmp", "strncmp", "strcasecmp", "strncasecmp", "memcmp"})  # 0 where both are the same
_STRINGS = frozenset({"String", "NSString", "Optional"})


class Claim(NamedTuple):
    """A comparison that decides, what is compared, and whether its name says that it is about the sender."""

    node: Node
    name: str
    about_sender: bool


def claims_in_message(program: Program, ref: UnitRef, unit: Function) -> Iterator[Claim]:
    """The strings of raw messages that a function lets in by."""
    if GETTER not in unit.mentions or reaches(program, ref) & STRONG:
        return
    for call in walk(program.body(ref)):
        if isinstance(call, Call) and call.name == GETTER and len(call.args) > 1 and not _is_answer(program, ref, call):
            key = fold(program, ref, call.args[1])[0]
            if HOLE not in key and (about := _about(key)) is not None:
                yield from _Decisions(program, ref, unit, call).claims(f"“{key}”", about)


def claims_in_arguments(program: Program, exporter: UnitRef) -> Iterator[tuple[UnitRef, Claim]]:
    """The arguments by which methods of what a function exports let in. Of several exporters the first tells."""
    exported = tuple(dict.fromkeys(_exported_by(program, exporter)))
    if not exported or _is_verified(program):
        return
    others = [
        each
        for each in program.mentioning("exportedObject") + program.mentioning("setExportedObject")
        if each < exporter
    ]
    told = {name for each in others for name in _exported_by(program, each)}
    for name in exported:
        for member in program.members_of(name) if name not in told else ():
            unit = program.function(member)
            if unit is not None and is_exported(program, member):
                yield from ((member, claim) for claim in _in_arguments(program, member, unit))


def _exported_by(program: Program, ref: UnitRef) -> Iterator[str]:
    for node in walk(program.body(ref)):
        match node:
            case Assign(target=Member(name="exportedObject"), value=value):
                yield base_type(type_of(program, ref, value))
            case Call(name="setExportedObject:", args=(value, *_)):
                yield base_type(type_of(program, ref, value))
            case _:
                pass


def _in_arguments(program: Program, ref: UnitRef, unit: Function) -> Iterator[Claim]:
    named = [(param, about) for param in unit.params if (about := _about(param.name)) is not None]
    for param, about in named:
        if base_type(param.type) in _STRINGS:
            yield from _Decisions(program, ref, unit, param.name).claims(param.name, about)


def _about(name: str) -> bool | None:
    """Whether a name says that it is the sender's, or a program's at least; None when it says neither."""
    plain = re.sub(r"[^a-z]", "", name.lower())
    return True if _OF_SENDER.search(plain) else False if _OF_A_PROGRAM.search(plain) else None


def _is_answer(program: Program, ref: UnitRef, call: Call) -> bool:
    """Whether the message is what a service answered: it is asked by its name, and judged elsewhere."""
    words = [n.text for n in walk(call.args[0]) if isinstance(n, Name)]
    values = [b.value for word in words for b in scope(program, ref).get(word, ()) if isinstance(b.value, Call)]
    return any("reply" in word.lower() or "response" in word.lower() for word in words) or any(
        "send" in value.name for value in values
    )


def _is_verified(program: Program) -> bool:
    """Whether some delegate, or the listener itself, asks who connects: then the name says no more than that."""
    return any(
        listener.requirement is not None
        or any(guard(program, ref).kinds & STRONG for ref in acceptors_of(program, listener.delegates))
        for listener in listeners(program)
    )


class _Decisions:
    """Where a function lets in by a string: unless that is one of ours, it leaves, or remembers a refusal."""

    def __init__(self, program: Program, ref: UnitRef, unit: Function, source: Call | str) -> None:
        self._program, self._ref, self._unit = program, ref, unit
        self._source = source
        self._names = carriers(program, ref, self._is_source)

    def claims(self, name: str, about_sender: bool) -> Iterator[Claim]:
        yield from (Claim(node, name, about_sender) for node in [*self._deciding()][:1])

    def _deciding(self) -> Iterator[Node]:
        body = self._program.body(self._ref)
        for node in walk(body):
            match node:
                case Guard(conditions=conditions):
                    yield from (found for each in conditions for found in self._shown_by(each, True))
                case If(conditions=(condition,), then=then) if _leaves(then):
                    yield from self._shown_by(condition, False)
                case If(conditions=conditions, otherwise=otherwise) if _leaves(otherwise) or node is body[-1]:
                    yield from (found for each in conditions for found in self._shown_by(each, True))
                case Return(value=value) if value is not None and base_type(self._unit.returns) in BOOLEAN:
                    yield from self._shown_by(value, True)
                case Assign(target=target, value=value) if isinstance(target, Member) or (
                    isinstance(target, Name) and target.text not in scope(self._program, self._ref)
                ):
                    yield from self._shown_by(value, True)
                case _:
                    pass

    def _shown_by(self, condition: Expr | Let, holds_: bool) -> Iterator[Node]:
        """The comparison by which a condition of this outcome shows that the string is one of ours."""
        if isinstance(condition, Let):
            return
        found: list[Node] = []
        for outcome, events in outcomes(condition):
            if outcome == holds_:
                shown = [e.node for e in events if e.taken is not None and self._equal(e.node, e.taken)]
                if not shown:
                    return
                found += shown
        yield from found[:1]

    def _equal(self, node: Node, holds_: bool) -> bool:
        """Whether a comparison of this outcome shows that the string is a constant one."""
        match node:
            case Operator(op="!", operands=(inner,)):
                return self._equal(inner, not holds_)
            case Operator(op="==" | "!=" as op, operands=(one, other)):
                same = holds_ == (op == "==")
                for left, right in ((one, other), (other, one)):
                    if isinstance(left, Call) and left.name in _DIFFER and isinstance(right, Literal):
                        return right.text == "0" and same and self._compares(left)
                return same and self._pairs(one, other)
            case Call(name=name) if name in _DIFFER:
                return not holds_ and self._compares(node)
            case Call(name=name) if name in COMPARES:
                return holds_ and self._compares(node)
            case _:
                return False

    def _compares(self, call: Call) -> bool:
        sides = (*((call.target,) if call.target is not None else ()), *call.args[:2])
        return any(self._pairs(one, other) for one in sides for other in sides if one is not other)

    def _pairs(self, one: Expr, other: Expr) -> bool:
        return any(
            holds(mine, self._carries) and self._is_ours(theirs) for mine, theirs in ((one, other), (other, one))
        )

    def _carries(self, node: Node) -> bool:
        return self._is_source(node) or (isinstance(node, Name) and node.text in self._names)

    def _is_source(self, node: Node) -> bool:
        if isinstance(self._source, str):
            return isinstance(node, Name) and node.text == self._source
        return isinstance(node, Call) and (node.start, node.end) == (self._source.start, self._source.end)

    def _is_ours(self, expr: Expr) -> bool:
        """Whether an expression is the id of a bundle or a team as the code spells it, or a list of such."""
        texts = [
            text for each in _items(self._program, self._ref, expr) for text in fold(self._program, self._ref, each)
        ]
        return any(_BUNDLE_OR_TEAM.fullmatch(text) for text in texts)


def _items(program: Program, ref: UnitRef, expr: Expr) -> tuple[Expr, ...]:
    """The items of a collection, written here or where a variable of its name is made; else the expression itself."""
    if isinstance(expr, Name | Member):
        name = expr.text if isinstance(expr, Name) else expr.name
        values = [binding.value for binding in scope(program, ref).get(name, ())]
        values += [
            unit.value for each in program.variables_named(name) if isinstance(unit := program.unit(each), Variable)
        ]
        collections = [n for value in values if value is not None for n in walk(value) if isinstance(n, Collection)]
        return tuple(item for each in collections for item in each.items) or (expr,)
    return expr.items if isinstance(expr, Collection) else (expr,)


def _leaves(block: Block) -> bool:
    match block[-1] if block else None:
        case Return() | Throw() | Jump():
            return True
        case Evaluate(value=Call(name=name)):
            return name in NEVER
        case _:
            return False
