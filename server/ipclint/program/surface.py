"""The IPC surface of the program: listeners, the delegates that decide for them, and what is exported to other
processes.

Endpoints are paired across methods, files and languages: a listener made here gets its delegate there and its code
requirement in a third place. What cannot be paired is said to be unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal as OneOf
from typing import NamedTuple

from ipclint.model.facts import Function, Type, Variable
from ipclint.model.ir import Assign, Call, Expr, Let, Literal, Member, Name, Node, Operator, Text, walk
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import ancestors, calls_in, code_of, conforms, declarations, members, owner_of, scope, type_of
from ipclint.program.names import property_of_setter
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.types import base_type, type_names

ListenerKind = OneOf["mach-service", "service", "anonymous", "endpoint", "unknown"]

DELEGATE_SELECTOR = "listener:shouldAcceptNewConnection:"
LISTENER_FLAG = "XPC_CONNECTION_MACH_SERVICE_LISTENER"


class Holder(NamedTuple):
    """Where an object is kept: a local of function `ref`, a property of type `owner`, or a global (neither)."""

    owner: str
    name: str
    ref: UnitRef | None


class Listener(NamedTuple):
    """An NSXPCListener where it is created. `service` is the Mach service name, "" when unknown or not one.

    `delegates` are type names; `requirement` is where a code requirement is set on it, None when nowhere.
    """

    ref: UnitRef
    node: Node
    kind: ListenerKind
    service: str
    delegates: tuple[str, ...]
    requirement: tuple[UnitRef, Call] | None


@query(bottom=())
def listeners(program: Program) -> tuple[Listener, ...]:
    """Every NSXPCListener that the program creates, by file and position."""
    found: list[Listener] = []
    for ref in program.mentioning("NSXPCListener"):
        for node, kind, name in _creations(program, ref):
            holders = holders_of(program, ref, node)
            delegates = tuple(dict.fromkeys(d for holder in holders for d in _delegates(program, ref, holder)))
            requirement = next(filter(None, (_requirement(program, ref, holder) for holder in holders)), None)
            found.append(Listener(ref, node, kind, name, delegates, requirement))
    return tuple(found)


def listeners_of(program: Program, delegate: str) -> tuple[Listener, ...]:
    """The listeners whose delegate is of type `delegate` (or of a type above or below it)."""
    family = {delegate, delegate.rpartition(".")[2], *ancestors(program, delegate)} - {
        "NSObject",
        "NSXPCListenerDelegate",
    }
    return tuple(
        listener
        for listener in listeners(program)
        if any(name in family or delegate in ancestors(program, name) for name in listener.delegates)
    )


def _creations(program: Program, ref: UnitRef) -> Iterator[tuple[Node, ListenerKind, str]]:
    for node in walk(code_of(program, ref)):
        if not isinstance(node, Call):
            continue
        on_class = isinstance(node.target, Name) and node.target.text == "NSXPCListener"
        if node.name in ("NSXPCListener", "init", "initWithMachServiceName:") and (node.name != "init" or on_class):
            if "machServiceName" in node.labels or node.name == "initWithMachServiceName:":
                texts = fold(program, ref, node.args[0]) if node.args else (HOLE,)
                yield node, "mach-service", texts[0] if HOLE not in texts[0] else ""
        elif on_class and node.name in ("service", "serviceListener"):
            yield node, "service", ""
        elif on_class and node.name in ("anonymous", "anonymousListener"):
            yield node, "anonymous", ""


def opens_listener(program: Program, ref: UnitRef, call: Call) -> bool:
    """Whether `xpc_connection_create_mach_service` makes a listener: its flags say so, there or in a local variable."""
    if call.name != "xpc_connection_create_mach_service" or len(call.args) < 3:
        return False
    local = scope(program, ref)
    flags = {node.text for node in walk(call.args[2]) if isinstance(node, Name)}
    given = [binding.value for name in flags for binding in local.get(name, ()) if binding.value is not None]
    for node in walk(code_of(program, ref)) if flags & local.keys() else ():
        if isinstance(node, Assign) and isinstance(node.target, Name) and node.target.text in flags:
            given.append(node.value)
    return LISTENER_FLAG in flags or any(
        isinstance(node, Name) and node.text == LISTENER_FLAG for value in given for node in walk(value)
    )


def holders_of(program: Program, ref: UnitRef, node: Node) -> tuple[Holder, ...]:
    """The variables that a created object goes into: a local, a property, a global; () when it is used in place.

    A local that is returned from a property's initialiser (`lazy var x = { let l = …; return l }()`) is both.
    """
    found: list[Holder] = []
    for statement in walk(code_of(program, ref)):
        if isinstance(statement, Let) and statement.value is not None and _is(statement.value, node):
            found.append(Holder("", statement.names[0], ref))
        elif isinstance(statement, Assign) and _is(statement.value, node):
            found.extend(filter(None, (variable_named(program, ref, statement.target),)))
        elif (
            isinstance(statement, Call)
            and (name := property_of_setter(statement.name))
            and _is(statement.args[0], node)
        ):
            found.extend(filter(None, (variable_named(program, ref, Member(0, 0, statement.target, name, 0)),)))
    unit = program.unit(ref)
    if isinstance(unit, Variable):
        found.append(Holder(unit.owner, unit.name, None))
    return tuple(found)


def _is(value: Expr, node: Node) -> bool:
    while isinstance(value, Operator) and value.op in ("unwrap", "try", "try?", "try!", "=") and value.operands:
        value = value.operands[-1]
    return value == node


def variable_named(program: Program, ref: UnitRef, target: Expr | None) -> Holder | None:
    """The variable that an expression names: `x`, `self.x`, `_x`, `object.x`."""
    match target:
        case Name(text=text):
            owner = owner_of(program, ref)
            if text in scope(program, ref):
                return Holder("", text, ref)
            if owner and (members(program, owner, text) or _backs_property(program, owner, text)):
                return Holder(owner, text.lstrip("_"), None)
            return Holder("", text, None)
        case Member(base=Name(text="self"), name=name):
            return Holder(owner_of(program, ref), name.lstrip("_"), None)
        case Member(base=base, name=name):
            owner = base_type(type_of(program, ref, base))
            return Holder(owner, name.lstrip("_"), None) if owner else None
        case Call(target=Name(text="self"), name=name, args=()):
            return Holder(owner_of(program, ref), name.lstrip("_"), None)
        case Operator(op="unwrap" | "?", operands=(inner,)):
            return variable_named(program, ref, inner)
        case _:
            return None


def _backs_property(program: Program, owner: str, name: str) -> bool:
    """Whether `_name` is the instance variable that Objective-C makes for a property `name`."""
    return name.startswith("_") and bool(members(program, owner, name[1:]))


def users_of(program: Program, ref: UnitRef, holder: Holder | None) -> tuple[UnitRef, ...]:
    """The functions that can touch what `holder` keeps."""
    if holder is None or holder.ref is not None:
        return (ref,)
    words = (holder.name, f"_{holder.name}")
    found = {r for word in words for r in program.mentioning(word) if program.function(r) is not None}
    if not holder.owner:  # every program has a main file, and the globals of these are often called the same
        declaring = {r.path for r in program.variables_named(holder.name) if not owner_of(program, r)}
        found = {r for r in found if r.path == ref.path or r.path not in declaring}
    return tuple(sorted(found))


def _touches(program: Program, ref: UnitRef, target: Expr | None, holder: Holder | None, created: Node | None) -> bool:
    if created is not None and target is created:
        return True
    return holder is not None and variable_named(program, ref, target) == holder


def _delegates(program: Program, ref: UnitRef, holder: Holder | None) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for user in users_of(program, ref, holder):
        for node in walk(code_of(program, user)):
            if isinstance(node, Assign) and isinstance(node.target, Member) and node.target.name == "delegate":
                target, value = node.target.base, node.value
            elif isinstance(node, Call) and node.name == "setDelegate:":
                target, value = node.target, node.args[0]
            else:
                continue
            if _touches(program, user, target, holder, None):
                found[base_type(type_of(program, user, value).removesuffix(".Type"))] = None
    return tuple(name for name in found if name)


def _requirement(program: Program, ref: UnitRef, holder: Holder | None) -> tuple[UnitRef, Call] | None:
    for user in users_of(program, ref, holder):
        for call in calls_in(program, user):
            if call.name in ("setConnectionCodeSigningRequirement", "setConnectionCodeSigningRequirement:"):
                if _touches(program, user, call.target, holder, None):
                    return user, call
    return None


# ── what is exported ─────────────────────────────────────────────────────────────────────────────────────────────────


class Exported(NamedTuple):
    """A protocol that another process can call, and where that is said. `remote` when this side is the client."""

    protocol: str
    ref: UnitRef
    node: Node
    remote: bool


@query(bottom=())
def interfaces(program: Program) -> tuple[Exported, ...]:
    """Every `NSXPCInterface(with:)` of the program with the protocol it names."""
    found: list[Exported] = []
    for ref in program.mentioning("NSXPCInterface"):
        root = code_of(program, ref)
        remote = {
            id(call)
            for node in walk(root)
            if isinstance(node, Assign | Call) and _is_remote(node)
            for call in _interface_calls(node)
        }
        for call in _interface_calls(root):
            protocol = _protocol_argument(program, ref, call)
            if protocol:
                found.append(Exported(protocol, ref, call, id(call) in remote))
    return tuple(found)


def _interface_calls(root: object) -> Iterator[Call]:
    for node in walk(root):  # type: ignore[arg-type]
        if isinstance(node, Call) and node.args:
            on_class = isinstance(node.target, Name) and node.target.text == "NSXPCInterface"
            if node.name == "NSXPCInterface" or (on_class and node.name in ("init", "interfaceWithProtocol:")):
                yield node


def _is_remote(node: Assign | Call) -> bool:
    if isinstance(node, Assign):
        return isinstance(node.target, Member) and node.target.name == "remoteObjectInterface"
    return node.name == "setRemoteObjectInterface:"


def _protocol_argument(program: Program, ref: UnitRef, call: Call) -> str:
    match call.args[0]:
        case Literal(kind="class", text=text):
            return text.rpartition(".")[2]
        case Member(base=Name(text=text), name="self"):
            return text
        case Text(value=text):  # @protocol(P) and NSProtocolFromString(@"P")
            return text
        case argument:
            names = type_names(type_of(program, ref, argument).removesuffix(".Type"))
            return names[0] if names and names[0] != "Protocol" else _protocol_name(argument)


def _protocol_name(argument: Expr) -> str:
    texts = [n.text for n in walk(argument) if isinstance(n, Name | Literal) and n.text[:1].isupper()]
    return texts[-1] if texts else ""


_OF_ANYTHING = frozenset({"AnyObject", "NSObject", "NSObjectProtocol", "Sendable"})
"""What protocols inherit from without saying anything of who exports them; half of all types adopt one."""


@query(bottom=frozenset[str]())
def exported_protocols(program: Program) -> frozenset[str]:
    """Protocols whose methods another process may call, protocols that they inherit from included.

    A protocol that is named only as a remote interface counts where a type of the program adopts it and some listener
    exists: both ends of one service are usually in one workspace, and reply-direction protocols are called too.
    """
    names = {interface.protocol for interface in interfaces(program)}
    return frozenset(names | {above for name in names for above in ancestors(program, name)} - _OF_ANYTHING)


@query(bottom=frozenset[str]())
def exported_types(program: Program) -> frozenset[str]:
    """Types that adopt an exported protocol or are assigned to `exportedObject`."""
    found: set[str] = set()
    for protocol in exported_protocols(program):
        for ref in program.declaring_subtypes(protocol):
            unit = program.unit(ref)
            if isinstance(unit, Type) and unit.kind != "protocol":
                found.add(unit.qualified)
    for ref in program.mentioning("exportedObject") + program.mentioning("setExportedObject"):
        for node in walk(program.body(ref)):
            if isinstance(node, Assign) and isinstance(node.target, Member) and node.target.name == "exportedObject":
                found.add(base_type(type_of(program, ref, node.value)))
            elif isinstance(node, Call) and node.name == "setExportedObject:":
                found.add(base_type(type_of(program, ref, node.args[0])))
    return frozenset(found - {""})


def exported_methods(program: Program, ref: UnitRef, unit: Type) -> Iterator[tuple[UnitRef, Function]]:
    """The methods that another process can call, of those that the file of a type's declaration holds: a type has
    declarations in several files, each of which is asked for its own."""
    if unit.kind != "protocol" and unit.qualified in exported_types(program):
        for member in program.members_of(unit.qualified):
            function = program.function(member) if member.path == ref.path else None
            if function is not None and is_exported(program, member):
                yield member, function


@query(bottom=False)
def is_exported(program: Program, ref: UnitRef) -> bool:
    """Whether another process can call this method: it implements a requirement of an exported protocol."""
    function = program.function(ref)
    if (
        function is None
        or function.kind != "method"
        or not function.body
        or function.owner not in exported_types(program)
    ):
        return False
    spellings = {function.name, function.selector}
    for protocol in exported_protocols(program):
        if conforms(program, function.owner, protocol) is False and not _exports_loosely(program, function):
            continue
        for requirement in _requirements(program, protocol):
            if requirement.selector in spellings or (
                requirement.name == function.name and requirement.labels == function.labels and ":" not in function.name
            ):
                return True
    return False


def _exports_loosely(program: Program, function: Function) -> bool:
    """An exported object whose conformance is declared where we cannot see it (a category in another target)."""
    return not declarations(program, function.owner)


@query(bottom=())
def _requirements(program: Program, protocol: str) -> tuple[Function, ...]:
    return tuple(
        unit
        for _, declaration in declarations(program, protocol)
        for ref in program.members_of(declaration.qualified)
        if isinstance(unit := program.unit(ref), Function)
    )
