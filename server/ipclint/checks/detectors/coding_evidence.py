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
from ipclint.checks.detectors.coding_class import Coded, class_literals, coded, owner_class, subclasses, superclasses
from ipclint.checks.detectors.coding_shapes import expanded
from ipclint.checks.detectors.coding_wanted import wanted
from ipclint.checks.match import stems_from
from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Place, Step
from ipclint.model.ir import Assign, Call, Expr, Literal, Member, Name, Node, walk
from ipclint.program.link import calls_in, declarations, members, owner_of, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query
from ipclint.program.surface import exported_protocols
from ipclint.program.types import type_names
from ipclint.program.usage import Use, call_uses, read_uses, uses_of

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
    found = dict.fromkeys((*_own(program, name), *_inherited(program, name), *_decoded(program, name)))
    return tuple(sorted(found, key=_rank)[:MAX_CROSSINGS])


def _rank(crossing: Crossing) -> tuple[object, ...]:
    """The surest first, then what needs the fewest words to tell."""
    return (not crossing.certain, crossing.channel != "xpc", len(crossing.text), crossing)


def _own(program: Program, name: str) -> Iterator[Crossing]:
    for each in names_of(program, name):
        yield from required_classes(program).get(each, ())
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


@query(bottom={})
def required_classes(program: Program) -> dict[str, tuple[Crossing, ...]]:
    """The types that the methods of XPC protocols name in their parameters and replies, with where."""
    found: dict[str, list[Crossing]] = defaultdict(list)
    for protocol in sorted(exported_protocols(program)):
        for ref, function in xpc_methods(program, protocol):
            for param in function.params:
                text = expanded(program, param.type)
                role = "in a reply of" if is_block(text) else "a parameter of"
                says = f"is {role} {protocol}.{function.signature}"
                for name in dict.fromkeys(type_names(text)):
                    found[name].append(Crossing("xpc", True, says, ref, param.start, param.end))
    return {name: tuple(each) for name, each in found.items()}


def xpc_methods(program: Program, protocol: str) -> Iterator[tuple[UnitRef, Function]]:
    """The methods that a protocol itself requires. XPC takes no Swift protocol that is not @objc, whatever its name."""
    for declared, unit in declarations(program, protocol):
        is_objc = not declared.path.endswith(".swift") or any(each.startswith("@objc") for each in unit.attributes)
        if unit.kind != "protocol" or not is_objc:
            continue
        for ref in program.members_of(unit.qualified):
            function = program.function(ref)
            if function is not None and ref.path == declared.path and not function.body_start:
                yield ref, function


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


# ── stores ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_PASTEBOARD = {
    "NSPasteboardWriting": "is written to pasteboards",
    "NSPasteboardReading": "is read from pasteboards",
    "NSItemProviderWriting": "is written to drag items",
    "NSItemProviderReading": "is read from drag items",
}


def _adopted(program: Program, name: str) -> Iterator[Crossing]:
    """A class that goes to pasteboards and drag items as a keyed archive; its own methods say in which form it goes."""
    for ref, unit in declarations(program, name):
        for protocol, text in _PASTEBOARD.items():
            if protocol in unit.inherits and _archives_itself(program, name):
                yield Crossing("shared", False, text, ref, *unit.inherits_span)


_KEYED = frozenset({"asKeyedArchive", "NSPasteboardReadingAsKeyedArchive"})


def _archives_itself(program: Program, name: str) -> bool:
    """Whether the methods of a class archive or unarchive objects of that class."""
    names = set(names_of(program, name))
    for owner in {unit.qualified for _, unit in declarations(program, name)}:
        for ref in program.members_of(owner):
            function = program.function(ref)
            if function is None:
                continue
            uses = uses_of(program, ref, "archiving.*")
            if not _KEYED.isdisjoint(function.mentions) or any(names & set(_archived(program, ref, u)) for u in uses):
                return True
    return False


@query(bottom={})
def archived_classes(program: Program) -> dict[str, tuple[Crossing, ...]]:
    """The classes whose archives this program puts into a shared store or takes out of one, with where."""
    found: dict[str, list[Crossing]] = defaultdict(list)
    for ref in sorted({*program.mentioning("NSKeyedArchiver"), *program.mentioning("NSKeyedUnarchiver")}):
        for use in uses_of(program, ref, "archiving.*"):
            classes = _archived(program, ref, use)
            writes = use.api.name == "archiving.archive"
            store = (
                (written_to(program, ref, use.node) if writes else read_from(program, ref, use.args)) if classes else ""
            )
            for name in classes if store else ():
                text = f"is {'archived to' if writes else 'unarchived from'} {store}"
                found[name].append(Crossing("shared", False, text, ref, use.node.start, use.node.end))
    return {name: tuple(each) for name, each in found.items()}


def _archived(program: Program, ref: UnitRef, use: Use) -> tuple[str, ...]:
    """The classes that a use archives, allows when it unarchives, or looks for in what it unarchived."""
    if not use.args or not isinstance(use.node, Call):
        return ()
    if use.api.name == "archiving.unarchive-class":
        return class_literals(program, ref, use.args[0])
    if use.api.name == "archiving.archive":
        text = type_of(program, ref, use.args[0])
    else:
        expected = wanted(program, ref, use.node)
        text = expected.type if expected is not None else ""
    return tuple(name for name in type_names(text) if name[:1].isupper())


def written_to(program: Program, ref: UnitRef, archive: Node) -> str:
    """The shared store that an archive made in function `ref` goes into, as words; "" when none is seen."""
    for call in calls_in(program, ref):
        parts = [part for part in (call.target, *call.args) if part is not None]
        if call == archive or not any(each == archive for part in parts for each in origins(program, ref, part)):
            continue
        for use in call_uses(program, ref, call):
            if use.api.name.startswith("store.write."):
                return use.api.note
        if store := next((each for part in parts if (each := _store_in(program, ref, part, "store.any."))), ""):
            return store
    return ""


OUTSIDE: dict[str, tuple[str, ...]] = {
    "the pasteboard": ("store.read.pasteboard", "pasteboard.*", "ipc.pasteboard"),
    "an app group": ("store.any.app-group",),
    "another device": ("device.*",),
    "another process": ("ipc.*", "web.*", "store.read.message"),
}
"""Where data can come from that others write, with the APIs and kinds of source that tell."""


def read_from(program: Program, ref: UnitRef, data: tuple[Expr, ...]) -> str:
    """The place that data comes from which others write, as words; "" when none is seen."""
    for words, names in OUTSIDE.items():
        if any(stems_from(program, ref, each, names) for each in data):
            return words
    kept = any(
        isinstance(node, Name | Member) and _is_kept_suite(program, ref, node)
        for each in data
        for node in origins(program, ref, each)
    )
    return "an app group" if kept else ""


def _store_in(program: Program, ref: UnitRef, expr: Expr, prefix: str) -> str:
    """The store that an expression, or a local, a property or a global in it, is made of."""
    for node in origins(program, ref, expr):
        if isinstance(node, Call | Member):
            for use in call_uses(program, ref, node) if isinstance(node, Call) else read_uses(program, ref, node):
                if use.api.name.startswith(prefix):
                    return use.api.note
        if isinstance(node, Name | Member) and prefix.startswith("store.any.") and _is_kept_suite(program, ref, node):
            return "an app group"
    return ""


def _is_kept_suite(program: Program, ref: UnitRef, node: Name | Member) -> bool:
    """Whether a name is that of a property or global that keeps `UserDefaults(suiteName:)`."""
    kept = (program.unit(each) for each in kept_in_app_group(program))
    owners = {unit.owner for unit in kept if isinstance(unit, Variable) and unit.name == _member_name(node)}
    return bool(owners) and (isinstance(node, Member) or not owners.isdisjoint({"", owner_of(program, ref)}))


@query(bottom=())
def kept_in_app_group(program: Program) -> tuple[UnitRef, ...]:
    """The properties and globals that hold `UserDefaults(suiteName:)`, set where they stand or by a method."""
    found: set[UnitRef] = set()
    for word in ("UserDefaults", "NSUserDefaults"):
        for ref in program.mentioning(word):
            if not uses_of(program, ref, "store.any.app-group"):
                continue
            if isinstance(program.unit(ref), Variable):
                found.add(ref)
            for node in walk(program.body(ref)):
                if isinstance(node, Assign) and _is_suite(program, ref, node.value):
                    found.update(members(program, owner_of(program, ref), _member_name(node.target)))
    return tuple(sorted(ref for ref in found if isinstance(program.unit(ref), Variable)))


def _is_suite(program: Program, ref: UnitRef, value: Expr) -> bool:
    calls = (node for node in walk(value) if isinstance(node, Call))
    return any(use.api.name == "store.any.app-group" for call in calls for use in call_uses(program, ref, call))


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
    for below in subclasses(program, name):
        for crossing in _own(program, below.name):
            yield crossing._replace(text=f"is the superclass of {below.name}, which {crossing.text}")
    for above in superclasses(program, found) if found is not None else ():
        for crossing in _own(program, above.name):
            yield crossing._replace(text=f"inherits from {above.name}, which {crossing.text}", certain=False)


def _decoded(program: Program, name: str) -> Iterator[Crossing]:
    """A class that another coder which crosses decodes or keeps in a property that it codes."""
    for word in names_of(program, name):
        for ref in program.mentioning(word):
            unit = program.unit(ref)
            owner = owner_class(program, ref)
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
