"""A flow told in sentences: where the data comes from, what it goes through, where it ends."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.model.finding import Place, Step
from ipclint.model.ir import Call, Node
from ipclint.program.flow_apis import spelled
from ipclint.program.flow_model import CallHit, Parameter, ReturnHit, SinkHit, Stored, WriteHit
from ipclint.program.flow_search import Flow, Link
from ipclint.program.flow_state import Hop
from ipclint.program.program import Program, UnitRef

_HOPS = {
    "source": "{} reads what others wrote",
    "assign": "goes into {}",
    "append": "is added to {}",
    "returned": "comes back from {}",
    "filled": "is filled in by {}",
    "calls-back": "is handed to a closure by {}",
}
"""What a hop says; kinds that are missing here are told by their neighbours."""

_HALF = {
    "half.prefix": "the prefix test on the way also accepts a neighbour: /folder-evil begins with /folder",
    "path.prefix": "the prefix test on the way does not see through .. or links: the path is not resolved first",
    "path.resolved": "the path is resolved but not compared with a folder it must stay in",
    "path.no-dots": "the test for .. on the way does not hold an absolute path back",
}
"""Assurances that do not add up, with the counterexample."""


def story(program: Program, flow: Flow) -> tuple[Step, ...]:
    """The steps of a flow, source first."""
    steps = [_beginning(program, flow)]
    for number, link in enumerate(flow.links):
        if number:
            steps.extend(_arrival(program, link, flow.links[number - 1]))
        steps.extend(_hops(link))
        steps.append(_departure(program, link))
    return tuple(step for number, step in enumerate(steps) if number == 0 or step != steps[number - 1])


def source_name(program: Program, flow: Flow) -> str:
    """The data by a name: “command of runCommand(command:withReply:)”, “pasteboard.string(forType:)”."""
    root = flow.root
    function = program.function(root.ref)
    if isinstance(root.input, Parameter) and function is not None:
        return f"{function.params[root.input.number].name} of {function.signature}"
    source = next((hop for hop in flow.links[0].leaves.story.hops if hop.kind == "source"), None)
    return source.text if source is not None else root.name


def half_validator(flow: Flow) -> str:
    """What is wrong with the check on the way, "" when there is none."""
    return next((text for token, text in _HALF.items() if token in flow.tokens), "")


def _beginning(program: Program, flow: Flow) -> Step:
    root = flow.root
    function = program.function(root.ref)
    if isinstance(root.input, Parameter) and function is not None:
        place = Place(root.ref.path, root.ref.key, *function.name_span)
        name = function.params[root.input.number].name
        return Step(place, f"{_SENDERS.get(root.kind, 'another process')} chooses {name} of {function.signature}")
    first = next((hop for hop in flow.links[0].leaves.story.hops if hop.kind == "source"), None)
    if first is not None:
        return Step(
            _at(root.ref, first), f"{_SENDERS.get(root.kind, 'another process')} chooses what {first.text} gives"
        )
    node = _node(flow.links[0])
    start, end = (node.start, node.end) if node is not None else function.name_span if function is not None else (0, 0)
    return Step(Place(root.ref.path, root.ref.key, start, end), f"{root.name} comes from another process")


_SENDERS = {
    "ipc.xpc": "any client of the service",
    "ipc.url": "whoever opens the link",
    "ipc.activity": "whoever made the link or activity",
    "ipc.pasteboard": "whoever wrote to the pasteboard",
    "ipc.notification": "any process of this user",
    "ipc.apple-event": "whoever sent the Apple event",
    "web.script": "the page",
}


def _hops(link: Link) -> Iterator[Step]:
    for hop in link.leaves.story.hops:
        text = _HOPS.get(hop.kind)
        if text is not None and hop.kind != "source" and hop.text:
            yield Step(_at(link.ref, hop), text.format(hop.text))


def _arrival(program: Program, link: Link, before: Link) -> Iterator[Step]:
    function = program.function(link.ref)
    if function is None:
        return
    place = Place(link.ref.path, link.ref.key, *function.name_span)
    if isinstance(link.input, Parameter):
        yield Step(place, f"arrives in {function.signature} as {function.params[link.input.number].name}")
    elif isinstance(link.input, Stored):
        yield Step(place, f"{function.signature} reads {link.input.name}, which holds it")
    elif isinstance(before.leaves, ReturnHit):
        yield Step(place, f"{function.signature} asks for it")


def _departure(program: Program, link: Link) -> Step:
    leaves = link.leaves
    match leaves:
        case SinkHit():
            return Step(place_of(link), f"reaches {sink_name(leaves)}")
        case CallHit(callee=callee):
            called = program.function(callee)
            return Step(
                place_of(link), f"is passed to {called.signature if called is not None else 'another function'}"
            )
        case WriteHit(owner=owner, name=name):
            return Step(place_of(link), f"is kept in {owner}.{name}" if owner else f"is kept in the global {name}")
        case ReturnHit():
            function = program.function(link.ref)
            last = leaves.story.hops[-1] if leaves.story.hops else None
            place = _at(link.ref, last) if last is not None else Place(link.ref.path, link.ref.key, 0, 0)
            return Step(place, f"is returned by {function.signature if function is not None else 'the function'}")


def sink_name(sink: SinkHit) -> str:
    """The sink as the code spells it: `process.arguments`, `FileManager.default.removeItem(atPath:)`."""
    return spelled(sink.node) or sink.api


def place_of(link: Link) -> Place:
    """Where data leaves a body: the call, the assignment, the sink."""
    node = _node(link)
    if node is None:
        return Place(link.ref.path, link.ref.key, 0, 0)
    start = node.start
    if isinstance(node, Call) and node.target is not None and isinstance(node.target, Call):
        start = node.name_start  # a chain's receiver may stand lines above
    return Place(link.ref.path, link.ref.key, start, node.end)


def _node(link: Link) -> Node | None:
    return link.leaves.node if not isinstance(link.leaves, ReturnHit) else None


def _at(ref: UnitRef, hop: Hop) -> Place:
    return Place(ref.path, ref.key, hop.start, hop.end)
