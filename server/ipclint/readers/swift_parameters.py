"""The parameters of Swift functions, and the Objective-C selectors that Swift gives their functions."""

from __future__ import annotations

import re

import msgspec
from tree_sitter import Node

from ipclint.model.ir import Param
from ipclint.readers.swift_syntax import GRAMMAR, IDENTIFIERS, SwiftContext, plain

_PARAMETER = GRAMMAR.kinds("parameter")
_COLON = GRAMMAR.kinds(":")
_EQUAL = GRAMMAR.kinds("=")

# The prepositions in the Swift compiler's PartsOfSpeech.def.
_PREPOSITIONS = frozenset(
    (
        *("above", "after", "along", "alongside", "as", "at", "before", "below", "by", "following", "for", "from"),
        *("given", "in", "including", "inside", "into", "matching", "of", "on", "passing", "preceding", "since"),
        *("to", "until", "using", "via", "when", "with", "within"),
    )
)
_FIRST_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]|\d+")


def parameters(node: Node, context: SwiftContext) -> tuple[Param, ...]:
    """The parameters of a function, initialiser or subscript declaration, with their defaults."""
    found: list[Param] = []
    wants_default = False
    for kid in node.children:
        kind = kid.kind_id
        if kind in _PARAMETER:
            found.append(_parameter(kid, context))
            wants_default = False
        elif kind in _EQUAL:
            wants_default = bool(found)
        elif wants_default and kid.is_named and kind not in context.grammar.silent:
            last = found[-1]
            found[-1] = msgspec.structs.replace(last, end=kid.end_byte - context.base, default=context.expr(kid))
            wants_default = False
    return tuple(found)


def _parameter(node: Node, context: SwiftContext) -> Param:
    names: list[str] = []
    type_text = ""
    for kid in node.children:
        if kid.kind_id in IDENTIFIERS:
            names.append(plain(context.text(kid)))
        elif kid.kind_id in _COLON:
            type_text = context.type_slice(kid.end_byte, node.end_byte)
            break
    label, name = (names[0], names[-1]) if names else ("", "")
    start, end = context.bounds(node)
    return Param(start, end, "" if label == "_" else label, "" if name == "_" else name, type_text)


def selector(name: str, params: tuple[Param, ...], effects: tuple[str, ...], attributes: tuple[str, ...]) -> str:
    """The Objective-C selector of a Swift method or initialiser, "" when it can have none (operators, @nonobjc).

    The exporter's rules: `foo(bar:)` is `fooWithBar:`, without "With" next to a preposition; `throws` adds an error
    pointer before trailing closures, `async` a completion handler; `@objc(name)` decides alone.
    """
    if "@nonobjc" in attributes or not (name[:1].isalpha() or name[:1] == "_"):
        return ""
    for attribute in attributes:
        if attribute.startswith("@objc("):
            return "".join(attribute[6:-1].split())
    labels = [param.label for param in params]
    if "async" in effects:
        labels.append("completionHandler")
    elif "throws" in effects:
        trailing = len(params)
        while trailing and "->" in params[trailing - 1].type:
            trailing -= 1
        labels.insert(trailing, "error" if trailing else "andReturnError")
    if not labels:
        return name
    return _first_piece(name, labels[0]) + ":" + "".join(f"{label}:" for label in labels[1:])


def _first_piece(name: str, label: str) -> str:
    if not label:
        return name
    capital = label[0].upper() + label[1:]
    if label == "andReturnError":
        return name + capital
    first, last = _FIRST_WORD.findall(label), _FIRST_WORD.findall(name)
    beside_preposition = bool(first and first[0].lower() in _PREPOSITIONS) or bool(
        last and last[-1].lower() in _PREPOSITIONS
    )
    return name + capital if beside_preposition else f"{name}With{capital}"
