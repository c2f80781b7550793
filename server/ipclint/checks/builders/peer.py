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
    targets = targets_of(program, resume.path)
    if any(target.platforms and "macos" not in target.platforms for target in targets):
        return  # setCodeSigningRequirement is unavailable on iOS, tvOS and watchOS
    teams = {target.team for target in targets if target.team}
    text = REQUIREMENT.format(team=teams.pop() if len(teams) == 1 else "TEAMID", client="com.example.client")
    always = bool(targets) and all(_from_ventura(target.deployment.get("macos", "")) for target in targets)
    quoted = text.replace('"', '\\"')
    if resume.path.endswith(".swift"):
        template, literal = (SWIFT_SIMPLE if always else SWIFT), f'"{quoted}"'
    else:
        template, literal = (OBJC_SIMPLE if always else OBJC), f'@"{quoted}"'
    edit = sources.insert_before(resume, template.format(connection=connection, text=literal))
    yield Fix("Require the peer's code signature", False, (edit,), rule=rule.id)


def _from_ventura(version: str) -> bool:
    major = version.partition(".")[0]
    return major.isdigit() and int(major) >= 13
