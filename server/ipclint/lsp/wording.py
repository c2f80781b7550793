"""How the editor is told of trust boundaries: short words for kinds, counts, and the whole story of one boundary."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.boundaries import Boundary
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

_LISTENERS = {"mach-service": "Mach service", "service": "XPC service", "anonymous": "anonymous listener"}
_TITLES = {"XPC client": "XPC connection", "libxpc client": "libxpc connection", "libxpc listener": "Mach service"}


def count(number: int, noun: str) -> str:
    """`1 client`, `2 clients`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def title_of(boundary: Boundary) -> str:
    """What a boundary is: `Mach service`, `XPC connection`, `URL scheme`."""
    kind, listener = boundary.endpoint.kind, boundary.endpoint.listener
    return _LISTENERS.get(listener.kind, kind) if listener is not None else _TITLES.get(kind, kind)


def details(view: View, boundary: Boundary) -> Iterator[str]:
    """Everything that stands at a boundary, a line each; the first is its title."""
    endpoint = boundary.endpoint
    yield f"{title_of(boundary)} {endpoint.name or '(name unknown)'}"
    for owner in endpoint.owners:
        yield f"in {owner.name}{', which is privileged' if owner.privileged else ''}"
    if endpoint.reach:
        yield f"reachable by {endpoint.reach}"
    if boundary.peer.check:
        yield f"peer: {boundary.peer.check}"
    for place in boundary.others:
        yield f"{'client' if boundary.listens else 'listener'}: {view.shown(place)}"
    for ref in boundary.methods:
        yield _method(view, boundary, ref)


def _method(view: View, boundary: Boundary, ref: UnitRef) -> str:
    function = view.program.function(ref)
    reached = [each.what for each in boundary.reached if ref in each.functions]
    name = function.signature if function is not None else ref.key
    text = f"method: {name} ({view.shown(name_place(view.program, ref))})"
    return f"{text} reaches {', '.join(reached)}" if reached else text
