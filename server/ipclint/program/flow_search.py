"""From where hostile data enters a function to every sink that it reaches, across functions, properties and files.

A search starts at a function that data enters: a method that another process may call, a handler that the system
calls, a use of an API that reads what others wrote. It goes down into callees, up to callers of functions that give
the data back, and across to the readers of properties that it was kept in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.model.facts import Function, Type, Variable
from ipclint.model.ir import Assign, Call, Literal, Member, Name, walk
from ipclint.program import flow_model as model
from ipclint.program import flow_numbers
from ipclint.program.copies import same_type, visible
from ipclint.program.flow import reach
from ipclint.program.flow_hops import notification_name, observers, referenced
from ipclint.program.flow_model import CallHit, Input, ReturnHit, SinkHit, WriteHit
from ipclint.program.flow_state import NOTHING, NUMBER, PART, Tokens, added, settled
from ipclint.program.link import callers, conforms, declarations, owner_of, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.secrets import words_of
from ipclint.program.surface import interfaces, is_exported
from ipclint.program.types import base_type
from ipclint.program.usage import Use, call_uses, read_uses
from ipclint.program.vocabulary import Flow as Role
from ipclint.program.vocabulary import Spelling

MAX_STEPS = 1000  # functions and inputs that one search visits
MAX_DEPTH = 6  # calls, returns and properties between the source and the sink
MAX_READERS = 24  # of one property
NEEDED: Tokens = frozenset({PART})
"""What rules need to have happened to data; other tokens clear it. A way with one tells what one without does not."""


class Root(NamedTuple):
    """Where data enters function `ref`: `kind` of source ("ipc.xpc"), `name` of the parameter or API, its input."""

    ref: UnitRef
    input: Input
    kind: str
    name: str


class Link(NamedTuple):
    """A body that data passes through: how it came in, and by which outcome it leaves."""

    ref: UnitRef
    input: Input
    leaves: SinkHit | CallHit | WriteHit | ReturnHit


class Flow(NamedTuple):
    """Data from `root` reaches the sink at the end of `links`. `anchor` is the first link of the function that a
    reader should look at: the one data entered, or the last one that called for it or read the property it was in."""

    root: Root
    links: tuple[Link, ...]
    anchor: int
    tokens: Tokens
    weak: int

    @property
    def sink(self) -> SinkHit:
        leaves = self.links[-1].leaves
        assert isinstance(leaves, SinkHit)
        return leaves

    @property
    def conditions(self) -> tuple[str, ...]:
        """Every `#if` condition on the way."""
        found = [c for link in self.links if not isinstance(link.leaves, ReturnHit) for c in link.leaves.conditions]
        return tuple(dict.fromkeys(found))


# ── where data enters ────────────────────────────────────────────────────────────────────────────────────────────────


@query(bottom=())
def roots(program: Program, ref: UnitRef) -> tuple[Root, ...]:
    """Every way hostile data enters by the code of a unit: what the system calls it with, what it reads, and the
    parameters of the methods that it exports."""
    unit = program.unit(ref)
    if not isinstance(unit, Function | Variable):
        return ()
    found: list[Root] = []
    if isinstance(unit, Function) and unit.body:
        found += _entered(program, ref, unit)
    if program.body(ref) and _may_read(program, ref, unit):
        found += _read(program, ref)
    if not EXPORT_WORDS.isdisjoint(unit.mentions):
        found += (root for method in exports(program, ref) for root in _called_from_outside(program, method))
    return tuple(dict.fromkeys(found))


def _may_read(program: Program, ref: UnitRef, unit: Function | Variable) -> bool:
    """Whether a look at the body is worth it: a word of a source stands there, and its type is at hand."""
    words = program.vocabulary.source_words
    for word in words.intersection(unit.mentions):
        for spelling in program.vocabulary.by_word.get(word, ()):
            receiver = spelling.receiver
            if spelling.api.source and (
                receiver in ("", "*")
                or spelling.api.distinctive
                or receiver in unit.mentions
                or unit.owner in _owners_naming(program, receiver)
            ):
                return True
    return False


@query(bottom=frozenset[str]())
def _owners_naming(program: Program, type: str) -> frozenset[str]:
    """The types of which a member names `type`, and those that inherit from it."""
    owners = {owner_of(program, ref) for ref in program.mentioning(type)}
    subtypes = (program.unit(ref) for ref in program.declaring_subtypes(type))
    return frozenset(owners | {unit.qualified for unit in subtypes if isinstance(unit, Type)}) - {""}


def _read(program: Program, ref: UnitRef) -> Iterator[Root]:
    words = program.vocabulary.source_words
    for node in walk(program.body(ref)):
        uses: tuple[Use, ...] = ()
        if isinstance(node, Member) and node.name in words:
            uses = read_uses(program, ref, node)
        elif isinstance(node, Call) and node.name.partition(":")[0] in words:
            uses = call_uses(program, ref, node)
        for use in uses:
            for flow in use.api.source if use.kind != "write" else ():
                if not all(position.startswith("param") for position in flow.at):
                    yield Root(ref, model.Source(use.api.name), flow.kind, use.api.name)
                    yield from _called_back(program, ref, use, flow)


def _called_back(program: Program, ref: UnitRef, use: Use, flow: Role) -> Iterator[Root]:
    """The functions that are handed over by name, to be called with what others sent."""
    if flow.names and not any(_is_constant(node, flow.names) for arg in use.args for node in walk(arg)):
        return
    for position in flow.at:
        block = model.block_position(position)
        if block is None or block[0] >= len(use.args):
            continue
        for callee in referenced(program, ref, use.args[block[0]]):
            function = program.function(callee)
            if function is not None and block[1] < len(function.params):
                name = function.params[block[1]].name
                if name in function.mentions:
                    yield Root(callee, model.Parameter(block[1]), flow.kind, name)


def _is_constant(node: object, names: tuple[str, ...]) -> bool:
    """Whether a constant is named, in large letters or small: old code declares `KAEGetURL` of its own."""
    text = node.text if isinstance(node, Name | Literal) else node.name if isinstance(node, Member) else ""
    return bool(text) and text.lower() in {name.lower() for name in names}


def _called_from_outside(program: Program, ref: UnitRef) -> Iterator[Root]:
    """The parameters of an exported method that can carry what its caller chose; reply blocks are not data."""
    function = program.function(ref)
    for number, param in enumerate(function.params if function is not None else ()):
        if function is None or param.name not in function.mentions or model.is_function_type(param.type):
            continue
        if not model.carries_no_text(program, param.type) or _is_followed_number(program, ref, param.type):
            yield Root(ref, model.Parameter(number), "ipc.xpc", param.name)


def _is_followed_number(program: Program, ref: UnitRef, type: str) -> bool:
    return flow_numbers.is_number(type) and flow_numbers.takes_numbers(program, ref)


EXPORT_WORDS = frozenset({"exportedObject", "setExportedObject", "NSXPCInterface"})


@query(bottom=())
def exports(program: Program, ref: UnitRef) -> tuple[UnitRef, ...]:
    """The methods that other processes may call because of what a unit does: it exports an object, or names the
    protocol of objects that nothing in the program exports visibly."""
    types = set(_exported_here(program, ref))
    for interface in interfaces(program):
        if interface.ref == ref:
            units = (program.unit(subtype) for subtype in program.declaring_subtypes(interface.protocol))
            adopters = {unit.qualified for unit in units if isinstance(unit, Type) and unit.kind != "protocol"}
            types |= adopters - _exported_objects(program) if interface.remote else adopters
    owners = {unit.qualified for name in types if name for _, unit in declarations(program, name)}
    methods = (method for owner in sorted(owners) for method in program.members_of(owner))
    return tuple(method for method in dict.fromkeys(methods) if is_exported(program, method))


@query(bottom=())
def _exported_here(program: Program, ref: UnitRef) -> tuple[str, ...]:
    """The types of the objects that a unit exports."""
    found: set[str] = set()
    for node in walk(program.body(ref)):
        if isinstance(node, Assign) and isinstance(node.target, Member) and node.target.name == "exportedObject":
            found.add(base_type(type_of(program, ref, node.value)))
        elif isinstance(node, Call) and node.name == "setExportedObject:" and node.args:
            found.add(base_type(type_of(program, ref, node.args[0])))
    return tuple(sorted(found))


@query(bottom=frozenset[str]())
def _exported_objects(program: Program) -> frozenset[str]:
    """The types of all objects that the program exports visibly."""
    sites = {ref for word in ("exportedObject", "setExportedObject") for ref in program.mentioning(word)}
    return frozenset(name for ref in sites for name in _exported_here(program, ref))


def _entered(program: Program, ref: UnitRef, function: Function) -> Iterator[Root]:
    """The parameters of a handler that the system calls with what others sent."""
    for word in dict.fromkeys((function.name, function.selector)):
        for spelling in program.vocabulary.by_word.get(word, ()) if word else ():
            if not spelling.api.source or not _declares(program, function, spelling):
                continue
            for flow in spelling.api.source:
                for position in flow.at:
                    if position.startswith("param"):
                        number = int(position[5:])
                        if number < len(function.params) and function.params[number].name in function.mentions:
                            yield Root(ref, model.Parameter(number), flow.kind, spelling.api.name)


def _declares(program: Program, function: Function, spelling: Spelling) -> bool:
    """Whether a method is the handler of a model: by its signature alone when the model says that this tells."""
    if spelling.kind != "method" or not function.owner:
        return False
    if function.selector != spelling.name and (function.name, function.labels) != (spelling.name, spelling.labels):
        return False
    fits = conforms(program, function.owner, spelling.receiver)
    return bool(fits) or (fits is None and spelling.api.distinctive)


# ── the search ───────────────────────────────────────────────────────────────────────────────────────────────────────


class _At(NamedTuple):
    """A place of the search. `below`: reached by a call from the anchor, so what is returned was followed there."""

    ref: UnitRef
    input: Input
    tokens: Tokens
    weak: int
    links: tuple[Link, ...]
    anchor: int
    below: bool


@query(bottom=())
def flows(program: Program, root: Root) -> tuple[Flow, ...]:
    """Every sink that data from `root` reaches, nearest first; a sink may come again with other assurances."""
    return tuple(_search(program, root))


def _search(program: Program, root: Root) -> Iterator[Flow]:
    queue = [_At(root.ref, root.input, _first_tokens(program, root), 0, (), 0, False)]
    seen: dict[tuple[UnitRef, Input], list[_At]] = {}
    for at in queue:
        known = seen.setdefault((at.ref, at.input), [])
        if any(_says_as_much(before, at) for before in known):
            continue
        known.append(at)
        found = reach(program, at.ref, at.input)
        for sink in (*found.sinks, *(_as_sink(write) for write in found.writes if is_setting(program, write))):
            link = Link(at.ref, at.input, sink)
            tokens = added(at.tokens, sink.story.tokens)
            tokens = tokens if PART in tokens else settled(tokens)
            if NUMBER in tokens and sink.kind not in flow_numbers.SINKS:
                continue
            yield Flow(root, (*at.links, link), at.anchor, tokens, max(at.weak, sink.story.weak))
        if len(at.links) < MAX_DEPTH and len(queue) < MAX_STEPS:
            queue.extend(_onwards(program, at, found))


def _first_tokens(program: Program, root: Root) -> Tokens:
    """What is known of data as it enters: that it is a number, by the type of the parameter."""
    function = program.function(root.ref)
    if isinstance(root.input, model.Parameter) and function is not None:
        type = function.params[root.input.number].type
        if model.carries_no_text(program, type) and flow_numbers.is_number(type):
            return frozenset({NUMBER})
    return NOTHING


def _says_as_much(before: _At, at: _At) -> bool:
    """Whether an earlier way to the same place found all that this one can: no more assured, no less sure."""
    return before.tokens <= at.tokens and at.tokens & NEEDED <= before.tokens and before.weak <= at.weak


def is_setting(program: Program, write: WriteHit) -> bool:
    """Whether a property is a setting that later code trusts, by its name or that of its type. An object of which only
    a member is tainted is none."""
    if write.path:
        return False
    apis = program.vocabulary.apis
    names = frozenset(apis["setting.name"].words) if "setting.name" in apis else frozenset[str]()
    types = frozenset(apis["setting.type"].words) if "setting.type" in apis else frozenset[str]()
    owner = words_of(write.owner.rpartition(".")[2])
    return not types.isdisjoint(owner) or any(_ends_with(words_of(write.name), name) for name in names)


def _ends_with(words: tuple[str, ...], phrase: str) -> bool:
    parts = tuple(phrase.split())
    return words[-len(parts) :] == parts


def _as_sink(write: WriteHit) -> SinkHit:
    node = write.node
    value = (
        node.value if isinstance(node, Assign) else node if isinstance(node, Call) else Name(node.start, node.end, "")
    )
    return SinkHit("setting", "store.setting", node, value, "value", write.conditions, write.story)


def _onwards(program: Program, at: _At, found: model.Reach) -> Iterator[_At]:
    for call in found.calls:
        yield _next(at, call, call.callee, call.input, at.anchor, True)
    for write in found.writes:
        for reader in visible(program, readers(program, write.owner, write.name), at.ref.path):
            if not same_type(program, write.owner, at.ref.path, reader.path):
                continue
            yield _next(
                at, write, reader, model.Stored(write.owner, write.name, write.path), len(at.links) + 1, False, weak=1
            )
    for sink in found.sinks:
        if sink.kind == "hop.notification" and isinstance(sink.node, Call) and sink.node.args:
            name = notification_name(program, at.ref, sink.node.args[0])
            for observer, entered in observers(program, name) if name else ():
                yield _next(at, sink, observer, entered, len(at.links) + 1, False, weak=1)
    if not at.below:
        for result in found.returns:
            for caller in _asking(program, at.ref):
                yield _next(at, result, caller, model.Returned(at.ref, result.path), len(at.links) + 1, False)


def _asking(program: Program, ref: UnitRef) -> tuple[UnitRef, ...]:
    """The functions that call a function, or may read the property that it computes."""
    function = program.function(ref)
    if function is not None and function.kind == "getter":
        return readers(program, function.owner, function.name)
    return tuple(sorted({site.caller for site in callers(program, ref)}))


def _next(
    at: _At,
    leaves: SinkHit | CallHit | WriteHit | ReturnHit,
    ref: UnitRef,
    input: Input,
    anchor: int,
    below: bool,
    weak: int = 0,
) -> _At:
    tokens = added(at.tokens, leaves.story.tokens)
    links = (*at.links, Link(at.ref, at.input, leaves))
    return _At(ref, input, tokens, max(at.weak, leaves.story.weak, weak), links, anchor, below)


@query(bottom=())
def readers(program: Program, owner: str, name: str) -> tuple[UnitRef, ...]:
    """The functions that may read property `name` of `owner`: members of related types first, then others; a name that
    too many use is not followed beyond the type's own members."""
    mentioning = {
        ref for word in (name, f"_{name}") for ref in program.mentioning(word) if program.function(ref) is not None
    }
    own = sorted(ref for ref in mentioning if owner and _is_of(program, ref, owner, name))
    others = sorted(mentioning - set(own))
    if not owner:
        return tuple(others[:MAX_READERS])
    return tuple(own) if len(own) + len(others) > MAX_READERS else (*own, *others)


def _is_of(program: Program, ref: UnitRef, owner: str, name: str) -> bool:
    mine = owner_of(program, ref)
    return bool(mine) and model.related(program, mine, owner, name)
