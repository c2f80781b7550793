"""Swift's operator precedence: a flat run of operands and operators becomes a tree.

The grammar nests `a == .x && b` as `a == (.x && b)` and `-a.b * c` as `-(a.b * c)`. So expressions are first laid out
flat, in source order, and then put together by the precedence groups of the standard library.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ipclint.model.ir import Assign, Call, Cast, Closure, Expr, Literal, Member, Name, Opaque, Operator, Subscript

MAX_OPERATORS = 64
"""A longer run (a table glued together with `+`) is one Opaque of its operands: it would nest as deep as it is long."""

MAX_WRAPS = 16
"""How many prefix or postfix operators, `try` and `await` one operand keeps."""

_ASSIGNMENT, _TERNARY, _DEFAULT, _OR, _AND, _COMPARISON, _COALESCING, _CASTING = range(8)
_RANGE, _ADDITION, _MULTIPLICATION, _SHIFT = range(8, 12)
_RIGHT = (_ASSIGNMENT, _TERNARY, _COALESCING)

_LEVELS = {
    _OR: "||",
    _AND: "&&",
    _COMPARISON: "< <= > >= == != === !== ~= .== .!= .< .<= .> .>=",
    _COALESCING: "??",
    _RANGE: "... ..<",
    _ADDITION: "+ - &+ &- | ^ .| .^",
    _MULTIPLICATION: "* / % &* & .&",
    _SHIFT: "<< >> &<< &>>",
}
_PRECEDENCE = {op: level for level, ops in _LEVELS.items() for op in ops.split()}


class Infix(NamedTuple):
    """An operator between two operands; `then` is what stands between `?` and `:` of a ternary."""

    op: str
    then: Expr | None = None

    @property
    def precedence(self) -> int:
        if self.then is not None:
            return _TERNARY
        if (known := _PRECEDENCE.get(self.op)) is not None:
            return known
        return _ASSIGNMENT if self.op.endswith("=") else _DEFAULT


class CastTo(NamedTuple):
    """`as? T` or `is T` after an operand; `end` is relative to the unit."""

    op: str
    type: str
    end: int


@dataclass(slots=True)
class Operand:
    """`prefixes` are (operator, start), outermost first; they bind tighter than anything but a suffix."""

    prefixes: list[tuple[str, int]]
    core: Expr

    def whole(self) -> Expr:
        value = self.core
        for op, start in reversed(self.prefixes[:MAX_WRAPS]):
            value = Operator(start, value.end, op, (value,))
        return value


@dataclass(slots=True)
class OperatorRun:
    """Operands and operators in source order.

    `effects` are leading `try` and `await` with their starts: they cover all that follows.
    """

    items: list[Operand | Infix | CastTo] = field(default_factory=list[Operand | Infix | CastTo])
    effects: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    pending: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])

    def push(self, core: Expr) -> None:
        self.items.append(Operand(self.pending, core))
        self.pending = []

    def pop(self) -> Expr:
        """Takes the last operand out for suffixes (calls, members) to be applied; `push` puts it back."""
        if self.items and isinstance(last := self.items[-1], Operand):
            self.items.pop()
            self.pending = last.prefixes
            return last.core
        value = self.resolve()
        self.items, self.effects = [], []
        return value

    def extend(self, inner: OperatorRun) -> None:
        """Appends a run that stands where the next operand would."""
        if not self.items and not self.pending:
            self.effects += inner.effects
        else:
            inner = OperatorRun([Operand([], inner.resolve())]) if inner.effects else inner
        first = inner.items[0]
        if self.pending and isinstance(first, Operand):
            first.prefixes[:0] = self.pending
            self.pending = []
        self.items += inner.items

    def resolve(self) -> Expr:
        """The run as one expression."""
        items = _with_generic_arguments(self.items)
        if len(items) == 1 and isinstance(only := items[0], Operand):
            value = only.whole()
        elif len(items) > 2 * MAX_OPERATORS:
            kids = [item.whole() for item in items if isinstance(item, Operand)]
            kids += [item.then for item in items if isinstance(item, Infix) and item.then is not None]
            value = Opaque(kids[0].start, max(kid.end for kid in kids), "operators", tuple(kids))
        else:
            value = _Climb(items).expression(_ASSIGNMENT)
        for op, start in reversed(self.effects[:MAX_WRAPS]):
            value = _with_effect(op, start, value)
        return value


def _with_effect(op: str, start: int, value: Expr) -> Expr:
    if isinstance(value, Assign):  # `try x = f()` tries f()
        effect = Operator(value.value.start, value.value.end, op, (value.value,))
        return Assign(start, value.end, value.target, value.op, effect)
    return Operator(start, value.end, op, (value,))


class _Climb:
    """Precedence climbing over the items; what does not fit (two operands in a row) ends the expression."""

    def __init__(self, items: list[Operand | Infix | CastTo]) -> None:
        self.items = items
        self.at = 0

    def expression(self, least: int) -> Expr:
        left = self.operand()
        while self.at < len(self.items):
            item = self.items[self.at]
            if isinstance(item, CastTo):
                if least > _CASTING:
                    break
                self.at += 1
                left = Cast(left.start, item.end, item.op, left, item.type)
            elif isinstance(item, Infix):
                level = item.precedence
                if level < least:
                    break
                self.at += 1
                right = self.expression(level if level in _RIGHT else level + 1)
                left = _joined(item, left, right)
            else:
                break
        return left

    def operand(self) -> Expr:
        item = self.items[self.at] if self.at < len(self.items) else None
        if isinstance(item, Operand):
            self.at += 1
            return item.whole()
        end = next((i.core.end for i in reversed(self.items[: self.at]) if isinstance(i, Operand)), 0)
        return Opaque(end, end, "missing", ())


def _joined(operator: Infix, left: Expr, right: Expr) -> Expr:
    if operator.then is not None:
        return Operator(left.start, right.end, "?:", (left, operator.then, right))
    if operator.precedence == _ASSIGNMENT:
        return Assign(left.start, right.end, left, operator.op, right)
    return Operator(left.start, right.end, operator.op, (left, right))


# ── generic arguments read as comparisons ────────────────────────────────────────────────────────────────────────────


def _with_generic_arguments(items: list[Operand | Infix | CastTo]) -> list[Operand | Infix | CastTo]:
    """`Foo<Int>.bar(a)` and `Foo<Int> { … }`, which the grammar compares, as member and call of Foo.

    Swift has no comparison chain, so `X < T > .y` can mean nothing else.
    """
    if len(items) < 5:
        return items
    out = list(items)
    at = 0
    while at + 4 < len(out):
        base, less, _, more, last = out[at : at + 5]
        if (
            isinstance(less, Infix) and less.op == "<"
            and isinstance(more, Infix) and more.op in (">", "?>", "]>")
            and isinstance(base, Operand) and isinstance(last, Operand)
            and (core := _on_type(last.core, base.core)) is not None
        ):  # fmt: skip
            out[at : at + 5] = [Operand(base.prefixes, core)]
        else:
            at += 1
    return out


def _on_type(expr: Expr, base: Expr) -> Expr | None:
    """`expr` with its leading implicit member hung on `base`; None when it has none."""
    if isinstance(expr, Closure):
        target, name, start = (base.base, base.name, base.name_start) if isinstance(base, Member) else (None, "", 0)
        if isinstance(base, Name):
            name, start = base.text, base.start
        return Call(base.start, expr.end, target, name, ("{",), (expr,), start) if name else None
    if isinstance(expr, Member):
        if expr.base is None:
            if expr.name == "self" and isinstance(base, Name):
                return Literal(base.start, expr.end, "class", base.text)
            return Member(base.start, expr.end, base, expr.name, expr.name_start)
        inner = _on_type(expr.base, base)
        return inner and Member(base.start, expr.end, inner, expr.name, expr.name_start)
    if isinstance(expr, Call):
        if expr.target is None:
            if not expr.name.startswith("."):
                return None
            return Call(base.start, expr.end, base, expr.name[1:], expr.labels, expr.args, expr.name_start)
        inner = _on_type(expr.target, base)
        return inner and Call(base.start, expr.end, inner, expr.name, expr.labels, expr.args, expr.name_start)
    if isinstance(expr, Subscript):
        inner = _on_type(expr.base, base)
        return inner and Subscript(base.start, expr.end, inner, expr.args)
    return None
