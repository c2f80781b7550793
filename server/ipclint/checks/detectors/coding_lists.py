"""XPC203: lists of allowed classes that allow nearly everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.around import origins
from ipclint.checks.detectors import detector
from ipclint.checks.detectors.coding_class import class_named
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Finding, Place, Step
from ipclint.model.ir import Call, Expr, Member, Name, Node, Return, walk
from ipclint.program.constants import constant
from ipclint.program.link import calls_in, members, owner_of, resolve
from ipclint.program.program import Program, UnitRef
from ipclint.program.usage import Use, uses_of

LISTS = ("coder.decode-class", "archiving.unarchive-class", "interface.allow-classes")

ROOTS = frozenset({"NSObject", "AnyObject", "NSProxy"})

_FROM_RUNTIME = frozenset(
    {"NSClassFromString", "objc_getClass", "objc_lookUpClass", "objc_getClassList", "objc_copyClassList",
     "objc_copyClassNamesForImage", "NSProtocolFromString"}
)  # fmt: skip

_ADDS = frozenset({"insert", "formUnion", "add", "append", "addObject:", "addObjectsFromArray:", "unionSet:"})
"""Messages that add classes to a list in a local."""

_DEPTH = 2  # properties and functions that a list is followed through


class Broad(NamedTuple):
    """What makes a list too broad: the place, a word for it, and whether it is a root class or found at run time."""

    ref: UnitRef
    node: Node
    text: str
    computed: bool


@detector("decode-allow-list-too-broad", on="function")
def decode_allow_list_too_broad(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    for use in uses_of(program, ref, *LISTS):
        for argument in class_arguments(use):
            lists = (argument, *_added(program, ref, argument))
            for broad in (each for made in lists for each in _broad(program, ref, made, 0)):
                yield _finding(rule, ref, use, argument, broad)
                break  # one report a list
    yield from _remapped(rule, program, ref)
    if unit.selector.startswith("unarchiver:cannotDecodeObjectOfClassName:") or unit.labels[1:2] == (
        "cannotDecodeObjectOfClassName",
    ):
        yield from _substituted(rule, program, ref)


def class_arguments(use: Use) -> tuple[Expr, ...]:
    """The arguments of a typed decode, unarchive or interface call that name the classes."""
    node = use.node
    if not isinstance(node, Call):
        return ()
    dictionary = "ictionary" in node.name
    return node.args[: 2 if dictionary else 1]


def _finding(rule: Rule, ref: UnitRef, use: Use, argument: Expr, broad: Broad) -> Finding:
    here = broad.ref == ref
    node = broad.node if here else argument
    there = Place(broad.ref.path, broad.ref.key, broad.node.start, broad.node.end)
    return rule.finding(
        Place(ref.path, ref.key, node.start, node.end),
        "likely" if broad.computed or not use.certain else "certain",
        context="computed" if broad.computed else "",
        holes={"class": broad.text, "call": use.node.signature if isinstance(use.node, Call) else ""},
        steps=() if here else (Step(there, "the list is here"),),
    )


def _broad(program: Program, ref: UnitRef, expr: Expr, depth: int) -> Iterator[Broad]:
    """What is too broad in a list, in its locals, and in the properties, globals and functions that it comes from."""
    for node in origins(program, ref, expr):
        if (name := class_named(node) or "") in ROOTS:
            yield Broad(ref, node, name, False)
        elif isinstance(node, Call) and is_computed_class(program, ref, node):
            yield Broad(ref, node, node.name, True)
        elif depth < _DEPTH and isinstance(node, Name | Member | Call):
            for other, value in _made_of(program, ref, node):
                yield from _broad(program, other, value, depth + 1)


def _added(program: Program, ref: UnitRef, expr: Expr) -> Iterator[Expr]:
    """What the locals named in a list were given by messages before it."""
    names = {node.text for node in origins(program, ref, expr) if isinstance(node, Name)}
    for call in calls_in(program, ref) if names else ():
        if (
            call.name in _ADDS
            and call.end <= expr.start
            and isinstance(call.target, Name)
            and call.target.text in names
        ):
            yield from call.args


def is_computed_class(program: Program, ref: UnitRef, call: Call) -> bool:
    """Whether a call looks a class up by a name that is not written in the code."""
    if call.target is not None or call.name not in _FROM_RUNTIME:
        return False
    text = constant(program, ref, call.args[0]) if call.args else None
    return text is None or text in ROOTS


def _made_of(program: Program, ref: UnitRef, node: Name | Member | Call) -> Iterator[tuple[UnitRef, Expr]]:
    """The values that a property, a global or a function of the program gives."""
    if isinstance(node, Call):
        for callee in resolve(program, ref, node).refs[:2]:
            for each in walk(program.body(callee)):
                if isinstance(each, Return) and each.value is not None:
                    yield callee, each.value
        return
    name = node.text if isinstance(node, Name) else node.name
    owner = owner_of(program, ref)
    kept = members(program, owner, name.lstrip("_")) if owner else ()
    for variable in kept or program.variables_named(name):
        unit = program.unit(variable)
        if isinstance(unit, Variable) and unit.value is not None:
            yield variable, unit.value


# ── names that are mapped to classes ─────────────────────────────────────────────────────────────────────────────────


def _remapped(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    """`setClass(NSClassFromString(name), forClassName: name)`."""
    for use in uses_of(program, ref, "archiving.map-class"):
        for node in origins(program, ref, use.args[0]) if use.args else ():
            if isinstance(node, Call) and is_computed_class(program, ref, node):
                yield rule.finding(
                    Place(ref.path, ref.key, use.node.start, use.node.end),
                    context="remapped",
                    holes={"class": node.name, "call": use.node.signature if isinstance(use.node, Call) else ""},
                )
                break


def _substituted(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    """A delegate that finds a class for any name which the unarchiver could not decode."""
    for node in walk(program.body(ref)):
        if isinstance(node, Call) and is_computed_class(program, ref, node):
            yield rule.finding(
                Place(ref.path, ref.key, node.start, node.end),
                context="remapped",
                holes={"class": node.name, "call": "the unarchiver's delegate"},
            )
            return
