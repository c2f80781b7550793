"""Conditions that go together: what is nil when one holds, and whether the outcomes on a path can all be."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ipclint.model.ir import Call, Expr, Let, Literal, Member, Name, Node, Operator
from ipclint.program.paths import Event

_OWNER = re.compile(r"^(?:self|(?:weak|strong)_?self|_self|this)$", re.I)
_ONCE = re.compile(
    r"once|first|resum|fire|finish|done|complet|claim|repl(?:y|ied)|answer|called|sent|swap|exchange|testAndSet", re.I
)
_OPPOSITE = {"!=": "==", ">=": "<", "<=": ">", "!==": "==="}
_POSITIONS = frozenset({"start", "end", "name_start", "body_start"})


def is_none(condition: Node) -> tuple[Expr | None, bool]:
    """The expression that a condition asks for being there, and the outcome with which it is nil; (None, False) when
    it asks something else.
    """
    match condition:
        case Let(value=value) if value is not None:
            return value, False
        case Operator(op="==" | "!=", operands=(Literal(kind="nil"), subject) | (subject, Literal(kind="nil"))):
            return subject, condition.op == "=="
        case Name():
            return condition, False
        case _:
            return None, False


def contradictory(events: Iterable[Event]) -> bool:
    """Whether a path needs a condition to turn out both ways, or the object that runs it to be gone."""
    known: dict[object, bool] = {}
    for node, taken in events:
        if taken is None:
            continue
        subject, none_when = is_none(node)
        if isinstance(subject, Name) and _OWNER.match(subject.text) and taken is none_when:
            return True
        key, holds = normal(node, taken)
        if known.setdefault(key, holds) is not holds:
            return True
    return False


def is_once(condition: Node) -> bool:
    """Whether a condition asks if something has happened already: a flag or a call named so. Who calls a callback on
    that condition leaves it to others to call it otherwise.
    """
    subject = is_none(condition)[0] or condition
    while isinstance(subject, Operator) and subject.operands:
        subject = subject.operands[0]
    name = subject.text if isinstance(subject, Name) else subject.name if isinstance(subject, Member | Call) else ""
    return _ONCE.search(name) is not None


def normal(condition: Node, taken: bool) -> tuple[object, bool]:
    """What a condition says, in the same words however it is put."""
    subject, none_when = is_none(condition)
    if subject is not None:
        return shape(subject), taken is not none_when
    match condition:
        case (
            Operator(op="==" | "!=", operands=(Literal(kind="bool", text=text), other))
            | Operator(op="==" | "!=", operands=(other, Literal(kind="bool", text=text)))
        ):
            return shape(other), taken is ((condition.op == "==") is (text == "true"))
        case Operator(op=op, operands=operands) if op in _OPPOSITE:
            return (_OPPOSITE[op], *map(shape, operands)), not taken
        case Operator(op=op, operands=operands):
            return (op, *map(shape, operands)), taken
        case _:
            return shape(condition), taken


def shape(node: object) -> object:
    """A node without its positions: equal for equal code."""
    if isinstance(node, Node):
        fields = (shape(getattr(node, name)) for name in node.__struct_fields__ if name not in _POSITIONS)
        return (type(node).__name__, *fields)
    if isinstance(node, tuple):
        return tuple(map(shape, node))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return node
