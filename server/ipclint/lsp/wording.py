"""How the editor is told of trust boundaries: short words for kinds, peers and sinks, and the story of one boundary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ipclint.checks.detectors.code_requirement import read
from ipclint.checks.requirement import Grade, Verdict
from ipclint.checks.trust import Trust
from ipclint.engine.boundaries import Boundary, Reached
from ipclint.lsp.view import View, name_place
from ipclint.program.program import UnitRef

KINDS = {
    "ipc.xpc": "XPC",
    "ipc.url": "URL",
    "ipc.activity": "activity",
    "ipc.pasteboard": "pasteboard",
    "ipc.notification": "notification",
    "ipc.apple-event": "Apple event",
    "ipc.mach": "Mach message",
    "ipc.socket": "socket",
    "device.watch": "watch",
    "device.peer": "nearby device",
    "web.script": "web page",
}
"""Where data comes from, by the kind of source."""

SINKS = {
    "command": "Process",
    "code": "code loading",
    "privilege": "privileges",
    "path": "files",
    "url": "URLs",
    "store": "settings",
}
"""Where data gets to, by the family of sinks."""

_CHECKS = {
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
_LISTENERS = {"mach-service": "Mach service", "service": "XPC service", "anonymous": "anonymous listener"}
_TITLES = {"XPC client": "XPC connection", "libxpc client": "libxpc connection"}


def count(number: int, noun: str) -> str:
    """`1 client`, `2 clients`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def title_of(boundary: Boundary) -> str:
    """What a boundary is: `Mach service`, `XPC connection`, `URL scheme`."""
    kind, listener = boundary.endpoint.kind, boundary.endpoint.listener
    return _LISTENERS.get(listener.kind, kind) if listener is not None else _TITLES.get(kind, kind)


def named(boundary: Boundary) -> str:
    """`Mach service com.example.helper`."""
    return f"{title_of(boundary)} {boundary.endpoint.name}".strip()


def reaching(reached: Iterable[Reached]) -> str:
    """`Process, files`."""
    return ", ".join(SINKS[each.family] for each in reached)


# ── peers ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def peer_of(found: Trust) -> str:
    """What is checked of the other side: `code requirement (team)`, `process id`, `not checked`; "" where there is no
    other side to be judged."""
    if found.state == "not-applicable":
        return ""
    if found.state == "open" and not found.demands:
        return "not checked" if not found.checks else "not checked on one path"
    if found.demands and set(found.checks) <= {"requirement", "code"}:
        pins = next((pins for demand in found.demands if (pins := _pins(demand.text, demand.verdict))), "")
        return f"code requirement ({pins})" if pins else "code requirement"
    if found.state == "unknown":
        return "check unknown"
    checks = ", ".join(dict.fromkeys(_CHECKS[check] for check in found.checks if check in _CHECKS))
    return checks or found.says.partition(":")[0]


def _pins(text: str, verdict: str) -> str:
    """What a requirement binds the peer to; "" when that is not known."""
    found = read(text) if text else None
    if found is not None:
        return ", ".join(_bound(found))
    return next((word for word in ("team", "Apple", "entitlement") if word in verdict), "")


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


# ── the whole story ──────────────────────────────────────────────────────────────────────────────────────────────────


def details(view: View, boundary: Boundary) -> Iterator[str]:
    """Everything that stands at a boundary, a line each; the first is its title."""
    endpoint = boundary.endpoint
    yield f"{title_of(boundary)} {endpoint.name or '(name unknown)'}"
    for owner in endpoint.owners:
        yield f"in {owner.name}{', which is privileged' if owner.privileged else ''}"
    if endpoint.reach:
        yield f"reachable by {endpoint.reach}"
    if boundary.trust.says:
        yield f"peer authenticated by {boundary.trust.says}"
    for place in boundary.others:
        yield f"other side: {view.shown(place)}"
    for ref in boundary.methods:
        yield _method(view, boundary, ref)


def _method(view: View, boundary: Boundary, ref: UnitRef) -> str:
    function = view.program.function(ref)
    name = function.signature if function is not None else ref.key
    text = f"method: {name} ({view.shown(name_place(view.program, ref))})"
    reached = [each for each in boundary.reached if ref in each.functions]
    return f"{text} reaches {reaching(reached)}" if reached else text
