"""The Objective-C grammar, the context of a unit being lowered, and what a declarator declares."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import tree_sitter_objc
from tree_sitter import Language, Node

from ipclint.model.ir import Block, Param
from ipclint.readers.conditionals import Directives, nest
from ipclint.readers.lowering import IDENTIFIER, Context, Grammar

GRAMMAR: Grammar[ObjcContext] = Grammar(Language(tree_sitter_objc.language()), silent=("comment",))
_kinds = GRAMMAR.kinds

COMMENTS = _kinds("comment")
NOT_CODE = _kinds("comment", "string_literal", "string_content", "char_literal", "character", "escape_sequence")
IDENTIFIERS = _kinds("identifier", "field_identifier", "type_identifier", "statement_identifier")
NAMES = _kinds("identifier", "field_identifier")
FUNCTIONS = _kinds("function_declarator")
FIELD = _kinds("struct_declarator")
_PARENTHESIZED = _kinds("parenthesized_declarator")
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

_NOISE = re.compile(
    r"""\b(?:_Nullable(?:_result)?|_Nonnull|_Null_unspecified|__nullable|__nonnull|nullable|nonnull|null_unspecified
      |__strong|__weak|__block|__unsafe_unretained|__autoreleasing|__kindof|__unused|__attribute__\s*\(\(.*?\)\)
      |__bridge(?:_transfer|_retained)?|static|extern|inline|register|virtual|explicit|constexpr|typename|mutable
      |IBOutlet|NS_NOESCAPE|CF_NOESCAPE)\b\s*
      |^(?:in|out|inout|bycopy|byref|oneway)\s+ | (?<=[*^&])\s*(?:const|volatile|restrict|__restrict)\b\s*""",
    re.X,
)
_INDEX = re.compile(r"\[[^\]]*\]")
_STARS = re.compile(r"(?<=[\w>\]])\s*(?=[*^&])|(?<=[*^&])\s+(?=[*^&])")
_OPEN_BODY = re.compile(r"\s*\{.*", re.S)


def plain_type(text: str) -> str:
    """A type's text on one line: no nullability, ownership or storage words, no body, stars as in `NSString **`."""
    return _plain(text)[0]


@lru_cache(maxsize=4096)
def _plain(raw: str) -> tuple[str, tuple[str, ...]]:
    """As `plain_type`, of latin-1 text, with the identifiers in it."""
    text = raw if raw.isascii() else raw.encode("latin-1", "replace").decode("utf-8", "replace")
    text = _NOISE.sub("", _OPEN_BODY.sub("", text))
    text = " ".join(_INDEX.sub("[]", text).split())
    text = _STARS.sub(lambda found: " " if found.start() and text[found.start() - 1] not in "*^&" else "", text)
    return text, tuple(IDENTIFIER.findall(text))


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

    def type(self, start: int, end: int) -> str:
        """The plain type between two absolute byte offsets; the identifiers in it are noted as mentioned."""
        text, words = _plain(self.source[start:end])
        self.mentions.update(words)
        return text

    def node_type(self, node: Node | None) -> str:
        """As `type`, of a node; "" for None."""
        return self.type(node.start_byte, node.end_byte) if node is not None else ""


class Declared(NamedTuple):
    """What a declarator declares: its name, the type's text with what the declarator adds, its initialiser."""

    name: str
    name_node: Node | None
    type: str
    value: Node | None
    function: Node | None  # the function_declarator, when it declares a function
    mutable: bool


def declared(declarator: Node, base: str, context: ObjcContext) -> Declared:
    """Takes a declarator apart, from the outside in; `base` is the type that it builds on."""
    value: Node | None = None
    function: Node | None = None
    is_pointed = False
    node: Node | None = declarator
    outer = declarator
    while node is not None and (kind := node.kind_id) not in IDENTIFIERS:
        if kind in INITIALIZED:
            value = node.child_by_field_name("value")
            outer = node = node.child_by_field_name("declarator")
            continue
        if kind in FUNCTIONS and function is None:
            function = node
        elif kind in _PARENTHESIZED and function is not None:
            is_pointed = True  # `(*name)(int)`, `(^name)(int)`: a pointer to a function, not a function
        inner = node.child_by_field_name("declarator")
        node = inner or next((kid for kid in node.named_children if kid.kind_id in DECLARATORS | IDENTIFIERS), None)
    if node is None or outer is None:
        return Declared("", None, base, value, None, True)
    is_function = function is not None and not is_pointed
    before = context.source[outer.start_byte : node.start_byte]
    after = "" if is_function else context.source[node.end_byte : outer.end_byte]
    mutable = "const" not in before and not (base.startswith("const") and "*" not in before)
    if not before and not after:
        return Declared(context.text(node), node, base, value, function if is_function else None, mutable)
    added, words = _plain(f"{before}{after}")
    context.mentions.update(words)
    text = f"{base}{added}" if added.startswith("[") else f"{base} {added}"
    return Declared(context.text(node), node, text, value, function if is_function else None, mutable)


def base_text(node: Node, context: ObjcContext) -> str:
    """The type that the declarators of a declaration share."""
    type_node = node.child_by_field_name("type")
    if type_node is not None:
        return context.type(node.start_byte, type_node.end_byte)
    return context.type(node.start_byte, _type_end(node))


def _type_end(node: Node) -> int:
    """Where the type of fields or of a broken declaration ends: before the first declarator."""
    for kid in node.named_children:
        if kid.kind_id in DECLARATORS or kid.kind_id in NAMES or kid.kind_id in FIELD:
            return kid.start_byte
    return node.end_byte


def declarators(node: Node) -> list[Node]:
    """The declarators of a declaration."""
    return [kid for kid in node.named_children if kid.kind_id in DECLARATORS or kid.kind_id in NAMES]


def parameters(node: Node | None, context: ObjcContext) -> tuple[Param, ...]:
    """The parameters of a parameter list; `(void)` has none."""
    found: list[Param] = []
    for kid in node.named_children if node is not None else ():
        if kid.kind_id not in PARAMETER:
            continue
        listed = declarators(kid)
        if listed:
            what = declared(listed[0], base_text(kid, context), context)
            found.append(Param(*context.bounds(kid), "", what.name, what.type))
        elif (text := context.node_type(kid)) != "void":
            found.append(Param(*context.bounds(kid), "", "", text))
    return tuple(found)
