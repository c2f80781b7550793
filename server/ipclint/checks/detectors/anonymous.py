"""XPC112: endpoints of anonymous listeners that are handed out while the listener asks nobody who comes."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks import around
from ipclint.checks.connections import Act, Kept, kept
from ipclint.checks.detectors import detector
from ipclint.checks.detectors.peer_apis import EXCUSES, REQUIREMENT_SETTERS
from ipclint.checks.detectors.peer_evidence import guard
from ipclint.checks.detectors.peer_reach import acceptors_of, reaches
from ipclint.checks.detectors.raw_listener import EVIDENCE, family
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Confidence, Finding, Place, Step
from ipclint.model.ir import Assign, Call, Closure, Let, Literal, Member, Name, Node, Return, walk
from ipclint.program.configuration import programs_of
from ipclint.program.link import calls_in, code_of, owner_of, scope
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import Listener, is_exported, listeners

STARTS = frozenset({"resume", "activate"})
OWN_USE = frozenset({"NSXPCConnection", "init", "initWithListenerEndpoint:", "xpc_connection_create_from_endpoint"})
"""Calls that connect to the endpoint in the same process."""
VENDS = ("makeListenerEndpoint",)
ARCHIVES = ("archivedData", "encode", "xpc_dictionary_set_value", "xpc_array_set_value", "xpc_array_append_value")


@detector("anonymous-endpoint-vended", on="function")
@detector("anonymous-endpoint-vended", on="variable")
def anonymous_endpoint_vended(
    rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable
) -> Iterator[Finding]:
    for listener in listeners(program):
        if listener.ref == ref and listener.kind == "anonymous" and not _checks_peers(program, listener):
            yield from _vended(rule, program, kept(program, ref, listener.node), listener)
    for call in calls_in(program, ref):
        if call.name == "xpc_connection_create" and call.args and _is_nil(call):
            evidence = frozenset[str]().union(*(reaches(program, member) for member in family(program, ref)))
            if not evidence & EVIDENCE:
                yield from _vended(rule, program, kept(program, ref, call), None)


def _is_nil(call: Call) -> bool:
    return isinstance(call.args[0], Literal) and call.args[0].kind == "nil"


def _checks_peers(program: Program, listener: Listener) -> bool:
    """Whether the listener has a requirement, or its delegates look at whom they let in; unknown delegates may."""
    if listener.requirement is not None or not listener.delegates:
        return True
    for delegate in listener.delegates:
        acceptors = acceptors_of(program, [delegate])
        if not acceptors:
            return True
        for ref in acceptors:
            found = guard(program, ref)
            if found.open or (found.kinds and found.kinds <= EXCUSES):
                return False
    return True


# ── where the endpoint goes ──────────────────────────────────────────────────────────────────────────────────────────


def _vended(rule: Rule, program: Program, found: Kept, listener: Listener | None) -> Iterator[Finding]:
    ways = [
        way
        for act in found.acts
        if act.name in ("endpoint", "xpc_endpoint_create")
        if (way := _way(program, act)) is not None
    ]
    if not ways:
        return
    at, confidence, how = min(ways, key=lambda way: way[1] != "likely")
    if _is_restricted(program, found) or _channel_is_checked(program, at):
        confidence = "hint"
    platforms = {platform for target in programs_of(program, found.ref.path) for platform in target.platforms}
    context = "ios" if platforms and "macos" not in platforms else ""
    start = next((act for act in found.names(STARTS)), None)
    holes: dict[str, str | Place] = {
        "name": (found.holder or found.holders[0]).name if found.holders else "the listener"
    }
    if start is not None and listener is not None and isinstance(start.node, Call) and start.node.target is not None:
        statement = around.statement_in(around.path_to(program, start.ref, start.node)) or start.node
        holes["resume"] = _place(start.ref, statement)
        holes["connection"] = _place(start.ref, start.node.target)
    yield rule.finding(
        around.place_of(found.ref, found.node), confidence, context=context, holes=holes, steps=(Step(at, how),)
    )


def _way(program: Program, act: Act) -> tuple[Place, Confidence, str] | None:
    """How an endpoint leaves the function that reads it; None when it does not."""
    path = around.path_to(program, act.ref, act.node)
    unit = program.unit(act.ref)
    place = _place(act.ref, act.node)
    if isinstance(unit, Function) and unit.name.startswith(VENDS):
        return place, "likely", "the endpoint is given to whoever asks for the service"
    for node in reversed(path[:-1]):
        match node:
            case Call(name=name) if name in OWN_USE:
                return None
            case Call():
                return place, *_by_call(program, act.ref, node)
            case Closure() | Return():
                return place, "hint", "the endpoint is returned here"
            case Let(names=(name,)) | Assign(target=Name(text=name)):
                return _by_local(program, act, name)
            case Assign():
                return place, "hint", "the endpoint is kept here"
            case _:
                pass
    return (place, "hint", "the endpoint is returned here") if isinstance(unit, Function) and unit.returns else None


def _by_local(program: Program, act: Act, name: str) -> tuple[Place, Confidence, str] | None:
    """What is done with a local that the endpoint was put into."""
    for node in walk(code_of(program, act.ref)):
        if isinstance(node, Call) and any(isinstance(arg, Name) and arg.text == name for arg in node.args):
            if node.name not in OWN_USE and not node.name.startswith(("xpc_release", "xpc_retain")):
                return _place(act.ref, node), *_by_call(program, act.ref, node)
        elif isinstance(node, Return) and isinstance(node.value, Name) and node.value.text == name:
            return _place(act.ref, node), "hint", "the endpoint is returned here"
    return None


def _by_call(program: Program, ref: UnitRef, call: Call) -> tuple[Confidence, str]:
    if call.name.startswith(ARCHIVES):
        return "likely", "the endpoint is put into a message or an archive"
    words = {n.name for n in around.origins(program, ref, call.target) if isinstance(n, Call | Member)}
    if any("emoteObjectProxy" in word for word in words):
        return "likely", "the endpoint is sent to another process"
    replies = call.target is None and any(binding.kind == "param" for binding in scope(program, ref).get(call.name, ()))
    if replies and is_exported(program, ref):
        return "likely", "the endpoint is the reply to another process"
    return "hint", "the endpoint is handed on here"


def _is_restricted(program: Program, found: Kept) -> bool:
    """A file provider's service that says itself who may see it."""
    owner = owner_of(program, found.ref)
    return any(program.members_named(owner, name) for name in ("isRestricted", "restricted")) if owner else False


def _channel_is_checked(program: Program, at: Place) -> bool:
    """Whether the code that hands it out requires something of its peers on the way."""
    words = {word.partition(":")[0] for word in (*REQUIREMENT_SETTERS, "setConnectionCodeSigningRequirement")}
    units = program.units(at.path).values()
    return any(isinstance(unit, Function) and words & set(unit.mentions) for unit in units)


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
