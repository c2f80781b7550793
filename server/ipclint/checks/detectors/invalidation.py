"""XPC302: connections that are never invalidated, or kept alive by their own handlers."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks import around
from ipclint.checks.connections import Act, Kept, anybody, is_shared, kept, method_of_self, strong_uses
from ipclint.checks.detectors import detector
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Finding, Place
from ipclint.model.ir import Call, Closure, Expr, Node, walk
from ipclint.program.configuration import programs_of
from ipclint.program.link import calls_in, code_of, declarations, members
from ipclint.program.paths import NEVER
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import opens_listener
from ipclint.program.usage import uses_of

STARTS = frozenset({"resume", "activate", "xpc_connection_resume", "xpc_connection_activate"})
ENDS = frozenset({"invalidate", "xpc_connection_cancel"})
HANDLERS = frozenset({"interruptionHandler", "invalidationHandler", "xpc_connection_set_event_handler"})
RAW = frozenset({"xpc_connection_create", "xpc_connection_create_mach_service"})


@detector("connection-never-invalidated", on="function")
@detector("connection-never-invalidated", on="variable")
def connection_never_invalidated(
    rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable
) -> Iterator[Finding]:
    for node in clients(program, ref):
        found = kept(program, ref, node)
        if not found.names(STARTS):
            continue  # never started: another rule's matter
        if found.holder is None:
            if not found.escaped and not found.names(ENDS) and not _ends_process(program, ref, unit):
                yield rule.finding(around.place_of(ref, node), variant="b", holes=_holes(found))
        elif found.holder.owner and not is_shared(program, found.holder.owner):
            yield from _kept_findings(rule, program, found)
        yield from _suspended(rule, program, found)


def clients(program: Program, ref: UnitRef) -> Iterator[Call]:
    """The calls of a unit that make a connection to a service."""
    for use in uses_of(program, ref, "xpc.connection.create"):
        if isinstance(use.node, Call):
            yield use.node
    for call in calls_in(program, ref):
        if call.name in RAW and call.args and not opens_listener(program, ref, call) and not _is_anonymous(call):
            yield call


def _is_anonymous(call: Call) -> bool:
    return getattr(call.args[0], "kind", "") == "nil"


# ── kept by an object ────────────────────────────────────────────────────────────────────────────────────────────────


def _kept_findings(rule: Rule, program: Program, found: Kept) -> Iterator[Finding]:
    assert found.holder is not None
    ends = found.names(ENDS)
    owner = found.holder.owner
    if any(not _is_last(program, act.ref) for act in ends) or found.escaped or _is_static(program, found):
        return
    if not ends:
        if anybody(program, owner, ENDS):
            return
        yield rule.finding(around.place_of(found.ref, found.node), holes=_holes(found))
    for act in found.names(HANDLERS):
        if act.value is not None and _keeps(program, act, act.value):
            holes = {**_holes(found), "handler": _handler(act), "closure": _place(act.ref, act.value)}
            yield rule.finding(_place(act.ref, act.node), variant="c", holes=holes)


def _is_last(program: Program, ref: UnitRef) -> bool:
    """Whether a function runs when its object goes away: it cannot while something keeps the object."""
    function = program.function(ref)
    return function is not None and function.kind == "deinitializer"


def _is_static(program: Program, found: Kept) -> bool:
    assert found.holder is not None
    for word in (found.holder.name, f"_{found.holder.name}"):
        for ref in members(program, found.holder.owner, word):
            unit = program.unit(ref)
            if isinstance(unit, Variable) and unit.is_static:
                return True
    return False


def _keeps(program: Program, act: Act, handler: Expr) -> bool:
    """Whether a handler keeps the object that keeps the connection. Value types are copied, not kept."""
    owner = _owner(program, act.ref)
    if {unit.kind for _, unit in declarations(program, owner)} & {"struct", "enum"}:
        return False
    if isinstance(handler, Closure):
        return bool(strong_uses(program, act.ref, handler))
    return bool(owner) and bool(method_of_self(program, act.ref, handler))


def _owner(program: Program, ref: UnitRef) -> str:
    unit = program.unit(ref)
    return unit.owner if isinstance(unit, Function | Variable) else ""


def _handler(act: Act) -> str:
    return "event handler" if act.name.startswith("xpc_") else act.name


# ── made for one use ─────────────────────────────────────────────────────────────────────────────────────────────────


def _ends_process(program: Program, ref: UnitRef, unit: Function | Variable) -> bool:
    """Whether the process goes before the connection would: a tool's main code, or a function that exits."""
    if isinstance(unit, Variable) or unit.kind == "toplevel" or unit.name == "main" or "@main" in unit.attributes:
        return True
    if NEVER & {node.name for node in walk(code_of(program, ref)) if isinstance(node, Call)}:
        return True
    if program.function(UnitRef(ref.path, "F main")) is not None:
        return True
    programs = programs_of(program, ref.path)
    return bool(programs) and all("tool" in each.product_type for each in programs)


def _suspended(rule: Rule, program: Program, found: Kept) -> Iterator[Finding]:
    """A suspended connection must be resumed before it is invalidated."""
    suspended: dict[UnitRef, bool] = {}
    for act in sorted(found.acts, key=lambda each: (each.ref, each.node.start)):
        if act.name in ("suspend", "xpc_connection_suspend"):
            suspended[act.ref] = True
        elif act.name in STARTS:
            suspended[act.ref] = False
        elif act.name in ENDS and suspended.get(act.ref) and isinstance(act.node, Call):
            holes = {**_holes(found), "end": _place(act.ref, act.node)}
            target: Expr | None = act.node.target or (act.node.args[0] if act.node.args else None)
            if target is not None and act.node.target is not None:
                holes["connection"] = _place(act.ref, target)
            yield rule.finding(_place(act.ref, act.node), "certain", variant="d", holes=holes)


def _holes(found: Kept) -> dict[str, str | Place]:
    name = found.holders[0].name if found.holders else "the connection"
    owner = found.holder.owner if found.holder is not None else ""
    raw = isinstance(found.node, Call) and found.node.name in RAW
    kept_as = found.holder.name if found.holder is not None else name
    return {
        "name": kept_as,
        "owner": owner or "its owner",
        "ended": "cancelled" if raw else "invalidated",
        "end-call": "xpc_connection_cancel" if raw else "invalidate",
    }


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
