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

    `main` declares it: a Swift class, an @interface, else an @implementation. `units` are all declarations of and
    additions to it, `members` its functions and variables; `parent` is the superclass as written, "" for none or an
    unknown one. `adopts` are the units that write NSCoding or NSSecureCoding in their inheritance clause; `decoder`,
    `encoder` and `support` are its own.
    """

    name: str  # qualified
    main: UnitRef
    units: tuple[UnitRef, ...]
    members: tuple[UnitRef, ...]
    parent: str
    adopts: tuple[UnitRef, ...]
    level: Level
    decoder: UnitRef | None
    encoder: UnitRef | None
    support: Support | None

    @property
    def is_swift(self) -> bool:
        return self.main.path.endswith(".swift")


_MAIN = ("class", "interface", "implementation")
_ADDED = ("category", "extension")


def coded(program: Program, name: str, near: str = "") -> Coded | None:
    """What is known of class `name` (plain or qualified) as one that codes itself; None when it is no class here.

    Of several classes with this name (in other modules, or a copy of the file) the one nearest to path `near` counts.
    """
    mains = _mains(program, name)
    if not mains:
        return None
    return _coded(program, name, mains[0] if len(mains) == 1 else nearest(mains, near))


@query(bottom=())
def _mains(program: Program, name: str) -> tuple[UnitRef, ...]:
    """The units that declare a class of this name: Swift classes and @interfaces, else @implementations."""
    units = declarations(program, name)
    declared = tuple(ref for ref, unit in units if unit.kind in ("class", "interface"))
    return declared or tuple(ref for ref, unit in units if unit.kind == "implementation")


def nearest(mains: tuple[UnitRef, ...], path: str) -> UnitRef:
    """The declaration that stands nearest to a file: in most folders with it, by the same file name if there is one."""
    return max(mains, key=lambda main: (_shared_folders(main.path, path), _stem(main.path) == _stem(path)))


def _shared_folders(one: str, other: str) -> int:
    count = 0
    for a, b in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if a != b:
            break
        count += 1
    return count


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0].partition("+")[0]


@query(bottom=None)
def _coded(program: Program, name: str, main: UnitRef) -> Coded | None:
    unit = program.unit(main)
    if not isinstance(unit, Type):
        return None
    mains = _mains(program, name)

    def is_near(ref: UnitRef) -> bool:
        return ref == main or len(mains) == 1 or (ref not in mains and nearest(mains, ref.path) == main)

    kinds = (*_MAIN, *_ADDED)
    units = tuple((r, each) for r, each in declarations(program, unit.qualified) if each.kind in kinds and is_near(r))
    owners = sorted({each.qualified for _, each in units})
    members = tuple(ref for owner in owners for ref in program.members_of(owner) if is_near(ref))
    parent = next((found for _, each in units if (found := _parent(program, each))), "")
    return Coded(
        unit.qualified,
        main,
        tuple(ref for ref, _ in units),
        members,
        parent,
        tuple(ref for ref, each in units if CODING.intersection(each.inherits)),
        _level(program, [each for _, each in units]),
        own_method(program, members, "initWithCoder:"),
        own_method(program, members, "encodeWithCoder:"),
        _support(program, members),
    )


def _parent(program: Program, unit: Type) -> str:
    """The superclass that a declaration writes; "" where a Swift class inherits protocols alone."""
    if unit.kind != "class" or not unit.inherits:
        return unit.superclass
    first = base_type(unit.inherits[0])
    if is_outside(program, first):
        return "" if is_protocol(first) else first
    return first if _mains(program, first) else ""


def _level(program: Program, units: list[Type]) -> Level:
    """What the declarations of a class conform to together."""
    above = {base_type(name) for unit in units for name in unit.inherits}
    secure = [conforms(program, name, "NSSecureCoding") for name in above]
    plain = [conforms(program, name, "NSCoding") for name in above]
    if True in secure:
        return "secure"
    if True in plain:
        return "plain"
    known = {name for name in above if name in _ROOTS or is_protocol(name)}
    unsure = [name for name in above - known if conforms(program, name, "NSCoding") is None]
    return "unknown" if unsure else "none"


_ROOTS = frozenset({"NSObject", "NSProxy", "Codable", "Encodable", "Decodable", "Equatable", "Hashable", "Sendable"})


def own_method(program: Program, members: tuple[UnitRef, ...], selector: str) -> UnitRef | None:
    """The method `initWithCoder:` or `encodeWithCoder:` with a body among a class's members."""
    for ref in members:
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


def _support(program: Program, members: tuple[UnitRef, ...]) -> Support | None:
    for ref in members:
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


def is_protocol(name: str) -> bool:
    """Whether a name that the program does not declare is surely that of an SDK protocol."""
    return name in _PROTOCOLS or name.endswith(("Delegate", "DataSource", "Protocol", "able", "Representable"))


_PROTOCOLS = CODING | {
    "NSCopying", "NSMutableCopying", "NSFastEnumeration", "NSObjectProtocol", "NSPasteboardWriting",
    "NSPasteboardReading", "NSItemProviderReading", "NSItemProviderWriting", "Any", "AnyObject", "CodingKey", "Error",
    "LocalizedError",
}  # fmt: skip


MAX_SUPERCLASSES = 20


def superclasses(program: Program, found: Coded) -> tuple[Coded, ...]:
    """The superclasses that the program declares, the nearest first."""
    above: list[Coded] = []
    parent = coded(program, found.parent, found.main.path) if found.parent else None
    while parent is not None and parent != found and parent not in above and len(above) < MAX_SUPERCLASSES:
        above.append(parent)
        parent = coded(program, parent.parent, parent.main.path) if parent.parent else None
    return tuple(above)


@query(bottom=())
def subclasses(program: Program, name: str) -> tuple[Coded, ...]:
    """The direct subclasses of class `name` (qualified) in the program."""
    found: dict[UnitRef, Coded] = {}
    for word in sorted({name, name.rpartition(".")[2]}):
        for ref in program.declaring_subtypes(word):
            unit = program.unit(ref)
            each = coded(program, unit.qualified, ref.path) if isinstance(unit, Type) else None
            if each is not None and base_type(each.parent) == word and each.name != name:
                found[each.main] = each
    return tuple(found.values())


def is_view(program: Program, found: Coded) -> bool:
    """Whether a class is decoded from nibs, storyboards and scene files: a view, a controller, a layer and so on."""
    outside = [each for each in ancestors(program, found.name) if is_outside(program, each)]
    if any(_VIEWS.search(each) and not is_protocol(each) for each in outside):
        return True
    unknown = [each for each in outside if not is_protocol(each) and each != "NSObject"]
    return bool(unknown) and _VIEWS.search(found.name) is not None


def owner_class(program: Program, ref: UnitRef) -> Coded | None:
    """The class that a method belongs to."""
    owner = owner_of(program, ref)
    return coded(program, owner, ref.path) if owner else None


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
