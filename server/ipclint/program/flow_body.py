"""Follows one tainted input through one body: statements in order, branches joined, loops to a fixpoint.

The interpreter holds the state at the statement under way and records outcomes: sinks reached, functions called with
tainted data, properties written, what is returned.
"""

from __future__ import annotations

from ipclint.model.ir import (
    Block,
    Call,
    Case,
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
    Node,
    Return,
    Stmt,
    Switch,
    Text,
    Throw,
)
from ipclint.program import flow_guards
from ipclint.program import flow_model as model
from ipclint.program.flow_run import Answers
from ipclint.program.flow_state import EMPTY, NOTHING, Hop, State, Taint, Tokens, Value, joined, mapped, merged
from ipclint.program.flow_values import Values
from ipclint.program.paths import NEVER
from ipclint.program.program import Program, UnitRef

MAX_ITERATIONS = 4  # of one loop; a round more changes nothing once tokens and places have settled
MAX_INLINE = 24  # closures inside or called by closures


class Body(Values):
    """One run: `run()`, then read `hits` and `exits` (what each way out returns, and the state there)."""

    def __init__(self, program: Program, ref: UnitRef, source: model.Input, answers: Answers) -> None:
        super().__init__(program, ref, source, answers)
        self.exits: list[tuple[Expr | None, Value, State]] = []
        self._breaks: list[list[State]] = []
        self._continues: list[list[State]] = []
        self._gotos: dict[str, list[State]] = {}
        self._deferred: list[Block] = []
        self.forks = 0  # how many more ways may go on apart where others would meet
        self._running: list[int] = []  # closures under way, by identity

    # ── the run ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def run(self) -> None:
        """Interpret the body; outcomes are in `hits`, exits in `exits`."""
        self._taint_input(self.now)
        body = self.program.body(self.ref)
        if self._returns_its_expression(body):
            self._leave(body[0].value)  # type: ignore[union-attr]
        else:
            self.block(body)
        if self.state is not None:
            self.exits.append((None, EMPTY, self.state))
        self._finish()

    def _finish(self) -> None:
        """All ways out meet, and what was deferred runs."""
        self.state = merged([self.state, *(state for _, _, state in self.exits)])
        for deferred in reversed(self._deferred):
            if self.state is not None:
                self.block(deferred)

    def _taint_input(self, state: State) -> None:
        params = self.function.params if self.function else ()
        match self.input:
            case model.Parameter(number, path) if number < len(params) and params[number].name:
                state.write((params[number].name, *path), {(): Taint()})
            case model.Receiver(path=path):
                state.write(("self", *path), {(): Taint()})
            case model.Stored("", name, path):
                state.write(("", name, *path), {(): Taint(weak=1)})
            case model.Stored(owner, name, path) if self.owner and model.related(self.program, self.owner, owner, name):
                state.write(("self", name, *path), {(): Taint(weak=1)})
            case _:
                pass

    def _returns_its_expression(self, body: Block) -> bool:
        returns = self.function.returns if self.function else ""
        getter = self.function is not None and self.function.kind == "getter"
        return len(body) == 1 and isinstance(body[0], Evaluate) and (getter or (bool(returns) and returns != "void"))

    # ── statements ───────────────────────────────────────────────────────────────────────────────────────────────────

    def block(self, body: Block) -> None:
        for number, statement in enumerate(body):
            if isinstance(statement, Label):
                ways = [self.state, *self._gotos.pop(statement.name, ())]
            elif isinstance(statement, If) and self.state is not None:
                yes, no = self._decide(statement.conditions)
                ways = [self._branch(statement.then, yes), self._branch(statement.otherwise, no)]
            else:
                if self.state is not None:
                    self.statement(statement)
                continue
            if self._go_apart(ways):
                self._meet_later(ways, body[number + 1 :])
                return
            self.state = merged(ways)

    def _go_apart(self, ways: list[State | None]) -> bool:
        """Whether ways that gave a flag different values are worth keeping apart."""
        arriving = [way for way in ways if way is not None]
        if len(arriving) < 2 or self.forks < len(arriving) - 1:
            return False
        first = arriving[0]
        if all(way.failed == first.failed and way.tests == first.tests for way in arriving[1:]):
            return False
        self.forks -= len(arriving) - 1
        return True

    def _meet_later(self, ways: list[State | None], rest: Block) -> None:
        ends: list[State | None] = []
        for way in ways:
            self.state = way
            if way is not None:
                self.block(rest)
            ends.append(self.state)
        self.state = merged(ends)

    def statement(self, statement: Stmt) -> None:
        match statement:
            case Let():
                self._let(statement, self.value(statement.value) if statement.value is not None else EMPTY)
            case Evaluate(value=value):
                self.value(value)
                if isinstance(value, Call) and value.target is None and value.name in NEVER:
                    self.state = None
            case If():
                self.block((statement,))
            case Guard(conditions=conditions, otherwise=otherwise):
                yes, no = self._decide(conditions)
                self._branch(otherwise, no)
                self.state = yes
            case Switch():
                self._switch(statement)
            case Loop():
                self._loop(statement)
            case Return(value=value):
                self._leave(value)
            case Throw(value=value):
                self.optional(value)
                self.state = None
            case Jump():
                self._jump(statement)
            case Defer(body=body):
                self._deferred.append(body)
            case Do():
                self._do(statement)
            case Conditional(clauses=clauses):
                self._conditional(clauses)
            case Local(name=name):
                self.closures[name] = statement
            case Label():
                pass

    def _branch(self, body: Block, state: State | None) -> State | None:
        self.state = state
        if state is not None:
            self.block(body)
        return self.state

    def _decide(self, conditions: tuple[Expr | Let, ...]) -> tuple[State | None, State | None]:
        """The states in which all conditions hold, and in which one does not."""
        refused: list[State | None] = []
        for condition in conditions:
            if not self.alive:
                break
            if isinstance(condition, Let):
                value = self.optional(condition.value)
                refused.append(self.now.copy())
                if condition.value is not None:
                    self.state = flow_guards.present(self, self.now, condition.value)
                self._let(condition, value)
            else:
                self.value(condition)
                if self.state is not None:
                    refused.append(flow_guards.refined(self, self.state, condition, False))
                    self.state = flow_guards.refined(self, self.state, condition, True)
        return self.state, merged(refused)

    def _let(self, let: Let, value: Value) -> None:
        assert self.state is not None
        value = self.as_type(value, let.type)
        if len(let.names) == 1:
            self._bind(let.names[0], value, let.value, let)
            return
        for number, name in enumerate(let.names):
            part = {p[1:]: t for p, t in value.items() if p[:1] == (str(number),)}
            if (taint := value.get(())) is not None:
                part[()] = taint
            self._bind(name, part, None, let)

    def _bind(self, name: str, value: Value, source: Expr | None, node: Node) -> None:
        if self.state is None or name in ("", "_"):
            return
        if name == "self" or (source is not None and self.place(source) == (name,)):  # guard let self = self
            return
        self.state.write((name,), mapped(value, Hop(node.start, node.end, "assign", name)) if value else EMPTY)
        self.remember((name,), value, source)

    def _switch(self, switch: Switch) -> None:
        value = self.value(switch.subject)
        start = self.state
        ends: list[State | None] = []
        self._breaks.append([])
        falling: State | None = None
        complete = not switch.falls_through
        for case in switch.cases:
            complete = complete or not case.patterns
            entry = self._enter_case(case, switch.subject, value, start.copy() if start else None)
            self.state = merged([entry, falling])
            if self.state is not None:
                self.block(case.body)
            falling = self.state if switch.falls_through else None
            if not switch.falls_through:
                ends.append(self.state)
        self.state = merged([*ends, falling, *self._breaks.pop(), None if complete else start])

    def _enter_case(self, case: Case, subject: Expr, value: Value, state: State | None) -> State | None:
        if state is None:
            return None
        self.state = state
        constant = all(isinstance(pattern, Text | Literal | Member) for pattern in case.patterns)
        if case.patterns and constant and not case.binds:
            for place in self.same_places(subject):
                state.assure(place, ("value",))
        for name in case.binds:
            self._bind(name, value, None, case)
        if case.where is not None:
            self.value(case.where)
            self.state = flow_guards.refined(self, state, case.where, True)
        return self.state

    def _loop(self, loop: Loop) -> None:
        for _ in range(MAX_ITERATIONS):
            start = self.state
            if start is None:
                return
            self._breaks.append([])
            self._continues.append([])
            self.state = start.copy()
            after_header = self._loop_header(loop)
            self.block(loop.body)
            end = merged([self.state, *self._continues.pop()])
            breaks = self._breaks.pop()
            self.state = merged([start, end, after_header, *breaks])
            if self.state == start:
                return

    def _loop_header(self, loop: Loop) -> State | None:
        """Runs the header; returns the state in which the loop is left by its condition."""
        if loop.sequence is not None:
            value = self.value(loop.sequence)
            for name in loop.binds:
                self._bind(name, value, None, loop)
        for part in loop.header:
            if self.state is None:
                return None
            if isinstance(part, Stmt):
                self.statement(part)
            else:
                self.value(part)
        conditions = [part for part in loop.header if not isinstance(part, Stmt)]
        if loop.kind == "while" and self.state is not None and len(conditions) == 1:
            left = flow_guards.refined(self, self.state, conditions[0], False)
            self.state = flow_guards.refined(self, self.state, conditions[0], True)
            return left
        return self.state.copy() if self.state is not None else None

    def _leave(self, value: Expr | None) -> None:
        found = self.optional(value)
        if self.state is not None:
            self.exits.append((value, found, self.state))
        self.state = None

    def _jump(self, jump: Jump) -> None:
        if self.state is None:
            return
        if jump.kind == "goto":
            self._gotos.setdefault(jump.label, []).append(self.state)
        elif jump.kind == "break" and self._breaks:
            self._breaks[-1].append(self.state)
        elif jump.kind == "continue" and self._continues:
            self._continues[-1].append(self.state)
        elif jump.kind == "fallthrough":
            return
        self.state = None

    def _do(self, do: Do) -> None:
        before = self.state.copy() if self.state is not None else None
        self.block(do.body)
        if do.catches:
            ends = [self.state]
            thrown = merged([before, self.state])
            for catch in do.catches:
                self.state = thrown.copy() if thrown is not None else None
                if self.state is not None and catch.bind:
                    self._bind(catch.bind, EMPTY, None, catch)
                self.block(catch.body)
                ends.append(self.state)
            self.state = merged(ends)
        self.block(do.lastly)

    def _conditional(self, clauses: tuple[tuple[str, Block], ...]) -> None:
        start, outer = self.state, self.conditions
        ends: list[State | None] = []
        before: tuple[str, ...] = ()
        for condition, body in clauses:
            self.conditions = (*outer, *before, condition) if condition else (*outer, *before)
            ends.append(self._branch(body, start.copy() if start is not None else None))
            before = (*before, f"!({condition})")
        self.conditions = outer
        self.state = merged([*ends, *([] if clauses and not clauses[-1][0] else [start])])

    # ── closures ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def inline(self, closure: Closure | Local, bound: dict[int, Value], sure: Tokens = NOTHING) -> Value:
        if self.state is None or id(closure) in self._running or len(self._running) >= MAX_INLINE:
            return EMPTY
        self._running.append(id(closure))
        before, outer_exits = self.state.copy(), self.exits
        outer = self._breaks, self._continues, self._deferred
        self.exits, self._breaks, self._continues, self._deferred = [], [], [], []
        self._bind_parameters(closure, bound)
        if sure:
            self.state.assure_all(sure)
        body = closure.body
        if len(body) == 1 and isinstance(body[0], Evaluate):
            self._leave(body[0].value)
        else:
            self.block(body)
        results = [value for _, value, _ in self.exits]
        self._finish()
        self.state = merged([before, self.state])
        self.exits, (self._breaks, self._continues, self._deferred) = outer_exits, outer
        self._running.pop()
        return joined(results)

    def _bind_parameters(self, closure: Closure | Local, bound: dict[int, Value]) -> None:
        assert self.state is not None
        if isinstance(self.input, model.Block) and self.input.start == closure.start:
            bound = {**bound, self.input.number: {(): Taint(weak=1)}}
        for number, param in enumerate(closure.params):
            value = self.as_type(bound.get(number, EMPTY), param.type)
            if param.name and param.name != "_":
                self.state.write((param.name,), value)
        if not closure.params:
            for number, value in bound.items():
                self.state.write((f"${number}",), value)
            if len(bound) == 1 and 0 in bound:  # @objc observers and `it`-like shorthands have one
                self.state.write(("$0",), bound[0])
