"""How work of a handler can be handed over to the main thread by a fix: what may move there, and what may not."""

from __future__ import annotations

from ipclint.checks.detectors.ipc_handlers import Handler
from ipclint.checks.detectors.lifecycle import WAITERS
from ipclint.checks.detectors.main_thread import at_once
from ipclint.model.finding import Place
from ipclint.model.ir import (
    Block,
    Call,
    Closure,
    Defer,
    Evaluate,
    Guard,
    Let,
    Name,
    Node,
    Operator,
    Return,
    Stmt,
    Throw,
    walk,
)
from ipclint.program.link import members, owner_of, scope
from ipclint.program.program import Program


def without_waiting(program: Program, handler: Handler, node: Node) -> dict[str, str | Place]:
    """What turns `sync` into `async`, where nothing waits for it: it is the last statement and gives no value."""
    last = handler.body[-1] if handler.body else None
    if not isinstance(node, Call) or not isinstance(last, Evaluate) or last.value is not node:
        return {}
    if any(isinstance(statement, Defer) for statement in handler.body):
        return {}
    closure = next((arg for arg in node.args if isinstance(arg, Closure)), None)
    if closure is None or _needs_self(program, handler, closure):
        return {}
    return {"sync": Place(handler.ref.path, handler.ref.key, node.name_start, node.name_end)}


def _needs_self(program: Program, handler: Handler, closure: Closure) -> bool:
    """Whether a closure names a member without `self`, which one that escapes must not in Swift."""
    owner = owner_of(program, handler.ref)
    known = scope(program, handler.ref)
    names = {name for node in walk(closure.body) if (name := _plain_name(node))} - known.keys()
    return bool(owner) and any(members(program, owner, name) for name in names)


def _plain_name(node: Node) -> str:
    if isinstance(node, Name):
        return node.text
    return node.name if isinstance(node, Call) and node.target is None else ""


def handed_over(program: Program, handler: Handler, touched: list[Node]) -> dict[str, str | Place]:
    """The statements that a fix puts into a block for the main thread: those that touch the interface, and the rest of
    the handler where that needs what they declare or is not reached when they leave.
    """
    function = program.function(handler.ref)
    numbers = [n for n, each in enumerate(handler.body) if any(_holds(each, node) for node in touched)]
    if not numbers or function is None or (handler.body == program.body(handler.ref) and function.returns not in _VOID):
        return {}
    first, last = numbers[0], numbers[-1]
    if _declares(handler.body[first : last + 1], handler.body[last + 1 :]):
        last = len(handler.body) - 1
    moving = handler.body[first : last + 1]
    if any(_stays(node) for node in at_once(moving)) or any(map(_is_shorthand, walk(moving))):
        return {}
    whole = Closure(moving[0].start, moving[-1].end, (), (), moving, moving[0].start)
    if handler.body == program.body(handler.ref) and _needs_self(program, handler, whole):
        return {}
    return {"interface": Place(handler.ref.path, handler.ref.key, moving[0].start, moving[-1].end)}


_VOID = frozenset({"", "Void", "void", "()"})


def _holds(statement: Stmt, node: Node) -> bool:
    return statement.start <= node.start and node.end <= statement.end


def _declares(moving: Block, rest: Block) -> bool:
    """Whether what comes after needs what is moved: names that it declares, or that it goes on at all."""
    lets = [n for each in moving for n in (each, *(each.conditions if isinstance(each, Guard) else ()))]
    names = {name for let in lets if isinstance(let, Let) for name in let.names}
    leaves = any(isinstance(node, Return) for node in at_once(moving))
    used = {n.text if isinstance(n, Name) else n.name for n in walk(rest) if isinstance(n, Name | Call)}
    return bool(rest) and (leaves or not names.isdisjoint(used))


def _stays(node: Node) -> bool:
    """Whether a node cannot be moved: somebody waits for it, it throws or awaits, or gives a value back."""
    if isinstance(node, Call):
        return node.name in WAITERS
    if isinstance(node, Return):
        return node.value is not None
    return isinstance(node, Throw | Defer) or (isinstance(node, Operator) and node.op in ("try", "await"))


def _is_shorthand(node: Node) -> bool:
    """Whether a node is `$0`, which would be another block's parameter."""
    return isinstance(node, Name) and node.text.startswith("$")
