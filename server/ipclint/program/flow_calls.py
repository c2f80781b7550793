"""What a call does to tainted data: by the models of APIs, in functions of the program, through closures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ipclint.model.facts import Variable
from ipclint.model.ir import Call, Closure, Expr, Member, Name
from ipclint.program import flow_guards, flow_numbers
from ipclint.program import flow_model as model
from ipclint.program.flow_apis import Blocks, applied, given_back, hop_at, sourced
from ipclint.program.flow_enter import enter, enter_block, into_program
from ipclint.program.flow_hops import kept_closures, referenced
from ipclint.program.flow_properties import getter_message, setter_message
from ipclint.program.flow_run import RETAINS, Run
from ipclint.program.flow_state import EMPTY, Taint, Value, joined, mapped, whole
from ipclint.program.link import declarations, is_outside, members, type_of
from ipclint.program.names import selectors
from ipclint.program.types import base_type
from ipclint.program.usage import Use, call_uses


def call(run: Run, node: Call) -> Value:
    """The taint of what a call returns; its effects on the state and its outcomes are recorded."""
    if node.name in RETAINS and node.target is not None and not node.args:
        return run.value(node.target)
    node = _on_self(run, node)
    receiver = run.value(node.target) if node.target is not None else EMPTY
    closures = {n: found for n, arg in enumerate(node.args) if (found := _closure(run, arg)) is not None}
    values = [EMPTY if n in closures else run.value(arg) for n, arg in enumerate(node.args)]
    if not run.alive:
        return EMPTY
    blocks: Blocks = defaultdict(dict)
    called = _call_closure(run, node, values)
    if called is not None:
        return called
    if any(values) and _is_case(run, node):
        return joined([{(): taint} for value in values if (taint := whole(value)) is not None])
    _call_kept(run, node, values)
    tainted = bool(receiver) or any(values)
    results: list[Value] = []
    uses: tuple[Use, ...] = ()
    if tainted or isinstance(run.input, model.Source) or (closures and run.now.places):
        uses = call_uses(run.program, run.ref, node)
        results.append(sourced(run, uses, node, blocks))
    if isinstance(run.input, model.Returned):
        results.append(_returned(run, node, run.input))
    if isinstance(run.input, model.Stored) and not node.args and node.target is not None:
        results.append(getter_message(run, node, run.input))
    if tainted:
        results += [applied(run, use, values, receiver, blocks, node) for use in uses]
        if (number := flow_numbers.converted(node, values, receiver)) and run.takes_numbers:
            results.append(number)
        results.append(setter_message(run, node, values))
    if run.alive and (tainted or run.now.places):
        modelled = any(each.goes_to == "ret" for use in uses for each in model.passes(use.api))
        results.append(into_program(run, node, values, receiver, blocks, modelled))
    sure = frozenset(f.kind for use in uses for f in use.api.validates if "arg*.block" in f.at)
    given = {n: run.inline(closure, blocks.get(n, {}), sure) for n, closure in closures.items()}
    given |= {n: _handed_over(run, node, n, block) for n, block in blocks.items() if n not in closures}
    if closures and run.alive and run.now.places:
        flow_guards.ran(run, node, closures)
    if given:
        results += given_back(run, uses, given, node)
    return joined(results)


def _is_case(run: Run, node: Call) -> bool:
    """Whether a call puts values into a case of an enum: `Link.open(url)`, `.open(url)` where that type is meant."""
    name = node.name.removeprefix(".")
    if node.target is not None:
        text = type_of(run.program, run.ref, node.target)
        types = [text.removesuffix(".Type")] if text.endswith(".Type") else []
    elif name != node.name:
        types = [run.function.returns if run.function is not None else "", run.owner]
    else:
        return False
    found = (unit for each in types if each for _, unit in declarations(run.program, base_type(each)))
    return any(case.name == name for unit in found for case in unit.cases)


def _handed_over(run: Run, node: Call, number: int, block: dict[int, Value]) -> Value:
    """What a function gives that is handed over by name: `map(String.init)`, `compactMap(parse)`."""
    taint = whole(block.get(0, EMPTY))
    if taint is None or not run.alive or number >= len(node.args):
        return EMPTY
    argument = node.args[number]
    if isinstance(argument, Member) and argument.name.partition("(")[0] == "init":
        return {(): taint}
    callees = referenced(run.program, run.ref, argument)
    return joined(enter(run, callee, model.Parameter(0), taint, node, 1, {})[0] for callee in callees)


def _on_self(run: Run, node: Call) -> Call:
    """`first(where:)` in an extension of a foreign type is `self.first(where:)`."""
    if node.target is not None or () not in run.now.read(("self",)) or not is_outside(run.program, run.owner):
        return node
    if call_uses(run.program, run.ref, node) or run.resolve(node).refs:
        return node  # a free function
    target = Name(node.start, node.start, "self")
    return Call(node.start, node.end, target, node.name, node.labels, node.args, node.name_start)


def _closure(run: Run, arg: Expr) -> Closure | None:
    if isinstance(arg, Closure):
        return arg
    found = run.closures.get(arg.text) if isinstance(arg, Name) else None
    return found if isinstance(found, Closure) else None


def _call_closure(run: Run, node: Call, values: Sequence[Value]) -> Value | None:
    """A call of a local closure, a local function or a closure parameter; None when it is another call."""
    name = node.name if node.target is None else ""
    if not node.name and isinstance(node.target, Name):
        name = node.target.text
    if not name:
        return None
    local = run.closures.get(name)
    if local is not None:
        return mapped(run.inline(local, dict(enumerate(values))), hop_at(node, "called", name))
    params = run.function.params if run.function else ()
    for number, param in enumerate(params):
        if param.name == name:
            for position, value in enumerate(values):
                if (taint := whole(value)) is not None:
                    old = run.called_back.get((number, position))
                    run.called_back[number, position] = taint if old is None else joined(({(): old}, {(): taint}))[()]
            return run.now.read((name,))  # asked of a validator: what a closure that it runs has to return
    return None


def _call_kept(run: Run, node: Call, values: Sequence[Value]) -> None:
    """`handler(x)`, `self.handler?(x)`: what a kept closure is called with goes on in those that were put there."""
    if not any(values) or ":" in node.name or run.resolve(node).refs:
        return
    if node.target is None:
        place = run.place_of_name(node.name)
        owner, name = run.owner if place[0] == "self" else "", place[-1]
    else:
        owner, name = base_type(type_of(run.program, run.ref, node.target)), node.name
    refs = members(run.program, owner, name) if owner and name else ()
    if not any(isinstance(run.program.unit(ref), Variable) for ref in refs):
        return
    for ref, start in kept_closures(run.program, owner, name):
        for number, value in enumerate(values):
            if (taint := whole(value)) is not None:
                enter_block(run, ref, model.Block(start, number), taint, node, name)


def _returned(run: Run, node: Call, source: model.Returned) -> Value:
    callee = run.program.function(source.callee)
    word = node.name.partition("<")[0]
    if callee is None or not {callee.name, callee.selector} & {word, *selectors(word, node.labels)}:
        return EMPTY
    resolution = run.resolve(node)
    if source.callee not in resolution.refs:
        return EMPTY
    weak = 0 if resolution.certain else 2
    return {source.path: Taint(weak=weak).then(hop_at(node, "returned", model.call_name(node)))}
