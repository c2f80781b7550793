"""Swift expressions: operands with their suffixes, operators, closures, collections."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec
from tree_sitter import Node

from ipclint.model.ir import Call, Cast, Collection, Expr, Literal, Member, Name, Opaque, Operator, Subscript
from ipclint.readers.lowering import ERROR, MAX_DEPTH, opaque
from ipclint.readers.swift_arguments import arguments
from ipclint.readers.swift_operators import MAX_WRAPS, CastTo, Infix, OperatorRun
from ipclint.readers.swift_syntax import GRAMMAR, IDENTIFIERS, SwiftContext, plain

_kinds = GRAMMAR.kinds
CALL = _kinds("call_expression")
_NAVIGATION = _kinds("navigation_expression")
_POSTFIX = _kinds("postfix_expression")
_PREFIX = _kinds("prefix_expression")
_INFIX = _kinds(
    "multiplicative_expression", "additive_expression", "range_expression", "infix_expression",
    "nil_coalescing_expression", "comparison_expression", "equality_expression", "conjunction_expression",
    "disjunction_expression", "bitwise_operation",
)  # fmt: skip
_CAST = _kinds("as_expression", "check_expression")
_TERNARY = _kinds("ternary_expression")
_EFFECT = _kinds("try_expression", "await_expression")
_OPEN_RANGE = _kinds("open_start_range_expression", "open_end_range_expression")
_RUN = _PREFIX | _INFIX | _CAST | _TERNARY | _EFFECT | _OPEN_RANGE
_THREE_PARTS = _INFIX | _CAST | _TERNARY
_SPINE = CALL | _NAVIGATION | _POSTFIX
_DOT = _kinds(".")
_PARENTHESIS = _kinds("(")
_BANG = _kinds("bang")
SUFFIXES = _kinds("call_suffix", "constructor_suffix")


# ── operands: a base with suffixes ───────────────────────────────────────────────────────────────────────────────────


@GRAMMAR.lowers("call_expression", "navigation_expression", "postfix_expression")
def operand(node: Node, context: SwiftContext) -> Expr:
    outer, context.open = context.open, None
    core = _BASES[node.kind_id](node, context)
    if (run := context.open) is not None:  # the base was `a + Foo`, `!a`, …: only its last operand takes the suffixes
        run.push(core)
        core = run.resolve()
    context.open = outer
    return core


def _base(node: Node, context: SwiftContext) -> Expr:
    """Lowers what suffixes follow. Operators found in it are left in `context.open`."""
    handler = _BASES.get(node.kind_id)
    if handler is None or context.depth >= MAX_DEPTH:
        return context.expr(node)
    context.depth += 1
    lowered = handler(node, context)
    context.depth -= 1
    return lowered


def _call(node: Node, context: SwiftContext) -> Expr:
    parts = node.children
    callee, suffix = parts[0], parts[-1]
    if suffix.kind_id not in SUFFIXES:  # only in broken code
        return opaque(node, context)
    kind, end = callee.kind_id, node.end_byte - context.base
    if kind in IDENTIFIERS:
        base = name(callee, context)
    elif kind in _BANG or not callee.is_named:  # `!(a)`: an operator before a parenthesis, read as a call
        return _prefixed_parenthesis(callee, suffix, context)
    else:
        base = _base(callee, context)
    if context.source[suffix.end_byte - 2 : suffix.end_byte] == ":)":
        return _reference(base, suffix, context)
    labels, args, is_subscript = arguments(suffix, context)
    if is_subscript and not _is_key_path(base):
        return Subscript(base.start, end, base, args)
    if isinstance(base, Call) and labels[:1] == ("{",) and context.source[context.base + base.end - 1] == ")":
        # To the grammar `f(a) { … }` can be a call of `f(a)`; the closure is one more argument.
        return msgspec.structs.replace(base, end=end, labels=base.labels + labels, args=base.args + args)
    return called(base, end, labels, args, suffix.start_byte - context.base)


def called(base: Expr, end: int, labels: tuple[str, ...], args: tuple[Expr, ...], at: int) -> Expr:
    """The call that suffixes make of a base; `at` is where the name begins when the base has none."""
    if isinstance(base, Operator) and base.op == "unwrap":  # `delegate.run!(x)` calls `run`, as `run?(x)` does
        base = base.operands[0]
    if isinstance(base, Name):
        return Call(base.start, end, None, base.text, labels, args, base.start)
    if isinstance(base, Member):
        name = base.name if base.base is not None else f".{base.name}"
        return Call(base.start, end, base.base, name, labels, args, base.name_start)
    if isinstance(base, Opaque) and _is_key_path(base):
        return Opaque(base.start, end, base.kind, (*base.kids, *args))
    return Call(base.start, end, base, "", labels, args, at)


def _is_key_path(base: Expr) -> bool:
    return isinstance(base, Opaque) and base.kind == "key_path_expression"


def _reference(base: Expr, suffix: Node, context: SwiftContext) -> Expr:
    """`foo(bar:baz:)`, a function named with its labels."""
    end = suffix.end_byte - context.base
    labels = "".join(context.text(suffix).split())
    if isinstance(base, Name):
        return Name(base.start, end, base.text + labels)
    if isinstance(base, Member):
        return Member(base.start, end, base.base, base.name + labels, base.name_start)
    return opaque(suffix, context)


def _member(node: Node, context: SwiftContext) -> Expr:
    parts = node.children
    target, suffix = parts[0], parts[-1]
    end = suffix.end_byte
    at = suffix.start_byte + 1
    name = context.source[at:end]
    if not name.isidentifier() or not name.isascii():
        named = suffix.named_children
        at = named[-1].start_byte if named else at
        name = context.slice(at, end)
        at += name[:1] == "`"
        name = plain(name)
    if not target.is_named:
        return _odd_member(node, name, context)
    base = _base(target, context)
    if isinstance(base, Opaque) and _is_key_path(base):
        return Opaque(base.start, end - context.base, base.kind, base.kids)
    if isinstance(base, Cast) and target.kind_id in _CAST:  # `x as! Foo.Type`
        return Cast(base.start, end - context.base, base.op, base.value, f"{base.type}.{name}")
    if name == "self" and isinstance(base, Name | Member):
        return Literal(base.start, end - context.base, "class", context.type_text(target))
    context.mentions.add(name)
    return Member(base.start, end - context.base, base, name, at - context.base)


def _odd_member(node: Node, name: str, context: SwiftContext) -> Expr:
    """`-.name`, where the operator is the target to the grammar, and `(any P).self`."""
    operator, end = node.children[0], node.end_byte - context.base
    start = end - len(name.encode())
    context.mentions.add(name)
    if operator.kind_id in _PARENTHESIS:
        kind = context.type_text(context.kids(node)[0])
        base = Name(operator.start_byte - context.base, start - 1, kind)
        return Literal(base.start, end, "class", kind) if name == "self" else Member(base.start, end, base, name, start)
    context.open = run = OperatorRun()
    run.pending.append((context.text(operator), operator.start_byte - context.base))
    run.push(Member(start - 1, end, None, name, start))
    return run.pop()


def _postfix(node: Node, context: SwiftContext) -> Expr:
    base = _base(node.children[0], context)
    op = context.text(node.children[-1])
    return Operator(base.start, node.end_byte - context.base, "unwrap" if op == "!" else op, (base,))


def _run_base(node: Node, context: SwiftContext) -> Expr:
    """A base that the grammar took operators into: its last operand, the rest left in `context.open`."""
    if node.kind_id in _PREFIX and node.children[0].kind_id in _DOT:  # the dot of `.name` is a prefix of all after it
        target = node.children[-1]
        context.implicit = target.start_byte
        return _base(target, context)
    context.open = run = OperatorRun()
    _lay_out(node, run, context)
    return run.pop()


def widened(value: Expr, start: int, end: int) -> Expr:
    """`value` with the parentheses around it taken into its span."""
    return msgspec.structs.replace(value, start=start, end=end)


def _prefixed_parenthesis(operator: Node, suffix: Node, context: SwiftContext) -> Expr:
    _, args, _ = arguments(suffix, context)
    start, end = suffix.start_byte - context.base, suffix.end_byte - context.base
    core = widened(args[0], start, end) if len(args) == 1 else Collection(start, end, "tuple", args)
    context.open = run = OperatorRun()
    run.pending.append((context.text(operator), operator.start_byte - context.base))
    run.push(core)
    return run.pop()


_BASES: dict[int, Callable[[Node, SwiftContext], Expr]] = {
    **dict.fromkeys(CALL, _call),
    **dict.fromkeys(_NAVIGATION, _member),
    **dict.fromkeys(_POSTFIX, _postfix),
    **dict.fromkeys(_RUN, _run_base),
}


@GRAMMAR.lowers("simple_identifier", "self_expression", "super_expression", "_expression")
def name(node: Node, context: SwiftContext) -> Expr:
    start = node.start_byte
    text = context.source[start : node.end_byte]
    if not text.isascii() or text[:1] == "`":
        text = plain(context.text(node))
    context.mentions.add(text)
    if start == context.implicit:
        context.implicit = -1
        return Member(start - 1 - context.base, node.end_byte - context.base, None, text, start - context.base)
    return Name(start - context.base, node.end_byte - context.base, text)


class Postfix(NamedTuple):
    """A postfix operator that waits for the operand before it; `end` is relative to the unit."""

    op: str
    end: int


_Item = Node | Infix | CastTo | Postfix


# ── operators ────────────────────────────────────────────────────────────────────────────────────────────────────────


@GRAMMAR.lowers(
    "prefix_expression", "multiplicative_expression", "additive_expression", "range_expression", "infix_expression",
    "nil_coalescing_expression", "comparison_expression", "equality_expression", "conjunction_expression",
    "disjunction_expression", "bitwise_operation", "as_expression", "check_expression", "ternary_expression",
    "try_expression", "await_expression", "open_start_range_expression", "open_end_range_expression",
)  # fmt: skip
def operators(node: Node, context: SwiftContext) -> Expr:
    run = OperatorRun()
    _lay_out(node, run, context)
    return run.resolve()


def _lay_out(node: Node, run: OperatorRun, context: SwiftContext) -> None:
    """Appends the operands and operators of an expression to `run` in source order."""
    todo: list[_Item] = [node]
    wraps = 0
    while todo:
        item = todo.pop()
        if isinstance(item, Postfix):
            core, wraps = run.pop(), wraps + 1
            run.push(Operator(core.start, item.end, item.op, (core,)) if wraps <= MAX_WRAPS else core)
            continue
        if not isinstance(item, Node):
            run.items.append(item)
            continue
        kind = item.kind_id
        if kind in _SPINE:
            _lay_out_operand(item, run, context)
        elif kind in _PREFIX:
            _lay_out_prefix(item, run, todo, context)
        elif kind in _THREE_PARTS:
            _lay_out_three(item, run, todo, context)
        elif kind in _EFFECT:
            _lay_out_effect(item, run, todo, context)
        elif kind in _OPEN_RANGE:
            _lay_out_open_range(item, run, todo, context)
        else:
            run.push(context.expr(item))


def _lay_out_three(node: Node, run: OperatorRun, todo: list[_Item], context: SwiftContext) -> None:
    """`a + b`, `a as T`, `a ? b : c`."""
    kind = node.kind_id
    parts = context.sound(node) if kind in _TERNARY else node.children
    if len(parts) != 3:
        parts = [part for part in parts if part.kind_id != ERROR and part.kind_id not in context.grammar.silent]
    if len(parts) != 3:  # broken code
        run.push(opaque(node, context))
        return
    first, second, third = parts
    if kind in _TERNARY:
        todo += (third, Infix("?:", context.expr(second)), first)
    elif kind in _CAST:
        todo += (CastTo(context.text(second), context.type_text(third), node.end_byte - context.base), first)
    else:
        todo += (third, Infix(context.text(second)), first)


def _lay_out_operand(node: Node, run: OperatorRun, context: SwiftContext) -> None:
    outer, context.open = context.open, None
    core = _BASES[node.kind_id](node, context)
    if (inner := context.open) is not None:
        inner.push(core)
        run.extend(inner)
    else:
        run.push(core)
    context.open = outer


def _lay_out_prefix(node: Node, run: OperatorRun, todo: list[_Item], context: SwiftContext) -> None:
    operator, target = node.children[0], node.children[-1]
    if operator.kind_id in _DOT:
        context.implicit = target.start_byte
    else:
        op = {"&": "address"}.get(text := context.text(operator), text)
        run.pending.append((op, operator.start_byte - context.base))
    todo.append(target)


def _lay_out_effect(node: Node, run: OperatorRun, todo: list[_Item], context: SwiftContext) -> None:
    op, start = context.text(node.children[0]), node.start_byte - context.base
    value = node.children[-1]
    if run.items or run.pending:  # `a ?? try b`
        tried = context.expr(value)
        run.push(Operator(start, tried.end, op, (tried,)))
    else:
        run.effects.append((op, start))
        todo.append(value)


def _lay_out_open_range(node: Node, run: OperatorRun, todo: list[_Item], context: SwiftContext) -> None:
    first, last = node.children[0], node.children[-1]
    if first.is_named:  # `a...`
        todo += (Postfix(context.text(last), node.end_byte - context.base), first)
    else:
        run.pending.append((context.text(first), node.start_byte - context.base))
        todo.append(last)
