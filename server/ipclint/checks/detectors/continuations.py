"""XPC309: awaiting code that no reply wakes, or that two wake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.lifecycle import HANDLERS, Awaited, awaited, is_named
from ipclint.checks.detectors.proxies import Made, given_proxy, may_tell, proxy_of, takers
from ipclint.checks.detectors.raw_replies import blocks
from ipclint.checks.detectors.replies import told
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function
from ipclint.model.finding import Confidence, Finding, Place, Step
from ipclint.model.ir import (
    Assign,
    Call,
    Catch,
    Closure,
    Expr,
    Guard,
    If,
    Let,
    Literal,
    Member,
    Name,
    Node,
    Operator,
    Return,
    walk,
)
from ipclint.program.callback_names import bare
from ipclint.program.callbacks import Stop, Way, ways
from ipclint.program.link import code_of, scope, type_of
from ipclint.program.names import property_of_setter
from ipclint.program.program import Program, UnitRef


@detector("continuation-never-resumed", on="function")
def continuation_never_resumed(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    for each in awaited(program, ref):
        yield from _continuation(rule, program, ref, each)
    yield from _async_messages(rule, program, ref)
    for taker in takers(program, ref) if given_proxy(program, ref) is not None else ():
        yield from _async_messages(rule, program, taker)


def _continuation(rule: Rule, program: Program, ref: UnitRef, each: Awaited) -> Iterator[Finding]:
    sent = [_Sent(n, made) for n in _messages(each.closure) if (made := proxy_of(program, ref, n)) is not None]
    waking = [message for message in sent if any(map(each.is_in, message.call.args))]
    handed = [] if waking else list(_handed(program, ref, each))
    if not waking and not handed:
        return  # no reply of another process wakes it
    handlers = [handler for handler in _handlers(each.closure) if each.is_in(handler.body)]
    found = ways(program, ref, each.closure.body, each.name, "continuation")
    if not handlers and not _is_handed_on(each):
        for message in waking or handed:
            alone = len(sent) == 1 or (not sent and len(handed) == 1)
            yield from _unheard(rule, program, ref, each, message, alone, "likely" if handed else "certain")
        for message in waking if len(sent) == 1 else ():
            yield from _absent(rule, program, ref, each, message)
    yield from _missing(rule, ref, each, found, len(sent) == 1)
    yield from _twice(rule, ref, each, found)
    yield from _by_handlers(rule, ref, each, handlers)


class _Sent(NamedTuple):
    """A message to another process and what made the proxy that it goes through."""

    call: Call
    made: Made


def _messages(closure: Closure) -> Iterator[Call]:
    return (node for node in walk(closure.body) if isinstance(node, Call) and node.target is not None)


def _handed(program: Program, ref: UnitRef, each: Awaited) -> Iterator[_Sent]:
    """What is given a proxy together with a block that wakes it: that sends the message, `body(proxy) { … }`."""
    for call in (node for node in walk(each.closure.body) if isinstance(node, Call)):
        if any(isinstance(arg, Closure) and each.is_in(arg) for arg in call.args):
            for arg in call.args:
                message = msgspec.structs.replace(call, target=arg)
                made = None if isinstance(arg, Closure) else proxy_of(program, ref, message)
                if made is not None and not made.synchronous:
                    yield _Sent(call, made)


def _is_handed_on(each: Awaited) -> bool:
    """Whether the continuation goes elsewhere than into its own calls, where others may resume it."""
    resumed = {id(n.target) for n in walk(each.closure.body) if isinstance(n, Call) and n.name == "resume"}
    return any(is_named(n, {each.name}) and id(n) not in resumed for n in walk(each.closure.body))


# ── nobody wakes it ──────────────────────────────────────────────────────────────────────────────────────────────────


def _unheard(
    rule: Rule, program: Program, ref: UnitRef, each: Awaited, message: _Sent, alone: bool, sure: Confidence
) -> Iterator[Finding]:
    """A reply that wakes it, through a proxy that has no error handler, or one that cannot know of it."""
    call, made = message
    holes: dict[str, str | Place] = {"message": call.name, "continuation": each.name}
    name = Place(ref.path, ref.key, call.name_start, call.name_end)
    if made.handler is None:
        base = made.node.base if isinstance(made.node, Member) else made.node.target
        if alone and _throws(each) and made.ref == ref and base is not None:
            outside = {} if each.holds(made.node) else _moved(program, ref, each, made)
            if outside or each.holds(made.node):
                holes |= {"proxy": made.place, "connection": _place(ref, base), **outside}
        here = made.ref == ref
        steps = () if here else (Step(made.place, "the proxy is made here, without an error handler"),)
        yield rule.finding(made.place if here else name, sure, context="silent", holes=holes, steps=steps)
    elif made.ref != ref and not may_tell(program, made):
        step = Step(made.place, "the error handler of the proxy is set here")
        yield rule.finding(name, sure, context="elsewhere", holes=holes, steps=(step,))


def _absent(rule: Rule, program: Program, ref: UnitRef, each: Awaited, message: _Sent) -> Iterator[Finding]:
    """A message over a connection that may be nil: then neither the reply nor the error handler is ever called."""
    call, made = message
    base = made.node.base if isinstance(made.node, Member) else made.node.target
    if made.handler is None or made.ref != ref or base is None or not _is_chained(program, ref, base):
        return
    name = Place(ref.path, ref.key, call.name_start, call.name_end)
    holes = {"continuation": each.name, "message": call.name}
    yield rule.finding(name, "likely", context="absent", holes=holes)


def _is_chained(program: Program, ref: UnitRef, base: Expr) -> bool:
    """Whether a property is optional, and is asked by `?.` whether it is there."""
    if isinstance(base, Name) and base.text in scope(program, ref):
        return False  # bound to what it holds, mostly
    return isinstance(base, Name | Member) and type_of(program, ref, base).rstrip().endswith("?")


def _moved(program: Program, ref: UnitRef, each: Awaited, made: Made) -> dict[str, str | Place]:
    """The declaration of a proxy outside the closure that alone uses it, and where it goes in the closure."""
    code = code_of(program, ref)
    lets = [s for block in blocks(code) for s in block if isinstance(s, Let) and s.value and bare(s.value) == made.node]
    if len(lets) != 1 or len(lets[0].names) != 1:
        return {}
    used = [n for n in walk(code) if is_named(n, set(lets[0].names)) and not each.holds(n)]
    start = each.closure.body_start
    return {} if used else {"outside": _place(ref, lets[0]), "body": Place(ref.path, ref.key, start, start)}


def _missing(rule: Rule, ref: UnitRef, each: Awaited, found: tuple[Way, ...], alone: bool) -> Iterator[Finding]:
    """One finding for each place where it is left sleeping."""
    said: set[object] = set()
    for way in found:
        stop = way.stop
        if not way.missing or stop is None or (stop.ref, stop.node and stop.node.start) in said:
            continue
        said.add((stop.ref, stop.node and stop.node.start))
        context, confidence = told(way, found)
        holes = {"continuation": each.name, "when": "true" if stop.taken else "false"} | _where(ref, each, stop, alone)
        yield rule.finding(_place_of(ref, each, stop), confidence, context=context, holes=holes)


def _place_of(ref: UnitRef, each: Awaited, stop: Stop) -> Place:
    if stop.node is None:
        return Place(ref.path, ref.key, each.call.name_start, each.call.name_end)
    if isinstance(stop.node, Catch):
        return Place(stop.ref.path, stop.ref.key, stop.node.start, stop.node.start + len("catch"))
    return _place(stop.ref, stop.node)


def _where(ref: UnitRef, each: Awaited, stop: Stop, alone: bool) -> dict[str, str | Place]:
    """Where it can be resumed with an error, which one, and whether nothing else does so then."""
    if not _throws(each) or stop.node is None or stop.ref != ref or not each.holds(stop.node):
        return {}
    match stop.node:
        case Return(value=None):
            return {"before": _place(ref, stop.node)}
        case Catch(bind=bind, type=type_):
            return {"last-in": _place(ref, stop.node), "error": bind or ("" if type_ else "error")}
        case Closure(params=params) as handler:
            shorthand = "$0" if any(is_named(node, {"$0"}) for node in walk(handler)) else ""
            error = params[0].name.strip("_") if params else shorthand
            return {"last-in": _place(ref, handler), "error": error} | ({"safe": "yes"} if alone else {})
        case _:
            return {}


def _throws(each: Awaited) -> bool:
    return "Throwing" in each.call.name


def _async_messages(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    """`await proxy.message()`: what wakes it is a reply block that Swift makes, and no error handler knows of that."""
    for node in walk(code_of(program, ref)):
        call = bare(node) if isinstance(node, Operator) and node.op == "await" else None
        if not isinstance(call, Call) or any(isinstance(arg, Closure) for arg in call.args):
            continue
        made = proxy_of(program, ref, call)
        if made is not None:
            name = Place(ref.path, ref.key, call.name_start, call.name_end)
            confidence: Confidence = "certain" if made.handler is None else "likely"
            yield rule.finding(name, confidence, variant="c", holes={"message": call.name})


# ── two wake it ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _twice(rule: Rule, ref: UnitRef, each: Awaited, found: tuple[Way, ...]) -> Iterator[Finding]:
    said: set[int] = set()
    for way in found:
        if way.open or len(way.calls) < 2 or way.calls[1][1].start in said:
            continue
        (first_ref, first), (again_ref, again) = way.calls[:2]
        said.add(again.start)
        always = all(len(other.calls) > 1 for other in found if (first_ref, first) in other.calls[:1])
        yield rule.finding(
            _place(again_ref, again),
            "certain" if always and way.sure else "hint",
            variant="b",
            holes={"continuation": each.name},
            steps=(Step(_place(first_ref, first), "it is resumed here"),),
        )


def _by_handlers(rule: Rule, ref: UnitRef, each: Awaited, handlers: list[Closure]) -> Iterator[Finding]:
    """Handlers of the connection that resume what an error handler or a reply has resumed."""
    if any(_is_cleared(node) for node in walk(each.closure)):
        return
    for handler in handlers:
        guarded = any(isinstance(node, If | Guard) for node in walk(handler.body))
        resumes = [n for n in walk(handler.body) if isinstance(n, Call) and n.name == "resume" and each.is_in(n)]
        if resumes and not guarded:
            yield rule.finding(
                _place(ref, resumes[0]), "likely", variant="b", context="handler", holes={"continuation": each.name}
            )


def _handlers(closure: Closure) -> Iterator[Closure]:
    """The interruption and invalidation handlers that a closure sets."""
    for node in walk(closure.body):
        name = node.target.name if isinstance(node, Assign) and isinstance(node.target, Member) else ""
        if isinstance(node, Assign) and name in HANDLERS and isinstance(node.value, Closure):
            yield node.value
        elif isinstance(node, Call) and property_of_setter(node.name) in HANDLERS and isinstance(node.args[0], Closure):
            yield node.args[0]


def _is_cleared(node: Node) -> bool:
    """Whether a handler is taken away again."""
    return (
        isinstance(node, Assign)
        and isinstance(node.target, Member)
        and node.target.name in HANDLERS
        and isinstance(node.value, Literal)
    )


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
