"""Swift statements: one handler a kind. Expressions as statements need none: they become Evaluate."""

from __future__ import annotations

from collections.abc import Sequence

from tree_sitter import Node

from ipclint.model.ir import (
    Assign,
    Block,
    Case,
    Cast,
    Catch,
    Defer,
    Do,
    Evaluate,
    Expr,
    Guard,
    If,
    Jump,
    Label,
    Let,
    Local,
    Loop,
    Name,
    Opaque,
    Operator,
    Return,
    Stmt,
    Switch,
    Throw,
)
from ipclint.readers.swift_expressions import operand
from ipclint.readers.swift_parameters import parameters
from ipclint.readers.swift_patterns import BINDING, Pattern, bound_names, lower_pattern
from ipclint.readers.swift_syntax import GRAMMAR, IDENTIFIERS, STATEMENTS, SwiftContext, plain
from ipclint.readers.swift_variables import annotation, declared_variables

_kinds = GRAMMAR.kinds
_IF = _kinds("if_statement")
_ELSE = _kinds("else")
_PATTERN = _kinds("pattern")
_TYPE_ANNOTATION = _kinds("type_annotation")
_WHERE_KEYWORD = _kinds("where_keyword")
_WHERE_CLAUSE = _kinds("where_clause")
_SWITCH_ENTRY = _kinds("switch_entry")
_SWITCH_PATTERN = _kinds("switch_pattern")
_CATCH = _kinds("catch_block")
_THROW = _kinds("throw_keyword")
_LAMBDA = _kinds("lambda_literal")
_BODY = _kinds("function_body")
_OPEN, _COMMA, _EQUAL, _PAREN, _END_PAREN = (_kinds(token) for token in "{,=()")


# ── declarations ─────────────────────────────────────────────────────────────────────────────────────────────────────


@GRAMMAR.executes("property_declaration")
def local_variables(node: Node, context: SwiftContext) -> Sequence[Stmt]:
    """One Let a pattern; a local computed property is a Local without parameters."""
    out: list[Stmt] = []
    for declared in declared_variables(node, context):
        start = declared.start - context.base
        end = declared.end - context.base
        if declared.accessors is not None and declared.value is None:
            parts = declared.accessors.named_children
            body = context.body(declared.accessors) or tuple([s for part in parts for s in context.body(part)])
            out.append(Local(start, end, declared.names[0] if declared.names else "", (), body))
            continue
        value = context.expr(declared.value) if declared.value else None
        out.append(Let(start, end, declared.names, declared.type, value, declared.mutable))
    return out


@GRAMMAR.executes("function_declaration")
def local_function(node: Node, context: SwiftContext) -> Sequence[Stmt]:
    start, end = context.bounds(node)
    name = next((kid for kid in node.named_children if kid.kind_id in IDENTIFIERS), None)
    body = next((context.body(kid) for kid in node.named_children if kid.kind_id in _BODY), ())
    return (Local(start, end, plain(context.text(name)) if name else "", parameters(node, context), body),)


@GRAMMAR.executes("class_declaration", "protocol_declaration")
def local_type(node: Node, context: SwiftContext) -> Sequence[Stmt]:
    context.types.append(node)
    return ()


@GRAMMAR.executes("typealias_declaration", "import_declaration", "precedence_group_declaration", "macro_declaration")
def nothing(node: Node, context: SwiftContext) -> Sequence[Stmt]:
    return ()


# ── conditions ───────────────────────────────────────────────────────────────────────────────────────────────────────


def conditions(parts: Sequence[Node], context: SwiftContext) -> tuple[Expr | Let, ...]:
    """The conditions of `if`, `guard` and `while` from the flat run of nodes and tokens between keyword and brace."""
    out: list[Expr | Let] = []
    group: list[Node] = []
    depth = 0
    for part in parts:
        kind = part.kind_id
        if kind in _COMMA and depth == 0:
            out += _condition(group, context)
            group = []
            continue
        depth += (kind in _PAREN) - (kind in _END_PAREN)
        if kind not in context.grammar.silent:
            group.append(part)
    return (*out, *_condition(group, context))


def _condition(group: list[Node], context: SwiftContext) -> Sequence[Expr | Let]:
    if not group:
        return ()
    is_case = group[0].type == "case"
    if not is_case and group[0].kind_id not in BINDING:
        return context.exprs(part for part in group if part.is_named)
    equal = next((index for index, part in enumerate(group) if part.kind_id in _EQUAL), len(group))
    left, right = group[:equal], group[equal + 1 :]
    value = context.expr(right[-1]) if right else None
    start, end = group[0].start_byte - context.base, group[-1].end_byte - context.base
    mutable = any(part.kind_id in BINDING and context.text(part) == "var" for part in left)
    if not is_case:
        return (_optional_binding(left, value, mutable, start, end, context),)
    pattern = Pattern(context)
    matched = pattern.lower(left)
    if pattern.type and value is not None:
        value = Cast(value.start, value.end, "as?" if pattern.binds else "is", value, pattern.type)
        if not pattern.binds:
            return (value,)
    if pattern.binds or value is None:
        return (Let(start, end, tuple(pattern.binds), "", value, mutable),)
    return (Operator(start, end, "~=", (matched, value)),)


def _optional_binding(
    left: list[Node], value: Expr | None, mutable: bool, start: int, end: int, context: SwiftContext
) -> Let:
    type_text = next((annotation(part, context) for part in left if part.kind_id in _TYPE_ANNOTATION), "")
    pattern = Pattern(context)
    pattern.lower([part for part in left if part.kind_id not in _TYPE_ANNOTATION], is_binding=True)
    if value is None and len(left) > 1:  # `if let x`
        value = context.expr(left[1])
    return Let(start, end, tuple(pattern.binds), type_text, value, mutable)


# ── control flow ─────────────────────────────────────────────────────────────────────────────────────────────────────


@GRAMMAR.executes("if_statement")
def if_(node: Node, context: SwiftContext) -> Sequence[Stmt]:
    start, end = context.bounds(node)
    parts = node.children
    header = _until_brace(parts)
    blocks: list[Block] = []
    is_else = False
    opened = node.start_byte
    for index, part in enumerate(parts[len(header) :], len(header)):
        kind = part.kind_id
        if kind in _OPEN:
            opened = part.start_byte
            blocks.append(())
        elif kind in STATEMENTS and blocks:
            closing = parts[index + 1].start_byte if index + 1 < len(parts) else node.end_byte
            blocks[-1] = context.run(part.named_children, opened, closing)
        elif kind in _IF and is_else:
            blocks.append(tuple(context.statements(part)))
        elif kind in _ELSE:
            is_else = True
    then = blocks[0] if blocks else ()
    return (If(start, end, conditions(header[1:], context), then, blocks[1] if len(blocks) > 1 else ()),)


def _until_brace(parts: list[Node]) -> list[Node]:
    for index, part in enumerate(parts):
        if part.kind_id in _OPEN:
            return parts[:index]
    return parts


@GRAMMAR.executes("guard_statement")
def guard(node: Node, context: SwiftContext) -> Sequence[Stmt]:
    header = [part for part in _until_brace(node.children)[1:] if part.kind_id not in _ELSE]
    return (Guard(*context.bounds(node), conditions(header, context), context.body(node)),)


@GRAMMAR.executes("switch_statement")
def switch(node: Node, context: SwiftContext) -> Sequence[Stmt]:
    start, end = context.bounds(node)
    parts = context.kids(node)
    subject = next((part for part in parts if part.kind_id not in _SWITCH_ENTRY), None)
    lowered = context.expr(subject) if subject else Name(start, start, "")
    cases = tuple([_case(part, context) for part in parts if part.kind_id in _SWITCH_ENTRY])
    return (Switch(start, end, lowered, cases, falls_through=False),)


def _case(node: Node, context: SwiftContext) -> Case:
    patterns: list[Expr] = []
    binds: list[str] = []
    where: Expr | None = None
    body: Block = ()
    after_where = False
    for part in node.children:
        kind = part.kind_id
        if kind in _SWITCH_PATTERN:
            for pattern in context.kids(part):
                value, names, _ = lower_pattern(pattern, context)
                patterns.append(value)
                binds += names
        elif kind in _WHERE_KEYWORD:
            after_where = True
        elif kind in STATEMENTS:
            body += context.run(part.named_children, part.start_byte, node.end_byte)
        elif part.type == "fallthrough":
            body += (Jump(*context.bounds(part), "fallthrough", ""),)
        elif after_where and part.is_named and kind not in context.grammar.silent:
            where, after_where = context.expr(part), False
    return Case(*context.bounds(node), tuple(patterns), tuple(dict.fromkeys(binds)), where, body)


@GRAMMAR.executes("for_statement")
def for_(node: Node, context: SwiftContext) -> Sequence[Stmt]:
    binds: tuple[str, ...] = ()
    sequence: Expr | None = None
    header: list[Expr] = []
    is_after_in = False
    for part in _until_brace(node.children):
        kind = part.kind_id
        if kind in _PATTERN and not is_after_in:
            binds = bound_names(part, context)
        elif part.type == "in":
            is_after_in = True
        elif kind in _WHERE_CLAUSE:
            header.append(_where(part, context))
        elif is_after_in and part.is_named and kind not in context.grammar.silent:
            sequence = context.expr(part)
    return (Loop(*context.bounds(node), "for-in", binds, sequence, tuple(header), context.body(node)),)


def _where(node: Node, context: SwiftContext) -> Expr:
    return context.expr(context.kids(node)[-1])


@GRAMMAR.executes("while_statement")
def while_(node: Node, context: SwiftContext) -> Sequence[Stmt]:
    header = conditions(_until_brace(node.children)[1:], context)
    return (Loop(*context.bounds(node), "while", (), None, header, context.body(node)),)


@GRAMMAR.executes("repeat_while_statement")
def repeat(node: Node, context: SwiftContext) -> Sequence[Stmt]:
    parts = context.kids(node)
    header = context.exprs(parts[-1:] if parts and parts[-1].kind_id not in STATEMENTS else ())
    return (Loop(*context.bounds(node), "repeat", (), None, header, context.body(node)),)


@GRAMMAR.executes("do_statement")
def do(node: Node, context: SwiftContext) -> Sequence[Stmt]:
    catches = tuple([_catch(part, context) for part in node.named_children if part.kind_id in _CATCH])
    return (Do(*context.bounds(node), context.body(node), catches),)


def _catch(node: Node, context: SwiftContext) -> Catch:
    start, end = context.bounds(node)
    pattern = next((part for part in node.named_children if part.kind_id in _PATTERN), None)
    if pattern is None:
        return Catch(start, end, "error", "", context.body(node))
    value, binds, type_text = lower_pattern(pattern, context)
    if not type_text and not isinstance(value, Name):
        type_text = context.type_slice(pattern.start_byte, pattern.end_byte).removeprefix("let ").partition("(")[0]
    return Catch(start, end, binds[0] if binds else "", type_text, context.body(node))


@GRAMMAR.executes("control_transfer_statement")
def transfer(node: Node, context: SwiftContext) -> Sequence[Stmt]:
    start, end = context.bounds(node)
    keyword, *rest = [part for part in node.children if part.kind_id not in context.grammar.silent]
    value = rest[-1] if rest and rest[-1].is_named else None
    match context.text(keyword):
        case "return":
            return (Return(start, end, context.expr(value) if value else None),)
        case "throw":
            return (Throw(start, end, context.expr(value) if value else None),)
        case "break" | "continue" as kind:
            return (Jump(start, end, kind, context.text(value) if value else ""),)
        case _:  # yield
            return (Evaluate(start, end, context.expr(value)),) if value else ()


@GRAMMAR.executes("statement_label")
def label(node: Node, context: SwiftContext) -> Sequence[Stmt]:
    return (Label(*context.bounds(node), context.text(node).rstrip(": ")),)


@GRAMMAR.executes("call_expression")
def call_statement(node: Node, context: SwiftContext) -> Sequence[Stmt]:
    """A call; `defer { … }` is one to the grammar."""
    start = node.start_byte
    if context.source.startswith("defer", start) and (block := _deferred(node, context)):
        return (Defer(start - context.base, node.end_byte - context.base, context.body(block)),)
    value = operand(node, context)
    return (Evaluate(value.start, value.end, value),)


def _deferred(node: Node, context: SwiftContext) -> Node | None:
    callee, *suffix = context.kids(node)
    if callee.kind_id not in IDENTIFIERS or context.text(callee) != "defer" or not suffix:
        return None
    return next((part for part in suffix[0].named_children if part.kind_id in _LAMBDA), None)


@GRAMMAR.lowers("assignment")
def assignment(node: Node, context: SwiftContext) -> Expr:
    parts = [part for part in node.children if part.kind_id not in context.grammar.silent]
    target, operator, value = parts[0], parts[1], parts[-1]
    return Assign(*context.bounds(node), context.expr(target), context.text(operator), context.expr(value))


@GRAMMAR.executes("assignment", "try_expression", "await_expression")
def evaluate(node: Node, context: SwiftContext) -> Sequence[Stmt]:
    """`_ = f()` evaluates and discards."""
    value = context.expr(node)
    if isinstance(value, Assign) and isinstance(value.target, Name) and value.target.text == "_":
        return (Evaluate(value.start, value.end, value.value, discarded=True),)
    return (Evaluate(value.start, value.end, value),)


@GRAMMAR.executes("statements", "ERROR")
def statements(node: Node, context: SwiftContext) -> Sequence[Stmt]:
    """Statements inside an error stand where the error stands."""
    return context.block(node.named_children)


@GRAMMAR.lowers("if_statement", "switch_statement", "do_statement")
def statement_as_value(node: Node, context: SwiftContext) -> Expr:
    """`let x = if a { b } else { c }`: Opaque around the statement; each branch's last Evaluate is a value."""
    handler = GRAMMAR.statements[node.kind_id]
    return Opaque(*context.bounds(node), node.type, tuple(handler(node, context)) if handler else ())
