"""Proxies of objects in other processes: what made the one that a message goes to, and whether it hears of errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Place
from ipclint.model.ir import Assign, Call, Closure, Evaluate, Expr, Let, Literal, Member, Name, Return, walk
from ipclint.program.callback_names import bare, error_handler
from ipclint.program.flow_model import argument_parameters, is_function_type
from ipclint.program.link import calls_in, code_of, members, naming, resolve
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import Holder, users_of, variable_named
from ipclint.program.usage import uses_of

MAX_DEPTH = 4
MAKERS = frozenset(
    {"remoteObjectProxy", "remoteObjectProxyWithErrorHandler", "synchronousRemoteObjectProxyWithErrorHandler"}
)


class Made(NamedTuple):
    """Where a proxy is made: unit and node. `handler` is its error handler, None when it has none; `synchronous`
    proxies block until the reply is there.
    """

    ref: UnitRef
    node: Call | Member
    handler: Expr | None

    @property
    def place(self) -> Place:
        return Place(self.ref.path, self.ref.key, self.node.start, self.node.end)

    @property
    def synchronous(self) -> bool:
        return self.node.name.startswith("synchronous")


def proxy_of(program: Program, ref: UnitRef, message: Call) -> Made | None:
    """What made the proxy that a message is sent to: here, in a function that gives it, in a property that keeps it.

    None when the receiver is no proxy, or not surely one.
    """
    return _made(program, ref, message.target, message.start, 0) if message.target is not None else None


def _made(program: Program, ref: UnitRef, expr: Expr | None, before: int, depth: int) -> Made | None:
    """`before` is where the proxy is used in `ref`: what a name holds there was put into it earlier."""
    if expr is None or depth > MAX_DEPTH:
        return None
    held = bare(expr)
    if (reporting := error_handler(held)) is not None:
        return Made(ref, reporting, bare(reporting.args[-1]))
    if isinstance(held, Call | Member) and held.name == "remoteObjectProxy":
        silent = any(use.node == held for use in uses_of(program, ref, "xpc.proxy.silent"))
        return Made(ref, held, None) if silent else None
    if isinstance(held, Name):
        bound = [b for b in _bindings(program, ref) if b.start < before and held.text in _bound(b)]
        if bound:
            last = max(bound, key=lambda binding: binding.start)
            return _made(program, ref, last.value, last.start, depth + 1)
        if (given := _given_to_closure(program, ref, held, depth)) is not None:
            return given
    if isinstance(held, Call):
        resolution = resolve(program, ref, held)
        if resolution.certain and len(resolution.refs) == 1:
            return given_proxy(program, resolution.refs[0], depth)
    return _kept(program, ref, held, depth) if isinstance(held, Name | Member) else None


def _given_to_closure(program: Program, ref: UnitRef, name: Name, depth: int) -> Made | None:
    """The proxy that a closure of `ref` gets as its parameter `name` from the function that it is handed to:
    `withWorker { worker in … }`."""
    calls = [n for n in walk(code_of(program, ref)) if isinstance(n, Call) and n.start <= name.start < n.end]
    for call in reversed(calls):
        for number, argument in enumerate(call.args):
            if not isinstance(argument, Closure) or not argument.start <= name.start < argument.end:
                continue
            names = [param.name for param in argument.params] or ["$0"]
            if name.text in names:
                return _called_with(program, ref, call, number, names.index(name.text), depth)
    return None


def _called_with(program: Program, ref: UnitRef, call: Call, number: int, place: int, depth: int) -> Made | None:
    """The proxy that the callee passes, as argument `place`, to what it was handed as argument `number`."""
    resolution = resolve(program, ref, call)
    if not resolution.certain or len(resolution.refs) != 1:
        return None
    callee = resolution.refs[0]
    function = program.function(callee)
    index = argument_parameters(function, call).get(number) if function is not None else None
    if function is None or index is None:
        return None
    runs = [n for n in calls_in(program, callee) if n.target is None and n.name == function.params[index].name]
    if len(runs) != 1 or place >= len(runs[0].args):
        return None
    return _made(program, callee, runs[0].args[place], runs[0].start, depth + 1)


def given_proxy(program: Program, ref: UnitRef, depth: int = 0) -> Made | None:
    """The proxy that a function or getter gives, where it gives but one."""
    body = program.body(ref)
    values = [node.value for node in walk(body) if isinstance(node, Return) and node.value is not None]
    if not values and len(body) == 1 and isinstance(body[0], Evaluate):
        values = [body[0].value]
    found = [_made(program, ref, value, value.start, depth + 1) for value in values if not _is_nil(value)]
    return found[0] if len(found) == 1 else None


RAW_REPLIES = frozenset({"xpc_connection_send_message_with_reply", "xpc_session_send_message_with_reply_async"})


def reply_blocks(program: Program, ref: UnitRef) -> Iterator[tuple[Call, Closure]]:
    """The closures in a unit that get the reply to a message to another process, each with the message."""
    for call in calls_in(program, ref):
        blocks = [each for each in map(bare, call.args) if isinstance(each, Closure)]
        if blocks and (call.name in RAW_REPLIES or (call.target is not None and proxy_of(program, ref, call))):
            yield from ((call, block) for block in blocks)


def takers(program: Program, ref: UnitRef) -> tuple[UnitRef, ...]:
    """The other units that may use a proxy which function or getter `ref` gives: to its callers, the callers of those
    that hand it on, and the closures that it runs."""
    function = program.function(ref)
    gives = given_proxy(program, ref) is not None
    if function is None or not (gives or any(is_function_type(param.type) for param in function.params)):
        return ()
    found: dict[UnitRef, None] = {}
    givers = [ref]
    for _ in range(MAX_DEPTH):
        further = {user for giver in givers for user in naming(program, giver)} - {ref, *found}
        found |= dict.fromkeys(sorted(further))
        givers = [user for user in further if (made := given_proxy(program, user)) is not None and made.ref == ref]
    return tuple(found)


def _kept(program: Program, ref: UnitRef, expr: Name | Member, depth: int) -> Made | None:
    """The proxy that a property holds: computed, made with the object, or put into it in one place."""
    holder = variable_named(program, ref, expr)
    if holder is None or not holder.owner:
        return None
    for member in members(program, holder.owner, holder.name):
        unit = program.unit(member)
        if isinstance(unit, Variable) and unit.value is not None:
            return _made(program, member, unit.value, 1 << 62, depth + 1)
        if isinstance(unit, Variable) and unit.computed:
            getter = UnitRef(member.path, f"F {member.key.removeprefix('V ')}.get")
            return given_proxy(program, getter, depth) if program.function(getter) is not None else None
        if isinstance(unit, Function) and unit.body and not unit.params:  # in Objective-C a getter is a method
            return given_proxy(program, member, depth)
    found: list[Made | None] = []
    for user in users_of(program, ref, holder):
        function = program.function(user)
        if function is None or not MAKERS & set(function.mentions):
            continue  # most names are used everywhere
        for node in walk(code_of(program, user)):
            if isinstance(node, Assign) and not _is_nil(node.value) and _is_put_in(program, user, node, holder):
                found.append(_made(program, user, node.value, node.start, depth + 1))
    return found[0] if len(found) == 1 else None


def _is_put_in(program: Program, ref: UnitRef, node: Assign, holder: Holder) -> bool:
    return variable_named(program, ref, node.target) == holder


def _bindings(program: Program, ref: UnitRef) -> Iterator[Let | Assign]:
    return (node for node in walk(code_of(program, ref)) if isinstance(node, Let | Assign))


def _bound(node: Let | Assign) -> tuple[str, ...]:
    if isinstance(node, Let):
        return node.names
    return (node.target.text,) if isinstance(node.target, Name) else ()


def _is_nil(value: Expr) -> bool:
    return isinstance(value, Literal) and value.kind == "nil"


def may_tell(program: Program, made: Made) -> bool:
    """Whether the error handler of a proxy is the caller's, or calls what its function was handed."""
    if made.handler is None:
        return False
    function = program.function(made.ref)
    handed = {param.name for param in function.params} if isinstance(function, Function) else set[str]()
    if not isinstance(made.handler, Closure):
        return True
    nodes = walk(made.handler.body)
    return any((isinstance(n, Name) and n.text in handed) or (isinstance(n, Call) and n.name in handed) for n in nodes)
