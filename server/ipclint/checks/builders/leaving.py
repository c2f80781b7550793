"""Where a fix can leave before a value that is not what it should be is used, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.around import path_to
from ipclint.model.facts import Function
from ipclint.model.ir import Block, Call, Closure, Evaluate, Guard, If, Let, Literal, Loop, Node, Return, Stmt, walk
from ipclint.program.program import Program, UnitRef
from ipclint.program.types import base_type, is_optional

NULL_VALUES = frozenset({"id", "instancetype", "nullable", "NSString", "NSData", "NSArray", "NSDictionary", "NSURL"})
_OWED = re.compile(
    r"^xpc_dictionary_create_reply$|^xpc_connection_send_message|[rR]elease$|^free$|^close$|_end$|unlock|[sS]ignal$|[lL]eave$"
    r"|^resume$"
)
"""Calls that must still be made on the way out: somebody waits for them, or something is held until then."""


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
    leave, silent = way_out(function, closure, closure.body if closure else program.body(ref), ref)
    return Spot(statement, path, "continue;" if in_loop else leave, silent)


def _conditions(statement: Stmt) -> tuple[Node, ...]:
    return statement.conditions if isinstance(statement, If | Guard) else ()


def _otherwise(statement: Stmt) -> Block:
    """What stands in the `else` of an `if`: another `if` there is no statement of a block of its own."""
    return statement.otherwise if isinstance(statement, If) and len(statement.otherwise) == 1 else ()


def way_out(function: Function, closure: Closure | None, body: Block, ref: UnitRef) -> tuple[str, bool]:
    """How to leave a function or closure that cannot go on, and whether nobody waits for its answer."""
    silent = not any(isinstance(node, Call) and _OWED.search(node.name) for node in walk(body)) and not any(
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
