"""How often a callback is called on each way through a body: a reply block, a continuation, a message to be sent.

A callback is called, handed on, or kept. Where it goes is followed into closures that run once, into the reply and the
error handler of a message to another process, and into functions of the program. A way on which it goes anywhere else
is *open*: nothing is known of it. Ways that cannot be taken (a condition with two outcomes) are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Literal as OneOf
from typing import NamedTuple

from ipclint.model.ir import (
    Assign,
    Block,
    Call,
    Case,
    Cast,
    Closure,
    Defer,
    Do,
    Evaluate,
    Expr,
    Let,
    Literal,
    Local,
    Loop,
    Member,
    Name,
    Node,
    Operator,
    Return,
    Stmt,
    Throw,
    children,
    walk,
)
from ipclint.program.conditions import contradictory, is_none
from ipclint.program.link import resolve
from ipclint.program.paths import Event, Path, paths
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query

MAX_WAYS = 64
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


class Stop(NamedTuple):
    """Why a way goes without a call: it returns at `node`; `node` is a catch, or a `try` that nobody catches; condition
    `node` turned out `taken`; `node` is the error handler of a proxy; None: nothing decides, there is no call.
    """

    why: OneOf["returns", "throws", "decides", "error handler", "ends"]
    ref: UnitRef
    node: Node | None
    taken: bool = False


class Way(NamedTuple):
    """One way through a body with the calls made on it, in order. `open`: the callback may be called elsewhere.

    `sure` is False where a function from outside is taken at its word; `thrown` when an error leaves the body.
    """

    calls: tuple[tuple[UnitRef, Node], ...] = ()
    open: bool = False
    stop: Stop | None = None
    sure: bool = True
    thrown: bool = False

    @property
    def missing(self) -> bool:
        return not self.calls and not self.open


Kind = OneOf["block", "continuation", "message"]
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
OPEN = Way(open=True)
NOTHING = (Way(),)


@query(bottom=(OPEN,))
def parameter_ways(program: Program, ref: UnitRef, index: int) -> tuple[Way, ...]:
    """The ways through a function with the calls of its parameter `index`, a block; open when it has no body here."""
    function = program.function(ref)
    if function is None or not function.body or index >= len(function.params):
        return (OPEN,)
    name = function.params[index].name
    return ways(program, ref, program.body(ref), name, throwing="throws" in function.modifiers)


def ways(
    program: Program, ref: UnitRef, body: Block, name: str, kind: Kind = "block", *, throwing: bool = False
) -> tuple[Way, ...]:
    """The ways through `body`, code of unit `ref`, with the calls of what the local `name` holds on each. A message is
    called when it is sent.
    """
    if not name:
        return (Way(stop=Stop("ends", ref, None)),)
    counter = _Counter(program, ref, name, kind)
    counter.prepare(body)
    return tuple(counter.block(body, throwing))


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


class _Counter:
    def __init__(self, program: Program, ref: UnitRef, name: str, kind: Kind) -> None:
        self.program = program
        self.ref = ref
        self.kind = kind
        self.names = {name}
        self.wrappers: set[str] = set()  # locals that call it once
        self.vague: set[str] = set()  # locals that may call it
        self.proxies: dict[str, Call] = {}  # local → the call that made it
        self.answered: set[int] = set()  # those of them through which a message with the callback goes
        self.marked: set[int] = set()  # nodes that hold the callback, by identity
        self.peers: set[str] = set()  # locals with the connection that a message came by; NULL when it is gone

    # ── what holds the callback ──────────────────────────────────────────────────────────────────────────────────────

    def prepare(self, body: Block) -> None:
        """Learn the other names of the callback, and which nodes hold one."""
        self._mark(body)
        for node in walk(body):
            if isinstance(node, Let) and node.value is not None and len(node.names) == 1:
                if isinstance(node.value, Call) and node.value.name == "xpc_dictionary_get_remote_connection":
                    self.peers.add(node.names[0])
                self._learn(node.names[0], node.value, body)
            elif isinstance(node, Local) and id(node) in self.marked:
                self._wrap(node.name, node.body, body)
            elif isinstance(node, Assign) and isinstance(node.target, Name) and (made := error_handler(node.value)):
                self.proxies[node.target.text] = made
        for node in walk(body):
            if isinstance(node, Call) and any(id(argument) in self.marked for argument in node.args):
                if made := self._proxy(node):
                    self.answered.add(id(made))

    def _learn(self, name: str, value: Expr, body: Block) -> None:
        held = bare(value)
        if made := error_handler(value):
            self.proxies[name] = made
        elif isinstance(held, Name) and held.text in self.names:
            self.names.add(name)
            self._mark(body)
        elif isinstance(held, Closure) and id(held) in self.marked:
            self._wrap(name, held.body, body)

    def _wrap(self, name: str, inner: Block, body: Block) -> None:
        once = all(len(way.calls) == 1 and not way.open for way in self.block(inner, False))
        (self.wrappers if once else self.vague).add(name)
        self._mark(body)

    def _mark(self, body: Block) -> None:
        for statement in body:
            self._marks(statement)

    def _marks(self, node: Node) -> bool:
        if isinstance(node, Closure | Local) and any(param.name in self.names for param in node.params):
            return False  # another thing of the same name
        found = [self._marks(child) for child in children(node)]
        holds = any(found) or self._is_named(node)
        if holds:
            self.marked.add(id(node))
        return holds

    def _is_named(self, node: Node) -> bool:
        if isinstance(node, Name):
            return node.text in self.names or node.text in self.wrappers or node.text in self.vague
        return (
            isinstance(node, Call)
            and node.target is None
            and (node.name in self.names or node.name in self.wrappers or node.name in self.vague)
        )

    def _calls(self, call: Call) -> bool:
        """Whether a call is one of the callback itself."""
        if call.target is None and self.kind == "message" and call.name in SENDERS:
            return any(isinstance(held := bare(arg), Name) and held.text in self.names for arg in call.args)
        if call.target is None:
            return call.name in self.wrappers or (self.kind == "block" and call.name in self.names)
        target = bare(call.target)
        return (
            self.kind == "continuation"
            and call.name == "resume"
            and isinstance(target, Name)
            and target.text in self.names
        )

    def _proxy(self, call: Call) -> Call | None:
        """What made the proxy with an error handler that a message is sent to."""
        if call.target is None:
            return None
        target = bare(call.target)
        return self.proxies.get(target.text) if isinstance(target, Name) else error_handler(target)

    # ── paths ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def block(self, body: Block, throwing: bool) -> list[Way]:
        """The ways through a body."""
        found = paths(body, lambda node: id(node) in self.marked, throwing=throwing)
        taken = [path for path in found.paths if not contradictory(path.events)]
        counted = [(path, self._path(path, body)) for path in taken]
        calling = {prefix for path, ways in counted if any(w.calls for w in ways) for prefix in _prefixes(path)}
        returning = {id(path.exit) for path, ways in counted if any(w.calls or w.open for w in ways)}
        ends = [] if found.complete else [OPEN]
        for path, ways in counted:
            for way in ways:
                stop = way.stop or self._stop(path, body, calling, returning)
                ends.append(way._replace(stop=stop, thrown=isinstance(path.exit, Throw)))
        return list(dict.fromkeys(ends))[:MAX_WAYS]

    def _stop(self, path: Path, body: Block, calling: set[tuple[object, ...]], returning: set[int]) -> Stop:
        """What makes a path go without a call, when it does."""
        if isinstance(path.exit, Return) and id(path.exit) not in returning:
            return Stop("returns", self.ref, path.exit)
        if isinstance(path.exit, Throw):
            return Stop("throws", self.ref, path.exit)
        for at in range(len(path.events) - 1, -1, -1):
            node, taken = path.events[at]
            if isinstance(node, Operator) and node.op == "try" and taken is False:
                return Stop("throws", self.ref, _catch(node, body) or node)
            if taken is not None and (*_identity(path.events[:at]), (id(node), not taken)) in calling:
                return Stop("decides", self.ref, node, taken)
        return Stop("ends", self.ref, None)

    def _path(self, path: Path, body: Block) -> list[Way]:
        states = [Way()]
        for event in path.events:
            states = _joined(states, self._event(event))
        for effects in self._deferred(path, body):
            states = _joined(states, effects)
        if path.exit is not None and isinstance(path.exit, Evaluate):  # never returns
            return [OPEN]
        if any(self._leaves_out(path, statement) for statement in body):
            states = [way._replace(open=True) for way in states]
        return states

    def _leaves_out(self, path: Path, statement: Stmt) -> bool:
        """Whether a path goes past a loop that holds the callback: how often that runs is not known."""
        loops = [n for n in walk(statement) if isinstance(n, Loop) and id(n) in self.marked]
        return any(not any(loop.start <= e.node.start < loop.end for e in path.events) for loop in loops)

    def _deferred(self, path: Path, body: Block) -> list[Iterable[Way]]:
        """What the `defer`s that a path went past do."""
        end = path.exit.start if path.exit is not None else 1 << 62
        found: list[Iterable[Way]] = []
        for node in walk(body):
            if isinstance(node, Defer) and id(node) in self.marked:
                direct = any(node is statement for statement in body)
                found.append((OPEN,) if not direct else self.block(node.body, False) if node.start < end else NOTHING)
        return found

    def _event(self, event: Event) -> Iterable[Way]:
        node, taken = event
        if isinstance(node, Case):
            return NOTHING if node.where is None else self.effects(node.where)
        if any(isinstance(n, Call) and n.name in ENDINGS for n in _at_once(node)):
            return (OPEN,)
        if isinstance(node, Operator) and node.op == "try" and taken is False:
            return self._threw(node)
        subject, none_when = is_none(node) if taken is not None else (None, False)
        if isinstance(subject, Name) and taken is none_when and subject.text in self.peers:
            return (OPEN,)
        if subject is not None and self._is_named(bare(subject)):
            return (OPEN,) if taken is none_when else NOTHING
        return self.effects(node)

    def _threw(self, tried: Operator) -> Iterable[Way]:
        """What was done with the callback before an error was thrown."""
        if id(tried) not in self.marked:
            return NOTHING
        for call in (n for n in walk(tried) if isinstance(n, Call)):
            for index, argument in enumerate(call.args):
                if id(argument) in self.marked:
                    callee = self._callee(call, index)
                    if callee is None:
                        return (Way(sure=False),)
                    thrown = [way for way in parameter_ways(self.program, *callee) if way.thrown]
                    return [Way() if way.missing else OPEN for way in thrown]  # none: it throws nothing
        return NOTHING

    # ── expressions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def effects(self, node: Node) -> Iterable[Way]:
        """What evaluating a node does with the callback."""
        if id(node) not in self.marked:
            return NOTHING
        match node:
            case Call():
                return self._call(node)
            case Name() | Closure():
                return (OPEN,)
            case Local():
                return NOTHING
            case Let(value=value) if value is not None and self._is_learnt(node):
                return NOTHING
            case Operator(op="?:", operands=(condition, first, second)):
                return _joined(self.effects(condition), [*self.effects(first), *self.effects(second)])
            case Operator(op="&&" | "||" | "??", operands=(first, second)):
                return _joined(self.effects(first), [*NOTHING, *self.effects(second)])
            case Operator(op="==" | "!="):
                return NOTHING
            case _:
                return self._all(children(node))

    def _is_learnt(self, let: Let) -> bool:
        return let.names[0] in self.names | self.wrappers | self.vague and isinstance(
            bare(let.value) if let.value is not None else None, Name | Closure
        )

    def _all(self, nodes: Iterable[Node]) -> Iterable[Way]:
        states: Iterable[Way] = NOTHING
        for node in nodes:
            states = _joined(states, self.effects(node))
        return states

    def _call(self, call: Call) -> Iterable[Way]:
        if self._calls(call):
            arguments = NOTHING if self.kind == "message" else self._all(call.args)
            return _joined(arguments, (Way(((self.ref, call),)),))
        if self.kind == "message" and call.target is None and call.name.startswith(KEEPERS):
            return NOTHING
        if call.target is None and call.name in self.vague:
            return (OPEN,)
        made = self._proxy(call)
        states = NOTHING if made is not None or call.target is None else self.effects(call.target)
        for index, argument in enumerate(call.args):
            states = _joined(states, self._argument(call, index, argument))
        return states

    def _argument(self, call: Call, index: int, argument: Expr) -> Iterable[Way]:
        if id(argument) not in self.marked:
            return NOTHING
        held = bare(argument)
        if isinstance(held, Closure):
            inner = self.block(held.body, call.name in TASKS)
        elif isinstance(held, Name) and held.text in self.names | self.wrappers and self.kind == "block":
            inner = [Way(((self.ref, call),))]
        else:
            return self.effects(argument)
        if call.name in RUNNERS or f"{_plain(call.target)}.{call.name}" in RUNNERS:
            return [way._replace(thrown=False) for way in inner]
        if ERROR_HANDLER in call.name:
            return NOTHING if id(call) in self.answered else (OPEN,)
        if made := self._proxy(call):
            return [*inner, *self._failed(made)]
        if call.name in ONE_SHOT:
            return [way._replace(sure=False) for way in inner]
        return self._followed(call, index, inner)

    def _failed(self, made: Call) -> Iterable[Way]:
        """What the error handler of a proxy does: it is called when the message's reply is not."""
        handler = bare(made.args[-1])
        if not isinstance(handler, Closure):
            return (OPEN,)
        stop = Stop("error handler", self.ref, handler)
        return [way._replace(stop=stop) if way.missing else way for way in self.block(handler.body, False)]

    def _followed(self, call: Call, index: int, inner: list[Way]) -> Iterable[Way]:
        """The ways through a function of the program that is handed something that does `inner`."""
        callee = self._callee(call, index)
        if callee is None:
            return self._unfollowed(inner)
        found: list[Way] = []
        for way in parameter_ways(self.program, *callee):
            if way.open or len(way.calls) > 1:  # what it is called with may decide what it does
                return self._unfollowed(inner)
            if not way.thrown:
                found += inner if way.calls else (way,)
        return found or NOTHING

    def _unfollowed(self, inner: list[Way]) -> Iterable[Way]:
        """What can still be said where nobody knows how often something is called: an error handler without a call."""
        failing = [w._replace(sure=False) for w in inner if w.missing and w.stop and w.stop.why == "error handler"]
        return [OPEN, *failing]

    def _callee(self, call: Call, index: int) -> tuple[UnitRef, int] | None:
        """The one function that a call surely reaches, with the parameter that takes argument `index`."""
        resolution = resolve(self.program, self.ref, call)
        if not resolution.certain or len(resolution.refs) != 1:
            return None
        function = self.program.function(resolution.refs[0])
        if function is None or not function.body or "{" in call.labels[:-1]:
            return None
        from_end = len(call.args) - index
        if call.labels[index : index + 1] == ("{",):
            return resolution.refs[0], len(function.params) - from_end
        at = next((i for i, p in enumerate(function.params) if p.label == call.labels[index]), index)
        return resolution.refs[0], index if ":" in call.name or not call.labels[index] else at


def _catch(tried: Node, body: Block) -> Node | None:
    """The clause that catches what a `try` throws, the innermost; the first of several."""
    around = [n for n in walk(body) if isinstance(n, Do) and n.catches and _holds(n.body, tried)]
    return around[-1].catches[0] if around else None


def _holds(body: Block, node: Node) -> bool:
    return bool(body) and body[0].start <= node.start and node.end <= body[-1].end


def _plain(target: Expr | None) -> str:
    if isinstance(target, Name):
        return target.text
    return target.name if isinstance(target, Member | Call) else target.text if isinstance(target, Literal) else ""


def _joined(before: Iterable[Way], after: Iterable[Way]) -> list[Way]:
    """One thing after the other."""
    found = [
        Way(
            first.calls + second.calls,
            first.open or second.open,
            second.stop or first.stop,
            first.sure and second.sure,
        )
        for first, second in product(before, after)
    ]
    return list(dict.fromkeys(found))[:MAX_WAYS]


def _at_once(node: Node) -> list[Node]:
    """The nodes that are evaluated with a node, those of its closures left out."""
    found: list[Node] = []
    stack: list[Node] = [node]
    while stack:
        found.append(top := stack.pop())
        if not isinstance(top, Closure | Local | Case):
            stack += children(top)
    return found


def _identity(events: tuple[Event, ...]) -> tuple[object, ...]:
    return tuple((id(event.node), event.taken) for event in events)


def _prefixes(path: Path) -> Iterable[tuple[object, ...]]:
    identity = _identity(path.events)
    return (identity[: at + 1] for at, event in enumerate(path.events) if event.taken is not None)
