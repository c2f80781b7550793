"""What an API of the vocabulary does to tainted data: it hands it on, it is a source, it is a sink.

An API hands on what its `passes` say; one that stands in no model hands on nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ipclint.model.ir import Assign, Call, Closure, Expr, Literal, Member, Name, Node, Text
from ipclint.program import flow_model as model
from ipclint.program import flow_numbers
from ipclint.program.constants import CONVERSION, HOLE, fold
from ipclint.program.flow_run import Run
from ipclint.program.flow_state import EMPTY, Hop, Place, Taint, Value, closed, joined, whole
from ipclint.program.link import type_of
from ipclint.program.usage import Use

Blocks = dict[int, dict[int, Value]]
"""Argument number → parameter of that closure → what it is given."""


def applied(run: Run, use: Use, values: Sequence[Value], receiver: Value, blocks: Blocks, node: Call) -> Value:
    record_sinks(run, use, dict(enumerate(values)), receiver, use.args)
    found: list[Value] = []
    for each in model.passes(use.api):
        value = _taken(run, each.goes_from, use, values, receiver)
        taint = whole(value)
        if taint is None:
            continue
        taint = taint.then(hop_at(node, "pass", spelled(node)), each.tokens)
        block = model.block_position(each.goes_to)
        if each.goes_to == "ret":
            found.append({(): taint})
        elif each.goes_to == "self":
            put(run, use.receiver, {(): taint}, frozenset(), node)
        elif block is not None:
            blocks[block[0]][block[1]] = joined((blocks[block[0]].get(block[1], EMPTY), {(): taint}))
        for number in model.argument_numbers(each.goes_to, len(use.args)):
            put(run, use.args[number], {(): taint}, frozenset(), node)
            target = run.place(use.args[number])
            if each.same and target is not None:
                run.now.link(target, _same_places(run, each.goes_from, use))
    return joined(found)


def _same_places(run: Run, position: str, use: Use) -> tuple[Place, ...]:
    """The places of what an API takes from a position."""
    taken = (
        [use.receiver] if position == "self" else [use.args[n] for n in model.argument_numbers(position, len(use.args))]
    )
    return tuple(place for expr in taken if expr is not None for place in run.same_places(expr))


def _taken(run: Run, position: str, use: Use, values: Sequence[Value], receiver: Value) -> Value:
    """What is tainted of what an API takes from a position."""
    if position == "self":
        return receiver
    if position == "format":
        return _formatted(run, use.args, values)
    return joined(values[number] for number in model.argument_numbers(position, len(values)))


def given_back(run: Run, uses: Iterable[Use], given: dict[int, Value], node: Call) -> list[Value]:
    """What closures give back (`map`, `sync`) or leave in a parameter (`reduce(into:)`), where the API hands it on."""
    found: list[Value] = []
    for use in uses:
        for each in model.passes(use.api):
            block = model.block_position(each.goes_from)
            if block is None or each.goes_to != "ret" or block[0] not in given:
                continue
            taint = whole(given[block[0]] if block[1] < 0 else _left_in(run, node.args[block[0]], block[1]))
            if taint is not None:
                found.append({(): taint.then(hop_at(node, "pass", model.call_name(node)), each.tokens)})
    return found


def _left_in(run: Run, closure: Expr, number: int) -> Value:
    """What parameter `number` of a closure that ran here holds at its end."""
    params = closure.params if isinstance(closure, Closure) else ()
    if number >= len(params):
        return run.now.read((f"${number}",)) if run.alive and not params else EMPTY
    return run.now.read((params[number].name,)) if run.alive else EMPTY


def sourced(run: Run, uses: Iterable[Use], node: Node, blocks: Blocks | None = None) -> Value:
    if not isinstance(run.input, model.Source):
        return EMPTY
    found: list[Value] = []
    for use in uses:
        if use.api.name != run.input.api or use.kind == "write":
            continue
        value = {(): Taint(weak=0 if use.certain else 2).then(hop_at(node, "source", spelled(node)))}
        for position in (position for flow in use.api.source for position in flow.at):
            block = model.block_position(position)
            if position == "ret":
                found.append(value)
            elif block is not None and blocks is not None and block[1] >= 0:
                count = len(use.args)
                number = count - 1 if block[0] >= count else block[0]  # optional arguments before it may be left out
                if not isinstance(use.args[number], Closure | Name):
                    continue  # a function by its name is where data enters
                blocks[number][block[1]] = joined((blocks[number].get(block[1], EMPTY), value))
            elif numbers := model.argument_numbers(position, len(use.args)):
                for number in numbers:
                    put(run, use.args[number], value, frozenset(), node)
    return joined(found)


def put(run: Run, target: Expr | None, value: Value, tokens: frozenset[str], node: Node) -> None:
    """An object has taken in tainted data (an append, an element set)."""
    place, taint = run.place(target), whole(value)
    if place is None or taint is None or not run.alive:
        return
    stored = {(): taint.then(hop_at(node, "append", place[-1]), tokens)}
    run.now.add(place, stored)
    run.note_stored(place, stored, node, target.base if isinstance(target, Member) else None)


# ── sinks ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def record_sinks(run: Run, use: Use, values: dict[int, Value], receiver: Value, args: Sequence[Expr]) -> None:
    """Notes the sinks of a use that tainted data reaches."""
    for flow in use.api.sink:
        for position in () if flow_numbers.is_probe(flow.kind, args) else flow.at:
            if position == "value":
                numbers: Iterable[int] = (0,) if use.kind == "write" else ()
            else:
                numbers = model.argument_numbers(position, len(args))
            for number in numbers:
                if (taint := whole(values.get(number, EMPTY))) is not None:
                    _record_sink(run, use, flow.kind, position, args[number], taint)
            if position == "self" and use.receiver is not None and (taint := whole(receiver)) is not None:
                _record_sink(run, use, flow.kind, position, use.receiver, taint)


def _record_sink(run: Run, use: Use, kind: str, position: str, value: Expr, taint: Taint) -> None:
    if not use.certain:
        taint = taint._replace(weak=max(taint.weak, 1))
    key = ("sink", use.api.name, kind, use.node.start, value.start)
    conditions, node = run.conditions, use.node
    run.record(key, taint, lambda s: model.SinkHit(use.api.name, kind, node, value, position, conditions, s))


# ── texts ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def concatenated(run: Run, parts: Sequence[Expr], node: Node) -> Value:
    """A text made of parts. What stands after fixed text begins no option and no absolute path."""
    found: list[Value] = []
    fixed, host = False, False
    for part in parts:
        value = run.value(part)
        if isinstance(part, Text):
            fixed = fixed or bool(part.value)
            host = host or _fixes_host(part.value)
            continue
        if value and model.carries_no_text(run.program, type_of(run.program, run.ref, part)):
            value = EMPTY
        taint = whole(value)
        if taint is not None:
            found.append({(): taint.then(hop_at(node, "text", ""), _after_fixed(fixed, host))})
        fixed = fixed or taint is None
    return joined(found)


def _formatted(run: Run, args: Sequence[Expr], values: Sequence[Value]) -> Value:
    """`%@` arguments of a format; the format itself when it is tainted."""
    format = fold(run.program, run.ref, args[0])[0] if args else HOLE
    found = [values[0]] if values else []
    ends: list[tuple[str, str]] = []
    at = 0
    for conversion in CONVERSION.finditer(format):
        if not conversion.group().endswith("%"):
            ends.append((format[at : conversion.start()], conversion.group()[-1]))
            at = conversion.end()
    fixed, host = False, False
    for number, value in enumerate(values[1:]):
        before, kind = ends[number] if number < len(ends) else ("", "@")
        fixed, host = fixed or bool(before), host or _fixes_host(before)
        if kind in "@sS" and value:
            found.append({p: t.sure(_after_fixed(fixed, host)) for p, t in value.items()})
        fixed = fixed or not value
    return joined(found)


def _after_fixed(fixed: bool, host: bool) -> frozenset[str]:
    if not fixed:
        return frozenset()
    return closed(frozenset({"option", "path.joined", *(("url.host", "url.scheme") if host else ())}))


def _fixes_host(text: str) -> bool:
    """Whether a text holds a URL's whole host: what follows it can no longer change where it leads."""
    _, separator, rest = text.partition("://")
    return bool(separator) and any(end in rest for end in "/?#")


# ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def spelled(node: Node | None) -> str:
    """A short name for an expression in a story: `url.path`, `URL(fileURLWithPath:)`."""
    match node:
        case Name(text=text) | Literal(text=text):
            return text
        case Member(base=base, name=name):
            inner = spelled(base)
            return f"{inner}.{name}" if inner else name
        case Call(target=target):
            inner = spelled(target) if not isinstance(target, Call) else ""
            if target is None and not any(node.labels):
                return f"{node.name}()"
            return f"{inner}.{model.call_name(node)}" if inner and ":" not in node.name else model.call_name(node)
        case Assign(target=target):
            return spelled(target)
        case _:
            return ""


def hop_at(node: Node, kind: str, text: str) -> Hop:
    return Hop(node.start, node.end, kind, text[: model.MAX_TEXT])
