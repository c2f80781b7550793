"""The code that messages of other processes run: exported methods, delegates, event handlers, callbacks in C."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.model.facts import Function
from ipclint.model.ir import Block, Call, Closure, Expr, Name, walk
from ipclint.program.callback_names import bare
from ipclint.program.conditions import shape
from ipclint.program.link import code_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import DELEGATE_SELECTOR

EVENT_SETTER = "xpc_connection_set_event_handler"
REGISTRATIONS = {"CFMessagePortCreateLocal": 2, "CFNotificationCenterAddObserver": 2}
"""Functions that register a C callback, with the position of that argument."""
TARGETED = "xpc_connection_set_target_queue"
SETTERS = frozenset({EVENT_SETTER, *REGISTRATIONS})


class Handler(NamedTuple):
    """A handler: its body in unit `ref`, what it is in words, the queue that it is known to run on."""

    ref: UnitRef
    body: Block
    what: str
    queue: Expr | None = None


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
                yield Handler(ref, handler.body, "the event handler", _queue(program, ref, node.args[0]))
        elif isinstance(node, Call) and node.name in REGISTRATIONS and _is_between_processes(node):
            yield from _callback(program, ref, bare(node.args[REGISTRATIONS[node.name]]))


def _callback(program: Program, ref: UnitRef, callback: Expr) -> Iterator[Handler]:
    if isinstance(callback, Closure):
        yield Handler(ref, callback.body, "the callback")
    elif isinstance(callback, Name):
        for function in program.functions_named(callback.text):
            yield Handler(function, program.body(function), callback.text)


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
