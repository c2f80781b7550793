"""What crosses at an endpoint: the methods that the other side can call, or the code that gets what it sent, with the
types of the arguments and what their data reaches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ipclint.checks.story import place_of, sink_name
from ipclint.model.facts import Function
from ipclint.model.finding import Place
from ipclint.program import flow_model as model
from ipclint.program.configuration import programs_of
from ipclint.program.endpoints import Endpoint, owners_of
from ipclint.program.flow_search import Root, flows, roots
from ipclint.program.link import ancestors, conforms
from ipclint.program.mechanisms import Kind
from ipclint.program.messages import answers, requirements_in
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query

XPC = "ipc.xpc"
SOURCES: dict[Kind, tuple[str, ...]] = {
    "libxpc listener": (XPC,),
    "URL scheme": ("ipc.url",),
    "universal link": ("ipc.activity",),
    "user activity": ("ipc.activity",),
    "Apple event handler": ("ipc.apple-event",),
    "pasteboard": ("ipc.pasteboard",),
    "distributed notification": ("ipc.notification",),
    "Mach port listener": ("ipc.mach",),
    "message port listener": ("ipc.mach",),
    "socket listener": ("ipc.socket",),
    "watch session": ("device.watch",),
    "script message": ("web.script",),
}
"""The kinds of hostile data that come in by an endpoint."""

FAMILIES = {
    "command": "a command",
    "code": "code that is loaded or run",
    "privilege": "a privileged operation",
    "path": "the path of a file",
    "url": "a URL that is opened or fetched",
    "store": "a setting",
}
"""What data may reach, by the family of the sink; the gravest first."""


class Reached(NamedTuple):
    """Where data gets: the family of the sink, what is called as the code spells it, and where."""

    family: str
    code: str
    place: Place


class Crossing(NamedTuple):
    """A method or handler. `protocol` is "" for a handler; `params` are (name, type as written); `body` is None when
    it is not known what runs."""

    signature: str
    protocol: str
    params: tuple[tuple[str, str], ...]
    place: Place
    body: Place | None
    reaches: tuple[Reached, ...]


@query(bottom=())
def what_crosses(program: Program, endpoint: Endpoint) -> tuple[Crossing, ...]:
    """What crosses at an endpoint; () where nothing is known, and for places that programs merely share."""
    if endpoint.protocols:
        return tuple(_methods(program, endpoint.protocols, endpoint.direction == "in"))
    if endpoint.kind == "system service":
        return tuple(_served(program, endpoint.name))
    if endpoint.direction == "out" or endpoint.kind not in SOURCES:
        return ()
    return tuple(_handled(program, endpoint))


# ── methods of exported protocols ────────────────────────────────────────────────────────────────────────────────────


def _methods(program: Program, protocols: Iterable[str], here: bool) -> Iterator[Crossing]:
    """The requirements of protocols and of those they inherit from; `here`: what implements them is of interest."""
    inherited = (above for protocol in protocols for above in sorted(ancestors(program, protocol)))
    for protocol in dict.fromkeys((*protocols, *inherited)):
        for ref in requirements_in(program, protocol):
            function = program.function(ref)
            if function is None:
                continue
            bodies = bodies_of(program, protocol, ref) if here else ()
            reached = dict.fromkeys(each for body in bodies for each in _reached_by_arguments(program, body))
            yield Crossing(
                function.signature,
                protocol,
                _params(function),
                _name_place(ref, function),
                _place_of_name(program, bodies[0]) if bodies else None,
                _in_order(reached),
            )


@query(bottom=())
def bodies_of(program: Program, protocol: str, requirement: UnitRef) -> tuple[UnitRef, ...]:
    """The methods with a body that implement a requirement, in the types that adopt its protocol."""
    wanted = program.function(requirement)
    if wanted is None:
        return ()
    names = dict.fromkeys(filter(None, (wanted.selector, wanted.name)))
    found: dict[UnitRef, None] = {}
    for ref in (ref for name in names for ref in program.functions_named(name)):
        method = program.function(ref)
        if method is not None and method.body and answers(wanted, method) and conforms(program, method.owner, protocol):
            found[ref] = None
    return tuple(sorted(found))


def _reached_by_arguments(program: Program, ref: UnitRef) -> Iterator[Reached]:
    function = program.function(ref)
    for number, param in enumerate(function.params if function is not None else ()):
        if function is None or param.name not in function.mentions or model.is_function_type(param.type):
            continue
        if not model.carries_no_text(program, param.type):
            yield from _reached(program, Root(ref, model.Parameter(number), XPC, param.name))


def _reached(program: Program, root: Root) -> Iterator[Reached]:
    for flow in flows(program, root):
        family = flow.sink.kind.partition(".")[0]
        if family in FAMILIES:
            yield Reached(family, sink_name(flow.sink), place_of(flow.links[-1]))


def _in_order(found: Iterable[Reached]) -> tuple[Reached, ...]:
    """The gravest first; of one place, what stands first."""
    places = {(each.family, each.place): each for each in reversed(tuple(found))}
    order = list(FAMILIES)
    return tuple(sorted(places.values(), key=lambda each: (order.index(each.family), each.place, each.code)))


# ── handlers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _handled(program: Program, endpoint: Endpoint) -> Iterator[Crossing]:
    """The code of the endpoint's targets that gets what comes in by it."""
    owners = {(owner.project, owner.name) for owner in endpoint.owners}
    own = {place.path for place in (endpoint.place, *endpoint.also)}
    entered: dict[UnitRef, list[Root]] = {}
    for root in handlers(program, SOURCES[endpoint.kind]):
        if endpoint.kind == "libxpc listener" and root.ref.path not in own:
            continue
        targets = {(owner.project, owner.name) for owner in owners_of(programs_of(program, root.ref.path))}
        if targets & owners or targets == owners:
            entered.setdefault(root.ref, []).append(root)
    for ref, roots_here in entered.items():
        yield from _handler(program, ref, roots_here)


def _handler(program: Program, ref: UnitRef, entered: Iterable[Root]) -> Iterator[Crossing]:
    """A function with the parameters that others fill; one that merely reads counts if what it reads gets anywhere."""
    function = program.function(ref)
    if function is None:
        return
    numbers = sorted({root.input.number for root in entered if isinstance(root.input, model.Parameter)})
    reached = _in_order(dict.fromkeys(each for root in entered for each in _reached(program, root)))
    if numbers or reached:
        params = _params(function)
        place = _name_place(ref, function)
        yield Crossing(_title(function), "", tuple(params[number] for number in numbers), place, place, reached)


def _served(program: Program, message: str) -> Iterator[Crossing]:
    """The method that the system calls for an entry of the Services menu."""
    for ref in program.functions_named(f"{message}:userData:error:") if message else ():
        function = program.function(ref)
        if function is not None and function.body:
            reached = _in_order(dict.fromkeys(each for root in roots(program, ref) for each in _reached(program, root)))
            place = _name_place(ref, function)
            yield Crossing(_title(function), "", _params(function)[:1], place, place, reached)


@query(bottom=())
def handlers(program: Program, kinds: tuple[str, ...]) -> tuple[Root, ...]:
    """Where data of these kinds enters the program, but for the methods of exported protocols."""
    vocabulary = program.vocabulary
    units: dict[UnitRef, None] = {}
    for api in vocabulary.apis.values():
        if any(flow.kind in kinds for flow in api.source):
            for word in sorted(vocabulary.words(api.name)):
                units.update(dict.fromkeys((*program.mentioning(word), *_declared(program, api.name, word))))
    found = (root for ref in sorted(units) for root in roots(program, ref) if root.kind in kinds)
    return tuple(
        dict.fromkeys(root for root in found if root.kind != XPC or not isinstance(root.input, model.Parameter))
    )


def _declared(program: Program, api: str, word: str) -> tuple[UnitRef, ...]:
    """The functions that an entry of the vocabulary means by what it calls a handler."""
    entry = program.vocabulary.apis[api]
    if not any(at.startswith("param") for flow in entry.source for at in flow.at):
        return ()
    selectors = {text.rpartition(" ")[2].rstrip("]") for text in entry.objc if " " in text}
    return tuple(ref for name in (word, *sorted(selectors)) for ref in program.functions_named(name))


# ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _title(function: Function) -> str:
    """A handler with its type, as its language writes it: many are called alike."""
    name = function.signature if function.kind in ("function", "method", "initializer") else function.name
    if ":" in function.name and function.owner:
        return f"{'+' if function.is_static else '-'}[{function.owner} {name}]"
    return f"{function.owner}.{name}" if function.owner else name


def _params(function: Function) -> tuple[tuple[str, str], ...]:
    return tuple((param.name or param.label, " ".join(param.type.split())) for param in function.params)


def _name_place(ref: UnitRef, function: Function) -> Place:
    return Place(ref.path, ref.key, *function.name_span)


def _place_of_name(program: Program, ref: UnitRef) -> Place | None:
    function = program.function(ref)
    return _name_place(ref, function) if function is not None else None
