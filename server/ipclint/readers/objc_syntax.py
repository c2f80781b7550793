"""The Objective-C grammar, the context of a unit being lowered, and what a declarator declares."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import tree_sitter_objc
from tree_sitter import Language, Node

from ipclint.model.ir import Block, Param
from ipclint.readers.conditionals import Directives, nest
from ipclint.readers.lowering import Context, Grammar

GRAMMAR: Grammar[ObjcContext] = Grammar(Language(tree_sitter_objc.language()), silent=("comment",))
_kinds = GRAMMAR.kinds

COMMENTS = _kinds("comment")
NOT_CODE = _kinds("comment", "string_literal", "string_content", "char_literal", "character", "escape_sequence")
IDENTIFIERS = _kinds("identifier", "field_identifier", "type_identifier", "statement_identifier")
NAMES = _kinds("identifier", "field_identifier")
STRINGS = _kinds("string_literal", "concatenated_string")
TYPES = _kinds(
    "type_identifier",
    "primitive_type",
    "typedefed_specifier",
    "sized_type_specifier",
    "struct_specifier",
    "enum_specifier",
    "union_specifier",
    "generic_specifier",
    "typeof_specifier",
    "macro_type_specifier",
    "array_type_specifier",
)
POINTERS = _kinds("pointer_declarator", "block_pointer_declarator", "abstract_pointer_declarator")
FUNCTIONS = _kinds("function_declarator")
ARRAYS = _kinds("array_declarator")
INITIALIZED = _kinds("init_declarator")
DECLARATORS = _kinds(
    "pointer_declarator",
    "block_pointer_declarator",
    "function_declarator",
    "array_declarator",
    "init_declarator",
    "parenthesized_declarator",
    "attributed_declarator",
)
PARAMETERS = _kinds("parameter_list")
PARAMETER = _kinds("parameter_declaration")
COMPOUND = _kinds("compound_statement")

_QUALIFIERS = re.compile(
    r"\b(?:_Nullable|_Nonnull|_Null_unspecified|_Nullable_result|__nullable|__nonnull|nullable|nonnull|__strong|__weak|__block|"
    r"__unsafe_unretained|__autoreleasing|__kindof|__unused|__attribute__\s*\(\(.*?\)\)|static|extern|inline|register|in|out|inout|"
    r"bycopy|byref|oneway|IBOutlet|NS_NOESCAPE)\b\s*"
)


def plain_type(text: str) -> str:
    """A type's text without nullability, ownership and storage words."""
    return " ".join(_QUALIFIERS.sub("", text).split())


class ObjcContext(Context):
    """A Context that re-nests the `#if` lines, which the parser never saw."""

    __slots__ = ("directives",)

    def __init__(self, source: str, base: int, directives: Directives) -> None:
        super().__init__(GRAMMAR, source, base)
        self.directives = directives

    def run(self, nodes: Sequence[Node], start: int, end: int) -> Block:
        """Statements that follow each other within absolute bytes `start` to `end`."""
        lines = self.directives.between(start, end) if self.directives else ()
        return nest(nodes, lines, self) if lines else self.block(nodes)

    def braces(self, node: Node) -> Block:
        """The statements of a compound statement; a statement without braces is a block of one."""
        if node.kind_id in COMPOUND:
            return self.run(node.named_children, node.start_byte, node.end_byte)
        return tuple(self.statements(node))


class Declared(NamedTuple):
    """What a declarator declares: its name, the type's text with what the declarator adds, its initialiser."""

    name: str
    name_node: Node | None
    type: str
    value: Node | None
    function: Node | None  # the function_declarator, when it declares a function
    node: Node


def declared(declarator: Node, type_text: str, context: Context) -> Declared:
    """Takes a declarator apart, from the outside in."""
    value: Node | None = None
    function: Node | None = None
    stars = ""
    node: Node | None = declarator
    block = False
    while node is not None and node.kind_id not in IDENTIFIERS:
        kind = node.kind_id
        if kind in INITIALIZED:
            value = node.child_by_field_name("value")
        elif kind in POINTERS:
            stars += "^" if "block" in node.type else "*"
            block = block or "block" in node.type
        elif kind in FUNCTIONS and function is None:
            function = node
        elif kind in ARRAYS:
            stars += "[]"
        inner = node.child_by_field_name("declarator")
        node = inner or next((kid for kid in node.named_children if kid.kind_id in DECLARATORS | IDENTIFIERS), None)
    if function is not None and ("^" in stars or _is_pointed(function)):
        parameters = function.child_by_field_name("parameters")
        listed = context.type_text(parameters) if parameters else "()"
        return Declared(_name(node, context), node, f"{type_text} ({stars}){listed}", value, None, declarator)
    text = f"{type_text} {stars.replace('[]', '').strip()}".strip() + ("[]" if "[]" in stars else "")
    return Declared(_name(node, context), node, text, value, function, declarator)


def _name(node: Node | None, context: Context) -> str:
    return context.text(node) if node is not None else ""


def _is_pointed(function: Node) -> bool:
    """`(*name)(int)`: a pointer to a function, not a function."""
    inner = function.child_by_field_name("declarator")
    return inner is not None and inner.type == "parenthesized_declarator"


def base_text(node: Node, context: Context) -> str:
    """The type that the declarators of a declaration share: everything before the first of them, cleaned."""
    end = node.start_byte
    for kid in node.named_children:
        if kid.kind_id in TYPES or kid.type in ("type_qualifier", "storage_class_specifier"):
            end = kid.end_byte
        elif kid.kind_id in DECLARATORS or kid.kind_id in NAMES:
            break
    return plain_type(context.type_slice(node.start_byte, end))


def parameters(node: Node | None, context: Context) -> tuple[Param, ...]:
    """The parameters of a parameter list; `(void)` has none."""
    found: list[Param] = []
    for kid in node.named_children if node is not None else ():
        if kid.kind_id not in PARAMETER:
            continue
        type_text = base_text(kid, context)
        declarator = next(
            (part for part in kid.named_children if part.kind_id in DECLARATORS or part.kind_id in NAMES), None
        )
        if declarator is None:
            if context.text(kid).strip() != "void":
                found.append(Param(*context.bounds(kid), "", "", plain_type(context.type_text(kid))))
            continue
        what = declared(declarator, type_text, context)
        found.append(Param(*context.bounds(kid), "", what.name, what.type))
    return tuple(found)
