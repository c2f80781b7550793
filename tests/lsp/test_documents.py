"""The byte mirror against a model that edits a string, through random sequences of changes in all three encodings."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from ipclint.engine.changes import ByteEdit
from ipclint.lsp.convert import ENCODINGS, Positions
from ipclint.lsp.documents import Document
from ipclint.model.source import LineIndex

from .test_convert import model_position

TEXT = st.text(alphabet="ab\té日\n\r😀\u200d", max_size=25)

POSITION = st.tuples(st.integers(0, 50), st.integers(0, 50))


def partial(start: tuple[int, int], end: tuple[int, int], text: str) -> types.TextDocumentContentChangePartial:
    return types.TextDocumentContentChangePartial(
        range=types.Range(types.Position(*start), types.Position(*end)), text=text
    )


@given(TEXT, st.sampled_from(ENCODINGS), st.data())
def test_the_mirror_equals_the_buffer(text: str, encoding: str, data: st.DataObject):
    document, positions = Document("file:///a.swift", "swift", 0, text), Positions(encoding)
    changes: list[types.TextDocumentContentChangeEvent] = []
    for replacement in data.draw(st.lists(TEXT, min_size=1, max_size=5)):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, len(text)))
        changes.append(
            partial(model_position(text, start, encoding), model_position(text, end, encoding), replacement)
            if data.draw(st.integers(0, 9))
            else types.TextDocumentContentChangeWholeDocument(text=replacement)
        )
        whole = isinstance(changes[-1], types.TextDocumentContentChangeWholeDocument)
        text = replacement if whole else text[:start] + replacement + text[end:]
    mirrored = document.data
    for edit in document.apply(changes, positions, 7):
        mirrored = mirrored[: edit.start] + edit.text + mirrored[edit.end :]
    assert document.data == text.encode() == mirrored
    assert document.starts == LineIndex(text.encode()).starts
    assert document.version == 7


@given(TEXT, st.sampled_from(ENCODINGS), POSITION, POSITION, TEXT)
def test_no_range_breaks_the_mirror(
    text: str, encoding: str, start: tuple[int, int], end: tuple[int, int], replacement: str
):
    document = Document("file:///a.swift", "swift", 0, text)
    document.apply([partial(start, end, replacement)], Positions(encoding), 1)
    document.data.decode()
    assert document.starts == LineIndex(document.data).starts
    assert len(document.data) >= len(replacement.encode())


def test_later_ranges_refer_to_the_text_that_earlier_changes_left():
    document = Document("file:///a.swift", "swift", 1, "ab\n")
    edits = document.apply([partial((0, 0), (0, 0), "x\n"), partial((1, 0), (1, 1), "y")], Positions(), 2)
    assert document.data == b"x\nyb\n"
    assert edits == [ByteEdit(0, 0, b"x\n"), ByteEdit(2, 3, b"y")]
