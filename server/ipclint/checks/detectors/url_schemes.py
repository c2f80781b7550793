"""PLIST102: URL schemes that others share, that no code handles, or that code handles and nobody registers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.property_lists import ships
from ipclint.checks.rule import Rule
from ipclint.checks.url_names import KNOWN, PROTOCOLS, SHORT, SYSTEM, WORDS, is_own, is_unique
from ipclint.model.facts import Function, PlistEntry, PlistFacts, PlistValue
from ipclint.model.finding import Confidence, Finding, Place, Severity, Step
from ipclint.model.source import Span
from ipclint.program.configuration import programs_of, targets
from ipclint.program.launchd import text_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.target_info import TargetInfo
from ipclint.program.url_handlers import asked_schemes, compared_parts, sign_in_schemes, url_handlers

TYPES = "CFBundleURLTypes"
SCHEMES = "CFBundleURLSchemes"
QUERIES = "LSApplicationQueriesSchemes"
MAX_QUERIES = 50
"""Of an app built for iOS 15 or later, this many entries count."""

_LINKS = ("com.apple.developer.web-browser", "com.apple.developer.mail-client", "com.apple.developer.calling-app")
_PHONE_KEYS = ("LSRequiresIPhoneOS", "UIDeviceFamily", "UILaunchStoryboardName", "UISupportedInterfaceOrientations")
_DELEGATES = ("UIApplicationDelegate", "NSApplicationDelegate", "UIWindowSceneDelegate", "App")


class _Scheme(NamedTuple):
    """A scheme as the build registers it, the element it stands in and the URL type around that."""

    text: str
    value: PlistValue
    type: PlistValue


@detector("url-scheme-registration-weak", on="plist")
def url_scheme_registration_weak(rule: Rule, program: Program, ref: UnitRef, unit: PlistFacts) -> Iterator[Finding]:
    if unit.kind != "info" or unit.root is None or not ships(program, unit.path):
        return
    schemes = list(_schemes(program, unit))
    for scheme in schemes:
        yield from _of_scheme(rule, program, unit, scheme)
    types = unit.root.get(TYPES)
    for each in types.items if types is not None else ():
        yield from _of_type(rule, unit, each)
    yield from _unhandled(rule, program, unit, schemes)
    queries = next((entry for entry in unit.root.entries if entry.key == QUERIES), None)
    if queries is not None:
        yield from _of_queries(rule, program, unit, queries)


def _schemes(program: Program, unit: PlistFacts) -> Iterator[_Scheme]:
    types = unit.root.get(TYPES) if unit.root is not None else None
    informed = _informed(program, unit.path)
    for each in types.items if types is not None else ():
        listed = each.get(SCHEMES)
        for value in listed.items if listed is not None else ():
            if isinstance(value.scalar, str):
                text = value.scalar
                for settings in informed[0].settings[:1] if informed else ():
                    text = settings.expand(text)
                yield _Scheme(text, value, each)


def _informed(program: Program, path: str) -> tuple[TargetInfo, ...]:
    known = targets(program)
    return known.informed_by(path) if known is not None else ()


# ── one scheme ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_scheme(rule: Rule, program: Program, unit: PlistFacts, scheme: _Scheme) -> Iterator[Finding]:
    text = scheme.text.lower()
    if "$" in text or not text:
        return
    severity: Severity = "medium" if text in sign_in_schemes(program) else "low"
    names = _names(program, unit)
    owner = KNOWN.get(text)
    if text in SYSTEM:
        if _is_for_phones(program, unit) and not _takes_links(program, unit):
            yield _finding(rule, unit, scheme.value.span, "system", "low", scheme=text)
    elif owner is not None:
        if not is_own(owner, names) and not is_own(text, names):
            yield _finding(rule, unit, scheme.value.span, "known", severity, scheme=text, owner=owner)
    elif text in WORDS or (len(text) < SHORT and text not in PROTOCOLS and not is_own(text, names)):
        context = "generic-sign-in" if severity == "medium" else "generic" if text in WORDS else "short"
        yield _finding(rule, unit, scheme.value.span, context, severity, scheme=text)
    if scheme.text != text and not is_unique(text):
        yield _finding(rule, unit, scheme.value.span, "letters", "info", scheme=scheme.text)


def _names(program: Program, unit: PlistFacts) -> tuple[str, ...]:
    """What the app is called: bundle ids, products, its names in the property list."""
    informed = _informed(program, unit.path)
    names = [name for each in informed for name in (*each.bundle_ids, each.product_name, each.name)]
    keys = ("CFBundleIdentifier", "CFBundleName", "CFBundleDisplayName", "CFBundleExecutable")
    return (*names, *(text_of(unit, key) for key in keys))


def _is_for_phones(program: Program, unit: PlistFacts) -> bool:
    informed = _informed(program, unit.path)
    if informed:
        return all(target.platforms == ("ios",) for target in informed)
    return unit.root is not None and any(unit.root.get(key) is not None for key in _PHONE_KEYS)


def _takes_links(program: Program, unit: PlistFacts) -> bool:
    """Whether the app is a browser, or a mail or telephone program, by its entitlements; True when they are unknown."""
    informed = _informed(program, unit.path)
    roots = [signing.facts.root for each in informed for signing in each.signing if signing.facts is not None]
    declared = any(signing.declared for each in informed for signing in each.signing)
    if not roots:
        return declared or not informed
    return any(root is not None and root.get(key) is not None for root in roots for key in _LINKS)


def _of_type(rule: Rule, unit: PlistFacts, each: PlistValue) -> Iterator[Finding]:
    """A URL type without its name or the role that the app plays."""
    schemes = next((entry for entry in each.entries if entry.key == SCHEMES), None)
    if schemes is None or not schemes.value.items:
        return
    lacks = [key for key in ("CFBundleTypeRole", "CFBundleURLName") if each.get(key) is None]
    if lacks:
        holes: dict[str, str | Place] = {"what": " and no ".join(lacks)}
        if lacks[0] == "CFBundleTypeRole":
            holes["before"] = Place(unit.path, "", schemes.key_span.start, schemes.key_span.start)
        place = Place(unit.path, "", schemes.key_span.start, schemes.key_span.end)
        yield rule.finding(place, "certain", severity="info", context="bare", holes=holes)


# ── schemes and code ─────────────────────────────────────────────────────────────────────────────────────────────────


def _unhandled(rule: Rule, program: Program, unit: PlistFacts, schemes: list[_Scheme]) -> Iterator[Finding]:
    """The first scheme of an app in whose code nothing takes URLs. What services make is taken by their libraries."""
    own = [each for each in schemes if not is_unique(each.text) and "$" not in each.text]
    informed = _informed(program, unit.path)
    if not own or not any(target.product_type.endswith(".application") for target in informed):
        return
    if url_handlers(program) or program.declaring_subtypes("NSScriptCommand"):
        return
    if not any(program.declaring_subtypes(name) for name in _DELEGATES):
        return  # little of the app's code is here
    yield _finding(rule, unit, own[0].value.span, "unhandled", "low", "likely", scheme=own[0].text)


@detector("url-scheme-registration-weak", on="function")
def url_scheme_not_registered(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    compared = compared_parts(program, ref, "scheme")
    if not compared or ref not in url_handlers(program):
        return
    built = programs_of(program, ref.path)
    elsewhere = {
        scheme.text.lower()
        for target in built
        if target.product_type.endswith(".application")
        for info in target.infos
        for scheme in _schemes(program, info)
    }
    compared = tuple(each for each in compared if each[0].lower() not in elsewhere)  # several apps share the code
    for target in built:
        if target.guessed or not target.product_type.endswith(".application") or not target.infos:
            continue
        for text, node in compared:
            step = Step(Place(ref.path, ref.key, node.start, node.end), f"“{text}” is expected here")
            yield from _not_registered(rule, program, target, text.lower(), step)


def _not_registered(rule: Rule, program: Program, target: TargetInfo, text: str, step: Step) -> Iterator[Finding]:
    """At the URL types of the target: they lack a scheme that its code waits for."""
    info = target.infos[0]
    entry = next((each for each in info.root.entries if each.key == TYPES), None) if info.root is not None else None
    registered = {scheme.text.lower() for each in target.infos for scheme in _schemes(program, each)}
    if entry is None or text in (SYSTEM | PROTOCOLS) or text in registered or any("$" in each for each in registered):
        return
    place = Place(info.path, "", entry.key_span.start, entry.key_span.end)
    yield rule.finding(
        place, "likely", severity="low", context="unregistered", holes={"scheme": text, "target": target.name},
        steps=(step,),
    )  # fmt: skip


# ── what the app asks for ────────────────────────────────────────────────────────────────────────────────────────────


def _of_queries(rule: Rule, program: Program, unit: PlistFacts, queries: PlistEntry) -> Iterator[Finding]:
    items = [item for item in queries.value.items if isinstance(item.scalar, str)]
    if len(items) > MAX_QUERIES:
        yield _finding(rule, unit, queries.key_span, "many", "low", count=str(len(items)), most=str(MAX_QUERIES))
    asked = asked_schemes(program)
    for item in items if asked else ():
        text = str(item.scalar).lower()
        if asked is not None and text not in asked and "$" not in text:
            entry = Place(unit.path, "", item.span.start, item.span.end)
            holes: dict[str, str | Place] = {"scheme": text, "item": entry}
            yield rule.finding(entry, "likely", severity="info", context="unasked", holes=holes)


def _finding(
    rule: Rule,
    unit: PlistFacts,
    span: Span,
    context: str,
    severity: Severity,
    confidence: Confidence = "certain",
    **holes: str,
) -> Finding:
    place = Place(unit.path, "", span.start, span.end)
    return rule.finding(place, confidence, severity=severity, context=context, holes=holes)
