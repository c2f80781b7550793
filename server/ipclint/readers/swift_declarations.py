"""Swift declarations as units: functions with their bodies, accessors, types; what is written around their names."""

from __future__ import annotations

from dataclasses import dataclass, field

from tree_sitter import Node

from ipclint.model.facts import EnumCase, Function, FunctionKind, Type, TypeKind
from ipclint.model.ir import Block, Literal, Operator, Param, Text, encode_block
from ipclint.model.source import Span
from ipclint.readers.swift_parameters import parameters, selector
from ipclint.readers.swift_syntax import GRAMMAR, IDENTIFIERS, STATEMENTS, SwiftContext, plain
from ipclint.readers.swift_values import platforms

_kinds = GRAMMAR.kinds
_MODIFIERS = _kinds("modifiers")
_ATTRIBUTE = _kinds("attribute")
_MODIFIER = _kinds(
    "visibility_modifier", "member_modifier", "function_modifier", "mutation_modifier", "property_modifier",
    "inheritance_modifier", "property_behavior_modifier", "ownership_modifier", "parameter_modifier",
)  # fmt: skip
_THROWS = _kinds("throws", "throws_clause")
_ARROW = _kinds("->")
_OPEN = _kinds("{")
_FAILABLE = _kinds("?", "bang", "!")
_BODY = _kinds("function_body")
_CONSTRAINTS = _kinds("type_constraints")
_TYPE_PARAMETERS = _kinds("type_parameters")
_TYPE_PARAMETER = _kinds("type_parameter")
_INHERITANCE = _kinds("inheritance_specifier")
_SUPPRESSED = _kinds("suppressed_constraint")
_COMPOSITION = _kinds("protocol_composition_type")
_ENTRY = _kinds("enum_entry")
_TYPE_BODY = _kinds("class_body", "enum_class_body", "protocol_body")
_INITIALISER = _kinds("init_declaration")
_DEINITIALISER = _kinds("deinit_declaration")
_NO_SELECTOR = ("struct", "enum", "")  # kinds of owner ("" at file level) whose functions Objective-C cannot call


@dataclass(slots=True)
class Head:
    """What stands around the name of a declaration."""

    attributes: tuple[str, ...] = ()
    modifiers: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    availability: tuple[tuple[str, str], ...] = ()

    @property
    def is_static(self) -> bool:
        return "static" in self.modifiers or "class" in self.modifiers


def head(node: Node, name: Node, context: SwiftContext) -> Head:
    """Attributes and modifiers before `name`, and the `#if` conditions that hold there."""
    attributes: list[str] = []
    modifiers: list[str] = []
    for kid in node.children:
        if kid.start_byte >= name.start_byte:
            break
        for part in kid.children if kid.kind_id in _MODIFIERS else (kid,):
            kind = part.kind_id
            if kind in _ATTRIBUTE or kind in _MODIFIER:
                text = context.type_text(part) if context.source[part.start_byte] == "@" else context.text(part)
                (attributes if text.startswith("@") else modifiers).append(text)
            elif part.type == "class" and kid.end_byte < name.start_byte and node.kind_id not in TYPES:
                modifiers.append("class")
            elif part.type in ("indirect", "async"):
                modifiers.append(part.type)
    available = tuple(pair for text in attributes if text.startswith("@available") for pair in platforms(text))
    return Head(tuple(attributes), tuple(modifiers), context.directives.conditions(name.start_byte), available)


# ── functions ────────────────────────────────────────────────────────────────────────────────────────────────────────


def function_name(node: Node) -> Node | None:
    """The node that names a function, initialiser (`init`), deinitialiser or operator; None in broken code."""
    if node.kind_id in _INITIALISER or node.kind_id in _DEINITIALISER:
        return next((kid for kid in node.children if kid.type in ("init", "deinit")), None)
    return node.child_by_field_name("name")


def function(node: Node, name: Node, owner: str, owner_kind: str, context: SwiftContext) -> Function:
    """A function, method, initialiser or deinitialiser; a requirement of a protocol has no body."""
    around = head(node, name, context)
    effects: list[str] = []
    returns, body, body_start = "", b"", 0
    is_after_arrow = False
    for kid in node.children:
        kind = kid.kind_id
        if kind in _ARROW:
            is_after_arrow = True
        elif is_after_arrow and kid.is_named and kind not in context.grammar.silent:
            returns, is_after_arrow = context.type_text(kid), False
        elif kind in _THROWS:
            effects.append("rethrows" if context.text(kid).startswith("re") else "throws")
        elif kid.type == "async":
            effects.append("async")
        elif kind in _FAILABLE and node.kind_id in _INITIALISER:
            effects.append("failable")
        elif kind in _BODY:
            body, body_start = encode_block(context.body(kid)), kid.start_byte + 1 - context.base
    params = parameters(node, context)
    text = plain(context.text(name))
    kind = function_kind(node, owner)
    has_selector = kind in ("method", "initializer") and owner_kind not in _NO_SELECTOR
    return Function(
        name=text,
        labels=tuple([param.label for param in params]),
        selector=selector(text, params, tuple(effects), around.attributes) if has_selector else "",
        kind=kind,
        owner=owner,
        params=params,
        returns=returns,
        is_static=around.is_static,
        modifiers=(*around.modifiers, *effects),
        attributes=around.attributes,
        conditions=around.conditions,
        availability=around.availability,
        mentions=tuple(sorted(context.mentions)),
        name_span=context.span(name),
        body_start=body_start,
        body=body,
    )


def function_kind(node: Node, owner: str) -> FunctionKind:
    if node.kind_id in _INITIALISER:
        return "initializer"
    if node.kind_id in _DEINITIALISER:
        return "deinitializer"
    return "method" if owner else "function"


# ── accessors ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Property:
    """What accessors share with the property or subscript that they belong to."""

    name: str
    owner: str
    type: str
    around: Head
    params: tuple[Param, ...] = ()


_ACCESSORS: dict[str, tuple[str, FunctionKind]] = {
    "computed_property": ("get", "getter"),
    "computed_getter": ("get", "getter"),
    "computed_modify": ("modify", "setter"),
    "computed_setter": ("set", "setter"),
    "willset_clause": ("willSet", "observer"),
    "didset_clause": ("didSet", "observer"),
}
ACCESSORS = {kind: entry for name, entry in _ACCESSORS.items() for kind in _kinds(name)}
"""By kind id: the last part of the key, and what the function is."""

_KEYWORDS = ("getter_specifier", "setter_specifier", "modify_specifier", "willSet", "didSet")


def accessors(block: Node) -> list[Node]:
    """The accessors with a body in a `{ get … }` or `{ didSet … }` block; the block itself when it is a getter."""
    found = [kid for kid in block.named_children if kid.kind_id in ACCESSORS]
    if found:
        return [node for node in found if any(kid.kind_id in _OPEN for kid in node.children)]
    return [block] if block.kind_id in ACCESSORS and _is_getter(block) else []


def _is_getter(block: Node) -> bool:
    kids = block.named_children
    return not kids or any(kid.kind_id in STATEMENTS for kid in kids)


def accessor(node: Node, of: Property, context: SwiftContext) -> Function:
    suffix, kind = ACCESSORS[node.kind_id]
    params = tuple([Param(0, 0, param.label, param.name, param.type) for param in of.params])  # they stand outside
    if kind != "getter":
        names = [kid for kid in node.named_children if kid.kind_id in IDENTIFIERS]
        default = {"set": "newValue", "willSet": "newValue", "didSet": "oldValue"}.get(suffix, "")
        if names or default:
            start, end = context.bounds(names[0]) if names else (0, 0)
            name = plain(context.text(names[0])) if names else default
            params = (*params, Param(start, end, "", name, of.type))
    opening = next((kid for kid in node.children if kid.kind_id in _OPEN), node)
    block: Block = context.body(node)
    return Function(
        name=of.name,
        labels=tuple([param.label for param in of.params]),
        selector="",
        kind=kind,
        owner=of.owner,
        params=params,
        returns=of.type if kind == "getter" else "",
        is_static=of.around.is_static,
        modifiers=of.around.modifiers,
        attributes=of.around.attributes,
        conditions=of.around.conditions,
        availability=of.around.availability,
        mentions=tuple(sorted(context.mentions)),
        name_span=next((context.span(kid) for kid in node.children if kid.type in _KEYWORDS), Span(0, 0)),
        body_start=opening.start_byte + 1 - context.base,
        body=encode_block(block),
    )


# ── types ────────────────────────────────────────────────────────────────────────────────────────────────────────────

TYPES = _kinds("class_declaration", "protocol_declaration")


@dataclass(slots=True)
class _Inheritance:
    names: list[str] = field(default_factory=list[str])
    start: int = -1
    end: int = -1


def type_body(node: Node) -> Node | None:
    return next((kid for kid in reversed(node.named_children) if kid.kind_id in _TYPE_BODY), None)


def type_unit(node: Node, name: Node, enclosing: str, context: SwiftContext) -> Type:
    """A class, struct, enum, actor, protocol or extension; its members are units of their own."""
    around = head(node, name, context)
    inheritance = _Inheritance()
    generics: list[str] = []
    for kid in node.children:
        if kid.kind_id in _INHERITANCE:
            _inherit(kid, inheritance, context)
        elif kid.kind_id in _TYPE_PARAMETERS:
            written = [part for part in kid.named_children if part.kind_id in _TYPE_PARAMETER]
            generics += [context.text(part).partition(":")[0].strip() for part in written]
    body = type_body(node)
    entries = [kid for kid in body.named_children if kid.kind_id in _ENTRY] if body else []
    text = extended_name(context.type_text(name))
    after_name = name.end_byte - context.base
    return Type(
        name=text,
        qualified=f"{enclosing}.{text}" if enclosing else text,
        kind=type_kind(node, context),
        superclass="",
        inherits=tuple(inheritance.names),
        category="",
        attributes=around.attributes,
        modifiers=around.modifiers,
        conditions=around.conditions,
        cases=tuple([case for entry in entries for case in _cases(entry, context)]),
        name_span=context.span(name),
        inherits_span=Span(inheritance.start, inheritance.end) if inheritance.names else Span(after_name, after_name),
        body_start=body.start_byte + 1 - context.base if body else 0,
        generics=tuple(generics),
    )


_TYPE_KINDS: dict[str, TypeKind] = {
    "class": "class",
    "struct": "struct",
    "enum": "enum",
    "actor": "actor",
    "extension": "extension",
    "protocol": "protocol",
}


def type_kind(node: Node, context: SwiftContext) -> TypeKind:
    for kid in node.children:
        if (kind := _TYPE_KINDS.get(kid.type)) is not None:
            return kind
    return "class"


def extended_name(text: str) -> str:
    """The nominal type of an extension's type text: `Array` for `[Int]`, no generic arguments."""
    if text.startswith("["):
        return "Dictionary" if ":" in text else "Array"
    return "Optional" if text.endswith("?") else text.partition("<")[0].replace("`", "").replace(" ", "")


def _inherit(specifier: Node, into: _Inheritance, context: SwiftContext) -> None:
    if into.start < 0:
        into.start = specifier.start_byte - context.base
    into.end = specifier.end_byte - context.base
    for kid in specifier.named_children:
        if kid.kind_id in _SUPPRESSED or kid.kind_id in context.grammar.silent:
            continue
        text = context.type_text(kid)
        parts = text.split("&") if kid.kind_id in _COMPOSITION else [text]
        into.names += [part.strip().partition("<")[0] for part in parts]


def _cases(entry: Node, context: SwiftContext) -> list[EnumCase]:
    found: list[EnumCase] = []
    for index, kid in enumerate(entry.children):
        match entry.field_name_for_child(index):
            case "name":
                found.append(EnumCase(plain(context.text(kid)), None, context.span(kid)))
            case "raw_value" if found:
                found[-1] = EnumCase(found[-1].name, _folded(kid, context), context.span(kid))
            case _:
                pass
    return found


def _folded(node: Node, context: SwiftContext) -> str | None:
    match context.expr(node):
        case Text(value=value):
            return value
        case Literal(text=text):
            return text
        case Operator(op="-", operands=(Literal(text=text),)):
            return f"-{text}"
        case _:
            return None
