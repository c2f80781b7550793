"""The code that messages of other processes run: exported methods, delegates, event handlers, callbacks in C."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal as OneOf
from typing import NamedTuple

from ipclint.model.facts import Function
from ipclint.model.finding import Step
from ipclint.model.ir import Assign, Block, Call, Closure, Expr, Let, Literal, Member, Name, walk
from ipclint.program.callback_names import bare
from ipclint.program.conditions import shape
from ipclint.program.link import code_of, scope
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import DELEGATE_SELECTOR

EVENT_SETTER = "xpc_connection_set_event_handler"
WITH_REPLY = "xpc_connection_send_message_with_reply"
CREATORS = frozenset({"xpc_connection_create", "xpc_connection_create_mach_service"})
REGISTRATIONS = {
    "CFMessagePortCreateLocal": 2,
    "CFNotificationCenterAddObserver": 2,
    "CFMachPortCreate": 1,
    "CFMachPortCreateWithPort": 2,
}
"""Functions that register a C callback, with the position of that argument."""
TARGETED = "xpc_connection_set_target_queue"
SETTERS = frozenset({EVENT_SETTER, WITH_REPLY, *REGISTRATIONS})
MAIN_QUEUES = frozenset({"dispatch_get_main_queue", "main", "mainQueue"})


class Handler(NamedTuple):
    """A handler: its body in unit `ref`, what it is in words, the queue that it is known to run on.

    `off_main` when it surely runs elsewhere than on the main thread; `steps` lead from what is called to the body.
    `side` is "reply" for what answers a message that this process sent, "end" for what hears of a connection's end.
    """

    ref: UnitRef
    body: Block
    what: str
    queue: Expr | None = None
    off_main: bool = True
    steps: tuple[Step, ...] = ()
    side: OneOf["message", "reply", "end"] = "message"


def handlers(program: Program, ref: UnitRef, unit: Function) -> Iterator[Handler]:
    """The handlers that a function is or sets, exported methods aside."""
    if unit.selector == DELEGATE_SELECTOR:
        yield Handler(ref, program.body(ref), unit.signature)
    if not SETTERS & set(unit.mentions):
        return
    for node in walk(code_of(program, ref)):
        if isinstance(node, Call) and node.name == EVENT_SETTER and len(node.args) == 2:
            handler = bare(node.args[1])
            if isinstance(handler, Closure):
                queue = _queue(program, ref, node.args[0])
                off_main = _is_off_main(program, ref, queue or _created_with(program, ref, node.args[0]))
                yield Handler(ref, handler.body, "the event handler", queue, off_main)
        elif isinstance(node, Call) and node.name == WITH_REPLY and len(node.args) == 4:
            handler = bare(node.args[3])
            if isinstance(handler, Closure):
                yield Handler(
                    ref, handler.body, "the reply", None, _is_off_main(program, ref, node.args[2]), side="reply"
                )
        elif isinstance(node, Call) and node.name in REGISTRATIONS and _is_between_processes(node):
            yield from _callback(program, ref, bare(node.args[REGISTRATIONS[node.name]]))


def _callback(program: Program, ref: UnitRef, callback: Expr) -> Iterator[Handler]:
    if isinstance(callback, Closure):
        yield Handler(ref, callback.body, "the callback", off_main=False)
    elif isinstance(callback, Name):
        for function in program.functions_named(callback.text):
            yield Handler(function, program.body(function), callback.text, off_main=False)


def _is_between_processes(call: Call) -> bool:
    if len(call.args) <= REGISTRATIONS[call.name]:
        return False
    center = bare(call.args[0])
    return call.name != "CFNotificationCenterAddObserver" or (isinstance(center, Call) and "Darwin" in center.name)


def _queue(program: Program, ref: UnitRef, connection: Expr | None) -> Expr | None:
    """The queue that a unit gives a connection for its events."""
    for node in walk(code_of(program, ref)):
        if isinstance(node, Call) and node.name == TARGETED and len(node.args) == 2:
            if shape(node.args[0]) == shape(connection):
                return node.args[1]
    return None


def _created_with(program: Program, ref: UnitRef, connection: Expr) -> Expr | None:
    """The queue that a connection was made with in a unit."""
    for node in walk(code_of(program, ref)):
        names = node.names if isinstance(node, Let) else ()
        same = isinstance(node, Assign) and shape(node.target) == shape(connection)
        if isinstance(node, Let | Assign) and (same or (isinstance(connection, Name) and connection.text in names)):
            made = bare(node.value) if node.value is not None else None
            if isinstance(made, Call) and made.name in CREATORS and len(made.args) > 1:
                return made.args[1]
    return None


def _is_off_main(program: Program, ref: UnitRef, queue: Expr | None) -> bool:
    """Whether a queue is surely not the main one: none (one of the system's then), or one made for the purpose."""
    held = bare(queue) if queue is not None else None
    if isinstance(held, Name):
        values = [binding.value for binding in scope(program, ref).get(held.text, ()) if binding.value is not None]
        return held.text == "NULL" or (len(values) == 1 and _is_off_main(program, ref, values[0]))
    if isinstance(held, Literal):
        return held.kind == "nil"
    return (
        isinstance(held, Call | Member) and "ispatch" in f"{held.name}{_named(held)}" and held.name not in MAIN_QUEUES
    )


def _named(expr: Call | Member) -> str:
    of = expr.target if isinstance(expr, Call) else expr.base
    return of.text if isinstance(of, Name) else of.name if isinstance(of, Call | Member) else ""
