"""Fixes that wake a waiting task with an error (fix F19 of the catalogue)."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.builders.replies import insert_last
from ipclint.checks.edits import insert_in_body
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Edit, Finding, Fix, Place
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
        edits = _moved(finding, sources, proxy, new) or (sources.replace(proxy, new),)
        yield Fix("Resume with the error", True, edits, rule=rule.id)
    elif isinstance(handler, Place):
        edit = insert_last(handler, f"{continuation}.resume(throwing: {error or GONE})", sources)
        yield Fix("Resume with the error", "safe" in finding.holes, (edit,), rule=rule.id)


def _moved(finding: Finding, sources: Sources, proxy: Place, new: str) -> tuple[Edit, ...]:
    """The edits that take the proxy's declaration into the closure; none when it is there already."""
    outside, body = finding.holes.get("outside"), finding.holes.get("body")
    if not isinstance(outside, Place) or not isinstance(body, Place):
        return ()
    whole, part = sources.span(outside), sources.span(proxy)
    data = sources.data(outside.path)
    text = data[whole.start : part.start].decode() + new + data[part.end : whole.end].decode()
    return sources.remove(outside), insert_in_body(body.path, data, sources.span(body).start, text)


@builder("resume-before-leaving")
def resume_before_leaving(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Resume with an error where the closure returns without."""
    before = finding.holes.get("before")
    if isinstance(before, Place):
        edit = sources.insert_before(before, f"{finding.holes['continuation']}.resume(throwing: {GONE})")
        yield Fix("Resume with an error before leaving", False, (edit,), rule=rule.id)
