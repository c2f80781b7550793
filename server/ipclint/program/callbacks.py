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
    Block,
    Call,
    Case,
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
from ipclint.program.callback_names import ENDINGS, ERROR_HANDLER, KEEPERS, ONE_SHOT, RUNNERS, TASKS, Kind, Names, bare
from ipclint.program.conditions import contradictory, is_none, is_once
from ipclint.program.link import code_of, resolve
from ipclint.program.paths import Event, Path, paths
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.surface import is_exported

MAX_WAYS = 64


class Stop(NamedTuple):
    """Why a way goes without a call: it returns at `node`; `node` is a catch, or a `try` that nobody catches; condition
    `node` turned out `taken`; `node` is the error handler of a proxy; None: nothing decides, there is no call.

    `paired`: it needs a value and an error to be absent both, which nobody sends.
    """

    why: OneOf["returns", "throws", "decides", "error handler", "ends"]
    ref: UnitRef
    node: Node | None
    taken: bool = False
    paired: bool = False


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
    return _Counter(program, ref, name, kind).count(body, throwing)


class _Counter:
    def __init__(self, program: Program, ref: UnitRef, name: str, kind: Kind) -> None:
        self.program = program
        self.ref = ref
        self.known = Names(name, kind, code_of(program, ref), self._once)

        self._kept: dict[tuple[int, bool], list[Way]] = {}

    def count(self, body: Block, throwing: bool) -> tuple[Way, ...]:
        """The ways through a body that the callback comes into from outside."""
        self.known.learn(body)
        self._kept.clear()
        return tuple(self.block(body, throwing))

    def _once(self, body: Block) -> bool:
        self._kept.clear()  # its names are not all known yet
        return all(len(way.calls) == 1 and not way.open for way in self.block(body, False))

    # ── paths ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def block(self, body: Block, throwing: bool) -> list[Way]:
        """The ways through a body, or through a closure in it."""
        key = id(body), throwing
        if key not in self._kept:
            self._kept[key] = self._block(body, throwing)
        return self._kept[key]

    def _block(self, body: Block, throwing: bool) -> list[Way]:
        found = paths(body, lambda node: id(node) in self.known.marked, throwing=throwing)
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
        decisive: list[Event] = []
        for at, (node, taken) in reversed(tuple(enumerate(path.events))):
            if isinstance(node, Operator) and node.op == "try" and taken is False:
                return Stop("throws", self.ref, self._catch(node, path.events[at:], body) or node)
            if taken is not None and (*_identity(path.events[:at]), (id(node), not taken)) in calling:
                decisive.append(Event(node, taken))
        if not decisive:
            return Stop("ends", self.ref, None)
        absent = [event for event in decisive if is_none(event.node)[1] is event.taken and is_none(event.node)[0]]
        return Stop("decides", self.ref, decisive[0].node, decisive[0].taken is True, len(absent) > 1)

    def _catch(self, tried: Node, after: tuple[Event, ...], body: Block) -> Node | None:
        """The clause that catches what a `try` throws on a way without a call."""
        around = [n for n in walk(body) if isinstance(n, Do) and n.catches and _holds(n.body, tried)]
        clauses = [clause for clause in (around[-1].catches if around else ()) if id(clause) not in self.known.marked]
        gone = (c for c in clauses if any(c.start <= event.node.start < c.end for event in after))
        return next(gone, clauses[0] if clauses else None)

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
        loops = [n for n in walk(statement) if isinstance(n, Loop) and id(n) in self.known.marked]
        return any(not any(loop.start <= e.node.start < loop.end for e in path.events) for loop in loops)

    def _deferred(self, path: Path, body: Block) -> list[Iterable[Way]]:
        """What the `defer`s that a path went past do."""
        end = path.exit.start if path.exit is not None else 1 << 62
        found: list[Iterable[Way]] = []
        for node in walk(body):
            if isinstance(node, Defer) and id(node) in self.known.marked:
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
        if isinstance(node, Member) and node.name == "expectsReply" and taken is False:
            return (OPEN,)
        if taken is not None and is_once(node) and id(node) not in self.known.marked:
            return (OPEN,)
        subject, none_when = is_none(node) if taken is not None else (None, False)
        if isinstance(subject, Name) and taken is none_when and subject.text in self.known.peers:
            return (OPEN,)
        if subject is not None and self.known.is_named(bare(subject)):
            return (OPEN,) if taken is none_when else NOTHING
        return self.effects(node)

    def _threw(self, tried: Operator) -> Iterable[Way]:
        """What was done with the callback before an error was thrown."""
        if id(tried) not in self.known.marked:
            return NOTHING
        for call in (n for n in walk(tried) if isinstance(n, Call)):
            for index, argument in enumerate(call.args):
                if id(argument) in self.known.marked:
                    callee = self._callee(call, index)
                    if callee is None:
                        return (Way(sure=False),)
                    thrown = [way for way in parameter_ways(self.program, *callee) if way.thrown]
                    return [Way() if way.missing else OPEN for way in thrown]  # none: it throws nothing
        return NOTHING

    # ── expressions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def effects(self, node: Node) -> Iterable[Way]:
        """What evaluating a node does with the callback."""
        if id(node) not in self.known.marked:
            return NOTHING
        match node:
            case Call():
                return self._call(node)
            case Member() if self.known.reads(node):
                return NOTHING
            case Name() | Closure():
                return (OPEN,)
            case Local():
                return NOTHING
            case Let(value=value) if value is not None and self._is_learnt(node):
                return NOTHING
            case Operator(op="?:", operands=(condition, first, second)):
                asked, none_when = is_none(condition)
                if asked is not None and self.known.is_named(bare(asked)):  # nobody waits when it is nil
                    return self.effects(second if none_when else first)
                return _joined(self.effects(condition), [*self.effects(first), *self.effects(second)])
            case Operator(op="&&" | "||" | "??", operands=(first, second)):
                return _joined(self.effects(first), [*NOTHING, *self.effects(second)])
            case Operator(op="==" | "!="):
                return NOTHING
            case _:
                return self._all(children(node))

    def _is_learnt(self, let: Let) -> bool:
        return let.names[0] in self.known.names | self.known.wrappers | self.known.vague and isinstance(
            bare(let.value) if let.value is not None else None, Name | Closure
        )

    def _all(self, nodes: Iterable[Node]) -> Iterable[Way]:
        states: Iterable[Way] = NOTHING
        for node in nodes:
            states = _joined(states, self.effects(node))
        return states

    def _call(self, call: Call) -> Iterable[Way]:
        if self.known.calls(call):
            arguments = NOTHING if self.known.kind == "message" else self._all(call.args)
            return _joined(arguments, (Way(((self.ref, call),)),))
        if self.known.reads(call):
            return self._all(call.args)
        if self.known.kind == "message" and call.target is None and call.name.startswith(KEEPERS):
            return NOTHING
        if call.target is None and call.name in self.known.vague:
            return (OPEN,)
        made = self.known.proxy(call)
        states = NOTHING if made is not None or call.target is None else self.effects(call.target)
        for index, argument in enumerate(call.args):
            states = _joined(states, self._argument(call, index, argument))
        return states

    def _argument(self, call: Call, index: int, argument: Expr) -> Iterable[Way]:
        if id(argument) not in self.known.marked:
            return NOTHING
        held = bare(argument)
        if isinstance(held, Closure):
            inner = self.block(held.body, call.name in TASKS)
        elif (
            isinstance(held, Name)
            and held.text in self.known.names | self.known.wrappers
            and self.known.kind == "block"
        ):
            inner = [Way(((self.ref, call),))]
        else:
            return self.effects(argument)
        if call.name in RUNNERS or f"{_plain(call.target)}.{call.name}" in RUNNERS:
            return [way._replace(thrown=False) for way in inner]
        if ERROR_HANDLER in call.name:
            return NOTHING if self.known.is_answered(call) else (OPEN,)
        if made := self.known.proxy(call):
            return [*inner, *self._failed(made)]
        if call.name in ONE_SHOT:
            return [way._replace(sure=False) for way in inner]
        if self._is_remote(call):
            return inner
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

    def _is_remote(self, call: Call) -> bool:
        """Whether a call is a message to another process, or may be: what serves it is looked at by itself."""
        return any(is_exported(self.program, ref) for ref in resolve(self.program, self.ref, call).refs)

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
