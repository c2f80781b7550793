"""What the program does with a connection or listener that it made: where it is kept, and every message it gets.

A connection is mostly made in one function, kept in a property, started in a second function and invalidated in a
third, and locals stand for it on the way (`let c = …; self.connection = c`, `guard let c = connection`). What is handed
to code that is not followed has `escaped`: nobody knows then what is done with it.
"""

from __future__ import annotations

from typing import NamedTuple

from ipclint.model.facts import Function, Variable
from ipclint.model.ir import (
    Assign,
    Call,
    Cast,
    Closure,
    Collection,
    Expr,
    Let,
    Member,
    Name,
    Node,
    Opaque,
    Operator,
    Return,
    Subscript,
    walk,
)
from ipclint.program.link import ancestors, code_of, declarations, members, owner_of, scope, type_of
from ipclint.program.names import property_of_setter
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.surface import Holder, holders_of, variable_named
from ipclint.program.types import base_type

MAX_USERS = 60
"""How many functions are searched for what they do with one property; a busier name is taken as unknown."""

APPS = ("AppDelegate", "App", "Application")
SHARED = ("shared", "default", "main", "instance")
DECISIVE = frozenset({"resume", "activate", "invalidate", "delegate", "setDelegate:"})
NIL_CHECKS = frozenset({"==", "!=", "===", "!=="})


class Act(NamedTuple):
    """One message to the connection: `name` is a method (`resume`), a property that is set (`delegate`) or read, or a
    libxpc function whose first argument it is. `node` is the Call, Assign or Member."""

    name: str
    ref: UnitRef
    node: Call | Assign | Member
    value: Expr | None = None  # what is assigned


class Kept(NamedTuple):
    """Where an object is kept, and what is done with it. `holder` is its property or global if it has one."""

    ref: UnitRef
    node: Node
    holders: tuple[Holder, ...]
    holder: Holder | None
    acts: tuple[Act, ...]
    escaped: bool

    def names(self, names: frozenset[str]) -> tuple[Act, ...]:
        """The acts of these names."""
        return tuple(act for act in self.acts if act.name in names)


def kept(program: Program, ref: UnitRef, node: Node) -> Kept:
    """What becomes of the object that `node` in unit `ref` makes."""
    held = holders_of(program, ref, node)
    local = {holder.name for holder in held if holder.ref is not None}
    held += tuple(
        holder
        for statement in walk(code_of(program, ref))
        if (target := _given(statement, local)) is not None
        and (holder := variable_named(program, ref, target)) is not None
        and holder not in held
    )
    wide = next((holder for holder in held if holder.ref is None), None)
    users = _users(program, ref, wide)
    if users is None:
        return Kept(ref, node, held, wide, (), escaped=True)
    acts: dict[Act, None] = {}
    escaped = not held
    for user in users:
        names = _aliases(program, user, held)
        found = _acts(program, user, held, names)
        acts |= dict.fromkeys(found)
        escaped |= _escapes(program, user, held, names) or (wide is not None and _may_be_meant(program, user, wide))
    return Kept(ref, node, held, wide, tuple(acts), escaped)


def kept_parameter(program: Program, ref: UnitRef, name: str, node: Node) -> Kept | None:
    """What becomes of the object that a function or a closure in it is given as `name`; `node` is that parameter. None
    when something else there has the same name."""
    if len(scope(program, ref).get(name, ())) != 1:
        return None
    held = (Holder("", name, ref),)
    names = _aliases(program, ref, held)
    acts = dict.fromkeys(_acts(program, ref, held, names))
    return Kept(ref, node, held, None, tuple(acts), _escapes(program, ref, held, names))


def _given(statement: Node, names: set[str]) -> Expr | None:
    """What a statement puts one of these locals into: `self.connection = c`, `[self setConnection:c]`."""
    if isinstance(statement, Assign) and isinstance(statement.value, Name) and statement.value.text in names:
        return statement.target
    if isinstance(statement, Call) and (name := property_of_setter(statement.name)):
        value = statement.args[0] if statement.args else None
        if isinstance(value, Name) and value.text in names and isinstance(statement.target, Name):
            return Member(statement.start, statement.end, statement.target, name, statement.name_start)
    return None


def _users(program: Program, ref: UnitRef, wide: Holder | None) -> tuple[UnitRef, ...] | None:
    if wide is None:
        return (ref,)
    found = {each for word in (wide.name, f"_{wide.name}") for each in program.mentioning(word)}
    if len(found) > MAX_USERS:
        found = {each for each in found if owner_of(program, each) == wide.owner or each.path == ref.path}
    return tuple(sorted({ref, *found})) if len(found) <= MAX_USERS else None


def _aliases(program: Program, ref: UnitRef, held: tuple[Holder, ...]) -> frozenset[str]:
    """Locals of a function that stand for the object: bound to what holds it, or put into it."""
    wide = {holder for holder in held if holder.ref is None}
    names = {holder.name for holder in held if holder.ref == ref}
    for node in walk(code_of(program, ref)):
        if isinstance(node, Let) and len(node.names) == 1 and node.value is not None:
            if _is_one(program, ref, bare(node.value), wide, names):
                names.add(node.names[0])
        elif isinstance(node, Assign) and isinstance(node.value, Name):
            if _is_one(program, ref, node.target, wide, frozenset()) and not _is_member(program, ref, node.value.text):
                names.add(node.value.text)
    return frozenset(names)


def _is_member(program: Program, ref: UnitRef, name: str) -> bool:
    owner = owner_of(program, ref)
    return bool(owner and members(program, owner, name)) or name in ("nil", "self")


def bare(expr: Expr) -> Expr:
    """An expression without casts, `try`, `await`, unwraps and parentheses of one around it."""
    while True:
        if isinstance(expr, Operator) and expr.op in ("unwrap", "try", "try?", "try!", "await", "?") and expr.operands:
            expr = expr.operands[0]
        elif isinstance(expr, Cast) and expr.op != "is":
            expr = expr.value
        else:
            return expr


def _is_one(
    program: Program, ref: UnitRef, expr: Expr | None, wide: set[Holder], names: set[str] | frozenset[str]
) -> bool:
    """Whether an expression is the object, by the name of a local or of what holds it."""
    if expr is None:
        return False
    expr = bare(expr)
    if isinstance(expr, Name) and expr.text in names:
        return True
    named = variable_named(program, ref, expr) if wide else None
    return named is not None and any(_same(program, named, holder) for holder in wide)


@query(bottom=False)
def _related(program: Program, one: str, other: str) -> bool:
    return one in ancestors(program, other) or other in ancestors(program, one)


def _same(program: Program, one: Holder, other: Holder) -> bool:
    """Whether two names mean one variable; a property is reached through a subclass or a nested name too."""
    if one.name != other.name or one.ref != other.ref:
        return False
    return (
        one.owner == other.owner
        or one.owner.rpartition(".")[2] == other.owner.rpartition(".")[2]
        or _related(program, one.owner, other.owner)
    )


def _acts(program: Program, ref: UnitRef, held: tuple[Holder, ...], names: frozenset[str]) -> list[Act]:
    wide = {holder for holder in held if holder.ref is None}
    found: list[Act] = []
    for node in walk(code_of(program, ref)):
        match node:
            case Assign(target=Member(base=base, name=name), value=value):
                if base is not None and _is_one(program, ref, base, wide, names):
                    found.append(Act(name, ref, node, value))
            case Member(base=base, name=name):
                if base is not None and _is_one(program, ref, base, wide, names):
                    found.append(Act(name, ref, node))
            case Call(target=None, name=name, args=(first, *rest)) if name.startswith("xpc_"):
                if _is_one(program, ref, first, wide, names):
                    found.append(Act(name, ref, node, rest[0] if rest else None))
            case Call(target=target, name=name, args=args) if target is not None:
                if _is_one(program, ref, target, wide, names):
                    written = property_of_setter(name)
                    found.append(Act(written or name, ref, node, args[0] if args else None))
            case _:
                pass
    return found


def _escapes(program: Program, ref: UnitRef, held: tuple[Holder, ...], names: frozenset[str]) -> bool:
    """Whether the object is handed on, returned, put into something, or kept where nobody looks."""
    wide = {holder for holder in held if holder.ref is None}

    def is_one(expr: Expr | None) -> bool:
        return _is_one(program, ref, expr, wide, names)

    for node in walk(code_of(program, ref)):
        match node:
            case Call(target=None, name=name, args=args) if name.startswith("xpc_"):
                if any(map(is_one, args[1:])):
                    return True
            case Call(args=args, name=name):
                passed = any(map(is_one, args))
                if passed and not (property_of_setter(name) and _is_holder(program, ref, node, held)):
                    return True
            case Return(value=value):
                unit = program.unit(ref)
                if is_one(value) and not (isinstance(unit, Variable) and not unit.computed):
                    return True
            case Collection(items=items) if any(map(is_one, items)):
                return True
            case Assign(target=target, value=value):
                if is_one(value) and not is_one(target) and not isinstance(target, Name):
                    return True
            case Operator(op=op, operands=operands) if op not in NIL_CHECKS and len(operands) > 1:
                if any(map(is_one, operands[1:])):
                    return True
            case Opaque(kids=kids):
                if any(isinstance(kid, Name | Member) and is_one(kid) for kid in kids):
                    return True
            case Subscript(base=base) if is_one(base):
                return True
            case _:
                pass
    return _is_given_back(program, ref, wide, names)


def _may_be_meant(program: Program, ref: UnitRef, wide: Holder) -> bool:
    """Whether something of this name, of an object of unknown type, is started, ended or given a delegate."""
    for node in walk(code_of(program, ref)):
        match node:
            case Call(target=of, name=called) | Assign(target=Member(base=of, name=called)) if called in DECISIVE:
                pass
            case _:
                continue
        match of:
            case Member(base=base, name=name) | Call(target=base, name=name, args=()):
                if name.lstrip("_") == wide.name and base is not None:
                    if base_type(type_of(program, ref, base)) in ("", "id", "Any", "AnyObject"):
                        return True
            case _:
                pass
    return False


def _is_holder(program: Program, ref: UnitRef, call: Call, held: tuple[Holder, ...]) -> bool:
    target = Member(call.start, call.end, call.target, property_of_setter(call.name), call.name_start)
    return variable_named(program, ref, target) in held


def _is_given_back(program: Program, ref: UnitRef, wide: set[Holder], names: frozenset[str]) -> bool:
    """A Swift function or closure whose only expression is the object: an implicit return."""
    unit = program.unit(ref)
    if not isinstance(unit, Function) or not unit.returns:
        return False
    body = program.body(ref)
    value = getattr(body[0], "value", None) if len(body) == 1 else None
    return isinstance(value, Name | Member) and _is_one(program, ref, value, wide, names)


def anybody(program: Program, owner: str, words: frozenset[str]) -> bool:
    """Whether any member of a type sends one of these messages to something that may be a connection: of unknown type,
    or an XPC type. For what is kept in ways that are not followed (arrays, wrappers)."""
    for _, declaration in declarations(program, owner) if owner else ():
        for ref in program.members_of(declaration.qualified):
            unit = program.unit(ref)
            if not isinstance(unit, Function) or not words & set(unit.mentions):
                continue
            for node in walk(program.body(ref)):
                if isinstance(node, Call) and node.name in words:
                    of = base_type(type_of(program, ref, node.target)) if node.target is not None else ""
                    if "XPC" in of or of in ("", "id", "Any", "AnyObject", "Array", "Dictionary", "Set"):
                        return True
    return False


@query(bottom=False)
def is_shared(program: Program, owner: str) -> bool:
    """Whether objects of a type live as long as the app: it has a shared instance, is the app or its delegate, or one
    is kept in a global or by the app's delegate."""
    plain = owner.rpartition(".")[2]
    if plain.endswith(APPS):
        return True
    for _, declaration in declarations(program, owner):
        if (
            any(name.endswith("ApplicationDelegate") for name in declaration.inherits)
            or "@main" in declaration.attributes
        ):
            return True
        for ref in program.members_of(declaration.qualified):
            unit = program.unit(ref)
            if isinstance(unit, Function) and unit.is_static and not unit.params and unit.name.startswith(SHARED):
                return True
    return any(_keeps_for_ever(program, ref, plain) for ref in program.mentioning(plain))


def _keeps_for_ever(program: Program, ref: UnitRef, name: str) -> bool:
    unit = program.unit(ref)
    if not isinstance(unit, Variable) or not (unit.is_static or not unit.owner or unit.owner.endswith(APPS)):
        return False
    return base_type(unit.type or type_of(program, ref, unit.value)).rpartition(".")[2] == name


def strong_uses(program: Program, ref: UnitRef, closure: Closure) -> tuple[Name, ...]:
    """Where a closure names `self` so that it keeps it alive: not when it captures it weakly or gives it a new meaning.
    In Objective-C an instance variable names it too."""
    if "self" in closure.captures:
        return ()
    found: list[Name] = []
    owner = owner_of(program, ref)
    for node in walk(closure.body):
        if isinstance(node, Let) and "self" in node.names:
            return ()
        if isinstance(node, Call) and node.name.lower().lstrip("@") in ("strongify", "strongify_self"):
            return ()
        if isinstance(node, Name) and (node.text == "self" or _is_ivar(program, owner, node.text)):
            found.append(node)
    return tuple(found)


def _is_ivar(program: Program, owner: str, name: str) -> bool:
    return name.startswith("_") and bool(owner) and any(
        isinstance(program.unit(each), Variable) for word in (name, name[1:]) for each in members(program, owner, word)
    )  # fmt: skip


def method_of_self(program: Program, ref: UnitRef, value: Expr) -> str:
    """The method that a Swift expression hands on uncalled (`self.closed`, `closed`), "" for anything else."""
    name = value.text if isinstance(value, Name) else value.name if isinstance(value, Member) else ""
    of_self = not isinstance(value, Member) or (isinstance(value.base, Name) and value.base.text == "self")
    if not ref.path.endswith(".swift") or not of_self:
        return ""
    units = [program.unit(each) for each in members(program, owner_of(program, ref), name)] if name else []
    plain = [unit for unit in units if isinstance(unit, Function) and unit.kind == "method" and not unit.is_static]
    return name if plain and len(plain) == len(units) and name not in scope(program, ref) else ""
