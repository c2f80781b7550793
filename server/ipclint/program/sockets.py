"""Sockets on which code listens, and local sockets to which it connects."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.model.facts import Function
from ipclint.model.ir import Call, Expr, Operator, walk
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import calls_in, code_of, resolve
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.sharing import Found

_LOCAL = frozenset({"AF_UNIX", "PF_UNIX", "AF_LOCAL", "PF_LOCAL", "sockaddr_un"})
_LOOPBACK = frozenset({"INADDR_LOOPBACK", "in6addr_loopback", "loopback"})
_SOCKETS = frozenset({"bind", "socket", "accept", "setsockopt", "SOCK_STREAM", "getaddrinfo", "sockaddr_in", *_LOCAL})
_COPIES = frozenset({"strcpy", "strncpy", "strlcpy", "snprintf", "memcpy"})
_LISTEN, _CONNECT = "listen", "connect"  # words of all code: a file is read for the addresses beside them

BY_PATH = "any process that the permissions of its file admit"
BY_LOOPBACK = "any process on this device"
BY_NETWORK = "any process, and the network unless the address forbids it"


@query(bottom=())
def sockets(program: Program) -> tuple[Found, ...]:
    """Every such socket, by file and position."""
    return (*_listening(program), *_connecting(program), *_channels(program), *_core_foundation(program))


def _listening(program: Program) -> Iterator[Found]:
    """`listen` of C, where the function deals with addresses; a method of that name is another thing."""
    for ref in program.mentioning(_LISTEN):
        if not _mentions(program, ref) & _SOCKETS:
            continue
        for call in calls_in(program, ref):
            if call.name == _LISTEN and call.target is None and len(call.args) == 2 and _is_c(program, ref, call):
                yield Found("socket listener", _name(program, ref), ref, call, _LISTEN, reach=_reach(program, ref))


def _connecting(program: Program) -> Iterator[Found]:
    for ref in program.mentioning(_CONNECT):
        if not _mentions(program, ref) & _LOCAL:
            continue
        for call in calls_in(program, ref):
            if call.name == _CONNECT and call.target is None and len(call.args) == 3 and _is_c(program, ref, call):
                yield Found("socket client", _name(program, ref), ref, call, _CONNECT)


def _channels(program: Program) -> Iterator[Found]:
    """Event-loop libraries: `bootstrap.bind(unixDomainSocketPath:)`, `bind(host:port:)`."""
    for ref in sorted({*program.mentioning("unixDomainSocketPath"), *program.mentioning("ServerBootstrap")}):
        for call in calls_in(program, ref):
            label = call.labels[0] if call.labels else ""
            if call.name == "bind" and label in ("unixDomainSocketPath", "host", "to"):
                name = _text(program, ref, call.args[0]) if label == "unixDomainSocketPath" else ""
                reach = BY_PATH if label == "unixDomainSocketPath" else BY_NETWORK
                yield Found("socket listener", name, ref, call, f"bind({label}:)", reach=reach)
            elif call.name == "connect" and label == "unixDomainSocketPath":
                yield Found("socket client", _text(program, ref, call.args[0]), ref, call, f"connect({label}:)")


def _core_foundation(program: Program) -> Iterator[Found]:
    for ref in program.mentioning("CFSocketSetAddress"):
        for call in calls_in(program, ref):
            if call.name == "CFSocketSetAddress":
                yield Found("socket listener", _name(program, ref), ref, call, call.name, reach=_reach(program, ref))


# ── what is known of an address ──────────────────────────────────────────────────────────────────────────────────────


def _mentions(program: Program, ref: UnitRef) -> frozenset[str]:
    unit = program.unit(ref)
    return frozenset(unit.mentions) if isinstance(unit, Function) else frozenset()


def _is_c(program: Program, ref: UnitRef, call: Call) -> bool:
    """Whether a bare call is of the system's function: the program has no such function of its own with a body."""
    own = (program.function(callee) for callee in resolve(program, ref, call).refs)
    return not any(function is not None and function.body for function in own)


def _reach(program: Program, ref: UnitRef) -> str:
    words = _mentions(program, ref)
    if words & _LOCAL:
        return BY_PATH
    return BY_LOOPBACK if words & _LOOPBACK else BY_NETWORK


def _name(program: Program, ref: UnitRef) -> str:
    """The path or the port of the one address that a function fills in; "" when unknown."""
    paths: dict[str, None] = {}
    for node in walk(code_of(program, ref)):
        if isinstance(node, Call) and node.name in _COPIES and len(node.args) > 1:
            if "sun_path" in {getattr(inner, "name", "") for inner in walk(node.args[0])}:
                source = node.args[-1] if node.name == "snprintf" else node.args[1]
                paths[_text(program, ref, source)] = None
        elif isinstance(node, Call) and node.name == "htons" and node.args:
            port = _text(program, ref, node.args[0])
            paths[f"port {port}" if port else ""] = None
    return next(iter(paths)) if len(paths) == 1 else ""


def _text(program: Program, ref: UnitRef, expr: Expr) -> str:
    while isinstance(expr, Operator) and expr.op in ("unwrap", "try", "try!") and expr.operands:
        expr = expr.operands[0]
    texts = fold(program, ref, expr)
    return texts[0] if HOLE not in texts[0] else ""
