"""What is known of raw XPC objects and of the pointers that they give: which conditions show what, and what a local may
hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ipclint.checks.detectors.raw_api import (
    AUTHORITY,
    CLASS_TESTS,
    COUNTS,
    DESCRIPTORS,
    ERROR,
    ERROR_KEYS,
    LIBRARY,
    MAY_BE_NULL,
    MESSAGE,
    OF_VALUE,
)
from ipclint.model.ir import (
    Assign,
    Call,
    Cast,
    Closure,
    Collection,
    Expr,
    Interpolation,
    Literal,
    Member,
    Name,
    Node,
    Operator,
    Param,
    Text,
    walk,
)
from ipclint.program.known import Fact, State, shown

MAX_DEPTH = 8  # of one value's way through locals


class Knowledge:
    """Keeps facts "present", "typed", "sized", "tested" and "checked" of values, "is:TYPE" and "not:TYPE" of objects.

    "checked" stands for a check that we cannot see into: a function of the program was asked. It may have looked at the
    "whole" message, unless its name says that it looks at who sent it.
    """

    def __init__(self) -> None:
        self._tests: dict[tuple[int, int], list[int]] = {}  # where the kind of what comes from there is looked at

    def see(self, node: Node, state: State) -> Iterable[Fact]:
        """See `known.Watcher`."""
        return ()

    def getter(self, call: Call) -> Call:
        """The getter whose result a call gives: the call itself, unless it is a wrapper."""
        return call

    # ── what is learnt ───────────────────────────────────────────────────────────────────────────────────────────────

    def learn(self, condition: Expr, holds: bool, state: State) -> Iterable[Fact]:
        for fact in self._shown(condition, holds, state):
            yield fact
            values = state.values.get(fact.subject, ())
            if len(values) == 1 and not isinstance(values[0], Param) and (source := subject(values[0])):
                yield Fact(source, fact.what)

    def _shown(self, condition: Expr, holds: bool, state: State) -> Iterator[Fact]:
        match bare(condition):
            case Operator(op="==" | "!=" as op, operands=(left, right)):
                yield from self._compared(left, right, (op == "==") == holds, state)
            case Operator(op="<" | ">" | "<=" | ">="):
                pass
            case tested:
                if holds and (name := subject(tested)):
                    yield Fact(name, "present")
                if not holds:
                    yield from self._no_error(tested, state)
        filled = {id(n.operands[0]) for n in walk(condition) if isinstance(n, Operator) and n.op == "address"}
        for node in walk(condition):
            if isinstance(node, Name) and id(node) not in filled:
                yield Fact(node.text, "tested")
                yield from self._counted(node, state)
            elif isinstance(node, Call) and node.name in COUNTS and node.args:
                yield Fact(subject(node.args[0]), "sized")
            elif isinstance(node, Call) and not (LIBRARY.match(node.name) or node.name in CLASS_TESTS):
                whats = ("checked",) if AUTHORITY.search(node.name) else ("checked", "whole")
                names = filter(None, map(subject, node.args))
                yield from (Fact(name, what) for name in names for what in whats)
            elif isinstance(node, Call) and node.name in CLASS_TESTS:
                asked = node.target if node.target is not None else next(iter(node.args), None)
                yield Fact(subject(asked) if asked is not None else "", "checked")
            elif isinstance(node, Member) and isinstance(node.base, Name):
                yield Fact(node.base.text, "checked")

    def _compared(self, left: Expr, right: Expr, equal: bool, state: State) -> Iterator[Fact]:
        for one, other in ((left, right), (right, left)):
            if isinstance(other, Literal) and (other.kind == "nil" or other.text == "0"):
                if not equal and (name := subject(one)):
                    yield Fact(name, "present")
                if equal:
                    yield from self._no_error(one, state)
            elif isinstance(other, Name) and other.text.startswith(("XPC_TYPE_", "XPC_ERROR_")):
                whole = self._typed(one, state) or one
                name = subject(whole)
                for origin in self.sources(whole, state):
                    self._tests.setdefault((origin.start, origin.end), []).append(one.start)
                kind = ERROR if other.text.startswith("XPC_ERROR_") and equal else other.text
                yield Fact(name, f"is:{kind}" if equal else f"not:{kind}")
                if equal and kind != ERROR:
                    yield Fact(name, "typed")

    def _no_error(self, description: Expr, state: State) -> Iterator[Fact]:
        """An object without a description of an error is none."""
        for value in self._values(description, state):
            if isinstance(value, Call) and asks_error(value):
                yield Fact(subject(value.args[0]), f"not:{ERROR}")

    def _typed(self, expr: Expr, state: State) -> Expr | None:
        """The object whose type an expression is: of `xpc_get_type(x)`, or of a local that holds it."""
        for value in self._values(expr, state):
            if isinstance(value, Call) and value.name in ("xpc_get_type", "xpc_type_get_name") and value.args:
                inner = value.args[0]
                return self._typed(inner, state) if value.name == "xpc_type_get_name" else inner
        return None

    def _counted(self, name: Name, state: State) -> Iterator[Fact]:
        for value in state.values.get(name.text, ()):
            if isinstance(value, Call) and value.name in COUNTS and value.args:
                yield Fact(subject(value.args[0]), "sized")

    def given(self, name: str, value: Expr, state: State) -> Iterable[Fact]:
        if self.is_present(value, state):
            yield Fact(name, "present")
        if source := subject(value):
            yield from (Fact(name, fact.what) for fact in state.facts if fact.subject == source)

    def matched(self, over: Expr, patterns: tuple[Expr, ...], state: State) -> Iterable[Fact]:
        inner = self._typed(over, state)
        if inner is not None:
            yield Fact(subject(inner), "checked")
        for node in walk(over):
            if isinstance(node, Name):
                yield Fact(node.text, "checked")

    def is_tested_later(self, origin: Call | Param, node: Node) -> bool:
        """Whether the type of an object is looked at after all, but only behind `node`."""
        tests = self._tests.get((origin.start, origin.end), ())
        return bool(tests) and all(at > node.start for at in tests)

    # ── what values are ──────────────────────────────────────────────────────────────────────────────────────────────

    def knows(self, value: Expr, state: State, *whats: str) -> bool:
        name = subject(value)
        return bool(name) and any(state.knows(name, what) for what in whats)

    def is_kind_known(self, value: Expr, origin: Call | Param, state: State) -> bool:
        names = {subject(value), origin.name if isinstance(origin, Param) else ""} - {""}
        whats = {fact.what for fact in state.facts if fact.subject in names}
        return "checked" in whats or any(
            what.startswith(("is:", "not:XPC_ERROR_")) or what in (f"not:{ERROR}", f"not:{MESSAGE}") for what in whats
        )

    def is_present(self, value: Expr, state: State) -> bool:
        """Whether a value is no NULL: for sure, or by a check that we cannot see into."""
        if self.knows(value, state, "present", "typed", "checked"):
            return True
        match value:
            case Text() | Interpolation() | Collection() | Closure():
                return True
            case Literal(kind=kind):
                return kind != "nil"
            case Operator(op="address" | "unwrap"):
                return True
            case Operator(op="?:", operands=(condition, then, otherwise)):
                yes = state.having(shown(condition, True, state, self))
                no = state.having(shown(condition, False, state, self))
                return self.is_present(then, yes) and self.is_present(otherwise, no)
            case Operator(op="??", operands=(_, otherwise)):
                return self.is_present(otherwise, state)
            case Cast(value=inner) | Assign(value=inner):
                return self.is_present(inner, state)
            case Call(name=name, args=(first, *_)) if name in OF_VALUE:
                return self.knows(first, state, "typed", "checked")
            case Call():
                getter = self.getter(value)
                whole = bool(getter.args) and self.knows(getter.args[0], state, "whole")
                return getter.name not in MAY_BE_NULL or asks_error(getter) or whole
            case _:
                return not any(
                    isinstance(each, Param) or each.name in MAY_BE_NULL for each in self.sources(value, state)
                )

    def origins(self, value: Expr, state: State) -> Iterator[Call]:
        return (origin for origin in self.sources(value, state) if isinstance(origin, Call))

    def sources(self, value: Expr, state: State) -> list[Call | Param]:
        """The calls and parameters that an expression may stand for; those of objects made here are left out."""
        values = self._values(value, state)
        found = [
            self.getter(each) if isinstance(each, Call) else each for each in values if isinstance(each, Call | Param)
        ]
        return [each for each in found if isinstance(each, Param) or not self._is_own(each, state)]

    def _is_own(self, call: Call, state: State) -> bool:
        """Whether a getter reads an object that this function put together itself."""
        if not call.args:
            return False
        makers = [each for each in self._values(call.args[0], state) if isinstance(each, Call)]
        return any("_create" in each.name for each in makers)

    def _values(self, value: Expr | Param, state: State, depth: int = 0) -> Iterator[Expr | Param]:
        if depth > MAX_DEPTH:
            return
        match value:
            case Name(text=text) | Member(base=Name(text="self"), name=text) if text in state.values:
                if len(state.values[text]) == 1:  # where it is one thing or another, conditions may go together
                    yield from self._values(state.values[text][0], state, depth + 1)
            case Call(name="CFBridgingRelease", args=(inner,)):
                yield from self._values(inner, state, depth + 1)
            case Cast(value=inner) | Assign(value=inner) | Operator(op="unwrap", operands=(inner,)):
                yield from self._values(inner, state, depth + 1)
            case Operator(op="?:", operands=(_, then, otherwise)) | Operator(op="??", operands=(then, otherwise)):
                yield from self._values(then, state, depth + 1)
                yield from self._values(otherwise, state, depth + 1)
            case _:
                yield value


def subject(expr: Expr) -> str:
    """A text for what an expression names, the same wherever the code names it: `path`, `message[path]`; else ""."""
    match bare(expr):
        case Name(text=text):
            return text
        case Member(base=Name(text="self"), name=name):
            return name
        case Member(base=base, name=name):
            return f"{owner}.{name}" if base is not None and (owner := subject(base)) else ""
        case Call(name=name, args=(first, *rest)) if name in MAY_BE_NULL or name in DESCRIPTORS:
            inner = subject(first)
            key = rest[0].value if rest and isinstance(rest[0], Text) else subject(rest[0]) if rest else name
            return f"{inner}[{key}]" if inner and key else ""
        case _:
            return ""


def bare(expr: Expr) -> Expr:
    """An expression without casts, `&`, unwraps and assignments around it."""
    while True:
        match expr:
            case Cast(value=inner) | Operator(op="unwrap" | "address", operands=(inner,)) | Assign(target=inner):
                expr = inner
            case _:
                return expr


def asks_error(call: Call) -> bool:
    """Whether a getter asks an error for its description."""
    return any(isinstance(each, Name) and each.text in ERROR_KEYS for each in call.args[1:])
