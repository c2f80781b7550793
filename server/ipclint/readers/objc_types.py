"""Types of Objective-C, C and C++ as units: classes, categories, protocols, structs, enums."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from ipclint.model.facts import EnumCase, Type, TypeKind
from ipclint.model.source import Span
from ipclint.readers.objc_attributes import attributes_before
from ipclint.readers.objc_cxx_scopes import Scope
from ipclint.readers.objc_functions import METHODS
from ipclint.readers.objc_syntax import GRAMMAR, NAMES, ObjcContext

_kinds = GRAMMAR.kinds
INTERFACE = _kinds("class_interface")
IMPLEMENTATION = _kinds("class_implementation")
PROTOCOL = _kinds("protocol_declaration")
ENUM = _kinds("enum_specifier")
STRUCT = _kinds("struct_specifier", "union_specifier")
_PROTOCOLS = _kinds("parameterized_arguments", "protocol_reference_list")
_IVARS = _kinds("instance_variables")
_OPEN = _kinds("(")
_HEAD = NAMES | _PROTOCOLS | _IVARS | _kinds("generic_arguments")
_ENUMERATOR = _kinds("enumerator")
_LITERAL = _kinds("number_literal", "char_literal")
_ACCESS = ("public ", "private ", "protected ", "virtual ")


def class_type(node: Node, context: ObjcContext) -> Type | None:
    """An @interface, @implementation, category or @protocol; None when its name is missing."""
    head = _head(node)
    name_node = next((kid for kid in head if kid.kind_id in NAMES), None)
    if name_node is None:
        return None
    superclass, category = node.child_by_field_name("superclass"), node.child_by_field_name("category")
    end = max(kid.end_byte for kid in head)
    listed, generics = _lists(head, superclass)
    protocols = tuple(context.text(kid).partition("<")[0].strip() for kid in listed)
    after = next((kid.end_byte for kid in reversed(head) if kid.kind_id not in _IVARS), end) - context.base
    parent = (context.text(superclass),) if superclass is not None else ()
    name = context.text(name_node)
    return Type(
        name=name,
        qualified=name,
        kind=_kind(node, head, category),
        superclass=parent[0] if parent else "",
        inherits=(*parent, *protocols),
        category=context.text(category) if category is not None else "",
        attributes=attributes_before(context.source, node.start_byte),
        modifiers=(),
        conditions=context.directives.conditions(node.start_byte),
        cases=(),
        name_span=context.span(name_node),
        inherits_span=_around(listed, context) if listed else Span(after, after),
        body_start=end - context.base,
        generics=tuple(context.text(kid).partition(":")[0].strip() for kid in generics),
    )


def _head(node: Node) -> list[Node]:
    """The parts of a class before its members: name, category in brackets, superclass, protocols, ivars."""
    parts: list[Node] = []
    for kid in node.children:
        if kid.is_named and kid.kind_id not in _HEAD and kid.kind_id not in GRAMMAR.silent:
            break
        if kid.kind_id in METHODS or kid.type == "@end":
            break
        if kid.kind_id not in GRAMMAR.silent:
            parts.append(kid)
    return parts


def _kind(node: Node, head: list[Node], category: Node | None) -> TypeKind:
    if node.kind_id in PROTOCOL:
        return "protocol"
    if category is not None or any(kid.kind_id in _OPEN for kid in head):
        return "category"
    return "interface" if node.kind_id in INTERFACE else "implementation"


def _lists(head: list[Node], superclass: Node | None) -> tuple[list[Node], list[Node]]:
    """The protocols, and the type parameters, which stand before the superclass."""
    protocols: list[Node] = []
    generics: list[Node] = []
    for kid in head:
        if kid.kind_id in _PROTOCOLS:
            is_generic = superclass is not None and kid.end_byte <= superclass.start_byte
            (generics if is_generic else protocols).extend(
                part for part in kid.named_children if part.kind_id not in GRAMMAR.silent
            )
    return protocols, generics


def _around(nodes: list[Node], context: ObjcContext) -> Span:
    return Span(nodes[0].start_byte - context.base, nodes[-1].end_byte - context.base)


def c_type(node: Node, name: str, context: ObjcContext) -> Type | None:
    """An enum with its cases or a struct; `name` is what a typedef calls it. None without name or body."""
    tag, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    name = name or (context.text(tag) if tag is not None else "")
    if not name or body is None:
        return None
    is_enum = node.kind_id in ENUM
    name_span = context.span(tag) if tag is not None else Span(0, 0)
    return Type(
        name=name,
        qualified=name,
        kind="enum" if is_enum else "struct",
        superclass="",
        inherits=(),
        category="",
        attributes=(),
        modifiers=(),
        conditions=context.directives.conditions(node.start_byte),
        cases=tuple(EnumCase(case, value) for case, value, _ in enumerators(body, context)) if is_enum else (),
        name_span=name_span,
        inherits_span=Span(name_span.end, name_span.end),
        body_start=body.start_byte + 1 - context.base,
    )


def enumerators(body: Node, context: ObjcContext) -> Iterator[tuple[str, str | None, Node]]:
    """The names of an enum's constants, their values where they are literals, and their nodes."""
    for kid in body.named_children:
        if kid.kind_id in _ENUMERATOR:
            name, *value = context.kids(kid)
            literal = context.text(value[0]) if value and value[0].kind_id in _LITERAL else None
            yield context.text(name), literal, kid


def cxx_type(scope: Scope, context: ObjcContext) -> Type:
    """A C++ class whose head and braces the mask took away."""
    at = max(context.source.find(scope.name, scope.start, scope.body), scope.start) - context.base
    name_span = Span(at, at + len(scope.name))
    bases = context.source.rfind(scope.bases, scope.start, scope.body) - context.base if scope.bases else name_span.end
    inherits = [base.strip() for base in scope.bases.split(",") if base.strip()]
    for access in _ACCESS:
        inherits = [base.removeprefix(access) for base in inherits]
    return Type(
        name=scope.name,
        qualified=scope.name,
        kind="class" if scope.kind == "class" else "struct",
        superclass="",
        inherits=tuple(base.partition("<")[0] for base in inherits),
        category="",
        attributes=(),
        modifiers=(),
        conditions=context.directives.conditions(scope.start),
        cases=(),
        name_span=name_span,
        inherits_span=Span(max(bases, name_span.end), max(bases, name_span.end) + len(scope.bases)),
        body_start=scope.body - context.base,
    )
