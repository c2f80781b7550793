"""The mechanisms by which processes meet: which way data crosses, and how far each can be trusted.

The ratings are those of the guidance that the rules follow (high for XPC … very low for URL schemes and pasteboards). A
mechanism that it does not rate has none; what it says of one in passing is its note.
"""

from __future__ import annotations

import re
from typing import Literal as OneOf
from typing import NamedTuple

Kind = OneOf[
    "XPC listener", "XPC client", "libxpc listener", "libxpc client", "Mach service", "helper installation",
    "Mach port listener", "Mach port client", "message port listener", "message port client",
    "Distributed Objects listener", "Distributed Objects client",
    "URL scheme", "URL scheme client", "universal link", "user activity", "document type", "system service",
    "Apple event handler", "extension point", "app group", "shared container", "shared defaults", "keychain group",
    "shared file", "shared memory", "named pipe", "pasteboard", "distributed notification", "Darwin notification",
    "socket listener", "socket client", "launchd socket", "watch session", "script message",
]  # fmt: skip
Rating = OneOf["high", "medium-high", "low", "very low", ""]
Direction = OneOf["in", "out", "both"]
"""Who begins: `in` waits for others, `out` goes to them, `both` shares a place with them."""

Family = OneOf["XPC", "Mach", "link", "shared", "notification", "socket", "system"]


class Mechanism(NamedTuple):
    direction: Direction
    family: Family
    rating: Rating
    note: str


_XPC = "best for extensions and helpers; what crosses must adopt NSSecureCoding, and the peer is still to be checked"
_RAW_XPC = "XPC without its classes: nothing is checked of the objects that cross"
_MACH = "low-level; only between apps of one app group, and never for task ports"
_DISTRIBUTED = "not rated; without strict checks it can lead to code injection"
_URL = "simple triggers and nothing secret: no sender can be told, and others can register the same scheme"
_LINK = "not rated; bound to a domain, but any page and any app can open one"
_MEMORY = "nothing sensitive: no sender can be told, and stale data lingers"
_FILE = "nothing sensitive: shared and temporary files are no place for secrets"
_PIPE = "between parent and child only; cannot cross app boundaries safely"
_PASTEBOARD = "what the user copies: visible to all apps, and nothing secret"
_SOCKET = "not rated; complex, with a large surface for attack, and not recommended between apps"
_NOTIFICATION = "not rated; anyone can post one, and anyone sees what it says"
_GROUP = "not rated; for what apps of one team share and must keep"
_SYSTEM = "not rated; the system starts it for others, and what they pass is theirs"

MECHANISMS: dict[Kind, Mechanism] = {
    "XPC listener": Mechanism("in", "XPC", "high", _XPC),
    "XPC client": Mechanism("out", "XPC", "high", _XPC),
    "libxpc listener": Mechanism("in", "XPC", "high", _RAW_XPC),
    "libxpc client": Mechanism("out", "XPC", "high", _RAW_XPC),
    "Mach service": Mechanism("in", "XPC", "high", "the name by which launchd hands out an XPC or Mach port"),
    "helper installation": Mechanism("in", "system", "", "not rated; who satisfies it may replace a program of root"),
    "Mach port listener": Mechanism("in", "Mach", "medium-high", _MACH),
    "Mach port client": Mechanism("out", "Mach", "medium-high", _MACH),
    "message port listener": Mechanism("in", "Mach", "medium-high", _MACH),
    "message port client": Mechanism("out", "Mach", "medium-high", _MACH),
    "Distributed Objects listener": Mechanism("in", "Mach", "", _DISTRIBUTED),
    "Distributed Objects client": Mechanism("out", "Mach", "", _DISTRIBUTED),
    "URL scheme": Mechanism("in", "link", "very low", _URL),
    "URL scheme client": Mechanism("out", "link", "very low", _URL),
    "universal link": Mechanism("in", "link", "", _LINK),
    "user activity": Mechanism("in", "system", "", _SYSTEM),
    "document type": Mechanism("in", "system", "", _SYSTEM),
    "system service": Mechanism("in", "system", "", _SYSTEM),
    "Apple event handler": Mechanism("in", "system", "", _SYSTEM),
    "extension point": Mechanism("in", "system", "", _SYSTEM),
    "app group": Mechanism("both", "shared", "", _GROUP),
    "shared container": Mechanism("both", "shared", "", _GROUP),
    "shared defaults": Mechanism("both", "shared", "", _GROUP),
    "keychain group": Mechanism("both", "shared", "", _GROUP),
    "shared file": Mechanism("both", "shared", "low", _FILE),
    "shared memory": Mechanism("both", "shared", "low", _MEMORY),
    "named pipe": Mechanism("both", "shared", "low", _PIPE),
    "pasteboard": Mechanism("both", "shared", "very low", _PASTEBOARD),
    "distributed notification": Mechanism("both", "notification", "", _NOTIFICATION),
    "Darwin notification": Mechanism("both", "notification", "", _NOTIFICATION),
    "socket listener": Mechanism("in", "socket", "", _SOCKET),
    "socket client": Mechanism("out", "socket", "", _SOCKET),
    "launchd socket": Mechanism("in", "socket", "", _SOCKET),
    "watch session": Mechanism("both", "system", "", "not rated; between a watch and the phone that it is paired with"),
    "script message": Mechanism("in", "system", "", "not rated; whatever page the web view shows can send one"),
}

_TEAM = re.compile(r"(?:\$\((?:TeamIdentifierPrefix|AppIdentifierPrefix)\)|[A-Z0-9]{10}\.)(?=.)")


def comparable(name: str) -> str:
    """A name as it is compared: the team before it, an id in code and a variable in a property list, is left open."""
    return _TEAM.sub("TEAM.", name, count=1) if _TEAM.match(name) else name
