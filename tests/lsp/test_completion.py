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


TOML = """pro
profile = "str"
include-tests =
fail-on = "high:
[[per-path]]
pro
profile =
ignore = ["
[severity]
"xpc/a" = "hi"
x
"""


@pytest.mark.parametrize(
    ("line", "column", "label", "new", "start", "end"),
    [
        (0, 3, "profile", "profile = ", 0, 3),
        (1, 14, "strict", '"strict"', 10, 15),
        (2, 16, "true", "true", 15, 15),
        (3, 16, "high:certain", '"high:certain"', 10, 16),
        (5, 3, "paths", "paths = ", 0, 3),
        (6, 9, "pedantic", '"pedantic"', 9, 9),
        (7, 11, "DEMO1", "demo/no-shouting", 11, 11),
        (9, 13, "high", '"high"', 10, 14),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_settings_and_their_values(
    editor: Editor, line: int, column: int, label: str, new: str, start: int, end: int
):
    text = TOML.replace("include-tests =\n", "include-tests = \n").replace("profile =\n", "profile = \n")
    editor.open("sub/ipclint.toml", text, "toml")
    column += line == 6
    start, end = (start + (line in (2, 6)), end + (line in (2, 6)))
    items = {item.label: item for item in await offered(editor, "sub/ipclint.toml", line, column)}
    edit = items[label].text_edit
    assert isinstance(edit, types.TextEdit)
    assert edit.new_text == new
    assert edit.range == types.Range(types.Position(line, start), types.Position(line, end))
    others = {0: "paths", 1: "DEMO1", 5: "select", 7: "profile", 9: "demo/no-shouting"}
    assert others.get(line) not in items


@pytest.mark.asyncio(loop_scope="module")
async def test_a_table_without_settings_of_its_own(editor: Editor):
    editor.open("sub/ipclint.toml", TOML, "toml")
    assert await offered(editor, "sub/ipclint.toml", 10, 1) == []


async def offered(editor: Editor, name: str, line: int, column: int) -> list[types.CompletionItem]:
    found = await editor.client.text_document_completion_async(
        types.CompletionParams(editor.document(name), types.Position(line, column))
    )
    return list(found) if isinstance(found, list | tuple) else []
