"""What a class keeps: its stored properties and instance variables, and the keys that half a coder gives them."""

from __future__ import annotations

import re
from typing import NamedTuple

from ipclint.checks.around import path_to
from ipclint.checks.detectors.coding_class import Coded, superclasses
from ipclint.checks.detectors.coding_shapes import Shape, parse_shape
from ipclint.checks.fix import Sources
from ipclint.model.facts import Function, Import, Type, Variable
from ipclint.model.finding import Place
from ipclint.model.ir import Assign, Call, Evaluate, Let, Name, Node, walk
from ipclint.model.ir import Member as Access
from ipclint.program.link import calls_in, type_of
from ipclint.program.program import Program, UnitRef


class Member(NamedTuple):
    """A method to write. `needs` are classes that have to code themselves too; `replaces` is where it goes instead."""

    text: str
    needs: tuple[str, ...] = ()
    replaces: Place | None = None


class Property(NamedTuple):
    """Something that a class stores: `name` as code calls it, `place` the instance variable behind it."""

    name: str
    place: str
    shape: Shape
    type: str
    variable: Variable
    required: bool  # it has no value of its own: an initialiser has to give it one


class Half(NamedTuple):
    """What half a coder says: the source text of the key of each property, in order."""

    keys: dict[str, str]


def traps(program: Program, ref: UnitRef) -> bool:
    """Whether a function only refuses: `fatalError("init(coder:) has not been implemented")`."""
    body = program.body(ref)
    return all(
        isinstance(each, Evaluate) and isinstance(each.value, Call) and each.value.name in _TRAPS for each in body
    ) and bool(body)


_TRAPS = frozenset({"fatalError", "preconditionFailure", "assertionFailure", "NSAssert", "doesNotRecognizeSelector:"})


def coding_superclasses(program: Program, found: Coded) -> tuple[Coded, ...]:
    """The superclasses in the program that code themselves, the nearest first; all while the class itself does not."""
    own_coder = found.decoder is not None and not traps(program, found.decoder)
    return tuple(each for each in superclasses(program, found) if each.level != "none" or not own_coder)


def stored_properties(program: Program, found: Coded, sources: Sources) -> tuple[Property, ...]:
    """The stored properties of a class in the order of the file, constants and what stands for nothing left out."""
    seen: dict[str, Property] = {}
    for ref in sorted(found.members, key=lambda ref: (ref.path, sources.extent(ref).start)):
        unit = program.unit(ref)
        if isinstance(unit, Variable) and not unit.is_static and not unit.computed:
            each = _swift(program, ref, unit) if found.is_swift else _objc(program, found, unit, sources)
            if each is not None:
                seen.setdefault(each.place, each)
    backed = {each.place for each in seen.values() if each.place != each.name}
    return tuple(each for each in seen.values() if each.name not in backed or each.place != each.name)


def _swift(program: Program, ref: UnitRef, unit: Variable) -> Property | None:
    if not unit.mutable and unit.value is not None:
        return None  # a constant
    if {"lazy", "weak", "unowned"} & set(unit.modifiers) or "@NSManaged" in unit.attributes:
        return None
    text = unit.type or type_of(program, ref, unit.value)
    shape = parse_shape(text)
    required = unit.value is None and not (shape.optional and unit.mutable)
    return Property(unit.name, unit.name, shape, text, unit, required)


_SYNTHESIZE = re.compile(rb"@synthesize\b([^;]*);")
_DYNAMIC = re.compile(rb"@dynamic\b([^;]*);")


def _objc(program: Program, found: Coded, unit: Variable, sources: Sources) -> Property | None:
    shape = parse_shape(unit.type)
    if {"class", "weak", "unsafe_unretained"} & set(unit.attributes) or shape.kind == "function":
        return None
    if "ivar" in unit.attributes:
        return Property(unit.name, unit.name, shape, unit.type, unit, False)
    names = _synthesized(program, found, sources)
    if names.get(unit.name, "") is None or _is_computed(program, found, unit):
        return None
    place = names.get(unit.name) or f"_{unit.name}"
    return Property(unit.name, place, shape, unit.type, unit, False)


def _synthesized(program: Program, found: Coded, sources: Sources) -> dict[str, str | None]:
    """The instance variables that @synthesize names; None for a @dynamic property."""
    names: dict[str, str | None] = {}
    for ref in found.units:
        unit = program.unit(ref)
        if not isinstance(unit, Type) or unit.kind != "implementation":
            continue
        extent = sources.extent(ref)
        data = sources.data(ref.path)[extent.start : extent.end]
        for clause in _SYNTHESIZE.findall(data):
            for each in clause.decode("utf-8", "replace").split(","):
                name, _, place = each.partition("=")
                names[name.strip()] = place.strip() or name.strip()
        for clause in _DYNAMIC.findall(data):
            names.update({each.strip(): None for each in clause.decode("utf-8", "replace").split(",")})
    return names


def _is_computed(program: Program, found: Coded, unit: Variable) -> bool:
    """Whether a property has accessors of its own instead of an instance variable."""
    setter = f"set{unit.name[:1].upper()}{unit.name[1:]}:"
    bodies = {
        function.selector
        for ref in found.members
        if isinstance(function := program.unit(ref), Function) and function.body_start
    }
    return unit.name in bodies and ("readonly" in unit.attributes or setter in bodies)


def imported(program: Program, path: str) -> frozenset[str]:
    """The modules that a file imports, frameworks of Objective-C headers included."""
    units = (program.unit(UnitRef(path, key)) for key in program.keys(path) if key.startswith("I "))
    return frozenset(unit.name.partition("/")[0] for unit in units if isinstance(unit, Import))


# ── half a coder ─────────────────────────────────────────────────────────────────────────────────────────────────────


def half_of(program: Program, found: Coded, sources: Sources) -> Half | None:
    """The keys that the one half of a coder uses; None when a value goes where no property is."""
    decoder = found.decoder if found.decoder is not None and not traps(program, found.decoder) else None
    ref = decoder or found.encoder
    if ref is None:
        return None
    names = {each.name: each.name for each in stored_properties(program, found, sources)}
    names |= {each.place: each.name for each in stored_properties(program, found, sources)}
    keys: dict[str, str] = {}
    for call in calls_in(program, ref):
        index = _key_index(call)
        if index is None or not call.name.startswith("decode" if decoder else "encode"):
            continue
        name = _stored_in(program, ref, call, names) if decoder else _first_name(call.args[0], names)
        if name is None:
            return None
        keys[name] = sources.text(Place(ref.path, ref.key, call.args[index].start, call.args[index].end))
    return Half(keys) if keys else None


def _key_index(call: Call) -> int | None:
    if "forKey" in call.labels:
        return call.labels.index("forKey")
    parts = call.name.split(":")[:-1]
    at = next((i for i, part in enumerate(parts) if part == "forKey" or (i == 0 and part.endswith("ForKey"))), None)
    return at if at is not None and at < len(call.args) else None


def _stored_in(program: Program, ref: UnitRef, call: Call, names: dict[str, str]) -> str | None:
    """The property that a decoded value ends up in, by way of one local."""
    for node in reversed(path_to(program, ref, call)):
        if isinstance(node, Assign):
            return _first_name(node.target, names)
        if isinstance(node, Let) and len(node.names) == 1:
            local = node.names[0]
            return next(
                (
                    name
                    for each in walk(program.body(ref))
                    if isinstance(each, Assign)
                    and isinstance(each.value, Name)
                    and each.value.text == local
                    and (name := _first_name(each.target, names))
                ),
                None,
            )
    return None


def _first_name(node: Node, names: dict[str, str]) -> str | None:
    """The first property that an expression names."""
    for each in walk(node):
        word = each.text if isinstance(each, Name) else each.name if isinstance(each, Access | Call) else ""
        if word in names:
            return names[word]
    return None
