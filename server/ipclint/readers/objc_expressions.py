"""Objective-C and C expressions: one handler a kind. The parts that a kind always has are taken by their place."""

from __future__ import annotations

from tree_sitter import Node

from ipclint.model.ir import (
    Assign,
    Availability,
    Call,
    Cast,
    Closure,
    Collection,
    Expr,
    Literal,
    Member,
    Name,
    Opaque,
    Operator,
    Subscript,
)
from ipclint.readers.lowering import ERROR
from ipclint.readers.objc_strings import string_value
from ipclint.readers.objc_syntax import COMPOUND, GRAMMAR, NAMES, PARAMETERS, ObjcContext, parameters

_kinds = GRAMMAR.kinds
_PAIR = _kinds("dictionary_pair", "initializer_pair")
_BINARY = _kinds("binary_expression")
_LIST = _kinds("argument_list")
_SILENT = GRAMMAR.silent
_COLON = _kinds(":")
_BEFORE_ARGUMENT = _kinds(":", ",")
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
_CASTS = ("static_cast<", "reinterpret_cast<", "const_cast<", "dynamic_cast<", "bit_cast<", "std::bit_cast<")


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
    part = value = string_value(context.source[start : node.end_byte], start - context.base)
    while isinstance(part, Operator):
        part, named = part.operands
        if isinstance(named, Name):
            context.mentions.add(named.text)
    if isinstance(part, Name):
        context.mentions.add(part.text)
    return value


# ── calls ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@GRAMMAR.lowers("message_expression")
def message(node: Node, context: ObjcContext) -> Expr:
    """`[receiver part:arg part:arg, arg]`. A name is part of the selector unless it follows a colon or a comma."""
    receiver: Expr | None = None
    selector = ""
    args: list[Expr] = []
    name_start = 0
    is_argument = True
    source, base, expr = context.source, context.base, context.expr
    for kid in node.children[1:-1]:
        kind = kid.kind_id
        if kind in _BEFORE_ARGUMENT:
            is_argument = True
            if kind in _COLON:
                selector += ":"
        elif not is_argument and kind in NAMES:
            start = kid.start_byte
            name_start = name_start or start - base
            selector += source[start : kid.end_byte]
        elif kind not in _SILENT:
            value = expr(kid)
            if receiver is None:
                receiver = value
            else:
                args.append(value)
            is_argument = False
    selector = selector if selector.isascii() else selector.encode("latin-1").decode("utf-8", "replace")
    start, end = node.start_byte - base, node.end_byte - base
    if selector == "class" and isinstance(receiver, Name) and receiver.text[:1].isupper():
        return Literal(start, end, "class", receiver.text)
    context.mentions.add(selector)
    context.mentions.add(selector.partition(":")[0])
    return Call(start, end, receiver, selector, ("",) * len(args), tuple(args), name_start)


@GRAMMAR.lowers("call_expression")
def call(node: Node, context: ObjcContext) -> Expr:
    start, end = node.start_byte - context.base, node.end_byte - context.base
    function, *_, arguments = node.named_children
    callee = context.expr(function)
    if arguments.kind_id not in _LIST:
        return Call(start, end, callee, "", (), (), start)
    expr = context.expr
    args = tuple([expr(kid) for kid in arguments.named_children if kid.kind_id not in _SILENT])
    labels = ("",) * len(args)
    if isinstance(callee, Name):
        if callee.text.startswith(_CASTS) and len(args) == 1:
            return Cast(start, end, "c", args[0], callee.text.partition("<")[2][:-1])
        plain = callee.text.partition("<")[0] if callee.text.endswith(">") else callee.text  # `make<T>(…)`
        return Call(start, end, None, plain, labels, args, callee.start)
    if isinstance(callee, Member):
        return Call(start, end, callee.base, callee.name, labels, args, callee.name_start)
    return _sent(start, end, callee, args) or Call(start, end, callee, "", labels, args, start)


def _sent(start: int, end: int, callee: Expr, args: tuple[Expr, ...]) -> Call | None:
    """`((T (*)(id, SEL))objc_msgSend)(receiver, @selector(name:), arg)` as the message that it sends."""
    if not (isinstance(callee, Cast) and isinstance(callee.value, Name) and callee.value.text == "objc_msgSend"):
        return None
    if len(args) < 2 or not (isinstance(args[1], Literal) and args[1].kind == "selector"):
        return None
    return Call(start, end, args[0], args[1].text, ("",) * len(args[2:]), args[2:], args[1].start)


@GRAMMAR.lowers("field_expression")
def member(node: Node, context: ObjcContext) -> Expr:
    """`a.b`, `a->b`; `Foo.class` is the class, as `[Foo class]` is."""
    kids = node.named_children
    field, at = kids[-1], context.base
    start, end, name_start = node.start_byte - at, node.end_byte - at, field.start_byte - at
    base, text = context.expr(kids[0]), context.text(field)
    if text == "class" and isinstance(base, Name) and base.text[:1].isupper():
        return Literal(start, end, "class", base.text)
    context.mentions.add(text)
    return Member(start, end, base, text, name_start)


@GRAMMAR.lowers("subscript_expression")
def subscript(node: Node, context: ObjcContext) -> Expr:
    base, *indexes = context.kids(node)
    return Subscript(*context.bounds(node), context.expr(base), context.exprs(indexes))


@GRAMMAR.lowers("selector_expression")
def selector(node: Node, context: ObjcContext) -> Expr:
    """`@selector(a:b:)`; `@protocol(P)`, which the mask spells as a selector, names a type."""
    raw = context.text(node)
    inner = "".join(raw[raw.find("(") :].split()).strip("()")
    context.mentions.update((inner, inner.partition(":")[0]))
    return Literal(*context.bounds(node), "class" if raw.startswith("@protocol") else "selector", inner)


@GRAMMAR.lowers("va_arg_expression", "offsetof_expression", "alignof_expression", "sizeof_expression")
def built_in(node: Node, context: ObjcContext) -> Expr:
    """`sizeof(T)`, `sizeof x`, `va_arg(list, T)`: calls, a type among the arguments being a Name."""
    start, end = context.bounds(node)
    text = context.text(node.children[0])
    context.mentions.add(text)
    args = context.exprs(context.kids(node))
    return Call(start, end, None, text, ("",) * len(args), args, start)


@GRAMMAR.lowers("encode_expression")
def encode(node: Node, context: ObjcContext) -> Expr:
    """`@encode(T)`: what the runtime calls a type."""
    args = context.exprs(context.kids(node))
    start, end = context.bounds(node)
    return Call(start, end, None, "@encode", ("",) * len(args), args, start)


@GRAMMAR.lowers("block_literal")
def block(node: Node, context: ObjcContext) -> Expr:
    listed: Node | None = None
    body: Node | None = None
    for kid in node.named_children:
        if kid.kind_id in COMPOUND:
            body = kid
        elif listed is None:
            listed = _parameter_list(kid)
    start, end = context.bounds(node)
    found = parameters(listed, context)
    inside = context.braces(body) if body is not None else ()
    return Closure(start, end, found, (), inside, body.start_byte + 1 - context.base if body is not None else end)


def _parameter_list(node: Node) -> Node | None:
    """The parameters of a block may stand inside its return type."""
    stack = [node]
    while stack:
        part = stack.pop()
        if part.kind_id in PARAMETERS:
            return part
        stack.extend(reversed(part.named_children))
    return None


# ── operators ────────────────────────────────────────────────────────────────────────────────────────────────────────


@GRAMMAR.lowers("binary_expression")
def binary(node: Node, context: ObjcContext) -> Expr:
    """A chain like `a || b || c` nests to the left, as deep as it is long: so the left side is a loop."""
    chain: list[tuple[Node, str, Node]] = []
    left = node
    while left.kind_id in _BINARY:
        outer = left
        left, operator, right = _operands(outer)
        chain.append((outer, operator, right))
    value = context.expr(left)
    for outer, operator, right in reversed(chain):
        value = Operator(*context.bounds(outer), operator, (value, context.expr(right)))
    return value


def _operands(node: Node) -> tuple[Node, str, Node]:
    kids = node.children
    if len(kids) != 3:
        kids = [kid for kid in kids if kid.kind_id not in _SILENT and kid.kind_id != ERROR]
    return kids[0], kids[1].type, kids[2]


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
    return Assign(*context.bounds(node), context.expr(left), operator, context.expr(right))


@GRAMMAR.lowers("comma_expression", "range_expression")
def comma(node: Node, context: ObjcContext) -> Expr:
    operator = "," if node.type == "comma_expression" else "..."
    return Operator(*context.bounds(node), operator, context.exprs(context.kids(node)))


@GRAMMAR.lowers("cast_expression", "compound_literal_expression")
def cast(node: Node, context: ObjcContext) -> Expr:
    """`(T)x`, `(__bridge T)x`, `(T){ … }`."""
    type_node, *_, value = context.kids(node)
    return Cast(*context.bounds(node), "c", context.expr(value), context.node_type(type_node))


@GRAMMAR.lowers("parenthesized_expression", "at_expression", "extension_expression")
def transparent(node: Node, context: ObjcContext) -> Expr:
    kids = context.kids(node)
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
