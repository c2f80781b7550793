"""ENT106: XPC services and login items of a sandboxed app that run outside the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.detectors import detector
from ipclint.checks.rule import Rule
from ipclint.model.facts import ProjectFacts
from ipclint.model.finding import Confidence, Finding, Place, Step
from ipclint.program.configuration import programs_of, targets
from ipclint.program.program import Program, UnitRef
from ipclint.program.target_info import Signing, TargetInfo
from ipclint.program.targets import Targets

SANDBOX = "com.apple.security.app-sandbox"
ENTERS = ("sandbox_init", "sandbox_init_with_parameters", "sandbox_apply", "sandbox_apply_container")
SETTING = "ENABLE_APP_SANDBOX"
"""The build setting that makes Xcode add the entitlement."""


@detector("xpc-service-not-sandboxed", on="project")
def xpc_service_not_sandboxed(rule: Rule, program: Program, ref: UnitRef, unit: ProjectFacts) -> Iterator[Finding]:
    known = targets(program)
    for target in known.all() if known is not None else ():
        if target.project != ref.path or not _starts_by_itself(target) or target.platforms != ("macos",):
            continue
        if _enters_sandbox(program, target):
            continue
        signing = next(iter(target.signing), None)
        if signing is None or target.settings[0].get(SETTING) == "YES" or _is_sandboxed(signing) is not False:
            continue
        place = _place_of(unit, target, signing)
        host = _host(known, target) if known is not None else None
        if place is None or (host is None and not target.is_embedded_service):
            continue
        holes: dict[str, str | Place] = {"service": target.name, "host": host.name if host is not None else ""}
        if signing.facts is not None and signing.facts.root is not None and signing.facts.root.get(SANDBOX) is None:
            span = signing.facts.root.span
            holes["dict"] = Place(signing.path, "", span.start, span.end)
        steps = tuple(_sandbox_of(host)) if host is not None else ()
        confidence: Confidence = "certain" if host is not None else "hint"
        context = "alone" if host is None else "" if target.is_embedded_service else "helper"
        yield rule.finding(place, confidence, context=context, holes=holes, steps=steps)


def _starts_by_itself(target: TargetInfo) -> bool:
    """Whether launchd starts it, in no sandbox but its own: a service, an app in an app. A tool has its parent's."""
    inner = target.product_type.endswith(".application") and not target.is_privileged
    return target.is_embedded_service or inner


def _enters_sandbox(program: Program, target: TargetInfo) -> bool:
    """Whether a program puts itself into a sandbox when it starts."""
    return any(
        each.name == target.name and each.project == target.project
        for word in ENTERS
        for ref in program.mentioning(word)
        for each in programs_of(program, ref.path)
    )


def _sandbox_of(host: TargetInfo) -> Iterator[Step]:
    """Where the app's entitlements say that it is sandboxed."""
    signing = host.signing[0]
    listed = signing.facts.root.get(SANDBOX) if signing.facts is not None and signing.facts.root is not None else None
    if listed is not None:
        yield Step(Place(signing.path, "", listed.span.start, listed.span.end), f"{host.name} is sandboxed")


def _is_sandboxed(signing: Signing) -> bool | None:
    """None when the entitlements are not known: a file that is named and not here, or cannot be read."""
    if signing.facts is None:
        return None if signing.declared else False
    if signing.facts.root is None:
        return None
    value = signing.facts.root.get(SANDBOX)
    return value is not None and value.scalar is True


def _host(known: Targets, service: TargetInfo) -> TargetInfo | None:
    """A sandboxed program that embeds the service."""
    hosts = (each for each in known.embedders_of(service.name) if each.project == service.project and each.signing)
    return next(
        (each for each in hosts if _is_sandboxed(each.signing[0]) or each.settings[0].get(SETTING) == "YES"), None
    )


def _place_of(unit: ProjectFacts, target: TargetInfo, signing: Signing) -> Place | None:
    """The service's entitlements, at the key that says no or at the top; without any, the target in the project."""
    if signing.facts is not None and signing.facts.root is not None and signing.facts.root.entries:
        entry = next((each for each in signing.facts.root.entries if each.key == SANDBOX), None)
        span = entry.key_span if entry is not None else signing.facts.root.span
        return Place(signing.path, "", span.start, span.end)
    facts = next((each for each in unit.targets if each.name == target.name), None)
    span = facts.spans.get("") if facts is not None else None
    return Place(unit.path, "", span.start, span.end) if span is not None else None
