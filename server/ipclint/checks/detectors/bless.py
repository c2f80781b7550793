"""PLIST105: which apps may install a privileged helper, and which helpers an app installs (SMJobBless)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.code_requirement import SEVERITY, read
from ipclint.checks.requirement import HOLE, Grade, RequirementError, Verdict, parse, with_holes
from ipclint.checks.rule import Rule
from ipclint.model.facts import PlistEntry, PlistFacts, PlistValue
from ipclint.model.finding import Finding, Place, Severity, Step
from ipclint.program.configuration import targets
from ipclint.program.launchd import text_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.target_info import TargetInfo, is_blessed

CLIENTS = "SMAuthorizedClients"
TOOLS = "SMPrivilegedExecutables"

_DEBUG = re.compile(r"(?i)debug|(?<![a-z])dev(?:elop|elopment)?(?![a-z])|(?<![a-z])tests?(?![a-z])")
_PERSONAL = re.compile(r'subject\.CN\]\s*=\s*"((?:Mac Developer|Apple Development|iPhone Developer): [^"]*)"')
_TEAM = re.compile(r"[A-Z0-9]{10}")
_CLAUSE = re.compile(r"(?i)anchor|ident|cert|hash|info|entitle|subject|[=\"\[]")
_PLACEHOLDER = re.compile(r"[A-Z]+_[A-Z_]+|\{\{|%[@s]|<[^>]+>")


class _Entry(NamedTuple):
    """A requirement in a property list: who it is about, its text with everything filled in, what comes of it."""

    value: PlistValue
    key: str  # SMAuthorizedClients or SMPrivilegedExecutables
    label: str  # of the tool, "" for a client
    text: str
    verdict: Verdict | None


@detector("sm-client-requirement-weak", on="plist")
def sm_client_requirement_weak(rule: Rule, program: Program, ref: UnitRef, unit: PlistFacts) -> Iterator[Finding]:
    if unit.root is None or not _ships(program, unit.path):
        return
    entries = [*_entries(program, unit, CLIENTS), *_entries(program, unit, TOOLS)]
    for entry in entries:
        yield from _judge(rule, program, unit, entry)
    if is_blessed(unit):
        yield from _clients_left_out(rule, program, unit, entries)
    elif unit.root.get(TOOLS) is not None:
        yield from _tools_left_out(rule, program, unit, entries)


def _ships(program: Program, path: str) -> bool:
    """False for a property list of debug builds alone."""
    configurations = {
        settings.configuration
        for target in _informed(program, path)
        for settings in target.settings
        if (settings.get("INFOPLIST_FILE") or "").strip('"').rpartition("/")[2] == path.rpartition("/")[2]
    }
    if configurations:
        return any(not _DEBUG.search(name) for name in configurations)
    return not _DEBUG.search(path.rpartition("/")[2])


def _informed(program: Program, path: str) -> tuple[TargetInfo, ...]:
    known = targets(program)
    return known.informed_by(path) if known is not None else ()


def _expanded(program: Program, plist: PlistFacts, text: str) -> str:
    """The text as the build that ships fills it in."""
    informed = _informed(program, plist.path)
    return next((settings.expand(text) for each in informed for settings in each.settings[:1]), text)


def _entries(program: Program, plist: PlistFacts, key: str) -> Iterator[_Entry]:
    listed = plist.root.get(key) if plist.root is not None else None
    if listed is None:
        return
    pairs = [("", item) for item in listed.items] + [(entry.key, entry.value) for entry in listed.entries]
    for label, value in pairs:
        if isinstance(value.scalar, str):
            text = with_holes(_expanded(program, plist, value.scalar))
            yield _Entry(value, key, _expanded(program, plist, label), text, read(text))


# ── one requirement ──────────────────────────────────────────────────────────────────────────────────────────────────


def _judge(rule: Rule, program: Program, plist: PlistFacts, entry: _Entry) -> Iterator[Finding]:
    place = _at(plist, entry.value)
    verdict = entry.verdict
    if verdict is None:
        error = _error(entry.text)
        if error is not None:
            yield rule.finding(
                place, severity="medium", context="malformed", variant="c", holes={"error": error.message}
            )
        return
    holes: dict[str, str | Place] = {"key": entry.key, "who": verdict.answer, "label": entry.label}
    steps = tuple(Step(place, reason) for reason in verdict.reasons)
    if verdict.grade in SEVERITY:
        worst: Severity = "critical" if entry.key == CLIENTS else "high"
        severity: Severity = "medium" if verdict.grade is Grade.TRUSTED else worst
        yield rule.finding(place, "certain", severity=severity, context=entry.key, holes=holes, steps=steps)
        return
    if verdict.grade is Grade.SIGNER:
        holes |= _only_other(program, plist, entry)
        context = f"{entry.key}-any-program"
        yield rule.finding(place, "certain", severity="medium", context=context, variant="b", holes=holes, steps=steps)
    yield from _of_signer(rule, program, plist, entry, verdict)


def _error(text: str) -> RequirementError | None:
    """What is wrong with a text for sure; a template is filled in before anybody reads it, a remark is replaced."""
    if not text.strip() or HOLE in text or _PLACEHOLDER.search(text) or _is_remark(text):
        return None
    try:
        parse(text)
    except RequirementError as error:
        return error if error.certain else None
    return None


def _is_remark(text: str) -> bool:
    """Whether words stand here that a script replaces, and nothing that any attempt at a requirement has in it."""
    return " " in text.strip() and not _CLAUSE.search(text)


def _of_signer(rule: Rule, program: Program, plist: PlistFacts, entry: _Entry, verdict: Verdict) -> Iterator[Finding]:
    """A team that is not the project's, or the certificate of one developer's Mac."""
    place = _at(plist, entry.value)
    teams = {team for each in _informed(program, plist.path) for team in each.setting("DEVELOPMENT_TEAM").values()}
    own = {team for team in teams if team and _TEAM.fullmatch(team)}
    named = set(verdict.teams)
    if own and named and all(map(_TEAM.fullmatch, named)) and not own & named:
        holes: dict[str, str | Place] = {"team": min(named), "own": min(own), "key": entry.key}
        yield rule.finding(place, "likely", severity="medium", context="team", variant="d", holes=holes)
    personal = _PERSONAL.search(entry.text)
    if personal is not None and len(verdict.branches) == 1:
        holes = {"certificate": personal[1]}
        yield rule.finding(place, "likely", severity="low", context="personal", variant="e", holes=holes)


# ── the app and its helper ───────────────────────────────────────────────────────────────────────────────────────────


class _Program(NamedTuple):
    """An app or a helper: its property list and the names it goes by."""

    plist: PlistFacts
    name: str
    identifiers: tuple[str, ...]


def _programs(program: Program, key: str) -> Iterator[_Program]:
    """Every program whose property list has `key` and whose identifier is known."""
    for plist in program.configurations():
        if not isinstance(plist, PlistFacts) or plist.root is None or plist.root.get(key) is None:
            continue
        informed = _informed(program, plist.path)
        found = tuple(dict.fromkeys(name for each in informed for name in each.bundle_ids))
        written = text_of(plist, "CFBundleIdentifier")
        identifiers: tuple[str, ...] = found or ((written,) if written else ())
        if identifiers and not any("$" in each for each in identifiers):
            yield _Program(plist, informed[0].name if informed else identifiers[0], identifiers)


def _partners(program: Program, plist: PlistFacts) -> Iterator[_Program]:
    """The apps that install a helper: they list its label, or contain it."""
    own = next((each for each in _programs(program, CLIENTS) if each.plist.path == plist.path), None)
    if own is None:
        return
    for app in _programs(program, TOOLS):
        labels = {entry.label for entry in _entries(program, app.plist, TOOLS)}
        uses = {name for each in _informed(program, app.plist.path) for name in (*each.dependencies, *each.embeds)}
        if labels.intersection(own.identifiers) or own.name in uses:
            yield app


def _clients_left_out(rule: Rule, program: Program, plist: PlistFacts, entries: list[_Entry]) -> Iterator[Finding]:
    """At SMAuthorizedClients: an app that installs this helper and that no entry names."""
    branches = [branch for entry in entries if entry.verdict is not None for branch in entry.verdict.branches]
    if not branches or len(entries) > sum(entry.verdict is not None for entry in entries):
        return
    named = [branch.identifier for branch in branches if not branch.wildcard]
    if len(named) < len(branches) or any(name is None or HOLE in name for name in named):
        return
    key = _entry(plist, CLIENTS)
    for app in _partners(program, plist) if key is not None else ():
        if key is not None and not set(named).intersection(app.identifiers):
            listed = _entry(app.plist, TOOLS)
            steps = (Step(_key(app.plist, listed), f"{app.name} installs the helper"),) if listed is not None else ()
            holes: dict[str, str | Place] = {"app": app.name, "identifier": app.identifiers[0]}
            yield rule.finding(
                _key(plist, key), "likely", severity="low", context="client", variant="f", holes=holes, steps=steps
            )


def _tools_left_out(rule: Rule, program: Program, plist: PlistFacts, entries: list[_Entry]) -> Iterator[Finding]:
    """An entry whose requirement names another tool than its key, and a helper in the app that no entry is for."""
    found = False
    for entry in entries:
        names = entry.verdict.identifiers if entry.verdict is not None and entry.key == TOOLS else ()
        unknown = any(HOLE in name or "*" in name for name in (*names, with_holes(entry.label)))
        for name in names[:1] if not unknown and entry.label not in names else ():
            found = True
            yield _tool(rule, plist, _at(plist, entry.value), "tool", entry.label, name)
    key = _entry(plist, TOOLS)
    labels = [entry.label for entry in entries if entry.key == TOOLS]
    if found or key is None or any("$" in label for label in labels):
        return
    for helper in _programs(program, CLIENTS):
        if is_blessed(helper.plist) and not set(labels).intersection(helper.identifiers):
            if any(app.plist.path == plist.path for app in _partners(program, helper.plist)):
                yield _tool(rule, plist, _key(plist, key), "helper", helper.name, helper.identifiers[0])


def _tool(rule: Rule, plist: PlistFacts, place: Place, context: str, label: str, identifier: str) -> Finding:
    holes: dict[str, str | Place] = {"label": label, "identifier": identifier}
    return rule.finding(place, "likely", severity="low", context=context, variant="f", holes=holes)


def _only_other(program: Program, plist: PlistFacts, entry: _Entry) -> dict[str, str | Place]:
    """The identifier that the requirement should name, where only one program can be meant."""
    if entry.label:
        return {"identifier": entry.label} if "$" not in entry.label else {}
    identifiers = {name for app in _partners(program, plist) for name in app.identifiers}
    return {"identifier": identifiers.pop()} if len(identifiers) == 1 else {}


# ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _entry(plist: PlistFacts, key: str) -> PlistEntry | None:
    entries = plist.root.entries if plist.root is not None else ()
    return next((entry for entry in entries if entry.key == key), None)


def _at(plist: PlistFacts, value: PlistValue) -> Place:
    return Place(plist.path, "", value.span.start, value.span.end)


def _key(plist: PlistFacts, entry: PlistEntry) -> Place:
    return Place(plist.path, "", entry.key_span.start, entry.key_span.end)
