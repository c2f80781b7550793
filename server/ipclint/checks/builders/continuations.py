"""Fixes that wake a waiting task with an error (fix F19 of the catalogue)."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.builders.replies import insert_last
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Finding, Fix, Place
from ipclint.program.program import Program

GONE = "CocoaError(.xpcConnectionInvalid)"


@builder("resume-with-error")
def resume_with_error(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Give the proxy an error handler that resumes the continuation, or let the one that it has do so. For one message
    exactly one of reply and error handler is called: safe where no other goes through the proxy.
    """
    continuation, error = finding.holes.get("continuation"), finding.holes.get("error")
    proxy, connection = finding.holes.get("proxy"), finding.holes.get("connection")
    handler = finding.holes.get("last-in")
    if isinstance(proxy, Place) and isinstance(connection, Place):
        receiver = sources.text(connection)
        optional = "?" if sources.text(proxy)[len(receiver) :].lstrip().startswith("?") else ""
        new = f"{receiver}{optional}.remoteObjectProxyWithErrorHandler({{ {continuation}.resume(throwing: $0) }})"
        yield Fix("Resume with the error", True, (sources.replace(proxy, new),), rule=rule.id)
    elif isinstance(handler, Place):
        edit = insert_last(handler, f"{continuation}.resume(throwing: {error or GONE})", sources)
        yield Fix("Resume with the error", "safe" in finding.holes, (edit,), rule=rule.id)


@builder("resume-before-leaving")
def resume_before_leaving(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Resume with an error where the closure returns without."""
    before = finding.holes.get("before")
    if isinstance(before, Place):
        edit = sources.insert_before(before, f"{finding.holes['continuation']}.resume(throwing: {GONE})")
        yield Fix("Resume with an error before leaving", False, (edit,), rule=rule.id)
