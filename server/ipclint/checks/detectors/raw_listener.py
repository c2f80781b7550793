"""XPC102: libxpc listeners and XPCListener sessions that serve every peer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.identity import judges_by_pid
from ipclint.checks.detectors.older_system import is_for_older_systems
from ipclint.checks.detectors.peer_reach import reaches
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Confidence, Finding, Place, Severity, Step
from ipclint.model.ir import Assign, Call, Closure, Expr, Member, Name, Node, children, walk
from ipclint.program.configuration import is_privileged, programs_of
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import ancestors, callers, calls_in, declarations, owner_of, resolve, scope, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.surface import opens_listener
from ipclint.program.types import base_type

SETS_HANDLER = "xpc_connection_set_event_handler"
EVIDENCE = frozenset(
    {"requirement", "code", "static-code", "audited-uid", "entitlement", "certificates", "signing-information"}
)
MAX_FUNCTIONS = 200  # reached from one listener
_JUDGES = re.compile(r"^(?!xpc_|Sec[A-Z]).*(?:entitle|authori[sz]|trust|valid|allow|permi)", re.I)
OBJECTS = frozenset({"xpc_object_t", "XPCReceivedMessage", "XPCDictionary"})


class Creation(NamedTuple):
    """Where a listener is made: its call, the service's name ("" when unknown), and which API it is."""

    call: Call
    service: str
    kind: str  # "mach-service", "main", "session"


@detector("raw-listener-without-peer-requirement", on="function")
@detector("raw-listener-without-peer-requirement", on="variable")
def raw_listener_without_peer_requirement(
    rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable
) -> Iterator[Finding]:
    for creation in _creations(program, ref):
        around = family(program, ref)
        if (
            creation.kind == "mach-service"
            and _handler(program, around) is None
            and _is_given_away(program, ref, creation)
        ):
            around = tuple(
                sorted({*around, *(each for site in callers(program, ref) for each in family(program, site.caller))})
            )
        evidence = frozenset[str]().union(*(reaches(program, member) for member in around))
        if evidence & EVIDENCE or ("pid" in evidence and any(judges_by_pid(program, member) for member in around)):
            continue  # who the peer is by its process id is asked in vain: XPC103 says why
        handled = _handler(program, around)
        if handled is None and creation.kind == "mach-service":
            continue  # made here, served by code that is not
        place, dispatcher = handled or (_place(ref, creation.call), "")
        severity, confidence = _weight(program, ref, creation, "uid" in evidence)
        if _asks_elsewhere(program, around):
            confidence = "hint"
        service = f"“{creation.service}”" if creation.service else "this service"
        yield rule.finding(
            place,
            confidence,
            severity=severity,
            context="uid-only" if "uid" in evidence else "",
            holes={"service": service, "dispatcher": dispatcher or "its handler"},
            steps=(Step(_place(ref, creation.call), f"the listener for {service} is created here"),),
        )


def _creations(program: Program, ref: UnitRef) -> Iterator[Creation]:
    for call in calls_in(program, ref):
        if opens_listener(program, ref, call):
            yield Creation(call, _text(program, ref, call.args[0]), "mach-service")
        elif call.name == "xpc_main":
            yield Creation(call, "", "main")
        elif call.name == "xpc_listener_create" and call.args:
            yield Creation(call, _text(program, ref, call.args[0]), "session")
        elif call.name == "XPCListener" and "service" in call.labels and "requirement" not in call.labels:
            if not is_for_older_systems(program, ref, call):
                yield Creation(call, _text(program, ref, call.args[call.labels.index("service")]), "session")


def _is_given_away(program: Program, ref: UnitRef, creation: Creation) -> bool:
    """Whether the listener is made for the caller: it is returned, or kept where other functions see it."""
    function = program.function(ref)
    if function is not None and base_type(function.returns) == "xpc_connection_t":
        return True
    return any(
        isinstance(node, Assign)
        and any(inner is creation.call for inner in walk(node.value))
        and not (isinstance(node.target, Name) and node.target.text in scope(program, ref))
        for node in walk(program.body(ref))
    )


def _text(program: Program, ref: UnitRef, expr: Expr) -> str:
    text = fold(program, ref, expr)[0]
    return "" if HOLE in text else text


@query(bottom=())
def family(program: Program, ref: UnitRef) -> tuple[UnitRef, ...]:
    """The functions that can run for a listener made here: callees, handlers by name, the methods of its type and
    above.
    """
    found: dict[UnitRef, None] = {ref: None}
    todo = [ref, *_siblings(program, ref)]
    while todo and len(found) < MAX_FUNCTIONS:
        at = todo.pop()
        found[at] = None
        for call in calls_in(program, at):
            callees = list(resolve(program, at, call).refs)
            for argument in call.args:  # xpc_main(handler), set_event_handler_f(connection, handler)
                if isinstance(argument, Name):
                    callees.extend(program.functions_named(argument.text))
            todo.extend(callee for callee in callees if callee not in found)
    return tuple(sorted(found))


def _siblings(program: Program, ref: UnitRef) -> Iterator[UnitRef]:
    owner = owner_of(program, ref)
    for name in sorted({owner, *ancestors(program, owner)}) if owner else ():
        for _, declaration in declarations(program, name):
            for member in program.members_of(declaration.qualified):
                function = program.function(member)
                if function is not None and function.body:
                    yield member


def _handler(program: Program, family: tuple[UnitRef, ...]) -> tuple[Place, str] | None:
    """Where messages are handled: a function that is given a connection and a message, else an event handler's call."""
    inline: list[tuple[bool, Place]] = []
    for member in family:
        function = program.function(member)
        types = [base_type(param.type) for param in function.params] if function is not None else []
        if function is not None and "xpc_connection_t" in types and any(name in OBJECTS for name in types):
            return Place(member.path, member.key, *function.name_span), function.name
        for call in calls_in(program, member):
            handler = call.args[1] if call.name == SETS_HANDLER and len(call.args) > 1 else None
            if isinstance(handler, Closure) and _handles_messages(handler):
                inline.append((_takes_peers(handler), _place(member, call)))
    return (min(inline, key=lambda found: found[0])[1], "") if inline else None


def _takes_peers(handler: Closure) -> bool:
    """Whether a handler sets those of the peers that it is handed: the messages come to these."""
    return any(isinstance(node, Call) and node.name == SETS_HANDLER for node in walk(handler.body))


def _handles_messages(handler: Closure) -> bool:
    """Not a listener's own handler that only passes peers on, nor one that ignores what comes."""
    words = {node.name for node in _here(handler) if isinstance(node, Call)}
    return any(word.startswith(("xpc_dictionary_get", "xpc_dictionary_create_reply")) for word in words) or bool(
        words - {"xpc_get_type", SETS_HANDLER, "xpc_connection_resume", "xpc_connection_activate"}
    )


def _here(handler: Closure) -> Iterator[Node]:
    """The nodes of a handler, without those of the handlers that it sets itself."""
    stack: list[Node] = list(handler.body)
    while stack:
        node = stack.pop()
        yield node
        if not (isinstance(node, Call) and node.name == SETS_HANDLER):
            stack.extend(children(node))


def _weight(program: Program, ref: UnitRef, creation: Creation, uid: bool) -> tuple[Severity, Confidence]:
    programs = programs_of(program, ref.path)
    if programs and all(target.is_embedded_service for target in programs):
        return "info", "hint"
    if uid:
        return "low", "certain"
    if creation.kind == "main" and not is_privileged(program, ref.path):
        return "low", "hint"
    return ("critical" if is_privileged(program, ref.path) else "high"), "certain"


def _asks_elsewhere(program: Program, family: tuple[UnitRef, ...]) -> bool:
    """Whether a connection is handed to a function without code here, which by its name may judge who is there."""
    return any(
        _JUDGES.search(call.name)
        and any(_is_connection(program, member, argument) for argument in call.args)
        and not resolve(program, member, call).refs
        for member in family
        for call in calls_in(program, member)
    )


def _is_connection(program: Program, ref: UnitRef, argument: Expr) -> bool:
    known = base_type(type_of(program, ref, argument))
    name = argument.name if isinstance(argument, Member) else argument.text if isinstance(argument, Name) else ""
    return known == "xpc_connection_t" or (not known and "connection" in name.lower())


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
