"""XPC310: names of services in code that no XPC service, launchd job or app group of the workspace declares."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.app_group import GROUPS_KEY
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, PlistFacts, PlistValue, Variable
from ipclint.model.finding import Confidence, Finding, Place
from ipclint.model.ir import Text
from ipclint.program.configuration import targets
from ipclint.program.constants import constant
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.target_info import TargetInfo
from ipclint.program.usage import uses_of

NEAR = 2
"""How many letters a name may differ in to be the slip of another."""

_VARIABLE = re.compile(r"\$[({][^)}]*[)}]")
_NAMED = re.compile(r"^[\w-]+(?:\.[\w-]+)+$")
_DECLARING = ("NEMachServiceName", "NSEndpointSecurityMachServiceName")


@detector("ipc-name-not-declared", on="function")
@detector("ipc-name-not-declared", on="variable")
def ipc_name_not_declared(rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable) -> Iterator[Finding]:
    for use in uses_of(program, ref, "xpc.name.*"):
        index = 1 if use.api.name == "xpc.name.bootstrap" else 0
        argument = use.args[index] if index < len(use.args) else None
        name = constant(program, ref, argument) if argument is not None else None
        if argument is None or name is None or not _NAMED.match(name) or name.startswith("com.apple."):
            continue
        kind = {"xpc.name.service": "service", "xpc.name.plist": "plist"}.get(use.api.name, "mach")
        declared = _DECLARED[kind](program)
        if not declared or any(_is_same(each, name) for each in declared):
            continue
        if kind == "mach" and any(name.startswith(f"{group}.") or name == group for group in groups(program)):
            continue
        near = [each for each in declared if "$" not in each and is_near(each, name)]
        confidence: Confidence = "certain" if len(near) == 1 else "hint"
        place = Place(ref.path, ref.key, argument.start, argument.end)
        holes: dict[str, str | Place] = {"name": name, "near": near[0] if near else ""}
        if len(near) == 1 and isinstance(argument, Text):
            objc = ref.path.endswith((".m", ".mm", ".h")) and "Name:" in getattr(use.node, "name", "")
            holes["quoted"] = f'{"@" if objc else ""}"{near[0]}"'
        context = f"{kind}-near" if len(near) == 1 else kind
        yield rule.finding(place, confidence, context=context, holes=holes)


@query(bottom=())
def services(program: Program) -> tuple[str, ...]:
    """The bundle ids of the XPC services; () when the id of one is not known, for it may be any."""
    known = targets(program)
    found = [each for each in known.all() if each.is_embedded_service] if known is not None else []
    if any(not each.bundle_ids for each in found):
        return ()
    return tuple(sorted({name for each in found for name in each.bundle_ids}))


@query(bottom=())
def mach_names(program: Program) -> tuple[str, ...]:
    """Every name that a launchd job, a helper or a system extension registers; variables without a value are kept."""
    known = targets(program)
    if known is None:
        return ()
    everybody = known.all()
    found: set[str] = set()
    for job in known.jobs:
        users = [each for each in everybody if any(own.facts.path == job.facts.path for own in each.jobs)]
        found |= {text for name in job.services for text in _expanded(name, users)}
    for plist in program.configurations():
        if isinstance(plist, PlistFacts) and plist.kind == "info":
            users = [each for each in everybody if any(own.path == plist.path for own in each.infos)]
            found |= {text for name in _declared(plist.root) for text in _expanded(name, users)}
    return tuple(sorted(found))


@query(bottom=())
def job_files(program: Program) -> tuple[str, ...]:
    """The file names of the launchd property lists."""
    known = targets(program)
    return tuple(sorted({job.facts.path.rpartition("/")[2] for job in known.jobs})) if known is not None else ()


_DECLARED = {"service": services, "mach": mach_names, "plist": job_files}


@query(bottom=())
def groups(program: Program) -> tuple[str, ...]:
    """Every app group of the workspace, expanded: names under one need no declaration."""
    known = targets(program)
    found: set[str] = set()
    for target in known.all() if known is not None else ():
        for signing in target.signing:
            root = signing.facts.root if signing.facts is not None else None
            listed = root.get(GROUPS_KEY) if root is not None else None
            found |= {text for name in (listed.strings if listed else ()) for text in _expanded(name, [target])}
    return tuple(sorted(found))


def _declared(value: PlistValue | None) -> Iterator[str]:
    for entry in value.entries if value is not None else ():
        if entry.key in _DECLARING:
            yield from entry.value.strings
        yield from _declared(entry.value)


def _expanded(name: str, users: list[TargetInfo]) -> set[str]:
    return {settings.expand(name) for each in users for settings in each.settings} or {name}


def _is_same(declared: str, name: str) -> bool:
    """Equal, where a variable without a value may stand for anything."""
    parts = _VARIABLE.split(declared)[:20]
    return re.fullmatch(".*".join(map(re.escape, parts)), name) is not None


def is_near(declared: str, name: str) -> bool:
    """Whether a name is the slip of a declared one: some letters, or the extension of its file."""
    return declared == f"{name}.plist" or distance(declared, name) <= NEAR


def distance(one: str, other: str) -> int:
    """How many letters have to be put in, taken out or changed (Levenshtein); more than NEAR reads NEAR + 1."""
    if abs(len(one) - len(other)) > NEAR:
        return NEAR + 1
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        above, row[0] = row[0], number
        for at, compared in enumerate(other, 1):
            above, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, above + (letter != compared))
    return min(row[-1], NEAR + 1)
