"""XPC204: class lists of NSXPCInterfaces that are missing, name what does not exist, or come too late."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks.around import path_to, place_of, spelled
from ipclint.checks.detectors import detector
from ipclint.checks.detectors.coding_class import coded
from ipclint.checks.detectors.coding_evidence import is_block
from ipclint.checks.detectors.coding_lists import ROOTS
from ipclint.checks.detectors.coding_shapes import Shape, expanded, parse_shape
from ipclint.checks.detectors.coding_slots import Declared, Slot, declared_lists, is_whole, matches, requirements, slots
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Finding, Place, Step
from ipclint.model.ir import Assign, Call, Evaluate, Member, Node, walk
from ipclint.program.link import ancestors, calls_in, declarations
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import exported_protocols, interfaces

CONTAINERS = {
    "array": frozenset({"NSArray", "NSMutableArray"}),
    "set": frozenset({"NSSet", "NSMutableSet", "NSOrderedSet", "NSMutableOrderedSet"}),
    "dictionary": frozenset({"NSDictionary", "NSMutableDictionary"}),
}


_QUALIFIED = re.compile(r"(?:__kindof )?id ?< ?(\w+) ?>")


@detector("interface-class-list-missing-or-wrong", on="function")
def in_function(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    for each in declared_lists(program):
        if each.ref == ref:
            yield from _wrong(rule, program, each)
            yield from _late(rule, program, each)
    yield from _missing(rule, program, ref)


@detector("interface-class-list-missing-or-wrong", on="variable")
def in_variable(rule: Rule, program: Program, ref: UnitRef, unit: Variable) -> Iterator[Finding]:
    yield from _missing(rule, program, ref)


# ── wrong ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _wrong(rule: Rule, program: Program, each: Declared) -> Iterator[Finding]:
    if not each.protocol or not each.selector or not is_whole(program, each.protocol):
        return
    found = [(ref, f) for ref, f in requirements(program, each.protocol) if matches(f, each.selector)]
    if not found:
        yield _at_list(rule, each, "selector", {"selector": each.selector, "protocol": each.protocol})
        return
    ref, function = found[0]
    has_reply = any(_may_be_block(expanded(program, param.type)) for param in function.params)
    method = f"{each.protocol}.{function.signature}"
    if each.of_reply and not has_reply:
        yield _at_list(rule, each, "no-reply", {"method": method})
        return
    if each.number is None or each.of_reply is None:
        return
    here = [slot for slot in slots(program, ref, function) if slot.of_reply == each.of_reply]
    slot = next((slot for slot in here if slot.number == each.number), None)
    if slot is None:
        kind = "reply argument" if each.of_reply else "argument"
        is_the_block = not each.of_reply and each.number < len(function.params)
        context = "block" if is_the_block else "index"
        yield _at_list(rule, each, context, {"method": method, "index": str(each.number), "kind": kind})
    elif each.closed and ROOTS.isdisjoint(each.classes):
        yield from _incomplete(rule, program, each, slot)


def _may_be_block(text: str) -> bool:
    """Whether a parameter takes a block, or is of a typedef that the program does not show."""
    shape = parse_shape(text)
    return is_block(text) or (
        shape.kind == "named" and shape.name.endswith(("Block", "Handler", "Reply", "Completion"))
    )


def _incomplete(rule: Rule, program: Program, each: Declared, slot: Slot) -> Iterator[Finding]:
    """A list without the container itself, or without what is in it."""
    containers = CONTAINERS.get(slot.shape.kind)
    if containers is None:
        return
    if containers.isdisjoint(each.classes):
        container = "NSOrderedSet" if "OrderedSet" in slot.shape.name else min(containers, key=len)
        yield _at_list(rule, each, "container", {"slot": slot.text, "class": container, "list": _list_place(each)})
        return
    for element in elements(program, slot.shape):
        family = {element, *ancestors(program, element)}
        below = any(element in ancestors(program, name) for name in each.classes)
        if family.isdisjoint(each.classes) and not below:
            yield _at_list(rule, each, "element", {"slot": slot.text, "class": element, "list": _list_place(each)})
            return


def elements(program: Program, shape: Shape) -> Iterator[str]:
    """The classes of the program in a collection's type."""
    for arg in shape.args:
        if arg.kind == "named" and coded(program, arg.name) is not None:
            yield arg.name
        yield from elements(program, arg)


def _at_list(rule: Rule, each: Declared, context: str, holes: dict[str, str | Place]) -> Finding:
    return rule.finding(place_of(each.ref, each.call), context=context, variant="b", holes=holes)


def _list_place(each: Declared) -> Place:
    argument = each.call.args[0]
    return Place(each.ref.path, each.ref.key, argument.start, argument.end)


# ── late ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _late(rule: Rule, program: Program, each: Declared) -> Iterator[Finding]:
    """A list that is set in the same block after the connection was resumed."""
    owner = _connection_of(program, each)
    for call in calls_in(program, each.ref) if owner else ():
        if call.name not in ("resume", "activate") or spelled(call.target) != owner or call.end > each.call.start:
            continue
        if _follows(program, each.ref, call, each.call):
            step = Step(place_of(each.ref, call), f"{owner} is resumed here")
            place = place_of(each.ref, each.call)
            yield rule.finding(place, context="late", variant="c", holes={"connection": owner}, steps=(step,))
            return


_ROLES = ("exportedInterface", "remoteObjectInterface")


def _connection_of(program: Program, each: Declared) -> str:
    """The connection whose interface a list is set on, by a property of it or by a local that was given to it."""
    receiver = each.call.target
    if isinstance(receiver, Member) and receiver.name in _ROLES:
        return spelled(receiver.base)
    name = spelled(receiver)
    for node in walk(program.body(each.ref)):
        match node:
            case Assign(target=Member(base=base, name=role), value=value) if role in _ROLES and name:
                if spelled(value) == name:
                    return spelled(base)
            case _:
                pass
    return ""


def _follows(program: Program, ref: UnitRef, first: Node, second: Node) -> bool:
    """Whether both nodes are statements of one block, so that the second runs whenever the first did."""
    above, below = path_to(program, ref, first), path_to(program, ref, second)
    shared = 0
    while shared < min(len(above), len(below)) and above[shared] is below[shared]:
        shared += 1
    return all(isinstance(path[shared], Evaluate) for path in (above, below) if shared < len(path)) and bool(below)


# ── missing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _missing(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    """The slots of the protocols that interfaces are made of here, for which no interface says what is in them."""
    protocols = {interface.protocol for interface in interfaces(program) if interface.ref == ref}
    lists = declared_lists(program)
    for protocol in sorted(protocols & exported_protocols(program)):
        for requirement, function in requirements(program, protocol):
            told = [each for each in lists if matches(function, each.selector) or not each.selector]
            for slot in slots(program, requirement, function):
                if any(each.number in (slot.number, None) and each.of_reply in (slot.of_reply, None) for each in told):
                    continue
                yield from _unlisted(rule, program, slot)


def _unlisted(rule: Rule, program: Program, slot: Slot) -> Iterator[Finding]:
    place = Place(slot.requirement.path, slot.requirement.key, slot.start, slot.end)
    if slot.shape.kind in CONTAINERS:
        classes = list(dict.fromkeys(elements(program, slot.shape)))
        if classes:
            holes: dict[str, str | Place] = {"slot": slot.text, "class": " and ".join(classes)}
            holes |= {"index": str(slot.number), "reply": "true" if slot.of_reply else ""}
            yield rule.finding(place, "likely", context="missing", variant="a", holes=holes)
    elif (name := _protocol_of(program, slot)) and _is_proxied(program, slot, name):
        holes = {"slot": slot.text, "class": name}
        yield rule.finding(place, "likely", context="proxy", variant="d", holes=holes)


def _protocol_of(program: Program, slot: Slot) -> str:
    """What an argument is typed by: `Observer`, `id<Observer>`; "" for a collection or several protocols."""
    if slot.shape.kind == "named":
        return slot.shape.name
    function = program.function(slot.requirement)
    if function is None or slot.of_reply or slot.number >= len(function.params):
        return ""
    found = _QUALIFIED.match(function.params[slot.number].type)
    return found[1] if found is not None else ""


def _is_proxied(program: Program, slot: Slot, name: str) -> bool:
    """Whether an argument is typed by a protocol of the program whose adopters need not code themselves."""
    if not any(unit.kind == "protocol" for _, unit in declarations(program, name)):
        return False
    if {"NSSecureCoding", "NSCoding"} & ancestors(program, name):
        return False
    return not any(
        call.args and _is_for(program, slot, call)
        for ref in program.mentioning("setInterface")
        for call in calls_in(program, ref)
        if call.name in ("setInterface", "setInterface:forSelector:argumentIndex:ofReply:")
    )


def _is_for(program: Program, slot: Slot, call: Call) -> bool:
    """Whether a `setInterface` is for the method of a slot, or for one that cannot be told."""
    function = program.function(slot.requirement)
    text = getattr(call.args[1], "text", "") if len(call.args) > 1 else ""
    selector = text.partition("(")[0].rpartition(".")[2] + "".join(text.partition("(")[1:])
    return function is None or not selector or matches(function, selector)
