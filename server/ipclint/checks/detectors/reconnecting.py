"""XPC307: handlers of failures that connect or send again at once: a dead service makes an endless loop of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.connections import bare, method_of_self
from ipclint.checks.detectors import detector
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Finding, Place, Step
from ipclint.model.ir import (
    Assign,
    Availability,
    Block,
    Call,
    Closure,
    Evaluate,
    Expr,
    Guard,
    If,
    Jump,
    Let,
    Literal,
    Loop,
    Member,
    Name,
    Node,
    Operator,
    Return,
    Switch,
    Throw,
    children,
    walk,
)
from ipclint.program.callback_names import ERROR_HANDLER
from ipclint.program.link import code_of, members, owner_of, resolve, type_of
from ipclint.program.names import property_of_setter
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import Holder, holders_of, variable_named
from ipclint.program.types import base_type

MAX_CALLS = 3
"""How many calls may lie between a handler and the function that set it."""

HANDLERS = frozenset({"invalidationHandler", "interruptionHandler"})
DELAYS = re.compile(
    r"(?i)asyncAfter|dispatch_after|sleep|scheduledTimer|^Timer$|afterDelay|backoff|throttle|debounce|makeTimerSource|"
    r"dispatch_source_create|dispatch_source_set_timer|^wait|semaphore_wait|waitUntil|_after$"
)
SENDS = re.compile(r"emoteObjectProxy|^xpc_(?:connection|session)_send_message")
USES = frozenset({"resume", "activate", "remoteObjectProxy", "xpc_connection_resume", "xpc_connection_activate"})
SESSION_USES = frozenset({"activate", "send", "sendSync", "xpc_session_activate"})
CANCELLED = "cancellation handler"
ENDED = frozenset({"invalidationHandler", CANCELLED})
"""Handlers after which the connection or session is of no use any more."""
ERRORS = ("XPC_ERROR_", "XPC_TYPE_ERROR", "XPC_TYPE_DICTIONARY", "XPC_TYPE_CONNECTION")
SELVES = frozenset({"self", "weakSelf", "strongSelf"})
ORDER = frozenset({"<", ">", "<=", ">="})


class Handler(NamedTuple):
    """A closure that runs when a connection or session failed: its name for people, what it is of, where it is set."""

    name: str
    held: Holder | None
    closure: Closure
    node: Node


@detector("reconnect-loop-without-backoff", on="function")
@detector("reconnect-loop-without-backoff", on="variable")
def reconnect_loop_without_backoff(
    rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable
) -> Iterator[Finding]:
    for handler in _handlers(program, ref):
        if handler.name in ENDED and (use := _own_use(program, ref, handler)) is not None:
            context = "session" if handler.name == CANCELLED else ""
            yield rule.finding(_place(ref, use), "certain", variant="c", context=context, holes={"use": _word(use)})
            continue
        found = _way_back(program, ref, handler)
        if found is not None:
            call, steps = found
            holes = {"handler": handler.name, "called": call.name.partition(":")[0]}
            yield rule.finding(_place(ref, call), holes=holes, steps=steps)
    for node in walk(code_of(program, ref)):
        if isinstance(node, Loop) and _is_endless(node) and not _brakes_in(node.body):
            send = next((n for n in walk(node.body) if _sends(program, ref, n)), None)
            if send is not None and not _leaves(node.body):
                yield rule.finding(_place(ref, send), variant="b")


# ── handlers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _handlers(program: Program, ref: UnitRef) -> Iterator[Handler]:
    for node in walk(code_of(program, ref)):
        match node:
            case Assign(target=Member(base=base, name=name), value=Closure() as closure) if name in HANDLERS:
                if _is_connection(program, ref, base):
                    yield Handler(name, _held(program, ref, base), closure, node)
            case Assign(target=Member(base=base, name=name), value=value) if name in HANDLERS:
                if _is_connection(program, ref, base) and (method := method_of_self(program, ref, value)):
                    yield Handler(name, _held(program, ref, base), _calling(value, method), node)
            case Call(name=name, args=(Closure() as closure,)) if ERROR_HANDLER in name:
                yield Handler("proxy's error handler", None, closure, node)
            case Call(target=target, name=name, args=(Closure() as closure, *_)):
                if property_of_setter(name) in HANDLERS and _is_connection(program, ref, target):
                    yield Handler(property_of_setter(name), _held(program, ref, target), closure, node)
                elif name == "setCancellationHandler" and _is_session(program, ref, target):
                    yield Handler(CANCELLED, _held(program, ref, target), closure, node)
            case Call(name="xpc_connection_set_event_handler", args=(connection, Closure() as closure)):
                yield Handler("event handler", _held(program, ref, connection), closure, node)
            case Call(name="xpc_session_set_cancel_handler", args=(session, Closure() as closure)):
                yield Handler(CANCELLED, _held(program, ref, session), closure, node)
            case Call(name="XPCSession", labels=labels, args=args) if args:
                at = labels.index("cancellationHandler") if "cancellationHandler" in labels else len(args) - 1
                if labels[at] in ("cancellationHandler", "{") and isinstance(closure := args[at], Closure):
                    held = holders_of(program, ref, node)
                    yield Handler(CANCELLED, held[0] if held else None, closure, node)
            case _:
                pass


def _calling(value: Expr, method: str) -> Closure:
    """A method that is handed on as a handler, as the closure that it stands for."""
    at = (value.start, value.end)
    call = Call(*at, None, method, (), (), value.start)
    return Closure(*at, (), (), (Evaluate(*at, call),), value.start)


def _held(program: Program, ref: UnitRef, expr: Expr | None) -> Holder | None:
    return variable_named(program, ref, bare(expr)) if expr is not None else None


def _is_connection(program: Program, ref: UnitRef, base: Expr | None) -> bool:
    of = base_type(type_of(program, ref, base)) if base is not None else ""
    return "XPC" in of or of == ""


def _is_session(program: Program, ref: UnitRef, expr: Expr | None) -> bool:
    return expr is not None and base_type(type_of(program, ref, expr)) == "XPCSession"


def _sends(program: Program, ref: UnitRef, node: Node) -> bool:
    if isinstance(node, Call) and node.name in ("send", "sendSync"):
        return _is_session(program, ref, node.target)
    return isinstance(node, Call | Member) and bool(SENDS.search(_word(node)))


def _own_use(program: Program, ref: UnitRef, handler: Handler) -> Node | None:
    """Where a handler uses the connection or session that has just ended."""
    held = handler.held
    if held is None:
        return None
    uses = SESSION_USES if handler.name == CANCELLED else USES
    for node in walk(handler.closure.body):
        if isinstance(node, Assign) and variable_named(program, ref, bare(node.target)) == held:
            return None  # another one by now
        if isinstance(node, Let) and held.name in node.names:
            return None
        if isinstance(node, Call | Member) and (_word(node) in uses or SENDS.search(_word(node))):
            target = node.base if isinstance(node, Member) else node.target or next(iter(node.args), None)
            if target is not None and variable_named(program, ref, bare(target)) == held:
                return node
    return None


# ── the way back to the function that set the handler ────────────────────────────────────────────────────────────────


def _way_back(program: Program, ref: UnitRef, handler: Handler) -> tuple[Call, tuple[Step, ...]] | None:
    home = program.unit(ref)
    if not isinstance(home, Function) or _is_counted(program, ref):
        return None
    reset = {_word(n.target) for n in walk(handler.closure.body) if isinstance(n, Assign)}
    given = {_word(n.target) for n in walk(program.body(ref)) if isinstance(n, Assign)} - reset
    if any(words & given for words in _before(program.body(ref), handler.node)):
        return None  # what was given the first time keeps it from getting here a second time
    for call in _immediate(handler.closure.body):
        steps = _leads(program, ref, ref, call, MAX_CALLS, {ref})
        if steps is not None:
            return call, steps
    return None


def _before(block: Block, node: Node) -> Iterator[set[str]]:
    """The names in each condition that decides whether a function gets to `node`."""
    for statement in block:
        inside = statement.start <= node.start and node.end <= statement.end
        if isinstance(statement, Guard) and not inside:
            yield from _words_of(statement.conditions)
        elif isinstance(statement, If) and (inside or _leaves(statement.then)):
            yield from _words_of(statement.conditions)
            yield from _before((*statement.then, *statement.otherwise), node) if inside else ()
        elif inside:
            for closure in walk(statement):
                if isinstance(closure, Closure) and closure.start <= node.start and node.end <= closure.end:
                    yield from _before(closure.body, node)
                    break
        if inside:
            return


def _words_of(conditions: tuple[Node, ...]) -> Iterator[set[str]]:
    for condition in conditions:
        words = {_word(n) for n in walk(condition) if isinstance(n, Name | Member | Call)}
        if not isinstance(condition, Availability) and words - SELVES:
            yield words | set(condition.names if isinstance(condition, Let) else ())


def _leads(
    program: Program, home: UnitRef, ref: UnitRef, call: Call, calls: int, seen: set[UnitRef]
) -> tuple[Step, ...] | None:
    """The calls by which `call` in `ref` gets to function `home` without delay; None when it does not."""
    for callee in _callees(program, ref, call):
        function = program.function(callee)
        if function is None:
            continue
        step = Step(_place(ref, call), f"{call.name.partition(':')[0]} runs at once")
        if callee == home:
            return (step,)
        if calls <= 1 or callee in seen or _is_counted(program, callee):
            continue
        for further in _immediate(program.body(callee)):
            steps = _leads(program, home, callee, further, calls - 1, seen | {callee})
            if steps is not None:
                return (step, *steps)
    return None


def _callees(program: Program, ref: UnitRef, call: Call) -> tuple[UnitRef, ...]:
    if call.name.startswith("performSelector") and call.args:
        first = call.args[0]
        owner = owner_of(program, ref)
        return members(program, owner, first.text) if isinstance(first, Literal) and owner else ()
    found = resolve(program, ref, call)
    if found.certain:
        return found.refs
    owner = owner_of(program, ref)
    return tuple(each for each in found.refs if owner and owner_of(program, each) == owner)


def _immediate(block: Block) -> Iterator[Call]:
    """The calls of a block that run at once and whatever the state; nothing of a block that waits or looks first."""
    if any(isinstance(node, Call) and DELAYS.search(node.name) for node in walk(block)):
        return
    for statement in block:
        if isinstance(statement, Guard) and not all(map(_is_formal, statement.conditions)):
            return
        if isinstance(statement, If):
            formal = all(map(_is_formal, statement.conditions))
            if formal:
                yield from _immediate(statement.then)
                yield from _immediate(statement.otherwise)
            elif _leaves(statement.then):
                return
            continue
        if isinstance(statement, Switch):
            if any(_names_error(pattern) for case in statement.cases for pattern in case.patterns):
                for case in statement.cases:
                    yield from _immediate(case.body)
            continue
        if isinstance(statement, Loop):
            continue
        yield from _calls(statement)


def _calls(node: Node) -> Iterator[Call]:
    """Calls of a statement, those in closures that it passes on included (`DispatchQueue.main.async { … }`)."""
    if isinstance(node, Closure):
        yield from _immediate(node.body)
        return
    if isinstance(node, Call):
        yield node
    for child in children(node):
        yield from _calls(child)


def _is_formal(condition: Node) -> bool:
    """Whether a condition only unwraps, asks for nil, for the system's version or for the kind of event."""
    match condition:
        case Let() | Availability():
            return True
        case Operator(op="==" | "!=" | "===" | "!==", operands=operands):
            return any(isinstance(each, Literal) and each.kind == "nil" for each in operands) or _names_error(condition)
        case Operator(op="!" | "&&" | "||", operands=operands):
            return all(map(_is_formal, operands))
        case Name(text=text):
            return text.lower().lstrip("_") in ("self", "strongself", "weakself")
        case _:
            return _names_error(condition)


def _names_error(node: Node) -> bool:
    return any(isinstance(n, Name) and n.text.startswith(ERRORS) for n in walk(node))


def _is_counted(program: Program, ref: UnitRef) -> bool:
    """Whether a function waits, or compares sizes before it goes on: attempts, or the time since the last."""
    for node in walk(code_of(program, ref)):
        if isinstance(node, Call) and DELAYS.search(node.name):
            return True
        if isinstance(node, If | Guard) and any(
            isinstance(n, Operator) and n.op in ORDER for condition in node.conditions for n in walk(condition)
        ):
            return True
    return False


# ── endless loops ────────────────────────────────────────────────────────────────────────────────────────────────────


def _is_endless(loop: Loop) -> bool:
    if loop.kind == "for":
        return not loop.header
    return loop.kind in ("while", "repeat") and all(
        isinstance(n, Literal) and n.text in ("true", "1") for n in loop.header
    )


def _brakes_in(block: Block) -> bool:
    return any(
        (isinstance(node, Call) and DELAYS.search(node.name)) or (isinstance(node, Operator) and node.op == "await")
        for node in walk(block)
    )


def _leaves(block: Block) -> bool:
    return any(
        isinstance(node, Return | Throw) or (isinstance(node, Jump) and node.kind == "break") for node in walk(block)
    )


def _word(node: Node) -> str:
    return node.name if isinstance(node, Call | Member) else node.text.lstrip("_") if isinstance(node, Name) else ""


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
