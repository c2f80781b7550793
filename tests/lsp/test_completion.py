"""Completion of rule names, where rules are named and nowhere else."""

from __future__ import annotations

import pytest
from lsprotocol import types

from ipclint.lsp.completion import named_before
from ipclint.model.source import LineIndex

from .conftest import Editor


@pytest.mark.parametrize(
    ("path", "text", "word"),
    [
        ("A.swift", "// ipclint:ignore |", ""),
        ("A.swift", "  foo() // ipclint:ignore xpc/lis|", "xpc/lis"),
        ("A.m", "/* ipclint:ignore-file XPC101, demo/no-|", "demo/no-"),
        ("Info.plist", "<!-- ipclint:ignore a/b c/|", "c/"),
        ("A.swift", "// ipclint:ignore|", None),
        ("A.swift", "// ipclint:ignore a/b -- because |", None),
        ("A.swift", "// ipclint:ignore a/b -- be|", None),
        ("A.swift", "// ignore xpc|", None),
        ("A.swift", 'let a = "xpc|', None),
        ("ipclint.toml", 'ignore = ["|', ""),
        ("sub/ipclint.toml", 'ignore = ["a/b", "xpc/|', "xpc/"),
        ("ipclint.toml", '"XPC1|', "XPC1"),
        ("ipclint.toml", "profile|", None),
        ("ipclint.toml", 'ignore = ["a/b"|', None),
    ],
)
def test_where_a_name_may_stand(path: str, text: str, word: str | None):
    text = "é\n" + text
    offset = len(text[: text.index("|")].encode())
    lines = LineIndex(text.replace("|", "").encode())
    span = named_before(path, lines, offset)
    assert (None if span is None else lines.data[span.start : span.end].decode()) == word


@pytest.mark.asyncio(loop_scope="module")
async def test_rules_are_offered_by_id_and_by_alias(editor: Editor):
    editor.open("A.swift", "// é ipclint:ignore DEM\n")
    found = await editor.client.text_document_completion_async(
        types.CompletionParams(editor.document("A.swift"), types.Position(0, 23))
    )
    assert isinstance(found, tuple | list)
    items = {item.label: item for item in found}
    assert items["demo/no-shouting"].detail == "Shouting is heard by everyone"
    for label in ("demo/no-shouting", "DEMO1"):
        edit = items[label].text_edit
        assert isinstance(edit, types.TextEdit)
        assert edit.new_text == "demo/no-shouting"
        assert edit.range == types.Range(types.Position(0, 20), types.Position(0, 23))
    nothing = await editor.client.text_document_completion_async(
        types.CompletionParams(editor.document("A.swift"), types.Position(0, 3))
    )
    assert list(nothing or ()) == []  # type: ignore[arg-type]
