"""XPC114: an AuthorizationRef that comes from a client, and is not asked what it should be asked."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.around import given
from ipclint.checks.detectors import detector
from ipclint.checks.detectors.authorization_rights import chosen_by_client, flags_of, names_of_rights, only_looks
from ipclint.checks.detectors.peer_reach import bare_statements
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function
from ipclint.model.finding import Finding, Place
from ipclint.model.ir import Assign, Call, Expr, Let, Member, Name, Node, Operator, Return, walk
from ipclint.program.link import callers, calls_in, resolve, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.types import base_type

FORM = "AuthorizationCreateFromExternalForm"
LENGTH = "kAuthorizationExternalFormLength"
COPIES = frozenset({"memcpy", "memmove", "getBytes", "getBytes:length:", "copyBytes", "copyMemory", "initialize"})
RIGHTS = frozenset({"AuthorizationCopyRights", "AuthorizationCopyRightsAsync"})


@detector("authorization-external-form-misused", on="function")
def authorization_external_form_misused(
    rule: Rule, program: Program, ref: UnitRef, unit: Function
) -> Iterator[Finding]:
    forms = [call for call in calls_in(program, ref) if call.name == FORM]
    if not forms:
        return
    yield from _rights_never_asked(rule, program, ref, forms[0])
    yield from _right_chosen(rule, program, ref, unit)
    yield from _length_unchecked(rule, program, ref, unit)
    yield from _read_unmeasured(rule, program, ref, forms)
    yield from _only_looked_up(rule, program, ref)
    yield from _reference_kept(rule, program, ref, unit, forms)
    yield from _buffer_kept(rule, program, ref)


def _rights_never_asked(rule: Rule, program: Program, ref: UnitRef, form: Call) -> Iterator[Finding]:
    """a: the form is taken in, and the right is never asked for, here, below or by the callers' other calls."""
    if not (_asks_rights(program, ref) or _users_ask(program, ref) or _field_is_asked(program, ref, form)):
        yield rule.finding(
            _place(ref, form), "certain", variant="a", severity="high", context="never-asked", holes={"call": FORM}
        )
    for statement in bare_statements(program, ref):
        if isinstance(statement.value, Call) and statement.value.name in RIGHTS:
            yield rule.finding(
                _place(ref, statement.value),
                "certain",
                variant="a",
                severity="high",
                context="dropped",
                holes={"call": statement.value.name},
            )


@query(bottom=False)
def _asks_rights(program: Program, ref: UnitRef) -> bool:
    function = program.function(ref)
    if function is None:
        return False
    if RIGHTS & set(function.mentions):
        return True
    return any(
        _asks_rights(program, callee) for call in calls_in(program, ref) for callee in resolve(program, ref, call).refs
    )


def _users_ask(program: Program, ref: UnitRef) -> bool:
    """A function that keeps or returns the reference leaves the question to its class, or to those who call it."""
    function = program.function(ref)
    siblings = program.members_of(function.owner) if function is not None and function.owner else ()
    asked_beside = any((f := program.function(member)) is not None and RIGHTS & set(f.mentions) for member in siblings)
    return asked_beside or any(_asks_rights(program, site.caller) for site in callers(program, ref))


def _field_is_asked(program: Program, ref: UnitRef, form: Call) -> bool:
    """A reference that goes into a field of a structure is asked by another function of the file."""
    kept = any(isinstance(node, Member) for arg in form.args[1:] for node in walk(arg))
    return kept and any(user.path == ref.path for word in sorted(RIGHTS) for user in program.mentioning(word))


def _right_chosen(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """b: the client says which right it should hold."""
    for name in names_of_rights(program, ref):
        if chooser := chosen_by_client(program, ref, unit, name):
            holes = {"value": chooser}
            yield rule.finding(_place(ref, name), "certain", variant="b", context="chosen", holes=holes)


def _only_looked_up(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    """d: the flags do not ask to obtain the right."""
    for call in calls_in(program, ref):
        if call.name in RIGHTS and only_looks(program, ref, call):
            holes: dict[str, str | Place] = {"call": call.name, "flags": _place(ref, flags_of(program, ref, call))}
            yield rule.finding(_place(ref, call), "certain", variant="d", context="flags", holes=holes)


def _reference_kept(rule: Rule, program: Program, ref: UnitRef, unit: Function, forms: list[Call]) -> Iterator[Finding]:
    """e: the reference is a local that nobody frees."""
    siblings = program.members_of(unit.owner) if unit.owner else ()
    for each in {ref, *siblings}:
        function = program.function(each)
        if function is not None and "AuthorizationFree" in function.mentions:
            return
    for name, form in {_filled(form): form for form in reversed(forms)}.items():
        if name and not _leaves(program, ref, name) and _is_local(program, ref, name):
            yield rule.finding(
                _place(ref, form), "certain", variant="e", severity="low", context="kept", holes={"value": name}
            )


def _filled(form: Call) -> str:
    """The variable that takes the reference."""
    return next((n.text for arg in form.args[1:] for n in walk(arg) if isinstance(n, Name)), "")


def _is_local(program: Program, ref: UnitRef, name: str) -> bool:
    return any(isinstance(node, Let) and name in node.names for node in walk(program.body(ref)))


def _leaves(program: Program, ref: UnitRef, name: str) -> bool:
    """Whether a local is returned, kept, or handed to a function of the program, which may free it."""
    names = {name, *(other for other, values in given(program, ref).items() if any(name in _words(v) for v in values))}
    for node in walk(program.body(ref)):
        inner: tuple[Node, ...] = ()
        if isinstance(node, Return) and node.value is not None:
            inner = () if isinstance(node.value, Operator) and node.value.op in ("==", "!=") else (node.value,)
        elif isinstance(node, Assign) and not isinstance(node.target, Name):
            inner = (node.value,)
        elif isinstance(node, Call) and resolve(program, ref, node).refs:
            inner = node.args
        if any(isinstance(n, Name) and n.text in names for each in inner for n in walk(each)):
            return True
    return False


def _read_unmeasured(rule: Rule, program: Program, ref: UnitRef, forms: list[Call]) -> Iterator[Finding]:
    """c: the form is read where the client's bytes lie, however few they are."""
    for form in forms:
        words = _words(form.args[0]) if form.args else set[str]()
        if words & {"bytes", "baseAddress"} and not _measured(program, ref):
            holes: dict[str, str | Place] = {"call": FORM, **_measurable(program, ref, form.args[0])}
            yield rule.finding(_place(ref, form), "certain", variant="c", context="unmeasured", holes=holes)


def _measured(program: Program, ref: UnitRef) -> bool:
    """Whether a function, or one that calls it, compares a length with that of a form."""
    return _compares_length(program, ref) or any(
        _compares_length(program, site.caller) for site in callers(program, ref)
    )


def _length_unchecked(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """c: the client's bytes are copied by the client's length."""
    for call in calls_in(program, ref):
        if call.name not in COPIES or not call.args:
            continue
        length = call.args[-1]
        names = {n.name for n in walk(length) if isinstance(n, Member | Call)}
        if names & {"length", "count"} and not _compares_length(program, ref):
            yield rule.finding(
                _place(ref, call),
                "certain",
                variant="c",
                severity="high",
                context="length",
                holes={"call": call.name.partition(":")[0], **_measurable(program, ref, length)},
            )


def _measurable(program: Program, ref: UnitRef, expr: Expr) -> dict[str, str | Place]:
    """The data whose bytes, or whose length, an expression is, and what its length is called; empty for others."""
    match expr:
        case (
            Member(base=Name() as data, name="bytes" | "length" | "count")
            | Call(target=Name() as data, name="bytes" | "length", args=())
        ):
            is_value = base_type(type_of(program, ref, data)) == "Data"
            return {"measured": _place(ref, data), "length": "count" if is_value else "length"}
        case _:
            return {}


def _compares_length(program: Program, ref: UnitRef) -> bool:
    for node in walk(program.body(ref)):
        if isinstance(node, Operator) and node.op in ("==", "!=", "<", ">", "<=", ">="):
            words = {
                n.name if isinstance(n, Member | Call) else n.text
                for n in walk(node)
                if isinstance(n, Name | Member | Call)
            }
            if words & {"length", "count"} and words & {
                LENGTH,
                "size",
                "sizeof",
                "AuthorizationExternalForm",
                "stride",
            }:
                return True
    return False


def _buffer_kept(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    """f: a heap buffer for the form that nothing frees, or that is counted in structs where bytes were meant."""
    typed = {id(n.value): n.type for n in walk(program.body(ref)) if isinstance(n, Let)}
    frees = any(call.name in ("deallocate", "free", "deinitialize") for call in calls_in(program, ref))
    for call in calls_in(program, ref):
        if call.name == "allocate" and "capacity" in call.labels:
            counted = LENGTH in {word for arg in call.args for word in _words(arg)}
            if counted or ("AuthorizationExternalForm" in typed.get(id(call), "") and not frees):
                yield rule.finding(
                    _place(ref, call),
                    "certain",
                    variant="f",
                    severity="low",
                    context="oversized" if counted else "leaked",
                    holes={"call": "allocate(capacity:)"},
                )


def _words(node: Node) -> set[str]:
    return {n.text if isinstance(n, Name) else n.name for n in walk(node) if isinstance(n, Name | Member | Call)}


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
