"""A fix for handlers that wait for the main thread."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Finding, Fix, Place
from ipclint.program.program import Program

LATER = {"sync": "async", "dispatch_sync": "dispatch_async"}


@builder("main-thread-later")
def main_thread_later(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """`sync` → `async`, where nothing comes after it."""
    sync = finding.holes.get("sync")
    if isinstance(sync, Place):
        edit = sources.replace(sync, LATER[sources.text(sync)])
        yield Fix("Leave it to the main thread without waiting", True, (edit,), rule=rule.id)
