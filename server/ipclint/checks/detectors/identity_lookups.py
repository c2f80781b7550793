"""Where a function asks by a process id who the process is, and which of its parameters it does that with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.detectors.identity_paths import PATH_LOOKUPS, Led
from ipclint.checks.detectors.process_ids import Origin, origins
from ipclint.model.ir import Assign, Call, Cast, Collection, Expr, Member, Name, Node, Operator, Subscript, walk
from ipclint.program.link import calls_in, resolve, scope
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query

PID_KEY = "kSecGuestAttributePid"
LOOKUPS = frozenset({"NSRunningApplication", "runningApplicationWithProcessIdentifier:"})
NAMES_OF_A_PROCESS = frozenset({"bundleIdentifier", "executableURL", "bundleURL", "localizedName", "executablePath"})


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
        handed = arguments_from(program, ref, call, "parameter")
        for callee in resolve(program, ref, call).refs if handed else ():
            for index in identifying(program, ref, call, callee):
                found |= {origin.parameter for origin in handed.get(index, ())}
    return frozenset(found)


def identifying(program: Program, ref: UnitRef, call: Call, callee: UnitRef) -> frozenset[int]:
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


def arguments_from(program: Program, ref: UnitRef, call: Call, kind: str) -> dict[int, tuple[Origin, ...]]:
    """The arguments of a call, by position, that come from origins of a kind; empty for most calls."""
    found = {index: origins(program, ref, arg) for index, arg in enumerate(call.args)}
    return {index: kept for index, each in found.items() if (kept := tuple(o for o in each if o.kind == kind))}
