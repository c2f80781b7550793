"""XPC301: sessions and listeners of libxpc's newer API that are made inactive and never activated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks import around
from ipclint.checks.connections import Act, Kept, anybody, kept
from ipclint.checks.rule import Rule
from ipclint.model.finding import Confidence, Finding, Place
from ipclint.model.ir import Block, Call, Evaluate, If, Let, Member, Name, Node, Operator, Stmt, walk
from ipclint.program.link import calls_in
from ipclint.program.program import Program, UnitRef

SESSIONS = frozenset({"XPCSession", "xpc_session_create_xpc_service", "xpc_session_create_mach_service"})
LISTENERS = frozenset({"XPCListener", "xpc_listener_create"})
INACTIVE = frozenset({"inactive", "XPC_SESSION_CREATE_INACTIVE", "XPC_LISTENER_CREATE_INACTIVE"})
STARTS = frozenset({"activate", "xpc_session_activate", "xpc_listener_activate"})
SETTERS = ("set", "xpc_session_set_", "xpc_listener_set_")
IDLE = frozenset({"xpc_retain", "xpc_release", "description", "xpc_session_copy_description"})
"""What is no use of a session."""


class Fitting(NamedTuple):
    """Where a session is to be activated: behind a statement that prepares it, or before the first that uses it."""

    statement: Stmt
    behind: bool


def never_activated(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    """The sessions and listeners that a unit makes inactive and that nobody activates."""
    for call in calls_in(program, ref):
        if call.name not in SESSIONS | LISTENERS or not _is_inactive(call):
            continue
        found = kept(program, ref, call)
        if not found.holders or found.escaped or found.names(STARTS):
            continue
        if found.holder is not None and anybody(program, found.holder.owner, STARTS):
            continue
        listens = call.name in LISTENERS
        if not listens and not any(act.name not in IDLE for act in found.acts):
            continue  # where it is used is not here
        confidence: Confidence = "likely" if found.holder is not None else "certain"
        holes: dict[str, str | Place] = {"name": (found.holder or found.holders[0]).name}
        place = around.place_of(ref, call)
        context = "listener" if listens else "session"
        yield rule.finding(place, confidence, context=context, holes={**holes, **_fitting(program, found, call)})


def _is_inactive(call: Call) -> bool:
    words = {node.text if isinstance(node, Name) else node.name for each in call.args for node in _plain(each)}
    return not words.isdisjoint(INACTIVE)


def _plain(argument: Node) -> Iterator[Name | Member]:
    """The names in an argument that is no closure."""
    nodes = tuple(walk(argument))
    if not any(isinstance(node, Stmt) for node in nodes):
        yield from (node for node in nodes if isinstance(node, Name | Member))


def _fitting(program: Program, found: Kept, call: Call) -> dict[str, str | Place]:
    """Where to activate what a local holds, and how: in Swift it throws, so only where the making may throw too."""
    ref = found.ref
    local = next((holder for holder in found.holders if holder.ref is not None), None)
    path = around.path_to(program, ref, call)
    swift = ref.path.endswith(".swift")
    if local is None or (swift and not any(isinstance(node, Operator) and node.op == "try" for node in path)):
        return {}
    spot = _spot(program, found, around.statement_in(path))
    if spot is None:
        return {}
    kind = "listener" if call.name in LISTENERS else "session"
    text = f"try {local.name}.activate()" if swift else f"xpc_{kind}_activate({local.name}, NULL);"
    return {"behind" if spot.behind else "before": _place(ref, spot.statement), "call": text}


def _spot(program: Program, found: Kept, made: Node | None) -> Fitting | None:
    """In C a session may be NULL, and it is asked before it is prepared or used."""
    block = next((block for block in around.blocks_of(program, found.ref) if made in block), ())
    acts = [act for act in found.acts if act.ref == found.ref and act.name not in IDLE]
    made_by = Fitting(made, True) if isinstance(made, Let) and found.ref.path.endswith(".swift") else None
    return _spot_in(block, acts, made_by)


def _spot_in(block: Block, acts: list[Act], spot: Fitting | None) -> Fitting | None:
    for statement in block:
        here = [act for act in acts if statement.start <= act.node.start and act.node.end <= statement.end]
        if not here:
            continue
        if isinstance(statement, If) and statement.then and here[0].node.start >= statement.then[0].start:
            return _spot_in(statement.then, here, None) if len(here) == len(acts) else None
        if not isinstance(statement, Evaluate) or not all(act.name.startswith(SETTERS) for act in here):
            return Fitting(statement, False)
        spot = Fitting(statement, True)
    return spot


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
