"""The fix for anonymous listeners whose endpoint is handed out (XPC112): require a code signature of who connects."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.builders.peer import always_ventura, requirement_text
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Finding, Fix, Place
from ipclint.program.configuration import targets_of
from ipclint.program.program import Program


@builder("require-endpoint-peers")
def require_endpoint_peers(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Set a requirement on the listener before it is resumed. Before macOS 13 it is not resumed at all."""
    resume, connection = finding.holes.get("resume"), finding.holes.get("connection")
    if not isinstance(resume, Place) or not isinstance(connection, Place):
        return
    targets = targets_of(program, resume.path)
    if any(target.platforms and "macos" not in target.platforms for target in targets):
        return  # setConnectionCodeSigningRequirement is unavailable on iOS, tvOS and watchOS
    name, start, text = sources.text(connection), sources.text(resume), requirement_text(program, resume.path)
    if resume.path.endswith(".swift"):
        optional = "?" if start[len(name) :].startswith("?") else ""
        call, condition = f"{name}{optional}.setConnectionCodeSigningRequirement({text})", "#available(macOS 13.0, *)"
    else:
        call, condition = f"[{name} setConnectionCodeSigningRequirement:{text}];", "(@available(macOS 13.0, *))"
    if always_ventura(program, resume.path):
        edit = sources.insert_before(resume, call)
    else:
        edit = sources.replace(resume, f"if {condition} {{\n    {call}\n    {start}\n}}")
    yield Fix("Require the code signature of who connects", False, (edit,), rule=rule.id)
