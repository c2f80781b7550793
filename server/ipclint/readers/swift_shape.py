"""The shape of a Swift file: its declarations in source order, each lowered to a unit with a key and an extent."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import msgspec
from tree_sitter import Node

from ipclint.model.facts import Alias, Function, Import, Unit, Variable
from ipclint.model.ir import encode_block
from ipclint.model.source import Span
from ipclint.readers.conditionals import Directives
from ipclint.readers.kept import Kept, U
from ipclint.readers.lowering import BROKEN, ERROR, keyed
from ipclint.readers.swift_declarations import (
    ACCESSORS,
    TYPES,
    Head,
    Property,
    accessor,
    accessors,
    function,
    function_name,
    head,
    type_body,
    type_unit,
)
from ipclint.readers.swift_parameters import parameters
from ipclint.readers.swift_syntax import GRAMMAR, IDENTIFIERS, SwiftContext, identifiers, plain
from ipclint.readers.swift_variables import annotation, declared_variables

MAX_NESTING = 40
"""How deep types in types are followed."""

_kinds = GRAMMAR.kinds
_FUNCTIONS = _kinds(
    "function_declaration", "init_declaration", "deinit_declaration", "protocol_function_declaration"
)  # fmt: skip
_PROPERTY = _kinds("property_declaration")
_REQUIREMENT = _kinds("protocol_property_declaration")
_SUBSCRIPT = _kinds("subscript_declaration")
_IMPORT = _kinds("import_declaration")
_IDENTIFIER = _kinds("identifier")
_ALIAS = _kinds("typealias_declaration")
_TYPE_NAME = _kinds("type_identifier")
_PATTERN = _kinds("pattern")
_BINDING = _kinds("value_binding_pattern")
_TYPE_ANNOTATION = _kinds("type_annotation")
_COMPUTED = _kinds("computed_property")
_SETTERS = _kinds("computed_setter", "computed_modify", "setter_specifier", "modify_specifier")
_ARROW = _kinds("->")
_DECLARATIONS = _FUNCTIONS | _PROPERTY | TYPES | _SUBSCRIPT | _REQUIREMENT | _IMPORT | _ALIAS
_OTHER_DECLARATIONS = _kinds(
    "macro_invocation", "macro_declaration", "associatedtype_declaration", "operator_declaration",
    "precedence_group_declaration", "enum_entry", "modifiers", "attribute", "directive", "diagnostic",
)  # fmt: skip


class Shape:
    """Collects the units of one file; `source` is the file as latin-1, `kept` what need not be lowered again."""

    def __init__(self, source: str, directives: Directives, kept: Kept | None = None) -> None:
        self.source = source
        self.directives = directives
        self.kept = kept
        self.found: list[tuple[int, int, str, Unit]] = []  # start, end, key without #n, unit
        self.loose: list[Node] = []  # file-level statements

    def read(self, root: Node) -> None:
        self._members(root.named_children, "", "", 0)
        if self.loose:
            self._toplevel()

    def units(self) -> tuple[dict[str, Unit], dict[str, Span]]:
        """Units and extents by key, in source order."""
        return keyed(self.found)

    def _add(self, node: Node, key: str, unit: Unit) -> None:
        self.found.append((node.start_byte, node.end_byte, key, unit))

    def _context(self, node: Node) -> SwiftContext:
        return SwiftContext(self.source, node.start_byte, self.directives)

    def _members(self, nodes: Iterable[Node], owner: str, owner_kind: str, depth: int) -> None:
        for node in nodes:
            kind = node.kind_id
            if kind == ERROR and depth < MAX_NESTING:
                self._members(node.named_children, owner, owner_kind, depth + 1)
            elif kind in _DECLARATIONS:
                with suppress(*BROKEN):  # what broken code leaves of a declaration may be too little for a unit
                    self._declaration(node, owner, owner_kind, depth)
            elif not owner and kind not in GRAMMAR.silent and kind not in _OTHER_DECLARATIONS:
                self.loose.append(node)

    def _declaration(self, node: Node, owner: str, owner_kind: str, depth: int) -> None:
        kind = node.kind_id
        if kind in _FUNCTIONS:
            self._function(node, owner, owner_kind, depth)
        elif kind in _PROPERTY:
            self._property(node, owner, owner_kind, depth)
        elif kind in TYPES:
            self._type(node, owner, depth)
        elif kind in _SUBSCRIPT:
            self._subscript(node, owner, owner_kind, depth)
        elif kind in _REQUIREMENT:
            self._requirement(node, owner)
        elif kind in _IMPORT:
            self._import(node)
        elif kind in _ALIAS:
            self._alias(node, owner)

    def _kept(self, kind: type[U], node: Node, owner: str, owner_kind: str | None = None) -> U | None:
        """What stood on these bytes before, when nothing can have become another by what is around it."""
        unit = self.kept.unit(kind, node, owner, owner_kind) if self.kept else None
        if unit is None:
            return None
        around = self.directives.conditions(node.start_byte + unit.name_span.start)
        return unit if around == unit.conditions else None

    def _nested(self, context: SwiftContext, owner: str, depth: int) -> None:
        """Types declared inside a body that was just lowered."""
        for node in context.types:
            self._type(node, owner, depth + 1)

    def _type(self, node: Node, owner: str, depth: int) -> None:
        name = node.child_by_field_name("name")
        if name is None or depth > MAX_NESTING:
            return
        context = self._context(node)
        unit = type_unit(node, name, owner, context)
        self._add(node, f"{'E' if unit.kind == 'extension' else 'T'} {unit.qualified}", unit)
        if (body := type_body(node)) is not None:
            self._members(body.named_children, unit.qualified, unit.kind, depth + 1)

    def _function(self, node: Node, owner: str, owner_kind: str, depth: int) -> None:
        if kept := self._kept(Function, node, owner, owner_kind):
            self._add(node, _function_key(kept), kept)
            return
        name = function_name(node)
        if name is None:
            return
        context = self._context(node)
        unit = function(node, name, owner, owner_kind, context)
        self._add(node, _function_key(unit), unit)
        self._nested(context, owner, depth)

    def _property(self, node: Node, owner: str, owner_kind: str, depth: int) -> None:
        """The variables of one `let` or `var`, each with its accessors."""
        if kept := self._kept(Variable, node, owner):
            self._add(node, f"V {_dotted(owner, kept.name)}", kept)
            return
        for declared in declared_variables(node, self._context(node)):
            context = SwiftContext(self.source, declared.start, self.directives)
            around = head(node, declared.name, context)
            value = context.expr(declared.value) if declared.value else None
            block = declared.accessors
            is_computed = block is not None and block.kind_id in _COMPUTED
            context.mentions.update(identifiers(declared.type))
            settable = declared.mutable and (not is_computed or (block is not None and _is_settable(block)))
            for name in declared.names or ("_",):
                unit = Variable(
                    name=name,
                    owner=owner,
                    type=declared.type,
                    value=value,
                    is_static=around.is_static,
                    mutable=settable,
                    computed=is_computed,
                    attributes=around.attributes,
                    modifiers=around.modifiers,
                    conditions=around.conditions,
                    mentions=tuple(sorted(context.mentions)),
                    name_span=context.span(declared.name),
                )
                self.found.append((declared.start, declared.end, f"V {_dotted(owner, name)}", unit))
            self._nested(context, owner, depth)
            if block is not None and declared.names:
                of = Property(declared.names[0], owner, declared.type, around)
                self._accessors(block, of, _dotted(owner, declared.names[0]), depth)

    def _accessors(self, block: Node, of: Property, path: str, depth: int) -> None:
        for node in accessors(block):
            context = self._context(node)
            unit = accessor(node, of, context)
            self._add(node, f"F {path}.{ACCESSORS[node.kind_id][0]}", unit)
            self._nested(context, of.owner, depth)

    def _subscript(self, node: Node, owner: str, owner_kind: str, depth: int) -> None:
        keyword = next((kid for kid in node.children if kid.type == "subscript"), node)
        block = next((kid for kid in node.named_children if kid.kind_id in _COMPUTED), None)
        if block is None or owner_kind == "protocol":
            return
        context = self._context(node)
        arrow = next((index for index, kid in enumerate(node.children) if kid.kind_id in _ARROW), -1)
        returns = context.type_text(node.children[arrow + 1]) if arrow >= 0 else ""
        params = parameters(node, context)
        of = Property("subscript", owner, returns, head(node, keyword, context), params)
        labels = "".join((param.label or "_") + ":" for param in params)
        self._accessors(block, of, _dotted(owner, f"subscript({labels})"), depth)

    def _requirement(self, node: Node, owner: str) -> None:
        """A property that a protocol asks for."""
        context = self._context(node)
        pattern = next((kid for kid in node.named_children if kid.kind_id in _PATTERN), None)
        name = next((kid for kid in pattern.named_children if kid.kind_id in IDENTIFIERS), None) if pattern else None
        if name is None:
            return
        around = head(node, name, context)
        type_node = next((kid for kid in node.named_children if kid.kind_id in _TYPE_ANNOTATION), None)
        text = plain(context.text(name))
        unit = Variable(
            name=text,
            owner=owner,
            type=annotation(type_node, context) if type_node else "",
            value=None,
            is_static=around.is_static,
            mutable=any(_is_settable(kid) for kid in node.named_children),
            computed=True,
            attributes=around.attributes,
            modifiers=around.modifiers,
            conditions=around.conditions,
            mentions=tuple(sorted(context.mentions)),
            name_span=context.span(name),
        )
        self._add(node, f"V {_dotted(owner, text)}", unit)

    def _import(self, node: Node) -> None:
        path = next((kid for kid in node.named_children if kid.kind_id in _IDENTIFIER), None)
        if path is not None:
            name = self._context(node).text(path).partition(".")[0]
            self._add(node, f"I {name}", Import(name, local=False))

    def _alias(self, node: Node, owner: str) -> None:
        context = self._context(node)
        name = next((kid for kid in node.named_children if kid.kind_id in _TYPE_NAME), None)
        if name is not None:
            text = plain(context.text(name))
            target = context.slice(name.end_byte, node.end_byte).partition("=")[2]
            self._add(node, f"A {_dotted(owner, text)}", Alias(text, " ".join(target.split()), owner))

    def _toplevel(self) -> None:
        """The loose statements of the file as one function. Its `let` and `var` are units of their own, as globals."""
        start, end = self._with_conditions(self.loose[0].start_byte, self.loose[-1].end_byte)
        context = SwiftContext(self.source, start, self.directives)
        body = context.run(self.loose, start, end)
        unit = Function(
            name="toplevel",
            labels=(),
            selector="",
            kind="toplevel",
            owner="",
            params=(),
            returns="",
            is_static=False,
            modifiers=(),
            attributes=(),
            conditions=(),
            availability=(),
            mentions=tuple(sorted(context.mentions)),
            name_span=Span(0, 0),
            body_start=0,
            body=encode_block(body),
        )
        self.found.append((start, end, "F toplevel", unit))
        self._nested(context, "", 0)

    def _with_conditions(self, start: int, end: int) -> tuple[int, int]:
        """The absolute bytes widened by the `#if` that holds the first and the `#endif` that closes around the last."""
        opened: list[int] = []
        for line in self.directives.lines:
            if line.start >= end and not opened:
                break
            if line.keyword == "#if" and line.start < end:
                opened.append(line.start)
            elif line.keyword == "#endif" and opened:
                first = opened.pop()
                if first < end and line.end > start:
                    start, end = min(start, first), max(end, line.end)
        return start, end


def _dotted(owner: str, name: str) -> str:
    return f"{owner}.{name}" if owner else name


def _function_key(unit: Function) -> str:
    labels = "".join((label or "_") + ":" for label in unit.labels)
    return f"F {_dotted(unit.owner, unit.name)}({labels})"


def _is_settable(block: Node) -> bool:
    return any(kid.kind_id in _SETTERS for kid in block.named_children)


def reread(unit: Function, node: Node, source: str, directives: Directives) -> Function | None:
    """`unit` lowered again from its node; None when more than its body changed (see `lowering.SourceReader`)."""
    context = SwiftContext(source, node.start_byte, directives)
    if node.kind_id in ACCESSORS:
        changed = accessor(node, _property_of(unit), context)
    elif node.kind_id in _FUNCTIONS and (name := function_name(node)) is not None:
        changed = function(node, name, unit.owner, "", context)
    else:
        return None
    changed = msgspec.structs.replace(changed, selector=unit.selector, conditions=unit.conditions)
    as_before = msgspec.structs.replace(changed, body=unit.body, mentions=unit.mentions)
    return changed if as_before == unit and not context.types else None


def _property_of(unit: Function) -> Property:
    """What an accessor took from its property."""
    around = Head(unit.attributes, unit.modifiers, unit.conditions, unit.availability)
    if unit.kind == "getter":
        return Property(unit.name, unit.owner, unit.returns, around, unit.params)
    has_value = len(unit.params) > len(unit.labels)
    params = unit.params[:-1] if has_value else unit.params
    return Property(unit.name, unit.owner, unit.params[-1].type if has_value else "", around, params)
