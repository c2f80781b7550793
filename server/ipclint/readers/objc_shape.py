"""The shape of an Objective-C or C file: its declarations, each lowered to a unit with a key and an extent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

import msgspec
from tree_sitter import Node

from ipclint.model.facts import Alias, Function, Import, Macro, Unit, Variable
from ipclint.model.ir import Block, Expr, Literal, encode_block
from ipclint.model.source import Span
from ipclint.readers.conditionals import Directives
from ipclint.readers.kept import Kept
from ipclint.readers.lowering import BROKEN, ERROR, keyed
from ipclint.readers.objc_attributes import attributes_before
from ipclint.readers.objc_cxx_scopes import Scope
from ipclint.readers.objc_functions import FUNCTION, METHODS, c_function, method, prototype
from ipclint.readers.objc_syntax import (
    DECLARATORS,
    FIELD,
    GRAMMAR,
    IDENTIFIERS,
    NAMES,
    Declared,
    ObjcContext,
    base_text,
    declarators,
    declared,
)
from ipclint.readers.objc_types import (
    ENUM,
    IMPLEMENTATION,
    INTERFACE,
    PROTOCOL,
    STRUCT,
    c_type,
    class_type,
    cxx_type,
    enumerators,
)

MAX_NESTING = 30

_kinds = GRAMMAR.kinds
_QUALIFIED = _kinds("qualified_protocol_interface_declaration")
_NESTED = _kinds("implementation_definition", "linkage_specification", "declaration_list")
_DECLARATION = _kinds("declaration")
_PROPERTY = _kinds("property_declaration")
_PROPERTY_ATTRIBUTES = _kinds("property_attributes_declaration")
_IVARS = _kinds("instance_variables")
_IVAR = _kinds("instance_variable")
_FIELDS = _kinds("struct_declaration", "field_declaration")
_TYPEDEF = _kinds("type_definition")
_STORAGE = _kinds("storage_class_specifier")
_HEADS = ("@interface", "@implementation", "@protocol")


class Shape:
    """Collects the units of one file; `source` is the file as latin-1, `kept` what need not be lowered again."""

    def __init__(
        self, source: str, directives: Directives, scopes: Sequence[Scope] = (), kept: Kept | None = None
    ) -> None:
        self.source = source
        self.directives = directives
        self.kept = kept
        self.scopes = [scope for scope in scopes if scope.kind != "namespace"]
        self.found: list[tuple[int, int, str, Unit]] = []  # start, end, key without #n, unit
        self.stray = ""  # the class whose head stands in syntax the grammar could not read

    def read(self, root: Node) -> None:
        for scope in self.scopes:
            unit = cxx_type(scope, self.context(scope.start))
            self.add(scope.start, scope.end, f"T {unit.name}", unit)
        self._members([root] if root.kind_id == ERROR else root.named_children, "", 0)

    def units(self) -> tuple[dict[str, Unit], dict[str, Span]]:
        """Units and extents by key, in source order."""
        return keyed(self.found)

    def add(self, start: int, end: int, key: str, unit: Unit) -> None:
        self.found.append((start, end, key, unit))

    def context(self, start: int) -> ObjcContext:
        return ObjcContext(self.source, start, self.directives)

    # ── what stands where ────────────────────────────────────────────────────────────────────────────────────────────

    def _members(self, nodes: Iterable[Node], owner: str, depth: int, modifiers: tuple[str, ...] = ()) -> None:
        for node in nodes:
            kind = node.kind_id
            if kind == ERROR:
                self._broken(node, owner, depth)
            elif depth < MAX_NESTING:
                with suppress(*BROKEN):  # what broken code leaves of a declaration may be too little for a unit
                    self._member(node, owner, depth, modifiers)

    def _member(self, node: Node, owner: str, depth: int, modifiers: tuple[str, ...]) -> None:
        kind = node.kind_id
        inside = owner or self.stray
        if kind in METHODS:
            self._method(node, inside, modifiers)
        elif kind in FUNCTION:
            self._function(node)
        elif kind in _DECLARATION:
            self._declaration(node)
        elif kind in _PROPERTY:
            self._property(node, inside, modifiers)
        elif kind in INTERFACE or kind in IMPLEMENTATION or kind in PROTOCOL:
            self._class(node, depth)
        elif kind in _IVARS:
            self._ivars(node, inside)
        elif kind in _TYPEDEF:
            self._typedef(node)
        elif kind in ENUM or kind in STRUCT:
            self._c_type(node, "")
        elif kind in _QUALIFIED:
            optional = self.source.startswith("@optional", node.start_byte)
            self._members(node.named_children, owner, depth + 1, ("optional",) if optional else ())
        elif kind in _NESTED:
            self._members(node.named_children, owner, depth + 1, modifiers)

    def _broken(self, node: Node, owner: str, depth: int) -> None:
        """Declarations inside syntax the grammar could not read, and the heads of classes that it lost."""
        tokens = node.children
        for index, kid in enumerate(tokens):
            if kid.type in _HEADS and index + 1 < len(tokens) and tokens[index + 1].kind_id in NAMES:
                self.stray = self.context(0).text(tokens[index + 1])
            elif kid.type == "@end":
                self.stray = ""
        if depth < MAX_NESTING:
            self._members(node.named_children, owner, depth + 1)

    # ── types ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _class(self, node: Node, depth: int) -> None:
        self.stray = ""
        unit = class_type(node, self.context(node.start_byte))
        if unit is not None:
            key = f"T {unit.name}" if unit.kind in ("interface", "protocol") else f"E {unit.name}"
            self.add(node.start_byte, node.end_byte, key, unit)
        self._members(node.named_children, unit.name if unit is not None else "", depth + 1)

    def _c_type(self, node: Node, name: str) -> None:
        """An enum or a struct with its fields; the constants of an enum without name are the file's."""
        context = self.context(node.start_byte)
        body = node.child_by_field_name("body")
        unit = c_type(node, name, context)
        if unit is not None:
            self.add(node.start_byte, node.end_byte, f"T {unit.name}", unit)
            if unit.kind == "struct" and body is not None:
                self._struct_fields(body, unit.name)
        elif node.kind_id in ENUM and body is not None:
            for constant, text, kid in enumerators(body, context):
                value = Literal(0, 0, "int", text) if text is not None else None
                inner = self.context(kid.start_byte)
                what = Declared(constant, kid.named_children[0], "int", None, None, mutable=False)
                self._variable(kid, what, value, "", (), (), inner)

    def _struct_fields(self, body: Node, owner: str) -> None:
        for fields in body.named_children:
            if fields.kind_id in _FIELDS:
                with suppress(*BROKEN):
                    self._fields(fields, fields, owner, (), ())

    def _typedef(self, node: Node) -> None:
        context = self.context(node.start_byte)
        type_node = node.child_by_field_name("type")
        if type_node is None:
            return
        is_body = (type_node.kind_id in ENUM or type_node.kind_id in STRUCT) and type_node.child_by_field_name("body")
        base = context.type(type_node.start_byte, type_node.end_byte)
        for kid in node.named_children:
            if kid == type_node or (kid.kind_id not in DECLARATORS and kid.kind_id not in IDENTIFIERS):
                continue
            what = declared(kid, base, context)
            if is_body and kid.kind_id in IDENTIFIERS:
                self._c_type(type_node, what.name)
            elif what.name:
                self.add(node.start_byte, node.end_byte, f"A {what.name}", Alias(what.name, what.type))

    # ── functions ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _kept(self, node: Node, owner: str, conditions: tuple[str, ...]) -> Function | None:
        """The function that stood on these bytes before, when nothing can have become another by what is around it."""
        unit = self.kept.unit(Function, node, owner) if self.kept else None
        return unit if unit is not None and unit.conditions == conditions and not node.has_error else None

    def _method(self, node: Node, owner: str, modifiers: tuple[str, ...]) -> None:
        conditions = self.directives.conditions(node.start_byte)
        unit = self._kept(node, owner, conditions)
        if unit is None or unit.modifiers != modifiers:
            unit = method(node, owner, modifiers, self.context(node.start_byte))
            unit = msgspec.structs.replace(unit, conditions=conditions) if conditions else unit
        self.add_function(node.start_byte, node.end_byte, unit)

    def _function(self, node: Node) -> None:
        conditions = self.directives.conditions(node.start_byte)
        unit = self._kept(node, "", conditions) if not self.scopes else None
        if unit is None or unit.attributes != attributes_before(self.source, node.start_byte):
            unit = c_function(node, self._scope(node.start_byte), self.context(node.start_byte))
        if unit is not None:
            self.add_function(node.start_byte, node.end_byte, msgspec.structs.replace(unit, conditions=conditions))

    def add_function(self, start: int, end: int, unit: Function) -> None:
        """Keys: `F -[Foo bar:]`, `F +[Foo make]`, `F Foo::bar` of C++, `F main`."""
        if unit.selector:
            name = f"{'+' if unit.is_static else '-'}[{unit.owner} {unit.name}]"
        else:
            name = f"{unit.owner + '::' if unit.owner else ''}{unit.name}"
        self.add(start, end, f"F {name}", unit)

    def _scope(self, offset: int) -> str:
        """The C++ class around an offset; the mask took its braces away."""
        return next((scope.name for scope in reversed(self.scopes) if scope.body <= offset < scope.end), "")

    # ── variables ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _declaration(self, node: Node) -> None:
        """Globals and constants, and prototypes of C functions. Inside an @implementation they are the file's too."""
        for kid in node.named_children:
            if kid.kind_id in ENUM or kid.kind_id in STRUCT:
                self._c_type(kid, "")
        is_static = any(kid.kind_id in _STORAGE and self._is(kid, "static") for kid in node.named_children)
        modifiers = ("static",) if is_static else ()
        scope = self._scope(node.start_byte) if self.scopes else ""
        for kid in declarators(node):
            context = self.context(node.start_byte)
            what = declared(kid, base_text(node, context), context)
            if what.function is not None and what.name:
                unit = prototype(node, what, scope, context)
                conditions = self.directives.conditions(node.start_byte)
                self.add_function(node.start_byte, node.end_byte, msgspec.structs.replace(unit, conditions=conditions))
            elif what.name:
                value = context.expr(what.value) if what.value is not None else None
                self._variable(node, what, value, scope, (), modifiers, context)

    def _is(self, node: Node, text: str) -> bool:
        return self.source[node.start_byte : node.end_byte] == text

    def _variable(
        self,
        node: Node,
        what: Declared,
        value: Expr | None,
        owner: str,
        attributes: tuple[str, ...],
        modifiers: tuple[str, ...],
        context: ObjcContext,
    ) -> None:
        unit = Variable(
            name=what.name,
            owner=owner,
            type=what.type,
            value=value,
            is_static="static" in modifiers or "class" in attributes,
            mutable=what.mutable and "readonly" not in attributes,
            computed=False,
            attributes=attributes,
            modifiers=modifiers,
            conditions=self.directives.conditions(node.start_byte),
            mentions=tuple(sorted(context.mentions)),
            name_span=context.span(what.name_node) if what.name_node is not None else Span(0, 0),
        )
        self.add(node.start_byte, node.end_byte, f"V {owner + '.' if owner else ''}{what.name}", unit)

    def _property(self, node: Node, owner: str, modifiers: tuple[str, ...]) -> None:
        attributes: tuple[str, ...] = ()
        for part in node.named_children:
            if part.kind_id in _PROPERTY_ATTRIBUTES:
                context = self.context(node.start_byte)
                attributes = tuple("".join(context.text(kid).split()) for kid in context.kids(part))
            elif part.kind_id in _FIELDS:
                self._fields(part, node, owner, attributes, modifiers)

    def _ivars(self, node: Node, owner: str) -> None:
        for kid in node.named_children:
            for fields in kid.named_children if kid.kind_id in _IVAR else ():
                if fields.kind_id in _FIELDS:
                    self._fields(fields, fields, owner, ("ivar",), ())

    def _fields(
        self, fields: Node, node: Node, owner: str, attributes: tuple[str, ...], modifiers: tuple[str, ...]
    ) -> None:
        """The variables of a property, of instance variables or of fields of a struct; `node` is the declaration."""
        for kid in fields.named_children:
            inner: Node | None = kid if kid.kind_id in DECLARATORS or kid.kind_id in NAMES else None
            if kid.kind_id in FIELD:
                inner = next((part for part in kid.named_children if part.kind_id in DECLARATORS | IDENTIFIERS), None)
            if inner is None:
                continue
            context = self.context(node.start_byte)
            what = declared(inner, base_text(fields, context), context)
            if what.name:
                self._variable(node, what, None, owner, attributes, modifiers, context)

    # ── preprocessor ─────────────────────────────────────────────────────────────────────────────────────────────────

    def macro(self, start: int, end: int, name: str, params: tuple[str, ...], text: str, body: Block) -> None:
        unit = Macro(name, params, text, encode_block(body) if body else b"", self.directives.conditions(start))
        self.add(start, end, f"M {name}", unit)

    def include(self, start: int, end: int, name: str, local: bool) -> None:
        self.add(start, end, f"I {name}", Import(name, local))
