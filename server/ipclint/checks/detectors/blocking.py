"""XPC306: a thread that waits for another process without a time limit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.main_thread import on_main
from ipclint.checks.detectors.proxies import proxy_of
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function
from ipclint.model.finding import Finding, Place, Step
from ipclint.model.ir import Call, Closure, Evaluate, Expr, Literal, Member, Name, Node, walk
from ipclint.program.callback_names import ERROR_HANDLER
from ipclint.program.conditions import shape
from ipclint.program.link import code_of, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.types import base_type

_WAITS = {"dispatch_semaphore_wait", "dispatch_group_wait", "wait"}
_SIGNALS = frozenset({"signal", "leave", "dispatch_semaphore_signal", "dispatch_group_leave"})
_FOREVER = frozenset({"distantFuture", "DISPATCH_TIME_FOREVER"})
_ENDLESS = frozenset({"DBL_MAX", "greatestFiniteMagnitude", "infinity", "INFINITY", "FLT_MAX"})
_MINUTES = 600.0  # seconds that nobody waits for on purpose


class Block(NamedTuple):
    """A place where a thread waits: what is reported, what the message calls it, what it waits for."""

    place: Place
    node: Node
    call: str
    context: str = ""
    message: str = ""
    steps: tuple[Step, ...] = ()


@detector("unbounded-blocking-ipc-call", on="function")
def unbounded_blocking_ipc_call(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    for block in _blocks(program, ref):
        is_tool = unit.kind == "toplevel" or (unit.name == "main" and not unit.owner)
        main = None if is_tool else on_main(program, ref, block.node)
        holes: dict[str, str | Place] = {"call": block.call, "message": block.message}
        yield rule.finding(
            block.place,
            "certain" if main is not None and main.direct else "likely",
            context=block.context + ("tool" if is_tool else "main" if main is not None else ""),
            holes=holes | (_deadline(ref, unit, program, block) if block.context else {}),
            steps=(*(main.steps if main is not None else ()), *block.steps),
        )


def _blocks(program: Program, ref: UnitRef) -> Iterator[Block]:
    for node in walk(code_of(program, ref)):
        if not isinstance(node, Call):
            continue
        name = node.name.partition(":")[0]
        if name in _WAITS:
            yield from _waits(program, ref, node)
        elif _blocks_itself(program, ref, node, name):
            yield Block(_name(ref, node), node, name)


def _blocks_itself(program: Program, ref: UnitRef, call: Call, name: str) -> bool:
    """Whether a call blocks, or makes a proxy that does, until the other process answers."""
    match name:
        case "synchronousRemoteObjectProxyWithErrorHandler":
            return bool(call.args) and _asks(program, ref, call)
        case "xpc_connection_send_message_with_reply_sync" | "xpc_session_send_message_with_reply_sync":
            return True
        case "sendSync":
            return call.target is not None and base_type(type_of(program, ref, call.target)) == "XPCSession"
        case "CFMessagePortSendRequest":
            return len(call.args) == 7 and _is_endless(call.args[4])
        case _:
            return False


def _asks(program: Program, ref: UnitRef, made: Call) -> bool:
    """Whether a message that expects a reply goes through a proxy; messages without one do not block."""
    for node in walk(code_of(program, ref)):
        if (
            isinstance(node, Call)
            and node.target is not None
            and any(isinstance(arg, Closure | Name) for arg in node.args)
        ):
            proxy = proxy_of(program, ref, node)
            if proxy is not None and proxy.node == made:
                return True
    return False


def _is_endless(timeout: Expr) -> bool:
    if isinstance(timeout, Literal):
        try:
            return float(timeout.text) > _MINUTES
        except ValueError:
            return False
    return any(
        (n.text if isinstance(n, Name) else n.name) in _ENDLESS for n in walk(timeout) if isinstance(n, Name | Member)
    )


# ── semaphores and groups ────────────────────────────────────────────────────────────────────────────────────────────


def _waits(program: Program, ref: UnitRef, wait: Call) -> Iterator[Block]:
    """A wait without end for a signal that only another process's reply gives."""
    semaphore = endless_wait(wait)
    message = awaited_message(program, ref, semaphore) if semaphore is not None else None
    if semaphore is not None and message is not None:
        place = Place(ref.path, ref.key, wait.start, wait.end)
        step = Step(_name(ref, message), "the reply to this message ends the waiting")
        yield Block(place, wait, _called(semaphore), "semaphore", message.name.partition(":")[0], (step,))


def awaited_message(program: Program, ref: UnitRef, semaphore: Expr) -> Call | None:
    """The message to another process whose reply signals a semaphore or leaves a group; None when there is none."""
    for message in (node for node in walk(code_of(program, ref)) if isinstance(node, Call)):
        if any(_is_signalled(argument, semaphore) for argument in message.args) and _is_message(program, ref, message):
            return message
    return None


def _called(expr: Expr) -> str:
    if isinstance(expr, Name):
        return expr.text
    return expr.name if isinstance(expr, Member | Call) else "it"


def endless_wait(wait: Call) -> Expr | None:
    """What a wait without a time limit waits for; None when it has one."""
    if wait.target is None:
        forever = len(wait.args) == 2 and isinstance(wait.args[1], Name) and wait.args[1].text in _FOREVER
        return wait.args[0] if forever and wait.name != "wait" else None
    if not wait.args:
        return wait.target
    forever = wait.labels in (("timeout",), ("wallTimeout",)) and _is_forever(wait.args[0])
    return wait.target if forever else None


def _is_forever(time: Expr) -> bool:
    return isinstance(time, Member) and time.name in _FOREVER


def _is_signalled(argument: Expr, semaphore: Expr) -> bool:
    """Whether a closure signals the semaphore or leaves the group."""
    if not isinstance(argument, Closure):
        return False
    for node in walk(argument.body):
        if isinstance(node, Call) and node.name in _SIGNALS:
            subject = node.target if node.target is not None else node.args[0] if node.args else None
            if shape(subject) == shape(semaphore):
                return True
    return False


def _is_message(program: Program, ref: UnitRef, call: Call) -> bool:
    if call.name == "xpc_connection_send_message_with_reply":
        return True
    return ERROR_HANDLER not in call.name and call.target is not None and proxy_of(program, ref, call) is not None


def _deadline(ref: UnitRef, unit: Function, program: Program, block: Block) -> dict[str, str | Place]:
    """Where a time limit can be put in, and what the function returns when it is over."""
    for statement in program.body(ref):
        if isinstance(statement, Evaluate) and statement.value == block.node:
            return {"statement": Place(ref.path, ref.key, statement.start, statement.end), "returns": unit.returns}
    return {}


def _name(ref: UnitRef, call: Call) -> Place:
    return Place(ref.path, ref.key, call.name_start, call.name_end)
