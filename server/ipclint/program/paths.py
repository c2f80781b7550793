"""Paths through a body: every way from the first statement to an exit, with the outcome of each condition on the way.

Bounded enumeration, not a fixpoint: the functions that decide who may connect are small, and a reviewer reads them
path by path too. Statements without an exit and without anything the caller finds interesting are one event, so that
logging and set-up do not multiply paths. A loop runs zero times or once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ipclint.model.ir import (
    Assign,
    Block,
    Call,
    Closure,
    Conditional,
    Defer,
    Do,
    Evaluate,
    Expr,
    Guard,
    If,
    Jump,
    Label,
    Let,
    Literal,
    Local,
    Loop,
    Name,
    Node,
    Operator,
    Return,
    Stmt,
    Switch,
    Throw,
    children,
    walk,
)

MAX_PATHS = 256
NEVER = frozenset(
    {"fatalError", "preconditionFailure", "exit", "_exit", "abort", "dispatchMain", "dispatch_main", "xpc_main"}
)


class Event(NamedTuple):
    """Something that happens on a path: a node is evaluated (`taken` None), or a condition turned out so."""

    node: Node
    taken: bool | None = None


class Path(NamedTuple):
    """`exit` is the Return, Throw or never-returning statement that ends the path, None when it runs off the end.

    `compiled` are the `#if` conditions that must hold ("DEBUG", "!(DEBUG)").
    """

    events: tuple[Event, ...]
    exit: Stmt | None
    compiled: tuple[str, ...]


class Paths(NamedTuple):
    paths: tuple[Path, ...]
    complete: bool  # False: there were more than MAX_PATHS


class _State(NamedTuple):
    events: tuple[Event, ...] = ()
    compiled: tuple[str, ...] = ()
    leaving: Stmt | None = None  # a Jump, Return, Throw or never-returning Evaluate under way


def paths(body: Block, interesting: Callable[[Node], bool] = lambda node: False, *, throwing: bool = False) -> Paths:
    """All paths of `body`. `interesting` nodes keep the branches that hold them apart.

    What a `try` in a `do` throws goes to its catches, with the `try` as an event that was not taken. With `throwing`, a
    `try` outside of any `do` is an exit too.
    """
    walker = _Walker(interesting, throwing)
    ends = walker.block(body, [_State()])
    found = tuple(Path(s.events, None if isinstance(s.leaving, Jump) else s.leaving, s.compiled) for s in ends)
    return Paths(found, walker.complete)


def outcomes(condition: Node) -> Iterator[tuple[bool, tuple[Event, ...]]]:
    """The ways a condition can turn out, short-circuit operators and negations taken apart."""
    match condition:
        case Operator(op="&&", operands=(left, right)):
            for first, events in outcomes(left):
                if not first:
                    yield False, events
                else:
                    yield from ((second, (*events, *more)) for second, more in outcomes(right))
        case Operator(op="||", operands=(left, right)):
            for first, events in outcomes(left):
                if first:
                    yield True, events
                else:
                    yield from ((second, (*events, *more)) for second, more in outcomes(right))
        case Operator(op="!", operands=(inner,)):
            yield from ((not value, events) for value, events in outcomes(inner))
        case Literal(kind="bool", text=text):
            yield text == "true", ()
        case _:
            yield True, (Event(condition, True),)
            yield False, (Event(condition, False),)


class _Walker:
    def __init__(self, interesting: Callable[[Node], bool], throwing: bool) -> None:
        self.interesting = interesting
        self.complete = True
        self._catching = throwing
        self._splits: dict[int, bool] = {}

    def block(self, body: Block, states: list[_State]) -> list[_State]:
        """Run a block; gotos to a label of this block continue there (forward only)."""
        for statement in body:
            running: list[_State] = []
            done: list[_State] = []
            for state in states:
                waits = state.leaving is not None and not self._lands(state.leaving, statement)
                (done if waits else running).append(state._replace(leaving=state.leaving if waits else None))
            after = self.statement(statement, running)
            states = self._bound([*done, *after]) if len(after) > len(running) else [*done, *after]
        return states

    @staticmethod
    def _lands(leaving: Stmt, statement: Stmt) -> bool:
        return (
            isinstance(leaving, Jump)
            and leaving.kind == "goto"
            and isinstance(statement, Label)
            and statement.name == leaving.label
        )

    def _bound(self, states: list[_State]) -> list[_State]:
        unique = list({_identity(state): state for state in states}.values()) if len(states) > 1 else states
        if len(unique) > MAX_PATHS:
            self.complete = False
            return unique[:MAX_PATHS]
        return unique

    def statement(self, statement: Stmt, states: list[_State]) -> list[_State]:
        if not states:
            return []
        thrown = self._thrown(statement, states) if self._catching else []
        return [*thrown, *self._run(statement, states)]

    def _thrown(self, statement: Stmt, states: list[_State]) -> list[_State]:
        """The states in which the first `try` that the statement runs itself has thrown."""
        whole = not self._branches(statement) and not isinstance(statement, Do)
        for node in (statement,) if whole else _conditions(statement):
            for found in _without_closures(node, caught=False):
                if isinstance(found, Operator) and found.op == "try":
                    leaving = Throw(found.start, found.end, None)
                    return [s._replace(events=(*s.events, Event(found, False)), leaving=leaving) for s in states]
        return []

    def _run(self, statement: Stmt, states: list[_State]) -> list[_State]:
        match statement:
            case Return() | Throw():
                value = statement.value
                seen = (Event(value),) if value is not None else ()
                return [s._replace(events=(*s.events, *seen), leaving=statement) for s in states]
            case Jump():
                return [s._replace(leaving=statement) for s in states]
            case If() | Guard() | Switch() | Loop() | Do() | Conditional() if self._branches(statement):
                return self._branch(statement, states)
            case Do(body=body, catches=(), lastly=lastly):
                return self.block((*body, *lastly), states)
            case Defer() | Local() | Label():
                return states
            case Evaluate(value=value) if (
                getattr(value, "name", None) in NEVER and getattr(value, "target", self) is None
            ):
                return [s._replace(events=(*s.events, Event(value)), leaving=statement) for s in states]
            case _:
                return [s._replace(events=(*s.events, Event(statement))) for s in states]

    def _branches(self, statement: Stmt) -> bool:
        """Whether the statement holds an exit or something interesting, so that its branches must be told apart."""
        known = self._splits.get(id(statement))
        if known is None:
            known = any(
                isinstance(n, Return | Throw | Jump)
                or (isinstance(n, Conditional) and not _only_logs(n))
                or (n is not statement and self.interesting(n))
                for n in _without_closures(statement)
            )
            self._splits[id(statement)] = known
        return known

    def _branch(self, statement: Stmt, states: list[_State]) -> list[_State]:
        match statement:
            case If(conditions=conditions, then=then, otherwise=otherwise):
                yes, no = self._decide(conditions, states)
                return [*self.block(then, yes), *self.block(otherwise, no)]
            case Guard(conditions=conditions, otherwise=otherwise):
                yes, no = self._decide(conditions, states)
                return [*yes, *self.block(otherwise, no)]
            case Switch():
                return self._switch(statement, states)
            case Loop(header=header, body=body):
                inside = [s._replace(events=(*s.events, *(Event(h) for h in header))) for s in states]
                return [*states, *(_landed(s, "break", "continue") for s in self.block(body, inside))]
            case Do(body=body, catches=catches, lastly=lastly):
                return self.block(lastly, self._do(body, catches, states))
            case Conditional(clauses=clauses):
                return self._conditional(clauses, states)
            case _:
                return states

    def _decide(self, conditions: tuple[Node, ...], states: list[_State]) -> tuple[list[_State], list[_State]]:
        yes: list[_State] = states
        no: list[_State] = []
        for condition in conditions:
            taken = [(value, events) for value, events in outcomes(condition)]
            refused = [s._replace(events=(*s.events, *e)) for s in yes for value, e in taken if not value]
            yes = [s._replace(events=(*s.events, *e)) for s in yes for value, e in taken if value]
            no = [*no, *refused]
        return self._bound(yes), self._bound(no)

    def _switch(self, statement: Switch, states: list[_State]) -> list[_State]:
        ends: list[_State] = []
        falling: list[_State] = []
        default = False
        for case in statement.cases:
            default = default or not case.patterns
            chosen = [s._replace(events=(*s.events, Event(case, True))) for s in states]
            inside = self.block(case.body, [*chosen, *falling])
            falling = []
            for state in inside:
                if isinstance(state.leaving, Jump) and state.leaving.kind == "break" and not state.leaving.label:
                    ends.append(state._replace(leaving=None))
                elif (state.leaving is None and statement.falls_through) or (
                    isinstance(state.leaving, Jump) and state.leaving.kind == "fallthrough"
                ):
                    falling.append(state._replace(leaving=None))
                else:
                    ends.append(state)
        ends.extend(falling)
        if not default and statement.falls_through:
            ends.extend(states)
        return ends

    def _do(self, body: Block, catches: tuple[Node, ...], states: list[_State]) -> list[_State]:
        ends: list[_State] = []
        thrown: list[_State] = []
        around, self._catching = self._catching, self._catching or bool(catches)
        states = self.block(body, states)
        self._catching = around
        for state in states:
            (thrown if isinstance(state.leaving, Throw) and catches else ends).append(state)
        thrown = self._bound([s._replace(leaving=None) for s in thrown])
        for catch in catches:
            ends.extend(self.block(getattr(catch, "body", ()), thrown))
        return ends

    def _conditional(self, clauses: tuple[tuple[str, Block], ...], states: list[_State]) -> list[_State]:
        ends: list[_State] = []
        before: tuple[str, ...] = ()
        closed = False
        for condition, body in clauses:
            holds = (*before, condition) if condition else before
            closed = closed or not condition
            ends.extend(self.block(body, [s._replace(compiled=(*s.compiled, *holds)) for s in states]))
            before = (*before, f"!({condition})")
        if not closed:
            ends.extend(s._replace(compiled=(*s.compiled, *before)) for s in states)
        return ends


_LOGS = re.compile(
    r"(?:^|_)log(?:ger)?$|Log(?:ger)?$|^(?:os_log|DDLog|LOG|syslog)|^(?:debugPrint|print|f?printf|dump|puts)$"
)


def _only_logs(compiled: Conditional) -> bool:
    """Whether all that an `#if` compiles or leaves out is logging, so that it makes no difference to a path."""
    return all(
        isinstance(statement, Evaluate) and isinstance(statement.value, Call) and _logs(statement.value)
        for _, body in compiled.clauses
        for statement in body
    )


def _logs(call: Call) -> bool:
    target = call.target
    words = (call.name, getattr(target, "text", "") or getattr(target, "name", ""))
    return any(isinstance(word, str) and _LOGS.search(word) for word in words)


def _identity(state: _State) -> tuple[object, ...]:
    """Equal for the same nodes in the same order; hashing the nodes themselves would walk their trees."""
    return tuple((id(event.node), event.taken) for event in state.events), state.compiled, id(state.leaving)


def _landed(state: _State, *kinds: str) -> _State:
    leaving = state.leaving
    return state._replace(leaving=None) if isinstance(leaving, Jump) and leaving.kind in kinds else state


def _conditions(statement: Stmt) -> tuple[Node, ...]:
    """What a statement evaluates before it decides where to go on."""
    match statement:
        case If(conditions=conditions) | Guard(conditions=conditions):
            return conditions
        case Switch(subject=subject):
            return (subject,)
        case Loop(header=header, sequence=sequence):
            return (*header, sequence) if sequence is not None else header
        case Do() | Conditional():
            return ()
        case _:
            return (statement,)


def _without_closures(statement: Node, *, caught: bool = True) -> Iterator[Node]:
    """The nodes that run when the statement runs: not the bodies of closures and local functions. Without `caught`, not
    those either whose errors are caught in it.
    """
    stack: list[Node] = [statement]
    while stack:
        node = stack.pop()
        yield node
        if not caught and isinstance(node, Do) and node.catches:
            stack.extend(node.catches)
        elif not isinstance(node, Closure | Local):
            stack.extend(children(node))


def returned(path: Path) -> Expr | None:
    """The value that a path returns, None for `return` alone or another exit."""
    return path.exit.value if isinstance(path.exit, Return) else None


class Given:
    """What is put into locals, by declarations and assignments, on any path of one body: it takes each node apart once,
    for many paths lead through it.
    """

    def __init__(self) -> None:
        self._of: dict[int, tuple[Node, tuple[tuple[str, Expr | None], ...]]] = {}  # with the node, so that it stays

    def within(self, node: Node) -> tuple[tuple[str, Expr | None], ...]:
        """The locals that are given a value below a node, in order; None for one that is declared without a value."""
        known = self._of.get(id(node))
        if known is None:
            known = self._of[id(node)] = node, tuple(found for each in walk(node) if (found := given(each)) is not None)
        return known[1]

    def last(self, path: Path, name: str) -> Expr | None:
        """What was last put into local `name` on the path; None when never."""
        for event in reversed(path.events):
            for local, value in reversed(self.within(event.node)):
                if local == name and value is not None:
                    return value
        return None


def given(node: Node) -> tuple[str, Expr | None] | None:
    """The local that a declaration or an assignment gives a value, and the value; None for any other node."""
    if isinstance(node, Let) and len(node.names) == 1:
        return node.names[0], node.value
    if isinstance(node, Assign) and isinstance(node.target, Name):
        return node.target.text, node.value
    return None
