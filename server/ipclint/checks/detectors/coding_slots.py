"""What the methods of an XPC protocol take and reply with, and the class lists that interfaces declare for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.around import origins, spelled
from ipclint.checks.detectors.coding_class import class_literals
from ipclint.checks.detectors.coding_evidence import is_block, xpc_methods
from ipclint.checks.detectors.coding_shapes import Shape, expanded, parse_shape, split_all, split_top
from ipclint.model.facts import Function
from ipclint.model.ir import Assign, Call, Expr, Literal, Member, Name, Text, walk
from ipclint.program.constants import constant
from ipclint.program.link import ancestors, callers, is_outside
from ipclint.program.names import selectors
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.surface import interfaces
from ipclint.program.usage import Use, uses_of


class Slot(NamedTuple):
    """An argument of a protocol's method, or of its reply block."""

    requirement: UnitRef
    protocol: str
    method: str  # as its language spells it
    number: int
    of_reply: bool
    shape: Shape
    start: int
    end: int

    @property
    def text(self) -> str:
        return f"{'reply argument' if self.of_reply else 'argument'} {self.number} of {self.protocol}.{self.method}"


class Declared(NamedTuple):
    """One `setClasses`. `protocol` is "" where it is not seen which interface this is, `number` None when computed.

    `classes` are those that the list names; it may hold others unless it is `closed`.
    """

    ref: UnitRef
    call: Call
    protocol: str
    selector: str
    number: int | None
    of_reply: bool | None
    classes: tuple[str, ...]
    closed: bool


# ── protocols ────────────────────────────────────────────────────────────────────────────────────────────────────────


def requirements(program: Program, protocol: str) -> tuple[tuple[UnitRef, Function], ...]:
    """The methods of a protocol and of those it inherits."""
    names = (protocol, *sorted(ancestors(program, protocol)))
    return tuple(each for name in names for each in xpc_methods(program, name))


def is_whole(program: Program, protocol: str) -> bool:
    """Whether the program declares a protocol and everything it inherits."""
    above = ancestors(program, protocol) - {"NSObject", "NSObjectProtocol", "AnyObject", "Sendable"}
    return not any(is_outside(program, name) for name in (protocol, *above))


def slots(program: Program, ref: UnitRef, function: Function) -> Iterator[Slot]:
    """The arguments of a method and of its reply block; the block itself is none."""
    for number, param in enumerate(function.params):
        type_text = expanded(program, param.type)
        if not is_block(type_text):
            shape = parse_shape(type_text)
            yield Slot(ref, function.owner, function.signature, number, False, shape, param.start, param.end)
            continue
        for inner, text in enumerate(block_arguments(type_text)):
            shape = parse_shape(text)
            yield Slot(ref, function.owner, function.signature, inner, True, shape, param.start, param.end)


_NAMED = re.compile(r"^(.*[\s*>?\]])\w+$", re.DOTALL)


def block_arguments(text: str) -> tuple[str, ...]:
    """The types of a block's or closure's arguments."""
    if "^" in text:
        opening = text.find("(", text.find("^"))
        inside = text[opening + 1 : text.rfind(")")] if opening >= 0 else ""
        parts = split_all(inside) if inside.strip() not in ("", "void") else ()
        return tuple(found[1].strip() if (found := _NAMED.match(part.strip())) else part.strip() for part in parts)
    head = re.sub(r"@\w+(?:\([^()]*\))?\s*", "", text.rpartition("->")[0]).strip().removesuffix("async").strip()
    while head.startswith("((") and head.endswith(")"):
        head = head[1:]  # the parentheses of an optional closure
    inside = head[1 : head.rfind(")")] if head.startswith("(") else head
    parts = split_all(inside) if inside.strip() else ()
    return tuple(type_ if (type_ := split_top(part, ":")[2]) else part for part in parts)


# ── class lists ──────────────────────────────────────────────────────────────────────────────────────────────────────


@query(bottom=())
def declared_lists(program: Program) -> tuple[Declared, ...]:
    """Every `setClasses` of the program."""
    return tuple(
        each
        for ref in program.mentioning("setClasses")
        for use in uses_of(program, ref, "interface.allow-classes")
        if (each := _declared(program, ref, use)) is not None
    )


def _declared(program: Program, ref: UnitRef, use: Use) -> Declared | None:
    if not isinstance(use.node, Call) or len(use.args) != 4:
        return None
    list_, selector, number, of_reply = use.args
    named = _selector(program, ref, selector)
    protocol = named.rpartition(".")[0].rpartition(".")[2] if "." in named.partition("(")[0] else ""
    digits = constant(program, ref, number)
    return Declared(
        ref,
        use.node,
        protocol or protocol_of(program, ref, use.receiver),
        named.partition("(")[0].rpartition(".")[2] + "".join(named.partition("(")[1:]),
        int(digits) if digits is not None and digits.isdigit() else None,
        {"true": True, "1": True, "false": False, "0": False}.get(constant(program, ref, of_reply) or ""),
        class_literals(program, ref, list_),
        _is_closed(program, ref, list_),
    )


def _selector(program: Program, ref: UnitRef, expr: Expr) -> str:
    """The selector that an expression is, "" when it is computed."""
    match expr:
        case Literal(kind="selector", text=text) | Text(value=text):
            return text
        case Call(name="Selector" | "NSSelectorFromString", args=(inner,)):
            return constant(program, ref, inner) or ""
        case _:
            return ""


_MAKERS = frozenset(
    {"NSSet", "Set", "NSArray", "setWithObjects:", "setWithObject:", "setWithArray:", "initWithObjects:", "alloc",
     "initWithArray:", "arrayWithObjects:", "class", "self", "set", "init"}
)  # fmt: skip


def _is_closed(program: Program, ref: UnitRef, expr: Expr) -> bool:
    """Whether everything in a class list is seen: no call that could add classes, no list that comes from elsewhere."""
    for node in origins(program, ref, expr):
        if isinstance(node, Call) and node.name.partition("<")[0] not in _MAKERS:
            return False
        if isinstance(node, Member) and node.name not in ("self", "class"):
            return False
    function = program.function(ref)
    given = {param.name for param in function.params} if function is not None else set[str]()
    return bool(class_literals(program, ref, expr)) and not any(
        isinstance(node, Name) and node.text in given for node in origins(program, ref, expr)
    )


def matches(function: Function, selector: str) -> bool:
    """Whether a selector in either language's spelling names a protocol's method."""
    if "(" not in selector:
        spellings = {function.selector, function.name}
        return selector in spellings or (":" not in selector and function.name.partition(":")[0] == selector)
    name, _, labels = selector.partition("(")
    wanted = tuple("" if label == "_" else label for label in labels.rstrip(")").split(":")[:-1])
    if ":" not in function.name:
        return function.name == name and function.labels == wanted
    return function.selector in selectors(name, wanted) or _is_pruned(function.selector, name, wanted)


def _is_pruned(selector: str, name: str, labels: tuple[str, ...]) -> bool:
    """Whether a Swift name can be what the importer made of a selector: it drops words that the types repeat."""
    first, *rest = selector.split(":")[:-1]
    if len(rest) + 1 != len(labels) or not first.startswith(name):
        return False
    remainder = first[len(name) :]
    begins = not labels[0] or remainder.lower().startswith(labels[0].lower())
    return begins and all(part.startswith(label) for part, label in zip(rest, labels[1:], strict=True))


# ── which interface ──────────────────────────────────────────────────────────────────────────────────────────────────


def protocol_of(program: Program, ref: UnitRef, receiver: Expr | None, up: int = 1) -> str:
    """The protocol of an NSXPCInterface, followed through locals, a connection's property and one call; "" unknown."""
    made = {(each.ref, each.node.start, each.node.end): each.protocol for each in interfaces(program)}
    for node in origins(program, ref, receiver):
        if (found := made.get((ref, node.start, node.end))) and isinstance(node, Call):
            return found
    if isinstance(receiver, Member | Call) and (name := spelled(receiver)):
        for node in walk(program.body(ref)):
            if isinstance(node, Assign) and spelled(node.target) == name:
                return protocol_of(program, ref, node.value, up)
    if isinstance(receiver, Name) and up:
        return _given_protocol(program, ref, receiver.text, up)
    return ""


def _given_protocol(program: Program, ref: UnitRef, name: str, up: int) -> str:
    """The protocol of an interface that a function is handed, where all callers agree."""
    function = program.function(ref)
    number = next((i for i, param in enumerate(function.params) if param.name == name), None) if function else None
    if number is None:
        return ""
    found = {
        protocol_of(program, site.caller, site.call.args[number], up - 1)
        for site in callers(program, ref)
        if number < len(site.call.args)
    }
    return found.pop() if len(found) == 1 else ""
