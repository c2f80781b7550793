"""XPC113 and XPC116: what an exported method lets its callers do, and whether anybody asks if they may."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks.detectors import detector
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Type
from ipclint.model.finding import Finding, Place, Step
from ipclint.model.ir import Call, Node
from ipclint.program.configuration import is_privileged, programs_of
from ipclint.program.link import calls_in, conforms, owner_of, resolve
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.surface import exported_methods, exported_protocols
from ipclint.program.types import base_type

DEVICE = "writes to a device"  # or reads it: one call does both
# What needs root, by the names of the calls that do it.
PRIVILEGED: dict[str, str] = {
    "Process": "starts a process",
    "NSTask": "starts a process",
    "launchedTaskWithLaunchPath": "starts a process",
    "posix_spawn": "starts a process",
    "posix_spawnp": "starts a process",
    "execv": "starts a process",
    "execve": "starts a process",
    "system": "starts a process",
    "popen": "starts a process",
    "chown": "changes the owner of a file",
    "fchown": "changes the owner of a file",
    "removeItem": "removes files",
    "removeItemAtPath": "removes files",
    "removeItemAtURL": "removes files",
    "moveItem": "moves files",
    "moveItemAtPath": "moves files",
    "copyItem": "copies files",
    "copyItemAtPath": "copies files",
    "unlink": "removes files",
    "setAttributes": "changes files",
    "IOConnectCallStructMethod": DEVICE,
    "IOConnectCallMethod": DEVICE,
    "SMJobBless": "installs a helper",
    "SCPreferencesCommitChanges": "changes the network settings",
    "SCNetworkProtocolSetConfiguration": "changes the network settings",
    "setPersistentDomain": "changes preferences",
    "kill": "signals processes",
}
AUTHORIZERS = frozenset(
    {"AuthorizationCopyRights", "AuthorizationCopyRightsAsync", "evaluatePolicy", "senderSatisfies", "LAContext"}
)
MAX_CALLS_DEEP = 5
_ASKS = re.compile(
    r"(?:is|are|has|can|does|should|get|read|check|list|query|fetch|current|status|version)(?=[A-Z_:(]|$)"
)
_READS = re.compile(r"_*(?:[a-z]+_)?(?:read|get|query|fetch)(?=[A-Z_:(]|$)")
_DO_ANYTHING = re.compile(r"^(?:run|exec|execute|perform|invoke|evaluate|launch)", re.I)
_WHAT = re.compile(
    r"command|script|code$|selector|class_?name|shell|executable|binary|launch_?path|^argv$|^arguments$", re.I
)
_SAID = frozenset(
    {"String", "NSString", "Data", "NSData", "URL", "NSURL", "Array", "NSArray", "Dictionary", "NSDictionary", "char"}
)
_TEXTS = frozenset({"String", "NSString", "Data", "NSData", "URL", "NSURL", "Array", "NSArray", "char"})


@query(bottom="")
def privileged_operation(program: Program, ref: UnitRef, depth: int = MAX_CALLS_DEEP) -> str:
    """What a function or its callees do that needs privilege, in words; "" for nothing."""
    function = program.function(ref)
    if function is None:
        return ""
    for call in calls_in(program, ref):
        word = call.name.partition(":")[0]
        if word in PRIVILEGED:
            return PRIVILEGED[word]
    for call in calls_in(program, ref) if depth else ():
        for callee in resolve(program, ref, call).refs:
            if found := _done_through(program, call, callee, depth - 1):
                return found
    return ""


def _done_through(program: Program, call: Call, callee: UnitRef, depth: int = MAX_CALLS_DEEP) -> str:
    """What a callee does that needs privilege; reading a device, by what the call is named, is none."""
    found = privileged_operation(program, callee, depth)
    return "" if found == DEVICE and _READS.match(call.name) else found


@query(bottom=False)
def authorizes(program: Program, ref: UnitRef, depth: int = MAX_CALLS_DEEP) -> bool:
    """Whether a function or its callees ask if the user allows it."""
    function = program.function(ref)
    if function is None:
        return False
    if AUTHORIZERS & set(function.mentions):
        return True
    return depth > 0 and any(
        authorizes(program, callee, depth - 1)
        for call in calls_in(program, ref)
        for callee in resolve(program, ref, call).refs
    )


@detector("privileged-method-without-authorization", on="type")
def privileged_method_without_authorization(
    rule: Rule, program: Program, ref: UnitRef, unit: Type
) -> Iterator[Finding]:
    if not is_privileged(program, ref.path) or _is_in_an_extension(program, ref.path):
        return
    for member, function in exported_methods(program, ref, unit):
        operation = "" if authorizes(program, member) else privileged_operation(program, member)
        if operation and not _only_asks(function, operation):
            yield rule.finding(
                Place(member.path, member.key, *function.name_span),
                "likely",
                holes={"method": function.signature, "operation": operation},
                steps=tuple(_story(program, member)),
            )


def _is_in_an_extension(program: Program, path: str) -> bool:
    """Whether a source is a system extension's alone, which the user has allowed for what it does."""
    found = programs_of(program, path)
    return bool(found) and all(info.product_type.endswith(".system-extension") for info in found)


def _only_asks(function: Function, operation: str) -> bool:
    """Whether a method reads: by its name it asks, and what it does for the answer takes nothing from the client."""
    if not _ASKS.match(function.name):
        return False
    if operation == DEVICE:
        return True
    return operation == PRIVILEGED["Process"] and not any(base_type(param.type) in _SAID for param in function.params)


def _story(program: Program, ref: UnitRef) -> Iterator[Step]:
    for call in calls_in(program, ref):
        word = call.name.partition(":")[0]
        if word in PRIVILEGED:
            yield Step(_place(ref, call), f"{call.signature} {PRIVILEGED[word]}")
            return
    for call in calls_in(program, ref):
        for callee in resolve(program, ref, call).refs:
            if _done_through(program, call, callee):
                yield Step(_place(ref, call), f"{call.signature} is called")
                yield from _inner(program, callee)
                return


def _inner(program: Program, ref: UnitRef) -> Iterator[Step]:
    call: Call | None = next((c for c in calls_in(program, ref) if c.name.partition(":")[0] in PRIVILEGED), None)
    if call is not None:
        yield Step(_place(ref, call), f"which {PRIVILEGED[call.name.partition(':')[0]]}")


@detector("over-general-exported-method", on="type")
def over_general_exported_method(rule: Rule, program: Program, ref: UnitRef, unit: Type) -> Iterator[Finding]:
    """A protocol's method that does whatever its caller says; sure only where its implementation does so."""
    if unit.kind != "protocol" or unit.qualified not in exported_protocols(program):
        return
    for member in program.members_of(unit.qualified):
        function = program.function(member)
        if function is not None and not function.body and (what := _what_the_client_says(function)):
            yield _over_general(rule, program, member, function, what)


def _over_general(rule: Rule, program: Program, ref: UnitRef, unit: Function, what: str) -> Finding:
    runs = any(
        privileged_operation(program, member) == "starts a process"
        for member in program.functions_named(unit.selector or unit.name)
        if member != ref and conforms(program, owner_of(program, member), unit.owner)
    )
    return rule.finding(
        Place(ref.path, ref.key, *unit.name_span),
        "likely" if runs else "hint",
        severity="high" if runs and is_privileged(program, ref.path) else "medium" if runs else "low",
        holes={"method": unit.signature, "protocol": unit.owner, "what": what},
    )


def _what_the_client_says(unit: Function) -> str:
    """The parameter that says what to do, or the method that does whatever it is told; "" for a plain method."""
    first = unit.name.partition(":")[0]
    named = (param.name or param.label for param in unit.params if _says_what(param.label, param.name, param.type))
    return next(named, first if _DO_ANYTHING.match(first) and _WHAT.search(first) else "")


def _says_what(label: str, name: str, type_text: str) -> bool:
    return base_type(type_text) in _TEXTS and any(_WHAT.search(word) for word in (label, name) if word)


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
