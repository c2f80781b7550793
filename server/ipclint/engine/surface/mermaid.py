"""The surface map as a Mermaid flowchart, for READMEs, reviews and wikis: targets as boxes, channels as arrows."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.engine.surface.shape import STATES, Channel, Entry, State, Surface
from ipclint.engine.surface.words import STATE_WORDS

_COLOURS: dict[State, str] = {
    "open": "stroke:#b3261e,stroke-width:3px",
    "weak": "stroke:#995200,stroke-width:2px,stroke-dasharray:8 3",
    "unknown": "stroke:#5b6470,stroke-dasharray:2 3",
    "verified": "stroke:#1a7f37",
    "not-applicable": "stroke:#6e7781",
}
_SHAPES = {"actor": ("([", "])"), "service": ("[/", "/]"), "place": ("[(", ")]")}
MAX_LABEL = 3
"""Channels that an arrow names; the others are counted."""


def to_mermaid(surface: Surface) -> str:
    """The flowchart; arrows between the same ends with the same state are one."""
    return "\n".join(_lines(surface)) + "\n"


def _lines(surface: Surface) -> Iterator[str]:
    yield "flowchart LR"
    used = {end for each in surface.channels for end in (each.source, each.target)}
    used |= {target for entry in surface.endpoints for target in entry.targets}
    names: dict[str, str] = {}
    for target in surface.targets:
        if target.id in used:
            names[target.id] = f"t{len(names)}"
            note = "<br/><i>privileged</i>" if target.privileged else ""
            yield f'  {names[target.id]}["{_quoted(target.name)}{note}"]'
    for each in surface.outside:
        names[each.id] = f"o{len(names)}"
        left, right = _SHAPES[each.kind]
        yield f'  {names[each.id]}{left}"{_quoted(each.name)}"{right}'
    groups: dict[tuple[str, str, State, bool], list[Channel]] = {}
    for each in surface.channels:
        groups.setdefault((each.source, each.target, each.state, each.both), []).append(each)
    entries = {entry.id: entry for entry in surface.endpoints}
    for (source, target, state, both), group in groups.items():
        arrow = "<-->" if both else "-->"
        yield f'  {names[source]} {arrow}|"{_label(group, entries)}<br/>{STATE_WORDS[state]}"| {names[target]}'
    for state in STATES:
        numbers = [str(number) for number, key in enumerate(groups) if key[2] == state]
        if numbers:
            yield f"  linkStyle {','.join(numbers)} {_COLOURS[state]}"


def _label(group: list[Channel], entries: dict[str, Entry]) -> str:
    ends = dict.fromkeys(each.to_endpoint or each.from_endpoint for each in group)
    found = [f"{entries[end].kind} {entries[end].name}".strip() for end in ends]
    more = f"<br/>and {len(found) - MAX_LABEL} more" if len(found) > MAX_LABEL else ""
    return "<br/>".join(map(_quoted, found[:MAX_LABEL])) + more


def _quoted(text: str) -> str:
    """Text inside quotes: whatever is not a plain character of a name is written as an entity code."""
    plain = (c if c.isalnum() or c in " .-_:/()" else f"#{ord(c)};" for c in text)
    return "".join(plain)
