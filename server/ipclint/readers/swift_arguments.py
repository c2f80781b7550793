"""The arguments of Swift calls, and closures."""

from __future__ import annotations

from tree_sitter import Node

from ipclint.model.ir import Block, Closure, Expr, Let, Name, Param, Stmt
from ipclint.readers.swift_syntax import GRAMMAR, IDENTIFIERS, STATEMENTS, SwiftContext, plain

_kinds = GRAMMAR.kinds
_LAMBDA = _kinds("lambda_literal")
_ARGUMENTS = _kinds("value_arguments")
_ARGUMENT = _kinds("value_argument")
_LABEL = _kinds("value_argument_label")
_CAPTURES = _kinds("capture_list")
_SIGNATURE = _kinds("lambda_function_type")
_PARAMETERS = _kinds("lambda_function_type_parameters")
_OWNERSHIP = _kinds("ownership_modifier")
_COLON = _kinds(":")
_IN = _kinds("in")


def arguments(suffix: Node, context: SwiftContext) -> tuple[tuple[str, ...], tuple[Expr, ...], bool]:
    """Labels and values of a call suffix, and whether it is a subscript."""
    start = suffix.start_byte
    if suffix.end_byte - start == 2 and context.source[start] == "(":
        return (), (), False
    labels: list[str] = []
    args: list[Expr] = []
    is_subscript = False
    label = "{"
    for part in suffix.children:
        kind = part.kind_id
        if kind in _ARGUMENTS:
            is_subscript = context.source[part.start_byte] == "["
            for argument in part.children:
                if argument.kind_id in _ARGUMENT:
                    key, value = _argument(argument, context)
                    labels.append(key)
                    args.append(value)
        elif kind in _LAMBDA:
            labels.append(label)
            args.append(context.expr(part))
        elif kind in IDENTIFIERS:
            label = plain(context.text(part))
    return tuple(labels), tuple(args), is_subscript


def _argument(node: Node, context: SwiftContext) -> tuple[str, Expr]:
    parts = node.children
    value = parts[-1]
    if not value.is_named:  # an operator as a function: `reduce(0, +)`
        return "", Name(*context.bounds(value), context.text(value))
    if len(parts) == 1:
        return "", context.expr(value)
    label = parts[0]
    if value.kind_id in context.grammar.silent:
        value = context.kids(node)[-1]
    return plain(context.text(label)) if label.kind_id in _LABEL else "", context.expr(value)


@GRAMMAR.lowers("lambda_literal")
def closure(node: Node, context: SwiftContext) -> Expr:
    start, end = node.start_byte, node.end_byte
    captures: list[str] = []
    bound: list[Stmt] = []
    params: tuple[Param, ...] = ()
    body: Block = ()
    opens = start + 1
    for kid in node.children:
        kind = kid.kind_id
        if kind in STATEMENTS:
            body = context.run(kid.named_children, start, end)
        elif kind in _CAPTURES:
            for item in context.kids(kid):
                captures.append(_capture(item, bound, context))
        elif kind in _SIGNATURE:
            params = _closure_params(kid, context)
        elif kind in _IN:
            opens = kid.end_byte
    base = context.base
    return Closure(start - base, end - base, params, tuple(captures), (*bound, *body), opens - base)


def _capture(item: Node, bound: list[Stmt], context: SwiftContext) -> str:
    """The name captured; `[x = f()]` also binds it at the start of the closure."""
    name, *value = [part for part in context.kids(item) if part.kind_id not in _OWNERSHIP] or [item]
    text = plain(context.name(name))
    if value:
        start, end = context.bounds(item)
        bound.append(Let(start, end, (text,), "", context.expr(value[0]), mutable=False))
    return text


def _closure_params(signature: Node, context: SwiftContext) -> tuple[Param, ...]:
    params: list[Param] = []
    for part in signature.named_children:
        if part.kind_id in _PARAMETERS:
            for parameter in context.kids(part):
                names = [kid for kid in parameter.named_children if kid.kind_id in IDENTIFIERS]
                colon = next((kid.end_byte for kid in parameter.children if kid.kind_id in _COLON), 0)
                type_text = context.type_slice(colon, parameter.end_byte) if colon else ""
                start, end = context.bounds(parameter)
                params.append(Param(start, end, "", plain(context.text(names[-1])) if names else "", type_text))
    return tuple(params)
