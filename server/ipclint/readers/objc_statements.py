"""Objective-C and C statements: one handler a kind. Expressions as statements become Evaluate."""

from __future__ import annotations

from collections.abc import Sequence

from tree_sitter import Node

from ipclint.model.ir import (
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
    TYPES,
    ObjcContext,
    base_text,
    declared,
    plain_type,
)

_kinds = GRAMMAR.kinds
_CASE = _kinds("case_statement")
_CATCH = _kinds("catch_clause")
_FINALLY = _kinds("finally_clause")
_PARENTHESIZED = _kinds("parenthesized_expression")
_TYPE_NAME = _kinds("type_name")


@GRAMMAR.executes("declaration")
def declaration(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    """One Let a declarator; a declaration of a function says nothing here."""
    out: list[Stmt] = []
    type_text = base_text(node, context)
    constant = "const" in type_text.split()
    for kid in node.named_children:
        if kid.kind_id not in DECLARATORS and kid.kind_id not in NAMES:
            continue
        what = declared(kid, type_text, context)
        if what.function is not None or not what.name:
            continue
        value = context.expr(what.value) if what.value is not None else None
        mutable = not constant and "const" not in context.text(kid).partition("=")[0].split()
        out.append(Let(*context.bounds(kid if out else node), (what.name,), what.type, value, mutable))
    return out


@GRAMMAR.executes("expression_statement")
def expression_statement(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    kids = context.kids(node)
    if not kids:
        return ()
    value = context.expr(kids[0])
    discarded = isinstance(value, Cast) and value.type == "void"
    start, end = context.bounds(node)
    return (Evaluate(start, end, value.value if discarded and isinstance(value, Cast) else value, discarded),)


@GRAMMAR.executes("compound_statement")
def compound(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    return (Do(*context.bounds(node), context.braces(node), ()),)


@GRAMMAR.executes("synchronized_statement")
def synchronized(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    *locks, body = context.kids(node)
    start, end = context.bounds(node)
    values = tuple(Evaluate(lock.start, lock.end, lock) for lock in context.exprs(locks))
    return (*values, Do(start, end, context.braces(body), ()))


@GRAMMAR.executes("if_statement")
def if_statement(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    condition, then = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
    otherwise = node.child_by_field_name("alternative")
    if condition is None or then is None:
        raise ValueError("an if without its parts")
    return (
        If(*context.bounds(node), (_condition(condition, context),), context.braces(then), _else(otherwise, context)),
    )


def _condition(node: Node, context: ObjcContext) -> Expr:
    return context.expr(node)


def _else(node: Node | None, context: ObjcContext) -> tuple[Stmt, ...]:
    if node is None:
        return ()
    kids = context.kids(node) if node.type == "else_clause" else [node]
    return context.braces(kids[0]) if len(kids) == 1 else context.block(kids)


@GRAMMAR.executes("while_statement", "do_statement")
def while_statement(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    condition, body = node.child_by_field_name("condition"), node.child_by_field_name("body")
    header = (context.expr(condition),) if condition is not None else ()
    kind = "repeat" if node.type == "do_statement" else "while"
    return (Loop(*context.bounds(node), kind, (), None, header, context.braces(body) if body is not None else ()),)


@GRAMMAR.executes("for_statement")
def for_statement(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    """`for (a; b; c)`, or `for (T x in xs)`, which has no fields but a type."""
    if any(kid.type == "in" for kid in node.children):
        return (_for_in(node, context),)
    header: list[Expr | Stmt] = []
    for field in ("initializer", "condition", "update"):
        part = node.child_by_field_name(field)
        if part is not None:
            header.extend(context.statements(part) if field == "initializer" else (context.expr(part),))
    body = node.child_by_field_name("body")
    return (
        Loop(*context.bounds(node), "for", (), None, tuple(header), context.braces(body) if body is not None else ()),
    )


def _for_in(node: Node, context: ObjcContext) -> Loop:
    kids = context.kids(node)
    at = next(index for index, kid in enumerate(node.children) if kid.type == "in")
    before = [
        kid for kid in node.children[:at] if kid.is_named and (kid.kind_id in DECLARATORS or kid.kind_id in NAMES)
    ]
    after = [kid for kid in node.children[at + 1 :] if kid.is_named and kid.kind_id not in GRAMMAR.silent]
    name = declared(before[-1], "", context).name if before else ""
    sequence = context.expr(after[0]) if after else None
    body = context.braces(kids[-1]) if len(after) > 1 else ()
    return Loop(*context.bounds(node), "for-in", (name,), sequence, (), body)


@GRAMMAR.executes("switch_statement")
def switch(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    subject, body = node.child_by_field_name("condition"), node.child_by_field_name("body")
    if subject is None or body is None:
        raise ValueError("a switch without its parts")
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
    label = node.child_by_field_name("label")
    rest = [kid for kid in context.kids(node) if kid != label]
    name = context.text(label) if label is not None else ""
    return (Label(*context.bounds(label or node), name), *context.block(rest))


@GRAMMAR.executes("try_statement")
def try_statement(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    body: tuple[Stmt, ...] = ()
    lastly: tuple[Stmt, ...] = ()
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
    kids = context.kids(node)
    body = next((kid for kid in kids if kid.kind_id in COMPOUND), None)
    bind, type_text = "", ""
    head = next((kid for kid in kids if kid.kind_id in _TYPE_NAME), None)
    if head is not None:
        named = next((kid for kid in head.named_children if kid.kind_id in DECLARATORS or kid.kind_id in NAMES), None)
        typed = next((kid for kid in head.named_children if kid.kind_id in TYPES), None)
        type_text = plain_type(context.type_text(typed))
        bind = declared(named, "", context).name if named is not None else ""
    return Catch(*context.bounds(node), bind, type_text, context.braces(body) if body is not None else ())


@GRAMMAR.executes("type_definition", "struct_specifier", "enum_specifier", "union_specifier", "function_definition")
def nothing(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    """Types and nested functions in a body run nothing."""
    return ()


@GRAMMAR.executes("attributed_statement")
def attributed(node: Node, context: ObjcContext) -> Sequence[Stmt]:
    return context.block(kid for kid in context.kids(node) if not kid.type.startswith("attribute"))
