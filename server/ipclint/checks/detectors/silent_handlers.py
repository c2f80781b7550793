"""XPC303: event handlers of raw connections that let errors pass, and sessions made without a cancellation handler."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.around import place_of
from ipclint.checks.connections import Act, Kept, kept
from ipclint.checks.detectors.invalidation import STARTS, clients
from ipclint.checks.rule import Rule
from ipclint.model.finding import Confidence, Finding
from ipclint.model.ir import Block, Call, Closure, Evaluate, If, Literal, Name, Node, Return, walk
from ipclint.program.callback_names import bare
from ipclint.program.link import calls_in
from ipclint.program.program import Program, UnitRef
from ipclint.program.usage import uses_of

SETTER = "xpc_connection_set_event_handler"
FROM_ENDPOINT = "xpc_connection_create_from_endpoint"
ONE_WAY = "xpc_connection_send_message"
ENDS = "xpc_connection_cancel"


def errors_nobody_hears(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    """The connections and sessions that a unit makes whose failure nobody hears of."""
    made = [node for node in clients(program, ref) if node.name.startswith("xpc_")]
    for node in (*made, *(call for call in calls_in(program, ref) if call.name == FROM_ENDPOINT)):
        found = kept(program, ref, node)
        setters = [act for act in found.acts if act.name == SETTER]
        if not setters or not all(map(_is_deaf, setters)) or not found.names(STARTS):
            continue  # never started here: another rule's matter
        confidence = _unheard(found)
        if confidence is not None:
            name = found.holder.name if found.holder is not None else found.holders[0].name
            place = place_of(setters[0].ref, setters[0].node)
            yield rule.finding(place, confidence, context="raw", holes={"name": name})
    yield from _sessions(rule, program, ref)


def _is_deaf(act: Act) -> bool:
    """Whether a handler does nothing, or nothing where it asks for an error."""
    handler = bare(act.value) if act.value is not None else None
    if not isinstance(handler, Closure):
        return False
    tests = [each for each in handler.body if isinstance(each, If) and _asks_for_error(each)]
    return _does_nothing(handler.body) or any(_does_nothing(each.then) for each in tests)


def _asks_for_error(test: If) -> bool:
    words = {node.text for condition in test.conditions for node in walk(condition) if isinstance(node, Name)}
    return "XPC_TYPE_ERROR" in words and not any(
        getattr(node, "op", "") == "!=" for condition in test.conditions for node in walk(condition)
    )


def _does_nothing(block: Block) -> bool:
    return all(map(_is_nothing, block))


def _is_nothing(statement: Node) -> bool:
    match statement:
        case Return(value=None):
            return True
        case If(then=then, otherwise=otherwise):
            return _does_nothing(then) and _does_nothing(otherwise)
        case Evaluate(value=value):
            return isinstance(bare(value), Name | Literal)  # `(void)event;`
        case _:
            return False


def _unheard(found: Kept) -> Confidence | None:
    """How sure it is that the program misses the error: a reply would tell it, and a connection that ends need not."""
    names = {act.name for act in found.acts}
    sent = [act for act in found.acts if act.name == ONE_WAY]
    if sent:
        return "hint" if found.holder is None and len(sent) == 1 else "likely"  # nobody expects more of one message
    if ENDS in names and not any(name.startswith("xpc_connection_send") for name in names):
        return None
    return "hint"


def _sessions(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    for use in uses_of(program, ref, "xpc.name.service", "xpc.name.mach"):
        node = use.node
        if not isinstance(node, Call) or node.name != "XPCSession" or not _lacks_handler(node):
            continue
        found = kept(program, ref, node)
        if found.escaped and found.holder is None:
            continue  # whoever gets it may know more
        confidence: Confidence = "likely" if any(map(_is_one_way, found.acts)) else "hint"
        name = found.holders[0].name if found.holders else "the session"
        yield rule.finding(place_of(ref, node), confidence, context="session", holes={"name": name})


def _is_one_way(act: Act) -> bool:
    """Whether a message is sent over a session for which nobody hears whether it arrived."""
    return act.name == "send" and isinstance(act.node, Call) and not any(isinstance(n, Closure) for n in act.node.args)


def _lacks_handler(call: Call) -> bool:
    if "cancellationHandler" not in call.labels:
        return "{" not in call.labels  # a trailing closure is that handler
    given = call.args[call.labels.index("cancellationHandler")]
    return isinstance(given, Literal) and given.kind == "nil"
