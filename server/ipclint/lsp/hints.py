"""Inlay hints on parameters that another process fills: `⇠ XPC`, with who may send them and what is checked of him."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from ipclint.engine.boundaries import listeners_exporting
from ipclint.lsp.view import View
from ipclint.lsp.wording import KINDS, named, peer_of
from ipclint.model.finding import Place
from ipclint.program.arrivals import XPC, Arrival, arrivals

ARROW = "⇠"

_SENDERS = {
    "ipc.url": "Whoever opens the link chooses it: any app, any web page.",
    "ipc.activity": "Whoever made the link or the activity chooses it.",
    "ipc.pasteboard": "Whoever wrote to the pasteboard chooses it.",
    "ipc.notification": "Any process of this user may post it.",
    "ipc.apple-event": "Whoever sent the Apple event chooses it.",
    "web.script": "The page chooses it.",
}


def hints(view: View) -> list[types.InlayHint]:
    """The hints of a document, in source order."""
    found = [arrival for ref in view.functions() for arrival in arrivals(view.program, ref) if _is_named(arrival)]
    return [_hint(view, arrival) for arrival in sorted(found, key=lambda each: view.session.span(_end(each)))]


def _is_named(arrival: Arrival) -> bool:
    return arrival.param.name not in ("", "_")


def _hint(view: View, arrival: Arrival) -> types.InlayHint:
    kind = types.MarkupKind.Markdown if view.client.markdown else types.MarkupKind.PlainText
    return types.InlayHint(
        view.position(_end(arrival)),
        f"{ARROW} {KINDS.get(arrival.kind, arrival.kind)}",
        tooltip=types.MarkupContent(kind, "\n\n".join(_tooltip(view, arrival))),
        padding_left=True,
    )


def _end(arrival: Arrival) -> Place:
    return Place(arrival.ref.path, arrival.ref.key, arrival.param.end, arrival.param.end)


def _tooltip(view: View, arrival: Arrival) -> Iterator[str]:
    name = arrival.param.name
    yield f"`{name}` comes from another process." if view.client.markdown else f"{name} comes from another process."
    if arrival.kind != XPC or arrival.in_closure:
        yield _SENDERS.get(arrival.kind, "Whoever may send the message chooses it.")
        return
    exporting = listeners_exporting(view.program, arrival.ref)
    for boundary in exporting:
        endpoint = boundary.endpoint
        yield f"Exported by the {named(boundary)} ({view.shown(boundary.place)}), reachable by {endpoint.reach}."
        yield f"Before it: {peer_of(boundary.trust)}."
    if not exporting:
        yield "The listener that exports the method is not known."
