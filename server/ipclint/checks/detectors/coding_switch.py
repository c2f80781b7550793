"""XPC207: archivers and unarchivers that secure coding is switched off on. A wrapper is judged by its body."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.around import name_given, path_to, place_of, spelled
from ipclint.checks.detectors import detector
from ipclint.checks.detectors.coding_evidence import read_from
from ipclint.checks.match import stems_from
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function
from ipclint.model.finding import Finding, Place, Step
from ipclint.model.ir import Assign, Call, Expr, Name, Node, Return, walk
from ipclint.program.constants import constant
from ipclint.program.link import CallSite, ancestors, callers, calls_in, owner_of, scope, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.types import base_type
from ipclint.program.usage import Use, call_uses, uses_of

OWN = ("own.*",)
COPY = ("archiving.archive", "archiving.archive-unkeyed", "archiving.archiver")
MAX_CALLERS = 50
IGNORED = "the class that is named here is not checked"


class Insecure(NamedTuple):
    """An unarchiver without secure coding. `node` is what makes it so, `name` the variable that keeps it ("" for none).

    `value` is the literal that switches it off (None: nothing switched it on), `data` what it reads, where known.
    """

    node: Node
    name: str
    value: Expr | None
    data: Expr | None
    certain: bool


@detector("secure-coding-switched-off", on="function")
def secure_coding_switched_off(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    for insecure in insecure_unarchivers(program, ref):
        if insecure.data is not None and stems_from(program, ref, insecure.data, COPY, 0):
            continue  # a copy by way of an archive that never left the process
        decodes = tuple(decodes_on(program, ref, insecure.name))
        yield rule.finding(
            place_of(ref, insecure.node),
            "certain" if insecure.certain else "likely",
            context=_context(program, ref, insecure.data),
            holes={
                "unarchiver": insecure.name or "this unarchiver",
                "origin": _origin(program, ref, insecure.data),
                "switch": Place(ref.path, ref.key, insecure.node.start, insecure.node.end),
            },
            steps=tuple(Step(_place(ref, call), IGNORED) for call in decodes if _names_class(call)),
        )
        yield from _through_wrapper(rule, program, ref, unit, insecure, decodes)
    for archive in insecure_archives(program, ref):
        yield rule.finding(
            place_of(ref, archive.node),
            context="writing",
            holes={"archiver": archive.text, "switch": _place(ref, archive.value)},
        )


def insecure_unarchivers(program: Program, ref: UnitRef) -> Iterator[Insecure]:
    """The unarchivers of a function that decode without secure coding."""
    switches = uses_of(program, ref, "archiving.requires-secure-coding")
    for use in switches:
        if use.kind == "write" and _is_false(program, ref, use) and not _is_archiver(program, ref, use.receiver):
            name = spelled(use.receiver)
            yield Insecure(use.node, name, use.args[0], _data_of(program, ref, name), use.certain)
    told = {spelled(use.receiver) for use in switches if use.kind == "write"}
    for use in uses_of(program, ref, "archiving.unarchiver-legacy"):
        if isinstance(use.receiver, Name) and use.receiver.text == "super":
            continue  # an unarchiver of the program's own: what makes one is reported
        name = name_given(path_to(program, ref, use.node))
        if name not in told:
            yield Insecure(use.node, name, None, use.args[0] if use.args else None, use.certain)


class Unguarded(NamedTuple):
    """An archive that is made without secure coding; `value` is the literal that says so."""

    node: Node
    text: str
    value: Expr


def insecure_archives(program: Program, ref: UnitRef) -> Iterator[Unguarded]:
    """The archives of a function that are made without secure coding."""
    for use in uses_of(program, ref, "archiving.archive", "archiving.archiver", "archiving.requires-secure-coding"):
        if use.kind == "write":
            if _is_false(program, ref, use) and _is_archiver(program, ref, use.receiver):
                yield Unguarded(use.node, spelled(use.receiver), use.args[0])
            continue
        index = _flag(use)
        if index is not None and isinstance(use.node, Call) and constant(program, ref, use.args[index]) == "false":
            yield Unguarded(use.node, use.node.signature, use.args[index])


def _flag(use: Use) -> int | None:
    """Which argument of an archiving call says whether secure coding is required."""
    node = use.node
    if not isinstance(node, Call):
        return None
    if "requiringSecureCoding" in node.labels:
        return node.labels.index("requiringSecureCoding")
    parts = node.name.split(":")
    names = ("requiringSecureCoding", "initRequiringSecureCoding")
    return next((index for index, part in enumerate(parts) if part in names and index < len(node.args)), None)


def _is_false(program: Program, ref: UnitRef, use: Use) -> bool:
    return bool(use.args) and constant(program, ref, use.args[0]) in ("false", "0")


def _is_archiver(program: Program, ref: UnitRef, receiver: Expr | None) -> bool:
    return base_type(type_of(program, ref, receiver)) == "NSKeyedArchiver"


def _data_of(program: Program, ref: UnitRef, name: str) -> Expr | None:
    """What the unarchiver kept in `name` was made to read."""
    values = [bound.value for bound in scope(program, ref).get(name, ())]
    for node in walk(program.body(ref)):
        if isinstance(node, Assign) and spelled(node.target) == name:
            values.append(node.value)
    calls = (node for value in values if value is not None for node in walk(value) if isinstance(node, Call))
    for call in calls:
        if call.args and any(u.api.name.startswith("archiving.unarchiver") for u in call_uses(program, ref, call)):
            return call.args[0]
    return None


def decodes_on(program: Program, ref: UnitRef, name: str) -> Iterator[Call]:
    """The decodes of a function on the unarchiver kept in `name`."""
    for call in calls_in(program, ref):
        if name and call.name.startswith("decode") and spelled(call.target) == name:
            yield call


def _names_class(call: Call) -> bool:
    return "OfClass" in call.name or "of" in call.labels or "ofClass" in call.labels or "ofClasses" in call.labels


# ── where the data comes from ────────────────────────────────────────────────────────────────────────────────────────


def _context(program: Program, ref: UnitRef, data: Expr | None) -> str:
    if data is None:
        return ""
    if read_from(program, ref, (data,)):
        return "outside"
    return "own" if stems_from(program, ref, data, OWN) else ""


def _origin(program: Program, ref: UnitRef, data: Expr | None) -> str:
    return (read_from(program, ref, (data,)) if data is not None else "") or "elsewhere"


# ── wrappers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _through_wrapper(
    rule: Rule, program: Program, ref: UnitRef, unit: Function, insecure: Insecure, decodes: tuple[Call, ...]
) -> Iterator[Finding]:
    """The calls of a function that hands out what it decodes of its caller's data."""
    number = _parameter_read(program, ref, unit, insecure.data)
    if number is None or not _hands_out(program, ref, insecure.name, decodes):
        return
    for site in callers(program, ref)[:MAX_CALLERS]:
        if number >= len(site.call.args) or not _is_meant(program, unit, site):
            continue
        data = site.call.args[number]
        origin = _context(program, site.caller, data)
        yield rule.finding(
            place_of(site.caller, site.call),
            "certain" if site.certain and insecure.certain else "likely",
            context=f"wrapper-{origin}" if origin else "wrapper",
            holes={"wrapper": unit.signature, "origin": _origin(program, site.caller, data)},
            steps=(Step(place_of(ref, insecure.node), "secure coding is switched off here"),),
        )


def _parameter_read(program: Program, ref: UnitRef, unit: Function, data: Expr | None) -> int | None:
    """Which parameter of a function the unarchiver reads."""
    names = {node.text for node in walk(data) if isinstance(node, Name)} if data is not None else set[str]()
    return next((number for number, param in enumerate(unit.params) if param.name in names), None)


def _is_meant(program: Program, unit: Function, site: CallSite) -> bool:
    """Whether a call from another class means this very function, and not one of its name that a superclass has."""
    if owner_of(program, site.caller) == unit.owner and unit.owner:
        return False
    receiver = base_type(type_of(program, site.caller, site.call.target).removesuffix(".Type"))
    return receiver in ("", unit.owner) or unit.owner in ancestors(program, receiver)


def _hands_out(program: Program, ref: UnitRef, unarchiver: str, decodes: tuple[Call, ...]) -> bool:
    """Whether a function returns what it decodes, by way of locals or at once, or the unarchiver itself."""
    body = program.body(ref)
    returned = [node.value for node in walk(body) if isinstance(node, Return) and node.value is not None]
    names = {node.text for value in returned for node in walk(value) if isinstance(node, Name)}
    if unarchiver in names:
        return True
    for call in decodes:
        path = path_to(program, ref, call)
        if any(isinstance(node, Return) for node in path) or name_given(path) in names:
            return True
    return False


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
