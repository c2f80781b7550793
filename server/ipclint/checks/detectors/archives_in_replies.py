"""XPC209: archives in the replies of a service that a client unarchives by hand."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks import around
from ipclint.checks.detectors import detector
from ipclint.checks.detectors.proxies import proxy_of, reply_blocks
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Confidence, Finding
from ipclint.model.ir import Call, Closure, Expr, Name
from ipclint.program.flow_apis import spelled
from ipclint.program.flow_model import argument_numbers
from ipclint.program.program import Program, UnitRef
from ipclint.program.usage import Use, uses_in

ANY = "archive.any"
WAITING = frozenset({"xpc_connection_send_message_with_reply_sync", "xpc_session_send_message_with_reply_sync"})


@detector("archive-in-reply", on="function")
@detector("archive-in-reply", on="variable")
def archive_in_reply(rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable) -> Iterator[Finding]:
    for use in uses_in(program, ref):
        for value in _archives(use):
            if (message := _answered(program, ref, value)) is not None:
                sure: Confidence = "certain" if _is_given(value, message) else "likely"
                holes = {"sink": spelled(use.node), "source": f"the reply of {message.name.partition(':')[0]}"}
                yield rule.finding(around.place_of(ref, use.node), sure, context="reply", variant="a", holes=holes)


def _archives(use: Use) -> Iterator[Expr]:
    """What a use unarchives, letting the data name its classes."""
    for flow in use.api.sink if use.kind == "call" else ():
        for position in flow.at if flow.kind == ANY else ():
            yield from (use.args[number] for number in argument_numbers(position, len(use.args)))


def _answered(program: Program, ref: UnitRef, value: Expr) -> Call | None:
    """The message whose reply a value was taken from."""
    blocks = tuple(reply_blocks(program, ref))
    for node in around.origins(program, ref, value):
        if isinstance(node, Name):
            for message, block in blocks:
                names = {param.name for param in block.params} or {"$0", "$1"}
                if node.text in names and block.start <= node.start < block.end:
                    return message
        elif isinstance(node, Call) and (node.name in WAITING or _is_message(program, ref, node)):
            return node
    return None


def _is_given(value: Expr, message: Call) -> bool:
    """Whether a value is what a reply block is called with, as it came."""
    names = {param.name for block in message.args if isinstance(block, Closure) for param in block.params}
    return isinstance(value, Name) and value.text in names


def _is_message(program: Program, ref: UnitRef, call: Call) -> bool:
    """Whether a call asks another process and gives its answer back: `await proxy.items()`."""
    return call.target is not None and proxy_of(program, ref, call) is not None
