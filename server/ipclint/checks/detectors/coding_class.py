"""Classes that code themselves: what they adopt and where, and the methods that do it, across files and languages."""

from __future__ import annotations

import re
from typing import Literal as OneOf
from typing import NamedTuple

from ipclint.checks.around import origins
from ipclint.model.facts import Function, Type, Variable
from ipclint.model.ir import Call, Evaluate, Expr, Literal, Member, Name, Node, Return, walk
from ipclint.program.link import ancestors, conforms, declarations, is_outside, owner_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.types import base_type

CODING = frozenset({"NSCoding", "NSSecureCoding"})

Level = OneOf["secure", "plain", "none", "unknown"]
"""What a class conforms to, itself or through what it inherits: NSSecureCoding, NSCoding alone, neither; "unknown" when
a superclass outside the program decides."""

_VIEWS = re.compile(
    r"(?:View|Cell|Controller|Window|Layer|Button|Control|Label|TextField|Toolbar|Slider|Stepper|Picker|Switch|Bar|"
    r"BarItem|GestureRecognizer|Responder|Application|Document|Node|Scene|Panel|Menu|MenuItem|Storyboard|Layout|"
    r"LayoutAttributes|LayoutGuide|LayoutConstraint|LayoutManager|Animation|TextStorage|TextContainer|Animator)$"
)
"""Names of SDK classes whose coder is that of a nib, a storyboard or a scene file in the app's own bundle."""


class Support(NamedTuple):
    """A class's own `supportsSecureCoding`. `value` is None when it is computed, `literal` where its one literal is."""

    ref: UnitRef
    value: bool | None
    body: UnitRef | None
    literal: Literal | None


class Coded(NamedTuple):
    """A class of the program.

    `main` declares it: a Swift class, an @interface, else an @implementation. `adopts` are the units that write
    NSCoding or NSSecureCoding in their inheritance clause; `decoder`, `encoder` and `support` are its own.
    """

    name: str  # qualified
    main: UnitRef
    adopts: tuple[UnitRef, ...]
    level: Level
    decoder: UnitRef | None
    encoder: UnitRef | None
    support: Support | None

    @property
    def is_swift(self) -> bool:
        return self.main.path.endswith(".swift")


@query(bottom=None)
def coded(program: Program, name: str) -> Coded | None:
    """What is known of class `name` (plain or qualified) as one that codes itself; None when it is no class here."""
    units = class_units(program, name)
    if not units:
        return None
    main, unit = min(units, key=lambda each: _MAIN.index(each[1].kind))
    qualified = unit.qualified
    return Coded(
        qualified,
        main,
        tuple(ref for ref, each in units if CODING.intersection(each.inherits)),
        _level(program, qualified),
        own_method(program, qualified, "initWithCoder:"),
        own_method(program, qualified, "encodeWithCoder:"),
        _support(program, qualified),
    )


_MAIN = ("class", "interface", "implementation", "category", "extension")


def class_units(program: Program, name: str) -> tuple[tuple[UnitRef, Type], ...]:
    """The declarations of and additions to class `name`; () for a struct, an enum, a protocol or an unknown name."""
    units = declarations(program, name)
    if not any(unit.kind in ("class", "interface", "implementation") for _, unit in units):
        return ()
    return tuple(each for each in units if each[1].kind in _MAIN)


def _level(program: Program, name: str) -> Level:
    secure, plain = conforms(program, name, "NSSecureCoding"), conforms(program, name, "NSCoding")
    if secure:
        return "secure"
    if plain:
        return "plain"
    return "none" if secure is False and plain is False else "unknown"


def own_method(program: Program, name: str, selector: str) -> UnitRef | None:
    """The method `initWithCoder:` or `encodeWithCoder:` with a body that a class implements itself."""
    for _, declaration in declarations(program, name):
        for ref in program.members_of(declaration.qualified):
            function = program.function(ref)
            if function is not None and function.body_start and coder_selector(function) == selector:
                return ref
    return None


def coder_selector(function: Function) -> str:
    """`initWithCoder:` or `encodeWithCoder:` in either language's spelling, "" for any other function."""
    if function.name == "init" and function.labels == ("coder",):
        return "initWithCoder:"
    if function.name == "encode" and function.labels == ("with",):
        return "encodeWithCoder:"
    return function.selector if function.selector in ("initWithCoder:", "encodeWithCoder:") else ""


def _support(program: Program, name: str) -> Support | None:
    for _, declaration in declarations(program, name):
        for ref in program.members_of(declaration.qualified):
            unit = program.unit(ref)
            if not isinstance(unit, Function | Variable) or unit.name != "supportsSecureCoding" or not unit.is_static:
                continue
            if isinstance(unit, Function) and unit.kind == "getter":
                continue  # its property speaks for it
            if isinstance(unit, Variable) and not unit.computed:
                literal = unit.value if isinstance(unit.value, Literal) else None
                return Support(ref, _truth(literal), ref, literal)
            body = UnitRef(ref.path, f"F{ref.key[1:]}.get") if isinstance(unit, Variable) else ref
            if program.function(body) is not None and (not isinstance(unit, Function) or unit.body_start):
                literal = returned_literal(program, body)
                return Support(ref, _truth(literal), body, literal)
    return None


def returned_literal(program: Program, ref: UnitRef) -> Literal | None:
    """The one literal that a function returns; None when it does more than that."""
    found: list[Expr | None] = [node.value for node in walk(program.body(ref)) if isinstance(node, Return)]
    body = program.body(ref)
    if not found and len(body) == 1 and isinstance(body[0], Evaluate):  # an implicit return
        found = [body[0].value]
    return found[0] if len(found) == 1 and isinstance(found[0], Literal) else None


def _truth(literal: Literal | None) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(literal.text) if literal is not None else None


# ── hierarchy ────────────────────────────────────────────────────────────────────────────────────────────────────────


@query(bottom="")
def superclass_of(program: Program, name: str) -> str:
    """The name of the superclass as written, "" for a root class and where a Swift class inherits protocols alone."""
    for _, unit in class_units(program, name):
        if unit.superclass:
            return unit.superclass
        if unit.kind == "class" and unit.inherits:
            first = base_type(unit.inherits[0])
            kinds = {each.kind for _, each in declarations(program, first)}
            return (
                first if kinds & {"class", "interface", "implementation"} or not (kinds or is_protocol(first)) else ""
            )
    return ""


def is_protocol(name: str) -> bool:
    """Whether a name that the program does not declare is surely that of an SDK protocol."""
    return name in _PROTOCOLS or name.endswith(("Delegate", "DataSource", "Protocol", "able", "Representable"))


_PROTOCOLS = CODING | {
    "NSCopying", "NSMutableCopying", "NSFastEnumeration", "NSObjectProtocol", "NSPasteboardWriting",
    "NSPasteboardReading", "NSItemProviderReading", "NSItemProviderWriting", "Any", "AnyObject", "CodingKey", "Error",
    "LocalizedError",
}  # fmt: skip


@query(bottom=())
def superclasses(program: Program, name: str) -> tuple[str, ...]:
    """The qualified names of the superclasses that the program declares, the nearest first."""
    parent = superclass_of(program, name)
    found = coded(program, parent) if parent else None
    return (found.name, *superclasses(program, found.name)) if found is not None and found.name != name else ()


@query(bottom=())
def subclasses(program: Program, name: str) -> tuple[str, ...]:
    """The qualified names of the direct subclasses in the program."""
    found: dict[str, None] = {}
    for word in {name, name.rpartition(".")[2]}:
        for ref in program.declaring_subtypes(word):
            unit = program.unit(ref)
            if isinstance(unit, Type) and unit.kind in ("class", "interface", "implementation"):
                parent = superclass_of(program, unit.qualified)
                if parent and word == base_type(parent):
                    found[unit.qualified] = None
    return tuple(sorted(found))


def is_view(program: Program, name: str) -> bool:
    """Whether a class is decoded from nibs, storyboards and scene files: a view, a controller, a layer and so on."""
    above = ancestors(program, name)
    outside = [each for each in above if is_outside(program, each)]
    if any(_VIEWS.search(each) and not is_protocol(each) for each in outside):
        return True
    unknown = [each for each in outside if not is_protocol(each) and each != "NSObject"]
    return bool(unknown) and _VIEWS.search(name) is not None


def owner_class(program: Program, ref: UnitRef) -> Coded | None:
    """The class that a method belongs to."""
    owner = owner_of(program, ref)
    return coded(program, owner) if owner else None


# ── classes as objects ───────────────────────────────────────────────────────────────────────────────────────────────


def class_literals(program: Program, ref: UnitRef, expr: Expr | None) -> tuple[str, ...]:
    """The classes that an expression and the locals in it name: `[Foo class]`, `Foo.self`, `Foo.class`."""
    found: dict[str, None] = {}
    for node in origins(program, ref, expr):
        if (name := class_named(node)) is not None:
            found[name] = None
    return tuple(found)


def class_named(node: Node) -> str | None:
    """The class that a node names as an object, None for any other node."""
    match node:
        case Literal(kind="class", text=text):
            return text
        case Member(base=Name(text=text), name="self" | "class"):
            return text if text[:1].isupper() else None
        case Call(target=Name(text=text), name="class" | "self", args=()):
            return text if text[:1].isupper() else None
        case _:
            return None
