"""XPC301: connections and listeners that can never work: not started, without a handler, with no delegate left."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks import around
from ipclint.checks.connections import Act, Kept, anybody, bare, kept, kept_parameter
from ipclint.checks.detectors import detector
from ipclint.checks.detectors.inactive_sessions import never_activated
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Confidence, Finding, Place
from ipclint.model.ir import (
    Assign,
    Call,
    Closure,
    Collection,
    Evaluate,
    Expr,
    Let,
    Literal,
    Member,
    Name,
    Node,
    Return,
    walk,
)
from ipclint.program.link import calls_in, code_of, type_of
from ipclint.program.paths import NEVER
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import DELEGATE_SELECTOR
from ipclint.program.usage import uses_of

RAW = frozenset({"xpc_connection_create", "xpc_connection_create_mach_service", "xpc_connection_create_from_endpoint"})
STARTS = frozenset({"resume", "activate", "xpc_connection_resume", "xpc_connection_activate"})
HANDLED = frozenset({"xpc_connection_set_event_handler", "xpc_connection_set_event_handler_f"})
INTERFACES = frozenset({"remoteObjectInterface", "exportedInterface", "exportedObject"})
REFUSES = frozenset({"invalidate", "xpc_connection_cancel"})
SETTINGS = frozenset({"interruptionHandler", "invalidationHandler", "delegate"})
IDLE = frozenset({"isEqual:", "description", "retain", "autorelease", "release", "xpc_retain", "xpc_release"})
"""What is no use of a connection."""
STAYS = NEVER | {"run", "runMode:beforeDate:", "CFRunLoopRun", "NSApplicationMain", "UIApplicationMain"}
"""Calls that do not return while the program runs."""
COUNTED = frozenset({"release", "autorelease", "retain"})
MAKES = re.compile(r"^(?:init\w*:?.*|new|alloc)$")


@detector("endpoint-never-serves", on="function")
@detector("endpoint-never-serves", on="variable")
def endpoint_never_serves(rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable) -> Iterator[Finding]:
    if isinstance(unit, Function):
        yield from _accepted(rule, program, ref, unit)
    for call, kind in _endpoints(program, ref):
        found = kept(program, ref, call)
        if not found.holders:
            yield from _asked_in_place(rule, program, ref, call)
            continue
        if not found.names(STARTS):
            yield from _not_started(rule, program, found, kind)
        elif kind == "raw":
            yield from _without_handler(rule, found)
        if kind == "listener":
            yield from _without_delegate(rule, program, found)
        if kind != "raw":
            yield from _set_too_late(rule, program, found)
    yield from never_activated(rule, program, ref)


def _endpoints(program: Program, ref: UnitRef) -> Iterator[tuple[Call, str]]:
    for use in uses_of(program, ref, "xpc.connection.create"):
        if isinstance(use.node, Call):
            yield use.node, "connection"
    for call in calls_in(program, ref):
        on_class = isinstance(call.target, Name) and call.target.text == "NSXPCListener"
        if call.name in RAW:
            yield call, "raw"
        elif (
            call.name == "initWithMachServiceName:"
            or (call.name == "NSXPCListener" and call.labels == ("machServiceName",))
            or (on_class and call.name in ("service", "serviceListener", "anonymous", "anonymousListener"))
        ):
            yield call, "listener"


# ── (a) never started ────────────────────────────────────────────────────────────────────────────────────────────────


def _not_started(rule: Rule, program: Program, found: Kept, kind: str) -> Iterator[Finding]:
    uses = [act for act in found.acts if act.name not in IDLE]
    if found.escaped or not uses or (found.holder is not None and anybody(program, found.holder.owner, STARTS)):
        return
    confidence: Confidence = "likely" if found.holder is not None else "certain"
    holes = {**_holes(found, kind), **_last_setting(program, found, kind)}
    yield rule.finding(around.place_of(found.ref, found.node), confidence, holes=holes)


def _asked_in_place(rule: Rule, program: Program, ref: UnitRef, made: Call) -> Iterator[Finding]:
    """`NSXPCConnection(…).remoteObjectProxy`: a connection that nobody can start any more."""
    for node in walk(code_of(program, ref)):
        base = node.base if isinstance(node, Member) else node.target if isinstance(node, Call) else None
        if isinstance(node, Member | Call) and "emoteObjectProxy" in node.name and base is made:
            holes = {"name": "the connection", "kind": "connection"}
            yield rule.finding(around.place_of(ref, made), "certain", holes=holes)


def _accepted(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """A peer's connection that is set up and accepted, and never started."""
    for name, node, kind in _peers(program, ref, unit):
        found = kept_parameter(program, ref, name, node)
        if found is None:
            continue
        yield from _set_too_late(rule, program, found) if kind == "connection" else ()
        settings = found.names(HANDLED if kind == "raw" else INTERFACES)
        if settings and not found.escaped and not found.names(STARTS | REFUSES):
            holes = {"name": name, "kind": "connection"}
            if (last := _last_at_top(program, ref, settings)) is not None:
                holes |= {"after": _place(ref, last), "connection": name} | ({"raw": "yes"} if kind == "raw" else {})
            yield rule.finding(_place(ref, settings[-1].node), "certain", context="accepted", holes=holes)


def _peers(program: Program, ref: UnitRef, unit: Function) -> Iterator[tuple[str, Node, str]]:
    """The connections that a function is given to accept: of a delegate, or as the event of a raw listener."""
    if unit.selector == DELEGATE_SELECTOR and len(unit.params) == 2:
        yield unit.params[1].name, unit.params[1], "connection"
    for node in walk(code_of(program, ref)) if not HANDLED.isdisjoint(unit.mentions) else ():
        handler = node.args[1] if isinstance(node, Call) and node.name in HANDLED and len(node.args) == 2 else None
        if isinstance(handler, Closure) and len(handler.params) == 1:
            yield handler.params[0].name, handler.params[0], "raw"


def _last_at_top(program: Program, ref: UnitRef, settings: tuple[Act, ...]) -> Node | None:
    """The last of these acts when it is a statement of the function's own."""
    last = max((act.node for act in settings), key=lambda node: node.start)
    return next((s for s in program.body(ref) if isinstance(s, Evaluate) and _same_span(s.value, last)), None)


def _same_span(one: Node, other: Node) -> bool:
    return (one.start, one.end) == (other.start, other.end)


def _last_setting(program: Program, found: Kept, kind: str) -> dict[str, str | Place]:
    """The last statement, at the level where the object is made, that prepares it, and how the object is spelled."""
    if kind == "raw" and not found.names(HANDLED):
        return {}  # to be started it needs a handler first
    ref = found.ref
    statement = around.statement_in(around.path_to(program, ref, found.node))
    block = next((block for block in around.blocks_of(program, ref) if statement in block), ())
    named: str | Place = next((holder.name for holder in found.holders if holder.ref is not None), "")
    last = statement
    for each in block:
        for act in found.acts:
            if act.ref == ref and each.start <= act.node.start and act.node.end <= each.end and _prepares(act):
                last = each
                if not named and (base := _receiver(act)) is not None:
                    named = _place(ref, base)
    return {"after": _place(ref, last), "connection": named} if last is not None and named else {}


def _receiver(act: Act) -> Expr | None:
    node = act.node
    if isinstance(node, Call):
        return node.target or node.args[0]
    return node.target.base if isinstance(node, Assign) and isinstance(node.target, Member) else None


def _prepares(act: Act) -> bool:
    return act.value is not None and act.name in INTERFACES | HANDLED | SETTINGS


# ── (b) no event handler ─────────────────────────────────────────────────────────────────────────────────────────────


def _without_handler(rule: Rule, found: Kept) -> Iterator[Finding]:
    """libxpc ends a program that resumes a connection without an event handler."""
    if found.escaped or found.names(HANDLED):
        return
    for start in found.names(STARTS)[:1]:
        confidence: Confidence = "likely" if found.holder is not None else "certain"
        yield rule.finding(_place(start.ref, start.node), confidence, variant="b", holes=_holes(found, "raw"))


# ── (c) no delegate, or one that nobody keeps ────────────────────────────────────────────────────────────────────────


def _without_delegate(rule: Rule, program: Program, found: Kept) -> Iterator[Finding]:
    delegates = [act for act in found.names(frozenset({"delegate"})) if act.value is not None]
    if not delegates:
        if not found.escaped and found.names(STARTS):
            confidence: Confidence = "likely" if found.holder is not None else "certain"
            yield rule.finding(
                around.place_of(found.ref, found.node), confidence, variant="c", holes=_holes(found, "listener")
            )
        return
    for act in delegates:
        yield from _fleeting(rule, program, found, act)


def _fleeting(rule: Rule, program: Program, found: Kept, act: Act) -> Iterator[Finding]:
    """A delegate that is gone at once, or at the end of the function: `delegate` is weak."""
    value = act.value
    unit = program.unit(act.ref)
    if value is None or not isinstance(unit, Function) or COUNTED & set(unit.mentions):
        return  # counted by hand: what is not released stays
    holes = {**_holes(found, "listener"), "delegate": _place(act.ref, value), "assignment": _statement(program, act)}
    holes["scope"] = "stays" if _stays(program, act.ref, unit) else "ends"
    if _makes(program, act.ref, value):
        holes["class"] = type_of(program, act.ref, value).removesuffix(".Type").rstrip("* ") or "The delegate"
        yield rule.finding(_place(act.ref, act.node), "certain", variant="d", holes=holes)
    elif isinstance(value, Name) and _is_made_here(program, act.ref, value.text):
        if not _leaves(program, act.ref, value) and not _stays(program, act.ref, unit):
            holes["class"] = value.text
            yield rule.finding(_place(act.ref, act.node), "likely", variant="d", holes=holes)


def _makes(program: Program, ref: UnitRef, value: Expr) -> bool:
    """Whether an expression makes a new object that nothing else holds."""
    if not isinstance(value, Call):
        return False
    if value.target is None:
        return value.name[:1].isupper()
    return bool(MAKES.match(value.name)) and type_of(program, ref, value) != ""


def _is_made_here(program: Program, ref: UnitRef, name: str) -> bool:
    """Whether a local is given a new object."""
    values = [n.value for n in walk(code_of(program, ref)) if isinstance(n, Let) and n.names == (name,)]
    return len(values) == 1 and values[0] is not None and _makes(program, ref, bare(values[0]))


def _leaves(program: Program, ref: UnitRef, value: Name) -> bool:
    """Whether a local is used otherwise than as the delegate, so that somebody may keep it."""
    for node in walk(code_of(program, ref)):
        if isinstance(node, Call) and node.name == "setDelegate:":
            continue
        if isinstance(node, Assign) and isinstance(node.value, Name) and node.value.text == value.text:
            if not (isinstance(node.target, Member) and node.target.name == "delegate"):
                return True
        inside = (
            node.args if isinstance(node, Call) else (node,) if isinstance(node, Return | Closure | Collection) else ()
        )
        if any(isinstance(n, Name) and n.text == value.text for each in inside for n in walk(each)):
            return True
    return False


def _stays(program: Program, ref: UnitRef, unit: Function) -> bool:
    """Whether the function does not end while the program runs."""
    if unit.kind == "toplevel":
        return True
    for call in calls_in(program, ref):
        if call.name in STAYS or (call.name in STARTS and _is_service(program, ref, call)):
            return True
    return False


def _is_service(program: Program, ref: UnitRef, call: Call) -> bool:
    """`NSXPCListener.service().resume()` never returns."""
    words = {n.name for n in around.origins(program, ref, call.target) if isinstance(n, Call)}
    return bool(words & {"service", "serviceListener"})


def _statement(program: Program, act: Act) -> Place:
    statement = around.statement_in(around.path_to(program, act.ref, act.node)) or act.node
    return _place(act.ref, statement)


# ── (d) set after the start ──────────────────────────────────────────────────────────────────────────────────────────


def _set_too_late(rule: Rule, program: Program, found: Kept) -> Iterator[Finding]:
    """An interface that is first set behind `resume()` in the same block: what came between was lost."""
    for block in around.blocks_of(program, found.ref):
        started: Node | None = None
        for statement in block:
            here = [act for act in found.acts if act.ref == found.ref and _is_all(statement, act)]
            for act in here:
                if act.name in STARTS:
                    started = statement
                elif (
                    started is not None
                    and act.name in INTERFACES
                    and act.value is not None
                    and not isinstance(act.value, Literal)
                ):
                    if not any(
                        other.name == act.name and other.node.start < started.start
                        for other in found.acts
                        if other.ref == found.ref
                    ):
                        holes = {**_holes(found, "connection"), "what": act.name, "start": _place(found.ref, started)}
                        holes["setting"] = _place(found.ref, statement)
                        yield rule.finding(_place(found.ref, act.node), "likely", variant="e", holes=holes)


def _is_all(statement: Node, act: Act) -> bool:
    """Whether a statement is this act and nothing else."""
    return isinstance(statement, Evaluate) and _same_span(statement.value, act.node)


def _holes(found: Kept, kind: str) -> dict[str, str | Place]:
    holes: dict[str, str | Place] = {"name": (found.holder or found.holders[0]).name, "kind": kind}
    return {**holes, "kind": "connection", "raw": "yes"} if kind == "raw" else holes


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
