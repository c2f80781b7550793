"""Fixes that look at a raw XPC value before it is used: NULL, types, lengths, kinds of events."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks.builders.leaving import Spot, behind, spot_of, way_out, whole
from ipclint.checks.detectors.raw_api import BOXED_TYPES, MAY_BE_NULL, TEXT_TYPES
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Edit, Finding, Fix, Place
from ipclint.model.ir import (
    Assign,
    Call,
    Cast,
    Closure,
    Evaluate,
    Let,
    Loop,
    Name,
    Node,
    Operator,
    Stmt,
    Text,
    walk,
)
from ipclint.program.program import Program, UnitRef

KINDS = {
    "array": "XPC_TYPE_ARRAY",
    "dictionary": "XPC_TYPE_DICTIONARY",
    "string": "XPC_TYPE_STRING",
    "data": "XPC_TYPE_DATA",
    "uuid": "XPC_TYPE_UUID",
    "bool": "XPC_TYPE_BOOL",
    "int64": "XPC_TYPE_INT64",
    "uint64": "XPC_TYPE_UINT64",
    "double": "XPC_TYPE_DOUBLE",
    "date": "XPC_TYPE_DATE",
    "fd": "XPC_TYPE_FD",
    "shmem": "XPC_TYPE_SHMEM",
}
"""The type of object that `xpc_<word>_…` examines."""

C_TYPES = {"string": "const char *", "data": "const void *", "uuid": "const uint8_t *"}
_PLAIN = re.compile(r"^(?:const\s+|unsigned\s+|signed\s+)*(?:void|char|u?int8_t|Byte)\b")


@builder("raw-value-check")
def raw_value_check(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Look at a value behind the statement that gets it, or in front of the statement that uses it on the spot."""
    made = finding.holes.get("made")
    if not isinstance(made, Place):
        return
    ref = UnitRef(made.path, made.unit)
    getter = _call_at(program, ref, made)
    spot = spot_of(program, ref, getter) if getter is not None else None
    if getter is None or spot is None or not spot.leave or _ends_before(spot, finding.place):
        return
    swift = made.path.endswith(".swift")
    edits = (
        _swift_edits(ref, getter, spot, finding, sources)
        if swift
        else _c_edits(program, ref, getter, spot, finding, sources)
    )
    if edits:
        title = (
            "Check the descriptor" if finding.holes.get("what") == "descriptor" else "Check the value before it is used"
        )
        yield Fix(title, spot.silent and finding.holes.get("what") in ("null", "forced"), edits, rule=rule.id)


def _ends_before(spot: Spot, use: Place) -> bool:
    """Whether the value is made in a branch that is over where it is used: a test there says nothing of the other."""
    around = (node for node in spot.path if isinstance(node, Stmt) and node is not spot.statement)
    return any(node.end <= use.start for node in around)


@builder("event-kind-check")
def event_kind_check(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Leave first thing when the event is not of the kind that the code reads. Unsafe: errors are dropped."""
    kind, event = finding.holes.get("kind"), finding.holes.get("event")
    place = finding.holes.get("parameter", finding.holes.get("made"))
    if not isinstance(place, Place) or not isinstance(event, str) or not event.isidentifier():
        return
    ref = UnitRef(place.path, place.unit)
    swift = place.path.endswith(".swift")
    found = _entry(program, ref, place)
    if found is None:
        return
    statement, leave, made = found
    if swift:
        text = f"guard xpc_get_type({event}) == {kind} else {{ {leave.rstrip(';')} }}"
    else:
        text = f"if (xpc_get_type({event}) != {kind}) {{\n    {leave}\n}}"
    at = whole(Spot(statement, (), leave, False), ref, sources)
    edits = () if at is None else behind(at, text, sources) if made else (sources.insert_before(at, text),)
    noun = "connection" if kind == "XPC_TYPE_CONNECTION" else "message"
    if edits:
        yield Fix(f"Leave when the event is no {noun}", False, edits, rule=rule.id)


# ── C, Objective-C ───────────────────────────────────────────────────────────────────────────────────────────────────


def _c_edits(
    program: Program, ref: UnitRef, getter: Call, spot: Spot, finding: Finding, sources: Sources
) -> tuple[Edit, ...]:
    name = _name_given(spot.statement, getter)
    test = _test(name, getter, finding, _structure(program, ref, spot.statement, name)) if name else ""
    at = whole(spot, ref, sources)
    if at is not None and name and test:
        return behind(at, f"if ({test}) {{\n    {spot.leave}\n}}", sources)
    direct = finding.holes.get("what") in ("null", "object") and getter.name in MAY_BE_NULL
    if at is None or name or not direct or _is_conditional(spot.path, getter):
        return ()
    name = _fresh(getter, spot)
    text = sources.text(Place(ref.path, ref.key, getter.start, getter.end))
    declared = C_TYPES.get(getter.name.split("_")[-1 if "get_" in getter.name else 1], "xpc_object_t ")
    declared = C_TYPES["string"] if getter.name == "xpc_string_get_string_ptr" else declared
    before = f"{declared}{name} = {text};\nif ({_test(name, getter, finding, '')}) {{\n    {spot.leave}\n}}"
    call = Place(ref.path, ref.key, getter.start, getter.end)
    return sources.insert_before(at, before), sources.replace(call, name)


def _structure(program: Program, ref: UnitRef, statement: Stmt, name: str) -> str:
    """What the bytes in `name` are read as, as an operand of `sizeof`; "" when nobody says."""
    if isinstance(statement, Let) and not _PLAIN.match(statement.type):
        return f"*{name}"
    for node in walk(program.body(ref)):
        if isinstance(node, Cast) and isinstance(node.value, Name) and node.value.text == name:
            if "*" in node.type and not _PLAIN.match(node.type):
                return re.sub(r"\bconst\b|\*", "", node.type).strip()
    return ""


def _test(name: str, getter: Call, finding: Finding, structure: str) -> str:
    """What is wrong with a value, as a condition; "" when it cannot be said in one."""
    what, taker = finding.holes.get("what"), str(finding.holes.get("taker", ""))
    if what == "null":
        return f"{name} == NULL"
    if what == "descriptor":
        return f"{name} < 0"
    if what == "object":
        kind = KINDS.get(taker.removeprefix("xpc_").partition("_")[0], "")
        return f"{name} == NULL || xpc_get_type({name}) != {kind}" if kind else f"{name} == NULL"
    measure = getter.args[-1]
    if what == "length" and structure and isinstance(measure, Operator) and isinstance(measure.operands[0], Name):
        return f"{name} == NULL || {measure.operands[0].text} < sizeof({structure})"
    return ""


def _is_conditional(path: tuple[Node, ...], getter: Call) -> bool:
    """Whether the call runs only sometimes, or more than once, in its statement."""
    inside = path[path.index(getter) - 1 :: -1] if getter in path else ()
    for node in inside:
        if isinstance(node, Loop) and getter not in tuple(walk(node.body)):
            return True
        if isinstance(node, Stmt):
            return False
    return False


# ── Swift ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _swift_edits(ref: UnitRef, getter: Call, spot: Spot, finding: Finding, sources: Sources) -> tuple[Edit, ...]:
    what = finding.holes.get("what")
    at = Place(ref.path, ref.key, spot.statement.start, spot.statement.end)
    leave = spot.leave.rstrip(";")
    if what == "descriptor":
        name = _name_given(spot.statement, getter)
        return behind(at, f"guard {name} >= 0 else {{ {leave} }}", sources) if name else ()
    forced = next(
        (n for n in spot.path if isinstance(n, Operator) and n.op == "unwrap" and n.operands[0] == getter), None
    )
    if what != "forced" or forced is None:
        return ()
    text = sources.text(Place(ref.path, ref.key, getter.start, getter.end))
    if isinstance(spot.statement, Let) and spot.statement.value == forced and not spot.statement.mutable:
        guarded = f"guard let {spot.statement.names[0]} = {text} else {{ {leave} }}"
        return (sources.replace(at, guarded),)
    name = _fresh(getter, spot)
    whole = Place(ref.path, ref.key, forced.start, forced.end)
    before = f"guard let {name} = {text} else {{ {leave} }}"
    return sources.insert_before(at, before), sources.replace(whole, name)


# ── where ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _call_at(program: Program, ref: UnitRef, place: Place) -> Call | None:
    nodes = (node for node in walk(program.body(ref)) if isinstance(node, Call))
    return next((node for node in nodes if (node.start, node.end) == (place.start, place.end)), None)


def _entry(program: Program, ref: UnitRef, place: Place) -> tuple[Stmt, str, bool] | None:
    """The statement at which an event enters, how to leave there, and whether the check goes behind it."""
    function = program.function(ref)
    body = program.body(ref)
    getter = _call_at(program, ref, place)
    if getter is not None:
        spot = spot_of(program, ref, getter)
        return (spot.statement, spot.leave, True) if spot is not None and spot.leave else None
    for node in walk(body):
        if isinstance(node, Closure) and any((p.start, p.end) == (place.start, place.end) for p in node.params):
            leave, _ = way_out(function, node, node.body, ref)
            return (node.body[0], leave, False) if node.body and leave else None
    leave, _ = way_out(function, None, body, ref)
    return (body[0], leave, False) if body and leave else None


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _name_given(statement: Stmt, getter: Call) -> str:
    """The local that the statement puts the call's result into, "" when it does something else with it."""
    match statement:
        case Let(names=(name,), type=text, value=value) if value is not None and _is(value, getter):
            return "" if TEXT_TYPES.match(text) or BOXED_TYPES.match(text) else name  # it was read through by then
        case Evaluate(value=Assign(target=Name(text=name), op="=", value=value)) if _is(value, getter):
            return name
        case _:
            return ""


def _is(value: Node, getter: Call) -> bool:
    while isinstance(value, Cast):
        value = value.value
    return value == getter


def _fresh(getter: Call, spot: Spot) -> str:
    """A name for the value, after its key, that no other local of the statement has."""
    key = next(iter(getter.args[1:] or getter.args), None)
    text = key.value if isinstance(key, Text) else key.text if isinstance(key, Name) else ""
    words = re.findall(r"[A-Za-z0-9]+", re.sub(r"^k(?=[A-Z])", "", text))
    name = "raw" + ("".join(word[:1].upper() + word[1:] for word in words) or "Value")
    taken = {node.text for node in walk(spot.statement) if isinstance(node, Name)}
    return name if name not in taken else f"{name}2"
