"""Methods and C functions, declared or defined, as units."""

from __future__ import annotations

import msgspec
from tree_sitter import Node

from ipclint.model.facts import Function, FunctionKind
from ipclint.model.ir import Param, encode_block
from ipclint.model.source import Span
from ipclint.readers.conditionals import Directives
from ipclint.readers.objc_syntax import (
    COMPOUND,
    GRAMMAR,
    NAMES,
    ObjcContext,
    base_text,
    declared,
    parameters,
    plain_type,
)

_kinds = GRAMMAR.kinds
METHODS = _kinds("method_declaration", "method_definition")
FUNCTION = _kinds("function_definition")
_METHOD_PARAMETER = _kinds("method_parameter")
_METHOD_TYPE = _kinds("method_type")


def method(node: Node, owner: str, modifiers: tuple[str, ...], context: ObjcContext) -> Function:
    """A method, declared or defined."""
    selector: list[str] = []
    found: list[Param] = []
    returns = ""
    name_span = Span(0, 0)
    body: Node | None = None
    for kid in node.named_children:
        if kid.kind_id in _METHOD_TYPE:
            returns = plain_type(context.type_text(kid).strip("()").strip())
        elif kid.kind_id in NAMES:
            name_span = name_span if selector else context.span(kid)
            selector.append(context.text(kid))
        elif kid.kind_id in _METHOD_PARAMETER:
            if len(found) >= len(selector):
                selector.append("")  # an unnamed part: `- foo:(int)a :(int)b`
            found.append(_method_parameter(kid, context))
        elif kid.kind_id in COMPOUND:
            body = kid
    name = "".join(f"{part}:" for part in selector) if found else "".join(selector)
    encoded, body_start = _body(body, context)
    return Function(
        name=name,
        labels=("",) * len(found),
        selector=name,
        kind=_kind(name),
        owner=owner,
        params=tuple(found),
        returns=returns,
        is_static=any(kid.type == "+" for kid in node.children[:2]),
        modifiers=modifiers,
        attributes=(),
        conditions=(),
        availability=(),
        mentions=tuple(sorted(context.mentions)),
        name_span=name_span,
        body_start=body_start,
        body=encoded,
    )


def _kind(name: str) -> FunctionKind:
    if name.startswith("init") and not name[4:5].islower():
        return "initializer"
    return "deinitializer" if name == "dealloc" else "method"


def _body(body: Node | None, context: ObjcContext) -> tuple[bytes, int]:
    """The encoded statements of a body, and where they begin; b"" and 0 without one."""
    if body is None:
        return b"", 0
    return encode_block(context.braces(body)), body.start_byte + 1 - context.base


def _method_parameter(node: Node, context: ObjcContext) -> Param:
    type_node = next((kid for kid in node.named_children if kid.kind_id in _METHOD_TYPE), None)
    name = next((kid for kid in reversed(node.named_children) if kid.kind_id in NAMES), None)
    text = context.type_text(type_node).strip() if type_node is not None else ""
    text = text[1:-1] if text.startswith("(") and text.endswith(")") else text
    return Param(*context.bounds(node), "", context.text(name) if name is not None else "", plain_type(text))


def c_function(node: Node, scope: str, context: ObjcContext) -> Function | None:
    """A C function, or a C++ method: `Foo::bar` has owner "Foo"; `scope` is the class around it."""
    declarator = node.child_by_field_name("declarator")
    if declarator is None:
        return None
    what = declared(declarator, base_text(node, context), context)
    if what.function is None or not what.name:
        return None
    qualifier, _, name = what.name.rpartition("::")
    owner = qualifier.rpartition("::")[2] or scope
    static = any(kid.type == "storage_class_specifier" and context.text(kid) == "static" for kid in node.named_children)
    listed = parameters(what.function.child_by_field_name("parameters"), context)
    encoded, body_start = _body(node.child_by_field_name("body"), context)
    return Function(
        name=name,
        labels=("",) * len(listed),
        selector="",
        kind="method" if owner else "function",
        owner=owner,
        params=listed,
        returns=what.type,
        is_static=False,
        modifiers=("static",) if static else (),
        attributes=(),
        conditions=(),
        availability=(),
        mentions=tuple(sorted(context.mentions)),
        name_span=context.span(what.name_node) if what.name_node is not None else Span(0, 0),
        body_start=body_start,
        body=encoded,
    )


def prototype(name: str, params: tuple[Param, ...], returns: str, context: ObjcContext) -> Function:
    """A C function that is only declared."""
    return Function(
        name=name,
        labels=("",) * len(params),
        selector="",
        kind="function",
        owner="",
        params=params,
        returns=returns,
        is_static=False,
        modifiers=(),
        attributes=(),
        conditions=(),
        availability=(),
        mentions=tuple(sorted(context.mentions)),
        name_span=Span(0, 0),
        body_start=0,
        body=b"",
    )


def reread(unit: Function, node: Node, source: str, directives: Directives) -> Function | None:
    """`unit` lowered again from its node; None when more than its body changed (see `lowering.SourceReader`)."""
    context = ObjcContext(source, node.start_byte, directives)
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
