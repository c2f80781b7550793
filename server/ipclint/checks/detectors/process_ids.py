"""Where a process id comes from: the peer of a connection, this process, a parameter; and the calls on its way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.detectors.identity_paths import results
from ipclint.checks.detectors.older_system import requires_everywhere
from ipclint.model.finding import Place, Step
from ipclint.model.ir import Assign, Call, Expr, Member, Name, Node, walk
from ipclint.program.link import callers, resolve, scope, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.types import base_type

PID_FUNCTIONS = frozenset({"xpc_connection_get_pid", "audit_token_to_pid"})
SOCKET_PIDS = frozenset({"LOCAL_PEERPID", "LOCAL_PEEREPID"})
CONNECTION_TYPES = frozenset({"NSXPCConnection", "xpc_connection_t", "OS_xpc_object"})
PID_TYPES = frozenset({"pid_t", "Int32", "Int", "int", "NSInteger", "NSNumber"})
MAX_CALLS_DEEP = 5


class Origin(NamedTuple):
    """Where a process id comes from: the peer of a connection, this process, a parameter, or somewhere else."""

    kind: str  # "peer", "own", "parameter", "other"
    parameter: int = -1  # its index
    node: Node | None = None


def origins(program: Program, ref: UnitRef, expr: Expr, seen: set[str] | None = None) -> tuple[Origin, ...]:
    """Every place that a pid expression can come from inside one function; names in `seen` are known already."""
    seen = set() if seen is None else seen
    found: list[Origin] = []
    for node in walk(expr):
        if isinstance(node, Call) and (node.name in PID_FUNCTIONS or _gives_peer(program, ref, node)):
            found.append(Origin("peer", -1, node))
        elif isinstance(node, Call) and node.name == "getpid":
            found.append(Origin("own", -1, node))
        elif isinstance(node, Member | Call) and node.name == "processIdentifier":
            found.append(Origin(_kind_of_process(program, ref, node), -1, node))
        elif isinstance(node, Name):
            found.extend(_origins_of_name(program, ref, node.text, seen))
    return tuple(dict.fromkeys(found))


def _gives_peer(program: Program, ref: UnitRef, call: Call) -> bool:
    """Whether a call of the program's own returns the process id of a peer."""
    return any(_returns_peer(program, callee) for callee in resolve(program, ref, call).refs)


@query(bottom=False)
def _returns_peer(program: Program, ref: UnitRef) -> bool:
    function = program.function(ref)
    if function is None or base_type(function.returns) not in PID_TYPES:
        return False
    return any(origin.kind == "peer" for value in results(program.body(ref)) for origin in origins(program, ref, value))


def _kind_of_process(program: Program, ref: UnitRef, node: Member | Call) -> str:
    base = node.base if isinstance(node, Member) else node.target
    holder = base_type(type_of(program, ref, base).removesuffix(".Type"))
    if holder in CONNECTION_TYPES or holder.endswith("NSXPCConnection"):
        return "peer"
    if holder in ("ProcessInfo", "NSProcessInfo"):
        return "own"
    words = _words(base) if base is not None else set[str]()
    if words & {"ProcessInfo", "NSProcessInfo", "processInfo"}:
        return "own"
    return "peer" if not holder and any("connection" in word.lower() for word in words) else "other"


def _words(expr: Expr) -> set[str]:
    """The names in an expression."""
    return {n.text if isinstance(n, Name) else n.name for n in walk(expr) if isinstance(n, Name | Member | Call)}


def _origins_of_name(program: Program, ref: UnitRef, name: str, seen: set[str]) -> Iterator[Origin]:
    if name in seen:  # each name once: what a long function assigns to what is a dense graph
        return
    seen.add(name)
    function = program.function(ref)
    bindings = scope(program, ref).get(name, ())
    for binding in bindings:
        if binding.kind == "param" and function is not None:
            yield Origin("parameter", next(i for i, p in enumerate(function.params) if p.name == name))
        elif binding.value is not None:
            yield from origins(program, ref, binding.value, seen)
    for node in walk(program.body(ref)) if bindings else ():
        if isinstance(node, Assign) and isinstance(node.target, Name) and node.target.text == name:
            yield from origins(program, ref, node.value, seen)
        elif isinstance(node, Call) and node.name == "getsockopt" and _tells_peer(node, name):
            yield Origin("peer", -1, node)


def _tells_peer(call: Call, name: str) -> bool:
    """Whether a socket is asked for the process at its other end, and the answer goes into a variable."""
    return any(isinstance(arg, Name) and arg.text in SOCKET_PIDS for arg in call.args) and any(
        isinstance(node, Name) and node.text == name for node in walk(call.args[3] if len(call.args) > 3 else call)
    )


class Chain(NamedTuple):
    """A way from the peer's pid to a parameter: the call sites, the outermost first; `known` False without callers."""

    steps: tuple[Step, ...]
    known: bool


def peer_chains(program: Program, ref: UnitRef, index: int, depth: int = 0) -> tuple[Chain, ...]:
    """How the pid of a peer reaches parameter `index` of a function; one unknown chain when nobody calls it here."""
    sites = callers(program, ref)
    if not sites:
        return (Chain((), False),)
    found: list[Chain] = []
    for site in sites:
        if index >= len(site.call.args) or depth >= MAX_CALLS_DEEP or requires_everywhere(program, site.caller):
            continue
        here = Step(place(site.caller, site.call), f"the process id is handed to {site.call.signature}")
        for origin in origins(program, site.caller, site.call.args[index]):
            if origin.kind == "peer":
                found.append(Chain((here,), True))
            elif origin.kind == "parameter":
                outer = peer_chains(program, site.caller, origin.parameter, depth + 1)
                found.extend(
                    Chain((*chain.steps, here), chain.known) for chain in outer if chain.known or len(outer) == 1
                )
    return tuple(found)


def place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
