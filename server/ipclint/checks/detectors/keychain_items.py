"""What a keychain query says: its attributes, put together from literals, locals, base queries and merged dictionaries.

Not a detector itself: the ones about keychain items share it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks import around
from ipclint.checks.detectors.named_values import getter_of, nodes_of, variables_of
from ipclint.model.facts import Variable
from ipclint.model.ir import (
    Assign,
    Call,
    Cast,
    Closure,
    Collection,
    Expr,
    Literal,
    Member,
    Name,
    Operator,
    Subscript,
    walk,
)
from ipclint.program.link import callers, code_of, resolve, scope
from ipclint.program.program import Program, UnitRef

MAX_HOPS = 4
"""How many functions, properties and callers are followed from a query to what it is made of."""
MAX_CALLERS = 8

PREFIX = "kSec"
_VALUE_FIRST = ("dictionaryWithObjectsAndKeys:", "initWithObjectsAndKeys:")
_PUTS = ("setObject:forKey:", "setValue:forKey:", "updateValue", "CFDictionarySetValue", "CFDictionaryAddValue")
_MERGES = ("merge", "addEntriesFromDictionary:", "setDictionary:")
_TYPES = ("NSDictionary", "NSMutableDictionary", "Dictionary")


class Attribute(NamedTuple):
    """An entry of a query: the constant that its key is, key and value as written in unit `ref`.

    `place` is the statement that puts it in where one does (`query[key] = value`), None in a literal.
    """

    name: str
    key: Expr
    value: Expr
    ref: UnitRef
    put: Assign | Call | None = None


class Query:
    """The attributes that a query may have. `is_whole`: nothing else goes into it that is not known here."""

    def __init__(self, program: Program, ref: UnitRef, *parts: Expr | None) -> None:
        self._program = program
        self._seen: set[tuple[UnitRef, int, int]] = set()
        self.attributes: list[Attribute] = []
        self.is_whole = True
        for part in parts:
            self._add(ref, part, MAX_HOPS)

    def all(self, name: str) -> list[Attribute]:
        return [attribute for attribute in self.attributes if attribute.name == name]

    def _add(self, ref: UnitRef, part: Expr | None, hops: int) -> None:
        if part is None or hops < 0 or (ref, part.start, part.end) in self._seen:
            self.is_whole = self.is_whole and part is not None and hops >= 0
            return
        self._seen.add((ref, part.start, part.end))
        match part:
            case Collection(kind="dictionary", items=items):
                for key, value in zip(items[::2], items[1::2], strict=False):
                    self._put(ref, key, value)
            case Collection(items=()) | Call(target=Collection(), name="", args=()):
                pass  # `[:]`, `[String: Any]()`
            case Cast(value=value):
                self._add(ref, value, hops)
            case Operator(op="?:", operands=(_, *operands)) | Operator(operands=tuple(operands)):
                for operand in operands:
                    self._add(ref, operand, hops)
            case Name(text=name) if name in scope(self._program, ref):
                self._add_local(ref, name, hops)
            case Name() | Member():
                self._add_property(ref, part, hops)
            case Call():
                self._add_call(ref, part, hops)
            case _:
                self.is_whole = False

    def _put(self, ref: UnitRef, key: Expr, value: Expr, put: Assign | Call | None = None) -> None:
        name = _constant_in(self._program, ref, key)
        if name:
            self.attributes.append(Attribute(name, key, value, ref, put))
        else:
            self.is_whole = False

    def _add_local(self, ref: UnitRef, name: str, hops: int) -> None:
        for value in around.given(self._program, ref).get(name, ()):
            self._add(ref, value, hops)
        for put in _puts(self._program, ref):
            if around.spelled(held_by(put)) == name:
                self._add_put(ref, put, hops)
        if any(binding.kind == "param" for binding in scope(self._program, ref)[name]):
            self._add_passed(ref, name, hops)

    def _add_put(self, ref: UnitRef, put: Assign | Call, hops: int) -> None:
        match put:
            case Assign(target=Subscript(args=(key, *_)), value=value):
                self._put(ref, key, value, put)
            case Call(name=name, args=(value, key)) if name in _PUTS and not name.startswith("CF"):
                self._put(ref, key, value, put)
            case Call(args=(_, key, value)):
                self._put(ref, key, value, put)
            case Call(args=(more, *_)):
                self._add(ref, more, hops)
            case _:
                self.is_whole = False

    def _add_passed(self, ref: UnitRef, name: str, hops: int) -> None:
        """What callers pass as a parameter."""
        function = self._program.function(ref)
        params = function.params if function is not None else ()
        index = next((i for i, param in enumerate(params) if param.name == name), -1)
        sites = [site for site in callers(self._program, ref) if site.certain] if hops > 0 and index >= 0 else []
        self.is_whole = self.is_whole and bool(sites)
        for site in sites[:MAX_CALLERS]:
            if index < len(site.call.args):
                self._add(site.caller, site.call.args[index], hops - 2)

    def _add_property(self, ref: UnitRef, part: Name | Member, hops: int) -> None:
        found = variables_of(self._program, ref, part)
        self.is_whole = self.is_whole and bool(found)
        for each in found:
            unit = self._program.unit(each)
            if isinstance(unit, Variable) and not unit.computed:
                self.is_whole = self.is_whole and not unit.mutable
                self._add(each, unit.value, hops - 1)
            else:
                self._add_returned(getter_of(each, unit), hops - 1)

    def _add_returned(self, ref: UnitRef, hops: int) -> None:
        values = tuple(around.returned(self._program, ref))
        self.is_whole = self.is_whole and bool(values)
        for value in values:
            self._add(ref, value, hops)

    def _add_call(self, ref: UnitRef, call: Call, hops: int) -> None:
        """A function of the program that gives a query, or one from outside that makes one of others: `merging`."""
        made = resolve(self._program, ref, call)
        if made.refs:
            for each in made.refs[:2]:
                self._add_returned(each, hops - 1)
        elif call.name in _VALUE_FIRST:
            for value, key in zip(call.args[::2], call.args[1::2], strict=False):
                self._put(ref, key, value)
        else:
            target = call.target
            if isinstance(target, Name) and target.text in _TYPES:
                target = None
            for part in (target, *call.args):
                if part is not None and not isinstance(part, Closure | Literal):
                    self._add(ref, part, hops)


def _constant_in(program: Program, ref: UnitRef, key: Expr) -> str:
    """The constant of Security that a key is, `kSecAttrAccount as String` or by a name of the program's own."""
    for node in walk(key):
        if isinstance(node, Name) and node.text.startswith(PREFIX):
            return node.text
    for _, node in nodes_of(program, ref, key):
        if isinstance(node, Name) and node.text.startswith(PREFIX):
            return node.text
    return ""


def _puts(program: Program, ref: UnitRef) -> Iterator[Assign | Call]:
    """The statements of a unit that put something into a dictionary."""
    for node in walk(code_of(program, ref)):
        if (isinstance(node, Assign) and isinstance(node.target, Subscript)) or (
            isinstance(node, Call) and node.name in (*_PUTS, *_MERGES)
        ):
            yield node


def held_by(put: Assign | Call) -> Expr | None:
    """The dictionary that a statement puts something into."""
    if isinstance(put, Assign):
        return put.target.base if isinstance(put.target, Subscript) else None
    return put.args[0] if put.name.startswith("CF") and put.args else put.target
