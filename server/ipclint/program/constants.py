"""Constant folding of strings: what text can reach an API, from literals, constants, macros and formats anywhere.

The result is every text that the paths can build, with `HOLE` where a part is unknown. A requirement that is appended
to under an `if` has two texts; the weakest decides, so all of them are answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ipclint.model.facts import Macro, Variable
from ipclint.model.ir import (
    Assign,
    Block,
    Call,
    Case,
    Cast,
    Closure,
    Conditional,
    Evaluate,
    Expr,
    Guard,
    If,
    Interpolation,
    Literal,
    Loop,
    Member,
    Name,
    Node,
    Operator,
    Return,
    Text,
    children,
    walk,
)
from ipclint.program.link import members, owner_of, resolve, scope, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.types import base_type

HOLE = "\ufffc"
"""Stands for an unknown part of a text (OBJECT REPLACEMENT CHARACTER)."""

MAX_TEXTS = 8
MAX_DEPTH = 12
MAX_LENGTH = 20_000  # characters of one folded text

CONVERSION = re.compile(r"%(?:\d+\$)?[-+ 0#']*\d*(?:\.\d+)?(?:hh|h|ll|l|q|z|t|j|L)?[@dDiuUxXoOfFeEgGcCsSpaA%]")
_TRANSPARENT = frozenset(
    {
        "String",
        "NSString",
        "CFSTR",
        "NSLocalizedString",
        "stringWithString:",
        "initWithString:",
        "UTF8String",
        "copy",
        "mutableCopy",
        "utf8",
        "cString",
        "stringWithUTF8String:",
        "description",
        "trimmingCharacters",
    }
)


def fold(program: Program, ref: UnitRef, expr: Expr | None, depth: int = 0) -> tuple[str, ...]:
    """The texts that `expr` can be, at most `MAX_TEXTS`; `(HOLE,)` when nothing is known."""
    if expr is None or depth > MAX_DEPTH:
        return (HOLE,)
    match expr:
        case Text(value=value):
            return (value,)
        case Literal(kind="int" | "float" | "bool", text=text):
            return (text,)
        case Interpolation(parts=parts):
            return _join(fold(program, ref, part, depth + 1) for part in parts)
        case Operator(op="+", operands=operands):
            return _join(fold(program, ref, operand, depth + 1) for operand in operands)
        case Operator(op="?:", operands=(_, yes, no)) | Operator(op="??", operands=(yes, no)):
            return _union((*fold(program, ref, yes, depth + 1), *fold(program, ref, no, depth + 1)))
        case Operator(op="unwrap" | "try" | "try?" | "try!" | "await", operands=(inner,)) | Cast(value=inner):
            return fold(program, ref, inner, depth + 1)
        case Name(text=name):
            return _fold_name(program, ref, name, depth)
        case Member():
            return _fold_member(program, ref, expr, depth)
        case Call(target=Closure(body=body, params=()), args=()):  # that runs at once
            return _fold_block(program, ref, body, depth)
        case Call():
            return _fold_call(program, ref, expr, depth)
        case _:
            return (HOLE,)


def unwrapped(expr: Expr) -> Expr:
    """The expression inside casts, copies and other calls that hand a text on unchanged."""
    while True:
        match expr:
            case Cast(value=inner) | Operator(op="unwrap", operands=(inner,)):
                expr = inner
            case Call(name=name, args=args, target=target) if name.partition("<")[0] in _TRANSPARENT and (
                args or target is not None
            ):
                expr = args[0] if args else target  # type: ignore[assignment]
            case _:
                return expr


def constant(program: Program, ref: UnitRef, expr: Expr | None) -> str | None:
    """The one text that `expr` is, None when it has holes or several values."""
    texts = fold(program, ref, expr)
    return texts[0] if len(texts) == 1 and HOLE not in texts[0] else None


def _fold_name(program: Program, ref: UnitRef, name: str, depth: int) -> tuple[str, ...]:
    bindings = scope(program, ref).get(name)
    if bindings:
        if any(binding.kind != "let" for binding in bindings):
            return (HOLE,)
        return _fold_local(program, ref, name, depth)
    if texts := _fold_macros(program, name, depth):
        return texts
    owner = owner_of(program, ref)
    candidates = members(program, owner, name) if owner else ()
    candidates = candidates or tuple(r for r in program.variables_named(name) if not owner_of(program, r))
    return _fold_variables(program, candidates, depth)


def _fold_member(program: Program, ref: UnitRef, member: Member, depth: int) -> tuple[str, ...]:
    if member.name in ("rawValue", "description", "utf8String") and member.base is not None:
        return _fold_raw_value(program, ref, member.base, depth)
    owner = base_type(type_of(program, ref, member.base).removesuffix(".Type")) if member.base is not None else ""
    return _fold_variables(program, members(program, owner, member.name), depth) if owner else (HOLE,)


def _fold_raw_value(program: Program, ref: UnitRef, base: Expr, depth: int) -> tuple[str, ...]:
    from ipclint.program.link import declarations  # the enum whose case this is

    if isinstance(base, Member) and base.base is not None:
        owner = base_type(type_of(program, ref, base.base).removesuffix(".Type"))
        for _, declaration in declarations(program, owner):
            for case in declaration.cases:
                if case.name == base.name:
                    return (case.value if case.value is not None else case.name,)
    return fold(program, ref, base, depth + 1)


def _fold_macros(program: Program, name: str, depth: int) -> tuple[str, ...]:
    """The texts of an object-like macro, one for each `#if` that defines it; () for other macros."""
    found = [
        (macro, body[0].value)
        for macro in program.macros_named(name)
        if len(body := program.body(macro)) == 1 and isinstance(body[0], Evaluate)
    ]
    if not found:
        return ()
    return _union(
        text
        for macro in _alternatives(program, tuple(macro for macro, _ in found))
        for text in fold(program, macro, dict(found)[macro], depth + 1)
    )


def _fold_variables(program: Program, refs: tuple[UnitRef, ...], depth: int) -> tuple[str, ...]:
    known = tuple(ref for ref in refs if _is_constant(program.unit(ref)))
    if not known:
        return (HOLE,)
    return _union(text for ref in _alternatives(program, known) for text in _fold_variable(program, ref, depth))


def _is_constant(unit: object) -> bool:
    if not isinstance(unit, Variable):
        return False
    return unit.computed or (unit.value is not None and not (unit.mutable and not unit.is_static and unit.owner))


def _fold_variable(program: Program, ref: UnitRef, depth: int) -> tuple[str, ...]:
    unit = program.unit(ref)
    if isinstance(unit, Variable) and unit.value is not None:
        return fold(program, ref, unit.value, depth + 1)
    return _fold_returns(program, UnitRef(ref.path, f"F{ref.key[1:]}.get"), depth)


def _alternatives(program: Program, refs: tuple[UnitRef, ...]) -> tuple[UnitRef, ...]:
    """The first declaration, and its other sides where an `#if` chooses; what a debug build alone has counts when
    nothing else is there.
    """
    chosen = tuple(ref for ref in refs if ref.path == refs[0].path and _conditions(program, ref))
    if not _conditions(program, refs[0]):
        return refs[:1]
    return tuple(ref for ref in chosen if not any(map(_DEBUG.fullmatch, _conditions(program, ref)))) or chosen


def _conditions(program: Program, ref: UnitRef) -> tuple[str, ...]:
    unit = program.unit(ref)
    return unit.conditions if isinstance(unit, Variable | Macro) else ()


_DEBUG = re.compile(r"[\s(]*(?:defined[\s(]*)?_?DEBUG(?:_BUILD)?[\s)]*")


def _fold_returns(program: Program, ref: UnitRef, depth: int) -> tuple[str, ...]:
    return _fold_block(program, ref, program.body(ref), depth)


def _fold_block(program: Program, ref: UnitRef, body: Block, depth: int) -> tuple[str, ...]:
    return _union(text for value in given_by(body) for text in fold(program, ref, value, depth + 1)) or (HOLE,)


def given_by(body: Block) -> tuple[Expr, ...]:
    """What a function or a closure may give. Of an `#if`, what a debug build alone has counts when nothing else is
    there.
    """
    match body:
        case (Evaluate(value=value),):  # an implicit return
            return (value,)
        case (Conditional(clauses=clauses),):
            shipped = tuple(clause for clause in clauses if not _DEBUG.fullmatch(clause[0])) or clauses
            return tuple(value for _, inner in shipped for value in given_by(inner))
        case _:
            return tuple(node.value for node in walk(body) if isinstance(node, Return) and node.value is not None)


@query(bottom=(HOLE,))
def _fold_local(program: Program, ref: UnitRef, name: str, depth: int) -> tuple[str, ...]:
    """A local: its initialiser and every assignment to it in source order; an append under a condition or in a
    loop may not happen.
    """
    texts: tuple[str, ...] = ()
    for binding in scope(program, ref).get(name, ()):
        if binding.value is not None:
            texts = _union((*texts, *fold(program, ref, binding.value, depth + 1)))
    for conditional, op, value in _assignments(program, ref, name):
        more = fold(program, ref, value, depth + 1)
        after = _join((texts or ("",), more)) if op == "+=" else more
        texts = _union((*texts, *after)) if conditional else after
    return texts or (HOLE,)


@query(bottom=())
def _assignments(program: Program, ref: UnitRef, name: str) -> tuple[tuple[bool, str, Expr], ...]:
    """What is assigned or appended to a local, in source order: whether under a condition, the operator, the value."""
    found: list[tuple[bool, str, Expr]] = []

    def visit(node: Node, conditional: bool) -> None:
        if isinstance(node, Assign) and isinstance(node.target, Name) and node.target.text == name:
            found.append((conditional, node.op, node.value))
        elif isinstance(node, Call) and isinstance(node.target, Name) and node.target.text == name and node.args:
            if node.name in ("append", "appendString:"):
                found.append((conditional, "+=", node.args[0]))
            elif node.name == "appendFormat:":
                found.append(
                    (
                        conditional,
                        "+=",
                        Call(node.start, node.end, None, "stringWithFormat:", node.labels, node.args, 0),
                    )
                )
        for child in children(node):
            visit(child, conditional or isinstance(node, If | Guard | Loop | Case))

    for statement in program.body(ref):
        visit(statement, False)
    return tuple(found)


def _fold_call(program: Program, ref: UnitRef, call: Call, depth: int) -> tuple[str, ...]:
    word = call.name.partition("<")[0]
    if word in ("stringWithFormat:", "initWithFormat:", "localizedStringWithFormat:") or (
        word in ("String", "NSString") and call.labels[:1] == ("format",)
    ):
        return _fold_format(program, ref, call.args, depth)
    if word in _TRANSPARENT:
        inner = call.args[0] if call.args else call.target
        return fold(program, ref, inner, depth + 1)
    if word in ("stringByAppendingString:", "appending") and call.target is not None and call.args:
        return _join((fold(program, ref, call.target, depth + 1), fold(program, ref, call.args[0], depth + 1)))
    if word == "stringByAppendingFormat:" and call.target is not None:
        return _join((fold(program, ref, call.target, depth + 1), _fold_format(program, ref, call.args, depth)))
    resolved = resolve(program, ref, call)
    return _fold_returns(program, resolved.refs[0], depth + 1) if len(resolved.refs) == 1 else (HOLE,)


def _fold_format(program: Program, ref: UnitRef, args: tuple[Expr, ...], depth: int) -> tuple[str, ...]:
    if not args:
        return (HOLE,)
    holes = [fold(program, ref, arg, depth + 1) for arg in args[1:]]
    results: list[str] = []
    for text in fold(program, ref, args[0], depth + 1):
        pieces: list[tuple[str, ...]] = []
        at, index = 0, 0
        for found in CONVERSION.finditer(text):
            pieces.append((text[at : found.start()],))
            at = found.end()
            if found.group().endswith("%"):
                pieces.append(("%",))
                continue
            pieces.append(holes[index] if index < len(holes) else (HOLE,))
            index += 1
        pieces.append((text[at:],))
        results.extend(_join(pieces))
    return _union(results)


def _join(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    texts = [""]
    for choices in parts:
        texts = [text + choice for text in texts for choice in choices][:MAX_TEXTS]
    return tuple(text[:MAX_LENGTH] for text in texts)


def _union(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))[:MAX_TEXTS]
