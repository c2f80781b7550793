"""PLIST103: App Transport Security that an Info.plist switches off or weakens."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks.detectors import detector
from ipclint.checks.rule import Rule
from ipclint.model.facts import PlistEntry, PlistFacts
from ipclint.model.finding import Finding, Place, Severity
from ipclint.program.configuration import targets
from ipclint.program.program import Program, UnitRef

_DEBUG = re.compile(r"(?i:debug)|(?<![A-Za-z])tests?(?![a-z])|Tests?(?![a-z])")
_TEST_FOLDERS = frozenset(("test", "tests", "Test", "Specs"))
_GLOBAL: dict[str, tuple[str, Severity]] = {
    "NSAllowsArbitraryLoads": ("every connection", "high"),
    "NSAllowsArbitraryLoadsInWebContent": ("every web view", "medium"),
    "NSAllowsArbitraryLoadsForMedia": ("media", "medium"),
}
_OLD_TLS = ("TLSv1.0", "TLSv1.1")


@detector("ats-weakened", on="plist")
def ats_weakened(rule: Rule, program: Program, ref: UnitRef, unit: PlistFacts) -> Iterator[Finding]:
    security = unit.root.get("NSAppTransportSecurity") if unit.root is not None and unit.kind == "info" else None
    if security is None or not ships(program, unit.path):
        return
    narrowed = any(
        entry.key != "NSAllowsArbitraryLoads" and entry.key.startswith("NSAllows") for entry in security.entries
    )
    for entry in security.entries:
        if entry.key in _GLOBAL and entry.value.scalar is True:
            what, severity = _GLOBAL[entry.key]
            # beside a narrower key, the wide one only speaks to systems before iOS 10 and macOS 10.12
            superseded = narrowed and entry.key == "NSAllowsArbitraryLoads"
            yield _finding(rule, ref, entry, "low" if superseded else severity, holes={"what": what})
        elif entry.key == "NSExceptionDomains":
            for domain in entry.value.entries:
                yield from _of_domain(rule, ref, domain)


def _of_domain(rule: Rule, ref: UnitRef, domain: PlistEntry) -> Iterator[Finding]:
    """One finding a domain, at the exception that weighs most."""
    if _is_local(domain.key):
        return
    below = domain.value.get("NSIncludesSubdomains")
    name = f"{domain.key} and its subdomains" if below is not None and below.scalar is True else domain.key
    for entry in domain.value.entries:
        key = entry.key.replace("ThirdParty", "").replace("Temporary", "")
        if key == "NSExceptionAllowsInsecureHTTPLoads" and entry.value.scalar is True:
            yield _finding(rule, ref, entry, "medium", context="domain", holes={"domain": name})
            return
    for entry in domain.value.entries:
        key = entry.key.replace("ThirdParty", "").replace("Temporary", "")
        old = key == "NSExceptionMinimumTLSVersion" and entry.value.scalar in _OLD_TLS
        if old or (key == "NSExceptionRequiresForwardSecrecy" and entry.value.scalar is False):
            what = f"{entry.value.scalar}" if old else "no forward secrecy"
            yield _finding(rule, ref, entry, "low", context="weak", holes={"domain": name, "what": what})
            return


def _is_local(domain: str) -> bool:
    return domain in ("localhost", "127.0.0.1", "::1") or domain.endswith((".local", ".localhost"))


def ships(program: Program, path: str) -> bool:
    """Whether an Info.plist is that of something that ships: of a target that is no test, or of an unknown one whose
    file and folders do not say that it is for debugging or testing."""
    known = targets(program)
    informed = known.informed_by(path) if known is not None else ()
    if informed and all(target.is_test for target in informed):
        return False
    *folders, name = path.split("/")
    if any(folder in _TEST_FOLDERS or folder.endswith("Tests") for folder in folders):
        return False  # so its code is left out as test code
    return not _DEBUG.search(name)


def _finding(
    rule: Rule, ref: UnitRef, entry: PlistEntry, severity: Severity, context: str = "", *, holes: dict[str, str]
) -> Finding:
    place = Place(ref.path, "", entry.key_span.start, entry.key_span.end)
    whole = Place(ref.path, "", entry.key_span.start, entry.value.span.end)
    return rule.finding(place, severity=severity, context=context, holes={"key": entry.key, "entry": whole, **holes})
