"""TAINT114: shell text for AppleScript's `with administrator privileges`, put together from values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.around import given, spelled
from ipclint.checks.detectors import detector
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Finding, Place, Step
from ipclint.model.ir import Assign, Call, Expr, Interpolation, Literal, Member, Name, Node, Operator, Text, walk
from ipclint.program.constants import HOLE, fold
from ipclint.program.flow_model import carries_no_text
from ipclint.program.flow_run import transparent
from ipclint.program.link import code_of, type_of
from ipclint.program.program import Program, UnitRef

_ELEVATED = re.compile(
    r"do shell script\b.*\bwith administrator privileges|administrator privileges.*do shell script", re.S
)
_FORMATS = frozenset({"stringWithFormat:", "initWithFormat:", "appendFormat:", "stringByAppendingFormat:"})
_JOINS = frozenset({"stringByAppendingString:", "appending", "appendString:", "append"})
_OWN = frozenset(
    {"NSHomeDirectory", "NSTemporaryDirectory", "NSFullUserName", "temporaryDirectory", "homeDirectoryForCurrentUser",
     "ProcessInfo"}
)  # fmt: skip
_PLAIN = frozenset({"NSUserName", "uuidString", "UUIDString", "UUID"})  # letters, digits, `-`, `_` and `.` alone
_TELLS = re.compile(r"^(?:NSLog|print|debugPrint|os_log\w*|log|info|debug)$")
_BUNDLE = frozenset({"mainBundle", "Bundle", "NSBundle"})
MAX_DEPTH = 12


class Part(NamedTuple):
    """A value in the text that is not constant, by its name in the code. `own`: made by this program or the system, not
    a name on disk."""

    expr: Expr
    name: str
    own: bool


@detector("privileged-shell-text-assembled", on="function")
@detector("privileged-shell-text-assembled", on="variable")
def privileged_shell_text(rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable) -> Iterator[Finding]:
    reported = -1
    for node in walk(code_of(program, ref)):
        if isinstance(node, Call) and _TELLS.match(node.name):
            reported = max(reported, node.end)  # what is only shown to somebody
        if node.start < reported or not _is_composed(node) or _is_constant(node, ref):
            continue
        if not any(HOLE in text and _ELEVATED.search(text) for text in fold(program, ref, _as_expr(node))):
            continue
        reported = node.end
        parts = list(_parts(program, ref, node, "a value", 0))
        if isinstance(node, Assign):
            parts = list(_part(program, ref, node.target, "a value", 0))
        outside = [part for part in parts if not part.own]
        if not parts:
            continue
        first = (outside or parts)[0]
        steps = tuple(
            Step(Place(ref.path, ref.key, part.expr.start, part.expr.end), f"{part.name} goes into it")
            for part in parts
            if part.expr.end <= node.start
        )
        yield rule.finding(
            Place(ref.path, ref.key, node.start, node.end),
            "certain",
            context="" if outside else "own",
            holes={"value": first.name},
            steps=steps,
        )


def _is_composed(node: Node) -> bool:
    match node:
        case Interpolation() | Operator(op="+") | Assign(target=Name(), op="+="):
            return True
        case Call(name=name, labels=labels):
            return name in _FORMATS or name in _JOINS or (name in ("String", "NSString") and labels[:1] == ("format",))
        case _:
            return False


def _is_constant(node: Node, ref: UnitRef) -> bool:
    """Whether a text is literals around macros, which the compiler joins."""
    return isinstance(node, Interpolation) and not ref.path.endswith(".swift")


def _as_expr(node: Node) -> Expr:
    assert isinstance(node, Interpolation | Operator | Call | Assign)
    if isinstance(node, Assign):
        return node.target
    if isinstance(node, Call) and node.name in ("appendFormat:", "stringByAppendingFormat:"):
        return Call(node.start, node.end, None, "stringWithFormat:", node.labels, node.args, node.name_start)
    return node


def _parts(program: Program, ref: UnitRef, node: Node, name: str, depth: int) -> Iterator[Part]:
    """The values that a composed text is not constant in, those of locals that go into it included."""
    match node:
        case Interpolation(parts=values) | Operator(op="+", operands=values):
            pass
        case Call(target=target, name=called, args=args) if _is_composed(node):
            values = args[1:] if called not in _JOINS else (*((target,) if target is not None else ()), *args)
        case _:
            return
    for value in values:
        yield from _part(program, ref, value, name, depth)


def _part(program: Program, ref: UnitRef, value: Expr, name: str, depth: int) -> Iterator[Part]:
    expr = transparent(value)
    name = spelled(expr) or (f"{expr.name}()" if isinstance(expr, Call) and expr.target is None else name)
    if isinstance(expr, Text | Literal) or _is_constant(expr, ref) or HOLE not in "".join(fold(program, ref, expr)):
        return
    if carries_no_text(program, type_of(program, ref, expr)) or _is_plain(expr) or depth > MAX_DEPTH:
        return
    if _is_composed(expr):
        yield from _parts(program, ref, expr, name, depth + 1)
        return
    origins = given(program, ref).get(expr.text, ()) if isinstance(expr, Name) else ()
    if origins:
        for origin in origins:
            yield from _part(program, ref, origin, name, depth + 1)
        return
    words = {word for node in walk(expr) for word in _words(node)}
    if words & _BUNDLE:
        return
    inner = _receiver(expr)
    if isinstance(inner, Name) and given(program, ref).get(inner.text):
        yield from _part(program, ref, inner, name, depth + 1)
        return
    yield Part(expr, name, bool(words & _OWN))


def _is_plain(expr: Expr) -> bool:
    """Whether the system makes the value, and never with a character that means something to a shell."""
    return isinstance(expr, Call | Member) and expr.name in _PLAIN


def _receiver(expr: Expr) -> Expr | None:
    """What a value is read from: `tmp` of `tmp.path`, `path` of `path.replacingOccurrences(…)`."""
    match expr:
        case Member(base=base) if base is not None:
            return transparent(base)
        case Call(target=target) if target is not None:
            return transparent(target)
        case _:
            return None


def _words(node: Node) -> Iterator[str]:
    if isinstance(node, Name):
        yield node.text
    elif isinstance(node, Member | Call):
        yield node.name.partition(":")[0]
