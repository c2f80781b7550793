"""What a function touches at all of what tells of a peer, here or in its callees, whatever it does with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ipclint.checks.detectors.peer_apis import (
    ACCEPTORS,
    CODE_CHECKS,
    DIRECT,
    DIRECT_WORDS,
    PEERS,
    REQUIRING,
    STATIC_CHECKS,
    evidence_in,
)
from ipclint.model.ir import Call, Closure, Evaluate, walk
from ipclint.program.link import callers, calls_in, members, resolve
from ipclint.program.overriding import running
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.types import base_type

MAX_CALLS_DEEP = 4
"""How many calls away a helper may touch evidence: a large app reaches nearly all of itself in a few more."""


def reaches(program: Program, ref: UnitRef) -> frozenset[str]:
    """Kinds of evidence that a function or its callees touch at all, whatever they do with it."""
    return _reaches(program, ref, MAX_CALLS_DEEP)


@query(bottom=frozenset[str]())
def _reaches(program: Program, ref: UnitRef, calls: int) -> frozenset[str]:
    function = program.function(ref)
    if function is None:
        return frozenset()
    found = {DIRECT_WORDS[word] for word in function.mentions if word in DIRECT_WORDS}
    if "NSRunningApplication" not in function.mentions:
        found.discard("bundle-id")  # one's own bundle, not the peer's
    found -= _dropped(program, ref)
    for node in walk(program.body(ref)) if calls else ():
        if isinstance(node, Call) and node.name == "value" and evidence_in(node):
            found.add(evidence_in(node))
        elif isinstance(node, Call) and node.name not in DIRECT:
            for callee in resolve(program, ref, node).refs:
                found |= _reaches(program, callee, calls - 1)
    return frozenset(found)


def _dropped(program: Program, ref: UnitRef) -> set[str]:
    """Validity calls whose status nobody looks at, when there is no other of the kind."""
    dropped: set[str] = set()
    kept: set[str] = set()
    used_alone = {id(node.value) for node in bare_statements(program, ref)}
    for node in walk(program.body(ref)):
        if isinstance(node, Call) and node.name in CODE_CHECKS | STATIC_CHECKS:
            (dropped if id(node) in used_alone else kept).add(DIRECT[node.name])
    return dropped - kept


def bare_statements(program: Program, ref: UnitRef) -> Iterator[Evaluate]:
    """Expression statements; the only statement of a closure or function is its value, not one of them."""
    body = program.body(ref)
    values = {id(body[0])} if len(body) == 1 else set[int]()
    for node in walk(body):
        if isinstance(node, Closure) and len(node.body) == 1:
            values.add(id(node.body[0]))
    for node in walk(body):
        if isinstance(node, Evaluate) and id(node) not in values:
            yield node


@query(bottom=False)
def may_require(program: Program, ref: UnitRef) -> bool:
    """Whether a function or one below it names what sets a requirement: few do, and only those are worth a walk."""
    function = program.function(ref)
    if function is None:
        return False
    if not REQUIRING.isdisjoint(function.mentions):
        return True
    return any(
        may_require(program, callee) for call in calls_in(program, ref) for callee in resolve(program, ref, call).refs
    )


@query(bottom=False)
def judges_peer(program: Program, ref: UnitRef, depth: int = MAX_CALLS_DEEP) -> bool:
    """Whether a function, or one that calls it, is about the peer of a connection: an acceptor, a handler of messages.

    Code that looks at signatures of other programs for another reason (a process monitor, an updater) is not.
    """
    function = program.function(ref)
    if function is None:
        return False
    if function.selector in ACCEPTORS or any(base_type(param.type) in PEERS for param in function.params):
        return True
    if PEERS & set(function.mentions) or {"xpc_connection_set_event_handler", "shouldAcceptNewConnection"} & set(
        function.mentions
    ):
        return True
    return depth > 0 and any(judges_peer(program, site.caller, depth - 1) for site in callers(program, ref))


def acceptors_of(program: Program, delegates: Iterable[str]) -> tuple[UnitRef, ...]:
    """The methods that decide who connects, for delegates of these types: their own, or those that they inherit."""
    found = (
        body
        for delegate in delegates
        for selector in sorted(ACCEPTORS)
        for member in members(program, delegate, selector)
        for body in running(program, member)
        if (function := program.function(body)) is not None and function.body
    )
    return tuple(dict.fromkeys(found))
