"""Objective-C and C expressions: one handler a kind."""

from __future__ import annotations

import re

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
    Text,
)
from ipclint.readers.objc_syntax import (
    COMPOUND,
    GRAMMAR,
    IDENTIFIERS,
    PARAMETERS,
    ObjcContext,
    parameters,
    plain_type,
)

_kinds = GRAMMAR.kinds
_PARENTHESIZED = _kinds("parenthesized_expression")
_PAIR = _kinds("dictionary_pair", "initializer_pair")
_STRING = _kinds("string_literal")
_CONTENT = _kinds("string_content", "escape_sequence")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{1,4})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-7]{1,3})|(.))", re.S)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b"}
_PIECE = re.compile(r'(?:@|\bL|\bu8|\b[uU])?"((?:[^"\\]|\\.)*)(?:"|\Z)|([A-Za-z_]\w*)', re.S)
_BOOLEANS = {"YES": "true", "TRUE": "true", "NO": "false", "FALSE": "false"}
_NILS = frozenset({"nil", "Nil", "NULL", "nullptr", "MACH_PORT_NULL"})
_FLOAT = re.compile(r"[.]|(?<!0x)[eE][-+]?\d|\d[fF]$")


@GRAMMAR.lowers("identifier", "field_identifier", "type_identifier", "statement_identifier")
def name(node: Node, context: ObjcContext) -> Expr:
    text = context.text(node)
    if text in _BOOLEANS:
        return Literal(*context.bounds(node), "bool", _BOOLEANS[text])
    if text in _NILS and text != "MACH_PORT_NULL":
        return Literal(*context.bounds(node), "nil", "nil")
    context.mentions.add(text)
    return Name(*context.bounds(node), text)


@GRAMMAR.lowers("true", "false")
def boolean(node: Node, context: ObjcContext) -> Expr:
    return Literal(*context.bounds(node), "bool", node.type)


@GRAMMAR.lowers("null")
def null(node: Node, context: ObjcContext) -> Expr:
    return Literal(*context.bounds(node), "nil", "nil")


@GRAMMAR.lowers("number_literal")
def number(node: Node, context: ObjcContext) -> Expr:
    text = context.text(node)
    is_float = not text.lower().startswith("0x") and _FLOAT.search(text) is not None
    return Literal(*context.bounds(node), "float" if is_float else "int", text)


@GRAMMAR.lowers("char_literal")
def character(node: Node, context: ObjcContext) -> Expr:
    return Literal(*context.bounds(node), "int", context.text(node))


# ── text ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    if code:
        return chr(min(int(code, 16), 0x10FFFF))
    if found[4]:
        return chr(int(found[4], 8))
    return "" if found[5] == "\n" else _ESCAPES.get(found[5], found[5])


@GRAMMAR.lowers("string_literal", "concatenated_string")
def string(node: Node, context: ObjcContext) -> Expr:
    """Adjacent literals are one text; with macros between them they are a sum, for constant folding.

    The mask joins literals with the macros between them, so the pieces are taken from the text as written.
    """
    parts: list[Expr] = []
    start = node.start_byte - context.base
    raw = context.slice(node.start_byte, node.end_byte)
    for found in _PIECE.finditer(raw):
        piece: Expr
        at, end = start + found.start(), start + found.end()  # in characters: exact where the text is ASCII
        if found[1] is not None:
            piece = Text(at, end, _unescaped(found[1]))
        else:
            context.mentions.add(found[2])
            piece = Name(at, end, found[2])
        if isinstance(piece, Text) and parts and isinstance(parts[-1], Text):
            parts[-1] = Text(parts[-1].start, end, parts[-1].value + piece.value)
        else:
            parts.append(piece)
    if len(parts) == 1:
        return Text(*context.bounds(node), parts[0].value) if isinstance(parts[0], Text) else parts[0]
    if not parts:
        return Text(*context.bounds(node), "")
    total = parts[0]
    for part in parts[1:]:
        total = Operator(total.start, part.end, "+", (total, part))
    return total


# ── calls ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@GRAMMAR.lowers("message_expression")
def message(node: Node, context: ObjcContext) -> Expr:
    receiver: Expr | None = None
    selector: list[str] = []
    args: list[Expr] = []
    name_start = 0
    colons = False
    for index, kid in enumerate(node.children):
        field = node.field_name_for_child(index)
        if field == "receiver":
            receiver = context.expr(kid)
        elif field == "method":
            if not selector:
                name_start = kid.start_byte - context.base
            selector.append(context.text(kid))
        elif kid.type == ":":
            colons = True
        elif kid.is_named and kid.kind_id not in GRAMMAR.silent:
            args.append(context.expr(kid))
    name = "".join(f"{part}:" for part in selector) if colons else "".join(selector)
    context.mentions.update((name, *selector[:1]))
    start, end = context.bounds(node)
    if name == "class" and isinstance(receiver, Name) and receiver.text[:1].isupper():
        return Literal(start, end, "class", receiver.text)
    return Call(start, end, receiver, name, ("",) * len(args), tuple(args), name_start)


@GRAMMAR.lowers("call_expression")
def call(node: Node, context: ObjcContext) -> Expr:
    start, end = context.bounds(node)
    function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    args = context.exprs(context.kids(arguments)) if arguments is not None else ()
    callee = context.expr(function) if function is not None else Opaque(start, end, "call", ())
    labels = ("",) * len(args)
    if isinstance(callee, Name):
        return Call(start, end, None, callee.text, labels, args, callee.start)
    if isinstance(callee, Member):
        return Call(start, end, callee.base, callee.name, labels, args, callee.name_start)
    return Call(start, end, callee, "", labels, args, start)


@GRAMMAR.lowers("field_expression")
def member(node: Node, context: ObjcContext) -> Expr:
    field = node.child_by_field_name("field")
    base = node.child_by_field_name("argument")
    if field is None or base is None:
        raise ValueError("a member without its parts")
    return Member(*context.bounds(node), context.expr(base), context.name(field), field.start_byte - context.base)


@GRAMMAR.lowers("subscript_expression")
def subscript(node: Node, context: ObjcContext) -> Expr:
    base, *indexes = context.kids(node)
    return Subscript(*context.bounds(node), context.expr(base), context.exprs(indexes))


@GRAMMAR.lowers("selector_expression")
def selector(node: Node, context: ObjcContext) -> Expr:
    """`@selector(a:b:)`; `@protocol(P)`, which the mask spells as a selector, names a type."""
    raw = context.text(node)
    inner = "".join(raw[raw.find("(") + 1 : raw.rfind(")")].split())
    context.mentions.update((inner, inner.partition(":")[0]))
    return Literal(*context.bounds(node), "class" if raw.startswith("@protocol") else "selector", inner)


@GRAMMAR.lowers("block_literal")
def block(node: Node, context: ObjcContext) -> Expr:
    listed = next((kid for kid in _descend(node) if kid.kind_id in PARAMETERS), None)
    body = next((kid for kid in node.named_children if kid.kind_id in COMPOUND), None)
    start, end = context.bounds(node)
    inside = context.braces(body) if body is not None else ()
    body_start = body.start_byte + 1 - context.base if body is not None else end
    return Closure(start, end, parameters(listed, context), (), inside, body_start)


def _descend(node: Node) -> list[Node]:
    """The parts of a block's head: its parameter list may stand inside its return type."""
    found: list[Node] = []
    stack = [kid for kid in node.named_children if kid.kind_id not in COMPOUND]
    while stack:
        part = stack.pop()
        found.append(part)
        if part.kind_id not in PARAMETERS:
            stack.extend(part.named_children)
    return found


# ── operators ────────────────────────────────────────────────────────────────────────────────────────────────────────


@GRAMMAR.lowers("binary_expression")
def binary(node: Node, context: ObjcContext) -> Expr:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    operator = node.child_by_field_name("operator")
    if left is None or right is None or operator is None:
        raise ValueError("an operator without its parts")
    return Operator(*context.bounds(node), context.text(operator), (context.expr(left), context.expr(right)))


@GRAMMAR.lowers("unary_expression", "pointer_expression", "update_expression")
def unary(node: Node, context: ObjcContext) -> Expr:
    operand = node.child_by_field_name("argument")
    operator = node.child_by_field_name("operator")
    if operand is None:
        raise ValueError("an operator without operand")
    text = (
        context.text(operator) if operator is not None else context.slice(node.start_byte, operand.start_byte).strip()
    )
    if node.type == "pointer_expression":
        text = {"&": "address", "*": "dereference"}.get(text, text)
    return Operator(*context.bounds(node), text, (context.expr(operand),))


@GRAMMAR.lowers("conditional_expression")
def conditional(node: Node, context: ObjcContext) -> Expr:
    """`a ?: b` reads `a ? a : b`."""
    condition = node.child_by_field_name("condition")
    yes, no = node.child_by_field_name("consequence"), node.child_by_field_name("alternative")
    if condition is None or no is None:
        raise ValueError("a condition without its parts")
    first = context.expr(condition)
    return Operator(
        *context.bounds(node), "?:", (first, context.expr(yes) if yes is not None else first, context.expr(no))
    )


@GRAMMAR.lowers("assignment_expression")
def assignment(node: Node, context: ObjcContext) -> Expr:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        raise ValueError("an assignment without its parts")
    operator = node.child_by_field_name("operator")
    text = context.text(operator) if operator is not None else context.slice(left.end_byte, right.start_byte).strip()
    return Assign(*context.bounds(node), context.expr(left), text or "=", context.expr(right))


@GRAMMAR.lowers("comma_expression")
def comma(node: Node, context: ObjcContext) -> Expr:
    return Operator(*context.bounds(node), ",", context.exprs(context.kids(node)))


@GRAMMAR.lowers("cast_expression")
def cast(node: Node, context: ObjcContext) -> Expr:
    type_node, value = node.child_by_field_name("type"), node.child_by_field_name("value")
    if value is None:
        raise ValueError("a cast without value")
    text = plain_type(context.type_text(type_node)).replace("__bridge_transfer", "").replace("__bridge_retained", "")
    return Cast(*context.bounds(node), "c", context.expr(value), " ".join(text.replace("__bridge", "").split()))


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
    items = [kid.child_by_field_name("value") or kid if kid.kind_id in _PAIR else kid for kid in context.kids(node)]
    return Collection(*context.bounds(node), "array", context.exprs(items))


@GRAMMAR.lowers("compound_literal_expression")
def compound_literal(node: Node, context: ObjcContext) -> Expr:
    value = node.child_by_field_name("value")
    text = plain_type(context.type_text(node.child_by_field_name("type")))
    if value is None:
        raise ValueError("a literal without value")
    return Cast(*context.bounds(node), "c", context.expr(value), text)


@GRAMMAR.lowers("sizeof_expression")
def sizeof(node: Node, context: ObjcContext) -> Expr:
    kids = [kid for kid in context.kids(node) if kid.kind_id not in IDENTIFIERS or kid.type == "identifier"]
    value, type_node = node.child_by_field_name("value"), node.child_by_field_name("type")
    start, end = context.bounds(node)
    if type_node is not None:
        args: tuple[Expr, ...] = (Name(*context.bounds(type_node), plain_type(context.type_text(type_node))),)
    else:
        args = context.exprs([value] if value is not None else kids)
    context.mentions.add("sizeof")
    return Call(start, end, None, "sizeof", ("",) * len(args), args, start)


@GRAMMAR.lowers(
    "type_descriptor", "type_name", "generic_specifier", "typedefed_specifier", "primitive_type", "struct_specifier"
)
def type_as_value(node: Node, context: ObjcContext) -> Expr:
    """A type where a value is expected, as in `foo(int)` of a macro."""
    return Name(*context.bounds(node), plain_type(context.type_text(node)))
