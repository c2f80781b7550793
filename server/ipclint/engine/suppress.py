"""Suppressions applied: what they hide, and what is to be said of the suppressions themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ipclint.checks.rulebook import Rulebook, Selector, UnknownRule
from ipclint.engine.builtin import UNUSED, WITHOUT_REASON
from ipclint.engine.report import Document
from ipclint.engine.selection import Selection
from ipclint.model.facts import Suppression
from ipclint.model.finding import Finding, Place

_COMMENT = re.compile(rb"[ \t]*(?://|/\*|\*|<!--|$)")
_ATTRIBUTE = re.compile(rb"[ \t]*@\w+(?:\([^()]*\))?[ \t]*$")


MAX_SUPPRESSIONS = 1000
"""Suppressions of one file that count; what more of them would hide is shown."""

MAX_COMMENT_LINES = 100
"""Lines of comments between a suppression and the code that it is about."""


class _Rule(NamedTuple):
    """A suppression with what its names mean and the 0-based lines that it covers (None: the file)."""

    written: Suppression
    selectors: tuple[Selector, ...]
    unknown: tuple[str, ...]  # what is wrong with names that mean nothing
    lines: range | None

    def hides(self, finding: Finding, line: int) -> bool:
        return (self.lines is None or line in self.lines) and any(
            selector.matches(finding.rule, finding.variant, finding.profile) for selector in self.selectors
        )


class Suppressions:
    """The suppressions of one file; `hides` remembers which of them were of use."""

    def __init__(self, document: Document, rulebook: Rulebook) -> None:
        self._path = document.path
        self._rulebook = rulebook
        written = document.facts.suppressions if document.facts is not None else ()
        self._rules = [_resolve(each, document, rulebook) for each in written[:MAX_SUPPRESSIONS]]
        self._used: set[int] = set()

    def hides(self, finding: Finding, line: int) -> bool:
        """Whether a finding on 0-based `line` is suppressed."""
        hiding = [number for number, rule in enumerate(self._rules) if rule.hides(finding, line)]
        self._used.update(hiding)
        return bool(hiding)

    def findings(self, selection: Selection) -> Iterator[Finding]:
        """What is wrong with the suppressions, after every finding of the file went through `hides`.

        One is unused only when a rule that it names is on here: a run of other rules says nothing of it.
        """
        for number, (written, selectors, unknown, _) in enumerate(self._rules):
            place = Place(self._path, "", *written.span)
            rules = ", ".join(written.ids) or "nothing"
            if not written.reason:
                yield WITHOUT_REASON.finding(place, holes={"rules": rules})
            for problem in unknown:
                yield UNUSED.finding(place, context="unknown", holes={"problem": problem})
            if number not in self._used and not unknown and self._wanted(selectors, selection):
                yield UNUSED.finding(place, holes={"rules": rules})

    def _wanted(self, selectors: Iterable[Selector], selection: Selection) -> bool:
        return any(
            selection.wants(rule, self._path)
            for selector in selectors
            for rule in self._rulebook
            if rule.id in selector.rules or selector.profile in rule.profile.values()
        )


def _resolve(written: Suppression, document: Document, rulebook: Rulebook) -> _Rule:
    selectors: list[Selector] = []
    unknown: list[str] = [] if written.ids else ["This suppression names no rule"]
    for name in written.ids:
        try:
            selectors.append(rulebook.selector(name))
        except UnknownRule as error:
            text = str(error)
            unknown.append(text[:1].upper() + text[1:])
    return _Rule(written, tuple(selectors), tuple(unknown), _covered(written, document))


def _covered(written: Suppression, document: Document) -> range | None:
    """The line of the comment; when it stands alone, the next line of code, and attributes before it on their lines."""
    if written.scope == "file":
        return None
    first = document.lines.position(written.span.start)[0]
    last = document.lines.position(max(written.span.start, written.span.end - 1))[0]
    if not written.alone:
        return range(first, last + 1)
    count = len(document.lines.starts)
    line = last + 1
    end = min(count, line + MAX_COMMENT_LINES)
    while line < end and _COMMENT.match(document.lines.line(line)):
        line += 1
    start = line
    while line + 1 < count and _ATTRIBUTE.match(document.lines.line(line)):
        line += 1
    return range(start, line + 1)
