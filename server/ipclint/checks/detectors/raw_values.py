"""XPC210 and XPC211: raw XPC values that are taken for what they may not be, and events that are no messages."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.raw_evidence import Evidence, Use, evidence, raw_entries
from ipclint.checks.detectors.raw_knowledge import subject
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Finding, Place
from ipclint.model.ir import Call, Closure, Name, Node, Operator, Param, walk
from ipclint.program.program import Program, UnitRef

VARIANTS = {
    "object": "a",
    "bridged": "a",
    "cast": "b",
    "null": "b",
    "forced": "b",
    "length": "c",
    "index": "c",
    "descriptor": "d",
}
"""The catalogue's letters."""


@detector("raw-xpc-value-unchecked", on="function")
@detector("raw-xpc-value-unchecked", on="variable")
def raw_xpc_value_unchecked(rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable) -> Iterator[Finding]:
    for use in _found(program, ref).uses:
        if use.what in VARIANTS and isinstance(use.origin, Call):
            yield rule.finding(
                _place(ref, use.node),
                "likely" if use.helper else None,
                context=use.what,
                variant=VARIANTS[use.what],
                holes={"getter": use.origin.name, "user": use.user or "this", **_parts(ref, use)},
            )


@detector("xpc-event-kind-unchecked", on="function")
@detector("xpc-event-kind-unchecked", on="variable")
def xpc_event_kind_unchecked(
    rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable
) -> Iterator[Finding]:
    for use in _found(program, ref).uses:
        if use.what in ("message", "connection"):
            reply = isinstance(use.origin, Call) or use.reply
            yield rule.finding(
                _place(ref, use.node),
                context="reply" if reply else use.what,
                holes={
                    "user": use.user,
                    "event": subject(use.value) or "the event",
                    "kind": "XPC_TYPE_CONNECTION" if use.what == "connection" else "XPC_TYPE_DICTIONARY",
                    **_parts(ref, use),
                },
            )
    for node in walk(program.body(ref)):
        if isinstance(node, Call) and node.name == "xpc_connection_set_event_handler":
            for handler in node.args:
                test = _only_test(handler) if isinstance(handler, Closure) else None
                if test is not None:
                    yield rule.finding(_place(ref, test), variant="b", context="alike", holes={"user": "", "event": ""})


def _only_test(handler: Closure) -> Node | None:
    """Where a handler asks if an event is an error, when it never asks which, and hands it to nobody who could."""
    event = handler.params[0].name if handler.params else "$0"
    test: Node | None = None
    for node in walk(handler.body):
        if isinstance(node, Name) and node.text.startswith("XPC_ERROR_"):
            return None
        if isinstance(node, Call) and not node.name.startswith("xpc_"):
            if any(isinstance(each, Name) and each.text == event for each in node.args):
                return None
        if isinstance(node, Operator) and node.op in ("==", "!=") and test is None:
            if any(isinstance(each, Name) and each.text == "XPC_TYPE_ERROR" for each in node.operands):
                test = node
    return test


def _found(program: Program, ref: UnitRef) -> Evidence:
    return evidence(program, ref, raw_entries(program).get(ref, frozenset()))


def _parts(ref: UnitRef, use: Use) -> dict[str, str | Place]:
    """What a fix asks for: where the value came from, where it is used, and by which name."""
    made = "parameter" if isinstance(use.origin, Param) else "made"
    return {made: _place(ref, use.origin), "value": _place(ref, use.value), "what": use.what, "taker": use.user}


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
