"""Code actions: what can be done about the findings under the cursor. Computed from the range that is asked about.

The diagnostics that a client sends along are not looked at: some clients drop what stands in them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from lsprotocol import types

from ipclint.checks.edits import compatible
from ipclint.engine.config import FILE_NAME
from ipclint.engine.report import Report, fingerprint
from ipclint.lsp.client import Client
from ipclint.lsp.diagnostics import Diagnostics
from ipclint.lsp.edits import Edits
from ipclint.lsp.folders import Address
from ipclint.lsp.suppressing import suppressions, switched_off
from ipclint.lsp.view import unit_at
from ipclint.model.finding import Fix
from ipclint.model.source import LineIndex, Span
from ipclint.program.program import UnitRef

QUICK_FIX = types.CodeActionKind.QuickFix.value
FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.ipclint"
REWRITE = f"{types.CodeActionKind.RefactorRewrite.value}.ipclint"
KINDS = (QUICK_FIX, FIX_ALL, REWRITE)


class Ticket(msgspec.Struct, frozen=True):
    """What a code action carries until it is resolved: the finding by its fingerprint, and which fix of it."""

    uri: str
    title: str
    finding: str = ""  # "" for all safe fixes of the document, or for a refactoring
    number: int = 0  # among findings that look the same
    unit: str = ""  # the declaration that a refactoring is of


class Gone(LookupError):
    """The finding that an action was offered for is not there any more."""


class Actions:
    """The actions of one document."""

    def __init__(self, client: Client, address: Address, diagnostics: Diagnostics, edits: Edits) -> None:
        self._client = client
        self._folder = address.folder
        self._session = address.folder.session
        self._path = address.path
        self._lines = address.folder.lines(address.path)
        self._uri = address.folder.uri(address.path)
        self._diagnostics = diagnostics
        self._edits = edits

    def offered(self, span: Span, only: Sequence[str] | None, asked: bool) -> list[types.CodeAction]:
        """The actions for a range of bytes; `only` are the kinds that the client wants, None for every kind.

        `asked` is false when the client asks by itself, on each move of the cursor, to know whether to show a bulb.
        """
        actions: list[types.CodeAction] = []
        if wanted(QUICK_FIX, only):
            touched = under(self._session.reports(self._path), span, self._lines)
            for report in touched:
                actions += self._fixes(report)
            for report in touched:
                actions += self._suppressions(report)
        if wanted(FIX_ALL, only) and (asked or only) and (fixes := self._safe_fixes()):
            title = f"Apply all safe ipclint fixes ({len(fixes)})"
            actions.append(self._action(title, FIX_ALL, Ticket(self._uri, title), fixes))
        if wanted(REWRITE, only) and (asked or only):
            actions += self._refactorings(span)
        return actions

    def resolve(self, ticket: Ticket) -> types.WorkspaceEdit:
        """The edit of an action, against the text as it stands now. Raises Gone."""
        if ticket.unit:
            for fix in self._session.scaffolds(UnitRef(self._path, ticket.unit)):
                if fix.title == ticket.title:
                    return self._edits.of((fix,))
            raise Gone(ticket.title)
        if not ticket.finding:
            return self._edits.of(self._safe_fixes())
        for report in self._session.reports(self._path):
            if self._ticket(report, ticket.title) == ticket:
                for fix in (*self._session.fixes(report), *self._about_suppression(report)):
                    if fix.title == ticket.title:
                        return self._edits.of((fix,))
        raise Gone(ticket.title)

    def _ticket(self, report: Report, title: str) -> Ticket:
        """Names a finding so that it is found again after edits elsewhere."""
        name = fingerprint(report, self._lines.data)
        before = itertools.takewhile(lambda each: each is not report, self._session.reports(self._path))
        number = sum(fingerprint(each, self._lines.data) == name for each in before if each.rule == report.rule)
        return Ticket(self._uri, title, name, number)

    def _fixes(self, report: Report) -> Iterator[types.CodeAction]:
        fixes = [fix for fix in self._session.fixes(report) if self._edits.can_apply(fix)]
        for number, fix in enumerate(sorted(fixes, key=lambda fix: not fix.safe)):
            yield self._quick_fix(report, fix, preferred=number == 0 and fix.safe)

    def _suppressions(self, report: Report) -> Iterator[types.CodeAction]:
        for fix in self._about_suppression(report):
            yield self._quick_fix(report, fix, preferred=False)

    def _refactorings(self, span: Span) -> Iterator[types.CodeAction]:
        """What can be built at the declaration under the cursor."""
        ref = unit_at(self._session, self._path, span.start)
        for fix in self._session.scaffolds(ref) if ref is not None else ():
            yield self._action(fix.title, REWRITE, Ticket(self._uri, fix.title, unit=ref.key if ref else ""), (fix,))

    def _about_suppression(self, report: Report) -> Iterator[Fix]:
        yield from suppressions(report, self._lines)
        if self._folder.has_configuration or self._folder.may_have_configuration:
            written = self._folder.lines(FILE_NAME).data if self._folder.has_configuration else None
            fix = switched_off(report, written)
            if fix is not None and self._edits.can_apply(fix):
                yield fix

    def _quick_fix(self, report: Report, fix: Fix, preferred: bool) -> types.CodeAction:
        action = self._action(fix.title, QUICK_FIX, self._ticket(report, fix.title), (fix,))
        action.diagnostics = [self._diagnostics.diagnostic(report)]
        action.is_preferred = True if preferred and self._client.preferred else None
        return action

    def _action(self, title: str, kind: str, ticket: Ticket, fixes: Iterable[Fix]) -> types.CodeAction:
        lazy = self._client.resolves_edits
        return types.CodeAction(
            title,
            kind=kind,
            data=msgspec.to_builtins(ticket) if lazy else None,
            edit=None if lazy else self._edits.of(fixes),
        )

    def _safe_fixes(self) -> list[Fix]:
        """The best safe fix of each finding, as far as they can be applied together and touch this file alone."""
        best = (
            next((fix for fix in self._session.fixes(report) if fix.safe and self._is_local(fix)), None)
            for report in self._session.reports(self._path)
        )
        return compatible(fix for fix in best if fix is not None)[0]

    def _is_local(self, fix: Fix) -> bool:
        return not fix.creates and all(edit.path == self._path for edit in fix.edits)


def read_ticket(data: Any) -> Ticket | None:
    """The ticket in an action that came back; None when it holds something else."""
    try:
        return msgspec.convert(data, Ticket)
    except msgspec.ValidationError:
        return None


def wanted(kind: str, only: Sequence[str] | None) -> bool:
    """Whether a client that wants the kinds `only` takes this one: a kind includes those that it begins, and the
    empty one includes all."""
    return only is None or any(each in ("", kind) or kind.startswith(f"{each}.") for each in only)


def under(reports: Iterable[Report], span: Span, lines: LineIndex) -> list[Report]:
    """The reports that a selection touches; those that begin on its line when it is a cursor that touches none."""
    reports = tuple(reports)
    touched = [each for each in reports if each.location.start <= span.end and span.start <= each.location.end]
    if touched or span.start != span.end:
        return touched
    line = lines.position(span.start)[0]
    return [each for each in reports if each.location.line == line]
