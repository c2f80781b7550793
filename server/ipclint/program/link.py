"""Linking: what a name in one file means in the others, across Swift, Objective-C and C.

Queries over `Program`: type hierarchy, members, scopes, types of expressions, callees and callers. "Unknown" is an
answer here, never a guess: a type that is not in the program has unknown supertypes, an expression of unknown type is
"".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipclint.model.facts import Alias, Function, Type, Variable
from ipclint.model.ir import (
    Assign,
    Block,
    Call,
    Case,
    Cast,
    Closure,
    Collection,
    Expr,
    Interpolation,
    Let,
    Literal,
    Local,
    Loop,
    Member,
    Name,
    Node,
    Operator,
    Param,
    Subscript,
    Text,
    walk,
)
from ipclint.program.copies import visible
from ipclint.program.names import may_trail, selectors, swift_base_names
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.tables import functions_in_table, is_through_pointer
from ipclint.program.types import base_type, element_type, parameter_types

MAX_DEPTH = 12  # of one expression's type inference
PROTOCOL_ENDINGS = ("Delegate", "DataSource", "Protocol", "Coding", "Copying", "able", "Observing")
"""Names of protocols from outside: they bring no other conformance that anybody asks for."""
INFERRED = re.compile(r"(?:__(?:weak|strong|block)\s+)*(?:_*typeof_*\b|__auto_type\b|auto\b)")
"""Types of Objective-C and C that only repeat the value's: `typeof(self) weakSelf = self`."""
ROOTS = frozenset({"NSObject", "NSProxy", "AnyObject", "Any", "Sendable", "Codable", "Equatable", "Hashable"})


# ── types ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@query(bottom=())
def declarations(program: Program, name: str) -> tuple[tuple[UnitRef, Type], ...]:
    """Every declaration of and addition to type `name` (plain or qualified; aliases followed once)."""
    refs = program.types_named(name)
    if not refs:
        for alias in program.aliases_named(name):
            unit = program.unit(alias)
            if isinstance(unit, Alias) and base_type(unit.target) != name:
                refs += program.types_named(base_type(unit.target))
    found = [(ref, program.unit(ref)) for ref in refs]
    return tuple((ref, unit) for ref, unit in found if isinstance(unit, Type))


@query(bottom=False)
def is_outside(program: Program, name: str) -> bool:
    """Whether a type is declared elsewhere: the program has at most extensions and categories of it."""
    return all(unit.kind in ("extension", "category") for _, unit in declarations(program, name))


@query(bottom=frozenset[str]())
def ancestors(program: Program, name: str) -> frozenset[str]:
    """Names of all supertypes and protocols, in the program or outside it; `name` itself is not among them."""
    found: set[str] = set()
    for _, declaration in declarations(program, name):
        for inherited in declaration.inherits:
            parent = base_type(inherited)
            if parent and parent != name:
                found.add(parent)
                found |= ancestors(program, parent)
    return frozenset(found - {name})


@query(bottom="")
def superclass(program: Program, name: str) -> str:
    """The superclass, "" for none or unknown. In Swift the first inherited name that is not a protocol of the
    program.
    """
    for _, declaration in declarations(program, name):
        if declaration.superclass:
            return declaration.superclass
        if declaration.kind == "class" and declaration.inherits:
            first = base_type(declaration.inherits[0])
            kinds = {unit.kind for _, unit in declarations(program, first)}
            if "protocol" not in kinds and (kinds or first.startswith(("NS", "UI", "WK", "CB"))):
                return first
    return ""


def conforms(program: Program, name: str, to: str) -> bool | None:
    """Whether type `name` is or inherits from `to`; None when an ancestor outside the program may decide it."""
    if name == to:
        return True
    above = ancestors(program, name)
    if to in above:
        return True
    if is_outside(program, name):
        return None
    outside = {p for p in above if p not in ROOTS and not p.endswith(PROTOCOL_ENDINGS) and is_outside(program, p)}
    return None if outside else False


@query(bottom=())
def members(program: Program, owner: str, name: str) -> tuple[UnitRef, ...]:
    """Functions and variables called `name` (base name or selector) of a type, its nearest declaring ancestor first."""
    found = _own_members(program, owner, name)
    if found:
        return found
    for parent in sorted(ancestors(program, owner)):
        found += _own_members(program, parent, name)
    return found


@query(bottom=())
def _own_members(program: Program, owner: str, name: str) -> tuple[UnitRef, ...]:
    owners = {unit.qualified for _, unit in declarations(program, owner)} or {owner}
    return tuple(ref for qualified in sorted(owners) for ref in program.members_named(qualified, name))


def property_type(program: Program, owner: str, name: str) -> str:
    """The declared or initialised type of a property, in the type or above it; "" when unknown."""
    for ref in members(program, owner, name):
        unit = program.unit(ref)
        if isinstance(unit, Variable):
            return _variable_type(program, ref)
        if isinstance(unit, Function) and not unit.params:
            return _resolved_self(unit.returns, owner)
    return ""


@query(bottom="")
def _variable_type(program: Program, ref: UnitRef) -> str:
    unit = program.unit(ref)
    if not isinstance(unit, Variable):
        return ""
    return unit.type or (type_of(program, ref, unit.value) if unit.value is not None else "")


def _resolved_self(returns: str, owner: str) -> str:
    return owner if base_type(returns) in ("Self", "instancetype") else returns


# ── scopes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Binding(NamedTuple):
    """A local name: `kind` is "param", "let", "closure" (a closure's parameter), "for" or "pattern"."""

    kind: str
    type: str
    value: Expr | None
    node: Node


Scope = dict[str, tuple[Binding, ...]]


def code_of(program: Program, ref: UnitRef) -> Block:
    """What a unit runs: see `Program.body`."""
    return program.body(ref)


@query(bottom={})
def scope(program: Program, ref: UnitRef) -> Scope:
    """Every local name of a function with its declarations; blocks are not told apart, shadowed names have several."""
    found: dict[str, tuple[Binding, ...]] = {}

    def bind(name: str, binding: Binding) -> None:
        if name and name != "_":
            found[name] = (*found.get(name, ()), binding)

    function = program.function(ref)
    for param in function.params if function else ():
        bind(param.name, Binding("param", param.type, None, param))
    for node in walk(code_of(program, ref)):
        if isinstance(node, Let):
            for name in node.names:
                bind(name, Binding("let", node.type, node.value if len(node.names) == 1 else None, node))
        elif isinstance(node, Closure | Local):
            for param in node.params:
                bind(param.name, Binding("closure", param.type, None, param))
        elif isinstance(node, Loop):
            for name in node.binds:
                bind(name, Binding("for", node.type, node.sequence, node))
        elif isinstance(node, Case):
            for name in node.binds:
                bind(name, Binding("pattern", "", None, node))
    return found


def closures_in(program: Program, ref: UnitRef) -> Iterator[tuple[Closure, tuple[str, ...]]]:
    """The closures in a unit with the types of their parameters: as they say, else as the variable says that holds
    them, "" when unknown."""
    unit = program.unit(ref)
    holders: dict[int, str] = {unit.value.start: unit.type} if isinstance(unit, Variable) and unit.value else {}
    for node in walk(program.body(ref)):
        if isinstance(node, Let) and node.value is not None:
            holders[node.value.start] = node.type
        elif isinstance(node, Closure):
            said = (*parameter_types(holders.get(node.start, "")), *("",) * len(node.params))
            yield node, tuple(param.type or type for param, type in zip(node.params, said, strict=False))


def owner_of(program: Program, ref: UnitRef) -> str:
    """The qualified name of the type that encloses a function or variable, "" at file level."""
    unit = program.unit(ref)
    return unit.owner if isinstance(unit, Function | Variable) else ""


# ── types of expressions ─────────────────────────────────────────────────────────────────────────────────────────────


def type_of(program: Program, ref: UnitRef, expr: Expr | None, depth: int = 0) -> str:
    """The type's text of an expression inside unit `ref`, "" when unknown. A type's own name reads "Foo.Type"."""
    if expr is None or depth > MAX_DEPTH:
        return ""
    match expr:
        case Name(text=name):
            return _type_of_name(program, ref, name, depth)
        case Member(base=base, name=name):
            return _type_of_member(program, ref, base, name, depth)
        case Call():
            return _type_of_call(program, ref, expr, depth)
        case Cast(op=op, type=text):
            return "Bool" if op == "is" else text
        case Operator(op=op, operands=operands):
            return _type_of_operator(program, ref, op, operands, depth)
        case Text() | Interpolation():
            return "String"
        case Literal(kind=kind, text=text):
            return {"int": "Int", "float": "Double", "bool": "Bool", "selector": "Selector"}.get(
                kind, f"{text}.Type" if kind == "class" else ""
            )
        case Collection(kind=kind):
            return {"array": "Array", "dictionary": "Dictionary"}.get(kind, "")
        case Subscript(base=base):
            return element_type(type_of(program, ref, base, depth + 1))
        case Assign(value=value):
            return type_of(program, ref, value, depth + 1)
        case _:
            return ""


def _type_of_operator(program: Program, ref: UnitRef, op: str, operands: tuple[Expr, ...], depth: int) -> str:
    if op in ("==", "!=", "<", ">", "<=", ">=", "&&", "||", "!", "===", "!=="):
        return "Bool"
    for operand in operands[1:] if op == "?:" else operands:
        if found := type_of(program, ref, operand, depth + 1):
            return found
    return ""


def _type_of_name(program: Program, ref: UnitRef, name: str, depth: int) -> str:
    owner = owner_of(program, ref)
    if name == "self":
        return owner
    if name == "Self":
        return f"{owner}.Type" if owner else ""
    if name == "super":
        return superclass(program, owner) if owner else ""
    for binding in scope(program, ref).get(name, ()):
        if binding.type and not INFERRED.match(binding.type):
            return binding.type
        if binding.kind == "for":
            return element_type(type_of(program, ref, binding.value, depth + 1))
        if binding.value is not None and (found := type_of(program, ref, binding.value, depth + 1)):
            return found
        if binding.kind in ("closure", "pattern"):
            return ""
    if owner and (found := property_type(program, owner, name)):
        return found
    for variable in sorted(program.variables_named(name), key=lambda each: each.path != ref.path):
        unit = program.unit(variable)
        if isinstance(unit, Variable) and (not unit.owner or variable.path == ref.path):
            return _variable_type(program, variable)
    return f"{name}.Type" if name[:1].isupper() else ""


def _type_of_member(program: Program, ref: UnitRef, base: Expr | None, name: str, depth: int) -> str:
    if base is None:
        return ""
    receiver = type_of(program, ref, base, depth + 1)
    if name == "self" and receiver.endswith(".Type"):
        return receiver
    plain = receiver.removesuffix(".Type")
    if not plain:
        return ""
    found = property_type(program, base_type(plain), name)
    if not found and receiver.endswith(".Type"):
        if name[:1].isupper():  # a nested type: Outer.Inner
            return f"{name}.Type"
        if is_outside(program, plain) or any(
            name == case.name for _, t in declarations(program, plain) for case in t.cases
        ):
            return plain  # UIPasteboard.general, Kind.first: a static of a type is mostly of that type
    return found


def _type_of_call(program: Program, ref: UnitRef, call: Call, depth: int) -> str:
    if call.target is None:
        if call.name[:1].isupper() and not program.functions_known(call.name):  # C functions may begin with a capital
            return call.name.partition("<")[0]
        resolved = resolve(program, ref, call, depth + 1)
        return _common_return(program, resolved.refs)
    receiver = type_of(program, ref, call.target, depth + 1)
    plain = receiver.removesuffix(".Type")
    if call.name in (
        "alloc",
        "new",
        "init",
        "self",
        "retain",
        "autorelease",
        "copy",
        "mutableCopy",
    ) or call.name.startswith("initWith"):
        return plain
    if call.name == "class" and not call.args:  # [self class]
        return f"{plain}.Type" if plain else ""
    resolved = resolve(program, ref, call, depth + 1)
    if found := _common_return(program, resolved.refs):
        return _resolved_self(found, plain)
    if not call.args and plain and (found := property_type(program, base_type(plain), call.name)):
        return found
    if receiver.endswith(".Type") and is_outside(program, plain):
        return plain  # a class factory of a type that is not here: [UIPasteboard generalPasteboard]
    return ""


def _common_return(program: Program, refs: tuple[UnitRef, ...]) -> str:
    returns = {unit.returns for ref in refs if (unit := program.function(ref)) is not None}
    return returns.pop() if len(returns) == 1 else ""


# ── calls ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Resolution(NamedTuple):
    """Callees of a call. `certain` when the receiver's type (or being a free function) decided; else by name alone."""

    refs: tuple[UnitRef, ...]
    certain: bool


NOBODY = Resolution((), False)


def resolve(program: Program, ref: UnitRef, call: Call, depth: int = 0) -> Resolution:
    """The functions of the program that a call can reach; declarations without body are left out when one has a
    body, and copies in other programs when one stands nearer.
    """
    if depth > MAX_DEPTH or not (call.name or call.target):
        return NOBODY
    found = _resolve(program, ref, call, depth)
    if not found.refs and not ref.path.endswith(".swift") and is_through_pointer(call):
        found = Resolution(functions_in_table(program, call, scope(program, ref)), True)
    return Resolution(visible(program, found.refs, ref.path), found.certain) if len(found.refs) > 1 else found


def _resolve(program: Program, ref: UnitRef, call: Call, depth: int) -> Resolution:
    if call.target is None:
        return _resolve_free(program, ref, call)
    if not call.name:  # of what a pointer or a closure holds
        return NOBODY
    receiver = base_type(type_of(program, ref, call.target, depth + 1).removesuffix(".Type"))
    if receiver and (declarations(program, receiver) or receiver in ("id", "Any", "AnyObject")):
        declared = _accepting(program, members_for_call(program, receiver, call), call)
        found = tuple(r for r in declared if (f := program.function(r)) is not None and f.body)
        if found:
            return Resolution(found, True)
        implementers = _implementers(program, receiver, call)
        if implementers or declared:
            return Resolution(implementers or declared, len(implementers) <= 1)
    if receiver and is_outside(program, receiver) and receiver not in ("id", "Any", "AnyObject"):
        return NOBODY  # a type from outside: its methods are not here (extensions of it are, see members_for_call)
    methods = _methods_taking(program, call.name, call.labels, len(call.args))
    return Resolution(methods, False) if 0 < len(methods) <= 4 else NOBODY


def _resolve_free(program: Program, ref: UnitRef, call: Call) -> Resolution:
    owner = owner_of(program, ref)
    if owner:
        found = _with_body(program, _accepting(program, members_for_call(program, owner, call), call))
        if found:
            return Resolution(found, True)
    if call.name[:1].isupper() and declarations(program, call.name):
        initializer = Call(call.start, call.end, None, "init", call.labels, call.args, call.name_start)
        found = _accepting(program, members_for_call(program, call.name, initializer), call)
        return Resolution(_with_body(program, found), True)
    return Resolution(_free_taking(program, call.name, call.labels, len(call.args)), True)


# What can take a call by its name alone is asked with every call of that shape: in a large program, thousands of
# functions are looked at to tell, so it is kept.


def _shape(name: str, labels: tuple[str, ...], count: int) -> Call:
    """A call of this name with so many arguments, whatever they are."""
    return Call(0, 0, None, name, labels, (Literal(0, 0, "nil", "nil"),) * count, 0)


@query(bottom=())
def _methods_taking(program: Program, name: str, labels: tuple[str, ...], count: int) -> tuple[UnitRef, ...]:
    call = _shape(name, labels, count)
    found = _with_body(program, _accepting(program, functions_for_call(program, call), call))
    return tuple(ref for ref in found if owner_of(program, ref))


@query(bottom=())
def _free_taking(program: Program, name: str, labels: tuple[str, ...], count: int) -> tuple[UnitRef, ...]:
    free = tuple(ref for ref in program.functions_named(name) if not owner_of(program, ref))
    return _with_body(program, _accepting(program, free, _shape(name, labels, count)))


@query(bottom=())
def _bodies_taking(program: Program, name: str, labels: tuple[str, ...], count: int) -> tuple[UnitRef, ...]:
    names = (name,) if ":" in name else (name, *selectors(name, labels))
    named = dict.fromkeys(ref for each in names for ref in program.functions_known(each))
    found = _accepting(program, tuple(named), _shape(name, labels, count))
    return tuple(ref for ref in found if (f := program.function(ref)) is not None and f.body)


def members_for_call(program: Program, owner: str, call: Call) -> tuple[UnitRef, ...]:
    """Members of a type that the call's name can stand for, in either language's spelling."""
    found = members(program, owner, call.name)
    if not found and ":" not in call.name:
        for selector in selectors(call.name, call.labels):
            found += members(program, owner, selector)
        if not found and "{" in call.labels:
            found = tuple(
                ref for selector, ref in _by_selector(program, owner) if may_trail(selector, call.name, call.labels)
            )
    return tuple(dict.fromkeys(found))


@query(bottom=())
def _by_selector(program: Program, owner: str) -> tuple[tuple[str, UnitRef], ...]:
    """The Objective-C methods of a type and of those above it, by selector."""
    owners = [owner, *sorted(ancestors(program, owner))]
    names = dict.fromkeys(unit.qualified for each in owners for _, unit in declarations(program, each))
    functions = ((ref, program.function(ref)) for name in names for ref in program.members_of(name))
    return tuple((f.name, ref) for ref, f in functions if f is not None and ":" in f.name)


def functions_for_call(program: Program, call: Call) -> tuple[UnitRef, ...]:
    """Functions of the whole program by the call's name, in either language's spelling."""
    found = program.functions_named(call.name)
    if ":" not in call.name:
        for selector in selectors(call.name, call.labels):
            if selector != call.name:
                found += program.functions_named(selector)
    return tuple(dict.fromkeys(found))


def _accepting(program: Program, refs: tuple[UnitRef, ...], call: Call) -> tuple[UnitRef, ...]:
    return tuple(ref for ref in refs if (f := program.function(ref)) is not None and accepts(f, call))


def accepts(function: Function, call: Call) -> bool:
    """Whether a function can take the call's arguments: labels in order, parameters with a default may be missing."""
    if ":" in call.name or ":" in function.name:
        return len(function.params) <= len(call.args)
    return _labels_fit(function.params, call.labels)


def _labels_fit(params: tuple[Param, ...], labels: tuple[str, ...]) -> bool:
    at = 0
    for param in params:
        if at < len(labels) and labels[at] in (param.label, "{"):
            at += 1
            while at < len(labels) and param.type.endswith("...") and labels[at] == "":
                at += 1
        elif param.default is None and not param.type.endswith("..."):
            return False
    return at == len(labels)


def _with_body(program: Program, refs: tuple[UnitRef, ...]) -> tuple[UnitRef, ...]:
    bodies = tuple(ref for ref in refs if (f := program.function(ref)) is not None and f.body)
    return bodies or refs


def _implementers(program: Program, protocol: str, call: Call) -> tuple[UnitRef, ...]:
    """Methods with a body in the adopters and subclasses of a type: what a call through a protocol can reach."""
    # few, where a type may have hundreds of subtypes
    bodies = _bodies_taking(program, call.name, call.labels, len(call.args))
    if any(unit.kind == "protocol" for _, unit in declarations(program, protocol)):
        program.functions_named(call.name)  # what adopts it may stand where no word of a rule leads
    return tuple(ref for ref in bodies if owner_of(program, ref) in _family(program, protocol))


@query(bottom=frozenset[str]())
def _family(program: Program, name: str) -> frozenset[str]:
    """The adopters and subclasses of a type, and what these inherit from."""
    units = (program.unit(ref) for ref in program.declaring_subtypes(name))
    below = {unit.qualified for unit in units if isinstance(unit, Type)}
    above = {each for qualified in below for each in ancestors(program, qualified)}
    return frozenset(below | {unit.qualified for each in above for _, unit in declarations(program, each)})


class CallSite(NamedTuple):
    caller: UnitRef
    call: Call
    certain: bool


@query(bottom=())
def callers(program: Program, ref: UnitRef) -> tuple[CallSite, ...]:
    """Every call in the program that can reach function `ref`. For one that has none, further files are searched."""
    sites = tuple(site for caller in naming(program, ref) for site in sites_in(program, ref, caller))
    function = program.function(ref)
    if not sites and function is not None and function.kind not in ("getter", "setter", "observer"):
        words = {function.name, function.selector} if ref.path.endswith(".swift") else _words_for(function)
        program.want_callers(word.partition(":")[0] for word in words if word != "init")
    return sites


def naming(program: Program, ref: UnitRef) -> tuple[UnitRef, ...]:
    """The units whose code names function `ref`. Its callers are among them; to tell which costs much more."""
    function = program.function(ref)
    words = _words_for(function) if function is not None else set[str]()
    return tuple(sorted({unit for word in words if word for unit in program.mentioning(word)}))


@query(bottom=())
def sites_in(program: Program, ref: UnitRef, caller: UnitRef) -> tuple[CallSite, ...]:
    """The calls in one function that can reach function `ref`."""
    function = program.function(ref)
    if function is None:
        return ()
    words = _words_for(function)
    sites: list[CallSite] = []
    for call in calls_in(program, caller):
        named = call.name.partition(":")[0] in words or call.name == "init"
        if named and accepts(function, call):  # few: asked first, for resolving costs a hundred times as much
            resolution = resolve(program, caller, call)
            if ref in resolution.refs:
                sites.append(CallSite(caller, call, resolution.certain))
    return tuple(sites)


def _words_for(function: Function) -> set[str]:
    """What a call of a function is named by."""
    if function.name == "init":
        return {function.owner.rpartition(".")[2]}
    return {function.name.partition(":")[0], *swift_base_names(function.selector or function.name)}


@query(bottom=())
def calls_in(program: Program, ref: UnitRef) -> tuple[Call, ...]:
    """Every call in a function's body, closures included, in source order."""
    return tuple(node for node in walk(code_of(program, ref)) if isinstance(node, Call))
