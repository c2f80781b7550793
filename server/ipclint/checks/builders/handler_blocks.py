"""Fixes for handlers that wait for the main thread, or do its work."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.edits import indent_of, level_of, line_start, newline_of
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Edit, Finding, Fix, Place
from ipclint.program.program import Program

LATER = {"sync": "async", "dispatch_sync": "dispatch_async"}


@builder("main-thread-later")
def main_thread_later(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """`sync` → `async`, where nothing comes after it."""
    sync = finding.holes.get("sync")
    if isinstance(sync, Place):
        edit = sources.replace(sync, LATER[sources.text(sync)])
        yield Fix("Leave it to the main thread without waiting", True, (edit,), rule=rule.id)


@builder("hand-to-main-thread")
def hand_to_main_thread(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """`DispatchQueue.main.async { … }` around the statements that touch the interface."""
    place = finding.holes.get("interface")
    if not isinstance(place, Place):
        return
    swift = place.path.endswith(".swift")
    opening = "DispatchQueue.main.async {" if swift else "dispatch_async(dispatch_get_main_queue(), ^{"
    closing = "}" if swift else "});"
    data, span = sources.data(place.path), sources.span(place)
    text = data[span.start : span.end].decode("utf-8", "replace")
    if '"""' in text or "\n#" in text:
        return  # its lines must stay where they begin
    if not swift and not text.rstrip().endswith((";", "}")):
        return
    newline, indent, level = newline_of(data), indent_of(data, span.start), level_of(data)
    if data[line_start(data, span.start) : span.start].strip():
        if newline in text:
            return
        body = f"{opening} {text} {closing}"
    else:
        lines = [level + line if line.strip() else line for line in text.split(newline)]
        body = newline.join((opening, indent + lines[0], *lines[1:], indent + closing))
    edit = Edit(place.path, span.start, span.end, body)
    yield Fix("Hand it over to the main thread", False, (edit,), rule=rule.id)
