"""XPC104 and XPC115: the caller's identity, read when another caller may be the current one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.detectors import detector
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function
from ipclint.model.finding import Finding, Place, Step
from ipclint.model.ir import Assign, Call, Closure, Member, Name, Node, Text, children, walk
from ipclint.program.link import calls_in, scope, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import is_exported
from ipclint.program.types import base_type

# Calls that run the closure they are given later, on another queue or task.
HOPS = frozenset(
    {
        "async",
        "asyncAfter",
        "asyncAndWait",
        "dispatch_async",
        "dispatch_after",
        "dispatch_barrier_async",
        "dispatch_group_async",
        "Task",
        "detached",
        "addOperation",
        "addOperationWithBlock:",
        "addTask",
        "perform",
        "performBlock:",
        "scheduledTimer",
        "addBarrierBlock",
        "xpc_connection_send_message_with_reply",
    }
)
REMOTE = "xpc_dictionary_get_remote_connection"
REPLY_SENDERS = frozenset({"xpc_connection_send_message_with_reply", "xpc_connection_send_message_with_reply_sync"})


class Hopped(NamedTuple):
    """A node inside a closure that runs later, and the call that takes the closure."""

    node: Node
    hop: Call


def hopped(body: tuple[Node, ...]) -> Iterator[Hopped]:
    """Every node of a body that runs after a hop."""
    stack: list[tuple[Node, Call | None]] = [(node, None) for node in body]
    while stack:
        node, hop = stack.pop()
        if hop is not None:
            yield Hopped(node, hop)
        for child in children(node):
            inner = node if isinstance(node, Call) and isinstance(child, Closure) and node.name in HOPS else hop
            stack.append((child, inner))


@detector("connection-audit-token-read-outside-handler", on="function")
def audit_token_read_outside_handler(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    for found in hopped(program.body(ref)):
        read = _token_read(program, ref, found.node)
        if read:
            yield rule.finding(
                _place(ref, found.node),
                "certain",
                holes={"read": read, "hop": found.hop.name.partition(":")[0]},
                steps=(
                    Step(_place(ref, found.hop), "what follows runs later, when another message may be the latest"),
                ),
            )
    replies = [call for call in calls_in(program, ref) if call.name in REPLY_SENDERS]
    for call in calls_in(program, ref):
        if call.name == "xpc_connection_get_audit_token" and any(reply.start < call.start for reply in replies):
            yield rule.finding(_place(ref, call), "likely", holes={"read": call.name, "hop": replies[0].name})


def _token_read(program: Program, ref: UnitRef, node: Node) -> str:
    if isinstance(node, Call) and node.name == "xpc_connection_get_audit_token":
        return node.name
    if isinstance(node, Member) and node.name == "auditToken" and _is_connection(program, ref, node):
        return "auditToken"
    if isinstance(node, Call) and node.name in ("value", "valueForKey:") and node.args:
        key = node.args[0]
        if isinstance(key, Text) and key.value in ("auditToken", "_auditToken"):
            return "auditToken"
    return ""


def _is_connection(program: Program, ref: UnitRef, node: Member) -> bool:
    text = base_type(type_of(program, ref, node.base))
    return text.endswith("XPCConnection") or (
        not text and isinstance(node.base, Name) and "connection" in node.base.text.lower()
    )


@detector("caller-identity-read-after-hop", on="function")
def caller_identity_read_after_hop(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    decides = bool({"processIdentifier", "auditToken", "effectiveUserIdentifier"} & set(unit.mentions))
    for found in hopped(program.body(ref)):
        if _reads_current(found.node):
            yield rule.finding(
                _place(ref, found.node),
                "certain",
                severity="high" if decides else "low",
                holes={"hop": found.hop.name.partition(":")[0]},
                steps=(Step(_place(ref, found.hop), "what follows runs after the call has returned"),),
            )
    yield from _remote_connection_kept(rule, program, ref, unit)
    if "async" in unit.modifiers and is_exported(program, ref):
        inside = {id(found.node) for found in hopped(program.body(ref))}
        for node in walk(program.body(ref)):
            if _reads_current(node) and id(node) not in inside:
                yield rule.finding(
                    _place(ref, node),
                    "certain",
                    severity="high" if decides else "low",
                    context="async",
                    holes={"hop": unit.name},
                )


def _remote_connection_kept(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """The connection that a message came over, put where a later message finds it."""
    if REMOTE not in unit.mentions:
        return
    locals_here = scope(program, ref)
    for node in walk(program.body(ref)):
        if not isinstance(node, Assign) or not any(isinstance(n, Call) and n.name == REMOTE for n in walk(node.value)):
            continue
        kept = node.target.name if isinstance(node.target, Member) else ""
        if isinstance(node.target, Name) and node.target.text not in locals_here:
            kept = node.target.text
        if kept:
            yield rule.finding(_place(ref, node), "certain", severity="low", context="kept", holes={"hop": kept})


def _reads_current(node: Node) -> bool:
    return (
        isinstance(node, Call)
        and node.name in ("current", "currentConnection")
        and isinstance(node.target, Name)
        and node.target.text == "NSXPCConnection"
    )


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
