"""The shape of the surface map, which is its JSON format: docs/surface.md describes it field by field.

Paths are relative to the workspace with "/" between the parts. Lines and columns are 1-based, columns count characters
(Unicode code points), offsets are 0-based bytes; ends are exclusive. Unknown is "" or null, never a guess.
"""

from __future__ import annotations

from typing import Literal as OneOf

import msgspec

from ipclint import __version__
from ipclint.program.mechanisms import Direction, Rating

VERSION = 1
"""Of the format: raised when a field changes its meaning or goes, not when one is added."""

State = OneOf["verified", "weak", "open", "unknown", "not-applicable"]
"""What authenticates the other side. `verified`: its code signature, or the system itself; `weak`: something that can
be forged or that too many satisfy; `open`: nothing; `unknown`: it rests on code or text that is not here;
`not-applicable`: this side waits for nobody."""

STATES: tuple[State, ...] = ("open", "weak", "unknown", "verified", "not-applicable")
"""The gravest first."""

Who = OneOf["anyone", "user", "network", "app", "group", "team", "host", "handed", "system", "nobody", "unknown"]
"""Who can reach an endpoint: any process of the Mac, of the user; any host of the network; any app or web page; the
members of a group; programs of one team; what contains the service; who is handed an endpoint; the system alone."""

End = OneOf["actor", "service", "place"]
"""What is outside: somebody, a service that is called, a place that is shared."""


class Struct(msgspec.Struct, frozen=True):
    """Base of every part."""


class Point(Struct, frozen=True):
    line: int
    column: int
    offset: int


class Spot(Struct, frozen=True):
    """A piece of a file."""

    path: str
    start: Point
    end: Point


class Target(Struct, frozen=True):
    """A program, or a library whose programs are not known. `kind` is "application", "tool", "xpc-service",
    "app-extension", …, "folder" for what is in no known target, or "" when unknown; `sandboxed` is null when no
    entitlements file tells."""

    id: str
    name: str
    kind: str
    bundle_id: str
    platforms: tuple[str, ...]
    privileged: bool
    sandboxed: bool | None
    project: str
    guessed: bool  # no project file says so; folders and property lists do


class Argument(Struct, frozen=True):
    name: str
    type: str  # as written; "" when unknown


class Sink(Struct, frozen=True):
    """Where data from the other side gets: `family` is "command", "code", "privilege", "path", "url" or "store"."""

    family: str
    what: str  # "a command", "a path of a file", …
    code: str  # what is called, as written
    spot: Spot


class Method(Struct, frozen=True):
    """What the other side can call, or what is called with what it sent. `spot` is where it is declared; `body` where
    it is implemented, null when that is not in the workspace (or for a client: of no matter)."""

    signature: str
    protocol: str
    arguments: tuple[Argument, ...]
    spot: Spot
    body: Spot | None
    reaches: tuple[Sink, ...]


class Requirement(Struct, frozen=True):
    """A code requirement that decides: its text (U+FFFC stands for what is not known of it) and who satisfies it."""

    text: str
    verdict: str
    spot: Spot


class Authentication(Struct, frozen=True):
    """What is checked of the other side. `says` is one sentence without full stop; `checks` are the kinds of evidence
    in short; `spots` are the functions that decide."""

    state: State
    says: str
    checks: tuple[str, ...]
    requirements: tuple[Requirement, ...]
    spots: tuple[Spot, ...]


class Reach(Struct, frozen=True):
    who: Who
    says: str


class Rated(Struct, frozen=True):
    """How the guidance rates the mechanism, "" when it does not."""

    level: Rating
    note: str


class Entry(Struct, frozen=True):
    """An endpoint. `id` is stable: the same endpoint has it in other revisions too. `also` are further places of it."""

    id: str
    kind: str
    name: str  # "" when unknown
    direction: Direction
    api: str  # the function, the class, or the key of a property list
    spot: Spot
    also: tuple[Spot, ...]
    targets: tuple[str, ...]  # ids
    reach: Reach
    authentication: Authentication
    rating: Rated
    protocols: tuple[str, ...]
    methods: tuple[Method, ...]
    peers: tuple[str, ...]  # ids of the other side: clients of a listener, listeners of a client, members of a group


class Outside(Struct, frozen=True):
    """Somebody who is not in the workspace, or a place that programs share."""

    id: str
    name: str
    kind: End


class Channel(Struct, frozen=True):
    """An arrow: who begins, who is reached (ids of targets or of outside), and the endpoints at its ends ("" for an
    end that is outside). `state` is what authenticates who begins, in the eyes of who is reached."""

    source: str
    target: str
    from_endpoint: str
    to_endpoint: str
    state: State
    both: bool  # data goes both ways by nobody's initiative: a place that is shared


class Tool(Struct, frozen=True):
    name: str = "ipclint"
    version: str = __version__


class Surface(Struct, frozen=True):
    """The whole map. `name` is that of the folder."""

    version: int
    tool: Tool
    name: str
    targets: tuple[Target, ...]
    outside: tuple[Outside, ...]
    endpoints: tuple[Entry, ...]
    channels: tuple[Channel, ...]


def to_json(value: Struct) -> str:
    """The value as indented JSON, keys in the order of the fields, with a line feed at the end."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"
