"""What is sure at each place of a body: a walk in the order of evaluation that carries along what the conditions on
the way have shown.

`paths` tells every way through a small function; this walk keeps only what holds on all ways to a place, and so stays
linear in large handlers too. What counts as shown, and by which conditions, is up to the `Watcher`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from ipclint.model.ir import (
    Assign,
    Block,
    Call,
    Cast,
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
    Member,
    Name,
    Node,
    Operator,
    Param,
    Return,
    Stmt,
    Switch,
    Throw,
    children,
    walk,
)
from ipclint.program.paths import NEVER

MAX_FLAGS = 4  # locals that stand for a condition, one behind the other

_LEAVES = re.compile(r"^(?:throw|abort|fatal|panic|die$|errx?$|terminate|raise|__builtin_(?:trap|unreachable)$)", re.I)
"""Names of functions that do not come back."""

_UNEVALUATED = frozenset({"sizeof", "alignof", "_Alignof", "offsetof", "typeof", "decltype"})

_STEPS = frozenset({"++", "--", ","})


class Fact(NamedTuple):
    """Something shown of a variable: `what` is the watcher's word. A new value of `subject` ends it."""

    subject: str
    what: str


class State(NamedTuple):
    """What holds at a place, and what each local may hold there (parameters stand for themselves)."""

    facts: frozenset[Fact] = frozenset()
    values: Mapping[str, tuple[Expr | Param, ...]] = {}

    def knows(self, subject: str, what: str) -> bool:
        return Fact(subject, what) in self.facts

    def having(self, facts: Iterable[Fact]) -> State:
        return self._replace(facts=self.facts | frozenset(facts))

    def bound(self, name: str, values: tuple[Expr | Param, ...]) -> State:
        """The state once `name` holds another value."""
        inside = (f"{name}.", f"{name}[")
        kept = frozenset(f for f in self.facts if f.subject != name and not f.subject.startswith(inside))
        return State(kept, {**self.values, name: values})


class Watcher(Protocol):
    """Tells the walk what to carry along."""

    def see(self, node: Node, state: State) -> Iterable[Fact]:
        """Called for every expression once its operands were evaluated, and for every Let, Assign and Return before it
        takes effect. Gives what holds from then on."""
        ...

    def learn(self, condition: Expr, holds: bool, state: State) -> Iterable[Fact]:
        """What a condition without `&&`, `||` and `!` shows when it holds, or when it does not."""
        ...

    def given(self, name: str, value: Expr, state: State) -> Iterable[Fact]:
        """What is known of `name` as soon as it is given `value`."""
        ...

    def matched(self, over: Expr, patterns: tuple[Expr, ...], state: State) -> Iterable[Fact]:
        """What is known in a case of a switch over `over`; no patterns in the default case."""
        ...


def watch(body: Block, params: Iterable[Param], watcher: Watcher) -> None:
    """Walks a function's body, its closures included: they know what was known where they were made."""
    _Walk(watcher).block(body, State(values={param.name: (param,) for param in params if param.name}))


def shorthand(closure: Closure) -> Param:
    """The parameter that `$0` names in a closure without parameters."""
    return Param(closure.start, closure.start, "", "$0", "")


def shown(condition: Expr, holds: bool, state: State, watcher: Watcher, flags: int = 0) -> frozenset[Fact]:
    """What the outcome of a condition shows, without evaluating it again."""
    match condition:
        case Operator(op="!", operands=(inner,)):
            return shown(inner, not holds, state, watcher, flags)
        case Operator(op="&&" | "||" as op, operands=(left, right)):
            first = shown(left, holds, state, watcher, flags)
            second = shown(right, holds, state, watcher, flags)
            return first | second if (op == "&&") == holds else first & second
        case Name(text=text) if flags < MAX_FLAGS and _is_condition(state.values.get(text, ())):
            (value,) = state.values[text]
            own = frozenset(watcher.learn(condition, holds, state))
            return own if isinstance(value, Param) else own | shown(value, holds, state, watcher, flags + 1)
        case _:
            return frozenset(watcher.learn(condition, holds, state))


def _is_condition(values: tuple[Expr | Param, ...]) -> bool:
    """Whether a local holds the outcome of one comparison or test."""
    return len(values) == 1 and isinstance(values[0], Operator | Call)


def _join(one: State | None, other: State | None) -> State | None:
    if one is None or other is None:
        return other if one is None else one
    if one == other:
        return one
    values = dict(one.values)
    for name, held in other.values.items():
        before = values.get(name, ())
        values[name] = (*before, *(value for value in held if not any(value is each for each in before)))
    return State(one.facts & other.facts, values)


class _Walk:
    """`None` as a state means that the place is never reached."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._labels: dict[str, State | None] = {}  # what holds where a label is jumped to
        self._breaks: list[State | None] = []  # innermost loop or switch last
        self._falls: State | None = None  # what holds at an explicit fallthrough

    # ── statements ───────────────────────────────────────────────────────────────────────────────────────────────────

    def block(self, body: Block, state: State | None) -> State | None:
        for statement in body:
            if isinstance(statement, Label):
                state = _join(state, self._labels.pop(statement.name, None))
            elif state is not None:
                state = self._statement(statement, state)
        return state

    def _statement(self, statement: Stmt, state: State) -> State | None:
        match statement:
            case Let():
                return self._let(statement, state)
            case Evaluate(value=value):
                after = self._expr(value, state)
                return None if isinstance(value, Call) and _leaves(value) else after
            case Return(value=value) | Throw(value=value):
                after = self._expr(value, state) if value is not None else state
                self._see(statement, after)
                return None
            case Jump():
                return self._jump(statement, state)
            case If(conditions=conditions, then=then, otherwise=otherwise):
                yes, no = self._conditions(conditions, state)
                return _join(self.block(then, yes), self.block(otherwise, no))
            case Guard(conditions=conditions, otherwise=otherwise):
                yes, no = self._conditions(conditions, state)
                return _join(yes, self.block(otherwise, no))
            case Switch():
                return self._switch(statement, state)
            case Loop():
                return self._loop(statement, state)
            case Do(body=body, catches=catches, lastly=lastly):
                after = self.block(body, state)
                for catch in catches:
                    after = _join(after, self.block(catch.body, _changing(body, state)))
                return self.block(lastly, after)
            case Conditional(clauses=clauses):
                ends = [self.block(body, state) for _, body in clauses]
                if all(condition for condition, _ in clauses):
                    ends.append(state)
                return _joined(ends)
            case Defer(body=body):
                self.block(body, state)
                return state
            case Local(params=params, body=body):
                self._inside(params, body, state)
                return state
            case _:
                return state

    def _let(self, let: Let, state: State) -> State:
        after = self._expr(let.value, state) if let.value is not None else state
        after = self._see(let, after)
        if len(let.names) == 1 and let.value is not None:
            return self._give(let.names[0], let.value, after)
        for name in let.names:
            after = after.bound(name, ())
        return after

    def _give(self, name: str, value: Expr, state: State) -> State:
        known = tuple(self._watcher.given(name, value, state))
        return state.bound(name, (value,)).having(known)

    def _jump(self, jump: Jump, state: State) -> None:
        if jump.kind == "goto":
            self._labels[jump.label] = _join(self._labels.get(jump.label), state)
        elif jump.kind == "break" and self._breaks:
            self._breaks[-1] = _join(self._breaks[-1], state)
        elif jump.kind == "fallthrough":
            self._falls = _join(self._falls, state)

    def _switch(self, switch: Switch, state: State) -> State | None:
        state = self._expr(switch.subject, state)
        self._breaks.append(None)
        ends: list[State | None] = []
        falling: State | None = None
        for case in switch.cases:
            entered = state.having(self._watcher.matched(switch.subject, case.patterns, state))
            for name in case.binds:
                entered = entered.bound(name, ())
            end = self.block(case.body, _join(entered, falling))
            falling, self._falls = (end if switch.falls_through else self._falls), None
            if not switch.falls_through:
                ends.append(end)
        ends += [falling, self._breaks.pop()]
        if switch.falls_through and all(case.patterns for case in switch.cases):
            ends.append(state)
        return _joined(ends)

    def _loop(self, loop: Loop, state: State) -> State | None:
        if loop.sequence is not None:
            state = self._expr(loop.sequence, state)
        first, conditions, steps = _header(loop)
        state = self.block(first, state) or state
        state = _changing(steps, _changing(loop.body, state))
        for name in loop.binds:
            state = state.bound(name, ())
        self._breaks.append(None)
        if loop.kind == "repeat":
            after = self.block(loop.body, state)
            done = self._conditions(conditions, after)[1] if after is not None else None
        else:
            inside, done = self._conditions(conditions, state) if conditions else (state, state)
            after = self.block(loop.body, inside)
            for step in steps if after is not None else ():
                after = self._expr(step, after or state)
        return _join(done, self._breaks.pop())

    # ── conditions ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _conditions(self, conditions: Iterable[Expr | Let], state: State) -> tuple[State | None, State | None]:
        """The states when all of the conditions hold, and when one does not."""
        yes: State | None = state
        no: State | None = None
        for condition in conditions:
            if yes is None:
                break
            yes, refused = self._condition(condition, yes)
            no = _join(no, refused)
        return yes, no

    def _condition(self, condition: Expr | Let, state: State) -> tuple[State | None, State | None]:
        match condition:
            case Let(names=names, value=value):
                state = self._expr(value, state) if value is not None else state
                state = self._see(condition, state)
                bound = self._give(names[0], value, state) if value is not None and len(names) == 1 else state
                if value is not None and len(names) == 1:
                    held = Name(condition.start, condition.start, names[0])
                    shows = frozenset(self._watcher.learn(value, True, state))
                    bound = bound.having(shows | frozenset(self._watcher.learn(held, True, bound)))
                return bound, state
            case Operator(op="!", operands=(inner,)):
                yes, no = self._condition(inner, state)
                return no, yes
            case Operator(op="&&", operands=(left, right)):
                yes, no = self._condition(left, state)
                second = self._condition(right, yes) if yes is not None else (None, None)
                return second[0], _join(no, second[1])
            case Operator(op="||", operands=(left, right)):
                yes, no = self._condition(left, state)
                second = self._condition(right, no) if no is not None else (None, None)
                return _join(yes, second[0]), second[1]
            case Literal(kind="bool", text=text):
                return (state, None) if text == "true" else (None, state)
            case _:
                state = self._expr(condition, state)
                yes = shown(condition, True, state, self._watcher)
                return state.having(yes), state.having(shown(condition, False, state, self._watcher))

    # ── expressions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _expr(self, expr: Expr, state: State) -> State:
        match expr:
            case Operator(op="&&" | "||"):
                return _join(*self._condition(expr, state)) or state
            case Operator(op="?:", operands=(condition, then, otherwise)):
                yes, no = self._condition(condition, state)
                ends = (self._expr(then, yes) if yes else None, self._expr(otherwise, no) if no else None)
                return self._see(expr, _join(*ends) or state)
            case Assign(target=target, op=op, value=value):
                state = self._expr(value, state)
                if not isinstance(target, Name):
                    state = self._expr(target, state)
                state = self._see(expr, state)
                return self._give(_spelled(target), value, state) if op == "=" and _spelled(target) else state
            case Closure(params=params, body=body):
                self._inside(params or (shorthand(expr),), body, state)
                return self._see(expr, state)
            case Call():
                return self._call(expr, state)
            case _:
                return self._see(expr, self._operands(children(expr), state))

    def _call(self, call: Call, state: State) -> State:
        """Closures come last: they run, if at all, once the call is under way."""
        operands = [] if call.target is None and call.name in _UNEVALUATED else children(call)
        state = self._operands((each for each in operands if not isinstance(each, Closure)), state)
        state = self._filled(call, self._see(call, state))
        return self._operands((each for each in operands if isinstance(each, Closure)), state)

    def _operands(self, operands: Iterable[Node], state: State) -> State:
        for operand in operands:
            if isinstance(operand, Stmt):
                state = self._statement(operand, state) or state
            elif not isinstance(operand, Param):
                state = self._expr(operand, state)  # type: ignore[arg-type]
        return state

    def _inside(self, params: Iterable[Param], body: Block, state: State) -> None:
        """The body of a closure: what is known outside is known inside, but nothing comes back."""
        for param in params:
            if param.name:
                state = state.bound(param.name, (param,))
        _Walk(self._watcher).block(body, state)

    def _filled(self, call: Call, state: State) -> State:
        """Locals whose address a call is given hold what it put there."""
        for argument in call.args:
            if isinstance(argument, Operator) and argument.op == "address" and isinstance(argument.operands[0], Name):
                state = state.bound(argument.operands[0].text, (call,))
        return state

    def _see(self, node: Node, state: State) -> State:
        return state.having(self._watcher.see(node, state))


def _leaves(call: Call) -> bool:
    """Whether a call never comes back: `abort()`, `Error::throwMe(code)`."""
    return (call.target is None and call.name in NEVER) or bool(
        _LEAVES.match(call.name.rpartition(":")[2] or call.name)
    )


def _header(loop: Loop) -> tuple[Block, tuple[Expr | Let, ...], tuple[Expr, ...]]:
    """What a loop's header does first, what it tests, and what it does after each round."""
    first: list[Stmt] = []
    tests: list[Expr | Let] = []
    steps: list[Expr] = []
    for part in loop.header:
        if isinstance(part, Stmt) and not (isinstance(part, Let) and loop.kind != "for"):
            first.append(part)
        elif loop.kind == "for" and (isinstance(part, Assign) or (isinstance(part, Operator) and part.op in _STEPS)):
            steps.append(part)
        else:
            tests.append(part)
    return tuple(first), tuple(tests), tuple(steps)


def _joined(states: Iterable[State | None]) -> State | None:
    found: State | None = None
    for state in states:
        found = _join(found, state)
    return found


def _changing(nodes: Iterable[Node], state: State) -> State:
    """The state at a place that `nodes` may have run before: what they give a new value is not known there."""
    for node in (inner for each in nodes for inner in walk(each)):
        if isinstance(node, Assign) and node.op == "=" and (name := _spelled(node.target)):
            state = state.bound(name, (*state.values.get(name, ()), node.value))
        elif isinstance(node, Let):
            for name in node.names:
                state = state.bound(name, ((node.value,) if node.value is not None else ()))
    return state


def _spelled(target: Expr) -> str:
    match target:
        case Name(text=text):
            return text
        case Member(base=Name(text="self"), name=name):
            return name
        case Member(base=Name(text=text), name=name):
            return f"{text}.{name}"
        case Cast(value=value):
            return _spelled(value)
        case _:
            return ""
