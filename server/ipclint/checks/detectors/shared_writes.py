"""GRP106: files of an app group that several programs write, without an order between them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks import around
from ipclint.checks.detectors import detector
from ipclint.checks.detectors.container_paths import from_container
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function
from ipclint.model.finding import Finding, Place
from ipclint.model.ir import Call, Expr, Literal, Member, Name, Node, walk
from ipclint.program.configuration import programs_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.usage import Use, uses_of

COORDINATES = re.compile(
    r"^(?:NSFileCoordinator|NSFilePresenter|addFilePresenter|flock|lockf|fcntl|O_EXLOCK|sem_open|NSDistributedLock)$"
)
KEEPS_AWAKE = ("beginBackgroundTask", "beginBackgroundTaskWithName", "beginBackgroundTaskWithExpirationHandler",
               "performExpiringActivity", "performExpiringActivityWithReason")  # fmt: skip
ATOMIC = frozenset({"atomic", "NSDataWritingAtomic", "atomicWrite", "NSAtomicWrite"})


@detector("shared-file-uncoordinated", on="function")
def shared_file_uncoordinated(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    yield from _locked_databases(rule, program, ref)
    uses = [use for use in uses_of(program, ref, "file.write", "file.open-for-writing") if isinstance(use.node, Call)]
    names = _writers(program, ref.path) if uses else ()
    if len(names) < 2 or _is_coordinated(program, ref):
        return
    reads = [use.args[0] for use in uses_of(program, ref, "file.read") if use.args]
    for use in uses:
        path = use.args[0] if use.args else None
        atomic = use.api.name == "file.write" and is_atomic(use)
        read = path is not None and any(_spelled(program, ref, path) == _spelled(program, ref, each) for each in reads)
        if path is None or (atomic and not read) or not from_container(program, ref, path):
            continue
        holes: dict[str, str | Place] = {"one": names[0], "other": names[1]}
        if not atomic and use.api.name == "file.write":
            holes["call"] = _place(ref, use.node)
        yield rule.finding(around.place_of(ref, use.node), variant="b" if read else "", holes=holes)


def _locked_databases(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    """A database of the group that nothing keeps the system from suspending with its lock held."""
    uses = uses_of(program, ref, "file.database")
    programs = [each for each in programs_of(program, ref.path) if "ios" in each.platforms and not each.is_test]
    if not uses or not programs or any(program.mentioning(word) for word in KEEPS_AWAKE):
        return
    for use in uses:
        if use.args and from_container(program, ref, use.args[0]):
            yield rule.finding(around.place_of(ref, use.node), "hint", variant="c", holes={"one": programs[0].name})


def _writers(program: Program, path: str) -> tuple[str, ...]:
    """The programs that a file ends up in, tests aside; the app first."""
    found = {target.name: target for target in programs_of(program, path) if not target.is_test and not target.guessed}
    return tuple(sorted(found, key=lambda name: ("application" not in found[name].product_type, name)))


def _is_coordinated(program: Program, ref: UnitRef) -> bool:
    """Whether the file names something that puts the accesses of several processes in order."""
    return any(
        isinstance(unit, Function) and any(map(COORDINATES.match, unit.mentions))
        for unit in program.units(ref.path).values()
    )


def is_atomic(use: Use) -> bool:
    """Whether a write replaces the file as a whole: `atomically: true`, `.atomic` among the options."""
    flag = argument_named(use.node, "atomically")
    if flag is not None:
        return not (isinstance(flag, Literal) and flag.text == "false")
    options = argument_named(use.node, "options")
    if options is None:
        return (
            ":" in use.node.name and "error:" in use.node.name and "options" not in use.node.name
            if isinstance(use.node, Call)
            else False
        )
    words = {n.name if isinstance(n, Member) else n.text for n in walk(options) if isinstance(n, Member | Name)}
    return bool(words & ATOMIC) or isinstance(options, Name | Call)  # options from elsewhere may hold it


def argument_named(node: Node, name: str) -> Expr | None:
    """The argument of a call by its label in Swift, by its part of the selector in Objective-C."""
    if not isinstance(node, Call):
        return None
    parts = node.name.split(":")[:-1] if ":" in node.name else list(node.labels)
    return next((arg for part, arg in zip(parts, node.args, strict=False) if part == name), None)


def _spelled(program: Program, ref: UnitRef, path: Expr) -> str:
    """A path as text, `url` and `url.path` alike; one that is no name is like none other."""
    return around.spelled(path).removesuffix(".path") or f"@{path.start}"


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
