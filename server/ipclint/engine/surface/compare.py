"""What a change does to the surface: endpoints added, removed, and those that are open to others, checked otherwise, or
reach further than before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ipclint.engine.surface.shape import VERSION, Entry, Struct, Surface, Tool
from ipclint.engine.surface.words import STATE_WORDS


class Part(Struct, frozen=True):
    """One respect in which an endpoint changed: its "name", "authentication", "reach", "messages", "effects" or
    "requirements"."""

    what: str
    before: str
    after: str

    @property
    def said(self) -> str:
        return f"{self.what}: {self.before or 'nothing'} → {self.after or 'nothing'}"


class Changed(Struct, frozen=True):
    before: Entry
    after: Entry
    parts: tuple[Part, ...]


class Difference(Struct, frozen=True):
    """`revision` is what the user called it, `commit` its full id. `removed` have the places of the old revision."""

    version: int
    tool: Tool
    revision: str
    commit: str
    added: tuple[Entry, ...]
    removed: tuple[Entry, ...]
    changed: tuple[Changed, ...]


def compare(before: Surface, after: Surface, revision: str, commit: str) -> Difference:
    """What `after` has that `before` had not, and the other way round."""
    old, new = _by_id(before.endpoints), _by_id(after.endpoints)
    changed = (Changed(old[id], new[id], tuple(_parts(old[id], new[id]))) for id in new if id in old)
    return Difference(
        VERSION,
        Tool(),
        revision,
        commit,
        tuple(entry for id, entry in new.items() if id not in old),
        tuple(entry for id, entry in old.items() if id not in new),
        tuple(each for each in changed if each.parts),
    )


def _by_id(entries: Iterable[Entry]) -> dict[str, Entry]:
    return {entry.id: entry for entry in entries}


def _parts(old: Entry, new: Entry) -> Iterator[Part]:
    yield from _part("name", old.name, new.name)
    yield from _part("authentication", _check(old), _check(new))
    yield from _part("reach", old.reach.says, new.reach.says)
    for word, one, other in (
        ("messages", {m.signature for m in old.methods}, {m.signature for m in new.methods}),
        ("effects", set(_effects(old)), set(_effects(new))),
        (
            "requirements",
            {r.text for r in old.authentication.requirements},
            {r.text for r in new.authentication.requirements},
        ),
    ):
        yield from _part(word, ", ".join(sorted(one - other)), ", ".join(sorted(other - one)))


def _check(entry: Entry) -> str:
    found = entry.authentication
    return f"{STATE_WORDS[found.state]} ({found.says})" if found.says else STATE_WORDS[found.state]


def _effects(entry: Entry) -> Iterator[str]:
    for method in entry.methods:
        for sink in method.reaches:
            yield f"{method.signature} reaches {sink.what} ({sink.code})"


def _part(what: str, before: str, after: str) -> Iterator[Part]:
    if before != after:
        yield Part(what, before, after)
