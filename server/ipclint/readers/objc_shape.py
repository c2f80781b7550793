"""The shape of an Objective-C or C file: its declarations, each lowered to a unit with a key and an extent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

import msgspec
from tree_sitter import Node

from ipclint.model.facts import Alias, EnumCase, Function, Import, Macro, Type, TypeKind, Unit, Variable
from ipclint.model.ir import Block, encode_block
from ipclint.model.source import Span
from ipclint.readers.conditionals import Directives
from ipclint.readers.kept import Kept
from ipclint.readers.lowering import BROKEN, ERROR
from ipclint.readers.objc_cxx import Scope
from ipclint.readers.objc_functions import FUNCTION, METHODS, c_function, method, prototype
from ipclint.readers.objc_syntax import (
    DECLARATORS,
    GRAMMAR,
    IDENTIFIERS,
    NAMES,
    ObjcContext,
    base_text,
    declared,
    parameters,
    plain_type,
)

MAX_NESTING = 30

_kinds = GRAMMAR.kinds
_INTERFACE = _kinds("class_interface")
_IMPLEMENTATION = _kinds("class_implementation")
_PROTOCOL = _kinds("protocol_declaration")
_QUALIFIED = _kinds("qualified_protocol_interface_declaration")
_DEFINITION = _kinds("implementation_definition")
_DECLARATION = _kinds("declaration")
_PROPERTY = _kinds("property_declaration")
_IVARS = _kinds("instance_variables")
_FIELDS = _kinds("struct_declaration")
_FIELD = _kinds("struct_declarator")
_TYPEDEF = _kinds("type_definition")
_ENUM = _kinds("enum_specifier")
_STRUCT = _kinds("struct_specifier", "union_specifier")
_PROTOCOLS = _kinds("parameterized_arguments", "protocol_reference_list")
_LINKAGE = _kinds(
    "linkage_specification", "declaration_list", "preproc_if", "preproc_ifdef", "preproc_else", "preproc_elif"
)
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
        self._members(root.named_children, "", 0)

    def units(self) -> tuple[dict[str, Unit], dict[str, Span]]:
        """Units and extents by key, in source order."""
        units: dict[str, Unit] = {}
        extents: dict[str, Span] = {}
        times: dict[str, int] = {}
        for start, end, name, unit in sorted(self.found, key=lambda entry: entry[:2]):
            times[name] = times.get(name, 0) + 1
            key = name if times[name] == 1 else f"{name}#{times[name]}"
            units[key] = unit
            extents[key] = Span(start, end)
        return units, extents

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
            self._function(node, owner)
        elif kind in _DECLARATION:
            self._declaration(node, owner)
        elif kind in _PROPERTY:
            self._property(node, inside, modifiers)
        elif kind in _INTERFACE | _IMPLEMENTATION | _PROTOCOL:
            self._class(node, depth)
        elif kind in _IVARS:
            self._ivars(node, inside)
        elif kind in _TYPEDEF:
            self._typedef(node)
        elif kind in _ENUM | _STRUCT:
            self._c_type(node, None)
        elif kind in _QUALIFIED:
            optional = self.source.startswith("@optional", node.start_byte)
            self._members(node.named_children, owner, depth + 1, ("optional",) if optional else ())
        elif kind in _DEFINITION | _LINKAGE:
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
        context = self.context(node.start_byte)
        name_node = next(kid for kid in node.named_children if kid.kind_id in NAMES)
        name = context.text(name_node)
        superclass = node.child_by_field_name("superclass")
        category = node.child_by_field_name("category")
        is_category = category is not None or any(kid.type == "(" for kid in node.children[:6])
        protocols, generics = _protocols(node, superclass, context)
        head_end = max((kid.end_byte for kid in _head(node)), default=name_node.end_byte)
        kind: TypeKind = "protocol" if node.kind_id in _PROTOCOL else "category" if is_category else _KINDS[node.type]
        inherits = (*((context.text(superclass),) if superclass else ()), *protocols.names)
        unit = Type(
            name,
            name,
            kind,
            context.text(superclass) if superclass else "",
            inherits,
            context.text(category) if category else "",
            (),
            (),
            self.directives.conditions(node.start_byte),
            (),
            context.span(name_node),
            protocols.span or Span(head_end - context.base, head_end - context.base),
            head_end - context.base,
            generics,
        )
        key = f"T {name}" if kind in ("interface", "protocol") else f"E {name}"
        self.add(node.start_byte, node.end_byte, key, unit)
        self._members(node.named_children, name, depth + 1)

    def _c_type(self, node: Node, name: str | None) -> None:
        """An enum with its cases, a struct: by its tag, or by the name that a typedef gives it."""
        context = self.context(node.start_byte)
        tag = node.child_by_field_name("name")
        body = node.child_by_field_name("body")
        name = name or (context.text(tag) if tag is not None else "")
        if not name or body is None:
            return
        is_enum = node.kind_id in _ENUM
        cases = tuple(_cases(body, context)) if is_enum else ()
        name_span = context.span(tag) if tag is not None else Span(0, 0)
        unit = Type(
            name,
            name,
            "enum" if is_enum else "struct",
            "",
            (),
            "",
            (),
            (),
            self.directives.conditions(node.start_byte),
            cases,
            name_span,
            Span(name_span.end, name_span.end),
            body.start_byte + 1 - context.base,
        )
        self.add(node.start_byte, node.end_byte, f"T {name}", unit)

    def _typedef(self, node: Node) -> None:
        context = self.context(node.start_byte)
        type_node = node.child_by_field_name("type")
        declarators = [
            kid for kid in node.named_children if kid != type_node and (kid.kind_id in DECLARATORS | IDENTIFIERS)
        ]
        for declarator in declarators:
            what = declared(declarator, base_text(node, context).removeprefix("typedef").strip(), context)
            if (
                type_node is not None
                and type_node.kind_id in _ENUM | _STRUCT
                and type_node.child_by_field_name("body") is not None
            ):
                self._c_type(type_node, what.name)
            elif what.name:
                self.add(node.start_byte, node.end_byte, f"A {what.name}", Alias(what.name, what.type))

    # ── functions ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _kept(self, node: Node, owner: str, conditions: tuple[str, ...]) -> Function | None:
        """The function that stood on these bytes before, when nothing can have become another by what is around it."""
        unit = self.kept.unit(Function, Span(node.start_byte, node.end_byte), owner) if self.kept else None
        return unit if unit is not None and unit.conditions == conditions and not node.has_error else None

    def _method(self, node: Node, owner: str, modifiers: tuple[str, ...]) -> None:
        conditions = self.directives.conditions(node.start_byte)
        unit = self._kept(node, owner, conditions)
        if unit is None or unit.modifiers != modifiers:
            unit = method(node, owner, modifiers, self.context(node.start_byte))
            unit = msgspec.structs.replace(unit, conditions=conditions)
        sign = "+" if unit.is_static else "-"
        self.add(node.start_byte, node.end_byte, f"F {sign}[{owner} {unit.name}]", unit)

    def _function(self, node: Node, owner: str) -> None:
        conditions = self.directives.conditions(node.start_byte)
        unit = self._kept(node, "", conditions) if not self.scopes else None
        if unit is None:
            unit = c_function(node, self._scope(node.start_byte), self.context(node.start_byte))
        if unit is not None:
            unit = msgspec.structs.replace(unit, conditions=conditions)
            self.add(node.start_byte, node.end_byte, f"F {unit.owner + '::' if unit.owner else ''}{unit.name}", unit)

    def _scope(self, offset: int) -> str:
        """The C++ class around an offset; the mask took its braces away."""
        return next((scope.name for scope in reversed(self.scopes) if scope.body <= offset < scope.end), "")

    # ── variables ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _declaration(self, node: Node, owner: str) -> None:
        """Globals and constants, and prototypes of C functions. Inside an @implementation they are the file's too."""
        context = self.context(node.start_byte)
        for kid in node.named_children:
            if kid.kind_id in _ENUM | _STRUCT:
                self._c_type(kid, None)
        type_text = base_text(node, context)
        static = any(
            kid.type == "storage_class_specifier" and context.text(kid) == "static" for kid in node.named_children
        )
        for kid in node.named_children:
            if kid.kind_id not in DECLARATORS and kid.kind_id not in NAMES:
                continue
            inner = self.context(node.start_byte)
            what = declared(kid, type_text, inner)
            if not what.name:
                continue
            if what.function is not None:
                self._prototype(node, what.name, what.type, what.function, inner)
                continue
            value = inner.expr(what.value) if what.value is not None else None
            unit = Variable(
                what.name,
                "",
                what.type,
                value,
                static,
                "const" not in type_text.split() and "const" not in inner.text(kid).split("=")[0].split(),
                False,
                (),
                ("static",) if static else (),
                self.directives.conditions(node.start_byte),
                tuple(sorted(inner.mentions)),
                inner.span(what.name_node) if what.name_node is not None else Span(0, 0),
            )
            self.add(node.start_byte, node.end_byte, f"V {what.name}", unit)

    def _prototype(self, node: Node, name: str, returns: str, function: Node, context: ObjcContext) -> None:
        listed = parameters(function.child_by_field_name("parameters"), context)
        unit = prototype(name, listed, returns, context)
        self.add(node.start_byte, node.end_byte, f"F {name}", unit)

    def _property(self, node: Node, owner: str, modifiers: tuple[str, ...]) -> None:
        attributes = tuple(self._attributes(node))
        for fields in node.named_children:
            if fields.kind_id in _FIELDS:
                self._fields(fields, node, owner, attributes, modifiers)

    def _attributes(self, node: Node) -> Iterator[str]:
        context = self.context(node.start_byte)
        for part in node.named_children:
            if part.type == "property_attributes_declaration":
                for attribute in part.named_children:
                    yield "".join(context.text(attribute).split())

    def _ivars(self, node: Node, owner: str) -> None:
        stack = [node]
        while stack:
            part = stack.pop()
            for kid in part.named_children:
                if kid.kind_id in _FIELDS:
                    self._fields(kid, kid, owner, ("ivar",), ())
                elif kid.type == "instance_variable":
                    stack.append(kid)

    def _fields(
        self, fields: Node, unit_node: Node, owner: str, attributes: tuple[str, ...], modifiers: tuple[str, ...]
    ) -> None:
        for field in fields.named_children:
            if field.kind_id not in _FIELD:
                continue
            context = self.context(unit_node.start_byte)
            type_text = plain_type(context.type_slice(fields.start_byte, _type_end(fields)))
            inner = next((kid for kid in field.named_children if kid.kind_id in DECLARATORS | IDENTIFIERS), None)
            if inner is None:
                continue
            what = declared(inner, type_text, context)
            name_span = context.span(what.name_node) if what.name_node is not None else Span(0, 0)
            unit = Variable(
                what.name,
                owner,
                what.type,
                None,
                "class" in attributes,
                "readonly" not in attributes,
                False,
                attributes,
                modifiers,
                self.directives.conditions(unit_node.start_byte),
                tuple(sorted(context.mentions)),
                name_span,
            )
            self.add(unit_node.start_byte, unit_node.end_byte, f"V {owner}.{what.name}", unit)

    # ── preprocessor ─────────────────────────────────────────────────────────────────────────────────────────────────

    def macro(self, start: int, end: int, name: str, params: tuple[str, ...], text: str, body: Block) -> None:
        unit = Macro(name, params, text, encode_block(body) if body else b"", self.directives.conditions(start))
        self.add(start, end, f"M {name}", unit)

    def include(self, start: int, end: int, name: str, local: bool) -> None:
        self.add(start, end, f"I {name}", Import(name, local))


_KINDS: dict[str, TypeKind] = {"class_interface": "interface", "class_implementation": "implementation"}


class _Protocols:
    def __init__(self, names: tuple[str, ...], span: Span | None) -> None:
        self.names = names
        self.span = span


def _head(node: Node) -> list[Node]:
    """The parts of a class's head: name, category, superclass, protocols, ivars."""
    parts: list[Node] = []
    for kid in node.children:
        if kid.kind_id in METHODS | _PROPERTY | _DEFINITION | _QUALIFIED | _DECLARATION or kid.type == "@end":
            break
        parts.append(kid)
    return parts


def _protocols(node: Node, superclass: Node | None, context: ObjcContext) -> tuple[_Protocols, tuple[str, ...]]:
    """The protocols of a head, and its type parameters: those stand before the superclass."""
    names: tuple[str, ...] = ()
    generics: tuple[str, ...] = ()
    span: Span | None = None
    for kid in _head(node):
        if kid.kind_id not in _PROTOCOLS:
            continue
        listed = tuple(
            context.text(part).partition("<")[0].strip()
            for part in kid.named_children
            if part.kind_id not in GRAMMAR.silent
        )
        if superclass is not None and kid.end_byte <= superclass.start_byte:
            generics = listed
        elif kid.named_children:
            names = listed
            span = Span(kid.named_children[0].start_byte - context.base, kid.named_children[-1].end_byte - context.base)
    return _Protocols(names, span), generics


def _cases(body: Node, context: ObjcContext) -> Iterator[EnumCase]:
    for kid in body.named_children:
        if kid.type == "enumerator":
            name = kid.child_by_field_name("name")
            value = kid.child_by_field_name("value")
            if name is not None:
                literal = value is not None and value.type in ("number_literal", "char_literal")
                yield EnumCase(context.text(name), context.text(value) if literal and value is not None else None)


def _type_end(fields: Node) -> int:
    """Where the shared type of fields ends: before the first declarator."""
    first = next((kid for kid in fields.named_children if kid.kind_id in _FIELD), None)
    return first.start_byte if first is not None else fields.end_byte
