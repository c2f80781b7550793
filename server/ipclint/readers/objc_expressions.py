"""Objective-C and C expressions: one handler a kind. The parts that a kind always has are taken by their place."""

from __future__ import annotations

from tree_sitter import Node

from ipclint.model.ir import (
    Assign,
    Availability,
    Cast,
    Collection,
    Expr,
    Literal,
    Name,
    Opaque,
    Operator,
    walk,
)
from ipclint.readers.lowering import ERROR
from ipclint.readers.objc_strings import string_value
from ipclint.readers.objc_syntax import GRAMMAR, ObjcContext

MAX_CHAIN = 50
"""How many operators in a row keep their order; people write ten."""

_kinds = GRAMMAR.kinds
_PAIR = _kinds("dictionary_pair", "initializer_pair")
_BINARY = _kinds("binary_expression")
_COMMAS = _kinds("comma_expression")
_SILENT = GRAMMAR.silent
_CONSTANTS = {
    "YES": ("bool", "true"),
    "TRUE": ("bool", "true"),
    "NO": ("bool", "false"),
    "FALSE": ("bool", "false"),
    "nil": ("nil", "nil"),
    "Nil": ("nil", "nil"),
    "NULL": ("nil", "nil"),
    "nullptr": ("nil", "nil"),
}
_EXPONENT = frozenset("eEfF")


@GRAMMAR.lowers("identifier", "field_identifier", "type_identifier", "statement_identifier")
def name(node: Node, context: ObjcContext) -> Expr:
    start, end, base = node.start_byte, node.end_byte, context.base
    text = context.source[start:end]
    if (constant := _CONSTANTS.get(text)) is not None:
        return Literal(start - base, end - base, *constant)
    if not text.isascii():
        text = context.text(node)
    context.mentions.add(text)
    return Name(start - base, end - base, text)


@GRAMMAR.lowers("true", "false")
def boolean(node: Node, context: ObjcContext) -> Expr:
    return Literal(*context.bounds(node), "bool", node.type)


@GRAMMAR.lowers("null")
def null(node: Node, context: ObjcContext) -> Expr:
    return Literal(*context.bounds(node), "nil", "nil")


@GRAMMAR.lowers("number_literal", "version_number")
def number(node: Node, context: ObjcContext) -> Expr:
    start, end, base = node.start_byte, node.end_byte, context.base
    text = context.source[start:end]
    is_float = not text.isdigit() and ("." in text or (text[:2] not in ("0x", "0X") and not _EXPONENT.isdisjoint(text)))
    return Literal(start - base, end - base, "float" if is_float else "int", text)


@GRAMMAR.lowers("char_literal")
def character(node: Node, context: ObjcContext) -> Expr:
    return Literal(*context.bounds(node), "int", context.text(node))


@GRAMMAR.lowers("string_literal", "concatenated_string")
def string(node: Node, context: ObjcContext) -> Expr:
    start = node.start_byte
    value = string_value(context.source[start : node.end_byte], start - context.base)
    context.mentions.update(part.text for part in walk(value) if isinstance(part, Name))
    return value


# ── operators ────────────────────────────────────────────────────────────────────────────────────────────────────────


@GRAMMAR.lowers("binary_expression")
def binary(node: Node, context: ObjcContext) -> Expr:
    """A chain like `a || b || c` nests to the left, as deep as it is long: so the left side is a loop, and its length
    counts as depth. One too long for that is flat: its operands without their operators.
    """
    chain: list[tuple[Node, Node, Node]] = []
    left = node
    while left.kind_id in _BINARY:
        outer = left
        left, operator, right = _operands(outer)
        chain.append((outer, operator, right))
    if len(chain) > MAX_CHAIN:
        operands = (left, *(right for _, _, right in reversed(chain)))
        return Opaque(*context.bounds(node), node.type, context.exprs(operands))
    with context.deeper(len(chain) - 1):
        value = context.expr(left)
        for outer, operator, right in reversed(chain):
            value = Operator(*context.bounds(outer), context.text(operator), (value, context.expr(right)))
    return value


def _operands(node: Node) -> tuple[Node, Node, Node]:
    kids = node.children
    if len(kids) != 3:
        kids = [kid for kid in kids if kid.kind_id not in _SILENT and kid.kind_id != ERROR]
    return kids[0], kids[1], kids[2]


@GRAMMAR.lowers("unary_expression", "pointer_expression", "update_expression")
def unary(node: Node, context: ObjcContext) -> Expr:
    first, *_, last = node.children
    operand, text = (first, last.type) if first.is_named else (last, first.type)
    if node.type == "pointer_expression":
        text = "address" if text == "&" else "dereference"
    return Operator(*context.bounds(node), text, (context.expr(operand),))


@GRAMMAR.lowers("conditional_expression")
def conditional(node: Node, context: ObjcContext) -> Expr:
    """`a ?: b` reads `a ? a : b`."""
    first, *rest = context.exprs(context.kids(node))
    return Operator(*context.bounds(node), "?:", (first, rest[0] if len(rest) > 1 else first, rest[-1]))


@GRAMMAR.lowers("assignment_expression")
def assignment(node: Node, context: ObjcContext) -> Expr:
    left, operator, right = _operands(node)
    return Assign(*context.bounds(node), context.expr(left), context.text(operator), context.expr(right))


@GRAMMAR.lowers("comma_expression")
def comma(node: Node, context: ObjcContext) -> Expr:
    return Operator(*context.bounds(node), ",", context.exprs(_listed(node, context)))


def _listed(node: Node, context: ObjcContext) -> list[Node]:
    """The operands of a chain of commas, which nests to the right."""
    found: list[Node] = []
    while node.kind_id in _COMMAS:
        *before, node = context.kids(node)
        found += before
    return [*found, node]


@GRAMMAR.lowers("range_expression")
def range_of(node: Node, context: ObjcContext) -> Expr:
    return Operator(*context.bounds(node), "...", context.exprs(context.kids(node)))


@GRAMMAR.lowers("cast_expression", "compound_literal_expression")
def cast(node: Node, context: ObjcContext) -> Expr:
    """`(T)x`, `(__bridge T)x`, `(T){ … }`."""
    type_node, *_, value = context.kids(node)
    return Cast(*context.bounds(node), "c", context.expr(value), context.node_type(type_node))


@GRAMMAR.lowers("parenthesized_expression", "at_expression", "extension_expression")
def transparent(node: Node, context: ObjcContext) -> Expr:
    """`(x)` and `@(x)` are x. Where the source has braces, the mask gave C++'s `{a, b}` parentheses."""
    kids = context.kids(node)
    if context.source[node.start_byte] == "{" and kids:
        return Collection(*context.bounds(node), "array", context.exprs(_listed(kids[0], context)))
    if len(kids) != 1:
        return Opaque(*context.bounds(node), node.type, context.exprs(kids))
    return context.expr(kids[0])


@GRAMMAR.lowers("available_expression")
def available(node: Node, context: ObjcContext) -> Expr:
    raw = context.text(node)
    inner = raw[raw.find("(") + 1 : raw.rfind(")")]
    platforms = [part.split() for part in inner.split(",") if part.strip() and part.strip() != "*"]
    return Availability(*context.bounds(node), tuple((p[0], p[1] if len(p) > 1 else "") for p in platforms))


# ── collections ──────────────────────────────────────────────────────────────────────────────────────────────────────


@GRAMMAR.lowers("array_literal")
def array(node: Node, context: ObjcContext) -> Expr:
    return Collection(*context.bounds(node), "array", context.exprs(context.kids(node)))


@GRAMMAR.lowers("dictionary_literal")
def dictionary(node: Node, context: ObjcContext) -> Expr:
    items: list[Expr] = []
    for pair in context.kids(node):
        items.extend(context.exprs(context.kids(pair)) if pair.kind_id in _PAIR else (context.expr(pair),))
    return Collection(*context.bounds(node), "dictionary", tuple(items))


@GRAMMAR.lowers("initializer_list")
def initializer_list(node: Node, context: ObjcContext) -> Expr:
    """`{ a, .b = c }`; designators are left out."""
    items = [kid.child_by_field_name("value") or kid if kid.kind_id in _PAIR else kid for kid in context.kids(node)]
    return Collection(*context.bounds(node), "array", context.exprs(items))


@GRAMMAR.lowers(
    "type_descriptor", "type_name", "generic_specifier", "typedefed_specifier", "primitive_type", "struct_specifier"
)
def type_as_value(node: Node, context: ObjcContext) -> Expr:
    """A type where a value is expected, as in `sizeof(T)` and in the arguments of macros."""
    return Name(*context.bounds(node), context.node_type(node))
