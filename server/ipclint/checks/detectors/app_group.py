"""GRP101: app groups that code uses and the target's entitlements do not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.entitlements import entries_of, signed
from ipclint.checks.platforms import is_compiled_for
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, PlistFacts, Variable
from ipclint.model.finding import Confidence, Finding, Place, Severity, Step
from ipclint.model.ir import Call, Expr, Name, Node, Operator, walk
from ipclint.program.configuration import programs_of, targets_of
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import callers, calls_in, code_of, scope
from ipclint.program.program import Program, UnitRef
from ipclint.program.target_info import Signing, TargetInfo
from ipclint.program.usage import uses_of

GROUPS_KEY = "com.apple.security.application-groups"
TEAM_PREFIX = re.compile(r"^[A-Z0-9]{10}\.")
UNRESOLVED = re.compile(r"\$[({][^)}]*[)}]")
_GIVEN_OUT = re.compile(r"group\.|[A-Z0-9]{10}(?:\.|$)|\W|__|[A-Z]+_[A-Z_]+\b")
"""How a group's name begins: as it has to, or with what is filled in later."""
_APP_STORAGE = re.compile(r'^@AppStorage\(.*\bstore:\s*UserDefaults\(suiteName:\s*"(?P<group>group\.[^"\\]+)"', re.S)


MAX_CALLERS = 20
STORE = "ModelConfiguration"


class Naming(NamedTuple):
    """A group that code names, in unit `ref`: the call, and the argument that says which."""

    ref: UnitRef
    node: Node
    group: Expr
    is_suite: bool
    is_container: bool = False


class Lack(NamedTuple):
    """A target that does not have the group: in which configuration, and which entitlements file says so ("" for
    none).
    """

    target: TargetInfo
    signing: Signing
    context: str


@detector("app-group-not-entitled", on="function")
@detector("app-group-not-entitled", on="variable")
def app_group_not_entitled(rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable) -> Iterator[Finding]:
    if isinstance(unit, Variable):
        yield from _of_storage(rule, program, ref, unit)
    for naming in _namings(program, ref):
        groups = fold(program, naming.ref, naming.group)  # several where an `#if` chooses: each program has one of them
        if any(HOLE in group or not _names_group(group, naming.is_suite) for group in groups):
            continue
        group = groups[0]
        lack = _lack(program, _place(naming.ref, naming.node), groups)
        if lack is not None:
            yield _finding(rule, _place(naming.ref, naming.group), group, lack)
        elif (
            naming.is_container
            and not _is_entitled(program, ref.path, groups)
            and (unwrap := _unwrap_of(program, ref, naming.node)) is not None
        ):
            yield rule.finding(_place(ref, unwrap), "certain", variant="b", severity="low", holes={"group": group})


def _namings(program: Program, ref: UnitRef) -> Iterator[Naming]:
    """Where a unit names a group: in a call, or where it is called with one."""
    for use in uses_of(program, ref, "app-group.*"):
        if not use.args:
            continue
        group, is_suite = use.args[0], use.api.name == "app-group.defaults"
        yield Naming(ref, use.node, group, is_suite, use.api.name == "app-group.container")
        if isinstance(group, Name) and any(each.kind == "param" for each in scope(program, ref).get(group.text, ())):
            yield from (Naming(*passed, is_suite) for passed in _passed(program, ref, group.text))
    yield from stores_of(program, ref)


def stores_of(program: Program, ref: UnitRef) -> Iterator[Naming]:
    """`ModelConfiguration(groupContainer: .identifier("group.…"))`: the stores of SwiftData that lie in a container."""
    for call in calls_in(program, ref):
        if call.name == STORE:
            given = dict(zip(call.labels, call.args, strict=False)).get("groupContainer")
            if isinstance(given, Call) and given.name.endswith("identifier") and given.args:
                yield Naming(ref, call, given.args[0], False)


def _passed(program: Program, ref: UnitRef, name: str) -> Iterator[tuple[UnitRef, Node, Expr]]:
    """What callers pass as a parameter: who, the call, the argument."""
    function = program.function(ref)
    index = next((i for i, param in enumerate(function.params if function else ()) if param.name == name), -1)
    sites = [site for site in callers(program, ref) if site.certain and 0 <= index < len(site.call.args)]
    for site in sites[:MAX_CALLERS]:
        yield site.caller, site.call, site.call.args[index]


def _of_storage(rule: Rule, program: Program, ref: UnitRef, unit: Variable) -> Iterator[Finding]:
    """`@AppStorage("key", store: UserDefaults(suiteName: "group.…")) var property`."""
    for found in filter(None, map(_APP_STORAGE.match, unit.attributes)):
        place = Place(ref.path, ref.key, *unit.name_span)
        lack = _lack(program, place, (found["group"],))
        if lack is not None:
            yield _finding(rule, place, found["group"], lack)


@detector("app-group-not-entitled", on="plist")
def group_of_nobody(rule: Rule, program: Program, ref: UnitRef, unit: PlistFacts) -> Iterator[Finding]:
    """In entitlements: a name that neither Apple gave out (`group.`) nor the signature covers (the team's prefix)."""
    listed = next((entry.value for entry in entries_of(program, unit) if entry.key == GROUPS_KEY), None)
    carriers = signed(program, unit)
    for item in listed.items if listed is not None else ():
        text = item.scalar if isinstance(item.scalar, str) else ""
        names = {_expanded(each, signing, text) for each in carriers for signing in each.signing} or {text}
        if text and not any(_GIVEN_OUT.match(name) for name in names):
            place = Place(ref.path, "", item.span.start, item.span.end)
            yield rule.finding(place, "certain", variant="c", holes={"group": min(names)})


def _names_group(identifier: str, is_suite: bool) -> bool:
    """Whether an identifier means an app group: a suite may also be another bundle's domain."""
    return identifier.startswith("group.") or bool(TEAM_PREFIX.match(identifier)) or not is_suite


def _finding(rule: Rule, place: Place, group: str, lack: Lack) -> Finding:
    target, signing = lack.target, lack.signing
    steps: list[Step] = []
    if signing.facts is not None and signing.facts.root is not None:
        listed = signing.facts.root.get(GROUPS_KEY)
        span = listed.span if listed else signing.facts.root.span
        text = (
            f"{target.name} has {', '.join(listed.strings) or 'no group'} here"
            if listed
            else f"{target.name} has no app group here"
        )
        steps.append(Step(Place(signing.path, "", span.start, span.end), text))
    confidence: Confidence = "likely" if target.guessed or lack.context == "no-entitlements" else "certain"
    severity: Severity | None = "low" if lack.context == "other-build" else None
    holes: dict[str, str | Place] = {
        "configuration": signing.configuration,
        "group": group,
        "target": target.name,
        "file": signing.path or "no entitlements file",
    }
    if steps:
        holes["entitlements"] = steps[0].place
    return rule.finding(place, confidence, severity=severity, context=lack.context, holes=holes, steps=tuple(steps))


def _lack(program: Program, place: Place, groups: tuple[str, ...]) -> Lack | None:
    """The first shipped program with this place that has none of the groups that it may mean. A library's file counts
    only when all its programs do.
    """
    path = place.path
    compiled = [each for each in targets_of(program, path) if not each.is_test and is_in(program, place, each)]
    direct = [target for target in compiled if target.is_program]
    if direct:
        return next((lack for target in direct if (lack := _lack_of(target, groups)) is not None), None)
    programs = [each for each in programs_of(program, path) if each.is_program and not each.is_test]
    programs = [each for each in programs if is_in(program, place, each)]
    lacks = [_lack_of(target, groups) for target in programs]
    return lacks[0] if lacks and all(lack is not None for lack in lacks) else None


def is_in(program: Program, place: Place, target: TargetInfo) -> bool:
    """Whether a place of one of its files is compiled into a target: not what an `#if` keeps for other platforms."""
    return not target.platforms or any(is_compiled_for(program, place, platform) for platform in target.platforms)


def _lack_of(target: TargetInfo, groups: tuple[str, ...]) -> Lack | None:
    for signing in target.signing:
        if signing.facts is None:
            if signing.declared or target.guessed:
                return None  # named, but not here: unknown
            return (
                Lack(target, signing, "no-entitlements")
                if target.platforms and not any(s.declared for s in target.signing)
                else None
            )
        if signing.facts.root is None:
            return None
        listed = signing.facts.root.get(GROUPS_KEY)
        entitled = [_expanded(target, signing, text) for text in (listed.strings if listed else ())]
        if not any(_same(entry, group) for entry in entitled for group in groups):
            ships = signing is target.signing[0]
            return Lack(target, signing, "other-build" if not ships else "" if listed else "no-groups")
    return None


def _is_entitled(program: Program, path: str, groups: tuple[str, ...]) -> bool:
    """Whether every program with this file is known to have the group."""
    programs = [target for target in programs_of(program, path) if target.is_program and not target.is_test]
    return bool(programs) and all(
        target.signing
        and all(s.facts is not None and s.facts.root is not None for s in target.signing)
        and _lack_of(target, groups) is None
        for target in programs
    )


def _expanded(target: TargetInfo, signing: Signing, text: str) -> str:
    settings = next((s for s in target.settings if s.configuration == signing.configuration), None)
    return settings.expand(text) if settings is not None else text


def _same(entry: str, group: str) -> bool:
    """Equal, where an unresolved variable of the entitlements file may stand for anything."""
    if not UNRESOLVED.search(entry):
        return entry == group
    pattern = ".*".join(re.escape(part) for part in UNRESOLVED.split(entry)[:20])
    return re.fullmatch(pattern, group) is not None


def _unwrap_of(program: Program, ref: UnitRef, node: Node) -> Node | None:
    nodes = walk(code_of(program, ref))
    return next((n for n in nodes if isinstance(n, Operator) and n.op == "unwrap" and n.operands[0] is node), None)


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
