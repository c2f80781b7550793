"""What a body calls a callback: its names, the locals that wrap it, the proxies that carry it.

The calls by which a callback is run, handed on for one run, or given up are data here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal as OneOf

from ipclint.model.ir import (
    Assign,
    Block,
    Call,
    Cast,
    Closure,
    Expr,
    Let,
    Local,
    Member,
    Name,
    Node,
    Operator,
    children,
    walk,
)

Kind = OneOf["block", "continuation", "message", "received"]
"""What a callback is: "message" is a reply dictionary, called when it is sent; "received" an XPCReceivedMessage, called
by its `reply`."""

TASKS = frozenset({"Task", "detached", "immediate"})
"""Run a closure once, and forget what it throws."""
RUNNERS = TASKS | frozenset(
    {
        "async",
        "asyncAfter",
        "asyncAndWait",
        "sync",
        "dispatch_async",
        "dispatch_sync",
        "dispatch_after",
        "dispatch_async_and_wait",
        "dispatch_barrier_async",
        "dispatch_barrier_sync",
        "dispatch_group_async",
        "DispatchWorkItem",
        "BlockOperation",
        "addOperation",
        "addOperationWithBlock:",
        "addBarrierBlock",
        "perform",
        "performBlock:",
        "performAndWait",
        "performBlockAndWait:",
        "autoreleasepool",
        "withLock",
        "MainActor.run",
    }
)
"""Calls that run the closure they are given exactly once, now or later."""
ONE_SHOT = frozenset(
    {
        "dataTask",
        "downloadTask",
        "uploadTask",
        "dataTaskWithURL:completionHandler:",
        "dataTaskWithRequest:completionHandler:",
        "downloadTaskWithURL:completionHandler:",
        "downloadTaskWithRequest:completionHandler:",
        "evaluatePolicy",
        "evaluatePolicy:localizedReason:reply:",
        "requestAuthorization",
        "requestAuthorizationWithOptions:completionHandler:",
        "requestAccess",
        "requestAccessForMediaType:completionHandler:",
    }
)
"""Calls of the system that call their completion handler once."""
ENDINGS = frozenset(
    {"invalidate", "terminate", "terminate:", "xpc_connection_cancel", "cancel", "exit", "_exit", "abort"}
)
"""After these the other side hears that the connection or the process is gone."""
ERROR_HANDLER = "emoteObjectProxyWithErrorHandler"
SENDERS = frozenset(
    {
        "xpc_connection_send_message",
        "xpc_connection_send_message_with_reply",
        "xpc_connection_send_message_with_reply_sync",
        "xpc_pipe_routine_reply",
    }
)
KEEPERS = ("xpc_dictionary_set_", "xpc_dictionary_get_", "xpc_retain", "xpc_release", "xpc_get_type", "xpc_copy_desc")
"""Functions that are handed a message and neither send nor keep it, by how their names begin."""


def bare(expr: Expr) -> Expr:
    """An expression without casts, copies, `try`, `await` and unwraps around it."""
    while True:
        if isinstance(expr, Cast):
            expr = expr.value
        elif isinstance(expr, Operator) and expr.op in ("unwrap", "try", "try?", "try!", "await", "?"):
            expr = expr.operands[0]
        elif isinstance(expr, Call) and expr.name in ("copy", "Block_copy") and (expr.target or expr.args):
            expr = expr.target or expr.args[0]
        else:
            return expr


def error_handler(call: Expr | None) -> Call | None:
    """The call that makes a proxy with an error handler, when an expression is one."""
    made = bare(call) if call is not None else None
    return made if isinstance(made, Call) and ERROR_HANDLER in made.name and made.args else None


def _proxies(code: Block) -> Iterator[tuple[str, Call]]:
    """The locals that proxies with an error handler are put into."""
    for node in walk(code):
        if isinstance(node, Let) and len(node.names) == 1 and (made := error_handler(node.value)):
            yield node.names[0], made
        elif isinstance(node, Assign) and isinstance(node.target, Name) and (made := error_handler(node.value)):
            yield node.target.text, made


class Names:
    """What a body calls the callback `name`. `around` is the code in which proxies may have been made before.

    `once` tells whether a closure's body runs the callback exactly once, so that its own name is one for it.
    """

    def __init__(self, name: str, kind: Kind, around: Block, once: Callable[[Block], bool]) -> None:
        self.kind = kind
        self.names = {name}
        self.wrappers: set[str] = set()  # locals that call it once
        self.vague: set[str] = set()  # locals that may call it
        self.peers: set[str] = set()  # locals with the connection that a message came by; NULL when it is gone
        self.marked: set[int] = set()  # nodes that hold the callback, by identity
        self._once = once
        self._proxies: list[tuple[str, Call]] = []  # local and the call that made it
        self._answered: set[int] = set()  # where those of them begin, through which a message with the callback goes
        self._around = around

    def learn(self, body: Block) -> None:
        """Learn the other names of the callback in `body`, and which nodes hold one."""
        self._proxies = [*_proxies(body), *_proxies(self._around)]  # the same node of `body` comes first
        self._mark(body)
        for node in walk(body):
            if isinstance(node, Let) and node.value is not None and len(node.names) == 1:
                self._learn(node.names[0], node.value, body)
            elif isinstance(node, Local) and id(node) in self.marked:
                self._wrap(node.name, node.body, body)
        for node in walk(body):
            if isinstance(node, Call) and any(id(argument) in self.marked for argument in node.args):
                if made := self.proxy(node):
                    self._answered.add(made.start)

    def is_answered(self, made: Call) -> bool:
        """Whether a message that holds the callback goes through the proxy that this call makes."""
        return made.start in self._answered

    def _learn(self, name: str, value: Expr, body: Block) -> None:
        held = bare(value)
        if isinstance(held, Call) and held.name == "xpc_dictionary_get_remote_connection":
            self.peers.add(name)
        elif isinstance(held, Name) and held.text in self.names:
            self.names.add(name)
            self._mark(body)
        elif isinstance(held, Closure) and id(held) in self.marked:
            self._wrap(name, held.body, body)

    def _wrap(self, name: str, inner: Block, body: Block) -> None:
        (self.wrappers if self._once(inner) else self.vague).add(name)
        self._mark(body)

    def _mark(self, body: Block) -> None:
        for statement in body:
            self._marks(statement)

    def _marks(self, node: Node) -> bool:
        if isinstance(node, Closure | Local) and any(param.name in self.names for param in node.params):
            return False  # another thing of the same name
        found = [self._marks(child) for child in children(node)]
        holds = any(found) or self.is_named(node)
        if holds:
            self.marked.add(id(node))
        return holds

    def is_named(self, node: Node) -> bool:
        """Whether a node is the callback, or a call of it or of what wraps it, by any of its names."""
        match node:
            case Name(text=name) | Call(target=None, name=name):
                return name in self.names or name in self.wrappers or name in self.vague
            case _:
                return False

    def is_block(self, name: str) -> bool:
        """Whether a name stands for a block that calls the callback once."""
        return name in self.wrappers or (self.kind == "block" and name in self.names)

    def calls(self, call: Call) -> bool:
        """Whether a call is one of the callback itself."""
        if call.target is None and self.kind == "message" and call.name in SENDERS:
            return any(isinstance(held := bare(arg), Name) and held.text in self.names for arg in call.args)
        if call.target is None:
            return self.is_block(call.name)
        target = bare(call.target)
        verb = {"continuation": "resume", "received": "reply"}.get(self.kind)
        return call.name == verb and isinstance(target, Name) and target.text in self.names

    def reads(self, node: Node) -> bool:
        """Whether a node only looks at a received message."""
        held = node.target if isinstance(node, Call) else node.base if isinstance(node, Member) else None
        if self.kind != "received" or not isinstance(held, Name) or held.text not in self.names:
            return False
        return isinstance(node, Member) or (isinstance(node, Call) and node.name != "handoffReply")

    def proxy(self, call: Call) -> Call | None:
        """What made the proxy with an error handler that a message is sent to."""
        if call.target is None:
            return None
        target = bare(call.target)
        if not isinstance(target, Name):
            return error_handler(target)
        before = (made for name, made in self._proxies if name == target.text and made.start < call.start)
        return max(before, key=lambda made: made.start, default=None)
