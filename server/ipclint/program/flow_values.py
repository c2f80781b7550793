"""The taint of expressions: names, members, operators, collections, assignments. Calls are told by `flow_calls`."""

from __future__ import annotations

from collections.abc import Iterable

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
    Opaque,
    Operator,
    Stmt,
    Subscript,
    Text,
)
from ipclint.program import flow_apis, flow_calls, flow_guards, flow_properties
from ipclint.program import flow_model as model
from ipclint.program.flow_run import TRANSPARENT, Answers, Run, transparent
from ipclint.program.flow_state import EMPTY, Hop, Place, Value, joined, mapped, merged, whole
from ipclint.program.program import Program, UnitRef

MAX_NESTING = 60  # of expressions


class Values(Run):
    """Evaluates expressions; statements inside them (closures, unknown syntax) run by `statement`."""

    def __init__(self, program: Program, ref: UnitRef, source: model.Input, answers: Answers) -> None:
        super().__init__(program, ref, source, answers)
        self._nesting = 0
        self._carried = isinstance(source, model.Parameter | model.Receiver)

    def statement(self, statement: Stmt) -> None:
        raise NotImplementedError

    def optional(self, expr: Expr | None) -> Value:
        return self.value(expr) if expr is not None else EMPTY

    def value(self, expr: Expr) -> Value:
        """What of the expression's value is tainted; runs its side effects."""
        if self.state is None or self._nesting > MAX_NESTING:
            return EMPTY
        if self._carried and not self.state.places:
            return EMPTY  # what is tainted is gone here, and nothing else can bring it in
        self._nesting += 1
        found = self._value(expr)
        self._nesting -= 1
        return found

    def _value(self, expr: Expr) -> Value:
        match expr:
            case Name():
                return self._name(expr)
            case Call():
                return flow_calls.call(self, expr)
            case Member():
                return self._member(expr)
            case Text() | Literal():
                return EMPTY
            case Operator():
                return self._operator(expr)
            case Assign():
                return self._assign(expr)
            case Cast(op=op, value=value, type=text):
                found = self.value(value)
                return EMPTY if op == "is" else self.as_type(found, text)
            case Interpolation(parts=parts):
                return flow_apis.concatenated(self, parts, expr)
            case Subscript(base=base, args=args):
                found = self.value(base)
                for arg in args:
                    self.value(arg)
                return found
            case Closure():
                self.inline(expr, {})
                return EMPTY
            case Collection():
                return self._collection(expr)
            case Opaque(kids=kids):
                return self._opaque(kids)
            case _:
                return EMPTY

    def _name(self, name: Name) -> Value:
        place = self.place_of_name(name.text)
        if place[0] == "self" and len(place) > 1 and (self.now.places or not isinstance(self.input, model.Parameter)):
            member = Member(name.start, name.end, Name(name.start, name.start, "self"), place[1], name.start)
            return flow_properties.read(self, member, self.now.read(place))
        return self.now.read(place)

    def _collection(self, collection: Collection) -> Value:
        values = [self.value(item) for item in collection.items]
        if collection.kind == "tuple":
            return joined({(str(n), *p): t for p, t in v.items()} for n, v in enumerate(values))
        if collection.kind == "dictionary":
            keys, values = values[::2], values[1::2]
            values = [value if key else under_own_key(value) for key, value in zip(keys, values, strict=False)]
        taint = whole(joined(values))
        return {(): taint} if taint is not None else EMPTY

    def _opaque(self, kids: Iterable[Expr | Stmt]) -> Value:
        values: list[Value] = []
        for kid in kids:
            if not self.alive:
                break
            if isinstance(kid, Stmt):
                self.statement(kid)
            else:
                values.append(self.value(kid))
        return joined(values)

    def _operator(self, operator: Operator) -> Value:
        op, operands = operator.op, operator.operands
        if op in ("&&", "||") and len(operands) == 2:
            self._short_circuit(operands[0], operands[1], op == "&&")
            return EMPTY
        if op == "?:" and len(operands) == 3:
            return self._choice(*operands)
        if op == "+":
            return flow_apis.concatenated(self, operands, operator)
        values = [self.value(operand) for operand in operands]
        if op in TRANSPARENT and values:
            return values[0]
        if op == "??":
            return joined(values)
        return EMPTY

    def _short_circuit(self, left: Expr, right: Expr, conjunction: bool) -> None:
        self.value(left)
        skipped = self.state
        if skipped is not None:
            self.state = flow_guards.refined(self, skipped, left, conjunction)
            self.value(right)
            self.state = merged([skipped, self.state])

    def _choice(self, condition: Expr, then: Expr, otherwise: Expr) -> Value:
        self.value(condition)
        start = self.state
        if start is None:
            return EMPTY
        self.state = flow_guards.refined(self, start, condition, True)
        one, after = self.value(then), self.state
        self.state = flow_guards.refined(self, start, condition, False)
        other = self.value(otherwise)
        self.state = merged([after, self.state])
        return joined((one, other))

    def _member(self, member: Member) -> Value:
        if member.base is None:
            return EMPTY
        place = self.place(member)
        found = EMPTY
        if place is None or isinstance(self.input, model.Stored | model.Source | model.Returned):
            found = member_of(self.value(member.base), member.name)
        if not self.alive:
            return EMPTY
        if place is not None:
            kept = self.now.read(place)
            if kept and flow_properties.is_computed(self, member.base):
                kept = member_of(self.value(member.base), member.name)
            found = joined((kept, found)) if found else kept
        return flow_properties.read(self, member, found) if self.alive else EMPTY

    def _assign(self, assign: Assign) -> Value:
        value = self.value(assign.value)
        target = assign.target
        if not self.alive:
            return EMPTY
        if isinstance(target, Subscript):
            self._store_element(assign, target, value)
            return value
        place = self.place(target)
        if isinstance(target, Member) and target.base is not None and place is None:
            self.value(target.base)
        flow_properties.assigned(self, assign, value)
        if place is None or not self.alive:
            return value
        hop = Hop(assign.start, assign.end, "assign" if assign.op == "=" else "append", place[-1])
        stored = mapped(value, hop) if value else EMPTY
        if assign.op != "=":
            stored = joined((self.now.read(place), stored))
        self.write_place(place, stored, assign, target.base if isinstance(target, Member) else None)
        self.remember(place, stored, assign.value)
        return value

    def _store_element(self, assign: Assign, target: Subscript, value: Value) -> None:
        """`x[k] = v`: the container may hold it from now on."""
        keys = [self.value(arg) for arg in target.args]
        self.value(target.base)
        place, taint = self.place(target.base), whole(value if any(keys) else under_own_key(value))
        if place is None or taint is None or not self.alive:
            return
        stored = {(): taint.then(Hop(assign.start, assign.end, "assign", place[-1]))}
        self.now.add(place, stored)
        self.note_stored(place, stored, assign, target.base.base if isinstance(target.base, Member) else None)

    def remember(self, place: Place, value: Value, source: Expr | None) -> None:
        """What else holds the same information, and which test a flag stands for."""
        if self.state is None or source is None:
            return
        plain = transparent(source)
        if isinstance(plain, Closure) and len(place) == 1:
            self.closures[place[0]] = plain
        elif value:
            self.state.link(place, self.same_places(plain))
        if isinstance(plain, Call | Member | Operator | Subscript | Literal) or flow_guards.is_success(plain):
            self.state.tests[place] = plain


def under_own_key(value: Value) -> Value:
    """What is put into a container under a key that the program chose."""
    return {place: taint.sure(("key",)) for place, taint in value.items()}


def member_of(value: Value, name: str) -> Value:
    """What of member `name` is tainted."""
    if not value:
        return EMPTY
    found = {place[1:]: taint for place, taint in value.items() if place[:1] == (name,)}
    if () not in found and () in value:
        found[()] = value[()]
    return found
