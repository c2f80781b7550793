"""GRP103: secrets declared to lie in the user defaults of an app group, by property wrappers and typed keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks import around
from ipclint.checks.detectors import detector
from ipclint.checks.detectors.keyed_parts import rank_of
from ipclint.checks.detectors.shared_containers import group_of, group_of_text, is_group
from ipclint.checks.detectors.stored_secrets import SEVERITY
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Type, Variable
from ipclint.model.finding import Confidence, Finding, Place
from ipclint.model.ir import Call, Text
from ipclint.program.link import declarations, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.secrets import INNOCENT
from ipclint.program.types import base_type
from ipclint.program.usage import uses_of

_WRAPPER = re.compile(r"^@(?P<name>[\w.]+)(?:<[^>]*>)?\((?P<arguments>.*)\)$", re.S)
_ARGUMENT = re.compile(r"\s*(?:(?P<label>\w+):\s*)?(?P<value>(?:\"[^\"]*\"|[^,()\"]|\((?:[^()]|\([^()]*\))*\))+)")
_LITERAL = re.compile(r'"(?P<text>[^"\\]*)"')
_STORES = frozenset({"store", "defaults", "userDefaults", "container", "suite", "storage", "suiteName"})
_KEYS = frozenset({"DefaultsKey", "Key"})
"""Types of keys of SwiftyUserDefaults and Defaults."""
_GENERIC = re.compile(r"<(?P<inner>.*)>")


@detector("secret-in-group-defaults", on="variable")
def secret_declared_in_group(rule: Rule, program: Program, ref: UnitRef, unit: Variable) -> Iterator[Finding]:
    """`@AppStorage("password", store: …) var password`, and `DefaultsKey<String>("password")`."""
    for attribute in unit.attributes:
        secret, store = _wrapped(program, ref, unit, attribute, "AppStorage")
        group = _told_group(program, store) if secret and store else None
        if group:
            yield _finding(rule, program, ref, unit, secret, group, "certain")
    yield from _typed_keys(rule, program, ref, unit)


@detector("secret-in-group-defaults", on="type")
def secret_in_wrapper(rule: Rule, program: Program, ref: UnitRef, unit: Type) -> Iterator[Finding]:
    """The properties whose wrapper, of the program's own, keeps its value in the defaults of a group: the one that
    it is told, else of its own."""
    own = _own_group(program, unit)
    for found in program.mentioning(unit.name):
        wrapped = program.unit(found)
        if not isinstance(wrapped, Variable):
            continue
        for attribute in wrapped.attributes:
            secret, store = _wrapped(program, found, wrapped, attribute, unit.name)
            group = (_told_group(program, store) if store else own) if secret else None
            if group:
                yield _finding(rule, program, found, wrapped, secret, group, "certain")


def _wrapped(program: Program, ref: UnitRef, unit: Variable, attribute: str, wrapper: str) -> tuple[str, str]:
    """The secret that a property with an attribute is, and the store that the attribute names; "" for neither."""
    found = _WRAPPER.match(attribute)
    if found is None or found["name"] != wrapper:
        return "", ""
    if _is_innocent(program, unit.type or type_of(program, ref, unit.value)):
        return "", ""
    arguments = [each for each in _ARGUMENT.finditer(found["arguments"]) if each["value"].strip()]
    keys = [_key_in(each["value"]) for each in arguments if each["label"] not in _STORES][:1]
    stores = [each["value"] for each in arguments if each["label"] in _STORES]
    secret = next((name for name in (*keys, unit.name) if rank_of(program, name)), "")
    return secret, next(iter(stores), "")


def _key_in(text: str) -> str:
    """The key that an argument is: a literal, or the last word of `Keys.password`."""
    literal = _LITERAL.search(text)
    return literal["text"] if literal else text.strip().rpartition(".")[2]


def _is_innocent(program: Program, text: str) -> bool:
    """Whether a value of a type is no secret, whatever it is called: a switch, a number, a choice."""
    name = base_type(text)
    return name in INNOCENT or any(declared.kind == "enum" for _, declared in declarations(program, name))


def _told_group(program: Program, store: str) -> str | None:
    """The group whose defaults the argument of a wrapper is: an id, or a store."""
    literal = _LITERAL.fullmatch(store.strip())
    if literal:
        return literal["text"] if is_group(literal["text"]) else None
    return group_of_text(program, store)


def _own_group(program: Program, wrapper: Type) -> str:
    """The group whose defaults a property wrapper writes by itself, "" for none."""
    for member in program.members_of(wrapper.qualified):
        function = program.unit(member)
        if isinstance(function, Function) and function.kind == "initializer":
            found = (group_of(program, member, param.default) for param in function.params)
        elif isinstance(function, Function) and function.name == "wrappedValue":
            uses = uses_of(program, member, "storage.set-default")
            found = (group_of(program, member, use.receiver) for use in uses)
        else:
            continue
        if group := next(filter(None, found), None):
            return group
    return ""


def _typed_keys(rule: Rule, program: Program, ref: UnitRef, unit: Variable) -> Iterator[Finding]:
    """A key of SwiftyUserDefaults or Defaults, which says what is kept under it."""
    for call in _made(program, ref, unit):
        word = call.name.partition("<")[0].rpartition(".")[2]
        if word not in _KEYS or not call.args or not isinstance(call.args[0], Text):
            continue
        inner = _GENERIC.search(unit.type) or _GENERIC.search(call.name)
        if inner is None or _is_innocent(program, inner["inner"]):
            continue
        key = call.args[0].value
        secret = next((name for name in (key, unit.name) if rank_of(program, name)), "")
        suite = dict(zip(call.labels, call.args, strict=False)).get("suite")
        if secret and (group := group_of(program, ref, suite) if suite is not None else _adapted_group(program)):
            yield _finding(rule, program, ref, unit, secret, group, "likely")


def _made(program: Program, ref: UnitRef, unit: Variable) -> Iterator[Call]:
    getter = UnitRef(ref.path, f"F {ref.key[2:]}.get")
    values = around.returned(program, getter) if unit.computed else (unit.value,)
    yield from (value for value in values if isinstance(value, Call))


@query(bottom="")
def _adapted_group(program: Program) -> str:
    """The group of the store that the program's `Defaults` stands for: `DefaultsAdapter(defaults: …)`."""
    for ref in program.variables_named("Defaults"):
        unit = program.unit(ref)
        value = unit.value if isinstance(unit, Variable) else None
        candidates = (value, *value.args) if isinstance(value, Call) else (value,)
        for each in candidates:
            if group := group_of(program, ref, each):
                return group
    return ""


def _finding(
    rule: Rule, program: Program, ref: UnitRef, unit: Variable, secret: str, group: str, confidence: Confidence
) -> Finding:
    place = Place(ref.path, ref.key, *unit.name_span)
    holes = {"secret": secret, "group": group}
    return rule.finding(place, confidence, severity=SEVERITY[rank_of(program, secret)], holes=holes)
