"""What is checked of whoever connects, in a few words: “code requirement (team)”, “process id only”, “not checked”."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.authentication import authentication
from ipclint.checks.detectors.code_requirement import weakest
from ipclint.checks.detectors.peer_evidence import EXCUSES, REQUIREMENT_SETTERS, guard
from ipclint.checks.requirement import Grade, Verdict
from ipclint.model.ir import Call
from ipclint.program.constants import fold
from ipclint.program.endpoints import Endpoint
from ipclint.program.link import calls_in, resolve
from ipclint.program.program import Program, UnitRef

LISTENER_SETTERS = frozenset({"setConnectionCodeSigningRequirement", "setConnectionCodeSigningRequirement:"})
MAKERS = frozenset({"SecRequirementCreateWithString", "SecRequirementCreateWithStringAndErrors"})
HELPERS_DEEP = 2

_WORDS = {
    "requirement": "code requirement",
    "code": "code signature",
    "static-code": "code on disk",
    "pid": "process id",
    "uid": "user id",
    "audited-uid": "user id",
    "own-process": "own process",
    "certificates": "certificates alone",
    "signing-information": "signing information",
    "entitlement": "entitlement",
    "bundle-id": "bundle id",
}
_SETTERS = {
    "xpc_connection_set_peer_team_identity_requirement": "team",
    "xpc_connection_set_peer_platform_identity_requirement": "Apple",
    "xpc_connection_set_peer_entitlement_exists_requirement": "entitlement",
    "xpc_connection_set_peer_entitlement_matches_value_requirement": "entitlement",
}


class Peer(NamedTuple):
    """`check` says what decides, "" where nobody is let in or kept out; `holds` whether strangers stay outside."""

    check: str
    holds: bool = False


NOBODY = Peer("")


def peer_of(program: Program, endpoint: Endpoint, acceptors: tuple[UnitRef, ...]) -> Peer:
    """What is checked of the peer of an endpoint: of a listener's clients, or of the listener by its client."""
    answer = authentication(program, endpoint)
    if endpoint.listener is not None and endpoint.listener.requirement is not None:
        ref, call = endpoint.listener.requirement
        return Peer(_required(_pins(program, ref, call)), True)
    if answer == "not applicable":
        return _of_client(program, endpoint)
    if answer == "nothing":
        return Peer("not checked")
    if answer == "unknown":
        return Peer("check unknown")
    kinds = set[str]().union(*(guard(program, ref).kinds for ref in acceptors)) - EXCUSES
    pins = next((pins for ref in acceptors if (pins := _pins_below(program, ref, HELPERS_DEEP))), "")
    words = dict.fromkeys(word for kind, word in _WORDS.items() if kind in kinds)
    check = _required(pins) if words.keys() <= {"code requirement", "code signature"} and pins else ", ".join(words)
    return Peer(check or answer, answer == "code signature")


def _of_client(program: Program, endpoint: Endpoint) -> Peer:
    """A client that requires something of its service."""
    ref = UnitRef(endpoint.place.path, endpoint.place.unit)
    if endpoint.kind.endswith("client"):
        for call in calls_in(program, ref):
            if call.name in REQUIREMENT_SETTERS:
                return Peer(_required(_pins(program, ref, call)), True)
    return NOBODY


def _required(pins: str) -> str:
    return f"code requirement ({pins})" if pins else "code requirement"


def _pins_below(program: Program, ref: UnitRef, deep: int) -> str:
    """What the requirement binds that a function, or one that it calls, sets or evaluates."""
    for call in calls_in(program, ref):
        if call.name in REQUIREMENT_SETTERS | MAKERS | LISTENER_SETTERS:
            if pins := _pins(program, ref, call):
                return pins
    if deep:
        for call in calls_in(program, ref):
            for callee in resolve(program, ref, call).refs:
                if pins := _pins_below(program, callee, deep - 1):
                    return pins
    return ""


def _pins(program: Program, ref: UnitRef, call: Call) -> str:
    """What a requirement binds its peer to, by the call that sets it; "" when its text is not known."""
    if call.name in _SETTERS:
        return _SETTERS[call.name]
    verdicts = (weakest(fold(program, ref, argument)) for argument in call.args)
    found = next((verdict for verdict in verdicts if verdict is not None), None)
    return ", ".join(_bound(found)) if found is not None else ""


def _bound(verdict: Verdict) -> Iterator[str]:
    if verdict.grade < Grade.APPLE:
        yield "weak"
    elif verdict.anchor == "apple":
        yield "Apple"
    if verdict.team is not None:
        yield "team"
    elif verdict.binds_signer and verdict.anchor != "apple":
        yield "signer"
    if verdict.identifier is not None:
        yield "identifier"
