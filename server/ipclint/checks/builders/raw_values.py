"""Fixes that look at a raw XPC value before it is used: NULL, types, lengths, kinds of events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from ipclint.checks.around import path_to
from ipclint.checks.edits import line_start
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function
from ipclint.model.finding import Edit, Finding, Fix, Place
from ipclint.model.ir import (
    Assign,
    Block,
    Call,
    Cast,
    Closure,
    Evaluate,
    Guard,
    If,
    Let,
    Literal,
    Loop,
    Name,
    Node,
    Operator,
    Return,
    Stmt,
    Text,
    walk,
)
from ipclint.program.program import Program, UnitRef
from ipclint.program.types import base_type, is_optional

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
NULL_VALUES = frozenset({"id", "instancetype", "nullable", "NSString", "NSData", "NSArray", "NSDictionary", "NSURL"})
REPLIES = frozenset({"xpc_dictionary_create_reply", "xpc_connection_send_message"})


_TYPE = re.compile(rb"[\w:<>,*& \t]+")


class _Spot(NamedTuple):
    """Where a value is made: its statement, the nodes down to it, and how to leave before it is used ("" for no way).

    `silent`: nobody waits for an answer there.
    """

    statement: Stmt
    path: tuple[Node, ...]
    leave: str
    silent: bool


@builder("raw-value-check")
def raw_value_check(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Look at a value behind the statement that gets it, or in front of the statement that uses it on the spot."""
    made = finding.holes.get("made")
    if not isinstance(made, Place):
        return
    ref = UnitRef(made.path, made.unit)
    getter = _call_at(program, ref, made)
    spot = _spot(program, ref, getter) if getter is not None else None
    if getter is None or spot is None or not spot.leave:
        return
    swift = made.path.endswith(".swift")
    edits = (
        _swift_edits(ref, getter, spot, finding, sources) if swift else _c_edits(ref, getter, spot, finding, sources)
    )
    if edits:
        title = (
            "Check the descriptor" if finding.holes.get("what") == "descriptor" else "Check the value before it is used"
        )
        yield Fix(title, spot.silent and finding.holes.get("what") in ("null", "forced"), edits, rule=rule.id)


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
    statement, leave, behind = found
    if swift:
        text = f"guard xpc_get_type({event}) == {kind} else {{ {leave.rstrip(';')} }}"
    else:
        text = f"if (xpc_get_type({event}) != {kind}) {{\n    {leave}\n}}"
    at = Place(ref.path, ref.key, statement.start, statement.end)
    edit = sources.insert_after(at, text) if behind else sources.insert_before(at, text)
    noun = "connection" if kind == "XPC_TYPE_CONNECTION" else "message"
    yield Fix(f"Leave when the event is no {noun}", False, (edit,), rule=rule.id)


# ── C, Objective-C ───────────────────────────────────────────────────────────────────────────────────────────────────


def _c_edits(ref: UnitRef, getter: Call, spot: _Spot, finding: Finding, sources: Sources) -> tuple[Edit, ...]:
    name = _name_given(spot.statement, getter)
    test = _test(name, getter, finding) if name else ""
    at = Place(ref.path, ref.key, spot.statement.start, spot.statement.end)
    if name and test:
        return (sources.insert_after(at, f"if ({test}) {{\n    {spot.leave}\n}}"),)
    if name or finding.holes.get("what") not in ("null", "object") or _is_conditional(spot.path, getter):
        return ()
    name = _fresh(getter, spot)
    text = sources.text(Place(ref.path, ref.key, getter.start, getter.end))
    declared = C_TYPES.get(getter.name.split("_")[-1 if "get_" in getter.name else 1], "xpc_object_t ")
    declared = C_TYPES["string"] if getter.name == "xpc_string_get_string_ptr" else declared
    before = f"{declared}{name} = {text};\nif ({_test(name, getter, finding)}) {{\n    {spot.leave}\n}}"
    whole = Place(ref.path, ref.key, getter.start, getter.end)
    return sources.insert_before(_with_type(at, sources), before), sources.replace(whole, name)


def _with_type(at: Place, sources: Sources) -> Place:
    """A declaration from its type on: its own place begins at its name."""
    start = sources.span(at).start
    data = sources.data(at.path)
    before = data[line_start(data, start) : start].lstrip()
    return msgspec.structs.replace(at, start=at.start - len(before)) if _TYPE.fullmatch(before) else at


def _test(name: str, getter: Call, finding: Finding) -> str:
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
    if what == "length" and isinstance(measure, Operator) and isinstance(measure.operands[0], Name):
        return f"{name} == NULL || {measure.operands[0].text} < sizeof(*{name})"
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


def _swift_edits(ref: UnitRef, getter: Call, spot: _Spot, finding: Finding, sources: Sources) -> tuple[Edit, ...]:
    what = finding.holes.get("what")
    at = Place(ref.path, ref.key, spot.statement.start, spot.statement.end)
    leave = spot.leave.rstrip(";")
    if what == "descriptor":
        name = _name_given(spot.statement, getter)
        return (sources.insert_after(at, f"guard {name} >= 0 else {{ {leave} }}"),) if name else ()
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


def _spot(program: Program, ref: UnitRef, node: Node) -> _Spot | None:
    """The statement of a block that holds `node`; None in a condition of a loop, of an `else if` or of a `switch`."""
    function = program.function(ref)
    path = path_to(program, ref, node)
    closures = [number for number, each in enumerate(path) if isinstance(each, Closure)]
    inner = path[closures[-1] + 1 :] if closures else path
    statements = [each for each in inner if isinstance(each, Stmt)]
    if function is None or not statements or isinstance(statements[-1], Guard):
        return None
    statement = statements[-1]
    if isinstance(statement, Let) and len(statements) > 1 and statement in _conditions(statements[-2]):
        return None
    if isinstance(statement, If) and len(statements) > 1 and statement in _otherwise(statements[-2]):
        return None
    if not isinstance(statement, Let | Evaluate | Return | If):
        return None
    closure = next((each for each in reversed(path) if isinstance(each, Closure)), None)
    in_loop = any(isinstance(each, Loop) for each in statements)
    leave, silent = _way_out(function, closure, closure.body if closure else program.body(ref), ref)
    return _Spot(statement, path, "continue;" if in_loop else leave, silent)


def _conditions(statement: Stmt) -> tuple[Node, ...]:
    return statement.conditions if isinstance(statement, If | Guard) else ()


def _otherwise(statement: Stmt) -> Block:
    """What stands in the `else` of an `if`: another `if` there is no statement of a block of its own."""
    return statement.otherwise if isinstance(statement, If) and len(statement.otherwise) == 1 else ()


def _way_out(function: Function, closure: Closure | None, body: Block, ref: UnitRef) -> tuple[str, bool]:
    """How to leave a function or closure that cannot go on, and whether nobody waits for its answer."""
    silent = not any(isinstance(node, Call) and node.name in REPLIES for node in walk(body)) and not any(
        "^" in param.type or "->" in param.type for param in function.params
    )
    if closure is not None:
        returns = [n for n in _returns(body) if n.value is not None]
        bools = returns and all(isinstance(n.value, Literal) and n.value.kind == "bool" for n in returns)
        if bools:  # an applier goes on to the next value
            return "return true;", False
        return ("" if returns else "return;"), silent
    returns = function.returns.strip()
    if returns in ("", "void", "Void", "()") and function.kind != "initializer":
        return "return;", silent
    plain = base_type(returns)
    if "failable" in function.modifiers or (ref.path.endswith(".swift") and is_optional(returns)):
        return "return nil;", False
    if plain in ("BOOL", "Bool", "bool", "Boolean"):
        return ("return NO;" if plain == "BOOL" else "return false;"), False
    if re.match(r"(?:const\s+)?std::(?:string|vector|optional)\b(?!\s*[*&])", returns):
        return "return {};", False
    if plain in NULL_VALUES and not ref.path.endswith(".swift"):
        return "return nil;", False
    return ("return NULL;" if returns.endswith("*") or plain == "xpc_object_t" else ""), False


def _returns(body: Block) -> Iterator[Return]:
    """The returns of a body itself, not those of closures in it."""
    inner = {id(n) for node in walk(body) if isinstance(node, Closure) for n in walk(node.body)}
    return (node for node in walk(body) if isinstance(node, Return) and id(node) not in inner)


def _entry(program: Program, ref: UnitRef, place: Place) -> tuple[Stmt, str, bool] | None:
    """The statement at which an event enters, how to leave there, and whether the check goes behind it."""
    function = program.function(ref)
    body = program.body(ref)
    if function is None:
        return None
    getter = _call_at(program, ref, place)
    if getter is not None:
        spot = _spot(program, ref, getter)
        return (spot.statement, spot.leave, True) if spot is not None and spot.leave else None
    for node in walk(body):
        if isinstance(node, Closure) and any((p.start, p.end) == (place.start, place.end) for p in node.params):
            leave, _ = _way_out(function, node, node.body, ref)
            return (node.body[0], leave, False) if node.body and leave else None
    leave, _ = _way_out(function, None, body, ref)
    return (body[0], leave, False) if body and leave else None


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _name_given(statement: Stmt, getter: Call) -> str:
    """The local that the statement puts the call's result into, "" when it does something else with it."""
    match statement:
        case Let(names=(name,), value=value) if value is not None and _is(value, getter):
            return name
        case Evaluate(value=Assign(target=Name(text=name), op="=", value=value)) if _is(value, getter):
            return name
        case _:
            return ""


def _is(value: Node, getter: Call) -> bool:
    while isinstance(value, Cast):
        value = value.value
    return value == getter


def _fresh(getter: Call, spot: _Spot) -> str:
    """A name for the value, after its key, that no other local of the statement has."""
    key = next(iter(getter.args[1:] or getter.args), None)
    text = key.value if isinstance(key, Text) else key.text if isinstance(key, Name) else ""
    words = re.findall(r"[A-Za-z0-9]+", re.sub(r"^k(?=[A-Z])", "", text))
    name = "raw" + ("".join(word[:1].upper() + word[1:] for word in words) or "Value")
    taken = {node.text for node in walk(spot.statement) if isinstance(node, Name)}
    return name if name not in taken else f"{name}2"
