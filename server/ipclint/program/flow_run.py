"""The state of one run over a body: what is tainted now, what came of it, and which places expressions name."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from ipclint.model.facts import Variable
from ipclint.model.ir import Call, Cast, Closure, Collection, Expr, Local, Member, Name, Node, Operator, Subscript
from ipclint.program import flow_model as model
from ipclint.program import flow_numbers
from ipclint.program.flow_state import EMPTY, MAX_PLACE, NOTHING, Place, State, Taint, Tokens, Value, joined
from ipclint.program.link import (
    NOBODY,
    Resolution,
    calls_in,
    declarations,
    is_outside,
    members,
    owner_of,
    resolve,
    scope,
    type_of,
)
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.types import base_type
from ipclint.program.usage import call_uses, read_uses

TRANSPARENT = frozenset({"unwrap", "try", "try?", "try!", "await", "address", "dereference", "?", "consume", "copy"})
RETAINS = frozenset({"retain", "autorelease"})
"""Messages of old Objective-C that give the object itself."""

H = TypeVar("H", model.SinkHit, model.CallHit, model.WriteHit)
Key = tuple[object, ...]


Carries = Callable[[UnitRef, model.Input], model.Effects]


class Answers(NamedTuple):
    """What is known of other functions: what a call does to data, and what a validator makes sure of (of a parameter).

    Without `carries`, calls do nothing: only assurances count.
    """

    asserts: Callable[[UnitRef, int], model.Asserts]
    carries: Carries | None = None


class Run:
    """`input` is what is tainted. `state` is None where no way leads."""

    def __init__(self, program: Program, ref: UnitRef, source: model.Input, answers: Answers) -> None:
        self.program = program
        self.ref = ref
        self.input = source
        self.answers = answers
        self.function = program.function(ref)
        self.owner = owner_of(program, ref)
        self.names = scope(program, ref)
        self.state: State | None = State()
        self.closures: dict[str, Closure | Local] = {}
        self.parameters = frozenset(param.name for param in self.function.params) if self.function else frozenset[str]()
        self.conditions: tuple[str, ...] = ()  # `#if` conditions around the statement under way
        self.hits: dict[Key, model.SinkHit | model.CallHit | model.WriteHit] = {}
        self.called_back: dict[tuple[int, int], Taint] = {}  # (closure parameter, its argument) → what it is given
        self.quiet = False
        self._taints: dict[Key, Taint] = {}
        self._places: dict[str, Place] = {}
        self._numbers: dict[tuple[int, int, int], int] | None = None

    @property
    def alive(self) -> bool:
        """Whether a way leads here."""
        return self.state is not None

    @property
    def now(self) -> State:
        """The state where a way leads."""
        assert self.state is not None
        return self.state

    def resolve(self, call: Call) -> Resolution:
        """`link.resolve`, kept for the calls that stand in the body: every run over it asks again."""
        if self._numbers is None:
            calls = calls_in(self.program, self.ref)
            self._numbers = {(each.start, each.end, each.name_start): number for number, each in enumerate(calls)}
        number = self._numbers.get((call.start, call.end, call.name_start))
        return resolve(self.program, self.ref, call) if number is None else _resolution(self.program, self.ref, number)

    @property
    def takes_numbers(self) -> bool:
        """Whether numbers are followed here."""
        return flow_numbers.takes_numbers(self.program, self.ref)

    def as_type(self, value: Value, text: str) -> Value:
        """What of a value is tainted when it is of this type."""
        if not value or not model.carries_no_text(self.program, text):
            return value
        return flow_numbers.marked(value) if flow_numbers.is_number(text) and self.takes_numbers else EMPTY

    def value(self, expr: Expr) -> Value:
        """What of the expression's value is tainted; runs its side effects."""
        raise NotImplementedError

    def inline(self, closure: Closure | Local, bound: dict[int, Value], sure: Tokens = NOTHING) -> Value:
        """Run a closure here, its parameters bound; what it gives back. It may not run at all. `sure` is what holds of
        whatever is tainted while it runs."""
        raise NotImplementedError

    def peek(self, state: State, expr: Expr) -> Value:
        """What of an expression's value is tainted in `state`; nothing is recorded and nothing changes."""
        before, quiet = self.state, self.quiet
        self.state, self.quiet = state.copy(), True
        found = self.value(expr)
        self.state, self.quiet = before, quiet
        return found

    # ── recording ────────────────────────────────────────────────────────────────────────────────────────────────────

    def record(self, key: tuple[object, ...], taint: Taint, make: Callable[[model.Story], H]) -> None:
        """Note an outcome; the same one met again (another branch, a loop's next round) is joined with it."""
        if self.quiet:
            return
        taint = taint if key not in self._taints else joined(({(): self._taints[key]}, {(): taint}))[()]
        self._taints[key] = taint
        self.hits[key] = make(model.story_of(taint))

    def write_place(self, place: Place, value: Value, node: Node, base: Expr | None = None) -> None:
        """A place gets a value; when it is a property of an object or a global, that is an outcome too."""
        self.now.write(place, value)
        self.note_stored(place, value, node, base)

    def note_stored(self, place: Place, value: Value, node: Node, base: Expr | None) -> None:
        """Tainted data was put into `place`: note the property it is kept in, if it is one.

        `base` is the expression whose property it is; when its type is a class of the program, the property is that
        class's, wherever its objects are kept.
        """
        if not value or len(place) < 2:
            return
        owner = model.owner_named(self.program, self.ref, type_of(self.program, self.ref, base)) if base else ""
        if owner and _is_object(self.program, owner):
            name, rest = place[-1], ()
        elif place[0] in ("", "self"):
            owner, name, rest = self.owner if place[0] else "", place[1], place[2:]
        else:
            return
        for member, taint in value.items():
            self._note_write(owner, name, (*rest, *member)[: MAX_PLACE - 2], node, taint)

    def _note_write(self, owner: str, name: str, path: Place, node: Node, taint: Taint) -> None:
        conditions = self.conditions
        key = ("write", owner, name, path, node.start)
        self.record(key, taint, lambda story: model.WriteHit(owner, name, path, node, conditions, story))

    # ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def place(self, expr: Expr | None) -> Place | None:
        """The place that an expression names, None when it names none (the result of a call, a literal)."""
        match expr:
            case Name(text=text):
                return self.place_of_name(text)
            case Member(base=base, name=name) if base is not None:
                inner = self.place(base)
                return None if inner is None else (*inner, name.lstrip("_") if inner == ("self",) else name)
            case Operator(op=op, operands=(inner,)) if op in TRANSPARENT:
                return self.place(inner)
            case Cast(op=op, value=inner) if op != "is":
                return self.place(inner)
            case Subscript(base=base):
                return self.place(base)
            case Call(target=target, name=name, args=()) if target is not None and name in RETAINS:
                return self.place(target)
            case Call(target=target, name=name, args=()) if target is not None and self._is_property(target, name):
                inner = self.place(target)
                return None if inner is None else (*inner, name)
            case _:
                return None

    def place_of_name(self, text: str) -> Place:
        known = self._places.get(text)
        if known is None:
            known = self._places[text] = self._find_place(text)
        return known

    def _find_place(self, text: str) -> Place:
        if text in self.names or text in ("self", "super"):
            return (text,)
        if self.owner:
            for name in dict.fromkeys((text, text.lstrip("_"))):
                if any(isinstance(self.program.unit(ref), Variable) for ref in members(self.program, self.owner, name)):
                    return ("self", text.lstrip("_"))
        for ref in self.program.variables_named(text) if not text[:1].isupper() and not text.startswith("$") else ():
            unit = self.program.unit(ref)
            if isinstance(unit, Variable) and not unit.owner:
                return ("", text)
        if self.owner and text[:1].islower() and is_outside(self.program, self.owner):
            return ("self", text)  # an extension of a foreign type: its own members are not declared here
        return (text,)

    def _is_property(self, target: Expr, name: str) -> bool:
        """Whether `[target name]` reads a property of the program."""
        owner = base_type(type_of(self.program, self.ref, target).removesuffix(".Type"))
        return bool(owner) and any(
            isinstance(self.program.unit(ref), Variable) for ref in members(self.program, owner, name)
        )

    def same_places(self, expr: Expr) -> tuple[Place, ...]:
        """The places that hold the same information as the expression's value: what a test of it is a test of."""
        plain = transparent(expr)
        place = self.place(plain)
        if place is not None and not isinstance(plain, Subscript):
            inner = self._original(plain) if isinstance(plain, Member | Call) else None
            return (place, *self.same_places(inner)) if inner is not None else (place,)
        inner = self._original(plain)
        return self.same_places(inner) if inner is not None else ()

    def _original(self, expr: Expr) -> Expr | None:
        """The expression of which `expr` is a lossless form (`url.path`, `NSString(string: x)`), else None."""
        if isinstance(expr, Member):
            uses = read_uses(self.program, self.ref, expr)
        elif isinstance(expr, Call) and expr.target is None and expr.name in self.parameters:
            return Name(expr.start, expr.end, expr.name)  # what a closure that was handed in returns stands for it
        elif isinstance(expr, Call):
            uses = call_uses(self.program, self.ref, expr)
        else:
            return None
        for use in uses:
            for each in model.passes(use.api):
                if each.same and each.goes_to == "ret":
                    if each.goes_from == "self":
                        return use.receiver
                    numbers = model.argument_numbers(each.goes_from, len(use.args))
                    return use.args[numbers[0]] if numbers else None
        return None


@query(bottom=NOBODY)
def _resolution(program: Program, ref: UnitRef, number: int) -> Resolution:
    """What the call with this number in a body resolves to."""
    calls = calls_in(program, ref)
    return resolve(program, ref, calls[number]) if number < len(calls) else NOBODY


def transparent(expr: Expr) -> Expr:
    """The expression below `try`, `await`, `!`, casts, bare parentheses, `retain` and `autorelease`."""
    while True:
        match expr:
            case Operator(op=op, operands=(inner,)) if op in TRANSPARENT:
                expr = inner
            case Cast(op=op, value=inner) if op != "is":
                expr = inner
            case Collection(kind="tuple", items=(inner,)):
                expr = inner
            case Call(target=inner, name=name, args=()) if name in RETAINS and inner is not None:
                expr = inner
            case _:
                return expr


def _is_object(program: Program, owner: str) -> bool:
    """Whether a type of the program has reference semantics (so that a property written is kept)."""
    kinds = {unit.kind for _, unit in declarations(program, owner)}
    return bool(kinds & {"class", "actor", "interface", "implementation", "protocol"})
