"""Diagnostics of an older version where they stand in the newest, against a model that moves byte offsets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from ipclint.lsp.convert import ENCODINGS, Positions
from ipclint.lsp.documents import Document
from ipclint.lsp.events import Update
from ipclint.lsp.moving import moved
from ipclint.lsp.publishing import Publisher
from ipclint.model.source import Span

from .test_convert import ENCODING

URI = "file:///a.swift"


def diagnostic(range_: types.Range, *related: tuple[str, types.Range]) -> types.Diagnostic:
    traces = [types.DiagnosticRelatedInformation(types.Location(*place), "step") for place in related]
    return types.Diagnostic(range_, "text", related_information=traces)


PIECE = st.text(alphabet="a\u00e9\u0301\r\n😀", max_size=8)
EDITS = st.lists(st.tuples(st.booleans(), st.integers(0, 8), st.integers(0, 8), PIECE), min_size=1, max_size=4)


@given(PIECE, PIECE.filter(bool), PIECE, ENCODING, EDITS)
def test_what_is_typed_before_or_behind_leaves_a_range_on_its_text(
    before: str, text: str, behind: str, encoding: str, edits: list[tuple[bool, int, int, str]]
):
    positions, document = Positions(encoding), Document(URI, "swift", 1, before + text + behind)

    def range_of(start: int, length: int) -> types.Range:
        whole = document.data.decode()
        return positions.range(document, Span(len(whole[:start].encode()), len(whole[: start + length].encode())))

    found = diagnostic(range_of(len(before), len(text)))
    changes: list[types.TextDocumentContentChangeEvent] = []
    for is_before, one, other, typed in edits:
        piece = before if is_before else behind
        start, end = sorted((min(one, len(piece)), min(other, len(piece))))
        shift = 0 if is_before else len(before) + len(text)
        changes.append(types.TextDocumentContentChangePartial(range_of(shift + start, end - start), typed))
        document.apply(changes[-1:], positions, 2)
        piece = piece[:start] + typed + piece[end:]
        before, behind = (piece, behind) if is_before else (before, piece)
    [after] = moved([found], URI, changes, positions) or []
    assert after.range == range_of(len(before), len(text))


RANGE = types.Range(types.Position(1, 4), types.Position(1, 9))


def change(start: tuple[int, int], end: tuple[int, int], text: str) -> types.TextDocumentContentChangePartial:
    return types.TextDocumentContentChangePartial(types.Range(types.Position(*start), types.Position(*end)), text)


@pytest.mark.parametrize(
    ("edit", "wanted"),
    [
        (change((0, 0), (0, 0), "\n\n"), (3, 4, 3, 9)),
        (change((1, 0), (1, 0), "😀"), (1, 6, 1, 11)),
        (change((0, 3), (1, 4), ""), (0, 3, 0, 8)),
        (change((1, 4), (1, 4), "x"), (1, 5, 1, 10)),
        (change((1, 9), (1, 9), "x"), (1, 4, 1, 9)),
        (change((1, 6), (1, 6), "x\ny"), (1, 4, 2, 4)),
        (change((1, 0), (1, 6), ""), (1, 0, 1, 3)),
        (change((1, 6), (2, 0), ""), (1, 4, 1, 6)),
        (change((2, 0), (3, 0), "x"), (1, 4, 1, 9)),
    ],
)
def test_ranges_follow_edits(edit: types.TextDocumentContentChangePartial, wanted: tuple[int, int, int, int]):
    found = diagnostic(RANGE, (URI, RANGE), ("file:///b.swift", RANGE))
    [after] = moved([found], URI, [edit], Positions()) or []
    start, end = after.range.start, after.range.end
    assert (start.line, start.character, end.line, end.character) == wanted
    assert found.range == RANGE, "the one that was shown before stays as it was"
    assert [each.location.range for each in after.related_information or ()] == [after.range, RANGE]


def test_what_is_gone_is_not_shown():
    assert moved([diagnostic(RANGE)], URI, [change((1, 4), (1, 9), "new")], Positions()) == []
    assert moved([diagnostic(RANGE)], URI, [types.TextDocumentContentChangeWholeDocument("")], Positions()) is None


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_late_result_is_shown_where_it_is_now(encoding: str):
    pushed: list[types.PublishDiagnosticsParams] = []
    publisher = Publisher(pushed.append, False, Positions(encoding))
    publisher.opened(URI, 1)
    publisher.edited(URI, 2, [change((0, 0), (0, 0), "\n")])
    publisher.edited(URI, 3, [change((0, 0), (0, 0), "\n")])
    publisher.show([Update(URI, 2, [diagnostic(RANGE)], True)])
    assert pushed == [], "what is about to be overtaken is not shown"
    publisher.show([Update(URI, 1, [diagnostic(RANGE)], True, late=True)])
    publisher.show([Update(URI, 2, [diagnostic(RANGE)], True, late=True)])
    publisher.show([Update(URI, 3, [diagnostic(RANGE)], True)])
    assert [(each.version, each.diagnostics[0].range.start.line) for each in pushed] == [(None, 3), (None, 2), (3, 1)]
    publisher.edited(URI, 4, [types.TextDocumentContentChangeWholeDocument("")])
    publisher.show([Update(URI, 3, [diagnostic(RANGE)], True, late=True)])
    assert len(pushed) == 3
