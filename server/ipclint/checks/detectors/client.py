"""XPC111: a client that does not ask who owns the service it sends to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.peer_apis import REQUIREMENT_SETTERS
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Finding, Place, Step
from ipclint.model.ir import Call, Collection, Expr, Literal, Member, Name, Node, walk
from ipclint.program.configuration import targets
from ipclint.program.constants import HOLE, fold
from ipclint.program.launchd import Job
from ipclint.program.link import callers, calls_in, code_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import Holder, holders_of, opens_listener, users_of, variable_named

PRIVILEGED = frozenset({"privileged", "NSXPCConnectionPrivileged", "XPC_CONNECTION_MACH_SERVICE_PRIVILEGED"})
FAMILIES = {
    "NSXPCConnection": "NSXPCConnection",
    "initWithMachServiceName:options:": "NSXPCConnection",
    "XPCSession": "XPCSession",
}


class Client(NamedTuple):
    """A connection to a Mach service, where it is made. `service` is "" when unknown."""

    call: Call
    service: str
    options: Expr | None


@detector("client-does-not-authenticate-service", on="function")
@detector("client-does-not-authenticate-service", on="variable")
def client_does_not_authenticate_service(
    rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable
) -> Iterator[Finding]:
    for client in _clients(program, ref):
        if client.service.startswith("com.apple."):
            continue
        job = _daemon(program, client.service)
        service = f"“{client.service}”" if client.service else "the service"
        if job is not None and not _is_privileged(client):
            step = Step(
                Place(job.facts.path, "", 0, 0),
                f"{service} is a daemon's, so an agent of the user could claim the name first",
            )
            yield rule.finding(
                _place(ref, client.call),
                "certain",
                variant="b",
                context="not-privileged",
                holes={"service": service},
                steps=(step,),
            )
        elif not _requires(program, ref, client):
            context = "privileged" if _is_privileged(client) else ""  # only root could claim the name
            yield rule.finding(_place(ref, client.call), "likely", context=context, holes={"service": service})


def _clients(program: Program, ref: UnitRef) -> Iterator[Client]:
    for call in calls_in(program, ref):
        if call.name in ("NSXPCConnection", "XPCSession") and call.labels[:1] in (
            ("machServiceName",),
            ("machService",),
        ):
            if "requirement" not in call.labels:
                yield Client(call, _text(program, ref, call.args[0]), call.args[1] if len(call.args) > 1 else None)
        elif call.name == "initWithMachServiceName:options:":
            yield Client(call, _text(program, ref, call.args[0]), call.args[1])
        elif (
            call.name == "xpc_connection_create_mach_service"
            and len(call.args) > 2
            and not opens_listener(program, ref, call)
        ):
            yield Client(call, _text(program, ref, call.args[0]), call.args[2])


def _text(program: Program, ref: UnitRef, expr: Expr) -> str:
    text = fold(program, ref, expr)[0]
    return "" if HOLE in text else text


def _names(expr: Expr, words: set[str] | frozenset[str]) -> bool:
    return any(
        (isinstance(n, Name) and n.text in words) or (isinstance(n, Member) and n.name in words) for n in walk(expr)
    )


def _is_privileged(client: Client) -> bool:
    """Whether the connection asks for the system's service; an option that is computed is taken at its best."""
    options = client.options
    if options is None or isinstance(options, Collection):
        return options is not None and _names(options, PRIVILEGED)
    return not isinstance(options, Literal) and (_names(options, PRIVILEGED) or isinstance(options, Name | Call))


def _daemon(program: Program, service: str) -> Job | None:
    known = targets(program)
    if known is None or not service:
        return None
    return next((job for job in known.jobs if job.is_root and service in job.services), None)


def _requires(program: Program, ref: UnitRef, client: Client) -> bool:
    """Whether a requirement is set on the connection, wherever it is kept; unknown places count as yes."""
    holders = holders_of(program, ref, client.call)
    if not holders:
        if any(call.name in REQUIREMENT_SETTERS for call in calls_in(program, ref)):
            return True
        return _is_returned(program, ref, client.call) and _may_be_required_by_callers(program, ref)
    return any(_sets_requirement(program, ref, holder) for holder in holders)


def _sets_requirement(program: Program, ref: UnitRef, holder: Holder) -> bool:
    for user in users_of(program, ref, holder):
        for call in calls_in(program, user):
            if call.name in REQUIREMENT_SETTERS:
                on = call.args[0] if call.name.startswith("xpc_") and call.args else call.target
                if variable_named(program, user, on) == holder:
                    return True
    return False


def _is_returned(program: Program, ref: UnitRef, call: Call) -> bool:
    """A factory: its callers decide what is set on the connection."""
    return any(
        type(node).__name__ == "Return" and any(n is call for n in walk(node)) for node in walk(code_of(program, ref))
    )


def _may_be_required_by_callers(program: Program, ref: UnitRef) -> bool:
    """Whether somebody in the files that use a factory sets a requirement; without callers here, who knows."""
    files = {site.caller.path for site in callers(program, ref)}
    words = {name.partition(":")[0] for name in REQUIREMENT_SETTERS}
    return not files or any(user.path in files for word in words for user in program.mentioning(word))


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
