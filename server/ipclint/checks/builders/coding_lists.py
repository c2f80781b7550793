"""Class lists of NSXPCInterfaces completed and declared (fix F15 of the catalogue)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.around import path_to, spelled
from ipclint.checks.builders.coding_decode import class_argument, uses_dot_class
from ipclint.checks.detectors.coding_interfaces import CONTAINERS
from ipclint.checks.detectors.coding_shapes import Classes, classes_of
from ipclint.checks.detectors.coding_slots import Slot, slots
from ipclint.checks.fix import Sources
from ipclint.model.facts import Function
from ipclint.model.finding import Edit, Finding, Place
from ipclint.model.ir import Assign, Evaluate, Let, Member, Node, walk
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import Exported, interfaces

_CLASS = re.compile(r"\b[A-Z]\w*\.(?:self|class)\b|\[[A-Z]\w* class\]")


class Change(NamedTuple):
    edits: tuple[Edit, ...]
    safe: bool


def completed(finding: Finding, sources: Sources) -> tuple[Edit, ...]:
    """The class that a list lacks: a container goes first, an element last; () when the list is elsewhere."""
    place, name = finding.holes.get("list"), finding.holes.get("class")
    if not isinstance(place, Place) or not isinstance(name, str):
        return ()
    text = sources.text(place)
    listed = list(_CLASS.finditer(text))
    if not listed:
        return ()
    first, last = listed[0], listed[-1]
    written = first[0].replace(re.sub(r"\.(?:self|class)$|^\[| class\]$", "", first[0]), name)
    if any(name in containers for containers in CONTAINERS.values()):
        return (sources.replace(place, f"{text[: first.start()]}{written}, {text[first.start() :]}"),)
    return (sources.replace(place, f"{text[: last.end()]}, {written}{text[last.end() :]}"),)


def declared(program: Program, finding: Finding, sources: Sources) -> Change | None:
    """`setClasses` behind every creation of the interface on the side that receives the collection."""
    ref = UnitRef(finding.place.path, finding.place.unit)
    function = program.function(ref)
    slot = _slot(program, ref, function, finding) if function is not None else None
    classes = classes_of(program, slot.shape) if slot is not None else None
    if function is None or slot is None or classes is None:
        return None
    edits: list[Edit] = []
    sure = classes.exact
    for interface in interfaces(program):
        if interface.protocol != slot.protocol:
            continue
        for made in _made(program, interface):
            if made.remote is not None and made.remote != slot.of_reply:
                continue
            text = _call(interface.ref.path, made.name, slot, function, classes, sources)
            if text:
                sure = sure and made.remote is not None
                edits.append(sources.insert_after(_place(interface.ref, made.statement), text))
    return Change(tuple(edits), sure) if edits else None


def _slot(program: Program, ref: UnitRef, function: Function, finding: Finding) -> Slot | None:
    index, reply = finding.holes.get("index"), finding.holes.get("reply")
    return next(
        (s for s in slots(program, ref, function) if str(s.number) == index and s.of_reply == (reply == "true")), None
    )


class Made(NamedTuple):
    """An interface in a variable: `name` reaches it after `statement`; `remote` is None when its use is not seen."""

    statement: Node
    name: str
    remote: bool | None


def _made(program: Program, interface: Exported) -> Iterator[Made]:
    path = path_to(program, interface.ref, interface.node)
    for node in reversed(path[:-1]):
        match node:
            case Let(names=(name,)):
                yield Made(node, name, _role(program, interface.ref, name))
                return
            case Assign(target=Member(name="exportedInterface" | "remoteObjectInterface" as role) as target):
                statement = next((each for each in reversed(path) if isinstance(each, Evaluate)), node)
                yield Made(statement, spelled_optional(target, interface.ref.path), role == "remoteObjectInterface")
                return
            case _:
                pass


def spelled_optional(target: Member, path: str) -> str:
    """A connection's interface as what `setClasses` is called on; it is optional in Swift."""
    text = f"{spelled(target.base)}.{target.name}"
    return f"{text}?" if path.endswith(".swift") else text


def _role(program: Program, ref: UnitRef, name: str) -> bool | None:
    """Whether a local interface becomes a connection's remote one, None when neither is seen."""
    for node in walk(program.body(ref)):
        if isinstance(node, Assign) and isinstance(node.target, Member) and spelled(node.value) == name:
            if node.target.name == "remoteObjectInterface":
                return True
            if node.target.name == "exportedInterface":
                return False
    return None


def _call(path: str, name: str, slot: Slot, function: Function, classes: Classes, sources: Sources) -> str:
    if path.endswith(".swift"):
        if ":" in function.name:
            return ""  # an Objective-C protocol: its Swift names are the importer's business
        listed = ", ".join(f"{each}.self" for each in classes.names)
        selector = f"#selector({slot.protocol}.{function.signature})"
        reply = "true" if slot.of_reply else "false"
        return (
            f"{name}.setClasses(NSSet(array: [{listed}]) as! Set<AnyHashable>, for: {selector}, "
            f"argumentIndex: {slot.number}, ofReply: {reply})"
        )
    if not function.selector:
        return ""
    argument = class_argument(classes.names, uses_dot_class(sources.data(path)))
    reply = "YES" if slot.of_reply else "NO"
    return (
        f"[{name} setClasses:{argument} forSelector:@selector({function.selector}) "
        f"argumentIndex:{slot.number} ofReply:{reply}];"
    )


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
