"""Tainted data that goes into functions of the program: followed there, and what comes back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ipclint.model.facts import Function
from ipclint.model.ir import Call, Expr, Name, Node
from ipclint.program import flow_guards, flow_numbers
from ipclint.program import flow_model as model
from ipclint.program.flow_apis import Blocks, hop_at
from ipclint.program.flow_run import Run
from ipclint.program.flow_state import EMPTY, Hop, Place, Taint, Value, joined
from ipclint.program.link import declarations
from ipclint.program.program import UnitRef

MAX_CALLEES = 4


def into_program(
    run: Run, node: Call, values: Sequence[Value], receiver: Value, blocks: Blocks, modelled: bool
) -> Value:
    """Follow tainted data into the functions that a call can reach. `modelled`: a model says what the call gives."""
    own = run.now.read(("self",)) if run.alive and _is_own(node) else EMPTY
    if not (receiver or own or any(values)):
        return EMPTY
    resolution = run.resolve(node)
    if not resolution.refs:
        return EMPTY if modelled else _memberwise(run, node, values)
    results: list[Value] = []
    for callee in resolution.refs[:MAX_CALLEES]:
        function = run.program.function(callee)
        if function is None or not function.body:
            continue
        numbers = model.argument_parameters(function, node)
        for input, taint in _inputs(run, callee, function, numbers, values, receiver or own):
            args = {number: argument for argument, number in numbers.items()}
            weak = 0 if resolution.certain else min(len(resolution.refs), 2)
            result, given = enter(run, callee, input, taint, node, weak, args)
            results.append(result)
            for argument, parameter, value in given:
                old = blocks[argument].get(parameter, EMPTY)
                blocks[argument][parameter] = joined((old, value))
        if "throws" in function.modifiers and len(resolution.refs) == 1:
            flow_guards.passed(run, callee, node, numbers)
    return joined(results)


def _is_own(node: Call) -> bool:
    return node.target is None or (isinstance(node.target, Name) and node.target.text in ("self", "super"))


def _inputs(
    run: Run, callee: UnitRef, function: Function, numbers: dict[int, int], values: Sequence[Value], receiver: Value
) -> Iterable[tuple[model.Parameter | model.Receiver, Taint]]:
    """The inputs of a callee that are tainted in a call."""
    for argument, value in enumerate(values):
        number = numbers.get(argument)
        if number is None or number >= len(function.params) or not value:
            continue
        param = function.params[number]
        if param.name not in ("", *function.mentions):
            continue
        if model.carries_no_text(run.program, param.type):
            value = _as_number(run, callee, param.type, value)
        for path, taint in value.items():
            yield model.Parameter(number, path), taint
    if function.name != "init":
        for path, taint in receiver.items():
            if not path or path[0] in function.mentions or f"_{path[0]}" in function.mentions:
                yield model.Receiver(path), taint


def _as_number(run: Run, callee: UnitRef, type: str, value: Value) -> Value:
    """What goes into a parameter of a type that carries no text: a number, where the callee may have a use for it."""
    if not value or not flow_numbers.is_number(type) or not flow_numbers.takes_numbers(run.program, callee):
        return EMPTY
    return flow_numbers.marked(value)


def enter(
    run: Run,
    callee: UnitRef,
    input: model.Parameter | model.Receiver,
    taint: Taint,
    node: Node,
    weak: int,
    args: dict[int, int],
) -> tuple[Value, list[tuple[int, int, Value]]]:
    """Tainted data goes into a function: what the call gives back, and what the closures passed are given.

    `args` maps parameters of the callee to arguments of the call; `weak` says how surely this is the callee.
    """
    if run.answers.carries is None or not run.alive:
        return EMPTY, []
    function = run.program.function(callee)
    name = function.signature if function is not None else ""
    inside = taint.then(hop_at(node, "call", name), weak=weak)
    conditions = run.conditions
    key = ("call", callee, input, node.start)
    run.record(key, inside, lambda story: model.CallHit(callee, input, node, conditions, story))
    effects = run.answers.carries(callee, input)
    result: dict[Place, Taint] = {}
    for path, mark in effects.returns:
        result[path] = _after(inside, mark, hop_at(node, "returned", name))
    builds = function is not None and function.kind == "initializer"
    for number, path, mark in effects.outs:
        after = _after(inside, mark, hop_at(node, "filled", name))
        if number < 0 and builds:
            result[path] = after
        else:
            _fill(run, node, number, path, after, args)
    given: list[tuple[int, int, Value]] = [
        (args[number], position, {(): _after(inside, mark, hop_at(node, "calls-back", name))})
        for number, position, mark in effects.calls_back
        if number in args
    ]
    return result, given


def enter_block(run: Run, ref: UnitRef, block: model.Block, taint: Taint, node: Node, name: str) -> None:
    """Tainted data goes into a closure that stands in another function."""
    inside = taint.then(hop_at(node, "call", name), weak=1)
    conditions = run.conditions
    key = ("call", ref, block, node.start)
    run.record(key, inside, lambda story: model.CallHit(ref, block, node, conditions, story))


def _after(inside: Taint, mark: model.Mark, hop: Hop) -> Taint:
    return inside.then(hop, mark.tokens, mark.weak, mark.cost + 1)


def _fill(run: Run, node: Node, number: int, path: Place, taint: Taint, args: dict[int, int]) -> None:
    """A callee has put tainted data into its receiver or into an argument."""
    if not run.alive or not isinstance(node, Call):
        return
    if number < 0:
        target: Expr | None = node.target if node.target is not None else Name(node.start, node.start, "self")
    else:
        target = node.args[args[number]] if number in args else None
    place = run.place(target)
    if place is not None:
        run.now.add((*place, *path), {(): taint})


def _memberwise(run: Run, node: Call, values: Sequence[Value]) -> Value:
    """`Request(path: p)` fills the properties that its labels name: of a struct without initialisers surely, of a type
    from outside likely."""
    if not node.name[:1].isupper() or ":" in node.name:
        return EMPTY
    found = declarations(run.program, node.name.partition("<")[0])
    if found and not any(unit.kind == "struct" for _, unit in found):
        return EMPTY
    weak = 0 if found else 1
    return joined(
        {(label, *path): taint._replace(weak=max(taint.weak, weak)) for path, taint in value.items()}
        for label, value in zip(node.labels, values, strict=False)
        if label not in ("", "{")
    )
