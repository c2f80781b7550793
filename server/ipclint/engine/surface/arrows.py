"""Who begins and who is reached: the arrows of the map, with the actors, services and places that are outside of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ipclint.engine.surface.shape import Channel, End, Entry, Outside, Target

ACTORS = {
    "anyone": "Any process",
    "user": "Any process of the user",
    "network": "The network and any process",
    "app": "Any app or web page",
    "handed": "Whoever is handed the endpoint",
    "host": "The app that contains it",
    "group": "Members of the group",
    "team": "Paired devices",
    "system": "The system, for others",
    "unknown": "Who can reach it is not known",
}
_PLACES = {
    "app group": "App group",
    "shared container": "App group",
    "shared defaults": "App group",
    "keychain group": "Keychain group",
    "shared file": "File",
    "shared memory": "Shared memory",
    "named pipe": "Named pipe",
    "pasteboard": "Pasteboard",
    "distributed notification": "Distributed notifications",
    "Darwin notification": "Darwin notifications",
    "watch session": "Paired watch or phone",
}
_NAMELESS = frozenset({"distributed notification", "Darwin notification", "watch session"})
"""One place for all names: a notification is no place of its own."""


def channels(targets: Sequence[Target], entries: Sequence[Entry]) -> tuple[tuple[Outside, ...], tuple[Channel, ...]]:
    """The arrows, and the outside ends that they need; both sorted."""
    outside: dict[str, Outside] = {}
    arrows: dict[Channel, None] = {}
    by_id = {entry.id: entry for entry in entries}
    for entry in entries:
        for arrow in _arrows(entry, by_id, outside):
            arrows[arrow] = None
    order = {each.id: number for number, each in enumerate(targets)}
    found = sorted(
        arrows, key=lambda a: (order.get(a.source, -1), a.source, order.get(a.target, -1), a.target, a.to_endpoint)
    )
    return tuple(sorted(outside.values(), key=lambda each: (each.kind, each.id))), tuple(found)


def _arrows(entry: Entry, by_id: dict[str, Entry], outside: dict[str, Outside]) -> Iterator[Channel]:
    state = entry.authentication.state
    if entry.kind in _PLACES:
        place = _place(entry, outside)
        for target in entry.targets:
            if entry.direction == "in":
                yield Channel(place, target, "", entry.id, state, False)
            else:
                yield Channel(target, place, entry.id, "", state, entry.direction == "both")
    elif entry.direction == "in":
        who = entry.reach.who
        for target in entry.targets:
            if who in ACTORS and not (who == "host" and entry.peers):
                actor = _outside(outside, f"outside:{who}", ACTORS[who], "actor")
                yield Channel(actor, target, "", entry.id, state, False)
            for client in (by_id[peer] for peer in entry.peers if peer in by_id):
                for source in client.targets:
                    yield Channel(source, target, client.id, entry.id, state, False)
    elif not entry.peers:
        name = f"{entry.name}:" if entry.kind == "URL scheme client" and entry.name else entry.name
        service = _outside(
            outside, f"outside:service:{entry.name}", name or "A service whose name is not known", "service"
        )
        for target in entry.targets:
            yield Channel(target, service, entry.id, "", state, False)


def _place(entry: Entry, outside: dict[str, Outside]) -> str:
    word = _PLACES[entry.kind]
    if entry.kind in _NAMELESS:
        return _outside(outside, f"outside:place:{word}", word, "place")
    name = entry.name or "(name unknown)"
    return _outside(outside, f"outside:place:{word}:{name}", f"{word} {name}", "place")


def _outside(outside: dict[str, Outside], id: str, name: str, kind: End) -> str:
    outside.setdefault(id, Outside(id, name, kind))
    return id
