"""Messages between processes: a method that an exported protocol requires, what implements it, and who calls it.

One message may be declared in Objective-C, implemented in Swift and sent from both: the three sides are matched by
selector, or by the Swift spellings that stand for it.
"""

from __future__ import annotations

from collections.abc import Iterable

from ipclint.model.facts import Function
from ipclint.model.ir import Call
from ipclint.program.link import CallSite, ancestors, callers, declarations, resolve
from ipclint.program.names import selectors
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.surface import exported_protocols, exported_types, is_exported


@query(bottom=())
def messages(program: Program) -> tuple[UnitRef, ...]:
    """Every requirement of a protocol that another process may call, by file and position in it."""
    found = {ref for protocol in exported_protocols(program) for ref in requirements_in(program, protocol)}
    return tuple(sorted(found))


@query(bottom=())
def requirements_in(program: Program, protocol: str) -> tuple[UnitRef, ...]:
    """The methods that a protocol itself requires, in source order, each once however often it is declared; () for a
    protocol from outside."""
    names = dict.fromkeys(unit.qualified for _, unit in declarations(program, protocol) if unit.kind == "protocol")
    found: dict[tuple[str, tuple[str, ...]], UnitRef] = {}
    for ref in _in_source_order(program, (ref for name in names for ref in program.members_of(name))):
        function = program.function(ref)
        if function is not None and not function.body:
            found.setdefault((function.name, function.labels), ref)
    return tuple(found.values())


def _in_source_order(program: Program, refs: Iterable[UnitRef]) -> list[UnitRef]:
    found = list(refs)
    order = {path: {key: n for n, key in enumerate(program.keys(path))} for path in {ref.path for ref in found}}
    return sorted(found, key=lambda ref: (ref.path, order[ref.path].get(ref.key, 0)))


@query(bottom=())
def requirements_of(program: Program, ref: UnitRef) -> tuple[UnitRef, ...]:
    """The messages that a function is a side of: itself when it is a requirement, or those that it implements."""
    function = program.function(ref)
    if function is None or not function.owner:
        return ()
    if not function.body:
        return (ref,) if ref in messages(program) else ()
    if not is_exported(program, ref):
        return ()
    adopted = {function.owner, *ancestors(program, function.owner)}
    wanted = [each for each in messages(program) if answers(program.function(each), function)]
    return tuple(each for each in wanted if _owner(program, each) in adopted) or tuple(wanted)


@query(bottom=())
def implementations(program: Program, requirement: UnitRef) -> tuple[UnitRef, ...]:
    """The methods with a body that run when a message arrives, in every type that may be exported."""
    required = program.function(requirement)
    if required is None:
        return ()
    names = dict.fromkeys(filter(None, (required.selector, required.name)))
    found = {ref: None for name in names for ref in program.functions_named(name)}
    types = exported_types(program)
    return tuple(
        ref
        for ref in found
        if (function := program.function(ref)) is not None
        and function.body
        and function.owner in types
        and answers(required, function)
        and requirement in requirements_of(program, ref)
    )


@query(bottom=())
def calls(program: Program, requirement: UnitRef) -> tuple[CallSite, ...]:
    """Every call in the program that sends a message, in either language."""
    sites = {
        (site.caller, site.call.start, site.call.end): site
        for ref in (requirement, *implementations(program, requirement))
        for site in callers(program, ref)
    }
    return tuple(sites[key] for key in sorted(sites))


def sent_by(program: Program, ref: UnitRef, call: Call) -> tuple[UnitRef, ...]:
    """The messages that a call inside unit `ref` may send; () for a call that stays in the process."""
    found = {each: None for callee in resolve(program, ref, call).refs for each in requirements_of(program, callee)}
    return tuple(found)


def answers(requirement: Function | None, method: Function) -> bool:
    """Whether a method has the signature of a requirement, in either language's spelling."""
    if requirement is None:
        return False
    if (requirement.name, requirement.labels) == (method.name, method.labels):
        return True
    return not _selectors(requirement).isdisjoint(_selectors(method))


def _selectors(function: Function) -> frozenset[str]:
    """The selectors of a function: its own, else those that its Swift spelling may stand for."""
    if function.selector:
        return frozenset({function.selector})
    return frozenset({function.name} if ":" in function.name else selectors(function.name, function.labels))


def _owner(program: Program, ref: UnitRef) -> str:
    function = program.function(ref)
    return function.owner if function is not None else ""
