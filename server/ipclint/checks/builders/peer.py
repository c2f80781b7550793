"""Fixes that make a connection require its peer's code signature (fixes F01 and F03 of the catalogue)."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Finding, Fix, Place
from ipclint.program.configuration import targets_of
from ipclint.program.program import Program

REQUIREMENT = 'anchor apple generic and certificate leaf[subject.OU] = "{team}" and identifier "{client}"'

SWIFT = """\
if #available(macOS 13.0, *) {{
    {connection}.setCodeSigningRequirement({text})
}} else {{
    return false
}}"""
SWIFT_SIMPLE = "{connection}.setCodeSigningRequirement({text})"
OBJC = """\
if (@available(macOS 13.0, *)) {{
    [{connection} setCodeSigningRequirement:{text}];
}} else {{
    return NO;
}}"""
OBJC_SIMPLE = "[{connection} setCodeSigningRequirement:{text}];"


@builder("require-peer-signature")
def require_peer_signature(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Set a requirement on the connection before it is resumed. Unsafe: it decides who stays outside."""
    resume, connection = finding.holes.get("resume"), finding.holes.get("connection")
    if not isinstance(resume, Place) or not isinstance(connection, str):
        return
    text = required(program, resume.path, connection)
    if text is not None:
        yield Fix("Require the peer's code signature", False, (sources.insert_before(resume, text),), rule=rule.id)


def required(program: Program, path: str, connection: str) -> str | None:
    """The statement that has `connection` require its peer's signature, in the language of the file and for the systems
    that it runs on; None where there is no such call.
    """
    targets = targets_of(program, path)
    if any(target.platforms and "macos" not in target.platforms for target in targets):
        return None  # setCodeSigningRequirement is unavailable on iOS, tvOS and watchOS
    simple, checked = (SWIFT_SIMPLE, SWIFT) if path.endswith(".swift") else (OBJC_SIMPLE, OBJC)
    template = simple if always_ventura(program, path) else checked
    return template.format(connection=connection, text=requirement_text(program, path))


def requirement_text(program: Program, path: str) -> str:
    """A literal of a requirement that binds the peer to the team that signs the file's targets."""
    teams = {target.team for target in targets_of(program, path) if target.team}
    text = REQUIREMENT.format(team=teams.pop() if len(teams) == 1 else "TEAMID", client="com.example.client")
    quoted = text.replace('"', '\\"')
    return f'"{quoted}"' if path.endswith(".swift") else f'@"{quoted}"'


def always_ventura(program: Program, path: str) -> bool:
    """Whether a file runs on macOS 13 or later alone."""
    targets = targets_of(program, path)
    return bool(targets) and all(_from_ventura(target.deployment.get("macos", "")) for target in targets)


def _from_ventura(version: str) -> bool:
    major = version.partition(".")[0]
    return major.isdigit() and int(major) >= 13
