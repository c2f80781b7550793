"""A code requirement for those who connect: on each connection that a delegate accepts, or on the listener itself."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.builders.peer import always_ventura, required, requirement_text
from ipclint.checks.detectors.listener import admission
from ipclint.checks.detectors.peer_apis import ACCEPTORS
from ipclint.checks.detectors.peer_evidence import guard
from ipclint.checks.fix import Sources
from ipclint.model.facts import Function
from ipclint.model.finding import Fix, Place
from ipclint.model.ir import Call, Evaluate, walk
from ipclint.program.link import code_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import Listener, holders_of, listeners, users_of, variable_named

STARTS = frozenset({"resume", "activate"})


def requirement_of_client(program: Program, ref: UnitRef, function: Function, sources: Sources) -> Iterator[Fix]:
    """For a delegate that accepts connections: a requirement before the connection is resumed."""
    if function.selector not in ACCEPTORS or "requirement" in guard(program, ref).kinds:
        return
    holes = admission(program, ref, function)
    resume, connection = holes.get("resume"), holes.get("connection")
    if isinstance(resume, Place) and isinstance(connection, str):
        text = required(program, ref.path, connection)
        if text is not None:
            edit = sources.insert_before(resume, text)
            yield Fix("Require a code signature of every client", False, (edit,))


def requirement_of_listener(program: Program, ref: UnitRef, sources: Sources) -> Iterator[Fix]:
    """For a listener that is made here: a requirement before it is resumed, in force for every connection.

    Not for the listener of an embedded service, which does not take one, and only from macOS 13 on.
    """
    if not always_ventura(program, ref.path):
        return
    for listener in (each for each in listeners(program) if each.ref == ref and _takes_one(each)):
        for place, name in _starts(program, listener, sources):
            text = requirement_text(program, place.path)
            swift = place.path.endswith(".swift")
            call = (
                "{}.setConnectionCodeSigningRequirement({})"
                if swift
                else "[{} setConnectionCodeSigningRequirement:{}];"
            )
            edit = sources.insert_before(place, call.format(name, text))
            yield Fix("Require a code signature of every client, at the listener", False, (edit,))


def _takes_one(listener: Listener) -> bool:
    return listener.requirement is None and listener.kind in ("mach-service", "anonymous")


def _starts(program: Program, listener: Listener, sources: Sources) -> Iterator[tuple[Place, str]]:
    """The statement that resumes a listener, and the variable as it stands there; nothing unless there is just one."""
    found: dict[Place, str] = {}
    for holder in holders_of(program, listener.ref, listener.node):
        for user in users_of(program, listener.ref, holder):
            for node in walk(code_of(program, user)):
                if not (isinstance(node, Evaluate) and isinstance(node.value, Call) and node.value.name in STARTS):
                    continue
                target = node.value.target
                if target is not None and variable_named(program, user, target) == holder:
                    place = Place(user.path, user.key, target.start, target.end)
                    found[Place(user.path, user.key, node.start, node.end)] = sources.text(place)
    if len(found) == 1:
        yield from found.items()
