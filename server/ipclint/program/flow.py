"""The flow analysis as queries: what one tainted input of a function does in it, and what a call of it does.

An answer is kept for each function and tainted input that data actually reaches, so the cost is linear in the code
that it reaches. Callers depend on `carries` alone, which holds no positions: moved code in a callee re-runs no caller.

What a call does to its caller's data is followed `DEPTH` calls deep. The depth is a part of the question, so an answer
depends on nothing but the program, recursive functions included, and the stack stays shallow. A body is interpreted
again at a greater depth only when one of its callees does more at that depth.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from ipclint.model.ir import Expr, Literal, Name
from ipclint.program import flow_guards
from ipclint.program import flow_model as model
from ipclint.program.flow_body import Body
from ipclint.program.flow_model import NO_ASSERTS, NO_EFFECTS, Asserts, Effects, Input, Mark, Reach
from ipclint.program.flow_run import Answers, Carries
from ipclint.program.flow_state import NOTHING, Place, State, Taint, Tokens, joined, merged, whole
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query

DEPTH = 4
"""How many calls deep it is followed what comes back from a call."""

FORKS = 8
"""How many ways through a validator are kept apart to its end, so that `goto` and flags tell what they mean."""

ASSERT_DEPTH = 5
"""How many calls deep a validator may lie."""


def reach(program: Program, ref: UnitRef, source: Input) -> Reach:
    """Everything that `source`, tainted, does in function `ref`; outcomes in source order."""
    return _reach(program, ref, source, DEPTH)


@query(bottom=Reach())
def _reach(program: Program, ref: UnitRef, source: Input, depth: int) -> Reach:
    """`reach`, where calls do what they do `depth` calls deep; at 0 they do nothing."""
    if depth == 0:
        return _interpret(program, ref, source, lambda callee, entered: NO_EFFECTS)
    shallower = _reach(program, ref, source, depth - 1)
    if all(_settled(program, call, depth - 1) for call in shallower.calls):
        return shallower
    return _interpret(program, ref, source, lambda callee, entered: _carries(program, callee, entered, depth - 1))


def _settled(program: Program, call: model.CallHit, depth: int) -> bool:
    """Whether a callee does no more at this depth than one call less deep."""
    before = _carries(program, call.callee, call.input, depth - 1) if depth else NO_EFFECTS
    return _carries(program, call.callee, call.input, depth) == before


@query(bottom=NO_EFFECTS)
def _carries(program: Program, ref: UnitRef, source: Input, depth: int) -> Effects:
    """What a call of `ref` does to its caller's data when `source` is tainted."""
    return _reach(program, ref, source, depth).effects


def _interpret(program: Program, ref: UnitRef, source: Input, carries: Carries) -> Reach:
    body = Body(program, ref, source, Answers(partial(_asserts, program, ASSERT_DEPTH), carries))
    body.run()
    hits = [hit for _, hit in sorted(body.hits.items(), key=lambda item: (item[1].node.start, repr(item[0])))]
    returns = _returns(body)
    return Reach(
        sinks=tuple(hit for hit in hits if isinstance(hit, model.SinkHit)),
        calls=tuple(hit for hit in hits if isinstance(hit, model.CallHit)),
        writes=tuple(hit for hit in hits if isinstance(hit, model.WriteHit)),
        returns=tuple(model.ReturnHit(path, model.story_of(taint)) for path, taint in returns),
        effects=Effects(
            returns=tuple((path, model.taint_mark(taint)) for path, taint in returns),
            outs=_outs(body),
            calls_back=tuple((*key, model.taint_mark(taint)) for key, taint in sorted(body.called_back.items())),
        ),
    )


def _returns(body: Body) -> list[tuple[Place, Taint]]:
    function = body.function
    if function is None:
        return []
    values = (body.as_type(value, function.returns) for _, value, _ in body.exits)
    return sorted(joined(values).items(), key=lambda item: item[0])


def _outs(body: Body) -> tuple[tuple[int, Place, Mark], ...]:
    """What the callee leaves behind in its receiver and in what was passed to it."""
    state = merged(state for _, _, state in body.exits)
    if state is None or body.function is None:
        return ()
    params = body.function.params
    numbers = {param.name: number for number, param in enumerate(params) if param.name}
    found: list[tuple[int, Place, Mark]] = []
    for place, taint in sorted(state.places.items(), key=lambda item: item[0]):
        if taint is None or taint.chain is None:  # the input itself
            continue
        name, path = place[0], place[1:]
        if name == "self" and path and not isinstance(body.input, model.Stored):
            found.append((-1, path, model.taint_mark(taint)))
        elif name in numbers and (path or _is_out(params[numbers[name]].type)):
            found.append((numbers[name], path, model.taint_mark(taint)))
    return tuple(found)


def _is_out(type: str) -> bool:
    """Whether what a callee puts into a parameter of this type, the caller sees."""
    return "inout" in type or "*" in type or "Pointer" in type


# ── what a function makes sure of ────────────────────────────────────────────────────────────────────────────────────


def asserts(program: Program, ref: UnitRef, number: int) -> Asserts:
    """What function `ref` makes sure of about its parameter `number`, by its own tests and the validators it asks."""
    return _asserts(program, ASSERT_DEPTH, ref, number)


@query(bottom=NO_ASSERTS)
def _asserts(program: Program, depth: int, ref: UnitRef, number: int) -> Asserts:
    function = program.function(ref)
    if depth == 0 or function is None or not function.body or number >= len(function.params):
        return NO_ASSERTS
    name = function.params[number].name
    body = Body(program, ref, model.Parameter(number), Answers(partial(_asserts, program, depth - 1)))
    body.forks = FORKS
    body.run()
    exits = body.exits
    promises = [promise for value, _, state in exits if (promise := _promise(body, value, state, name)) is not None]
    return Asserts(
        true=_common(promise.true for promise in promises),
        zero=_common(promise.zero for promise in promises),
        some=_common(promise.some for promise in promises),
        returns=_common(_held(state, name) for _, _, state in exits),
    )


_NEVER: Tokens = frozenset({"never"})
"""Stands for an exit that cannot have the outcome in question."""


def _common(found: Iterable[Tokens]) -> Tokens:
    """What all exits that can have an outcome make sure of."""
    common: Tokens | None = None
    for tokens in found:
        if tokens is not _NEVER:
            common = tokens if common is None else common & tokens
    return common if common is not None else NOTHING


def _held(state: State, name: str) -> Tokens:
    taint = whole(state.read((name,)))
    return taint.tokens if taint is not None else NOTHING


def _promise(body: Body, value: Expr | None, state: State, name: str) -> Asserts | None:
    """What is sure of the parameter when this exit returns true, zero or something; None when it returns nothing."""
    held = _held(state, name)
    place = body.place(value)
    test = state.tests.get(place) if place is not None else None
    match value:
        case None:
            return None
        case Literal(kind="bool", text=text):
            return Asserts(held if text == "true" else _NEVER, held if text == "false" else _NEVER, held)
        case Literal(kind="nil"):
            return Asserts(_NEVER, held, _NEVER)
        case Literal(kind="int", text=text):
            return Asserts(held, held if text == "0" else _NEVER, held)
        case Name(text=text) if text.startswith("errSec") and text != "errSecSuccess":
            return Asserts(held, _NEVER, held)
        case Name() if place in state.failed:
            return Asserts(held, _NEVER, held)
        case Name() if isinstance(test, Literal):
            return _promise(body, test, state, name)
        case _:
            true = flow_guards.refined(body, state, value, True)
            zero = flow_guards.succeeded(body, state, value)
            some = flow_guards.present(body, state, value)
            return Asserts(_held(true, name), _held(zero, name), _held(some, name))
