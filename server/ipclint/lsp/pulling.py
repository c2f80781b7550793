"""Diagnostics on request: of one document, and of the whole workspace, in full only where something has changed."""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types

from ipclint.lsp.analysis import Analysis
from ipclint.lsp.diagnostics import result_id
from ipclint.lsp.folders import Address

Report = types.WorkspaceFullDocumentDiagnosticReport | types.WorkspaceUnchangedDocumentDiagnosticReport


def pull_document(analysis: Analysis, uri: str, previous: str | None) -> types.DocumentDiagnosticReport:
    """The diagnostics of a document, or that they are those of result id `previous`."""
    address = analysis.address(uri)
    diagnostics = analysis.update(address).diagnostics if address is not None else []
    identifier = result_id(diagnostics)
    if identifier == previous:
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id=identifier)
    return types.RelatedFullDocumentDiagnosticReport(items=diagnostics, result_id=identifier)


def pull_workspace(analysis: Analysis, previous: Iterable[types.PreviousResultId]) -> list[Report]:
    """The reports of every file that has diagnostics, and of those that the client believes to have some."""
    known = {each.uri: each.value for each in previous}
    files = [
        analysis.folders.innermost(Address(folder, path))
        for folder in analysis.folders
        for path in sorted({*folder.session.paths(), *folder.shown})
    ]
    reports = [_report(analysis, address, known) for address in dict.fromkeys(files)]
    return reports + [_report(analysis, analysis.address(uri), known, uri) for uri in sorted(known)]


def _report(analysis: Analysis, address: Address | None, known: dict[str, str], uri: str = "") -> Report:
    update = analysis.update(address) if address is not None else None
    diagnostics = update.diagnostics if update is not None else []
    uri = update.uri if update is not None else uri
    version = update.version if update is not None else None
    identifier = result_id(diagnostics)
    if known.pop(uri, None) == identifier:
        return types.WorkspaceUnchangedDocumentDiagnosticReport(uri=uri, result_id=identifier, version=version)
    return types.WorkspaceFullDocumentDiagnosticReport(
        uri=uri, items=diagnostics, result_id=identifier, version=version
    )
