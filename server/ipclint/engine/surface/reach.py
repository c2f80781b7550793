"""Who can reach an endpoint, in one word for machines beside the words for people."""

from __future__ import annotations

from ipclint.engine.surface.shape import Reach, Who
from ipclint.program.endpoints import Endpoint

_WHO: tuple[tuple[str, Who], ...] = (
    ("network", "network"),
    ("of the user", "user"),
    ("devices of the user", "user"),
    ("contains the service", "host"),
    ("handed its endpoint", "handed"),
    ("member of the group", "group"),
    ("the same app on", "team"),
    ("meets the requirement", "app"),
    ("any app", "app"),
    ("any page", "app"),
    ("the system", "system"),
    ("any process", "anyone"),
)


def reach_of(endpoint: Endpoint) -> Reach:
    """Who can reach an endpoint; "nobody" for one that waits for nobody."""
    if endpoint.direction == "out" and endpoint.kind.endswith("client"):
        return Reach("nobody", "")
    said = endpoint.reach or "unknown"
    for words, who in _WHO:
        if words in said:
            return Reach(who, said)
    return Reach("unknown", said)
