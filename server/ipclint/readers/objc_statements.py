"""Objective-C and C statements: one handler a kind. Expressions as statements become Evaluate."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tree_sitter import Node

from ipclint.model.ir import (
    Assign,
    Block,
    Call,
    Case,
    Cast,
    Catch,
    Do,
    Evaluate,
    Expr,
    If,
    Jump,
    Label,
    Let,
    Loop,
    Name,
    Return,
    Stmt,
    Switch,
    Throw,
)
from ipclint.readers.objc_syntax import (
    COMPOUND,
    DECLARATORS,
    GRAMMAR,
    NAMES,
    ObjcContext,
    base_text,
    declarators,
    declared,
)

_kinds = GRAMMAR.kinds
_CASE = _kinds("case_statement")
_CATCH = _kinds("catch_clause")
_FINALLY = _kinds("finally_clause")
_TYPE_NAME = _kinds("type_name")
_ELSE = _kinds("else_clause")
_IN = _kinds("in")
_TYPE_BEFORE = re.compile(r"(?:static\s+|const\s+|thread_local\s+)*[A-Za-z_][\w:]*(?:<[^;{}()]*>)?[\s*&]*")


@GRAMMAR.executes("declaration")
def declaration(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    """One Let a declarator; a declaration of a function says nothing here."""
    out: list[Stmt] = []
    base = base_text(node, context)
    for kid in declarators(node):
        what = declared(kid, base, context)
        if what.function is not None or not what.name:
            continue
        value = context.expr(what.value) if what.value is not None else None
        out.append(Let(*context.bounds(kid if out else node), _names(what.name), what.type, value, what.mutable))
    return out


def _names(text: str) -> tuple[str, ...]:
    """One name, or those of C++'s `auto [a, b] = …`, which the mask makes a name of."""
    return tuple(part.strip() for part in text.strip("[]").split(",")) if text.startswith("[") else (text,)


@GRAMMAR.executes("expression_statement")
def expression_statement(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    kids = context.kids(node)
    if not kids:
        return ()
    value = context.expr(kids[0])
    start, end = context.bounds(node)
    if isinstance(value, Cast) and value.type == "void":
        return (Evaluate(start, end, value.value, True),)
    if isinstance(value, Call) and value.target is None and (type_text := _type_before(node, context)):
        return (_constructed(value, type_text, start, end),)
    return (Evaluate(start, end, value),)


def _constructed(call: Call, type_text: str, start: int, end: int) -> Let:
    """C++'s `T name(args);`, of which the mask leaves `name(args);`."""
    made = Call(call.start, call.end, None, type_text.partition("<")[0], call.labels, call.args, call.start)
    return Let(start, end, (call.name,), type_text, made, True)


def _type_before(node: Node, context: ObjcContext) -> str:
    """The type that the mask blanked before a C++ declaration; "" when nothing of the kind stands there."""
    at, source = node.start_byte - 1, context.source
    while at >= 0 and source[at] in " \t":
        at -= 1
    if at < 0 or not (source[at].isalnum() or source[at] in "_>*&"):
        return ""
    before = node.prev_sibling
    start = before.end_byte if before is not None else at
    text = source[start : node.start_byte].strip()
    return context.type(start, node.start_byte) if _TYPE_BEFORE.fullmatch(text) and not text.isupper() else ""


@GRAMMAR.executes("compound_statement")
def compound(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    return (Do(*context.bounds(node), context.braces(node), ()),)


@GRAMMAR.executes("synchronized_statement")
def synchronized(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    *locks, body = context.kids(node)
    values = tuple(Evaluate(lock.start, lock.end, lock) for lock in context.exprs(locks))
    return (*values, Do(*context.bounds(node), context.braces(body), ()))


@GRAMMAR.executes("if_statement")
def if_statement(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    condition, then, *rest = context.kids(node)
    conditions = (_condition(condition, context),)
    return (If(*context.bounds(node), conditions, context.braces(then), _else(rest, context)),)


def _condition(node: Node, context: ObjcContext) -> Expr | Let:
    """A condition without its parentheses; C++'s `if (T name = value)` is a Let."""
    value = context.expr(node)
    if isinstance(value, Assign) and value.op == "=" and isinstance(value.target, Name):
        opened = context.source[node.start_byte + 1 : value.start + context.base].strip()
        if opened and _TYPE_BEFORE.fullmatch(opened):
            return Let(value.start, value.end, (value.target.text,), opened, value.value, True)
    return value


def _else(rest: Sequence[Node], context: ObjcContext) -> Block:
    """What follows the first branch: `else`, and its statement."""
    kids = [part for kid in rest for part in (context.kids(kid) if kid.kind_id in _ELSE else (kid,))]
    return context.braces(kids[0]) if len(kids) == 1 else context.block(kids)


@GRAMMAR.executes("while_statement")
def while_statement(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    condition, body = context.kids(node)
    header = (context.expr(condition),)
    return (Loop(*context.bounds(node), "while", (), None, header, context.braces(body)),)


@GRAMMAR.executes("do_statement")
def do_statement(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    body, condition = context.kids(node)
    inside = context.braces(body)
    return (Loop(*context.bounds(node), "repeat", (), None, (context.expr(condition),), inside),)


_SAY_NOTHING = ("id", "auto", "__auto_type", "instancetype")


def _declared_type(node: Node, context: ObjcContext) -> str:
    type = node.child_by_field_name("type")
    return context.text(type) if type is not None else ""


@GRAMMAR.executes("for_statement")
def for_statement(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    """`for (a; b; c)`; `for (T x in xs)`, which has no fields but a type; C++'s `for (T x : xs)`."""
    kids = context.kids(node)
    opening = next((at for at, kid in enumerate(node.children) if kid.kind_id in _IN), None)
    if opening is not None:
        before = [kid for kid in node.children[:opening] if kid.kind_id in DECLARATORS or kid.kind_id in NAMES]
        what = declared(before[-1], _declared_type(node, context), context) if before else None
        names = _names(what.name) if what is not None else ()
        type = what.type if what is not None and not what.type.startswith(_SAY_NOTHING) else ""
        body = context.braces(kids[-1])
        return (Loop(*context.bounds(node), "for-in", names, context.expr(kids[-2]), (), body, type),)
    header: list[Expr | Stmt] = []
    for field in ("initializer", "condition", "update"):
        part = node.child_by_field_name(field)
        if part is not None:
            header.extend(context.statements(part) if field == "initializer" else (context.expr(part),))
    body = context.braces(kids[-1])
    first = node.child_by_field_name("initializer")
    if first is not None and ":" in context.source[first.end_byte - 1 : first.end_byte + 1]:
        over, sequence = header[0], header[-1]
        if isinstance(over, Let) and not isinstance(sequence, Stmt):
            return (Loop(*context.bounds(node), "for-in", over.names, sequence, (), body),)
    return (Loop(*context.bounds(node), "for", (), None, tuple(header), body),)


@GRAMMAR.executes("switch_statement")
def switch(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    subject, body = context.kids(node)
    cases = tuple(_case(kid, context) for kid in context.kids(body) if kid.kind_id in _CASE)
    return (Switch(*context.bounds(node), context.expr(subject), cases, True),)


def _case(node: Node, context: ObjcContext) -> Case:
    value = node.child_by_field_name("value")
    rest = [kid for kid in node.named_children if kid != value]
    patterns = (context.expr(value),) if value is not None else ()
    return Case(*context.bounds(node), patterns, (), None, context.run(rest, node.start_byte, node.end_byte))


@GRAMMAR.executes("return_statement")
def return_statement(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    kids = context.kids(node)
    return (Return(*context.bounds(node), context.expr(kids[0]) if kids else None),)


@GRAMMAR.executes("throw_statement")
def throw(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    kids = context.kids(node)
    return (Throw(*context.bounds(node), context.expr(kids[0]) if kids else None),)


@GRAMMAR.executes("break_statement", "continue_statement", "goto_statement")
def jump(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    label = node.child_by_field_name("label")
    return (Jump(*context.bounds(node), node.type.partition("_")[0], context.text(label) if label is not None else ""),)


@GRAMMAR.executes("labeled_statement")
def labeled(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    label, *rest = context.kids(node)
    return (Label(*context.bounds(label), context.text(label)), *context.block(rest))


@GRAMMAR.executes("try_statement")
def try_statement(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    body: Block = ()
    lastly: Block = ()
    catches: list[Catch] = []
    for kid in context.kids(node):
        if kid.kind_id in COMPOUND:
            body = context.braces(kid)
        elif kid.kind_id in _CATCH:
            catches.append(_catch(kid, context))
        elif kid.kind_id in _FINALLY:
            lastly = tuple(s for part in context.kids(kid) for s in context.braces(part))
    return (Do(*context.bounds(node), body, tuple(catches), lastly),)


def _catch(node: Node, context: ObjcContext) -> Catch:
    """`@catch (NSException *e) { … }`; the type and the name share a node."""
    *heads, body = context.kids(node)
    bind, type_text = "", ""
    for head in heads:
        if head.kind_id in _TYPE_NAME:
            named = next(iter(declarators(head)), None)
            what = declared(named, "", context) if named is not None else None
            end = named.start_byte if named is not None else head.end_byte
            bind = what.name if what is not None else ""
            type_text = context.type(head.start_byte, end)
    return Catch(*context.bounds(node), bind, type_text, context.braces(body))


@GRAMMAR.executes("type_definition", "struct_specifier", "enum_specifier", "union_specifier")
def nothing(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    """Types in a body run nothing."""
    return ()


@GRAMMAR.executes("function_definition")
def braced_macro(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    """C has no functions in functions: what reads like one is a macro before braces, `FOR_EACH(x, list) { … }`."""
    body = node.child_by_field_name("body")
    return (Do(*context.bounds(node), context.braces(body), ()),) if body is not None else ()


@GRAMMAR.executes("attributed_statement")
def attributed(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    return context.block(kid for kid in context.kids(node) if not kid.type.startswith("attribute"))
