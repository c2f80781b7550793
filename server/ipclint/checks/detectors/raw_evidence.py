"""What a function does with raw XPC objects, and what it knows of them when it does: types, NULL, lengths, kinds of
events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal as OneOf
from typing import NamedTuple

from ipclint.checks.detectors.raw_api import (
    ACCESSOR,
    ASSERTIONS,
    BOXED_TYPES,
    BRIDGE,
    CONNECTIONS,
    CONTAINERS,
    COPIES,
    DATA,
    DESCRIPTOR_SINKS,
    DESCRIPTORS,
    ELEMENT,
    HANDLER_SETTERS,
    LIBRARY,
    MAY_BE_NULL,
    NULL_SINKS,
    OBJECTS,
    OF_ANY_CLASS,
    POINTERS,
    READER,
    REFUSALS,
    TEXT_TYPES,
    WAITING,
)
from ipclint.checks.detectors.raw_knowledge import Knowledge, asks_error, bare, subject
from ipclint.model.facts import Function, Variable
from ipclint.model.ir import (
    Assign,
    Call,
    Cast,
    Closure,
    Collection,
    Expr,
    Let,
    Literal,
    Member,
    Name,
    Node,
    Operator,
    Param,
    Return,
    Stmt,
    Subscript,
    walk,
)
from ipclint.program.known import Fact, State, shorthand, shown, watch
from ipclint.program.link import resolve, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query

What = OneOf["null", "forced", "cast", "object", "bridged", "index", "length", "descriptor", "message", "connection"]
"""What is wrong with a use: a pointer may be NULL, is force-unwrapped or cast, an object may be NULL or of any type, an
element or bytes may not be there, a descriptor may be -1; an event may be no message, no connection."""

MAX_FUNCTIONS = 400  # that events are followed into


class Use(NamedTuple):
    """`node` takes a value for granted. `origin` is the call that gave it, or the parameter; `user` who takes it.

    `helper`: `user` is a function of the program. `reply`: the event is the answer to a message.
    """

    node: Node
    what: What
    origin: Call | Param
    user: str
    value: Expr
    helper: bool = False
    reply: bool = False


class Handed(NamedTuple):
    """A call hands an event on whose kind nobody looked at: parameter `number` of `callee`."""

    callee: UnitRef
    number: int


class Evidence(NamedTuple):
    uses: tuple[Use, ...] = ()
    handed: tuple[Handed, ...] = ()


@query(bottom={})
def raw_entries(program: Program) -> dict[UnitRef, frozenset[int]]:
    """The functions that are given events of which nobody knows the kind, and as which parameters."""
    found: dict[UnitRef, frozenset[int]] = {}
    words = (*HANDLER_SETTERS, *WAITING)
    todo = sorted({ref for word in words for ref in program.mentioning(word)})
    while todo and len(found) < MAX_FUNCTIONS:
        ref = todo.pop()
        for callee, number in evidence(program, ref, found.get(ref, frozenset())).handed:
            before = found.get(callee, frozenset())
            if number not in before:
                found[callee] = before | {number}
                todo.append(callee)
    return found


@query(bottom=Evidence())
def evidence(program: Program, ref: UnitRef, raw: frozenset[int]) -> Evidence:
    """What a function, or the initialiser of a variable, does with raw values; its parameters `raw` are events of
    unknown kind.
    """
    body = program.body(ref)
    if not body:
        return Evidence()
    function = program.function(ref)
    watcher = _Watcher(program, ref, raw)
    watch(body, function.params if function is not None else (), watcher)
    worst = sorted(watcher.uses, key=lambda use: (use.what != "length", use.node.start))
    uses: dict[tuple[int, int], Use] = {}
    for use in worst:
        if not (use.what == "message" and watcher.is_tested_later(use.origin, use.node)):
            uses.setdefault((use.origin.start, use.origin.end), use)
    return Evidence(tuple(sorted(uses.values(), key=lambda use: use.node.start)), tuple(dict.fromkeys(watcher.handed)))


@query(bottom=frozenset[int]())
def reads_through(program: Program, ref: UnitRef) -> frozenset[int]:
    """The parameters of a function that it reads through, or needs as an object, without a look at NULL."""
    function = program.function(ref)
    if function is None:
        return frozenset()
    found = {use.origin for use in evidence(program, ref, frozenset()).uses if use.what == "null"}
    return frozenset(number for number, param in enumerate(function.params) if param in found)


@query(bottom="")
def gives(program: Program, ref: UnitRef) -> str:
    """The getter whose result a function returns as it is; "" when it looks at it, or returns something else."""
    returned = [node.value for node in walk(program.body(ref)) if isinstance(node, Return)]
    values = [bare(value) for value in returned if value is not None]
    names = {each.name if isinstance(each, Call) and not asks_error(each) else "" for each in values}
    name = names.pop() if len(names) == 1 and len(values) == len(returned) else ""
    return name if name in MAY_BE_NULL else ""


class _Watcher(Knowledge):
    """Notes the uses in one function."""

    def __init__(self, program: Program, ref: UnitRef, raw: frozenset[int]) -> None:
        super().__init__()
        self.program, self.ref = program, ref
        self.swift = ref.path.endswith(".swift")
        self.uses: list[Use] = []
        self.handed: list[Handed] = []
        self._wrapped: set[tuple[int, int]] = set()  # where a function of the program stands for a getter
        self._sure: set[tuple[int, int]] = set()  # getters that cannot give NULL where they are called
        function = program.function(ref)
        params = _params(program, ref)
        self._pointers = {_key(p) for p in params if "*" in p.type and "char" in p.type and p.type.count("*") == 1}
        self._events = {_key(param): False for number, param in enumerate(params) if number in raw}
        self._returns = function.returns if function is not None else ""
        body = program.body(ref)
        self._events |= {_key(param): is_reply for param, is_reply in _handler_params(body)}
        self._nested = {id(n) for each in walk(body) if isinstance(each, Closure) for n in walk(each.body)}
        self.handed += self._handlers(body)

    def getter(self, call: Call) -> Call:
        """A call of a function of the program that gives what a getter gave reads like that getter."""
        if self.swift or call.name in MAY_BE_NULL or LIBRARY.match(call.name):
            return call
        names = {gives(self.program, callee) for callee in resolve(self.program, self.ref, call).refs}
        name = names.pop() if len(names) == 1 else ""
        if name:
            self._wrapped.add((call.start, call.end))
        return Call(call.start, call.end, None, name, call.labels, call.args, call.name_start) if name else call

    # ── what is used ─────────────────────────────────────────────────────────────────────────────────────────────────

    def see(self, node: Node, state: State) -> Iterable[Fact]:
        match node:
            case Call():
                yield from self._call(node, state)
            case Operator(op="unwrap", operands=(inner,)) if self.swift:
                yield from self._null(node, inner, "!", state, "forced")
            case Cast(op="as!", value=inner) if self.swift:
                yield from self._cast(node, inner, state)
            case Operator(op="dereference", operands=(inner,)) | Subscript(base=inner) if not self.swift:
                yield from self._dereference(node, inner, state)
            case Collection(kind="dictionary", items=items) if not self.swift:
                for item in items:  # `@{ @"name": @(text) }`: only what is boxed can stand there
                    yield from self._null(item, item, "NSString *", state)
            case Member(base=inner) if inner is not None and not self.swift:
                yield from self._dereference(node, inner, state)
            case Let(type=text, value=value) if value is not None and not self.swift:
                yield from self._put(node, text, value, state)
            case Assign(target=target, value=value) if not self.swift and not isinstance(value, Call | Closure):
                yield from self._put(node, type_of(self.program, self.ref, target), value, state)
            case Assign(target=target, value=Call(name=name) as value) if not self.swift and name in POINTERS:
                yield from self._put(node, type_of(self.program, self.ref, target), value, state)
            case Return(value=value) if value is not None and not self.swift and id(node) not in self._nested:
                yield from self._put(node, self._returns, value, state)
            case _:
                pass

    def _call(self, call: Call, state: State) -> Iterator[Fact]:
        if call.args and (ASSERTIONS.search(call.name) or REFUSALS.search(call.name)):
            yield from shown(call.args[0], bool(ASSERTIONS.search(call.name)), state, self)
        if call.name in MAY_BE_NULL and self.is_present(call, state):
            self._sure.add((call.start, call.end))
        if not self.swift:
            for number in NULL_SINKS.get(call.name, ()):
                if number < len(call.args):
                    yield from self._null(call, call.args[number], call.name, state)
            yield from self._bridged(call, call.target, call.name, state)
        if call.name in COPIES and len(call.args) == 3:
            yield from self._copied(call, state)
        if self.swift and call.target is not None and call.name in ("load", "assumingMemoryBound", "loadUnaligned"):
            yield from self._length(call, call.target, state)
        if call.name in DESCRIPTOR_SINKS:
            for argument in call.args:
                yield from self._descriptor(call, argument, state)
        if call.args and call.target is None and call.name.startswith("xpc_"):
            yield from self._accessor(call, call.args[0], state)
        elif not LIBRARY.match(call.name) and call.args:
            yield from self._handed_on(call, state)

    def _accessor(self, call: Call, first: Expr, state: State) -> Iterator[Fact]:
        name = subject(first)
        if READER.match(call.name) and not asks_error(call):
            yield from self._event(call, first, state)
        connects = call.name.startswith("xpc_connection_")
        wanted = CONNECTIONS if connects else OBJECTS | CONTAINERS if ACCESSOR.match(call.name) else frozenset[str]()
        for origin in self.origins(first, state):
            if origin.name in wanted and not self.is_present(first, state):
                yield from self._report(Use(call, "object", origin, call.name, first), name)
        if ELEMENT.match(call.name) and len(call.args) > 1 and isinstance(call.args[1], Literal):
            for origin in self.origins(first, state):
                if origin.name in OBJECTS | CONTAINERS and not self.knows(first, state, "sized", "checked"):
                    yield from self._report(Use(call, "index", origin, call.name, first), name, "sized")

    def _event(self, call: Call, first: Expr, state: State) -> Iterator[Fact]:
        what: What = "connection" if call.name.startswith("xpc_connection_") else "message"
        for origin in self._unknown_events(first, state):
            use = Use(call, what, origin, call.name, first, reply=self._is_reply(origin))
            yield from self._report(use, subject(first))

    def _unknown_events(self, value: Expr, state: State) -> list[Call | Param]:
        """The events that a value may be, as far as nobody looked at their kind."""
        return [
            origin
            for origin in self.sources(value, state)
            if (_key(origin) in self._events if isinstance(origin, Param) else origin.name in WAITING)
            and not self.is_kind_known(value, origin, state)
        ]

    def _is_reply(self, origin: Call | Param) -> bool:
        return self._events[_key(origin)] if isinstance(origin, Param) else True

    def _handed_on(self, call: Call, state: State) -> Iterator[Fact]:
        """What functions of the program are given: pointers that they may read through, events."""
        watched = [
            (number, argument, self._unknown_events(argument, state))
            for number, argument in enumerate(call.args)
            if self._pointer_origins(argument, state) or self._unknown_events(argument, state)
        ]
        for callee in resolve(self.program, self.ref, call).refs if watched else ():
            function = self.program.function(callee)
            for number, argument, events in watched:
                if function is None or number >= len(function.params):
                    continue
                if not self.swift and self._pointer_origins(argument, state):
                    if TEXT_TYPES.match(function.params[number].type) or number in reads_through(self.program, callee):
                        yield from self._null(call, argument, function.name, state, helper=True)
                elif "xpc_connection_t" in function.params[number].type and not self.swift:
                    for origin in events:
                        use = Use(call, "connection", origin, call.name, argument, reply=self._is_reply(origin))
                        yield from self._report(use, subject(argument))
                elif events:
                    self.handed.append(Handed(callee, number))

    def _pointer_origins(self, value: Expr, state: State, getters: frozenset[str] = POINTERS) -> list[Call | Param]:
        """Where a value that may be NULL comes from."""
        if self.is_present(value, state):
            return []
        return [
            origin
            for origin in self.sources(value, state)
            if (
                _key(origin) in self._pointers
                if isinstance(origin, Param)
                else origin.name in getters
                and (origin.start, origin.end) not in self._sure
                and not (origin.name in DATA and _is_measured(origin, state))
            )
        ]

    def _null(
        self, node: Node, value: Expr, user: str, state: State, what: What = "null", *, helper: bool = False
    ) -> Iterator[Fact]:
        for origin in self._pointer_origins(value, state, MAY_BE_NULL if what == "forced" else POINTERS):
            yield from self._report(Use(node, what, origin, user, value, helper), subject(value))

    def _cast(self, node: Cast, value: Expr, state: State) -> Iterator[Fact]:
        """A forced cast of an object that may be missing, or of another type."""
        for origin in self.origins(value, state):
            if origin.name in OBJECTS | CONTAINERS and not self.knows(value, state, "typed", "checked"):
                yield from self._report(Use(node, "cast", origin, "as!", value), subject(value))

    def _bridged(self, node: Node, target: Expr | None, user: str, state: State) -> Iterator[Fact]:
        """A message that not every class understands, to an object whose class the sender decided."""
        if target is None or user in OF_ANY_CLASS:
            return
        for origin in self.origins(target, state):
            if origin.name == BRIDGE and not self.knows(target, state, "checked"):
                if not (origin.args and self.knows(origin.args[0], state, "typed", "checked")):
                    yield from self._report(Use(node, "bridged", origin, user, target), subject(target))

    def _dereference(self, node: Node, inner: Expr, state: State) -> Iterator[Fact]:
        yield from self._null(node, inner, "", state)
        yield from self._length(node, inner, state)
        if isinstance(node, Subscript):
            yield from self._bridged(node, inner, "objectForKeyedSubscript:", state)

    def _put(self, node: Node, text: str, value: Expr, state: State) -> Iterator[Fact]:
        """A pointer becomes a `std::string`, or is boxed: both read through it."""
        direct = isinstance(bare(value), Name | Call)
        if direct and (TEXT_TYPES.match(text) or (BOXED_TYPES.match(text) and not isinstance(value, Cast))):
            yield from self._null(node, value, text.strip(), state)

    def _copied(self, call: Call, state: State) -> Iterator[Fact]:
        size = call.args[2]
        if isinstance(size, Literal) or any(isinstance(n, Call | Operator) and _is_sizeof(n) for n in walk(size)):
            source = call.args[COPIES[call.name]]
            yield from self._null(call, source, call.name, state)
            yield from self._length(call, source, state)

    def _length(self, node: Node, value: Expr, state: State) -> Iterator[Fact]:
        """Bytes are read as if there were enough of them."""
        for origin in self.origins(value, state):
            if origin.name in DATA and not self.knows(value, state, "sized", "checked"):
                if not _is_measured(origin, state):
                    yield from self._report(Use(node, "length", origin, "", value), subject(value), "sized")

    def _descriptor(self, call: Call, value: Expr, state: State) -> Iterator[Fact]:
        for origin in self.origins(value, state):
            if origin.name in DESCRIPTORS and not self.knows(value, state, "tested", "checked"):
                yield from self._report(Use(call, "descriptor", origin, call.name, value), subject(value), "tested")

    def _report(self, use: Use, name: str, then: str = "") -> Iterator[Fact]:
        """Note a use. What survived it is known, and not reported again."""
        origin = (use.origin.start, use.origin.end)
        self.uses.append(use._replace(helper=use.helper or origin in self._wrapped))
        if name:
            yield Fact(name, then or "checked")
            yield Fact(name, "present")

    # ── handlers ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _handlers(self, body: tuple[Stmt, ...]) -> Iterator[Handed]:
        """Functions that are set as handlers by name: `self.handle`, `handle`."""
        for call in walk(body):
            if isinstance(call, Call) and len(call.args) > HANDLER_SETTERS.get(call.name, 99):
                handler = call.args[HANDLER_SETTERS[call.name]]
                name = subject(handler).partition("(")[0].rpartition(".")[2]  # `receive(_:)` too
                named = (*self.program.functions_named(name), *self.program.variables_named(name)) if name else ()
                yield from (Handed(ref, 0) for ref in named if len(_params(self.program, ref)) == 1)


def _params(program: Program, ref: UnitRef) -> tuple[Param, ...]:
    """The parameters of a function with a body, or of the closure that a variable holds."""
    unit = program.unit(ref)
    if isinstance(unit, Variable) and isinstance(unit.value, Closure):
        return unit.value.params
    return unit.params if isinstance(unit, Function) and unit.body else ()


def _handler_params(body: tuple[Stmt, ...]) -> Iterator[tuple[Param, bool]]:
    """The event of each handler that is set in a body, as a closure or by the name of a local that holds one; and
    whether it is a reply.
    """
    blocks = {
        node.names[0]: node.value
        for node in walk(body)
        if isinstance(node, Let) and len(node.names) == 1 and isinstance(node.value, Closure)
    }
    for call in walk(body):
        if isinstance(call, Call) and len(call.args) > HANDLER_SETTERS.get(call.name, 99):
            handler = call.args[HANDLER_SETTERS[call.name]]
            closure = blocks.get(handler.text) if isinstance(handler, Name) else handler
            if isinstance(closure, Closure):
                param = closure.params[0] if closure.params else shorthand(closure)
                yield param, call.name != "xpc_connection_set_event_handler"


def _key(param: Param) -> tuple[int, int, str]:
    return param.start, param.end, param.name


def _is_measured(origin: Call, state: State) -> bool:
    """Whether somebody looked at the length of the bytes that a getter gives; there are none where it gives NULL."""
    if origin.name == "xpc_data_get_bytes_ptr":
        return state.knows(subject(origin.args[0]), "sized")
    return state.knows(subject(origin.args[-1]), "tested")


def _is_sizeof(node: Call | Operator) -> bool:
    return (node.name if isinstance(node, Call) else node.op) == "sizeof"
