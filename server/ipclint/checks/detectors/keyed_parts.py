"""Secrets among what a stored value is made of: the keyed parts of dictionaries, written as literals or filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks import around
from ipclint.model.ir import Assign, Call, Cast, Collection, Expr, Name, Operator, Subscript, walk
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.secrets import INNOCENT, Secret, classify_name, may_be_secret, secret_in, values_of, words_of
from ipclint.program.types import base_type

MAX_DEPTH = 5
"""How many locals are opened."""

WRITERS = re.compile(
    r"^(?:data|dataWithJSONObject:.*|dataWithPropertyList:.*|archivedData\w*:?.*|(?:NS)?(?:Mutable)?(?:Dictionary|String|Data)|"
    r"initWithData:encoding:|dictionaryWithDictionary:|initWithDictionary:)$"
)
"""What writes a collection as text or data, or copies it."""

SETTERS = {"setObject:forKey:": 1, "setValue:forKey:": 1, "setObject:forKeyedSubscript:": 1, "updateValue": 1}
"""What puts its first argument into a dictionary, and which argument is the key."""


def keyed_secret(program: Program, ref: UnitRef, value: Expr) -> Secret | None:
    """The first part of the dictionaries in a value that is secret by what it is or by its key."""
    parts = (_secret_part(program, ref, key, part) for key, part in keyed_parts(program, ref, value))
    return next(filter(None, parts), None)


def rank_of(program: Program, name: str) -> str:
    """The rank of a secret that a name or a key tells of; "" for none, and for what is encrypted."""
    return "" if is_encrypted(name) else classify_name(program.vocabulary, name.rpartition(".")[2])


def is_encrypted(name: str) -> bool:
    return not {"encrypted", "hashed", "sealed", "cipher", "hash", "digest"}.isdisjoint(words_of(name))


def names_of(program: Program, ref: UnitRef, key: Expr) -> list[str]:
    """What a key is called: its text where it is known, and the constant that holds it."""
    return [text for text in fold(program, ref, key) if HOLE not in text] + [around.spelled(key).rpartition(".")[2]]


def _secret_part(program: Program, ref: UnitRef, key: Expr, value: Expr) -> Secret | None:
    spelled = around.spelled(value).rpartition(".")[2]
    if not values_of(value) or is_encrypted(spelled) or base_type(type_of(program, ref, value)) in INNOCENT:
        return None
    if (found := secret_in(program, ref, value, follow=False)) is not None:
        return found
    keys = names_of(program, ref, key)
    for name in keys:
        if rank := rank_of(program, name):
            return Secret(name, rank, key, ref)
    both = all(may_be_secret(program.vocabulary, name) for name in (spelled, keys[0]))
    return Secret(spelled, "code", value, ref) if both else None


def keyed_parts(program: Program, ref: UnitRef, value: Expr, depth: int = MAX_DEPTH) -> Iterator[tuple[Expr, Expr]]:
    """The keys and values of the dictionaries that a value of unit `ref` is, holds or is written from."""
    if depth <= 0:
        return
    inner: tuple[Expr, ...] = ()
    match value:
        case Collection(kind="dictionary", items=items):
            yield from zip(items[::2], items[1::2], strict=False)
            inner = items[1::2]
        case Collection(items=items):
            inner = items
        case Cast(value=held):
            inner = (held,)
        case Operator(operands=operands) if value.op in around.TRANSPARENT or value.op == "??":
            inner = operands
        case Name(text=name):
            filled = tuple(_filled(program, ref, name))
            yield from filled
            inner = (*around.given(program, ref).get(name, ()), *(part for _, part in filled))
        case Call(name=name, args=(first, *_)) if WRITERS.match(name):
            inner = (first,)
        case _:
            pass
    for part in inner:
        yield from keyed_parts(program, ref, part, depth - isinstance(value, Name))


def _filled(program: Program, ref: UnitRef, name: str) -> Iterator[tuple[Expr, Expr]]:
    """What a unit puts into the dictionary of a local: `options["key"] = value`, `[options setObject:… forKey:…]`."""
    for root in around.roots(program, ref):
        for node in walk(root):
            match node:
                case Assign(target=Subscript(base=base, args=(key,)), value=value) if _root(base) == name:
                    yield key, value
                case Call(target=Name(text=text), name=called, args=args) if text == name and called in SETTERS:
                    if SETTERS[called] < len(args):
                        yield args[SETTERS[called]], args[0]
                case _:
                    pass


def _root(expr: Expr) -> str:
    """The local whose elements, at any depth, an expression names; "" for other expressions."""
    while isinstance(expr, Subscript):
        expr = expr.base
    return expr.text if isinstance(expr, Name) else ""
