"""Fixes as workspace edits: versioned where a document is open, with the files that a fix creates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from lsprotocol import types

from ipclint.lsp.client import Client
from ipclint.lsp.convert import Positions
from ipclint.model.finding import Edit, Fix
from ipclint.model.source import LineIndex, Span


class Edits:
    """Makes workspace edits, for one client.

    `uri` gives the address of a path, `lines` the file as it stands, `version` the open document's version.
    """

    def __init__(
        self,
        client: Client,
        positions: Positions,
        uri: Callable[[str], str],
        lines: Callable[[str], LineIndex],
        version: Callable[[str], int | None],
    ) -> None:
        self._client = client
        self._positions = positions
        self._uri = uri
        self._lines = lines
        self._version = version

    def can_apply(self, fix: Fix) -> bool:
        """Whether the client can do all that a fix asks for."""
        return not fix.creates or (self._client.document_changes and self._client.creates_files)

    def of(self, fixes: Iterable[Fix]) -> types.WorkspaceEdit:
        """One edit for fixes that do not overlap; an edit that several of them share (an import) is made once."""
        fixes = tuple(fixes)
        by_path: dict[str, set[Edit]] = defaultdict(set)
        for fix in fixes:
            for edit in fix.edits:
                by_path[edit.path].add(edit)
        if not self._client.document_changes:
            return types.WorkspaceEdit(
                changes={self._uri(path): self._text_edits(path, edits) for path, edits in sorted(by_path.items())}
            )
        created = dict(item for fix in fixes for item in fix.creates)
        changes: list[types.CreateFile | types.TextDocumentEdit] = []
        for path, text in created.items():
            changes += self._creation(path, text)
        for path, edits in sorted(by_path.items()):
            changes.append(self._document_edit(path, self._text_edits(path, edits)))
        return types.WorkspaceEdit(document_changes=list(changes))

    def _text_edits(self, path: str, edits: Iterable[Edit]) -> list[types.TextEdit]:
        lines = self._lines(path)
        return [
            types.TextEdit(self._positions.range(lines, Span(edit.start, edit.end)), edit.text)
            for edit in sorted(edits)
        ]

    def _document_edit(self, path: str, edits: list[types.TextEdit]) -> types.TextDocumentEdit:
        document = types.OptionalVersionedTextDocumentIdentifier(self._uri(path), self._version(path))
        return types.TextDocumentEdit(document, list(edits))

    def _creation(self, path: str, text: str) -> tuple[types.CreateFile, types.TextDocumentEdit]:
        start = types.Position(0, 0)
        uri = self._uri(path)
        return (
            types.CreateFile(uri, options=types.CreateFileOptions(overwrite=False, ignore_if_exists=False)),
            types.TextDocumentEdit(
                types.OptionalVersionedTextDocumentIdentifier(uri, None),
                [types.TextEdit(types.Range(start, start), text)],
            ),
        )
