"""Names that come from outside the function that uses them: a wrapper's parameter, a property that is filled before.

A wrapper around a connection is called with the name of a service; who calls it is the client.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.model.facts import Function
from ipclint.model.ir import Assign, Call, Expr, Member, Name, Node, Operator, Text, walk
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import callers, members, owner_of, resolve, scope
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query

MAX_DEEP = 4
"""Calls and properties between the name and its use."""
MAX_SITES = 40


class Named(NamedTuple):
    """A text, "" when unknown, and where it was handed over: `node` of unit `ref`."""

    text: str
    ref: UnitRef
    node: Node


@query(bottom=())
def handed(program: Program, ref: UnitRef, expr: Expr) -> tuple[Named, ...]:
    """Every text that `expr` is given by callers; () when nobody is seen to hand it over."""
    return tuple(dict.fromkeys(_handed(program, ref, expr, MAX_DEEP)))


def _handed(program: Program, ref: UnitRef, expr: Expr, deep: int) -> Iterator[Named]:
    while isinstance(expr, Operator) and expr.op in ("unwrap", "??", "try", "try!") and expr.operands:
        expr = expr.operands[0]
    if isinstance(expr, Call) and expr.name in ("UTF8String", "utf8CString", "cString") and expr.target is not None:
        expr = expr.target
    function = program.function(ref)
    if deep == 0:
        return
    if isinstance(expr, Name) and function is not None and _is_param(program, ref, function, expr.text):
        yield from _from_callers(program, ref, function, expr.text, deep)
        return
    name, owner = _own(expr).lstrip("_"), owner_of(program, ref)
    if name and owner and members(program, owner, name):
        for site, value in _assigned(program, owner, name):
            yield from _value(program, site, value, value, deep - 1)


@query(bottom=())
def keys_read(program: Program, ref: UnitRef, expr: Node) -> tuple[str, ...]:
    """The texts by which a name is looked up: in place, by a local's value, or in a function that is called for it."""
    found: dict[str, None] = {}
    roots: list[tuple[UnitRef, Node]] = [(ref, expr)]
    if isinstance(expr, Name):
        roots += ((ref, b.value) for b in scope(program, ref).get(expr.text, ()) if b.value is not None)
    for at, root in roots:
        for node in walk(root):
            if isinstance(node, Text):
                found[node.value] = None
            elif isinstance(node, Call):
                for callee in resolve(program, at, node).refs:
                    found.update((inner.value, None) for inner in walk(program.body(callee)) if isinstance(inner, Text))
    return tuple(found)


def _own(expr: Expr) -> str:
    """The name of what may be a property of the type around: `name`, `self.name`."""
    match expr:
        case Name(text=text) | Member(base=Name(text="self"), name=text):
            return text
        case _:
            return ""


def _is_param(program: Program, ref: UnitRef, function: Function, name: str) -> bool:
    bindings = scope(program, ref).get(name, ())
    return any(param.name == name for param in function.params) and all(b.kind != "let" for b in bindings)


def _from_callers(program: Program, ref: UnitRef, function: Function, name: str, deep: int) -> Iterator[Named]:
    number = next(index for index, param in enumerate(function.params) if param.name == name)
    label = function.params[number].label
    for site in callers(program, ref)[:MAX_SITES]:
        labelled = label and label in site.call.labels
        index = site.call.labels.index(label) if labelled else number
        if labelled or (index < len(site.call.args) and site.call.labels[index] in ("", label)):
            yield from _value(program, site.caller, site.call.args[index], site.call, deep - 1)


def _value(program: Program, ref: UnitRef, value: Expr, node: Node, deep: int) -> Iterator[Named]:
    texts = [text for text in fold(program, ref, value) if HOLE not in text]
    if texts:
        yield from (Named(text, ref, node) for text in texts)
        return
    found = tuple(_handed(program, ref, value, deep))
    yield from found or (Named("", ref, node),)


def _assigned(program: Program, owner: str, name: str) -> Iterator[tuple[UnitRef, Expr]]:
    """What the members of a type assign to one of its properties."""
    for word in (name, f"_{name}"):
        for ref in program.mentioning(word):
            if owner_of(program, ref) != owner or program.function(ref) is None:
                continue
            for node in walk(program.body(ref)):
                if isinstance(node, Assign) and _own(node.target) == word:
                    yield ref, node.value
