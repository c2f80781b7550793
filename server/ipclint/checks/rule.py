"""A rule as data: what it says, how much it matters, how it is found, how it is mended."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal as OneOf
from typing import TypeVar

import msgspec

from ipclint.model.finding import Confidence, Finding, Place, Profile, Severity, Step

HOLE = re.compile(r"\{([a-z][a-z0-9.-]*)\}")
"""A hole of a message or of a fix template: `{connection}`, `{arg.data}`. Any other brace stands for itself."""

T = TypeVar("T")

FixLanguage = OneOf["swift", "objc", "c"]


class FixTemplate(msgspec.Struct, frozen=True, omit_defaults=True):
    """One fix a rule offers: a text per language, or a builder written in Python (`checks.fix.builder`).

    `where` names the hole that the text replaces, or the statement that it goes before or after, or that is removed
    (the text is then empty); "" is the finding's own place. A fix is offered only where the finding has every hole that
    the text names. `imports` gives the module (Swift) or the header (`<os/log.h>`) that the new text needs.
    """

    title: str
    safe: bool = False
    builder: str = ""
    how: OneOf["replace", "before", "after", "remove"] = "replace"
    where: str = ""
    templates: dict[FixLanguage, str] = {}
    imports: dict[FixLanguage, str] = {}


class Mark(msgspec.Struct, frozen=True):
    """What a case expects on a line (0-based): `also` marks name another rule; "" means the case's own rule."""

    line: int
    rule: str = ""
    variant: str = ""
    severity: Severity | None = None
    confidence: Confidence | None = None
    also: bool = False


class CaseFile(msgspec.Struct, frozen=True):
    """A file of a case, marks taken out of its text. `line` is where that begins in the rule's file (1-based)."""

    path: str
    language: str  # "swift", "objc", "c", "xml", "pbxproj", "xcconfig", "yaml"
    text: str
    marks: tuple[Mark, ...]
    line: int


class Golden(msgspec.Struct, frozen=True):
    """What `file.path` of the case reads after the fix `title` was applied to all its findings."""

    title: str
    file: CaseFile


class Case(msgspec.Struct, frozen=True):
    """One example of a rule's file: a single file, or several that belong together."""

    title: str
    files: tuple[CaseFile, ...]
    goldens: tuple[Golden, ...] = ()
    prose: str = ""

    @property
    def fires(self) -> bool:
        """Whether the rule itself is expected to report something."""
        return any(not mark.also for file in self.files for mark in file.marks)


_RECOMMENDED: dict[str, Profile] = {"": "recommended"}
_CERTAIN: dict[str, Confidence] = {"": "certain"}


class Rule(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rule of the catalogue, parsed from its Markdown file (`rulebook.parse_rule`).

    `message`, `severity`, `profile` and `confidence` have an entry "" and may have narrower ones, keyed by the name of
    a context ("embedded-service") or by a variant's letter ("b").
    """

    id: str  # "xpc/listener-accepts-unverified-peer"
    title: str  # the heading of its page
    message: dict[str, str]
    severity: dict[str, Severity]
    aliases: tuple[str, ...] = ()  # the catalogue's code first: ("XPC101",)
    profile: dict[str, Profile] = msgspec.field(default_factory=lambda: _RECOMMENDED)
    confidence: dict[str, Confidence] = msgspec.field(default_factory=lambda: _CERTAIN)
    cwe: tuple[int, ...] = ()
    masvs: tuple[str, ...] = ()
    references: tuple[str, ...] = ()  # addresses worth reading
    detector: str = ""  # name of a Python detector, "" when `match` or `flow` says it all
    match: tuple[dict[str, object], ...] = ()  # see `checks.match`
    flow: dict[str, object] | None = None  # see `checks.trace`
    fixes: tuple[FixTemplate, ...] = ()
    triggers: tuple[str, ...] = ()  # words of which a unit must name one to be looked at; () looks at every unit
    texts: tuple[str, ...] = ()  # pieces of string literals that make a unit worth a look as well ("/tmp/")
    options: dict[str, object] = {}  # settings a user may change, with their defaults
    debug: bool = False  # report inside `#if DEBUG` too
    tests: bool = False  # report in test code too
    respell: dict[str, str] = {}  # other spellings of what the cases say; the cases are tested in both
    why: str = ""  # Markdown
    files: tuple[str, ...] = ()  # words of which the whole file must hold one, where triggers are words of all code
    yields: tuple[str, ...] = ()  # ids or aliases of rules that say more: one report where both report
    cases: tuple[Case, ...] = ()  # tests and examples; the compiled rulebook leaves them out

    @property
    def code(self) -> str:
        """The catalogue's code, "XPC101"; the id when it has none."""
        return self.aliases[0] if self.aliases else self.id

    @property
    def family(self) -> str:
        return self.id.partition("/")[0]

    def finding(
        self,
        place: Place,
        confidence: Confidence | None = None,
        *,
        severity: Severity | None = None,
        context: str = "",
        variant: str = "",
        holes: Mapping[str, str | Place] | None = None,
        steps: tuple[Step, ...] = (),
    ) -> Finding:
        """A finding of this rule at `place`.

        The message is the one for `context`, else for `variant`, else the rule's own, its holes filled from the texts
        in `holes` (a place has no text here); severity, profile and confidence likewise unless given. Raises
        ValueError when the message names a hole that `holes` gives no text for.
        """
        narrowing = (*filter(None, (context, variant)), "")
        texts = {name: hole for name, hole in (holes or {}).items() if isinstance(hole, str)}
        return Finding(
            rule=self.id,
            message=self._fill(_narrow(self.message, narrowing), texts),
            severity=severity or _narrow(self.severity, narrowing),
            confidence=confidence or _narrow(self.confidence, narrowing),
            place=place,
            profile=_narrow(self.profile, narrowing),
            steps=steps,
            variant=variant,
            holes=dict(holes or {}),
        )

    def _fill(self, template: str, texts: Mapping[str, str]) -> str:
        missing = [name for name in HOLE.findall(template) if name not in texts]
        if missing:
            raise ValueError(f"{self.id}: the message names {{{missing[0]}}}, but the finding gives no text for it")
        return HOLE.sub(lambda hole: texts[hole[1]], template)


def _narrow(table: Mapping[str, T], keys: tuple[str, ...]) -> T:
    """The entry of the first key that has one; "" always has one."""
    return next(table[key] for key in keys if key in table)
