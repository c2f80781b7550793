"""GRP102: an app and what it contains, or two of its builds, that are not members of the same app groups."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.app_group import GROUPS_KEY, STORE, stores_of
from ipclint.checks.detectors.service_names import distance, mach_names
from ipclint.checks.rule import Rule
from ipclint.model.facts import ProjectFacts
from ipclint.model.finding import Confidence, Finding, Place, Severity, Step
from ipclint.model.source import Span
from ipclint.program.configuration import programs_of, targets
from ipclint.program.constants import constant
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.target_info import Signing, TargetInfo
from ipclint.program.usage import uses_of

MIN_LENGTH = 12
"""Letters of a group's name from which on two that differ in one or two of them are the same name, misspelt."""

_BUILD = r"debug|dev|development|beta|alpha|staging|internal|test|tests|adhoc|review|prototype|nightly"
_BUILD_WORD = re.compile(rf"(?i)(?:^|(?<=[.\-_]))(?:{_BUILD})(?=$|[.\-_])")
_VARIABLE = re.compile(r"\$\([^)]*\)|\$\{[^}]*\}")
_DEBUG = re.compile(r"(?i)debug|(?<![a-z])dev(?:elop|elopment)?(?![a-z])|(?<![a-z])tests?(?![a-z])")


class _Group(NamedTuple):
    """A group in entitlements: as the build fills it in, and where it stands."""

    name: str
    written: str
    span: Span


class _Membership(NamedTuple):
    """The groups of a target in one configuration. `listed` is the array, or the whole dictionary without one."""

    target: TargetInfo
    signing: Signing
    groups: tuple[_Group, ...]
    listed: Span

    @property
    def names(self) -> frozenset[str]:
        return frozenset(group.name for group in self.groups)

    @property
    def is_known(self) -> bool:
        """Whether the build leaves no variable in the names."""
        return not any("$" in group.name for group in self.groups)

    def place(self, span: Span) -> Place:
        return Place(self.signing.path, "", span.start, span.end)


@detector("app-group-membership-inconsistent", on="project")
def app_group_membership_inconsistent(
    rule: Rule, program: Program, ref: UnitRef, unit: ProjectFacts
) -> Iterator[Finding]:
    known = targets(program)
    own = [each for each in known.all() if each.project == ref.path and not each.is_test] if known is not None else []
    reported: set[Place] = set()
    for target in own:
        hosts = [host for host in own if target.name in host.embeds and _shares_device(host, target)]
        for finding in (*_of_target(rule, program, target), *_of_pairs(rule, program, hosts, target)):
            if finding.place not in reported:
                reported.add(finding.place)
                yield finding


def _shares_device(host: TargetInfo, inner: TargetInfo) -> bool:
    """Whether two targets run on one device (a watch has a group container of its own)."""
    return inner.is_program and "watch" not in inner.product_type and bool({*host.platforms} & {*inner.platforms})


def _memberships(target: TargetInfo) -> Iterator[_Membership]:
    """The groups by configuration, the one that ships first."""
    for signing in target.signing:
        root = signing.facts.root if signing.facts is not None else None
        settings = next((each for each in target.settings if each.configuration == signing.configuration), None)
        if root is None or settings is None or not root.entries:
            continue
        listed = root.get(GROUPS_KEY)
        values = [item for item in listed.items if isinstance(item.scalar, str)] if listed is not None else []
        groups = tuple(_Group(settings.expand(str(item.scalar)), str(item.scalar), item.span) for item in values)
        yield _Membership(target, signing, groups, listed.span if listed is not None else root.span)


# ── one target ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_target(rule: Rule, program: Program, target: TargetInfo) -> Iterator[Finding]:
    members = list(_memberships(target))
    for member in members:
        for group in member.groups:
            if group.name != group.name.strip():
                yield _renamed(rule, member, group, group.written.strip(), "space", "certain")
    members = [member for member in members if member.is_known]
    ships = [member for member in members if not _DEBUG.search(member.signing.configuration)]
    if not ships or len(ships) < len({signing.configuration for signing in target.signing if _ships(signing)}):
        return
    yield from _left_out(rule, program, ships[0], members)
    yield from _unused(rule, program, ships[0])


def _ships(signing: Signing) -> bool:
    return not _DEBUG.search(signing.configuration)


def _left_out(rule: Rule, program: Program, ships: _Membership, members: list[_Membership]) -> Iterator[Finding]:
    """Groups of a debug build that the build which ships lacks; a group of another name for each is none of them."""
    for member in members:
        if _ships(member.signing) or member.signing.path == ships.signing.path:
            continue
        stems = {_stem(name) for name in ships.names}
        lacking = [group for group in member.groups if _stem(group.name) not in stems]
        if lacking and len(ships.groups) < len(member.groups):
            group = lacking[0]
            severity: Severity = "medium" if any(_is_of(program, ships.target, use) for use in uses(program)) else "low"
            steps = (Step(member.place(group.span), f"{member.signing.configuration} has it here"),)
            holes = _holes(ships, group.name) | {"other": member.signing.configuration}
            yield rule.finding(
                ships.place(ships.listed),
                "likely",
                severity=severity,
                context="configuration",
                holes=holes,
                steps=steps,
            )


def _unused(rule: Rule, program: Program, ships: _Membership) -> Iterator[Finding]:
    """Groups that no code of the target names; code that works one out may mean any."""
    target = ships.target
    own = [use for use in uses(program) if _is_of(program, target, use)]
    if not own or any(use.group is None for use in own) or target.platforms != ("ios",):
        return  # a library may use it; on the Mac, names of services stand under a group as well
    named = {use.group for use in own} | set(mach_names(program))
    for group in ships.groups:
        if not any(name == group.name or (name or "").startswith(f"{group.name}.") for name in named):
            yield rule.finding(
                ships.place(group.span), "hint", severity="info", context="unused", holes=_holes(ships, group.name)
            )


# ── an app and what it contains ──────────────────────────────────────────────────────────────────────────────────────


def _of_pairs(rule: Rule, program: Program, hosts: list[TargetInfo], inner: TargetInfo) -> Iterator[Finding]:
    """Each configuration of a target against the same one of the apps that contain it."""
    for host in hosts:
        by_name = {member.signing.configuration: member for member in _memberships(host)}
        for member in _memberships(inner):
            outer = by_name.get(member.signing.configuration)
            same = list(_same(rule, outer, member)) if outer is not None else []
            yield from same
            if outer is None or same or not outer.is_known or not member.is_known:
                continue
            if outer.groups and not member.names & outer.names:
                yield from _missing(rule, program, outer, member)


def _same(rule: Rule, outer: _Membership, inner: _Membership) -> Iterator[Finding]:
    """Two groups that only one of both has, and that can only be meant to be one."""
    for group in inner.groups:
        for other in outer.groups if group.name not in outer.names else ():
            if other.name not in inner.names and (context := _likeness(group.name, other.name, outer, inner)):
                confidence: Confidence = "certain" if context == "letters" and "$" not in group.name else "likely"
                steps = (Step(outer.place(other.span), f"{outer.target.name} has {other.name}"),)
                yield _renamed(rule, inner, group, other.written, context, confidence, outer, steps)
                break


def _likeness(one: str, other: str, outer: _Membership, inner: _Membership) -> str:
    """In what two names differ that mean one group: "letters", "build" or "typo"; "" when they are two names. What the
    build fills in, and is not known, must be the same in both."""
    if _VARIABLE.findall(one) != _VARIABLE.findall(other):
        return ""
    one, other = _VARIABLE.sub("", one), _VARIABLE.sub("", other)
    if re.sub(r"[^a-z0-9]", "", one.lower()) == re.sub(r"[^a-z0-9]", "", other.lower()):
        return "letters"
    if _stem(one) == _stem(other):
        return "build"
    alone = not outer.names & inner.names and min(len(one), len(other)) >= MIN_LENGTH
    return (
        "typo" if alone and distance(one, other) <= 2 and one.rstrip("0123456789") != other.rstrip("0123456789") else ""
    )


def _stem(name: str) -> str:
    """A group's name without the words that tell builds apart."""
    return re.sub(r"[.\-_]+", ".", _BUILD_WORD.sub("", name.strip().lower())).strip(".")


def _missing(rule: Rule, program: Program, outer: _Membership, inner: _Membership) -> Iterator[Finding]:
    """A group of the app that code of both sides works out: where it is a constant, the code says it all (GRP101)."""
    if inner.target.product_type.endswith(".system-extension") or not _ships(inner.signing):
        return
    theirs = [use for use in uses(program) if _is_of(program, inner.target, use)]
    if not theirs or any(use.group is not None for use in theirs):
        return
    if not any(_is_of(program, outer.target, use) for use in uses(program)):
        return
    group = outer.groups[0]
    steps = (
        Step(outer.place(group.span), f"{outer.target.name} has {group.name}"),
        Step(Place(theirs[0].ref.path, theirs[0].ref.key, theirs[0].span.start, theirs[0].span.end), "a group is used"),
    )
    holes = _holes(inner, group.name) | {"host": outer.target.name, "entitlements": inner.place(inner.listed)}
    yield rule.finding(
        inner.place(inner.listed), "likely", severity="medium", context="missing", holes=holes, steps=steps
    )


def _renamed(
    rule: Rule,
    member: _Membership,
    group: _Group,
    better: str,
    context: str,
    confidence: Confidence,
    outer: _Membership | None = None,
    steps: tuple[Step, ...] = (),
) -> Finding:
    place = member.place(group.span)
    holes = _holes(member, group.name) | {
        "host": outer.target.name if outer is not None else "",
        "other": better,
        "element": place,
        "better": f"<string>{better}</string>",
    }
    return rule.finding(place, confidence, severity="medium", context=context, holes=holes, steps=steps)


def _holes(member: _Membership, group: str) -> dict[str, str | Place]:
    return {"target": member.target.name, "configuration": member.signing.configuration, "group": group}


# ── code ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


class GroupUse(NamedTuple):
    """Code that opens what a group shares; `group` is None when its name is worked out."""

    ref: UnitRef
    group: str | None
    span: Span


@query(bottom=())
def uses(program: Program) -> tuple[GroupUse, ...]:
    """Every use of a shared container in the program."""
    names = sorted(name for name in program.vocabulary.apis if name.startswith("app-group."))
    words = {word for name in names for word in program.vocabulary.words(name)}
    found: list[GroupUse] = []
    for ref in sorted({ref for word in words for ref in program.mentioning(word)}):
        for use in uses_of(program, ref, "app-group.*"):
            if use.args:
                group = constant(program, ref, use.args[0])
                found.append(GroupUse(ref, group, Span(use.node.start, use.node.end)))
    for ref in sorted(program.mentioning(STORE)):
        for store in stores_of(program, ref):
            span = Span(store.node.start, store.node.end)
            found.append(GroupUse(ref, constant(program, ref, store.group), span))
    return tuple(found)


def _is_of(program: Program, target: TargetInfo, use: GroupUse) -> bool:
    """Whether a program of its own or of a library it uses contains the code."""
    return any(
        each.name == target.name and each.project == target.project for each in programs_of(program, use.ref.path)
    )
