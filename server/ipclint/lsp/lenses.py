"""Code lenses on trust boundaries: who is on the other side, what is checked of him, how far his data gets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lsprotocol import types

from ipclint.engine.boundaries import Boundary, Reached, boundaries, reached_from
from ipclint.lsp.offers import SHOW
from ipclint.lsp.view import View, name_place
from ipclint.lsp.wording import KINDS, SINKS, count, named, peer_of, reaching, title_of
from ipclint.model.finding import Place
from ipclint.program.arrivals import XPC, arrivals

SHOW_REFERENCES = "ipclint.showReferences"
"""A client that names this command in its capabilities `experimental.commands.commands` shows locations by itself."""


class Lens(NamedTuple):
    """A text at a place, and the places of which it tells. `name` finds the lens again; `boundary` is the place of the
    endpoint, None for a handler."""

    place: Place
    text: str
    others: tuple[Place, ...]
    name: str
    boundary: Place | None = None


def lenses(view: View) -> list[types.CodeLens]:
    """The lenses of a document, in source order."""
    return [_code_lens(view, lens) for lens in found_in(view)]


def found_in(view: View) -> list[Lens]:
    found = [lens for boundary in boundaries(view.program) for lens in _of_boundary(view, boundary)]
    found += _of_handlers(view)
    return sorted(found, key=lambda lens: view.session.span(lens.place))


def _code_lens(view: View, lens: Lens) -> types.CodeLens:
    range_ = view.range(lens.place)
    if view.client.shows_references:
        locations = [view.location(place) for place in lens.others]
        command = types.Command(lens.text, SHOW_REFERENCES, arguments=[view.uri, range_.start, locations])
    else:
        command = types.Command(lens.text, SHOW, arguments=[view.uri, lens.name])
    return types.CodeLens(range_, command)


# ── boundaries ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_boundary(view: View, boundary: Boundary) -> Iterator[Lens]:
    """One lens where an endpoint is made or declared, and one at each method that decides who connects."""
    kind = boundary.endpoint.kind
    parts = tuple(_parts(boundary))
    others = (*boundary.others, *(name_place(view.program, ref) for ref in boundary.methods))
    for place in boundary.places:
        if place.path == view.path:
            yield Lens(place, " · ".join((title_of(boundary), *parts)), others, _name_of(place, kind), boundary.place)
    for ref in boundary.acceptors:
        if ref.path == view.path:
            place = name_place(view.program, ref)
            text = " · ".join((named(boundary), *parts))
            yield Lens(place, text, (boundary.place, *others), _name_of(boundary.place, ref.key), boundary.place)


def _name_of(place: Place, *words: str) -> str:
    return "/".join((*words, place.unit, str(place.start)))


def _parts(boundary: Boundary) -> Iterator[str]:
    endpoint, peer = boundary.endpoint, peer_of(boundary.trust)
    if boundary.listens:
        yield count(len(boundary.others), "client")
    elif boundary.connects:
        yield endpoint.name or "name unknown"
        noun = "app" if endpoint.kind.startswith("URL") else "listener"
        yield count(len(boundary.others), noun) if boundary.others else f"its {noun} is not here"
    elif endpoint.reach:
        yield f"reachable by {endpoint.reach}"
    if peer and (boundary.listens or boundary.connects):
        yield f"peer: {peer}"
    if endpoint.listener is not None or (boundary.listens and boundary.methods):
        yield ", ".join((count(len(boundary.methods), "method"), *_reach(boundary.reached)))
    elif boundary.reached:
        yield f"reaches {reaching(boundary.reached)}"


def _reach(reached: tuple[Reached, ...]) -> Iterator[str]:
    for each in reached[:2]:
        yield f"{len(each.functions)} reach{'es' if len(each.functions) == 1 else ''} {SINKS[each.family]}"


# ── handlers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_handlers(view: View) -> Iterator[Lens]:
    """Functions and closures that the system calls with what others sent."""
    for ref in view.functions():
        arrived = [each for each in arrivals(view.program, ref) if each.param.name not in ("", "_")]
        handled = {each.kind: each for each in arrived if each.kind != XPC or each.in_closure}
        for kind, arrival in handled.items():
            place = name_place(view.program, ref)
            if arrival.in_closure:
                place = Place(ref.path, ref.key, arrival.param.start, arrival.param.end)
            reached = reached_from(view.program, ref, kind)
            parts = [f"{KINDS.get(kind, kind)} handler"]
            if reached:
                parts.append(f"reaches {reaching(reached)}")
            sinks = tuple(dict.fromkeys(sink for each in reached for sink in each.places))
            yield Lens(place, " · ".join(parts), sinks, f"handler/{ref.key}/{kind}")
