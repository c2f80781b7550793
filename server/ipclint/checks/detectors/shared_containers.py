"""GRP103: secrets in the user defaults of an app group, which are a plain file that every member reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks import around
from ipclint.checks.detectors import detector
from ipclint.checks.detectors.app_group import TEAM_PREFIX
from ipclint.checks.detectors.keyed_parts import rank_of
from ipclint.checks.detectors.stored_secrets import SEVERITY, hashed_pin, stored_secret
from ipclint.checks.detectors.written_dictionaries import WRITERS, written_secrets
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Finding, Place, Step
from ipclint.model.ir import (
    Assign,
    Call,
    Cast,
    Evaluate,
    Expr,
    Member,
    Name,
    Node,
    Operator,
    Subscript,
    Text,
    walk,
)
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import callers, code_of, members, owner_of, resolve, scope, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.secrets import Secret, words_of
from ipclint.program.types import base_type
from ipclint.program.usage import call_uses, uses_of

MAX_HOPS = 5
"""How many properties, locals and callers are followed from a store to the call that opens it."""

SETTERS = frozenset({"set", "setValue", "setObject"})
DEFAULTS = ("UserDefaults", "NSUserDefaults")
SHAPES = {"String": "text", "NSString": "text", "Data": "data", "NSData": "data"}
_SUITE = re.compile(r'suiteName:\s*"(?P<group>[^"\\]*)"')
_STATIC = re.compile(r"^(?:UserDefaults)?\.(?P<name>\w+)[!?]?$")


class Stored(NamedTuple):
    """A value that goes into user defaults under a key: the call or the assignment that puts it there."""

    node: Node
    store: Expr
    value: Expr
    key: Expr


@detector("secret-in-group-defaults", on="function")
def secret_in_group_defaults(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    for stored in _stored(program, ref, unit):
        pin = hashed_pin(program, ref, stored.value, stored.key)
        secret = pin or stored_secret(program, ref, stored.value, stored.key)
        group = group_of(program, ref, stored.store) if secret is not None else None
        if secret is not None and group is not None:
            yield _finding(rule, program, ref, stored, secret, group, "pin" if pin else "")
    if not WRITERS.isdisjoint(unit.mentions):
        yield from written_secrets(rule, program, ref)


def _stored(program: Program, ref: UnitRef, unit: Function) -> Iterator[Stored]:
    """What a function puts into user defaults: by their methods, and by a subscript that the program gave them."""
    for use in uses_of(program, ref, "storage.set-default") if not SETTERS.isdisjoint(unit.mentions) else ():
        if len(use.args) >= 2 and use.receiver is not None:
            yield Stored(use.node, use.receiver, use.args[0], use.args[1])
    for node in walk(code_of(program, ref)):
        match node:
            case Assign(target=Subscript(base=store, args=(key, *_)), op="=", value=value):
                if base_type(type_of(program, ref, store)) in DEFAULTS:
                    yield Stored(node, store, value, key)
            case _:
                continue


def _finding(
    rule: Rule, program: Program, ref: UnitRef, stored: Stored, secret: Secret, group: str, context: str
) -> Finding:
    value, key = stored.value, stored.key
    steps = (
        (Step(around.place_of(secret.ref, secret.node), f"{secret.name} comes from here"),) if secret.ref != ref else ()
    )
    text = type_of(program, ref, value)
    statement = around.statement_in(around.path_to(program, ref, stored.node))
    holes: dict[str, str | Place] = {"secret": secret.name, "group": group}
    literal = group.startswith("group.") or TEAM_PREFIX.match(group)
    shape = SHAPES.get(base_type(text), "")
    if ref.path.endswith(".swift") and base_type(text).startswith("NS"):
        shape = ""  # is no String or Data without a cast
    whole = isinstance(statement, Evaluate) and statement.value == stored.node and isinstance(stored.node, Call)
    if literal and shape and whole and statement is not None:
        holes |= {
            f"value-{shape}": _place(ref, value),
            "key-source": _place(ref, key),
            "statement": _place(ref, statement),
        }
    certain = secret.by_origin or (isinstance(key, Text) and bool(rank_of(program, key.value)))
    return rule.finding(
        around.place_of(ref, stored.node),
        "certain" if certain else "likely",
        severity=SEVERITY[secret.rank],
        context=context,
        holes=holes,
        steps=steps,
    )


# ── where it is stored ───────────────────────────────────────────────────────────────────────────────────────────────


def group_of(program: Program, ref: UnitRef, store: Expr | None, hops: int = MAX_HOPS) -> str | None:
    """The app group whose defaults an expression is (its spelling when the id is not known); None for other stores."""
    if store is None or hops < 0:
        return None
    match store:
        case Operator(operands=operands):
            found = (group_of(program, ref, operand, hops) for operand in operands)
            return next(filter(None, found), None)
        case Cast(value=value):
            return group_of(program, ref, value, hops)
        case Call():
            return _opened(program, ref, store) or _returned(program, ref, store, hops)
        case Name(text=name):
            return _of_local(program, ref, name, hops) or _of_property(program, owner_of(program, ref), name, hops)
        case Member(base=base, name=name):
            plain = base_type(type_of(program, ref, base).removesuffix(".Type")) if base is not None else "UserDefaults"
            return _of_property(program, plain, name, hops)
        case _:
            return None


def _opened(program: Program, ref: UnitRef, call: Call) -> str | None:
    """The group that a call opens the defaults of."""
    for use in call_uses(program, ref, call):
        if use.api.name == "app-group.defaults" and use.args:
            texts = fold(program, ref, use.args[0])
            known = next((text for text in texts if is_group(text)), None)
            spelled = around.spelled(use.args[0])
            words = words_of(spelled.rpartition(".")[2])
            unknown = any(HOLE in text for text in texts) and "group" in words
            return known.replace(HOLE, "…") if known else spelled if unknown else None
    return None


def is_group(text: str) -> bool:
    return text.startswith("group.") or bool(TEAM_PREFIX.match(text))


def _returned(program: Program, ref: UnitRef, call: Call, hops: int) -> str | None:
    """`[NSUserDefaults shared]`, `store()`: what the property or the function of the program gives."""
    if call.args:
        return None
    if call.target is None:  # a function
        found = (_of_getter(program, each, hops) for each in resolve(program, ref, call).refs)
        return next(filter(None, found), None)
    owner = base_type(type_of(program, ref, call.target).removesuffix(".Type"))
    return _of_property(program, owner, call.name, hops)


def _of_local(program: Program, ref: UnitRef, name: str, hops: int) -> str | None:
    function = program.function(ref)
    for binding in scope(program, ref).get(name, ()):
        if binding.kind == "param" and function is not None:
            index = next((i for i, param in enumerate(function.params) if param.name == name), -1)
            for site in callers(program, ref):
                if site.certain and 0 <= index < len(site.call.args):
                    if found := group_of(program, site.caller, site.call.args[index], hops - 2):
                        return found
        elif binding.value is not None and (found := group_of(program, ref, binding.value, hops - 1)):
            return found
    return None


def _of_property(program: Program, owner: str, name: str, hops: int) -> str | None:
    """What a property, a global or a method without parameters holds or returns."""
    refs = members(program, owner, name) if owner else ()
    for found in refs or tuple(r for r in program.variables_named(name) if not owner_of(program, r)):
        unit = program.unit(found)
        values: list[Expr | None] = []
        if isinstance(unit, Variable) and not unit.computed:
            values = [unit.value]
        getter = found if isinstance(unit, Function) else UnitRef(found.path, f"F {found.key[2:]}.get")
        values += around.returned(program, getter)
        for value in values:
            where = found if isinstance(unit, Variable) and value is unit.value else getter
            if group := group_of(program, where, value, hops - 1):
                return group
    return None


def _of_getter(program: Program, getter: UnitRef, hops: int) -> str | None:
    """What a function without parameters returns."""
    values = around.returned(program, getter)
    return next(filter(None, (group_of(program, getter, value, hops - 1) for value in values)), None)


def group_of_text(program: Program, store: str) -> str | None:
    """The group of a store that stands in an attribute, as source text."""
    if suite := _SUITE.search(store):
        return suite["group"] if is_group(suite["group"]) else None
    static = _STATIC.match(store.strip())
    return _of_property(program, "UserDefaults", static["name"], MAX_HOPS) if static else None


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
