"""Moves diagnostics along with what was typed since the version that they are of."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence

from lsprotocol import types

from ipclint.lsp.convert import Positions, to_bytes

Change = types.TextDocumentContentChangeEvent


def moved(
    diagnostics: Iterable[types.Diagnostic], uri: str, changes: Sequence[Change], positions: Positions
) -> list[types.Diagnostic] | None:
    """The diagnostics of document `uri` where they stand after `changes`, applied one after the other; without those
    whose text is gone. None when a change replaced the whole text."""
    edits = [_Edit(each, positions) for each in changes if isinstance(each, types.TextDocumentContentChangePartial)]
    if len(edits) < len(changes):
        return None
    return [after for each in diagnostics if (after := _moved(each, uri, edits)) is not None]


def is_whole(change: Change) -> bool:
    return not isinstance(change, types.TextDocumentContentChangePartial)


class _Edit:
    """Positions are (line, column) in the client's encoding."""

    def __init__(self, change: types.TextDocumentContentChangePartial, positions: Positions) -> None:
        ends = sorted((each.line, each.character) for each in (change.range.start, change.range.end))
        self.start, self.end = ends
        rows = to_bytes(change.text).split(b"\n")
        column = positions.width(rows[-1]) + (self.start[1] if len(rows) == 1 else 0)
        self.after = (self.start[0] + len(rows) - 1, column)  # where the new text ends

    def range(self, range_: types.Range) -> types.Range | None:
        """None for what was there and is gone. What is typed at either end of a range stays outside."""
        start = (range_.start.line, range_.start.character)
        end = (range_.end.line, range_.end.character)
        if start != end and self.start <= start and end <= self.end and self.start != self.end:
            return None
        start, end = self._moved(start, start >= self.end), self._moved(end, end >= self.end and end > self.start)
        return types.Range(types.Position(*start), types.Position(*max(start, end)))

    def _moved(self, at: tuple[int, int], is_behind: bool) -> tuple[int, int]:
        if not is_behind:
            return min(at, self.start)
        line, column = at[0] - self.end[0], at[1]
        return (self.after[0] + line, column if line else self.after[1] + column - self.end[1])


def _moved(diagnostic: types.Diagnostic, uri: str, edits: Sequence[_Edit]) -> types.Diagnostic | None:
    range_ = _follow(diagnostic.range, edits)
    if range_ is None:
        return None
    after = copy.copy(diagnostic)
    after.range = range_
    if after.related_information:
        after.related_information = [
            types.DiagnosticRelatedInformation(types.Location(uri, place), each.message)
            if each.location.uri == uri and (place := _follow(each.location.range, edits)) is not None
            else each
            for each in after.related_information
        ]
    return after


def _follow(range_: types.Range | None, edits: Sequence[_Edit]) -> types.Range | None:
    for edit in edits:
        range_ = edit.range(range_) if range_ is not None else None
    return range_
