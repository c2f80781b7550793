"""XPC305 in the C API: a reply dictionary that is not sent, sent twice, or filled though there may be none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Finding, Place, Step
from ipclint.model.ir import (
    Block,
    Call,
    Closure,
    Expr,
    Guard,
    If,
    Let,
    Literal,
    Local,
    Loop,
    Name,
    Node,
    Operator,
    Return,
    children,
    walk,
)
from ipclint.program.callback_names import bare
from ipclint.program.callbacks import Way, ways
from ipclint.program.link import closures_in
from ipclint.program.program import Program, UnitRef
from ipclint.program.types import base_type

RECEIVED = "XPCReceivedMessage"
CREATE = "xpc_dictionary_create_reply"
_TESTS = frozenset({"==", "!=", "!", "&&", "||", "?:"})


class _Reply(NamedTuple):
    """A reply that is made: its declaration, the local that holds it, what runs after it in the same block."""

    made: Let
    name: str
    rest: Block


def unanswered(rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable) -> Iterator[Finding]:
    """Handlers of an XPCListener or XPCSession that leave a message without answer: none returned, none sent."""
    if RECEIVED not in unit.mentions:
        return
    for closure, types in closures_in(program, ref):
        kinds = tuple(map(base_type, types))
        if RECEIVED not in kinds:
            continue
        name = closure.params[kinds.index(RECEIVED)].name
        returns = [node for node in _at_once(closure.body) if isinstance(node, Return)]
        silent = {id(node) for node in returns if isinstance(node.value, Literal) and node.value.kind == "nil"}
        for way in ways(program, ref, closure.body, name, "received"):
            node = way.stop.node if way.missing and way.stop is not None else None
            by_sending = len(silent) == len(returns) and way.stop is not None and way.stop.why == "decides"
            if node is not None and (id(node) in silent or (silent and by_sending)):
                yield rule.finding(_place(ref, node), "likely", context="unanswered", holes={"reply": name})


def _at_once(body: Block) -> Iterator[Node]:
    """The nodes of a body, those of its closures left out."""
    stack: list[Node] = list(body)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, Closure | Local):
            stack += children(node)


def raw_replies(rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable) -> Iterator[Finding]:
    """What is wrong with the replies that a function of the C API makes."""
    if CREATE not in unit.mentions:
        return
    body = program.body(ref)
    for reply in _replies(body):
        if not ref.path.endswith(".swift") and _is_used(reply) and not _is_tested(body, reply.name):
            made = {"made": _place(ref, reply.made)} if _may_leave(unit, body, reply.made) else {}
            yield rule.finding(_place(ref, reply.made), variant="c", holes={"reply": reply.name, **made})
        yield from _counted(rule, ref, reply, ways(program, ref, reply.rest, reply.name, "message"))
    for node in walk(body):
        if isinstance(node, Operator) and node.op == "unwrap" and _makes(node.operands[0]):
            yield rule.finding(_place(ref, node), variant="c", holes={"reply": "its result"})


def _counted(rule: Rule, ref: UnitRef, reply: _Reply, found: tuple[Way, ...]) -> Iterator[Finding]:
    """One finding for a reply that some way does not send, one for each place that sends it again."""
    holes: dict[str, str | Place] = {"reply": reply.name}
    unsent = next((way.stop for way in found if way.missing and way.stop is not None), None)
    if unsent is not None:
        node = unsent.node if unsent.node is not None and unsent.why == "returns" else reply.made
        yield rule.finding(_place(ref, node), "likely", context="unsent", holes=holes)
    for way in found:
        sent = [other for other in found if other.calls[:1] == way.calls[:1]]
        if len(way.calls) > 1 and all(len(other.calls) > 1 for other in sent):
            step = Step(_place(ref, way.calls[0][1]), "the reply is sent here")
            again = _place(ref, way.calls[1][1])
            yield rule.finding(again, context="sent-again", variant="b", holes=holes, steps=(step,))


def _replies(body: Block) -> Iterator[_Reply]:
    """The replies that a body makes and puts into a local of their own."""
    for block in blocks(body):
        for at, statement in enumerate(block):
            if isinstance(statement, Let):
                yield from _made((statement,), block[at + 1 :])
            elif isinstance(statement, If | Guard):
                yield from _made(statement.conditions, statement.then if isinstance(statement, If) else block[at + 1 :])


def _made(statements: tuple[Node, ...], rest: Block) -> Iterator[_Reply]:
    for let in statements:
        if isinstance(let, Let) and len(let.names) == 1 and let.value is not None and _makes(let.value):
            yield _Reply(let, let.names[0], rest)


def _makes(value: Expr) -> bool:
    held = bare(value)
    return isinstance(held, Call) and held.name == CREATE


def blocks(body: Block) -> Iterator[Block]:
    """A body and every block in it."""
    yield body
    for node in walk(body):
        for name in ("body", "then", "otherwise", "lastly"):
            yield getattr(node, name, ())


def _is_used(reply: _Reply) -> bool:
    """Whether the reply is filled or sent. Either wants one."""
    return any(
        isinstance(node, Call)
        and node.name.startswith(("xpc_dictionary_set_", "xpc_connection_send_message"))
        and any(_is_named(arg, reply.name) for arg in node.args)
        for statement in reply.rest
        for node in walk(statement)
    )


def _is_tested(body: Block, name: str) -> bool:
    """Whether anything asks if there is a reply."""
    for node in walk(body):
        if isinstance(node, Operator) and node.op in _TESTS and any(_is_named(each, name) for each in node.operands):
            return True
        if isinstance(node, If | Loop) and any(_is_named(each, name) for each in children(node)):
            return True
        if isinstance(node, Call) and "assert" in node.name.lower() and any(_is_named(arg, name) for arg in node.args):
            return True
    return False


def _is_named(node: Node, name: str) -> bool:
    return isinstance(node, Name) and node.text == name


def _may_leave(unit: Function | Variable, body: Block, let: Let) -> bool:
    """Whether the function or block around a declaration gives nothing back, so that `return;` can stand there."""
    around = [n for n in walk(body) if isinstance(n, Closure | Local) and n.start <= let.start and let.end <= n.end]
    inner = around[-1].body if around else body
    if not around and isinstance(unit, Function) and unit.returns not in ("void", ""):
        return False
    return not any(isinstance(node, Return) and node.value is not None for node in walk(inner))


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
