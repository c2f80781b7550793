"""What authenticates the other side where the mechanism itself decides, whatever the code does."""

from __future__ import annotations

from typing import Literal as OneOf

from ipclint.program.mechanisms import Direction, Kind

_State = OneOf["verified", "weak", "open", "unknown", "not-applicable"]

_SENDER = "nothing: the sender cannot be told"
_READERS = "nothing: any process can see it"
_GROUP = "the system: only members of the group, all of one team"
_STARTED = "nothing: the system starts it, and which app hands the data over cannot be told"
_OPENER = "nothing: any app can register the same scheme and get what is sent"
_NOBODY = "not known"

USUAL: dict[tuple[Kind, Direction], tuple[_State, str]] = {
    ("Mach service", "in"): ("unknown", "not known: the code that listens is not found here"),
    ("message port listener", "in"): ("open", _SENDER),
    ("message port client", "out"): ("open", "nothing: whoever registers the name first can answer"),
    ("Mach port client", "out"): ("open", "nothing: whoever registers the name first can answer"),
    ("Distributed Objects listener", "in"): ("open", _SENDER),
    ("Distributed Objects client", "out"): ("open", "nothing: whoever registers the name first can answer"),
    ("URL scheme", "in"): ("open", _SENDER),
    ("URL scheme client", "out"): ("open", _OPENER),
    ("universal link", "in"): ("open", "nothing of the sender; the domain vouches for the app that gets it"),
    ("user activity", "in"): ("verified", "the system: apps of the same team on devices of the same user"),
    ("document type", "in"): ("open", _STARTED),
    ("system service", "in"): ("open", _STARTED),
    ("Apple event handler", "in"): ("weak", "the user, who is asked before an app may send most events to another"),
    ("app group", "both"): ("verified", _GROUP),
    ("shared container", "both"): ("verified", _GROUP),
    ("shared defaults", "both"): ("verified", _GROUP),
    ("keychain group", "both"): ("verified", _GROUP),
    ("shared file", "both"): ("open", "nothing: every user of the Mac can put files there"),
    ("shared memory", "both"): ("weak", "the permissions of the object, which tell users apart and not programs"),
    ("named pipe", "both"): ("weak", "the permissions of the file, which tell users apart and not programs"),
    ("pasteboard", "in"): ("open", _SENDER),
    ("pasteboard", "out"): ("open", _READERS),
    ("distributed notification", "in"): ("open", _SENDER),
    ("distributed notification", "out"): ("open", _READERS),
    ("Darwin notification", "in"): ("open", _SENDER),
    ("Darwin notification", "out"): ("open", _READERS),
    ("socket client", "out"): ("unknown", _NOBODY),
    ("launchd socket", "in"): ("unknown", "not known: the code that accepts is not followed"),
    ("watch session", "both"): ("verified", "the system: only the same app on the paired device"),
    ("script message", "in"): ("open", "nothing: whatever page the web view shows can send it"),
}
