"""XPC103: a peer judged by its process id, or by the names and paths that a process id leads to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.identity_paths import PATH_LOOKUPS, Led, results
from ipclint.checks.detectors.peer_evidence import ACCEPTORS, STRONG, guard, judges_peer
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Param
from ipclint.model.finding import Confidence, Finding, Place, Step
from ipclint.model.ir import (
    Assign,
    Call,
    Cast,
    Collection,
    Expr,
    Literal,
    Member,
    Name,
    Node,
    Operator,
    Subscript,
    Text,
    walk,
)
from ipclint.program.link import callers, calls_in, resolve, scope, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.surface import is_exported
from ipclint.program.types import base_type

PID_KEY = "kSecGuestAttributePid"
PID_FUNCTIONS = frozenset({"xpc_connection_get_pid", "audit_token_to_pid"})
LOOKUPS = frozenset({"NSRunningApplication", "runningApplicationWithProcessIdentifier:"})
SOCKET_PIDS = frozenset({"LOCAL_PEERPID", "LOCAL_PEEREPID"})
CONNECTION_TYPES = frozenset({"NSXPCConnection", "xpc_connection_t", "OS_xpc_object"})
NAMES_OF_A_PROCESS = frozenset({"bundleIdentifier", "executableURL", "bundleURL", "localizedName", "executablePath"})
_PID_TYPES = frozenset({"pid_t", "Int32", "Int", "int", "NSInteger", "NSNumber"})
MAX_CALLS_DEEP = 5


class Origin(NamedTuple):
    """Where a process id comes from: the peer of a connection, this process, a parameter, or somewhere else."""

    kind: str  # "peer", "own", "parameter", "other"
    parameter: int = -1  # its index
    node: Node | None = None


# ── where a pid goes ─────────────────────────────────────────────────────────────────────────────────────────────────


class Sink(NamedTuple):
    """A use of a pid as identity: the node to report, the expression that is the pid, what it is used for."""

    node: Node
    pid: Expr
    use: str  # "code" (kSecGuestAttributePid), "name" (a name or path of the process)


@query(bottom=())
def identity_sinks(program: Program, ref: UnitRef) -> tuple[Sink, ...]:
    """Where a function asks who a process is by its id."""
    function = program.function(ref)
    words = {PID_KEY, *PATH_LOOKUPS, *(name.partition(":")[0] for name in LOOKUPS)}
    if function is None or not words & set(function.mentions):
        return ()
    found: list[Sink] = []
    keys = _names_of_pid_key(program, ref)
    for node in walk(program.body(ref)):
        found.extend(_code_sinks(node, keys))
        if not isinstance(node, Call) or not node.args:
            continue
        named = node.name in LOOKUPS and NAMES_OF_A_PROCESS & set(function.mentions)
        if named or (node.name in PATH_LOOKUPS and Led(program, ref, node).decides):
            found.append(Sink(node, node.args[0], "name"))
    return tuple(found)


def _names_of_pid_key(program: Program, ref: UnitRef) -> frozenset[str]:
    """The key itself and the locals that hold it, alone or in an array of keys."""
    held = {
        name
        for name, bindings in scope(program, ref).items()
        for binding in bindings
        if binding.kind != "param" and binding.value is not None and _is_key(binding.value, frozenset({PID_KEY}))
    }
    return frozenset({PID_KEY, *held})


def _is_key(expr: Expr, names: frozenset[str]) -> bool:
    """Whether an expression is a key of these names: itself, its address, cast, or in an array of keys."""
    match expr:
        case Name(text=text):
            return text in names
        case Collection(kind="array", items=items) | Operator(operands=items):
            return any(_is_key(item, names) for item in items)
        case Cast(value=value):
            return _is_key(value, names)
        case Call(name="unsafeBitCast" | "passUnretained" | "Unmanaged.passUnretained", args=(value, *_)):
            return _is_key(value, names)
        case Member(base=base) if base is not None:  # toOpaque(), as NSString
            return _is_key(base, names)
        case _:
            return False


def _code_sinks(node: Node, keys: frozenset[str]) -> Iterator[Sink]:
    if isinstance(node, Collection) and node.kind == "dictionary":
        for key, value in zip(node.items[::2], node.items[1::2], strict=False):
            if _is_key(key, keys):
                yield Sink(key, value, "code")
    elif isinstance(node, Assign) and isinstance(node.target, Subscript):
        if any(_is_key(index, keys) for index in node.target.args):
            yield Sink(node.target, node.value, "code")
    elif isinstance(node, Call) and len(node.args) > 1 and any(_is_key(arg, keys) for arg in node.args):
        key = next(arg for arg in node.args if _is_key(arg, keys))
        others = tuple(arg for arg in node.args if arg is not key)
        yield Sink(key, Collection(node.start, node.end, "tuple", others), "code")


@query(bottom=frozenset[int]())
def identity_parameters(program: Program, ref: UnitRef) -> frozenset[int]:
    """The parameters of a function that it, or a callee, uses to ask who a process is."""
    found = {
        origin.parameter
        for sink in identity_sinks(program, ref)
        for origin in origins(program, ref, sink.pid)
        if origin.kind == "parameter"
    }
    for call in calls_in(program, ref):
        handed = _handed(program, ref, call, "parameter")
        for callee in resolve(program, ref, call).refs if handed else ():
            for index in _identifying(program, ref, call, callee):
                found |= {origin.parameter for origin in handed.get(index, ())}
    return frozenset(found)


def _identifying(program: Program, ref: UnitRef, call: Call, callee: UnitRef) -> frozenset[int]:
    """The parameters of a callee by which it, or the function that calls it here, asks who a process is."""
    found, leading = identity_parameters(program, callee), leading_parameters(program, callee)
    return found | leading if leading - found and Led(program, ref, call).decides else found


@query(bottom=frozenset[int]())
def leading_parameters(program: Program, ref: UnitRef) -> frozenset[int]:
    """The parameters of a function that are process ids of which it returns the path or the name."""
    function = program.function(ref)
    if function is None or not PATH_LOOKUPS & set(function.mentions):
        return frozenset()
    return frozenset(
        origin.parameter
        for call in calls_in(program, ref)
        if call.name in PATH_LOOKUPS and call.args and Led(program, ref, call).returned
        for origin in origins(program, ref, call.args[0])
        if origin.kind == "parameter"
    )


def _handed(program: Program, ref: UnitRef, call: Call, kind: str) -> dict[int, tuple[Origin, ...]]:
    """The arguments of a call, by position, that come from origins of a kind; empty for most calls."""
    found = {index: origins(program, ref, arg) for index, arg in enumerate(call.args)}
    return {index: kept for index, each in found.items() if (kept := tuple(o for o in each if o.kind == kind))}


# ── where a pid comes from ───────────────────────────────────────────────────────────────────────────────────────────


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
    if function is None or base_type(function.returns) not in _PID_TYPES:
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
        if index >= len(site.call.args) or depth >= MAX_CALLS_DEEP:
            continue
        here = Step(_place(site.caller, site.call), f"the process id is handed to {site.call.signature}")
        for origin in origins(program, site.caller, site.call.args[index]):
            if origin.kind == "peer":
                found.append(Chain((here,), True))
            elif origin.kind == "parameter":
                outer = peer_chains(program, site.caller, origin.parameter, depth + 1)
                found.extend(
                    Chain((*chain.steps, here), chain.known) for chain in outer if chain.known or len(outer) == 1
                )
    return tuple(found)


# ── the rule ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@detector("peer-identified-by-spoofable-attribute", on="function")
def identified_by_spoofable_attribute(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    yield from _at_the_sink(rule, program, ref)
    yield from _at_the_call(rule, program, ref, unit)
    yield from _named_in_the_message(rule, program, ref, unit)
    yield from _named_by_the_caller(rule, program, ref, unit)


def _at_the_sink(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    for sink in identity_sinks(program, ref):
        confidence, steps = _trace(program, ref, sink)
        if confidence is not None:
            yield rule.finding(
                _place(ref, sink.node),
                confidence,
                context="code-by-pid" if sink.use == "code" else "name-by-pid",
                variant="" if sink.use == "code" else "b",
                steps=steps,
                holes={"attribute": PID_KEY if sink.use == "code" else _spelling(sink.node), "pid": "the process id"},
            )


def _trace(program: Program, ref: UnitRef, sink: Sink) -> tuple[Confidence | None, tuple[Step, ...]]:
    """How sure it is that the pid is a peer's, None when it is not one, with the way there."""
    best: tuple[Confidence | None, tuple[Step, ...]] = (None, ())
    for origin in origins(program, ref, sink.pid):
        if origin.kind == "peer" and origin.node is not None and not _is_any_token(origin.node, sink):
            return "certain", (Step(_place(ref, origin.node), "the process id of the peer is read here"),)
        if origin.kind == "parameter":
            for chain in peer_chains(program, ref, origin.parameter):
                if chain.known:
                    return "certain", chain.steps
                if best[0] is None and sink.use == "code" and _about_a_client(program, ref):
                    best = "likely", ()
    return best


def _is_any_token(node: Node, sink: Sink) -> bool:
    """Whether the process id is taken from an audit token of which nothing says that it is a peer's: the system tells
    of many processes by their tokens."""
    if sink.use == "code" or not isinstance(node, Call) or node.name != "audit_token_to_pid":
        return False
    words = (
        n.name if isinstance(n, Member | Call) else n.text for n in walk(node) if isinstance(n, Name | Member | Call)
    )
    return not any(word in each.lower() for each in words for word in _CLIENT_WORDS)


_CLIENT_WORDS = ("client", "peer", "caller", "connection", "xpc", "sender")


def _about_a_client(program: Program, ref: UnitRef) -> bool:
    """Whether the function's name says that it judges a client; otherwise a look-up by pid is inspection, not a
    check.
    """
    function = program.function(ref)
    if function is None or not {"SecCodeCheckValidity", "SecCodeCheckValidityWithErrors"} & set(function.mentions):
        return False
    words = f"{function.owner} {function.name} {' '.join(param.name for param in function.params)}".lower()
    return any(word in words for word in _CLIENT_WORDS) or judges_peer(program, ref)


def _at_the_call(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """Call sites that hand the peer's pid to something that identifies processes by it."""
    if not {"processIdentifier", *PID_FUNCTIONS, *SOCKET_PIDS} & set(unit.mentions):
        return
    for call in calls_in(program, ref):
        handed = _handed(program, ref, call, "peer")
        for callee in resolve(program, ref, call).refs if handed else ():
            for index in sorted(_identifying(program, ref, call, callee)):
                for origin in handed.get(index, ()):
                    yield _handed_over(rule, program, ref, call, callee, origin)


def _handed_over(rule: Rule, program: Program, ref: UnitRef, call: Call, callee: UnitRef, origin: Origin) -> Finding:
    steps = [
        Step(_place(callee, sink.node), "and there the process is looked up by its id")
        for sink in identity_sinks(program, callee)
    ]
    node = origin.node or call
    return rule.finding(
        _place(ref, call),
        "certain",
        context="pid-handed-over",
        holes={"callee": call.signature, "pid": _spelling(node)},
        steps=(Step(_place(ref, node), "the process id of the peer is read here"), *steps),
    )


def _named_by_the_caller(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """An exported method that takes a process id, and asks by it who somebody is."""
    named = [number for number, param in enumerate(unit.params) if _is_pid(param)]
    if not named or not is_exported(program, ref):
        return
    for number in sorted(identity_parameters(program, ref) & set(named)):
        yield rule.finding(
            Place(ref.path, ref.key, *unit.name_span),
            "likely",
            variant="c",
            context="pid-in-message",
            holes={"pid": unit.params[number].name, "method": unit.signature},
        )


def _is_pid(param: Param) -> bool:
    words = f"{param.label} {param.name}".lower()
    return base_type(param.type) in _PID_TYPES and ("pid" in words or "process" in words)


def _named_in_the_message(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """A delegate whose only evidence is a name or a path that the peer chose."""
    if unit.selector not in ACCEPTORS:
        return
    found = guard(program, ref)
    if found.open or found.kinds & STRONG or "bundle-id" not in found.kinds or any(identity_sinks(program, ref)):
        return
    for node in walk(program.body(ref)):
        if isinstance(node, Member | Call) and node.name == "bundleIdentifier":
            yield rule.finding(
                _place(ref, node),
                "certain",
                context="name-by-pid",
                variant="b",
                holes={"attribute": "bundleIdentifier", "pid": "the process id"},
            )
            return


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)


def _spelling(node: Node) -> str:
    """A short spelling of what is read, for the message."""
    match node:
        case Member(base=Name(text=base), name=name) | Call(target=Name(text=base), name=name, args=()):
            return f"{base}.{name}"
        case Call(name=name):
            return name.partition(":")[0]
        case Member(name=name):
            return name
        case Name(text=text) | Literal(text=text):
            return text
        case Text(value=value):
            return value
        case Operator(operands=operands) if operands:
            return _spelling(operands[0])
        case _:
            return "the process id"
