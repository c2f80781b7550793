"""XPC110: a peer check that some supported system skips, and the connection is accepted there all the same."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.around import path_to
from ipclint.checks.detectors import detector
from ipclint.checks.detectors.peer_apis import ACCEPTORS, EXCUSES, REQUIREMENT_SETTERS
from ipclint.checks.detectors.peer_evidence import guard
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function
from ipclint.model.finding import Confidence, Finding, Place, Step
from ipclint.model.ir import Availability, Block, Call, If, Literal, Loop, Node, Return, Switch, walk
from ipclint.program.configuration import targets_of
from ipclint.program.link import calls_in, resolve
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.target_info import version_key

_SETS = REQUIREMENT_SETTERS - {"senderSatisfies", "xpc_peer_requirement_match_received_message"}
PLATFORMS = {"macOS": "macos", "macos": "macos", "OSX": "macos", "iOS": "ios", "ios": "ios"}
MAC_ONLY = frozenset(
    {
        "setCodeSigningRequirement",
        "setCodeSigningRequirement:",
        "setConnectionCodeSigningRequirement",
        "setConnectionCodeSigningRequirement:",
        "xpc_connection_set_peer_code_signing_requirement",
    }
)


@detector("peer-check-inactive-on-target-os", on="function")
def peer_check_inactive_on_target_os(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    if unit.selector in ACCEPTORS:
        found = guard(program, ref)
        if "older-system" in found.kinds and found.kinds - EXCUSES:
            yield from _older_systems(rule, program, ref)
    if {name.partition(":")[0] for name in MAC_ONLY} & set(unit.mentions):
        yield from _other_platforms(rule, program, ref)


@query(bottom=False)
def requires_everywhere(program: Program, ref: UnitRef) -> bool:
    """Whether a function sets a code requirement on its peer before it accepts, on every system that is supported."""
    return _requires(program, ref, program.body(ref))


def _requires(program: Program, ref: UnitRef, block: Block) -> bool:
    for statement in block:
        asked = statement.conditions if isinstance(statement, If) else ()
        if asked and all(isinstance(each, Availability) and _is_met(program, ref, each) for each in asked):
            if isinstance(statement, If) and _requires(program, ref, statement.then):
                return True
        elif _sets(asked[0] if asked else statement):
            return not isinstance(statement, Loop | Switch)
        elif any(isinstance(node, Return) and _accepts(node) for node in walk(statement)):
            return False
    return False


def is_for_older_systems(program: Program, ref: UnitRef, node: Node) -> bool:
    """Whether a node stands where only a system comes that is too old to be supported."""
    for outer in path_to(program, ref, node):
        if isinstance(outer, If) and any(isinstance(each, Availability) for each in outer.conditions):
            met = all(isinstance(each, Availability) and _is_met(program, ref, each) for each in outer.conditions)
            if met and any(each.start <= node.start and node.end <= each.end for each in outer.otherwise):
                return True
    return False


def _is_met(program: Program, ref: UnitRef, node: Availability) -> bool:
    return not node.negated and _reached(program, ref.path, *_needed(node)) is None


def _sets(node: Node) -> bool:
    return any(isinstance(inner, Call) and inner.name in _SETS for inner in walk(node))


def _accepts(node: Return) -> bool:
    return not (isinstance(node.value, Literal) and node.value.text in ("false", "NO", "nil"))


def _older_systems(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    """a: on a system that is too old for the check, there is none."""
    for at in (ref, *(callee for call in calls_in(program, ref) for callee in resolve(program, ref, call).refs)):
        for node in walk(program.body(at)):
            if isinstance(node, Availability) and (checks := _checks(program, at)):
                platform, version = _needed(node)
                confidence = _reached(program, ref.path, platform, version)
                if confidence is not None:
                    yield rule.finding(
                        _place(at, node),
                        confidence,
                        holes={"platform": f"{platform} {version}".strip(), "check": checks[0].name.partition(":")[0]},
                        steps=(Step(_place(at, checks[0]), "the check of newer systems is here"),),
                    )
                return


def _checks(program: Program, ref: UnitRef) -> list[Call]:
    return [
        call
        for call in calls_in(program, ref)
        if call.name in REQUIREMENT_SETTERS or call.name.startswith("SecCodeCheckValidity")
    ]


def _needed(node: Availability) -> tuple[str, str]:
    return next(((platform, version) for platform, version in node.platforms if platform in PLATFORMS), ("", ""))


def _reached(program: Program, path: str, platform: str, version: str) -> Confidence | None:
    """How sure it is that an older system is supported; None when the deployment target rules it out."""
    lowest = [target.deployment.get(PLATFORMS.get(platform, ""), "") for target in targets_of(program, path)]
    known = [text for text in lowest if text]
    if not known or not version:
        return "hint"
    return "certain" if any(version_key(text) < version_key(version) for text in known) else None


def _other_platforms(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    """b: a requirement that only macOS knows, in code of another platform."""
    platforms = {
        platform for target in targets_of(program, ref.path) if not target.guessed for platform in target.platforms
    }
    if not platforms or platforms & {"macos", "maccatalyst"}:
        return
    for call in calls_in(program, ref):
        if call.name in MAC_ONLY:
            yield rule.finding(
                _place(ref, call),
                "certain",
                variant="b",
                context="platform",
                holes={"check": call.name.partition(":")[0], "platform": ", ".join(sorted(platforms))},
            )


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
