"""XPC305: a reply that some way through an exported method leaves out, or sends twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.raw_replies import raw_replies, unanswered
from ipclint.checks.rule import Rule
from ipclint.model.facts import Alias, Function, Type, Variable
from ipclint.model.finding import Confidence, Finding, Place, Step
from ipclint.model.ir import Catch, Closure, Node, Param, Return
from ipclint.program.callbacks import Stop, Way, parameter_ways
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import exported_methods
from ipclint.program.types import base_type

_REPLY = re.compile(r"reply|completion|handler|block|callback|response", re.I)


@detector("reply-not-sent-exactly-once", on="function")
@detector("reply-not-sent-exactly-once", on="variable")
def reply_not_sent_exactly_once(
    rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable
) -> Iterator[Finding]:
    yield from raw_replies(rule, program, ref, unit)
    yield from unanswered(rule, program, ref, unit)


@detector("reply-not-sent-exactly-once", on="type", everywhere=True)
def exported_method_does_not_reply_once(rule: Rule, program: Program, ref: UnitRef, unit: Type) -> Iterator[Finding]:
    for member, function in exported_methods(program, ref, unit):
        yield from _of_method(rule, program, member, function)


def _of_method(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    index = _reply_index(program, unit)
    if index is None:
        return
    name = unit.params[index].name or unit.params[index].label or "its reply"
    holes: dict[str, str | Place] = {"method": unit.signature, "reply": name, "type": unit.params[index].type}
    found = parameter_ways(program, ref, index)
    yield from _missing(rule, program, ref, found, holes)
    yield from _twice(rule, found, holes)


def _reply_index(program: Program, unit: Function) -> int | None:
    """The one block that a message to another process may carry: its reply."""
    blocks = [index for index, param in enumerate(unit.params) if _is_block(program, param)]
    return blocks[-1] if blocks else None


def _is_block(program: Program, param: Param) -> bool:
    if "->" in param.type or "^" in param.type:
        return True
    targets = (program.unit(ref) for ref in program.aliases_named(base_type(param.type)))
    if any(isinstance(alias, Alias) and ("->" in alias.target or "^" in alias.target) for alias in targets):
        return True
    return param.type.endswith(("Block", "Handler", "Completion", "Reply")) and bool(_REPLY.search(param.name))


def _missing(
    rule: Rule, program: Program, ref: UnitRef, ways: Iterable[Way], holes: dict[str, str | Place]
) -> Iterator[Finding]:
    """One finding for each place where the method can still reply; conditions that leave it out count once."""
    unit = program.function(ref)
    said: set[object] = set()
    if unit is None:
        return
    for way in ways:
        stop = way.stop
        if not way.missing or way.thrown or stop is None:
            continue
        key = stop.ref if stop.why == "decides" else (stop.ref, stop.node and stop.node.start)
        if key in said:
            continue
        said.add(key)
        context, confidence = told(way, ways)
        yield rule.finding(
            _place_of(stop, ref, unit),
            "hint" if _is_overridden(program, unit) else confidence,  # a stub; who is exported is another class
            context=context,
            holes=holes | {"when": "true" if stop.taken else "false"} | _where(stop, ref),
            steps=_story(stop, ref, unit),
        )


def _where(stop: Stop, ref: UnitRef) -> dict[str, str | Place]:
    """Where a reply can be put in, and the error that is known there."""
    if stop.node is None or stop.ref != ref:
        return {}
    match stop.node:
        case Return():
            return {"before": _place(ref, stop.node)}
        case Catch(bind=bind, type=type_):
            return {"last-in": _place(ref, stop.node), "error": bind or ("" if type_ else "error")}
        case Closure(params=params):
            return {"last-in": _place(ref, stop.node), "error": params[0].name.strip("_") if params else ""}
        case _:
            return {}


def told(way: Way, ways: Iterable[Way]) -> tuple[str, Confidence]:
    """The context in which a way without a call is told, and how sure it is that it is taken."""
    stop = way.stop
    if stop is None or (stop.why == "ends" and not any(other.calls or other.open for other in ways)):
        return "", "certain"
    if stop.why == "ends":
        return "some", "likely"
    context = stop.why.replace(" ", "-")
    if stop.paired:
        return context, "hint"
    return context, "certain" if way.sure and stop.why != "decides" else "likely"


def _is_overridden(program: Program, unit: Function) -> bool:
    """Whether a subclass has a method of this signature."""
    subtypes = (program.unit(ref) for ref in program.declaring_subtypes(unit.owner.rpartition(".")[2]))
    return any(isinstance(t, Type) and program.members_named(t.qualified, unit.name) for t in subtypes)


def _story(stop: Stop, ref: UnitRef, unit: Function) -> tuple[Step, ...]:
    if stop.ref == ref:
        return ()
    return (Step(Place(ref.path, ref.key, *unit.name_span), f"{unit.signature} hands its reply on"),)


def _place_of(stop: Stop, ref: UnitRef, unit: Function) -> Place:
    if stop.node is None:
        return Place(ref.path, ref.key, *unit.name_span)
    if isinstance(stop.node, Catch):
        return Place(stop.ref.path, stop.ref.key, stop.node.start, stop.node.start + len("catch"))
    return _place(stop.ref, stop.node)


def _twice(rule: Rule, ways: tuple[Way, ...], holes: dict[str, str | Place]) -> Iterator[Finding]:
    for way in ways:
        if way.open or len(way.calls) < 2:
            continue
        (first_ref, first), (ref, again) = way.calls[:2]
        always = all(len(other.calls) > 1 for other in ways if (first_ref, first) in other.calls[:1])
        yield rule.finding(
            _place(ref, again),
            "certain" if always and way.sure else "hint",
            variant="b",
            holes=holes,
            steps=(Step(_place(first_ref, first), "the first reply is sent here"),),
        )


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
