"""ENT108: associated domains for developers alone, wider than the code minds, or lacking what the code waits for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, cast

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.entitlements import entries_of, signed
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, PlistEntry, PlistFacts, PlistValue, Variable
from ipclint.model.finding import Finding, Place, Step
from ipclint.program.configuration import programs_of
from ipclint.program.link import calls_in, resolve
from ipclint.program.program import Program, UnitRef
from ipclint.program.target_info import Signing, TargetInfo
from ipclint.program.url_handlers import compared_parts, link_handlers, url_handlers

DOMAINS = "com.apple.developer.associated-domains"

MAX_CALLS = 3
"""How many calls a link is followed through, to where its host may be looked at."""
MAX_FUNCTIONS = 80

_MODE = re.compile(r"\?mode=(?P<mode>[a-z+]*)$")
_DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+)+")


class _Domain(NamedTuple):
    """An entry: `applinks:example.com?mode=developer` and its parts."""

    text: str
    service: str
    host: str
    value: PlistValue


@detector("associated-domain-too-loose", on="plist")
def associated_domain_too_loose(rule: Rule, program: Program, ref: UnitRef, unit: PlistFacts) -> Iterator[Finding]:
    entry = next((each for each in entries_of(program, unit) if each.key == DOMAINS), None)
    for domain in _domains(entry) if entry is not None else ():
        mode = _MODE.search(domain.text)
        if mode is not None and "developer" in mode["mode"].split("+"):
            yield _finding(rule, unit, domain, "developer", better=f"<string>{domain.text[: mode.start()]}</string>")
        if domain.service == "applinks" and domain.host.startswith("*."):
            yield _wildcard(rule, program, unit, domain)
        if domain.service == "webcredentials" and _is_foreign(rule, program, unit, domain):
            yield _finding(rule, unit, domain, "foreign")


def _is_foreign(rule: Rule, program: Program, unit: PlistFacts, domain: _Domain) -> bool:
    """Whether none of the domains that the configuration lists covers one; it lists none by default."""
    allowed = [str(each).lower() for each in cast(Iterable[object], rule.options["domains"])]
    settings = [target.settings[0] for target in signed(program, unit) if target.settings]
    hosts = {each.expand(domain.host) for each in settings} or {domain.host}
    return bool(allowed) and any("$" not in host and not _is_listed(allowed, host) for host in hosts)


def _is_listed(allowed: list[str], host: str) -> bool:
    host = host.partition(":")[0].lower()
    return any(_covers(each, host) or each.removeprefix("*.") == host.removeprefix("*.") for each in allowed)


def _domains(entry: PlistEntry) -> Iterator[_Domain]:
    for value in entry.value.items:
        if isinstance(value.scalar, str):
            service, _, host = value.scalar.partition(":")
            yield _Domain(value.scalar, service, _MODE.sub("", host).lower(), value)


def _wildcard(rule: Rule, program: Program, unit: PlistFacts, domain: _Domain) -> Finding:
    """Every subdomain: grave only where code takes the links without a look at the host."""
    names = {target.name for target in signed(program, unit)}
    for ref in link_handlers(program):
        if not names.intersection(target.name for target in programs_of(program, ref.path)):
            continue
        if not _minds_host(program, ref):
            function = program.unit(ref)
            span = function.name_span if isinstance(function, Function | Variable) else (0, 0)
            step = Step(Place(ref.path, ref.key, *span), "links are taken here, whatever their host")
            return _finding(rule, unit, domain, "wildcard", (step,))
    return _finding(rule, unit, domain, "tenants")


def _minds_host(program: Program, ref: UnitRef) -> bool:
    """Whether the function, or one that it calls, looks at the host of a URL. One that compares it with plain words
    alone (`settings`) looks at links of a custom scheme."""
    seen = {ref}
    queue = [(ref, 0)]
    while queue and len(seen) < MAX_FUNCTIONS:
        at, depth = queue.pop(0)
        unit = program.unit(at)
        if isinstance(unit, Function | Variable) and "host" in unit.mentions:
            compared = compared_parts(program, at, "host")
            if not compared or any("." in text for text, _ in compared):
                return True
        for call in calls_in(program, at) if depth < MAX_CALLS else ():
            fresh = [callee for callee in resolve(program, at, call).refs if callee not in seen]
            seen.update(fresh)
            queue += ((callee, depth + 1) for callee in fresh)
    return False


def _finding(
    rule: Rule, unit: PlistFacts, domain: _Domain, context: str, steps: tuple[Step, ...] = (), better: str = ""
) -> Finding:
    place = Place(unit.path, "", domain.value.span.start, domain.value.span.end)
    holes: dict[str, str | Place] = {"domain": domain.host.removeprefix("*."), "entry": domain.text}
    if better:
        holes |= {"element": place, "better": better}
    severity = "info" if context == "tenants" else None
    return rule.finding(place, "certain", severity=severity, context=context, holes=holes, steps=steps)


@detector("associated-domain-too-loose", on="function")
def host_not_associated(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """At the associated domains of a target: a host that its code waits for is not among them."""
    compared = [(text.lower(), node) for text, node in compared_parts(program, ref, "host") if _DOMAIN.fullmatch(text)]
    if not compared or ref not in (*link_handlers(program), *url_handlers(program)):
        return
    for target in programs_of(program, ref.path):
        signing = next(iter(target.signing), None)
        root = signing.facts.root if signing is not None and signing.facts is not None else None
        entry = next((each for each in root.entries if each.key == DOMAINS), None) if root is not None else None
        if signing is None or entry is None or target.guessed:
            continue
        hosts = _hosts(target, signing, entry)
        for text, node in compared if hosts is not None else ():
            if hosts is not None and not any(_covers(host, text) for host in hosts):
                place = Place(signing.path, "", entry.key_span.start, entry.key_span.end)
                step = Step(Place(ref.path, ref.key, node.start, node.end), f"“{text}” is expected here")
                holes = {"domain": text, "target": target.name}
                yield rule.finding(place, "likely", context="missing", holes=holes, steps=(step,))


def _hosts(target: TargetInfo, signing: Signing, entry: PlistEntry) -> set[str] | None:
    """The hosts whose links come to a target; None when the build fills in what is not known."""
    settings = next((each for each in target.settings if each.configuration == signing.configuration), None)
    found: set[str] = set()
    for domain in _domains(entry):
        text = settings.expand(domain.host) if settings is not None else domain.host
        if "$" in text:
            return None
        if domain.service == "applinks":
            found.add(text.partition(":")[0])
    return found or None


def _covers(host: str, text: str) -> bool:
    return text.endswith(host[1:]) if host.startswith("*.") else host == text
