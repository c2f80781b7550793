"""Swift literals, collections, types used as values, and the other expressions that stand alone."""

from __future__ import annotations

from tree_sitter import Node

from ipclint.model.ir import Availability, Call, Collection, Expr, Literal, Member, Name, Opaque, Text
from ipclint.readers.swift_arguments import arguments
from ipclint.readers.swift_expressions import SUFFIXES, called, widened
from ipclint.readers.swift_syntax import GRAMMAR, SwiftContext, identifiers, plain

_COLON = GRAMMAR.kinds(":")
_TYPE_NAME = GRAMMAR.kinds("type_identifier")

_LITERALS = {
    "integer_literal": "int",
    "hex_literal": "int",
    "oct_literal": "int",
    "bin_literal": "int",
    "real_literal": "float",
    "boolean_literal": "bool",
    "nil_literal": "nil",
}


@GRAMMAR.lowers(*_LITERALS)
def literal(node: Node, context: SwiftContext) -> Expr:
    return Literal(*context.bounds(node), _LITERALS[node.type], context.text(node))


@GRAMMAR.lowers("array_literal")
def array(node: Node, context: SwiftContext) -> Expr:
    if context.source[node.start_byte] == "(":  # an empty tuple, masked
        return Collection(*context.bounds(node), "tuple", ())
    return Collection(*context.bounds(node), "array", context.exprs(context.kids(node)))


@GRAMMAR.lowers("dictionary_literal")
def dictionary(node: Node, context: SwiftContext) -> Expr:
    return Collection(*context.bounds(node), "dictionary", context.exprs(context.kids(node)))


@GRAMMAR.lowers("tuple_expression")
def tuple_(node: Node, context: SwiftContext) -> Expr:
    """A tuple, or an expression in parentheses: that one takes the parentheses into its span."""
    start, end = node.start_byte - context.base, node.end_byte - context.base
    values: list[Node] = []
    labelled = False
    for kid in node.children:
        if kid.kind_id in _COLON:
            values.pop()  # the name before it
            labelled = True
        elif kid.is_named and kid.start_byte != kid.end_byte and kid.kind_id not in context.grammar.silent:
            values.append(kid)
    if len(values) == 1 and not labelled:
        return widened(context.expr(values[0]), start, end)
    return Collection(start, end, "tuple", context.exprs(values))


@GRAMMAR.lowers("constructor_expression")
def constructor(node: Node, context: SwiftContext) -> Expr:
    """`Foo<Int>(a)`."""
    kind, suffix = context.kids(node)[0], context.kids(node)[-1]
    labels, args, _ = arguments(suffix, context)
    return called(context.expr(kind), node.end_byte - context.base, labels, args, suffix.start_byte - context.base)


@GRAMMAR.lowers("user_type")
def type_as_value(node: Node, context: SwiftContext) -> Expr:
    """`A.B<Int>` before a dot or a parenthesis: names and members, generic arguments left out."""
    context.type_text(node)
    value: Expr | None = None
    for kid in node.named_children:
        if kid.kind_id in _TYPE_NAME:
            start, end = context.bounds(kid)
            text = plain(context.text(kid))
            value = Name(start, end, text) if value is None else Member(value.start, end, value, text, start)
    return value or Name(*context.bounds(node), context.text(node))


@GRAMMAR.lowers(
    "array_type", "dictionary_type", "optional_type", "tuple_type", "function_type", "type_identifier", "metatype",
    "existential_type", "opaque_type", "protocol_composition_type",
)  # fmt: skip
def type_name(node: Node, context: SwiftContext) -> Expr:
    return Name(*context.bounds(node), context.type_text(node))


@GRAMMAR.lowers("selector_expression")
def selector(node: Node, context: SwiftContext) -> Expr:
    inner = context.slice(node.start_byte, node.end_byte).partition("(")[2].rpartition(")")[0]
    context.mentions.update(identifiers(inner))
    return Literal(*context.bounds(node), "selector", "".join(inner.split()))


@GRAMMAR.lowers("key_path_expression")
def key_path(node: Node, context: SwiftContext) -> Expr:
    context.type_text(node)
    return Opaque(*context.bounds(node), "key_path_expression", ())


@GRAMMAR.lowers("key_path_string_expression")
def key_path_string(node: Node, context: SwiftContext) -> Expr:
    """`#keyPath(Account.owner.name)` is the text `owner.name`: nothing is read."""
    inner = context.slice(node.start_byte, node.end_byte).partition("(")[2].rpartition(")")[0]
    context.mentions.update(identifiers(inner))
    parts = "".join(inner.split()).split(".")
    while len(parts) > 1 and parts[0][:1].isupper():
        del parts[0]
    return Text(*context.bounds(node), ".".join(parts))


@GRAMMAR.lowers("special_literal")
def special(node: Node, context: SwiftContext) -> Expr:
    return Name(*context.bounds(node), context.text(node))


@GRAMMAR.lowers("macro_invocation")
def macro(node: Node, context: SwiftContext) -> Expr:
    """`#Predicate<Foo> { … }` is a call of `#Predicate`."""
    start, end = context.bounds(node)
    parts = context.kids(node)
    labels, args, _ = arguments(parts[-1], context) if parts[-1].kind_id in SUFFIXES else ((), (), False)
    return Call(start, end, None, f"#{context.name(parts[0])}", labels, args, start)


@GRAMMAR.lowers("directly_assignable_expression", "consume_expression", "unsafe_expression", "value_pack_expansion")
def inner(node: Node, context: SwiftContext) -> Expr:
    parts = context.kids(node)
    return context.expr(parts[-1]) if parts else Name(*context.bounds(node), context.text(node))


@GRAMMAR.lowers("availability_condition")
def availability(node: Node, context: SwiftContext) -> Expr:
    text = context.text(node)
    return Availability(*context.bounds(node), platforms(text), text.startswith("#unavailable"))


def platforms(text: str) -> tuple[tuple[str, str], ...]:
    """Platforms and versions of `#available(macOS 13, *)` or `@available(macOS, introduced: 10.15)`, as written."""
    pairs: list[tuple[str, str]] = []
    named = ""
    for part in text.partition("(")[2].rpartition(")")[0].split(","):
        words = part.replace(":", " ").split()
        if len(words) == 2 and words[0] == "introduced" and named:
            pairs.append((named, words[1]))
        elif len(words) == 2 and words[1][:1].isdigit() and words[0].isidentifier() and not named:
            pairs.append((words[0], words[1]))
        elif len(words) == 1 and not pairs and not named:
            named = words[0]
    return tuple(pairs)
