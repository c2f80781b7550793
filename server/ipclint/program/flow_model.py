"""The words of the flow analysis: inputs and outcomes of one body, positions of an API, types that carry no text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from ipclint.model.facts import Function, Variable
from ipclint.model.ir import Call, Expr, Node
from ipclint.program.flow_state import NOTHING, Hop, Place, Taint, Tokens
from ipclint.program.link import ancestors, declarations, members, owner_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.types import base_type, element_type
from ipclint.program.vocabulary import Api

# ── inputs ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Parameter(NamedTuple):
    """A parameter of the function, or the member `path` of what is passed for it, is tainted."""

    number: int
    path: Place = ()


class Receiver(NamedTuple):
    """`self`, or the member `path` of it, is tainted."""

    path: Place = ()


class Stored(NamedTuple):
    """What every read of property `name` of type `owner` gives, or the member `path` of it, is tainted; a global when
    `owner` is ""."""

    owner: str
    name: str
    path: Place = ()


class Returned(NamedTuple):
    """What every call of `callee` gives back, or the member `path` of it, is tainted."""

    callee: UnitRef
    path: Place = ()


class Source(NamedTuple):
    """What API `api` of the vocabulary gives is tainted."""

    api: str


class Block(NamedTuple):
    """Parameter `number` of the closure that begins at byte `start` of the body is tainted."""

    start: int
    number: int


Input = Parameter | Receiver | Stored | Returned | Source | Block


# ── outcomes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Story(NamedTuple):
    """How the input got to an outcome: what was made sure of on the way, how firmly it is known, the steps."""

    tokens: Tokens
    weak: int
    hops: tuple[Hop, ...]


class SinkHit(NamedTuple):
    """Tainted data reaches API `api` as `kind`. `value` is the expression passed, `node` the call or assignment;
    `conditions` are the `#if` conditions around it, `receiver` the object whose property it is."""

    api: str
    kind: str
    node: Node
    value: Expr
    position: str
    conditions: tuple[str, ...]
    story: Story


class CallHit(NamedTuple):
    """Tainted data goes into a function of the program."""

    callee: UnitRef
    input: Parameter | Receiver | Block
    node: Node
    conditions: tuple[str, ...]
    story: Story


class WriteHit(NamedTuple):
    """Tainted data is kept in member `path` of property `name` of type `owner` ("" for a global)."""

    owner: str
    name: str
    path: Place
    node: Node
    conditions: tuple[str, ...]
    story: Story


class ReturnHit(NamedTuple):
    """The function gives back tainted data, in member `path` of its result."""

    path: Place
    story: Story


class Mark(NamedTuple):
    """A taint without its story: what callers depend on, so that moved code in a callee changes no caller."""

    tokens: Tokens
    weak: int
    cost: int


class Effects(NamedTuple):
    """What a call does to its caller's data when one input of the callee is tainted.

    `returns`: members of the result. `outs`: members of what was passed for a parameter, or of the receiver (-1).
    `calls_back`: parameter number → which argument of that closure is given tainted data.
    """

    returns: tuple[tuple[Place, Mark], ...] = ()
    outs: tuple[tuple[int, Place, Mark], ...] = ()
    calls_back: tuple[tuple[int, int, Mark], ...] = ()


NO_EFFECTS = Effects()


class Reach(NamedTuple):
    """Everything that one tainted input does in one body."""

    sinks: tuple[SinkHit, ...] = ()
    calls: tuple[CallHit, ...] = ()
    writes: tuple[WriteHit, ...] = ()
    returns: tuple[ReturnHit, ...] = ()
    effects: Effects = NO_EFFECTS


class Asserts(NamedTuple):
    """What a function makes sure of about one parameter: when it returns true, zero, something (not nil), or at all."""

    true: Tokens = NOTHING
    zero: Tokens = NOTHING
    some: Tokens = NOTHING
    returns: Tokens = NOTHING


NO_ASSERTS = Asserts()


# ── positions of an API ──────────────────────────────────────────────────────────────────────────────────────────────

_POSITION = re.compile(r"^(self|ret|value|format|arg\*|(arg|param)\d+)(\.block\.(\d+|ret))?$")
_PASS = re.compile(r"^(\S+?)\s*(->|=>)\s*(\S+)((?:\s*\+[\w.-]+)*)$")


class Pass(NamedTuple):
    """What an API hands on: `goes_from` to `goes_to`, with what that assures.

    `same` when the result says the same as what went in, so that a test of one is a test of the other.
    """

    goes_from: str
    goes_to: str
    tokens: Tokens
    same: bool


@lru_cache(maxsize=2048)
def parse_pass(text: str) -> Pass | None:
    """`self->ret`, `arg0=>ret +path.resolved`, `self->arg0.block.0`; None when it is no such text."""
    found = _PASS.match(text.strip())
    if not found or not (_POSITION.match(found[1]) and _POSITION.match(found[3])):
        return None
    tokens = frozenset(token.strip() for token in found[4].split("+") if token.strip())
    return Pass(found[1], found[3], tokens, found[2] == "=>")


@lru_cache(maxsize=2048)
def block_position(position: str) -> tuple[int, int] | None:
    """(argument, parameter of the closure) of `arg1.block.0`; -1 for `arg1.block.ret`; None for another position."""
    found = _POSITION.match(position)
    if not found or not found[3] or not position.startswith("arg") or position.startswith("arg*"):
        return None
    return int(position[3 : position.index(".")]), -1 if found[4] == "ret" else int(found[4])


@lru_cache(maxsize=2048)
def argument_numbers(position: str, count: int) -> range:
    """The arguments that `argN` or `arg*` stands for in a call with `count` arguments; none for another position."""
    if position == "arg*":
        return range(count)
    if position.startswith("arg") and position[3:].isdigit() and int(position[3:]) < count:
        return range(int(position[3:]), int(position[3:]) + 1)
    return range(0)


def passes(api: Api) -> tuple[Pass, ...]:
    return tuple(found for text in api.passes if (found := parse_pass(text)) is not None)


# ── calls of the program ─────────────────────────────────────────────────────────────────────────────────────────────


def argument_parameters(function: Function, node: Call) -> dict[int, int]:
    """Which parameter takes each argument of a call, by number."""
    if ":" in node.name or ":" in function.name:
        return {number: number for number in range(min(len(node.args), len(function.params)))}
    found: dict[int, int] = {}
    at = 0
    for number, param in enumerate(function.params):
        if at >= len(node.args):
            break
        if node.labels[at] in (param.label, "{"):
            found[at] = number
            at += 1
            while at < len(node.args) and param.type.endswith("...") and node.labels[at] == "":
                found[at] = number
                at += 1
    return found


# ── types ────────────────────────────────────────────────────────────────────────────────────────────────────────────

# fmt: off
NUMERIC = frozenset({
    "Bool", "BOOL", "bool", "Int", "Int8", "Int16", "Int32", "Int64", "UInt", "UInt8", "UInt16", "UInt32", "UInt64",
    "Float", "Double", "CGFloat", "Float80", "NSInteger", "NSUInteger", "NSNumber", "NSDecimalNumber", "Decimal",
    "int", "long", "short", "float", "double", "int8_t", "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t",
    "uint32_t", "uint64_t", "size_t", "ssize_t", "pid_t", "uid_t", "gid_t", "mode_t", "off_t", "time_t", "CFIndex",
    "CFBoolean", "CFNumberRef", "CFBooleanRef", "Date", "NSDate", "TimeInterval", "NSTimeInterval", "UUID", "NSUUID",
    "CGSize", "CGRect", "CGPoint", "NSRange", "Range", "OSStatus", "errno_t", "kern_return_t", "mach_port_t",
    "audit_token_t", "NSXPCConnection", "NSXPCListener", "NSXPCListenerEndpoint", "Selector", "Void", "Never",
    "DispatchQueue", "FileManager", "NSFileManager", "NSError", "Error",
})
# fmt: on
"""Types whose values carry no text that another process chose (nor anything else a string sink could take)."""


@query(bottom=False)
def carries_no_text(program: Program, text: str) -> bool:
    """Whether values of a type (as source text) cannot carry chosen text: numbers, dates, enums with raw values."""
    plain = base_type(text)
    if plain in ("Array", "Set", "NSArray", "NSSet"):
        plain = element_type(text)
    if not plain:
        return False
    if plain in NUMERIC:
        return True
    found = declarations(program, plain)
    return bool(found) and any(unit.kind == "enum" and _is_plain_enum(unit.inherits) for _, unit in found)


def _is_plain_enum(inherits: tuple[str, ...]) -> bool:
    """A raw type allows no associated values, so the cases are all there is."""
    return any(
        base_type(name) in NUMERIC or base_type(name) in ("String", "CaseIterable", "Character") for name in inherits
    )


def is_function_type(text: str) -> bool:
    """Whether a parameter's type is a closure or block."""
    return "->" in text or "^" in text or base_type(text).endswith(("Block", "Handler", "Callback", "Completion"))


NO_TEXT_MEMBERS = frozenset(
    {"count", "length", "isEmpty", "hashValue", "hash", "size", "port", "isFileURL", "hasDirectoryPath", "isZero"}
)
"""Members of whatever is tainted that carry nothing of it."""


def related(program: Program, one: str, other: str, name: str) -> bool:
    """Whether property `name` of type `one` may be that of type `other`: the same type, or one inherits from the other
    and the upper one has it."""
    if one == other or one.endswith(f".{other}") or other.endswith(f".{one}"):
        return True
    if other in ancestors(program, one):
        return _has(program, other, name)
    return one in ancestors(program, other) and _has(program, one, name)


def _has(program: Program, owner: str, name: str) -> bool:
    """Whether a type of the program has a property; of types from outside it is unknown, so they have none."""
    return any(isinstance(program.unit(ref), Variable) for ref in members(program, owner, name))


def owner_named(program: Program, ref: UnitRef, text: str) -> str:
    """The type that `text` means in the code of a unit: one nested in the types around it comes first."""
    plain = base_type(text)
    around = owner_of(program, ref) if plain and "." not in plain else ""
    while around:
        if program.types_named(f"{around}.{plain}"):
            return f"{around}.{plain}"
        around = around.rpartition(".")[0]
    return plain


# ── names for a story ────────────────────────────────────────────────────────────────────────────────────────────────

MAX_TEXT = 60


def call_name(call: Call) -> str:
    """A call as a story names it: `remove(at:)`, `removeItemAtPath:error:`, `Foo(x:)`."""
    return call.name if call.name and not call.args else call.signature


def taint_mark(taint: Taint) -> Mark:
    return Mark(taint.tokens, taint.weak, taint.cost)


def story_of(taint: Taint) -> Story:
    return Story(taint.tokens, taint.weak, taint.chain.hops() if taint.chain else ())
