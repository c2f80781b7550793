"""Fixes for what a helper does with a client's authorization: measure its form, ask to obtain the right (XPC114)."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.builders.leaving import spot_of, whole
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Finding, Fix, Place
from ipclint.model.ir import Call, Collection, Literal, Member, Name, Node, walk
from ipclint.program.program import Program, UnitRef

LENGTH = "kAuthorizationExternalFormLength"
EXTEND = "kAuthorizationFlagExtendRights"
NO_FLAGS = frozenset({"kAuthorizationFlagDefaults", "0"})


@builder("measure-form")
def measure_form(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Refuse what is not as long as a form. Safe where the refusal is the function's answer."""
    measured = finding.holes.get("measured")
    ref = UnitRef(finding.place.path, finding.place.unit)
    call = _node_at(program, ref, finding.place)
    spot = spot_of(program, ref, call) if call is not None else None
    if (
        not isinstance(measured, Place)
        or spot is None
        or not spot.leave
        or (spot.leave == "return;" and not spot.silent)
    ):
        return
    at = whole(spot, ref, sources)
    if at is None:
        return
    length = str(finding.holes["length"])
    test = f"{sources.text(measured)}.{length}"
    if ref.path.endswith(".swift"):
        text = f"guard {test} == {LENGTH} else {{ {spot.leave.rstrip(';')} }}"
    else:
        text = f"if ({test} != {LENGTH}) {{\n    {spot.leave}\n}}"
    yield Fix(
        "Compare the length with that of a form",
        spot.leave != "return;",
        (sources.insert_before(at, text),),
        rule=rule.id,
    )


@builder("obtain-right")
def obtain_right(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Add the flag without which the right is only looked up. Unsafe: the user may be asked now."""
    flags = finding.holes.get("flags")
    if not isinstance(flags, Place):
        return
    node = _node_at(program, UnitRef(flags.path, flags.unit), flags)
    text = sources.text(flags)
    new = _swift_flags(node, text) if flags.path.endswith(".swift") else _c_flags(node, text)
    if new:
        yield Fix("Ask to obtain the right", False, (sources.replace(flags, new),), rule=rule.id)


def _swift_flags(node: Node | None, text: str) -> str:
    match node:
        case Collection(kind="array", items=()) | Call(name="AuthorizationFlags", args=()):
            return "[.extendRights]"
        case Collection(kind="array"):
            return f"[.extendRights, {text[1:].lstrip()}"
        case Member(base=None):
            return f"[.extendRights, {text}]"
        case Name():
            return f"{text}.union(.extendRights)"
        case _:
            return ""


def _c_flags(node: Node | None, text: str) -> str:
    if isinstance(node, Name | Literal) and text in NO_FLAGS:
        return EXTEND
    words = {each.text for each in walk(node) if isinstance(each, Name)} if node is not None else set[str]()
    plain = text.replace("kAuthorizationFlagDefaults | ", "")
    return f"{EXTEND} | {plain}" if words and all(part.strip().isidentifier() for part in plain.split("|")) else ""


def _node_at(program: Program, ref: UnitRef, place: Place) -> Node | None:
    return next((node for node in walk(program.body(ref)) if (node.start, node.end) == (place.start, place.end)), None)
