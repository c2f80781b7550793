"""The callbacks of a client's connection, which a queue of its own runs: replies, error handlers, and the handlers of
its interruption and end; also the closures of callers that a reply calls."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.connections import method_of_self
from ipclint.checks.detectors.ipc_handlers import Handler
from ipclint.checks.detectors.lifecycle import HANDLERS, messages_through
from ipclint.checks.detectors.main_thread import at_once
from ipclint.checks.detectors.proxies import MAKERS, proxy_of, takers
from ipclint.model.finding import Place, Step
from ipclint.model.ir import Assign, Call, Closure, Expr, Member, Name, Node, walk
from ipclint.program.callback_names import bare, error_handler
from ipclint.program.flow_model import argument_parameters, is_function_type
from ipclint.program.link import callers, calls_in, code_of, members, owner_of, type_of
from ipclint.program.names import property_of_setter
from ipclint.program.program import Program, UnitRef
from ipclint.program.types import base_type

MAX_CALLS_UP = 3
_OWN_QUEUE = "_setQueue"
"""How a connection is given a queue to call back on."""
SYNCHRONOUS = "synchronousRemoteObjectProxyWithErrorHandler"


def client_callbacks(program: Program, ref: UnitRef) -> Iterator[Handler]:
    """The callbacks of connections that a unit sets or hands on, or that others give a proxy which it makes."""
    if program.mentioning(_OWN_QUEUE) or program.mentioning(f"{_OWN_QUEUE}:"):
        return
    for node in walk(code_of(program, ref)):
        if isinstance(node, Assign | Call):
            yield from _lifecycle(program, ref, node)
        if isinstance(node, Call | Member) and node.name.partition(":")[0] in MAKERS - {SYNCHRONOUS}:
            made = error_handler(node) if isinstance(node, Call) else None
            if made is not None:
                yield from _run(
                    program, ref, made.args[-1], Handler(ref, (), "the error handler of the proxy", side="reply")
                )
            for message in messages_through(program, ref, node):
                yield from _replies(program, message.ref, message.call)
    for taker in takers(program, ref):
        for call in calls_in(program, taker):
            made_by = proxy_of(program, taker, call) if call.args else None
            if made_by is not None and made_by.ref == ref and not made_by.synchronous:
                yield from _replies(program, taker, call)


def _lifecycle(program: Program, ref: UnitRef, node: Assign | Call) -> Iterator[Handler]:
    if isinstance(node, Assign) and isinstance(node.target, Member):
        name, base, value = node.target.name, node.target.base, node.value
    elif isinstance(node, Call) and node.args:
        name, base, value = property_of_setter(node.name), node.target, node.args[0]
    else:
        return
    if name in HANDLERS and base is not None and "XPC" in base_type(type_of(program, ref, base)):
        yield from _run(
            program, ref, value, Handler(ref, (), f"the {name.removesuffix('Handler')} handler", side="end")
        )


def _replies(program: Program, ref: UnitRef, message: Call) -> Iterator[Handler]:
    for argument in message.args:
        yield from _run(
            program, ref, argument, Handler(ref, (), f"the reply of {message.name.partition(':')[0]}", side="reply")
        )


def _run(program: Program, ref: UnitRef, value: Expr, like: Handler, calls: int = MAX_CALLS_UP) -> Iterator[Handler]:
    """What runs when `value`, code of `ref`, is called back: a closure and the closures of callers that it calls."""
    held = bare(value)
    if isinstance(held, Closure):
        yield like._replace(ref=ref, body=held.body)
        called: dict[str, Node] = {n.name: n for n in at_once(held.body) if isinstance(n, Call) and n.target is None}
    else:
        called = {held.text: held} if isinstance(held, Name) else {}
    if method := method_of_self(program, ref, held):
        steps = (*like.steps, Step(_place(ref, value), "it is set here"))
        for member in members(program, owner_of(program, ref), method):
            yield like._replace(ref=member, body=program.body(member), steps=steps)
    function = program.function(ref)
    for index, param in enumerate(function.params if function is not None and calls else ()):
        if function is not None and param.name in called and is_function_type(param.type):
            step = Step(_place(ref, called[param.name]), f"{like.what} calls {param.name}")
            for site in callers(program, ref):
                number = next((a for a, p in argument_parameters(function, site.call).items() if p == index), None)
                if site.certain and site.caller != ref and number is not None:
                    further = like._replace(steps=(*like.steps, step))
                    yield from _run(program, site.caller, site.call.args[number], further, calls - 1)


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
