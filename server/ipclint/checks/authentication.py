"""What authenticates the peer of an endpoint, in the words of the surface map."""

from __future__ import annotations

from typing import Literal as OneOf

from ipclint.checks.detectors.peer_evidence import ACCEPTORS, EXCUSES, STRONG, Guard, guard
from ipclint.program.endpoints import Endpoint
from ipclint.program.link import declarations
from ipclint.program.program import Program

Authentication = OneOf["code signature", "weak", "nothing", "unknown", "not applicable"]


def authentication(program: Program, endpoint: Endpoint) -> Authentication:
    """Of a listener, what holds on every path that accepts; "weak" for evidence that is not a code signature.

    Only an NSXPCListener is judged: what a libxpc handler checks of a message is "unknown" here.
    """
    if endpoint.kind == "URL scheme":
        return "nothing"
    if endpoint.kind == "libxpc listener":
        return "unknown"
    if endpoint.listener is None:
        return "not applicable"
    if endpoint.listener.requirement is not None:
        return "code signature"
    guards = [
        guard(program, member)
        for delegate in endpoint.listener.delegates
        for _, declaration in declarations(program, delegate)
        for member in program.members_of(declaration.qualified)
        if (function := program.function(member)) is not None and function.selector in ACCEPTORS and function.body
    ]
    answers = set(map(_answer, guards))
    worst_first: tuple[Authentication, ...] = ("nothing", "unknown", "weak", "code signature")
    for answer in worst_first:
        if answer in answers:
            return answer
    return "unknown"


def _answer(found: Guard) -> Authentication:
    if found.open or (found.kinds and found.kinds <= EXCUSES):
        return "nothing"
    if found.unknown or not found.kinds:
        return "unknown"
    return "code signature" if found.kinds <= STRONG else "weak"
