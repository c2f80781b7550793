"""Where a fix can leave before a value that is not what it should be is used, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from ipclint.checks.around import closure_taker, path_to
from ipclint.checks.edits import line_end, line_start
from ipclint.checks.fix import Sources
from ipclint.model.facts import Function
from ipclint.model.finding import Edit, Place
from ipclint.model.ir import Block, Call, Closure, Evaluate, Guard, If, Let, Literal, Loop, Node, Return, Stmt, walk
from ipclint.program.program import Program, UnitRef
from ipclint.program.types import base_type, is_optional

NULL_VALUES = frozenset({"id", "instancetype", "nullable", "NSString", "NSData", "NSArray", "NSDictionary", "NSURL"})
_OWED = re.compile(
    r"^xpc_dictionary_create_reply$|^xpc_connection_send_message|[rR]elease$|^free$|^close$|_end$|unlock|[sS]ignal$|[lL]eave$"
    r"|^resume$"
)
"""Calls that must still be made on the way out: somebody waits for them, or something is held until then."""


TAKE_NOTHING = frozenset(
    {"xpc_connection_set_event_handler", "xpc_connection_send_message_with_reply", "async", "asyncAfter", "Task"}
)
"""Who calls closures that give nothing back."""

_TYPE = re.compile(rb"[\w:<>,*& \t]*\Z")
_COMMENT = re.compile(rb"//[^\n]*|/\*.*?\*/", re.DOTALL)
_DIRECTIVE = re.compile(rb"(?:\A|\n)[ \t]*#[^\n]*\Z")


class Spot(NamedTuple):
    """Where a value is made: its statement, the nodes down to it, and how to leave before it is used ("" for no way).

    `silent`: nobody waits for an answer there.
    """

    statement: Stmt
    path: tuple[Node, ...]
    leave: str
    silent: bool


def spot_of(program: Program, ref: UnitRef, node: Node) -> Spot | None:
    """The statement of a block that holds `node`; None in a condition of a loop, of an `else if` or of a `switch`."""
    function = program.function(ref)
    path = path_to(program, ref, node)
    closures = [number for number, each in enumerate(path) if isinstance(each, Closure)]
    inner = path[closures[-1] + 1 :] if closures else path
    statements = [each for each in inner if isinstance(each, Stmt)]
    if (function is None and not closures) or not statements or isinstance(statements[-1], Guard):
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
    body = closure.body if closure else program.body(ref)
    leave, silent = way_out(function, closure, body, ref)
    if ref.path.endswith(".swift") and len(body) == 1 and isinstance(statement, Evaluate):
        taker = closure_taker(path)  # elsewhere the only expression is the value
        if leave != "return;" or (closure is not None and (taker is None or taker.name not in TAKE_NOTHING)):
            return None
    return Spot(statement, path, "continue;" if in_loop else leave, silent)


def whole(spot: Spot, ref: UnitRef, sources: Sources) -> Place | None:
    """The statement with its type, where others can stand beside it; None for one without braces around it."""
    statement = spot.statement
    place = Place(ref.path, ref.key, statement.start, statement.end)
    if ref.path.endswith(".swift"):
        return place
    start = sources.span(place).start
    data = sources.data(ref.path)
    if isinstance(statement, Let) and (found := _TYPE.search(data, line_start(data, start), start)):
        place = msgspec.structs.replace(place, start=place.start - len(found[0].lstrip()))
    before = _COMMENT.sub(b"", data[: sources.span(place).start]).rstrip()
    return place if before.endswith((b"{", b"}", b";", b":")) or _DIRECTIVE.search(before) else None


def behind(place: Place, text: str, sources: Sources) -> tuple[Edit, ...]:
    """Put `text` behind a statement; nothing when more code follows on its line."""
    data, end = sources.data(place.path), sources.span(place).end
    rest = _COMMENT.sub(b"", data[end : line_end(data, end)]).strip(b"; \t")
    return () if rest else (sources.insert_after(place, text),)


def _conditions(statement: Stmt) -> tuple[Node, ...]:
    return statement.conditions if isinstance(statement, If | Guard) else ()


def _otherwise(statement: Stmt) -> Block:
    """What stands in the `else` of an `if`: another `if` there is no statement of a block of its own."""
    return statement.otherwise if isinstance(statement, If) and len(statement.otherwise) == 1 else ()


def way_out(function: Function | None, closure: Closure | None, body: Block, ref: UnitRef) -> tuple[str, bool]:
    """How to leave a function or closure that cannot go on, and whether nobody waits for its answer. `function` is None
    for a closure that a variable keeps."""
    params = function.params if function is not None else ()
    silent = not any(isinstance(node, Call) and _OWED.search(node.name) for node in walk(body)) and not any(
        "^" in param.type or "->" in param.type for param in params
    )
    if closure is not None:
        returns = [n for n in _returns(body) if n.value is not None]
        bools = returns and all(isinstance(n.value, Literal) and n.value.kind == "bool" for n in returns)
        if bools:  # an applier goes on to the next value
            return "return true;", False
        return ("" if returns else "return;"), silent
    if function is None:
        return "", False
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
