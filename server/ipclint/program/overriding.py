"""Which bodies a call of a method can run: what a subclass overrides takes the place of what its class holds."""

from __future__ import annotations

from ipclint.model.facts import Function, Type
from ipclint.model.ir import Call, Name, walk
from ipclint.program.link import ancestors, code_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query


@query(bottom=())
def running(program: Program, ref: UnitRef) -> tuple[UnitRef, ...]:
    """The bodies that run when a method is called on an object of its type: its own or those that override it.

    Its own is left out where every object is of a subclass that overrides it: an abstract class, whose hooks say what
    happens unless somebody says better.
    """
    function = program.function(ref)
    if function is None or function.kind != "method" or not function.owner:
        return (ref,)
    overrides = _overrides(program, ref, function)
    if not overrides:
        return (ref,)
    bodies = {function.owner.rpartition(".")[2]: ref, **overrides}
    found = [
        body
        for name in (function.owner.rpartition(".")[2], *subtypes(program, function.owner))
        if (not subtypes(program, name) or _is_made(program, name)) and (body := _inherited(program, name, bodies))
    ]
    return tuple(dict.fromkeys(found))


def _overrides(program: Program, ref: UnitRef, function: Function) -> dict[str, UnitRef]:
    """The methods with a body that override one, by the plain names of their types."""
    found: dict[str, UnitRef] = {}
    for other in program.functions_named(function.name):
        override = program.function(other)
        if override is None or not override.body or not override.owner or override.labels != function.labels:
            continue
        if function.owner.rpartition(".")[2] in ancestors(program, override.owner) and other != ref:
            found[override.owner.rpartition(".")[2]] = other
    return found


@query(bottom=())
def subtypes(program: Program, name: str) -> tuple[str, ...]:
    """The plain names of all classes below a class, and of all types that adopt a protocol."""
    found: dict[str, None] = {}
    for ref in program.declaring_subtypes(name.rpartition(".")[2]):
        unit = program.unit(ref)
        if isinstance(unit, Type) and unit.kind != "protocol":
            found[unit.name] = None
            found.update(dict.fromkeys(subtypes(program, unit.name)))
    return tuple(found)


def _inherited(program: Program, name: str, bodies: dict[str, UnitRef]) -> UnitRef | None:
    """The body that objects of a type run: of the nearest type above that has one."""
    if name in bodies:
        return bodies[name]
    above = [each for each in bodies if each in ancestors(program, name)]
    nearest = max(above, key=lambda each: len(ancestors(program, each)), default="")
    return bodies.get(nearest)


@query(bottom=False)
def _is_made(program: Program, name: str) -> bool:
    """Whether some code makes an object of just this type: `Name(…)`, or a message to the class."""
    return any(
        isinstance(node, Call) and (node.name == name or (isinstance(node.target, Name) and node.target.text == name))
        for ref in program.mentioning(name)
        for node in walk(code_of(program, ref))
    )
