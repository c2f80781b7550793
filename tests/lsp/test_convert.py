"""Positions in all three encodings against a model that walks the text character by character."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from ipclint.lsp.convert import ENCODINGS, Positions, to_bytes
from ipclint.model.source import LineIndex, Span

TEXT = st.text(alphabet="ab \té\u0301日\u2028\x0b\r\n😀\U0001f469\u200d\U0001f680", max_size=40)
ENCODING = st.sampled_from(ENCODINGS)
UNIT_BYTES = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


def columns(character: str, encoding: str) -> int:
    name = encoding if encoding == "utf-8" else f"{encoding}-le"
    return len(character.encode(name)) // UNIT_BYTES[encoding]


def model_position(text: str, index: int, encoding: str) -> tuple[int, int]:
    """Line and column of the character `index`, by walking."""
    line = column = 0
    for character in text[:index]:
        if character == "\n":
            line, column = line + 1, 0
        else:
            column += columns(character, encoding)
    return line, column


@given(TEXT, ENCODING, st.data())
def test_every_character_has_the_position_that_walking_gives(text: str, encoding: str, data: st.DataObject):
    index = data.draw(st.integers(0, len(text)))
    lines, positions = LineIndex(text.encode()), Positions(encoding)
    offset = len(text[:index].encode())
    position = positions.position(lines, offset)
    assert (position.line, position.character) == model_position(text, index, encoding)
    assert positions.offset(lines, position) == offset


@given(TEXT, ENCODING, st.integers(0, 60), st.integers(0, 60))
def test_any_position_lands_on_a_character_of_its_line(text: str, encoding: str, line: int, character: int):
    lines, positions = LineIndex(text.encode()), Positions(encoding)
    offset = positions.offset(lines, types.Position(line, character))
    assert 0 <= offset <= len(lines.data)
    lines.data[:offset].decode()
    if line < len(lines.starts):
        assert lines.position(offset)[0] == line


@given(st.binary(max_size=30), ENCODING, st.integers(-3, 40))
def test_bytes_that_are_no_text_have_positions(data: bytes, encoding: str, offset: int):
    lines, positions = LineIndex(data), Positions(encoding)
    position = positions.position(lines, offset)
    assert position.line == lines.position(max(offset, 0))[0]
    assert position.character <= len(data)


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 13), ("utf-16", 11), ("utf-32", 10)])
def test_after_an_emoji_each_encoding_has_its_own_column(encoding: str, column: int):
    lines = LineIndex('let s = "😀x"'.encode())
    assert Positions(encoding).position(lines, lines.data.index(b"x")) == types.Position(0, column)


@pytest.mark.parametrize(("encoding", "inside"), [("utf-8", 1), ("utf-8", 3), ("utf-16", 1)])
def test_a_position_inside_a_character_is_its_beginning(encoding: str, inside: int):
    assert Positions(encoding).offset(LineIndex("😀b".encode()), types.Position(0, inside)) == 0


def test_the_end_of_a_line_is_before_its_line_end():
    lines, positions = LineIndex(b"ab\r\ncd\nef"), Positions()
    assert positions.offset(lines, types.Position(0, 2)) == 2
    assert positions.offset(lines, types.Position(0, 99)) == 2
    assert positions.offset(lines, types.Position(1, 99)) == 6
    assert positions.offset(lines, types.Position(2, 99)) == 9
    assert positions.offset(lines, types.Position(3, 0)) == 9
    assert positions.offset(lines, types.Position(0, 3)) == 3, "between CR and LF"


def test_swapped_ends_are_put_in_order():
    swapped = types.Range(types.Position(0, 3), types.Position(0, 1))
    assert Positions().span(LineIndex(b"abcd"), swapped) == Span(1, 3)


def test_an_unknown_encoding_is_the_protocols_default():
    assert Positions("latin-1").encoding == "utf-16"


def test_half_a_surrogate_pair_becomes_the_replacement_character():
    assert to_bytes("a\ud83db") == "a\ufffdb".encode()
    assert to_bytes("\ud83d\ude00") == "😀".encode()
