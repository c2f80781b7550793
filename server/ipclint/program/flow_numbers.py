"""Numbers that another process chose: a process id, a user id, a signal.

Most sinks take texts, so a number is where the flow of data ends. A few take numbers, and few programs call them. Only
in functions near such a call numbers are followed, marked as what they are; they reach no other sink.
"""

from __future__ import annotations

from collections.abc import Sequence

from ipclint.model.ir import Call, Expr, Literal, Member
from ipclint.program.flow_state import EMPTY, NUMBER, Value
from ipclint.program.link import calls_in, naming
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.types import base_type

SINKS = frozenset({"privilege.process", "privilege.identity"})
"""The kinds of sinks that take numbers."""

MAX_CALLS = 3
"""How many calls above a sink numbers are followed."""

MAX_USERS = 24
"""Functions that more than these name are not followed up: their names are used for everything."""

# fmt: off
TYPES = frozenset({
    "Int", "Int32", "Int64", "UInt", "UInt32", "UInt64", "NSInteger", "NSUInteger", "NSNumber", "CInt", "CLong", "int",
    "long", "int32_t", "int64_t", "uint32_t", "uint64_t", "pid_t", "uid_t", "gid_t",
})
"""Types of numbers that can be an id."""

VALUES = frozenset({
    "intValue", "integerValue", "longValue", "longLongValue", "unsignedIntValue", "unsignedIntegerValue", "int32Value",
    "int64Value", "uint32Value", "uintValue",
})
"""The number in an object or a text."""

READERS = frozenset({
    "xpc_dictionary_get_int64", "xpc_dictionary_get_uint64", "xpc_array_get_int64", "xpc_array_get_uint64",
    "xpc_int64_get_value", "xpc_uint64_get_value", "atoi", "atol", "atoll", "strtol", "strtoul", "strtoll", "strtoull",
    "numericCast",
})
"""Functions that give the number in their first argument."""
# fmt: on


def is_number(text: str) -> bool:
    """Whether a type's text is that of a number that can be an id."""
    return base_type(text) in TYPES


@query(bottom=False)
def takes_numbers(program: Program, ref: UnitRef) -> bool:
    """Whether a number may get from a function to a sink that takes numbers."""
    return ref in _near_sinks(program)


@query(bottom=frozenset[UnitRef]())
def _near_sinks(program: Program) -> frozenset[UnitRef]:
    apis = program.vocabulary.apis.values()
    words = {name for api in apis if any(flow.kind in SINKS for flow in api.sink) for name in api.c}
    mentioning = {ref for word in words for ref in program.mentioning(word)}
    level = {ref for ref in mentioning if any(c.target is None and c.name in words for c in calls_in(program, ref))}
    found = set(level)
    for _ in range(MAX_CALLS):
        users = (naming(program, ref) for ref in sorted(level))
        level = {user for each in users if len(each) <= MAX_USERS for user in each} - found
        found |= level
    return frozenset(found)


def marked(value: Value) -> Value:
    """A value that is a number now."""
    return {place: taint.sure((NUMBER,)) for place, taint in value.items()}


def converted(node: Call, values: list[Value], receiver: Value) -> Value:
    """The number that a call makes of what is tainted: `Int32(text)`, `[text intValue]`, `atoi(text)`."""
    if node.target is None and values and (node.name in READERS or node.name in TYPES):
        return marked(values[0])
    return marked(receiver) if node.name in VALUES and not values else EMPTY


def is_probe(kind: str, args: Sequence[Expr]) -> bool:
    """Whether a call only asks if a process is there: `kill(pid, 0)` sends nothing."""
    signal = args[-1] if kind == "privilege.process" and len(args) == 2 else None
    return isinstance(signal, Literal) and signal.text == "0"


def is_value(member: Member) -> bool:
    """Whether a property is the number in an object or a text."""
    return member.name in VALUES
