"""GRP103: secrets in the user defaults of an app group, which are a plain file that every member reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks import around
from ipclint.checks.detectors import detector
from ipclint.checks.detectors.app_group import TEAM_PREFIX
from ipclint.checks.detectors.keyed_parts import is_encrypted, keyed_secret, names_of, rank_of
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Finding, Place, Severity, Step
from ipclint.model.ir import Call, Cast, Evaluate, Expr, Literal, Member, Name, Node, Operator, Text
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import callers, declarations, members, owner_of, resolve, scope, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.secrets import INNOCENT, Secret, may_be_secret, secret_in, words_of
from ipclint.program.types import base_type, element_type
from ipclint.program.usage import Use, call_uses, uses_of

MAX_HOPS = 5
"""How many properties, locals and callers are followed from a store to the call that opens it."""

SEVERITY: dict[str, Severity] = {"key": "high", "password": "high", "number": "medium", "code": "medium"}
ENCODERS = re.compile(r"^(?:encode|archivedData(?:WithRootObject.*)?)$")
ENCODING_METHODS = ("encodeWithCoder:", "encode")
CIPHERS = re.compile(r"^(?:seal|(?:\w+E|e)ncrypt\w*:?.*|SecKeyCreateEncryptedData|CCCrypt)$")
SHAPES = {"String": "text", "NSString": "text", "Data": "data", "NSData": "data"}
_APP_STORAGE = re.compile(r'^@AppStorage\(\s*"(?P<key>[^"\\]*)"\s*,\s*store:\s*(?P<store>.+)\)$', re.S)
_SUITE = re.compile(r'suiteName:\s*"(?P<group>[^"\\]*)"')
_STATIC = re.compile(r"^(?:UserDefaults)?\.(?P<name>\w+)[!?]?$")


@detector("secret-in-group-defaults", on="function")
def secret_in_group_defaults(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    for use in uses_of(program, ref, "storage.set-default"):
        if len(use.args) < 2 or use.receiver is None:
            continue
        secret = _stored_secret(program, ref, use)
        group = group_of(program, ref, use.receiver) if secret is not None else None
        if secret is not None and group is not None:
            yield _finding(rule, program, ref, use, secret, group)


@detector("secret-in-group-defaults", on="variable")
def secret_in_app_storage(rule: Rule, program: Program, ref: UnitRef, unit: Variable) -> Iterator[Finding]:
    """`@AppStorage("password", store: UserDefaults(suiteName: "group.…")) var password = ""`."""
    for attribute in unit.attributes:
        found = _APP_STORAGE.match(attribute)
        if found is None or base_type(unit.type or type_of(program, ref, unit.value)) in INNOCENT:
            continue
        name = next((name for name in (found["key"], unit.name) if rank_of(program, name)), "")
        group = _group_of_text(program, found["store"]) if name else None
        if group is not None:
            holes = {"secret": name, "group": group}
            yield rule.finding(
                Place(ref.path, ref.key, *unit.name_span),
                "certain",
                severity=SEVERITY[rank_of(program, name)],
                holes=holes,
            )


def _finding(rule: Rule, program: Program, ref: UnitRef, use: Use, secret: Secret, group: str) -> Finding:
    value, key = use.args[0], use.args[1]
    steps = (
        (Step(around.place_of(secret.ref, secret.node), f"{secret.name} comes from here"),) if secret.ref != ref else ()
    )
    text = type_of(program, ref, value)
    statement = around.statement_in(around.path_to(program, ref, use.node))
    holes: dict[str, str | Place] = {"secret": secret.name, "group": group}
    literal = group.startswith("group.") or TEAM_PREFIX.match(group)
    shape = SHAPES.get(base_type(text), "")
    if ref.path.endswith(".swift") and base_type(text).startswith("NS"):
        shape = ""  # is no String or Data without a cast
    if literal and shape and isinstance(statement, Evaluate) and statement.value == use.node:
        holes |= {
            f"value-{shape}": _place(ref, value),
            "key-source": _place(ref, key),
            "statement": _place(ref, statement),
        }
    certain = secret.by_origin or (isinstance(key, Text) and bool(rank_of(program, key.value)))
    return rule.finding(
        around.place_of(ref, use.node),
        "certain" if certain else "likely",
        severity=SEVERITY[secret.rank],
        holes=holes,
        steps=steps,
    )


# ── what is stored ───────────────────────────────────────────────────────────────────────────────────────────────────


def _stored_secret(program: Program, ref: UnitRef, use: Use) -> Secret | None:
    """The secret that a call stores: by its value, by its key, or by a property of the object it encodes."""
    value, key = use.args[0], use.args[1]
    if isinstance(value, Literal) or base_type(type_of(program, ref, value)) in INNOCENT:
        return None
    made = tuple(around.origins(program, ref, value))
    if any(isinstance(node, Call) and CIPHERS.match(node.name) for node in made):
        return None
    keys = names_of(program, ref, key)
    if any(is_encrypted(text) for text in keys) or any(is_encrypted(around.spelled(each)) for each in (value,)):
        return None
    if (found := secret_in(program, ref, value)) is not None:
        return found
    for text in keys:
        if rank := rank_of(program, text):
            return Secret(text, rank, key, ref)
    spelled = around.spelled(value).rpartition(".")[2]
    if all(may_be_secret(program.vocabulary, name) for name in (spelled, keys[0])):
        return Secret(spelled, "code", value, ref)
    encoded = (node for node in made if isinstance(node, Call) and ENCODERS.match(node.name) and node.args)
    found = next(filter(None, (_encoded_secret(program, ref, call) for call in encoded)), None)
    return found or keyed_secret(program, ref, value)


def _encoded_secret(program: Program, ref: UnitRef, call: Call) -> Secret | None:
    """A stored property, secret by its name, of the type that an encoder is given."""
    text = type_of(program, ref, call.args[0])
    for name in dict.fromkeys((base_type(text), base_type(element_type(text)))):
        for member in program.members_of(name) if name else ():
            unit = program.unit(member)
            if not isinstance(unit, Variable) or unit.computed or unit.is_static or base_type(unit.type) in INNOCENT:
                continue
            if (rank := rank_of(program, unit.name)) and _is_encoded(program, name, unit.name):
                node = Name(*unit.name_span, unit.name)
                return Secret(f"{name}.{unit.name}", rank, node, member)
    return None


def _is_encoded(program: Program, type_name: str, name: str) -> bool:
    """Whether encoding a value writes a property: not one that its type's own encoder, or its keys, leave out."""
    for _, keys in declarations(program, f"{type_name}.CodingKeys"):
        if keys.cases and all(case.name != name for case in keys.cases):
            return False
    encoders = [
        function
        for encoder in ENCODING_METHODS
        for ref in program.members_named(type_name, encoder)
        if (function := program.function(ref)) is not None and function.body
    ]
    return not encoders or any(not {name, f"_{name}"}.isdisjoint(each.mentions) for each in encoders)


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
            known = next((text for text in texts if _is_group(text)), None)
            spelled = around.spelled(use.args[0])
            words = words_of(spelled.rpartition(".")[2])
            unknown = any(HOLE in text for text in texts) and "group" in words
            return known.replace(HOLE, "…") if known else spelled if unknown else None
    return None


def _is_group(text: str) -> bool:
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


def _group_of_text(program: Program, store: str) -> str | None:
    """The group of a store that stands in an attribute, as source text."""
    if suite := _SUITE.search(store):
        return suite["group"] if _is_group(suite["group"]) else None
    static = _STATIC.match(store.strip())
    return _of_property(program, "UserDefaults", static["name"], MAX_HOPS) if static else None


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
