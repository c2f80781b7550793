"""How a class gets from one process into another: the evidence that makes its coder a matter of IPC.

A class crosses when a protocol of an NSXPCInterface names it, when an interface allows it, when it is archived into
something that other processes can write, when a class that crosses decodes it, and when it is above or below one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Literal as OneOf
from typing import NamedTuple

from ipclint.checks.around import origins
from ipclint.checks.detectors.coding_class import Coded, coded, subclasses, superclasses
from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Place, Step
from ipclint.model.ir import Assign, Call, Expr, Literal, Member, Name, Node, walk
from ipclint.program.link import ancestors, declarations, members, owner_of, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.surface import exported_protocols, is_exported
from ipclint.program.types import type_names
from ipclint.program.usage import Use, call_uses, uses_in, uses_of

Channel = OneOf["xpc", "shared"]
"""`xpc`: the system decodes the class for the receiver. `shared`: code of the program archives it into a store."""


class Crossing(NamedTuple):
    """One way for a class to cross. `text` continues a sentence that begins with the class; `certain` is structural."""

    channel: Channel
    certain: bool
    text: str
    ref: UnitRef
    start: int
    end: int

    @property
    def step(self) -> Step:
        return Step(Place(self.ref.path, self.ref.key, self.start, self.end), f"it {self.text}")


MAX_CROSSINGS = 3


@query(bottom=())
def crossings(program: Program, name: str) -> tuple[Crossing, ...]:
    """How class `name` (qualified) crosses a process boundary, the surest ways first; () when nothing says it does."""
    found = (*_own(program, name), *_inherited(program, name), *_decoded(program, name))
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (not each.certain, each.channel != "xpc", each)))[
        :MAX_CROSSINGS
    ]


def _own(program: Program, name: str) -> Iterator[Crossing]:
    for each in names_of(program, name):
        yield from _requirements(program, each)
        yield from allowed_classes(program).get(each, ())
        yield from archived_classes(program).get(each, ())
    yield from _adopted(program, name)


def names_of(program: Program, name: str) -> tuple[str, ...]:
    """What other files call a class: its name, and its Objective-C name (`@objc(Name)`)."""
    found = {name, name.rpartition(".")[2]}
    for _, unit in declarations(program, name):
        for attribute in unit.attributes:
            if attribute.startswith("@objc(") and unit.kind == "class":
                found.add(attribute[6:-1].strip())
    return tuple(sorted(found))


# ── XPC ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _requirements(program: Program, name: str) -> Iterator[Crossing]:
    """The methods of XPC protocols that name the class in a parameter or in a reply."""
    for ref in program.mentioning(name):
        function = program.function(ref)
        if function is None or function.owner not in exported_protocols(program):
            continue
        for param in function.params:
            if name in type_names(param.type):
                role = "in a reply of" if is_block(param.type) else "a parameter of"
                text = f"is {role} {function.owner}.{function.signature}"
                yield Crossing("xpc", True, text, ref, param.start, param.end)


def is_block(type_text: str) -> bool:
    return "->" in type_text or "^" in type_text


@query(bottom={})
def allowed_classes(program: Program) -> dict[str, tuple[Crossing, ...]]:
    """The classes that interfaces allow by `setClasses`, with where."""
    found: dict[str, list[Crossing]] = defaultdict(list)
    for ref in program.mentioning("setClasses"):
        for use in uses_of(program, ref, "interface.allow-classes"):
            if use.args:
                text = f"is allowed for {selector_text(use)}"
                for name in class_literals(program, ref, use.args[0]):
                    found[name].append(Crossing("xpc", True, text, ref, use.args[0].start, use.args[0].end))
    return {name: tuple(each) for name, each in found.items()}


def selector_text(use: Use) -> str:
    """The selector that an allow-list is for, as the code spells it."""
    selector = use.args[1] if len(use.args) > 1 else None
    return selector.text if isinstance(selector, Literal) else "a message"


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


# ── stores ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_PASTEBOARD = {
    "NSPasteboardWriting": "is written to pasteboards",
    "NSPasteboardReading": "is read from pasteboards",
    "NSItemProviderWriting": "is written to drag items",
    "NSItemProviderReading": "is read from drag items",
}


def _adopted(program: Program, name: str) -> Iterator[Crossing]:
    """A class that the pasteboard or drag and drop takes as it is."""
    for ref, unit in declarations(program, name):
        for protocol, text in _PASTEBOARD.items():
            if protocol in unit.inherits:
                yield Crossing("shared", False, text, ref, *unit.inherits_span)


@query(bottom={})
def archived_classes(program: Program) -> dict[str, tuple[Crossing, ...]]:
    """The classes whose archives this program puts into a shared store or takes out of one, with where."""
    found: dict[str, list[Crossing]] = defaultdict(list)
    for ref in sorted({*program.mentioning("NSKeyedArchiver"), *program.mentioning("NSKeyedUnarchiver")}):
        store = shared_store(program, ref)
        if not store:
            continue
        for use in uses_of(program, ref, "archiving.*"):
            for name in _archived(program, ref, use):
                text = f"is {'archived to' if use.api.name == 'archiving.archive' else 'unarchived from'} {store}"
                found[name].append(Crossing("shared", False, text, ref, use.node.start, use.node.end))
    return {name: tuple(each) for name, each in found.items()}


def _archived(program: Program, ref: UnitRef, use: Use) -> tuple[str, ...]:
    if not use.args:
        return ()
    if use.api.name == "archiving.archive":
        return tuple(name for name in type_names(type_of(program, ref, use.args[0])) if name[:1].isupper())
    return class_literals(program, ref, use.args[0])


@query(bottom="")
def shared_store(program: Program, ref: UnitRef) -> str:
    """The store that a function's data comes from or goes to, as words; "" when none of its own doing is shared."""
    for use in uses_in(program, ref):
        if use.api.name.startswith("store."):
            return use.api.note
    if _uses_shared_defaults(program, ref):
        return "an app group"
    return "a message from another process" if is_exported(program, ref) else ""


def _uses_shared_defaults(program: Program, ref: UnitRef) -> bool:
    """Whether a function uses a property or global that keeps `UserDefaults(suiteName:)`."""
    function = program.function(ref)
    for variable in kept_in_app_group(program) if function is not None else ():
        unit = program.unit(variable)
        if not isinstance(unit, Variable) or function is None or unit.name not in function.mentions:
            continue
        if not unit.owner or unit.is_static or function.owner == unit.owner:
            return True
    return False


@query(bottom=())
def kept_in_app_group(program: Program) -> tuple[UnitRef, ...]:
    """The properties and globals that hold `UserDefaults(suiteName:)`, set where they stand or by a method."""
    found: set[UnitRef] = set()
    for word in ("UserDefaults", "NSUserDefaults"):
        for ref in program.mentioning(word):
            if not uses_of(program, ref, "store.app-group"):
                continue
            if isinstance(program.unit(ref), Variable):
                found.add(ref)
            for node in walk(program.body(ref)):
                if isinstance(node, Assign) and _is_suite(program, ref, node.value):
                    found.update(members(program, owner_of(program, ref), _member_name(node.target)))
    return tuple(sorted(ref for ref in found if isinstance(program.unit(ref), Variable)))


def _is_suite(program: Program, ref: UnitRef, value: Expr) -> bool:
    return any(
        isinstance(node, Call)
        and call_uses(program, ref, node)
        and call_uses(program, ref, node)[0].api.name == "store.app-group"
        for node in walk(value)
    )


def _member_name(target: Expr) -> str:
    match target:
        case Member(name=name) | Name(text=name):
            return name.lstrip("_")
        case _:
            return ""


# ── other classes ────────────────────────────────────────────────────────────────────────────────────────────────────


def _inherited(program: Program, name: str) -> Iterator[Crossing]:
    """A superclass of a class that crosses decodes its part; a subclass of one may be sent in its place."""
    found = coded(program, name)
    if found is None:
        return
    for below in subclasses(program, name):
        for crossing in _own(program, below):
            yield _at(
                program, found, crossing, f"is the superclass of {below}, which {crossing.text}", crossing.certain
            )
    for above in superclasses(program, name):
        for crossing in _own(program, above):
            yield _at(program, found, crossing, f"inherits from {above}, which {crossing.text}", False)


def _decoded(program: Program, name: str) -> Iterator[Crossing]:
    """A class that another coder which crosses decodes or keeps in a property that it codes."""
    for word in names_of(program, name):
        for ref in program.mentioning(word):
            unit = program.unit(ref)
            owner = coded(program, unit.owner) if isinstance(unit, Function | Variable) and unit.owner else None
            if owner is None or owner.name == name or owner.decoder is None:
                continue
            if ref != owner.decoder and not (isinstance(unit, Variable) and _codes(program, owner, unit)):
                continue
            for crossing in crossings(program, owner.name):
                outermost = crossing.text.partition("is decoded ")[2].partition(",")[0].split()[-1:]
                if outermost == [name]:
                    continue  # through the class itself
                text = crossing.text.replace("is decoded by", "is decoded inside", 1)
                yield crossing._replace(
                    text=text if outermost else f"is decoded by {owner.name}, which {crossing.text}"
                )


def _codes(program: Program, owner: Coded, variable: Variable) -> bool:
    """Whether a class's coder names one of its properties."""
    function = program.function(owner.decoder) if owner.decoder is not None else None
    return function is not None and bool({variable.name, f"_{variable.name}"} & set(function.mentions))


def _at(program: Program, found: Coded, crossing: Crossing, text: str, certain: bool) -> Crossing:
    return crossing._replace(text=text, certain=certain)


def protocol_types(program: Program, protocol: str) -> Iterator[str]:
    """Every type name in the parameters and replies of a protocol's methods, inherited ones included."""
    for each in (protocol, *sorted(ancestors(program, protocol))):
        for _, declaration in declarations(program, each):
            if declaration.kind != "protocol":
                continue
            for ref in program.members_of(declaration.qualified):
                function = program.function(ref)
                for param in function.params if function is not None else ():
                    yield from type_names(param.type)
