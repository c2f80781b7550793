"""XPC101: the hosts that an app extension of ExtensionKit lets in, and the extensions that a host does."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.detectors.identity_paths import results
from ipclint.checks.detectors.peer_apis import DIRECT, evidence_in
from ipclint.checks.detectors.peer_evidence import guard
from ipclint.checks.detectors.peer_reach import reaches
from ipclint.model.facts import Function
from ipclint.model.ir import Call, Closure, Expr, Literal, Member, Name, walk
from ipclint.program.link import calls_in, conforms, resolve
from ipclint.program.program import Program, UnitRef

HOST_SELECTOR = "shouldAcceptXPCConnection:"
SIGNATURE = "accept(connection:)"
_MAKERS = frozenset({"PrimitiveAppExtensionScene", "ConnectionHandler"})
_LABEL = "onConnection"


def decides_for_extension(program: Program, unit: Function) -> bool:
    """Whether a method says which host an extension lets in, or which extension a host does."""
    return unit.selector == HOST_SELECTOR or (
        unit.signature == SIGNATURE and conforms(program, unit.owner, "AppExtensionConfiguration") is True
    )


def open_closures(program: Program, ref: UnitRef, unit: Function) -> Iterator[Closure]:
    """The closures of a function that accept connections to an extension, and look at nobody."""
    if _MAKERS.isdisjoint(unit.mentions):
        return
    for call in calls_in(program, ref):
        if call.name in _MAKERS and _LABEL in call.labels:
            closure = call.args[call.labels.index(_LABEL)]
            if isinstance(closure, Closure) and _is_open(program, ref, closure):
                yield closure


def _is_open(program: Program, ref: UnitRef, closure: Closure) -> bool:
    for node in walk(closure.body):
        if isinstance(node, Call) and (
            evidence_in(node) or any(reaches(program, callee) for callee in resolve(program, ref, node).refs)
        ):
            return False
        if isinstance(node, Name | Member) and (node.text if isinstance(node, Name) else node.name) in DIRECT:
            return False
    return any(_accepts(program, ref, value) for value in results(closure.body))


def _accepts(program: Program, ref: UnitRef, value: Expr) -> bool:
    """Whether a value lets in: the constant `true`, or the answer of a function that looks at nobody."""
    if isinstance(value, Call):
        return any(guard(program, callee).open for callee in resolve(program, ref, value).refs)
    return isinstance(value, Literal) and value.text == "true"
