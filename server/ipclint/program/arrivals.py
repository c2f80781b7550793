"""Parameters that another process fills: of methods that it may call, of handlers that the system calls with what it
sent, and of the closures that code hands over for messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.model.facts import Function, Variable
from ipclint.model.ir import Call, Closure, Param, walk
from ipclint.program.flow_model import Parameter, block_position, is_function_type
from ipclint.program.flow_search import roots
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.surface import is_exported
from ipclint.program.usage import Use, call_uses

XPC = "ipc.xpc"


class Arrival(NamedTuple):
    """Parameter `param` of function `ref`, or of a closure in its body or in the initialiser of a variable. `kind` is
    that of the source: "ipc.xpc".
    """

    ref: UnitRef
    param: Param
    kind: str
    in_closure: bool = False


@query(bottom=())
def arrivals(program: Program, ref: UnitRef) -> tuple[Arrival, ...]:
    """The parameters in a function or a variable's initialiser that another process fills, in source order; reply
    blocks are not among them.
    """
    unit = program.unit(ref)
    if not isinstance(unit, Function | Variable):
        return ()
    found = [*_of_closures(program, ref, unit)]
    if isinstance(unit, Function) and unit.body:
        found += _of_method(program, ref, unit)
    return tuple(sorted(found, key=lambda each: each.param.start))


def _of_method(program: Program, ref: UnitRef, function: Function) -> Iterator[Arrival]:
    if is_exported(program, ref):
        yield from (Arrival(ref, param, XPC) for param in function.params if not is_function_type(param.type))
    elif _is_handler_name(program, function):
        kinds: dict[int, str] = {}
        for root in roots(program, ref):
            if root.ref == ref and isinstance(root.input, Parameter):
                kinds.setdefault(root.input.number, root.kind)
        yield from (Arrival(ref, function.params[number], kind) for number, kind in kinds.items())


def _is_handler_name(program: Program, function: Function) -> bool:
    """Whether a model may name the function: a look into its body is saved for most."""
    by_word = program.vocabulary.by_word
    return any(
        spelling.kind == "method" and any(at.startswith("param") for flow in spelling.api.source for at in flow.at)
        for word in {function.name, function.selector} - {""}
        for spelling in by_word.get(word, ())
    )


def _of_closures(program: Program, ref: UnitRef, unit: Function | Variable) -> Iterator[Arrival]:
    words = program.vocabulary.source_words
    if words.isdisjoint(unit.mentions):
        return
    for node in walk(program.body(ref)):
        if isinstance(node, Call) and node.name.partition(":")[0] in words:
            for use in call_uses(program, ref, node):
                yield from _of_use(ref, use)


def _of_use(ref: UnitRef, use: Use) -> Iterator[Arrival]:
    for flow in use.api.source:
        for position in flow.at:
            block = block_position(position)
            if block is None or block[0] >= len(use.args):
                continue
            closure = use.args[block[0]]
            if isinstance(closure, Closure) and 0 <= block[1] < len(closure.params):
                yield Arrival(ref, closure.params[block[1]], flow.kind, in_closure=True)
