"""XPC205: what an XPC protocol takes or replies with without saying its type, and bytes that are parsed by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.coding_evidence import is_block, xpc_methods
from ipclint.checks.detectors.coding_lists import ROOTS
from ipclint.checks.detectors.coding_shapes import Shape, expanded, parse_shape
from ipclint.checks.detectors.coding_slots import block_arguments, declared_lists, matches
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Type
from ipclint.model.finding import Finding, Place, Step
from ipclint.model.ir import Call, Cast, Closure, Expr, Member, Name, Node, Operator, Param, walk
from ipclint.program.messages import implementations
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import exported_protocols
from ipclint.program.types import base_type

NOTHING = frozenset({"NSSecureCoding", "NSCoding", "NSCopying", "NSObjectProtocol", "NSObject"})
"""Protocols that say nothing of what a value is."""

BYTES = frozenset({"Data", "NSData", "NSMutableData"})
LOADS = frozenset({"load", "loadUnaligned", "bindMemory", "assumingMemoryBound"})
_PROTOCOL_TYPED = re.compile(r"\bid\s*<\s*(\w+)\s*>")
_PLAIN_POINTER = re.compile(r"^(?:const\s+)?(?:unsigned\s+|signed\s+)?(?:void|char|u?int8_t|UInt8|Byte)\s*\*")


class Argument(NamedTuple):
    """An argument of a method, or of its reply block: its place among them from 0, and its type's text."""

    number: int
    of_reply: bool
    text: str
    param: Param


@detector("untyped-interface-parameter", on="type")
def untyped_interface_parameter(rule: Rule, program: Program, ref: UnitRef, unit: Type) -> Iterator[Finding]:
    if unit.kind != "protocol" or unit.name not in exported_protocols(program):
        return
    for requirement, function in xpc_methods(program, unit.qualified):
        if requirement.path != ref.path:
            continue
        for argument in _arguments(program, function):
            holes = {"argument": _named(function, argument), "type": " ".join(argument.text.split())}
            place = Place(requirement.path, requirement.key, argument.param.start, argument.param.end)
            if _is_untyped(argument.text) and not _has_list(program, function, argument):
                yield rule.finding(place, context="reply" if argument.of_reply else "", holes=holes)
            elif not argument.of_reply and base_type(argument.text) in BYTES:
                for parser in _parsers(program, requirement, argument.number):
                    steps = (Step(parser, "the bytes are taken apart here"),)
                    yield rule.finding(place, variant="b", holes=holes, steps=steps)


def _arguments(program: Program, function: Function) -> Iterator[Argument]:
    for number, param in enumerate(function.params):
        text = expanded(program, param.type)
        if not is_block(text):
            yield Argument(number, False, text, param)
            continue
        for inner, inside in enumerate(block_arguments(text)):
            yield Argument(inner, True, inside, param)


def _is_untyped(text: str) -> bool:
    found = _PROTOCOL_TYPED.search(text)
    if found is not None and found[1] not in NOTHING:
        return False  # a proxy: its interface says what it takes
    return _says_nothing(parse_shape(text))


def _says_nothing(shape: Shape) -> bool:
    if shape.kind == "any":
        return True
    if shape.kind in ("array", "dictionary", "set"):
        return not shape.args or any(_says_nothing(each) for each in shape.args[-1:])
    return shape.kind == "named" and shape.name in NOTHING


def _has_list(program: Program, function: Function, argument: Argument) -> bool:
    """Whether an interface declares which classes may arrive there."""
    return any(
        each.number == argument.number
        and bool(each.of_reply) == argument.of_reply
        and matches(function, each.selector)
        and ROOTS.isdisjoint(each.classes)
        for each in declared_lists(program)
    )


def _named(function: Function, argument: Argument) -> str:
    if argument.of_reply:
        return f"argument {argument.number} of the reply of {function.signature}"
    return f"{argument.param.name or f'argument {argument.number}'} of {function.signature}"


# ── bytes ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _parsers(program: Program, requirement: UnitRef, number: int) -> Iterator[Place]:
    """Where an implementation reads a structure out of the bytes it is given; the first place of each."""
    for ref in implementations(program, requirement):
        function = program.function(ref)
        if function is None or number >= len(function.params):
            continue
        name = function.params[number].name
        node = next((each for each in walk(program.body(ref)) if _takes_apart(each, name)), None)
        if node is not None:
            yield Place(ref.path, ref.key, node.start, node.end)


def _takes_apart(node: Node, name: str) -> bool:
    match node:
        case Call(target=target, name="withUnsafeBytes", args=(*_, Closure(body=body))) if _is_named(target, name):
            return any(isinstance(each, Call) and each.name in LOADS for each in walk(body))
        case Call(target=target, name="getBytes:length:" | "getBytes:range:", args=(Operator(op="address"), *_)):
            return _is_named(target, name)
        case Cast(op="c", value=value, type=text):
            return _is_bytes_of(value, name) and "*" in text and not _PLAIN_POINTER.match(text)
        case _:
            return False


def _is_bytes_of(value: Expr, name: str) -> bool:
    match value:
        case Member(base=base, name="bytes") | Call(target=base, name="bytes", args=()):
            return _is_named(base, name)
        case _:
            return False


def _is_named(expr: Expr | None, name: str) -> bool:
    return isinstance(expr, Name) and expr.text == name
