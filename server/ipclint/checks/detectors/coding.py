"""XPC201 and XPC202: classes that cross a process boundary without secure coding, and decodes that name no class."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.coding_class import (
    CODING,
    Coded,
    coded,
    coder_selector,
    is_view,
    owner_class,
    superclasses,
)
from ipclint.checks.detectors.coding_decodes import Decode, untyped_decodes
from ipclint.checks.detectors.coding_evidence import Crossing, allowed_classes, crossings, required_classes
from ipclint.checks.detectors.coding_shapes import parse_shape
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Type, Variable
from ipclint.model.finding import Confidence, Finding, Place
from ipclint.model.ir import Call
from ipclint.program.link import ancestors, declarations
from ipclint.program.program import Program, UnitRef
from ipclint.program.surface import interfaces
from ipclint.program.types import base_type

# ── XPC201 ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@detector("ipc-type-without-secure-coding", on="type")
def adopting_type(rule: Rule, program: Program, ref: UnitRef, unit: Type) -> Iterator[Finding]:
    """A class that adopts NSCoding or NSSecureCoding here."""
    if CODING.intersection(unit.inherits) and unit.kind != "protocol":
        yield from _judge(rule, program, coded(program, unit.qualified, ref.path))


@detector("ipc-type-without-secure-coding", on="function")
def coding_function(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """A class that decodes itself in `init(coder:)`; the types of the interfaces that a function makes or widens."""
    if coder_selector(unit) == "initWithCoder:":
        yield from _by_hand(rule, program, ref, unit)
        if unit.owner and unit.body_start:
            yield from _judge(rule, program, owner_class(program, ref))
    else:
        yield from _named_by_interfaces(rule, program, ref)


@detector("ipc-type-without-secure-coding", on="variable")
def coding_variable(rule: Rule, program: Program, ref: UnitRef, unit: Variable) -> Iterator[Finding]:
    """The types of the protocol that a property's interface is made of."""
    yield from _named_by_interfaces(rule, program, ref)


def _named_by_interfaces(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    protocols = {interface.protocol for interface in interfaces(program) if interface.ref == ref}
    protocols |= {above for protocol in protocols for above in ancestors(program, protocol)}
    names = [
        name
        for name, ways in required_classes(program).items()
        if any((function := program.function(way.ref)) and function.owner in protocols for way in ways)
    ]
    names += [name for name, ways in allowed_classes(program).items() if any(way.ref == ref for way in ways)]
    for name in dict.fromkeys(names):
        yield from _judge(rule, program, coded(program, name, ref.path))


def _judge(rule: Rule, program: Program, found: Coded | None) -> Iterator[Finding]:
    """The finding of a class, if it deserves one: the same wherever it is asked for."""
    if found is None or is_view(program, found):
        return
    lack = _lack(program, found)
    if lack is None:
        return
    variant, text, place = lack
    ways = crossings(program, found.name)
    if not ways and (found.level == "none" or found.decoder is None or not _adopted_here(program, found)):
        return  # it codes itself elsewhere, for a superclass outside the program, or not at all
    yield rule.finding(
        place,
        _confidence(ways),
        context=_context(ways),
        variant=variant,
        holes={"class": found.name, "how": ways[0].text if ways else "codes itself for an archive", "lack": text},
        steps=tuple(way.step for way in ways),
    )


def _lack(program: Program, found: Coded) -> tuple[str, str, Place] | None:
    """What a class lacks for secure coding: the variant, in words, and where; None when it lacks nothing."""
    if found.level in ("none", "plain", "unknown"):
        if found.level == "unknown" and not found.adopts and not _decodes(program, found):
            return None
        ref = next((each for each in found.adopts), found.main)
        text = "does not adopt NSSecureCoding" if found.level == "none" else "adopts NSCoding without NSSecureCoding"
        return "a", text, _name_place(program, ref)
    support = found.support
    if support is not None and support.value is False:
        node = support.literal
        body = support.body or support.ref
        place = Place(body.path, body.key, node.start, node.end) if node else _name_place(program, found.main)
        return "b", "says that it does not support secure coding", place
    if support is None and found.decoder is not None:
        if _inherits_support(program, found):
            spelling = "init(coder:)" if found.is_swift else "-initWithCoder:"
            text = f"overrides {spelling} without a supportsSecureCoding of its own"
            return "b", text, _name_place(program, found.main)
        if found.adopts and not found.is_swift and found.parent == "NSObject":
            return "b", "has no +supportsSecureCoding", _name_place(program, found.adopts[0])
    return None


def _decodes(program: Program, found: Coded) -> bool:
    """Whether a class whose superclass is unknown codes something of its own."""
    return found.decoder is not None and bool(untyped_decodes(program, found.decoder))


def _inherits_support(program: Program, found: Coded) -> bool:
    """Whether a superclass promises secure coding and the class decodes something of its own besides."""
    function = program.function(found.decoder) if found.decoder is not None else None
    if function is None or not _does_work(program, found):
        return False
    return any(above.level == "secure" for above in superclasses(program, found))


def _does_work(program: Program, found: Coded) -> bool:
    """Whether `init(coder:)` does more than refuse."""
    function = program.function(found.decoder) if found.decoder is not None else None
    if function is None or found.decoder is None:
        return False
    return "fatalError" not in function.mentions or len(program.body(found.decoder)) > 1


def _adopted_here(program: Program, found: Coded) -> bool:
    """Whether the class, or one above it in the program, writes that it codes itself."""
    return any(each.adopts for each in (found, *superclasses(program, found)))


def _name_place(program: Program, ref: UnitRef) -> Place:
    unit = program.unit(ref)
    span = unit.name_span if isinstance(unit, Type) else (0, 0)
    return Place(ref.path, ref.key, *span)


def _confidence(ways: tuple[Crossing, ...]) -> Confidence:
    if not ways:
        return "hint"
    return "certain" if ways[0].certain else "likely"


def _context(ways: tuple[Crossing, ...]) -> str:
    """The context that severity and profile are narrowed by."""
    return ways[0].channel if ways else "private"


def _by_hand(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    """A Swift value type that reads itself from a coder: it cannot say which classes it expects."""
    owners = [each for _, each in declarations(program, unit.owner)] if unit.owner else []
    kinds = {each.kind for each in owners}
    if not kinds & {"struct", "enum"} or not untyped_decodes(program, ref):
        return
    yield rule.finding(
        Place(ref.path, ref.key, *unit.name_span),
        "hint",
        context="private",
        variant="c",
        holes={
            "class": unit.owner,
        },
    )


# ── XPC202 ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@detector("untyped-decode-in-coder", on="function")
def untyped_decode_in_coder(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    if not _takes_coder(unit) or is_restoration(unit):
        return
    owner = owner_class(program, ref)
    if owner is not None and is_view(program, owner):
        return
    decodes = untyped_decodes(program, ref)
    if not decodes:
        return
    ways = crossings(program, owner.name) if owner is not None else ()
    if owner is not None and not ways and owner.level == "unknown" and not _adopted_here(program, owner):
        return  # a subclass of something outside: nobody here says what its coder is for
    for decode in decodes:
        yield rule.finding(
            Place(ref.path, ref.key, *_span(decode)),
            _confidence(ways),
            context=_context(ways),
            holes={
                "decode": f"{decode.macro} expands to {decode.form}, which" if decode.macro else decode.form,
                "expected": _expected(decode),
                "crossing": f"; {owner.name} {ways[0].text}" if ways and owner is not None else "",
            },
            steps=tuple(way.step for way in ways),
        )


def _takes_coder(unit: Function) -> bool:
    """Whether a function decodes from a coder that it is handed, or adds to what coders can do."""
    takes = unit.owner == "NSCoder" or any(base_type(param.type) == "NSCoder" for param in unit.params)
    return bool(unit.body_start) and (takes or unit.name == "initWithCoder:")


def is_restoration(unit: Function) -> bool:
    """State restoration reads what the system keeps for the app itself: `decodeRestorableState(with:)` and its kin."""
    return any("restor" in text.lower() for text in (unit.name, unit.selector, *unit.labels))


def _span(decode: Decode) -> tuple[int, int]:
    node = decode.node
    return (node.name_start, node.end) if isinstance(node, Call) and node.target is not None else (node.start, node.end)


def _expected(decode: Decode) -> str:
    """What a message says of the class that the code looks for afterwards."""
    shape = parse_shape(decode.wanted.type) if decode.wanted else None
    if shape is None or shape.kind in ("any", "function", "tuple"):
        return ""
    names = [each.name for each in shape.args] if shape.kind == "union" else [shape.name or shape.kind]
    article = "an" if names[0][:1].lower() in "aeiou" and not names[0].startswith("U") else "a"
    return f" before the code looks for {article} {' or '.join(names)}"
