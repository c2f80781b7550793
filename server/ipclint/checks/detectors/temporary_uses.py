"""Where the name of a file goes: to the file system, a socket, another program, through other functions and files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ipclint.checks import around
from ipclint.model.facts import Function, Variable
from ipclint.model.ir import Assign, Call, Member, Name, Node, walk
from ipclint.program import usage
from ipclint.program.link import calls_in, owner_of, resolve, scope
from ipclint.program.program import Program, UnitRef

MAX_USERS = 60  # units that are searched for uses of one constant
MAX_CALLEES = 4  # functions that one call is followed into
MAX_STEPS = 2  # functions, properties and results that a name is followed through

WRITES = ("path.write", "path.open", "path.permissions", "command", "environment", "socket")
READS = ("path.read", "path.list")
PRESENCE = "path.read.presence"  # it is only asked whether the file is there
DELETES = ("path.delete",)
SAFE_FLAGS = frozenset({"O_EXCL", "exclusiveCreate", "withoutOverwriting", "NSDataWritingWithoutOverwriting"})

Carries = Callable[[Node], bool]
"""Whether a node is, or names, the text that is followed."""


class Use(NamedTuple):
    """Where a name reaches the file system. `kind` is the sink's kind ("path.write", "socket", "environment"), "safe"
    where the use refuses a file that is there already."""

    ref: UnitRef
    node: Node
    kind: str


def reached(program: Program, ref: UnitRef, carries: Carries, steps: int = MAX_STEPS) -> Iterator[Use]:
    """What a text reaches from unit `ref`: there, in functions that it is passed to, by a name that it is stored under,
    and where the function's result is used."""

    def holds(expr: Node | None) -> bool:
        return any(carries(node) for node in around.origins(program, ref, expr))

    for node, argument, kind in sinks(program, ref):
        if holds(argument):
            yield Use(ref, node, kind)
    if steps > 0:
        yield from _passed_on(program, ref, holds, steps - 1)
        for name, owner in _stored(program, ref, holds):
            yield from reached_by_name(program, name, owner, ref, steps - 1)
        unit = program.unit(ref)
        if isinstance(unit, Function) and any(map(holds, around.returned(program, ref))):
            yield from reached_by_name(program, unit.name, unit.owner, ref, steps - 1)


def reached_by_name(
    program: Program, name: str, owner: str, home: UnitRef, steps: int = MAX_STEPS - 1
) -> Iterator[Use]:
    """What a constant, property or function reaches in the units that name it, other than `home`."""
    for user in program.mentioning(name)[:MAX_USERS]:
        if user != home and _may_mean(program, user, owner):
            yield from reached(program, user, lambda node: _is_named(node, name, owner), steps)


# ── ways onward ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _passed_on(program: Program, ref: UnitRef, holds: Carries, steps: int) -> Iterator[Use]:
    for call in calls_in(program, ref):
        for index, argument in enumerate(call.args):
            if not holds(argument):
                continue
            for callee in resolve(program, ref, call).refs[:MAX_CALLEES]:
                function = program.function(callee)
                if callee != ref and function is not None and index < len(function.params):
                    name = function.params[index].name
                    yield from reached(program, callee, lambda node, name=name: _is_named(node, name, ""), steps)


def _stored(program: Program, ref: UnitRef, holds: Carries) -> Iterator[tuple[str, str]]:
    """The globals and properties that are given the text, by assignment or as buffers: their names and owners."""
    local = scope(program, ref)
    for root in around.roots(program, ref):
        for node in walk(root):
            target, values = None, ()
            if isinstance(node, Assign):
                target, values = node.target, (node.value,)
            elif isinstance(node, Call) and node.target is None and node.args and around.FILLS.match(node.name):
                target, values = node.args[0], node.args[1:]
            if isinstance(target, Name | Member) and any(map(holds, values)):
                name = target.text if isinstance(target, Name) else target.name
                if isinstance(target, Member) or name not in local:
                    yield name, owner_of(program, ref)


def _may_mean(program: Program, user: UnitRef, owner: str) -> bool:
    """Whether a unit that names a member of `owner` ("" for a global) can mean that one."""
    unit = program.unit(user)
    if not owner or owner_of(program, user) == owner:
        return True
    return isinstance(unit, Function | Variable) and owner.rpartition(".")[2] in unit.mentions


def _is_named(node: Node, name: str, owner: str) -> bool:
    match node:
        case Name(text=text):
            return text == name
        case Member(base=base, name=member) if member == name:
            return base is None or not owner or around.spelled(base).endswith(("self", owner.rpartition(".")[2]))
        case Call(name=called):
            return called == name
        case _:
            return False


# ── sinks ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def sinks(program: Program, ref: UnitRef) -> Iterator[tuple[Node, Node, str]]:
    """The uses in a unit through which a name reaches the file system: the use, the argument, the sink's kind."""
    for use in usage.uses_in(program, ref):
        safe = SAFE_FLAGS & {word_of(node) for argument in use.args for node in walk(argument)}
        for flow in use.api.sink:
            if flow.kind.startswith((*WRITES, *READS, *DELETES)):
                arguments = (argument for position in flow.at for argument in _at(use, position))
                yield from ((use.node, argument, "safe" if safe else flow.kind) for argument in arguments)
        if use.api.name in ("temporary.environment", "process.environment"):
            yield from ((use.node, argument, "environment") for argument in use.args)
        if use.api.name == "temporary.exists" and use.args:
            yield use.node, use.args[0], PRESENCE
    for call in calls_in(program, ref):
        if call.args and "sun_path" in map(word_of, walk(call.args[0])):
            yield from ((call, argument, "socket") for argument in call.args[1:])
        elif call.name == "unix" and call.labels == ("path",):
            yield call, call.args[0], "socket"


def _at(use: usage.Use, position: str) -> tuple[Node, ...]:
    if position == "arg*":
        return use.args
    if position == "value":
        return use.args[:1]
    number = position.removeprefix("arg")
    return use.args[int(number) : int(number) + 1] if number.isdigit() else ()


def word_of(node: Node) -> str:
    """The name that a node is or calls, "" for others."""
    return node.text if isinstance(node, Name) else node.name if isinstance(node, Member | Call) else ""
