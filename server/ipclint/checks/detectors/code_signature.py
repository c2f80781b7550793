"""XPC105: signing information that is read, or validity that is asked, without deciding who the running code is."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.peer_apis import ACCEPTORS, CODE_CHECKS, STATIC_CHECKS, STRONG
from ipclint.checks.detectors.peer_evidence import guard
from ipclint.checks.detectors.peer_reach import bare_statements, judges_peer, reaches
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function
from ipclint.model.finding import Finding, Place, Step
from ipclint.model.ir import Assign, Call, Closure, Expr, Let, Literal, Loop, Name, Node, Operator, walk
from ipclint.program.link import callers, calls_in, resolve, scope
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.surface import listeners_of
from ipclint.program.types import base_type

PEER_WORDS = frozenset(
    {
        "kSecGuestAttributeAudit",
        "kSecGuestAttributePid",
        "SecCodeCreateWithXPCMessage",
        "SecTaskCreateWithAuditToken",
        "auditToken",
        "xpc_connection_get_audit_token",
        "xpc_dictionary_get_audit_token",
    }
)
_SAID = frozenset({"kSecCodeInfoIdentifier", "kSecCodeInfoTeamIdentifier", "SecTaskCopySigningIdentifier"})
_FURTHER = frozenset({*STRONG, "static-code", "certificates", "entitlement"})
MAX_DEPTH = 4


@detector("code-signature-check-incomplete", on="function")
def code_signature_check_incomplete(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    yield from _any_valid_signature(rule, program, ref, unit)
    yield from _dropped_status(rule, program, ref)
    yield from _static_only(rule, program, ref, unit)
    yield from _equal_certificates(rule, program, ref, unit)
    yield from _never_validated(rule, program, ref, unit)


def _any_valid_signature(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """a: validity without a requirement, and nothing else that asks who it is."""
    checks = [call for call in calls_in(program, ref) if call.name in CODE_CHECKS]
    if not checks or not PEER_WORDS & set(unit.mentions) or _is_for_others(program, ref):
        return
    if all(_without_requirement(call) for call in checks) and not _asks_who(program, ref):
        yield rule.finding(
            _place(ref, checks[0]),
            "certain",
            variant="a",
            severity="high",
            context="any-signature",
            holes={"check": checks[0].name},
        )


def _is_for_others(program: Program, ref: UnitRef) -> bool:
    """Whether every use that is known of a function is about programs that are no peers: what a monitor watches."""
    return bool(callers(program, ref)) and not judges_peer(program, ref)


def _without_requirement(call: Call) -> bool:
    return len(call.args) > 2 and isinstance(call.args[2], Literal) and call.args[2].kind == "nil"


def _asks_who(program: Program, ref: UnitRef) -> bool:
    """Whether the function or its callees also compare signing information, or apply a requirement elsewhere."""
    kinds = reaches(program, ref)
    if kinds & {"signing-information", "certificates", "entitlement"}:
        return True
    return any(
        call.name in CODE_CHECKS | STATIC_CHECKS and not _without_requirement(call)
        for call in (*calls_in(program, ref), *_calls_below(program, ref))
    )


def _calls_below(program: Program, ref: UnitRef) -> Iterator[Call]:
    for call in calls_in(program, ref):
        for callee in resolve(program, ref, call).refs:
            yield from calls_in(program, callee)


def _dropped_status(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    """b: the status of the check is thrown away."""
    for statement in bare_statements(program, ref):
        call = statement.value
        if isinstance(call, Call) and call.name in CODE_CHECKS | STATIC_CHECKS:
            yield rule.finding(
                _place(ref, call),
                "certain",
                variant="b",
                severity="high",
                context="dropped",
                holes={"check": call.name, "statement": _place(ref, statement)},
            )
    for call in _unread(program, ref):
        yield rule.finding(
            _place(ref, call), "certain", variant="b", severity="high", context="dropped", holes={"check": call.name}
        )


def _unread(program: Program, ref: UnitRef) -> Iterator[Call]:
    """Checks whose status goes into a local variable that nobody reads afterwards."""
    body, local = program.body(ref), scope(program, ref)
    again = [node for node in walk(body) if isinstance(node, Loop | Closure)]
    for node in walk(body):
        match node:
            case (
                Assign(target=Name(text=name), value=Call(name=check) as call)
                | Let(names=(name,), value=Call(name=check) as call)
            ) if check in CODE_CHECKS | STATIC_CHECKS and name in local:
                read = any(isinstance(n, Name) and n.text == name and n.start >= node.end for n in walk(body))
                inside = any(each.start <= node.start and node.end <= each.end for each in again)
                if not read and not inside:
                    yield call
            case _:
                pass


def _static_only(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """d: the file on disk is validated instead of the code that runs."""
    checks = [call for call in calls_in(program, ref) if call.name in STATIC_CHECKS]
    if not checks or any(call.name in CODE_CHECKS for call in calls_in(program, ref)):
        return
    by_path = "SecStaticCodeCreateWithPath" in unit.mentions and _is_file_of_peer(program, ref)
    by_code = "SecCodeCopyStaticCode" in unit.mentions and PEER_WORDS & set(unit.mentions)
    if not by_path and (not by_code or _is_for_others(program, ref)):
        return
    yield rule.finding(
        _place(ref, checks[0]),
        "likely" if by_path else "certain",
        variant="d",
        severity="medium" if by_path or "kSecGuestAttributePid" in unit.mentions else "low",
        context="static",
        holes={"check": checks[0].name},
    )


def _is_file_of_peer(program: Program, ref: UnitRef) -> bool:
    """Whether the path of the file comes from who decides about a connection, and looks at the peer's process id."""
    for user in _users(program, ref):
        function = program.function(user)
        if function is None or "pid" not in reaches(program, user):
            continue
        connections = any(base_type(param.type) in ("NSXPCConnection", "xpc_connection_t") for param in function.params)
        if connections or function.selector in ACCEPTORS:
            return True
    return False


def _equal_certificates(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """e: two lists of certificates compared: no identifier, no version, and two empty lists are equal."""
    if "kSecCodeInfoCertificates" not in unit.mentions:
        return
    for user in _users(program, ref):
        for node in walk(program.body(user)):
            pair = _compared(node)
            sources = [_certificates(program, user, side) for side in pair] if pair else [None]
            if all(source is not None for source in sources) and touches_peer(program, user):
                steps = tuple(Step(_place(*source), "the certificates are read here") for source in sources if source)
                yield rule.finding(
                    _place(user, node),
                    "certain",
                    variant="e",
                    severity="medium",
                    context="certificates",
                    holes={"check": "=="},
                    steps=_distinct(steps),
                )


def _never_validated(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """c: what the signature says decides about a connection, and nobody asks whether it is valid."""
    read = next((node for node in walk(program.body(ref)) if _said_by_signature(node)), None)
    if read is None or not any(_trusts_what_is_said(program, ref, user) for user in _users(program, ref)):
        return
    only_name = "kSecCodeInfoTeamIdentifier" not in unit.mentions
    yield rule.finding(
        _place(ref, read),
        "certain",
        variant="c",
        severity="high" if only_name else "medium",
        context="unvalidated",
        holes={"check": read.text if isinstance(read, Name) else read.name if isinstance(read, Call) else ""},
    )


def _said_by_signature(node: Node) -> bool:
    return (isinstance(node, Name) and node.text in _SAID) or (isinstance(node, Call) and node.name in _SAID)


def _trusts_what_is_said(program: Program, ref: UnitRef, user: UnitRef) -> bool:
    """Whether who lets peers in does so for the signing information that `ref` reads, and looks no further."""
    function = program.function(user)
    if function is None:
        return False
    delegates = function.selector in ACCEPTORS
    if not delegates and "xpc_connection_set_event_handler" not in function.mentions:
        return False
    found = guard(program, user if delegates else ref)  # a handler returns nothing: what it asks must say yes or no
    if found.open or found.unknown or "signing-information" not in found.kinds:
        return False
    listeners = listeners_of(program, function.owner) if delegates else ()
    if listeners and all(listener.requirement for listener in listeners):
        return False
    return not (found.kinds | reaches(program, user)) & _FURTHER


@query(bottom=False)
def touches_peer(program: Program, ref: UnitRef) -> bool:
    """Whether a function, or one it calls, looks up the code of another process: a file's signature is another
    matter.
    """
    function = program.function(ref)
    if function is None:
        return False
    if PEER_WORDS & set(function.mentions):
        return True
    return any(
        touches_peer(program, callee) for call in calls_in(program, ref) for callee in resolve(program, ref, call).refs
    )


def _users(program: Program, ref: UnitRef) -> tuple[UnitRef, ...]:
    """A function and those that call it, a few calls up: one of them compares what it reads."""
    found = {ref: None}
    todo = [(ref, 0)]
    while todo:
        at, depth = todo.pop()
        for site in callers(program, at) if depth < MAX_DEPTH else ():
            if site.caller not in found:
                found[site.caller] = None
                todo.append((site.caller, depth + 1))
    return tuple(found)


def _distinct(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(dict.fromkeys(steps))


def _compared(node: Node) -> tuple[Expr, Expr] | None:
    if isinstance(node, Operator) and node.op in ("==", "!=") and len(node.operands) == 2:
        return node.operands[0], node.operands[1]
    if (
        isinstance(node, Call)
        and node.name in ("isEqual:", "isEqualToArray:", "isEqual", "elementsEqual")
        and node.target is not None
        and node.args
    ):
        return node.target, node.args[0]
    return None


def _certificates(program: Program, ref: UnitRef, side: Expr, depth: int = 0) -> tuple[UnitRef, Node] | None:
    """Where the value of one side was read from a signature, None when it is not a certificate list."""
    for node in walk(side):
        if isinstance(node, Name) and node.text == "kSecCodeInfoCertificates":
            return ref, node
        if isinstance(node, Call):
            for callee in resolve(program, ref, node).refs:
                if _returns_certificates(program, callee):
                    return ref, node
        elif isinstance(node, Name) and depth < MAX_DEPTH:
            for binding in scope(program, ref).get(node.text, ()):
                if (
                    binding.value is not None
                    and (found := _certificates(program, ref, binding.value, depth + 1)) is not None
                ):
                    return found
    return None


def _returns_certificates(program: Program, ref: UnitRef) -> bool:
    function = program.function(ref)
    return (
        function is not None
        and "ertificate" in function.returns + function.name
        and "certificates" in reaches(program, ref)
    )


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
