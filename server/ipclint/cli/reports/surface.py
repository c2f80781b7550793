"""The surface map as text: a tree of targets, below each its endpoints, below each what crosses there."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.cli.terminal import printable
from ipclint.engine.surface.compare import Difference
from ipclint.engine.surface.shape import STATES, Entry, Surface, Target
from ipclint.engine.surface.words import STATE_WORDS, where


def text(surface: Surface) -> str:
    """The tree, targets by name; an endpoint of several targets stands in full under the first."""
    lines: list[str] = []
    seen: set[str] = set()
    groups = [
        (_heading(target), [entry for entry in surface.endpoints if target.id in entry.targets])
        for target in surface.targets
    ]
    names = {entry.id: entry for entry in surface.endpoints}
    for heading, members in groups:
        if members:
            lines += ["", heading] if lines else [heading]
            for entry in sorted(members, key=lambda e: (STATES.index(e.authentication.state), e.kind, e.name, e.id)):
                lines += (f"  {line}" for line in _entry(entry, names, entry.id in seen))
                seen.add(entry.id)
    return "".join(f"{printable(line)}\n" for line in lines or ["no endpoint found"])


def _heading(target: Target) -> str:
    words = [target.kind.replace("-", " "), "privileged" if target.privileged else ""]
    words.append({True: "sandboxed", False: "no sandbox", None: ""}[target.sandboxed])
    said = ", ".join(filter(None, words))
    return f"{target.name} ({said})" if said else target.name


def _title(entry: Entry) -> str:
    return f"{entry.kind} {entry.name or '(name unknown)'}"


def _entry(entry: Entry, names: dict[str, Entry], seen: bool) -> Iterator[str]:
    state = STATE_WORDS[entry.authentication.state]
    if seen:
        yield f"{_title(entry)}  (see above)"
        return
    yield f"{_title(entry)}  {where(entry.spot)}  [{state}]"
    if entry.reach.says:
        yield f"    reachable by: {entry.reach.says}"
    if entry.authentication.says:
        side = "other side" if entry.direction == "out" else "peer"
        yield f"    {side} authenticated by: {entry.authentication.says}"
    for demand in entry.authentication.requirements:
        if demand.text:
            yield f"      requirement: {demand.text}"
    if entry.rating.level:
        yield f"    mechanism rated: {entry.rating.level}"
    for spot in entry.also:
        yield f"    also: {where(spot)}"
    for peer in (names[peer] for peer in entry.peers if peer in names):
        yield f"    other side: {_title(peer)}  {where(peer.spot)}"
    if entry.protocols:
        yield f"    protocol: {', '.join(entry.protocols)}"
    for method in entry.methods:
        types = ", ".join(argument.type or "?" for argument in method.arguments)
        yield f"      {method.signature}" + (f" ← {types}" if types else "")
        for sink in method.reaches:
            yield f"        reaches {sink.what}: {sink.code}  {where(sink.spot)}"


def change_text(found: Difference) -> str:
    """What a change adds, removes and alters; the places of what is removed are those of the old revision."""
    lines = [f"against {found.revision} ({found.commit[:12]})"]
    for mark, entries in (("+", found.added), ("-", found.removed)):
        for entry in entries:
            check = f"{STATE_WORDS[entry.authentication.state]}: {entry.authentication.says}".rstrip(": ")
            lines.append(f"{mark} {_title(entry)}  {where(entry.spot)}")
            lines += [f"{mark}     reachable by: {entry.reach.says}"] if entry.reach.says else []
            lines.append(f"{mark}     {check}")
            for method in entry.methods:
                lines += (
                    f"{mark}     {method.signature} reaches {s.what}: {s.code}  {where(s.spot)}" for s in method.reaches
                )
    for change in found.changed:
        lines.append(f"~ {_title(change.after)}  {where(change.after.spot)}")
        for part in change.parts:
            lines.append(f"~     {part.said}")
    if len(lines) == 1:
        lines.append("the surface is the same")
    return "".join(f"{printable(line)}\n" for line in lines)
