"""XPC303 and XPC304: connections whose failure nobody hears of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.connections import kept
from ipclint.checks.detectors import detector
from ipclint.checks.detectors.proxies import proxy_of, takers
from ipclint.checks.detectors.silent_handlers import errors_nobody_hears
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Confidence, Finding, Place, Severity, Step
from ipclint.model.ir import (
    Assign,
    Block,
    Call,
    Closure,
    Evaluate,
    Expr,
    Let,
    Member,
    Name,
    Node,
    Return,
    walk,
)
from ipclint.program.callback_names import bare
from ipclint.program.link import calls_in, code_of, type_of
from ipclint.program.names import property_of_setter
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import Holder, holders_of, users_of, variable_named
from ipclint.program.usage import uses_of

HANDLERS = frozenset({"interruptionHandler", "invalidationHandler"})
WAITERS = frozenset({"resume", "signal", "leave", "dispatch_semaphore_signal", "dispatch_group_leave", "fulfill"})
CONTINUATIONS = frozenset(
    {
        "withCheckedContinuation",
        "withCheckedThrowingContinuation",
        "withUnsafeContinuation",
        "withUnsafeThrowingContinuation",
    }
)
STARTERS = frozenset({"resume", "activate"})
MAX_STEPS = 5
"""How many messages to a proxy that a property keeps are named; one tells the story."""


# ── XPC304 ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@detector("proxy-without-error-handler", on="function")
@detector("proxy-without-error-handler", on="variable")
def proxy_without_error_handler(
    rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable
) -> Iterator[Finding]:
    for use in uses_of(program, ref, "xpc.proxy.silent"):
        sent = [message for message in messages_through(program, ref, use.node) if message.replies]
        sent += _messages_of_takers(program, ref, use.node)
        if not sent:
            continue  # one-way messages lose nothing but themselves
        within = [(message.ref, node) for message in sent for reply in message.replies for node in walk(reply)]
        if any(is_resumed(program, at, node) for at, node in within):
            continue  # XPC309 tells that
        waits = any(isinstance(node, Call) and node.name in WAITERS for _, node in within)
        severity: Severity = "medium" if waits else "low"
        holes: dict[str, str | Place] = {"message": sent[0].call.name.partition(":")[0], "proxy": _place(ref, use.node)}
        if use.receiver is not None:
            holes["connection"] = _place(ref, use.receiver)
        steps = tuple(
            Step(_place(message.ref, message.call), f"{message.call.name.partition(':')[0]} is sent here, with a reply")
            for message in sent
            if message.ref != ref
        )
        yield rule.finding(
            _place(ref, use.node),
            "certain",
            severity=severity,
            context="waits" if waits else "",
            holes=holes,
            steps=steps[:MAX_STEPS],
        )


class Message(NamedTuple):
    """A message to a proxy, in unit `ref`, with the blocks it hands on."""

    ref: UnitRef
    call: Call
    replies: tuple[Expr, ...]


def messages_through(program: Program, ref: UnitRef, proxy: Call | Member | Assign | Name) -> Iterator[Message]:
    """The messages to a proxy: in the unit that makes it, and wherever the property that keeps it is used."""
    calls = [(ref, call) for call in messages_to(program, ref, proxy)]
    place = kept(program, ref, proxy)
    if place.holder is not None:
        calls += [(act.ref, act.node) for act in place.acts if isinstance(act.node, Call)]
    for at, call in calls:
        yield Message(at, call, _replies(program, at, call))


def _replies(program: Program, ref: UnitRef, call: Call) -> tuple[Expr, ...]:
    return tuple(arg for arg in call.args if isinstance(arg, Closure) or _is_block(program, ref, arg))


def _messages_of_takers(program: Program, ref: UnitRef, proxy: Node) -> Iterator[Message]:
    """The messages with replies that others send to the proxy, where `ref` is a function or getter that gives it."""
    for taker in takers(program, ref):
        for call in calls_in(program, taker):
            replies = _replies(program, taker, call) if call.target is not None else ()
            made = proxy_of(program, taker, call) if replies else None
            if made is not None and (made.ref, made.node) == (ref, proxy):
                yield Message(taker, call, replies)


def is_resumed(program: Program, ref: UnitRef, node: Node) -> bool:
    """Whether a node resumes a continuation that the unit waits for."""
    if not isinstance(node, Call) or node.name != "resume" or not isinstance(node.target, Name):
        return False
    return any(each.name == node.target.text for each in awaited(program, ref))


class Awaited(NamedTuple):
    """A call that waits for a continuation: the closure that gets it, and its name there."""

    call: Call
    closure: Closure
    name: str

    def holds(self, node: Node) -> bool:
        """Whether a node stands in the closure."""
        return self.closure.start <= node.start and node.end <= self.closure.end

    def is_in(self, node: Node | Block) -> bool:
        """Whether code names the continuation."""
        return any(is_named(each, {self.name}) for each in walk(node))


def awaited(program: Program, ref: UnitRef) -> Iterator[Awaited]:
    """The continuations that a unit waits for."""
    for node in walk(code_of(program, ref)):
        if isinstance(node, Call) and node.name in CONTINUATIONS and node.args:
            closure = node.args[-1]
            if isinstance(closure, Closure) and closure.params:
                yield Awaited(node, closure, closure.params[0].name)


def messages_to(program: Program, ref: UnitRef, proxy: Node) -> Iterator[Call]:
    """Messages sent to a proxy: directly, or through the local or optional binding that holds it."""
    code = code_of(program, ref)
    bindings = [node for node in walk(code) if isinstance(node, Let | Assign)]
    names = {name for node in bindings if _holds(node, proxy) for name in _bound(node)}
    for node in walk(code):
        if isinstance(node, Call) and node.target is not None and node != proxy:
            target = bare(node.target)
            if target == proxy:
                yield node
            elif isinstance(target, Name) and target.text in names:
                before = [b for b in bindings if b.start < node.start and target.text in _bound(b)]
                if before and _holds(max(before, key=lambda b: b.start), proxy):
                    yield node


def _bound(node: Let | Assign) -> tuple[str, ...]:
    if isinstance(node, Let):
        return node.names
    return (node.target.text,) if isinstance(node.target, Name) else ()


def _holds(node: Let | Assign, proxy: Node) -> bool:
    return node.value is not None and bare(node.value) == proxy


def _is_block(program: Program, ref: UnitRef, argument: Expr) -> bool:
    """A block that is passed on: a parameter of function type, by its type or its name."""
    if not isinstance(argument, Name):
        return False
    text = type_of(program, ref, argument)
    return (
        "->" in text
        or "^" in text
        or argument.text.lower().endswith(("reply", "completion", "handler", "completionhandler"))
    )


# ── XPC303 ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@detector("lifecycle-handlers-missing", on="function")
@detector("lifecycle-handlers-missing", on="variable")
def lifecycle_handlers_missing(
    rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable
) -> Iterator[Finding]:
    for use in uses_of(program, ref, "xpc.connection.create"):
        holders = holders_of(program, ref, use.node)
        if not holders:
            continue  # handed on: whoever gets it may set them
        if any(_sets_handler(program, ref, holder) for holder in holders) or _leaves(program, ref, holders):
            continue
        start = _start(program, ref, holders)
        if start is None:
            continue  # never started here: another rule's matter
        confidence: Confidence = "hint" if _reports_errors(program, ref, holders) else "certain"
        yield rule.finding(_place(ref, use.node), confidence, holes=_holes(ref, holders, start))
    yield from errors_nobody_hears(rule, program, ref)


def _holes(ref: UnitRef, holders: tuple[Holder, ...], start: tuple[UnitRef, Evaluate]) -> dict[str, str | Place]:
    at, statement = start
    call = statement.value
    holes: dict[str, str | Place] = {"name": holders[0].name, "start": _place(at, statement)}
    if isinstance(call, Call) and call.target is not None:
        holes["connection"] = _place(at, call.target)
    return holes


def _sets_handler(program: Program, ref: UnitRef, holder: Holder) -> bool:
    for user in users_of(program, ref, holder):
        for node in walk(code_of(program, user)):
            if isinstance(node, Assign) and isinstance(node.target, Member) and node.target.name in HANDLERS:
                target = node.target.base
            elif isinstance(node, Call) and property_of_setter(node.name) in HANDLERS:
                target = node.target
            else:
                continue
            if variable_named(program, user, target) == holder:
                return True
    return False


def _reports_errors(program: Program, ref: UnitRef, holders: tuple[Holder, ...]) -> bool:
    """Whether every proxy of the connection has an error handler: then each call hears of its own failure."""
    words: set[str] = set()
    for holder in holders:
        for user in users_of(program, ref, holder):
            for node in walk(code_of(program, user)):
                if isinstance(node, Call | Member) and "emoteObjectProxy" in node.name:
                    base = node.target if isinstance(node, Call) else node.base
                    if variable_named(program, user, base) == holder:
                        words.add(node.name)
    return bool(words) and not words & {"remoteObjectProxy"}


def _leaves(program: Program, ref: UnitRef, holders: tuple[Holder, ...]) -> bool:
    """Whether a local connection is returned or handed to other code, which may set the handlers."""
    names = {holder.name for holder in holders if holder.ref is not None}
    for node in walk(code_of(program, ref)):
        if isinstance(node, Call) and any(is_named(bare(arg), names) for arg in node.args):
            return True
        if isinstance(node, Return) and node.value is not None and is_named(node.value, names):
            return len(holders) == 1
    return False


def is_named(node: Node, names: set[str]) -> bool:
    """Whether a node is one of these names."""
    return isinstance(node, Name) and node.text in names


def _start(program: Program, ref: UnitRef, holders: tuple[Holder, ...]) -> tuple[UnitRef, Evaluate] | None:
    """The statement that resumes the connection."""
    for holder in holders:
        for user in users_of(program, ref, holder):
            for node in walk(code_of(program, user)):
                if isinstance(node, Evaluate) and isinstance(node.value, Call) and node.value.name in STARTERS:
                    if variable_named(program, user, node.value.target) == holder:
                        return user, node
    return None


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
