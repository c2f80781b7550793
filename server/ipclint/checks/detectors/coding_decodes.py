"""Decodes without a class, and the class that the code around each of them expects."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from ipclint.checks.detectors.coding_wanted import Wanted, wanted
from ipclint.model.facts import Macro
from ipclint.model.ir import (
    Call,
    Guard,
    If,
    Loop,
    Name,
    Node,
    walk,
)
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import owner_of, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.types import base_type
from ipclint.program.usage import call_uses

UNTYPED = ("coder.decode-any", "coder.decode-next")
CODERS = frozenset({"", "NSCoder", "id"})
"""Types of a decode's receiver that leave it to this module; unarchivers have a rule of their own."""

_MACRO_DEPTH = 3


class Decode(NamedTuple):
    """A decode without a class. `macro` is the macro that hides it: `node` is then that macro's use, not the decode."""

    node: Call | Name
    form: str
    wanted: Wanted | None
    macro: str = ""


@query(bottom=())
def untyped_decodes(program: Program, ref: UnitRef) -> tuple[Decode, ...]:
    """The decodes of a function that leave the class to the archive, in source order; macros are looked into."""
    found: list[Decode] = []
    for node in walk(program.body(ref)):
        if isinstance(node, Call) and is_untyped(program, ref, node):
            found.append(Decode(node, node.signature, wanted(program, ref, node)))
        elif isinstance(node, Call | Name) and (form := _hidden(program, ref, node)):
            found.append(Decode(node, form, None, node.text if isinstance(node, Name) else node.name))
    return tuple(found)


def is_untyped(program: Program, ref: UnitRef, call: Call) -> bool:
    """Whether a call decodes from an NSCoder without naming a class."""
    if not call.name.startswith("decode"):
        return False
    if not any(use.api.name in UNTYPED for use in call_uses(program, ref, call)) or _is_of_values(program, ref, call):
        return False
    if call.target is None:
        return owner_of(program, ref) == "NSCoder"
    return base_type(type_of(program, ref, call.target)) in CODERS


def _is_of_values(program: Program, ref: UnitRef, call: Call) -> bool:
    """Whether a decode by encoded type reads numbers and structures only, which name no class."""
    if not call.name.startswith("decodeValue") or not call.args:
        return False
    encoded = call.args[0]
    if isinstance(encoded, Call) and encoded.name == "@encode" and len(encoded.args) == 1:
        type = encoded.args[0]
        return isinstance(type, Name) and type.text not in ("id", "Class") and not type.text.endswith("*")
    texts = fold(program, ref, encoded)
    return not any(sign in text for text in texts for sign in ("@", "#", HOLE))


def _hidden(program: Program, ref: UnitRef, node: Call | Name, depth: int = 0) -> str:
    """The untyped decode that a macro's use expands to; "" when it expands to none, or to a typed one."""
    name = node.text if isinstance(node, Name) else node.name if node.target is None else ""
    macros = program.macros_named(name) if name and depth < _MACRO_DEPTH else ()
    near = tuple(macro for macro in macros if macro.path == ref.path) or macros
    forms = {_form_of_macro(program, macro, depth) for macro in near}
    return forms.pop() if len(forms) == 1 else ""


def _form_of_macro(program: Program, macro: UnitRef, depth: int) -> str:
    unit = program.unit(macro)
    if not isinstance(unit, Macro):
        return ""
    for node in walk(program.body(macro)):
        if isinstance(node, Call) and is_untyped(program, macro, node):
            return node.signature
        if isinstance(node, Call | Name) and (form := _hidden(program, macro, node, depth + 1)):
            return form
    return ""


def in_condition(path: tuple[Node, ...]) -> bool:
    """Whether a decode stands in the condition of an `if`, a `guard` or a loop."""
    for outer, inner in pairwise(path):
        if isinstance(outer, If | Guard) and any(inner is each for each in outer.conditions):
            return True
        if isinstance(outer, Loop) and any(inner is each for each in outer.header):
            return True
    return False
