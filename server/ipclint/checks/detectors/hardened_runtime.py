"""ENT107: programs for the Mac that ship without the hardened runtime."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.entitlements import trusted_at
from ipclint.checks.detectors.signing_scripts import signings
from ipclint.checks.rule import Rule
from ipclint.model.facts import ProjectFacts
from ipclint.model.finding import Finding, Place, Step
from ipclint.model.source import Span
from ipclint.program.configuration import targets
from ipclint.program.program import Program, UnitRef
from ipclint.program.settings import BuildSettings
from ipclint.program.target_info import TargetInfo
from ipclint.program.targets import Targets

SETTING = "ENABLE_HARDENED_RUNTIME"
FLAGS = "OTHER_CODE_SIGN_FLAGS"
DEEP = re.compile(r"(?:^|\s)--deep\b")
_TEST = re.compile(r"(?:^|[-_ .])[Tt]ests?(?:$|[-_ .])|[a-z]Tests?$")
"""Names of programs that developers run for themselves."""


@detector("hardened-runtime-off", on="project")
def hardened_runtime_off(rule: Rule, program: Program, ref: UnitRef, unit: ProjectFacts) -> Iterator[Finding]:
    """One finding a project: the setting is mostly forgotten for all of its programs at once."""
    known = targets(program)
    yield from _of_scripts(rule, known, unit)
    lacking = [each for each in known.all() if each.project == ref.path and _lacks(each)] if known is not None else []
    if not lacking:
        return
    trusted = {each.name: place for each in lacking if (place := _trusted(program, each)) is not None}
    lacking.sort(key=lambda each: (each.name not in trusted, not _serves(each), not _is_off(each)))
    first = lacking[0]
    place = _place_of(unit, first)
    if place is None:
        return
    steps = [Step(trusted[first.name], f"{first.name} is trusted here")] if first.name in trusted else []
    steps += [Step(other, f"{each.name} lacks it too") for each in lacking[1:] if (other := _place_of(unit, each))]
    span = _setting_or_block(unit, first)
    holes: dict[str, str | Place] = {"target": first.name, "setting": "NO" if _is_off(first) else "not set"}
    if span is not None:
        holes["block"] = Place(ref.path, "", span.start, span.end)
    yield rule.finding(
        place,
        "certain" if _is_off(first) else "likely",
        severity="high" if first.name in trusted else None,
        context="trusted" if first.name in trusted else "",
        variant="" if first.name in trusted or _serves(first) or _is_off(first) else "b",
        holes=holes,
        steps=tuple(steps),
    )


def _of_scripts(rule: Rule, known: Targets | None, unit: ProjectFacts) -> Iterator[Finding]:
    """What scripts sign without the runtime, and flags that sign whatever a program holds along with it."""
    infos = {each.name: each for each in known.all() if each.project == unit.path} if known is not None else {}
    for target in unit.targets:
        info = infos.get(target.name)
        if info is None or info.platforms != ("macos",) or info.is_test:
            continue
        for script in target.scripts:
            place = Place(unit.path, "", script.span.start, script.span.end)
            weak = next((signing for signing in signings(script) if not signing.hardened), None)
            if weak is not None:
                name = weak.path.rstrip("/").rpartition("/")[2]
                yield rule.finding(place, "likely", variant="c", holes={"target": target.name, "program": name})
        shipping = info.settings[0].configuration if info.settings else ""
        span = target.spans.get(f"{shipping}/{FLAGS}")
        if span is not None and info.is_program and DEEP.search(info.settings[0].get(FLAGS) or ""):
            place = Place(unit.path, "", span.start, span.end)
            yield rule.finding(place, "certain", variant="d", holes={"target": target.name})


def _lacks(target: TargetInfo) -> bool:
    """A program for the Mac, signed by Xcode, whose shipping configuration leaves the hardened runtime off."""
    if (
        not target.is_program
        or target.is_test
        or _TEST.search(target.name)
        or target.platforms != ("macos",)
        or not target.settings
    ):
        return False
    shipping = target.settings[0]
    if not target.product_type.startswith("com.apple.") or "debug" in shipping.configuration.lower():
        return False
    if "runtime" in (shipping.get(FLAGS) or "") or _is_signed_later(shipping):
        return False
    return (shipping.get(SETTING) or "NO") != "YES"


def _is_signed_later(shipping: BuildSettings) -> bool:
    """Whether Xcode signs nothing, or by hand for this Mac alone: what ships is signed by a script, in its own way."""
    if shipping.get("CODE_SIGNING_ALLOWED") == "NO":
        return True
    by_hand = shipping.get("CODE_SIGN_STYLE") == "Manual" and shipping.get("CODE_SIGN_IDENTITY") in ("-", "")
    return by_hand and shipping.get(SETTING) is None


def _is_off(target: TargetInfo) -> bool:
    return target.settings[0].get(SETTING) is not None


def _serves(target: TargetInfo) -> bool:
    """Whether other programs ask it to do things: a service or a privileged helper."""
    return target.is_embedded_service or target.is_privileged


def _trusted(program: Program, target: TargetInfo) -> Place | None:
    return next(filter(None, (trusted_at(program, name) for name in target.bundle_ids)), None)


def _place_of(unit: ProjectFacts, target: TargetInfo) -> Place | None:
    """The setting where the target writes it, else the target."""
    facts = next((each for each in unit.targets if each.name == target.name), None)
    if facts is None:
        return None
    configuration = target.settings[0].configuration
    span = facts.spans.get(f"{configuration}/{SETTING}") or facts.spans.get("")
    return Place(unit.path, "", span.start, span.end) if span is not None else None


def _setting_or_block(unit: ProjectFacts, target: TargetInfo) -> Span | None:
    facts = next((each for each in unit.targets if each.name == target.name), None)
    configuration = target.settings[0].configuration
    return (facts.spans.get(f"{configuration}/{SETTING}") or facts.spans.get(configuration)) if facts else None
