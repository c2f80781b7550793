"""What a check says: a finding, the steps that lead to it, and the edits that mend it."""

from __future__ import annotations

from typing import Literal as OneOf

import msgspec

Severity = OneOf["info", "low", "medium", "high", "critical"]
Confidence = OneOf["hint", "likely", "certain"]
Profile = OneOf["recommended", "strict", "pedantic"]

SEVERITIES: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")
CONFIDENCES: tuple[Confidence, ...] = ("hint", "likely", "certain")
PROFILES: tuple[Profile, ...] = ("recommended", "strict", "pedantic")


class Place(msgspec.Struct, frozen=True, order=True):
    """Bytes `start` to `end`, relative to unit `unit` of file `path`; absolute when `unit` is "".

    The engine resolves places against the current extents (`SourceFacts.extents`), so a finding survives edits above.
    """

    path: str
    unit: str
    start: int
    end: int


class Step(msgspec.Struct, frozen=True):
    """One hop of the story that a finding tells; shown as related information, a code flow, a numbered line."""

    place: Place
    text: str  # one sentence without full stop


class Finding(msgspec.Struct, frozen=True):
    """One report.

    `holes` name the parts of the match for the message and the fix templates: a text, or the place of a piece of
    source. `variant` is the catalogue's letter ("" for none): shown and suppressed as `<rule>.<variant>`.
    """

    rule: str  # rule id, "xpc/listener-accepts-unverified-peer"
    message: str  # one sentence, names things as the code does, no full stop
    severity: Severity
    confidence: Confidence
    place: Place
    profile: Profile = "recommended"
    steps: tuple[Step, ...] = ()
    variant: str = ""
    holes: dict[str, str | Place] = {}

    @property
    def shown_rule(self) -> str:
        return f"{self.rule}.{self.variant}" if self.variant else self.rule


class Edit(msgspec.Struct, frozen=True, order=True):
    """Replace the absolute bytes `start` to `end` of `path` by `text`."""

    path: str
    start: int
    end: int
    text: str


class Fix(msgspec.Struct, frozen=True):
    """Edits that belong together. `safe` fixes may be applied by `--fix` and "fix all"; `creates` are new files."""

    title: str
    safe: bool
    edits: tuple[Edit, ...]
    creates: tuple[tuple[str, str], ...] = ()  # (path, text)
    rule: str = ""
