"""Messages, calls and blocks of Objective-C and C, and what else names or reaches something: one handler a kind."""

from __future__ import annotations

from tree_sitter import Node

from ipclint.model.ir import Call, Cast, Closure, Expr, Literal, Member, Name, Subscript
from ipclint.readers.objc_syntax import COMPOUND, GRAMMAR, NAMES, PARAMETERS, ObjcContext, parameters

_kinds = GRAMMAR.kinds
_SILENT = GRAMMAR.silent
_COLON = _kinds(":")
_BEFORE_ARGUMENT = _kinds(":", ",")
_LIST = _kinds("argument_list")
_CASTS = ("static_cast<", "reinterpret_cast<", "const_cast<", "dynamic_cast<", "bit_cast<", "std::bit_cast<")


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
        return Call(start, end, *_callee(callee), labels, args, callee.start)
    if isinstance(callee, Member):
        return Call(start, end, callee.base, callee.name, labels, args, callee.name_start)
    return _sent(start, end, callee, args) or Call(start, end, callee, "", labels, args, start)


def _callee(name: Name) -> tuple[Expr | None, str]:
    """Target and name of a call by name: `make<T>` is `make`, `Foo::bar` is `bar` of the class Foo."""
    text = name.text.partition("<")[0] if name.text.endswith(">") else name.text
    qualifier, _, last = text.rpartition("::")
    owner = qualifier.rpartition("::")[2]
    if not owner[:1].isupper():
        return None, text
    return Name(name.start, name.start + len(qualifier), owner), last


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
