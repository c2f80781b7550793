"""Methods and C functions, declared or defined, as units."""

from __future__ import annotations

import msgspec
from tree_sitter import Node

from ipclint.model.facts import Function, FunctionKind
from ipclint.model.ir import Param, encode_block
from ipclint.model.source import Span
from ipclint.readers.conditionals import Directives
from ipclint.readers.objc_attributes import attributes_before, attributes_in, availability_of
from ipclint.readers.objc_syntax import (
    COMPOUND,
    GRAMMAR,
    NAMES,
    Declared,
    ObjcContext,
    base_text,
    declared,
    parameters,
)

_kinds = GRAMMAR.kinds
METHODS = _kinds("method_declaration", "method_definition")
FUNCTION = _kinds("function_definition")
_METHOD_PARAMETER = _kinds("method_parameter")
_METHOD_TYPE = _kinds("method_type")
_DEFINITION = _kinds("implementation_definition")
_STATIC = _kinds("storage_class_specifier")


def method(node: Node, owner: str, modifiers: tuple[str, ...], context: ObjcContext) -> Function:
    """A method, declared or defined."""
    selector = ""
    found: list[Param] = []
    returns = ""
    name_span = Span(0, 0)
    body: Node | None = None
    head_end = node.start_byte
    for kid in node.named_children:
        kind = kid.kind_id
        if kind in COMPOUND:
            body = kid
            break
        if kind in _METHOD_TYPE:
            returns = context.type(kid.start_byte + 1, kid.end_byte - 1)
        elif kind in NAMES:
            name_span = name_span if selector else context.span(kid)
            selector += context.text(kid)
        elif kind in _METHOD_PARAMETER:
            selector += ":"
            found.append(_method_parameter(kid, context))
        else:
            continue
        head_end = kid.end_byte
    tail = context.source[head_end : body.start_byte if body is not None else node.end_byte]
    attributes = attributes_in(tail)
    is_static = context.source[node.start_byte] == "+"
    encoded, body_start = _body(body, context)
    return Function(
        name=selector,
        labels=("",) * len(found),
        selector=selector,
        kind="method" if is_static else _kind(selector, returns),
        owner=owner,
        params=tuple(found),
        returns=returns,
        is_static=is_static,
        modifiers=modifiers,
        attributes=attributes,
        conditions=(),
        availability=availability_of(attributes),
        mentions=tuple(sorted(context.mentions)),
        name_span=name_span,
        body_start=body_start,
        body=encoded,
    )


def _kind(name: str, returns: str) -> FunctionKind:
    is_object = returns in ("id", "instancetype", "") or returns.endswith("*") or returns.startswith("id<")
    if name.startswith("init") and not name[4:5].islower() and is_object:
        return "initializer"
    return "deinitializer" if name == "dealloc" else "method"


def _body(body: Node | None, context: ObjcContext) -> tuple[bytes, int]:
    """The encoded statements of a body, and where they begin; b"" and 0 without one."""
    if body is None:
        return b"", 0
    return encode_block(context.braces(body)), body.start_byte + 1 - context.base


def _method_parameter(node: Node, context: ObjcContext) -> Param:
    type_text, name = "", ""
    for kid in node.named_children:
        if kid.kind_id in _METHOD_TYPE:
            type_text = context.type(kid.start_byte + 1, kid.end_byte - 1)
        elif kid.kind_id in NAMES:
            name = context.text(kid)
    return Param(*context.bounds(node), "", name, type_text)


def c_function(node: Node, scope: str, context: ObjcContext) -> Function | None:
    """A C function, or a C++ method: `Foo::bar` has owner "Foo"; `scope` is the class around it."""
    declarator = node.child_by_field_name("declarator")
    if declarator is None:
        return None
    what = declared(declarator, base_text(node, context), context)
    if what.function is None or what.name_node is None:
        return None
    attributes = attributes_before(context.source, node.start_byte)
    return _function(node, what, scope, attributes, node.child_by_field_name("body"), context)


def prototype(node: Node, what: Declared, scope: str, context: ObjcContext) -> Function:
    """A C function that is only declared."""
    attributes = attributes_in(context.source[what.function.end_byte : node.end_byte] if what.function else "")
    return _function(node, what, scope, attributes, None, context)


def _function(
    node: Node, what: Declared, scope: str, attributes: tuple[str, ...], body: Node | None, context: ObjcContext
) -> Function:
    owner, name, returns = _qualified(what, scope, context)
    is_static = any(kid.kind_id in _STATIC and context.text(kid) == "static" for kid in node.named_children)
    listed = what.function.child_by_field_name("parameters") if what.function is not None else None
    params = parameters(listed, context)
    kind: FunctionKind = "method" if owner else "function"
    if owner and name.lstrip("~") == owner:
        kind, returns = ("deinitializer" if name.startswith("~") else "initializer"), ""
    encoded, body_start = _body(body, context)
    return Function(
        name=name,
        labels=("",) * len(params),
        selector="",
        kind=kind,
        owner=owner,
        params=params,
        returns=returns,
        is_static=is_static and bool(owner),
        modifiers=("static",) if is_static else (),
        attributes=attributes,
        conditions=(),
        availability=availability_of(attributes),
        mentions=tuple(sorted(context.mentions)),
        name_span=context.span(what.name_node) if what.name_node is not None else Span(0, 0),
        body_start=body_start,
        body=encoded,
    )


def _qualified(what: Declared, scope: str, context: ObjcContext) -> tuple[str, str, str]:
    """Owner, name and return type of a function: those of C++ may be spelled `Foo::bar`, `Foo::Foo`, `Foo::~Foo`."""
    qualifier, _, name = what.name.partition("<")[0].rpartition("::")
    returns = what.type
    if what.name_node is not None and context.source.startswith("operator ", what.name_node.start_byte - 2):
        name = context.slice(what.name_node.start_byte - 2, what.name_node.end_byte)  # the mask put a type over it
        return scope, name, name.removeprefix("operator ")
    before = context.source[what.name_node.start_byte - 3 : what.name_node.start_byte] if what.name_node else ""
    if before.endswith(("::", "~")):
        name = f"~{name}" if before.endswith("~") else name
        qualifier = returns if "::" in before else qualifier  # the mask made `Foo::` the type of a constructor
    return qualifier.rpartition("::")[2] or scope, name, returns


def reread(unit: Function, node: Node, source: str, directives: Directives) -> Function | None:
    """`unit` lowered again from its node; None when more than its body changed (see `lowering.SourceReader`)."""
    context = ObjcContext(source, node.start_byte, directives)
    if node.kind_id in _DEFINITION and node.named_child_count == 1:
        node = node.named_children[0]
    if node.kind_id in METHODS:
        changed = method(node, unit.owner, unit.modifiers, context)
    elif node.kind_id in FUNCTION:
        found = c_function(node, unit.owner, context)
        if found is None:
            return None
        changed = found
    else:
        return None
    changed = msgspec.structs.replace(changed, conditions=unit.conditions)
    as_before = msgspec.structs.replace(changed, body=unit.body, mentions=unit.mentions)
    return changed if as_before == unit else None
