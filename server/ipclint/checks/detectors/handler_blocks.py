"""XPC308: work in a callback from another process that holds up the queue of its connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.blocking import awaited_message, endless_wait
from ipclint.checks.detectors.client_callbacks import client_callbacks
from ipclint.checks.detectors.handing_over import handed_over, without_waiting
from ipclint.checks.detectors.ipc_handlers import Handler, handlers
from ipclint.checks.detectors.main_thread import at_once, goes_to_main
from ipclint.checks.detectors.user_interface import touches
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Type, Variable
from ipclint.model.finding import CONFIDENCES, Confidence, Finding, Place, Step
from ipclint.model.ir import (
    Block,
    Call,
    Conditional,
    Expr,
    Guard,
    If,
    Jump,
    Literal,
    Loop,
    Member,
    Name,
    Node,
    Operator,
    Return,
    Switch,
    Throw,
    walk,
)
from ipclint.program.callback_names import bare
from ipclint.program.conditions import shape
from ipclint.program.constants import fold
from ipclint.program.link import declarations, resolve, scope, type_of
from ipclint.program.paths import NEVER
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import exported_methods
from ipclint.program.types import base_type

MAX_CALLS_DEEP = 2

SLEEPS = {"sleep": 1.0, "usleep": 1e-6, "sleepForTimeInterval:": 1.0}
"""Calls that sleep, with the seconds of one unit of their argument."""
SHORT = 0.5  # seconds that hold nobody up for long
REQUESTS = frozenset({"sendSynchronousRequest:returningResponse:error:", "sendSynchronousRequest"})
READERS = frozenset({"Data", "String", "NSData", "dataWithContentsOfURL:", "initWithContentsOfURL:"})


class Holdup(NamedTuple):
    """What holds the queue up, where: the context of the message, what the code calls it, the calls that lead there."""

    ref: UnitRef
    node: Node
    context: str
    call: str
    steps: tuple[Step, ...] = ()
    confidence: Confidence = "certain"


@detector("handler-blocks-ipc-queue", on="function")
def handler_blocks_ipc_queue(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    for handler in (*handlers(program, ref, unit), *client_callbacks(program, ref)):
        yield from _found(rule, program, handler)


@detector("handler-blocks-ipc-queue", on="variable")
def variable_blocks_ipc_queue(rule: Rule, program: Program, ref: UnitRef, unit: Variable) -> Iterator[Finding]:
    for handler in client_callbacks(program, ref):
        yield from _found(rule, program, handler)


@detector("handler-blocks-ipc-queue", on="type", everywhere=True)
def exported_method_blocks_ipc_queue(rule: Rule, program: Program, ref: UnitRef, unit: Type) -> Iterator[Finding]:
    for member, function in exported_methods(program, ref, unit):
        on_queue = not _is_isolated(program, function)
        yield from _found(rule, program, Handler(member, program.body(member), function.signature, off_main=on_queue))


def _is_isolated(program: Program, function: Function) -> bool:
    """Whether an exported method runs on the main actor, or in a task of its own."""
    units = (function, *(unit for _, unit in declarations(program, function.owner)))
    return "async" in function.modifiers or any("@MainActor" in unit.attributes for unit in units)


def _found(rule: Rule, program: Program, handler: Handler) -> Iterator[Finding]:
    for held in _holdups(program, handler, handler.ref, handler.body, 0) if handler.side != "end" else ():
        holes: dict[str, str | Place] = {"call": held.call, "handler": handler.what}
        if held.context == "main" and held.ref == handler.ref:
            holes |= without_waiting(program, handler, held.node)
        steps = (*handler.steps, *held.steps)
        severity = "low" if handler.side == "reply" else None  # only what this process asked for waits
        yield rule.finding(
            _place(held), held.confidence, severity=severity, context=held.context, holes=holes, steps=steps
        )
    if handler.off_main:
        yield from _touched(rule, program, handler)


def _touched(rule: Rule, program: Program, handler: Handler) -> Iterator[Finding]:
    """The first place where a handler touches what belongs to the main thread: one change mends them all."""
    touched = touches(program, handler.ref, handler.body)
    found = [touch for touch in touched if handler.side == "reply" or not touch.published]  # services have no views
    if found and not any(isinstance(n, Member | Call) and n.name == "isMainThread" for n in walk(handler.body)):
        first = found[0]
        holes: dict[str, str | Place] = {"call": first.name, "handler": handler.what}
        yield rule.finding(
            Place(handler.ref.path, handler.ref.key, first.node.start, first.node.end),
            "likely" if first.steps or handler.steps else "certain",
            context="published" if first.published else "",
            variant="b",
            holes=holes | handed_over(program, handler, [touch.node for touch in found]),
            steps=(*handler.steps, *first.steps),
        )


def _holdups(program: Program, handler: Handler, ref: UnitRef, body: Block, depth: int) -> Iterator[Holdup]:
    for node in at_once(body):
        found = _holdup(program, handler, ref, node)
        if found is not None:
            yield found
        elif isinstance(node, Call) and depth < MAX_CALLS_DEEP:
            resolution = resolve(program, ref, node)
            if resolution.certain and len(resolution.refs) == 1 and resolution.refs[0] != ref:
                callee = resolution.refs[0]
                function = program.function(callee)
                if function is not None and function.body and "async" not in function.modifiers:
                    step = Step(Place(ref.path, ref.key, node.start, node.end), f"{handler.what} calls this")
                    for inner in _holdups(program, handler, callee, program.body(callee), depth + 1):
                        sure = _reached(program.body(inner.ref), inner.node)
                        if sure is not None:
                            steps = (step, *inner.steps)
                            yield inner._replace(
                                steps=steps, confidence=min(sure, inner.confidence, key=CONFIDENCES.index)
                            )


def _reached(body: Block, node: Node) -> Confidence | None:
    """How sure it is that a function comes to a node: "hint" under a condition, None when it may have left before."""
    for statement in body:
        if statement.start <= node.start and node.end <= statement.end:
            return "hint" if isinstance(statement, If | Guard | Switch | Conditional) else "likely"
        if any(isinstance(each, Return | Throw) for each in walk(statement)):
            return None
    return None


def _holdup(program: Program, handler: Handler, ref: UnitRef, node: Node) -> Holdup | None:
    if isinstance(node, Loop):
        return Holdup(ref, node, "loop", "this loop") if _is_endless(node) else None
    if not isinstance(node, Call):
        return None
    name = node.name.partition(":")[0]
    if name in ("sync", "dispatch_sync") and goes_to_main(node):
        return Holdup(ref, node, "main", name)
    if _performs_on_main(node):
        return Holdup(ref, node, "main", name)
    if name in ("sync", "dispatch_sync") and handler.queue is not None and ref == handler.ref:
        queue = node.target if node.target is not None else node.args[0] if node.args else None
        if queue is not None and shape(queue) == shape(handler.queue):
            return Holdup(ref, node, "deadlock", name)
    if _sleeps(program, ref, node):
        return Holdup(ref, node, "sleep", name)
    if node.name in REQUESTS or (node.name in READERS and _reads_network(program, ref, node)):
        return Holdup(ref, node, "network", name)
    if name == "run" and not node.args and _is_run_loop(node.target):
        return Holdup(ref, node, "loop", "the run loop")
    semaphore = endless_wait(node) if name in ("wait", "dispatch_semaphore_wait", "dispatch_group_wait") else None
    if semaphore is not None and _is_waitable(program, ref, node) and awaited_message(program, ref, semaphore) is None:
        return Holdup(ref, node, "wait", name)
    return None


def _performs_on_main(call: Call) -> bool:
    """`performSelectorOnMainThread:withObject:waitUntilDone:YES`, and the same in Swift."""
    if call.name == "performSelector":
        if call.labels[:1] != ("onMainThread",) or "waitUntilDone" not in call.labels:
            return False
        return _is_true(call.args[call.labels.index("waitUntilDone")])
    return call.name.startswith("performSelectorOnMainThread:withObject:waitUntilDone:") and _is_true(call.args[2])


def _is_endless(loop: Loop) -> bool:
    """Whether a loop has no end and no way out."""
    if loop.kind == "for":
        if len(loop.header) > 2 or any(not isinstance(part, Literal) for part in loop.header):
            return False
    elif loop.kind not in ("while", "repeat") or len(loop.header) != 1 or not _is_true(loop.header[0]):
        return False
    leaving = (n for n in walk(loop.body) if isinstance(n, Jump | Return | Throw | Call | Operator))
    return not any(_leaves(node) for node in leaving)


def _is_true(node: Node) -> bool:
    return isinstance(node, Literal) and node.text in ("true", "1")


def _leaves(node: Node) -> bool:
    if isinstance(node, Call):
        return node.name in NEVER
    if isinstance(node, Operator):
        return node.op in ("await", "try")  # it may be cancelled, or throw
    return not isinstance(node, Jump) or node.kind in ("break", "goto")


def _sleeps(program: Program, ref: UnitRef, call: Call) -> bool:
    """Whether a call sleeps for longer than an instant."""
    name = call.name
    if name == "sleep" and call.target is not None:
        if not isinstance(call.target, Name) or call.target.text != "Thread" or call.labels != ("forTimeInterval",):
            return False
        unit = 1.0
    elif name == "sleepForTimeInterval:" or (name in SLEEPS and call.target is None):
        unit = SLEEPS[name]
    else:
        return False
    texts = fold(program, ref, call.args[0]) if len(call.args) == 1 else ()
    return bool(texts) and all(_seconds(text) * unit >= SHORT for text in texts)


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _reads_network(program: Program, ref: UnitRef, call: Call) -> bool:
    if not call.args or (":" not in call.name and "contentsOf" not in call.labels):
        return False
    source = bare(call.args[0])
    values = [source]
    if isinstance(source, Name):
        values += [b.value for b in scope(program, ref).get(source.text, ()) if b.value is not None]
    for value in values:
        made = bare(value)
        if isinstance(made, Call) and made.args and made.name in ("URL", "NSURL", "URLWithString:"):
            if any(text.startswith(("http:", "https:")) for text in fold(program, ref, made.args[0])):
                return True
    return False


def _is_run_loop(target: Expr | None) -> bool:
    held = bare(target) if target is not None else None
    if isinstance(held, Member):
        return held.name in ("current", "main") and isinstance(held.base, Name) and held.base.text == "RunLoop"
    return isinstance(held, Call) and held.name in ("currentRunLoop", "mainRunLoop")


def _is_waitable(program: Program, ref: UnitRef, call: Call) -> bool:
    """Whether what is waited for is a semaphore or a group: much else has a method `wait`."""
    if call.target is None:
        return True
    return base_type(type_of(program, ref, call.target)) in ("DispatchSemaphore", "DispatchGroup")


def _place(held: Holdup) -> Place:
    node = held.node
    if isinstance(node, Loop):
        return Place(held.ref.path, held.ref.key, node.start, node.start + len(node.kind.partition("-")[0]))
    return Place(held.ref.path, held.ref.key, node.start, node.end)
