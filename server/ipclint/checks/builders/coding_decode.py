"""Typed decodes in place of untyped ones (fixes F07 and F08 of the catalogue)."""

from __future__ import annotations

import re
from typing import NamedTuple

from ipclint.checks.around import path_to
from ipclint.checks.detectors.coding_decodes import Decode, in_condition
from ipclint.checks.detectors.coding_shapes import (
    BRIDGED,
    NUMBERS,
    Classes,
    Shape,
    classes_of,
    expanded,
    is_sdk_class,
    parse_shape,
    resolved_name,
)
from ipclint.checks.fix import Sources
from ipclint.model.facts import Import
from ipclint.model.finding import Edit, Place
from ipclint.model.ir import Assign, Call, Cast, Evaluate, Expr, Let, Member, Name, Node, Operator
from ipclint.program.link import declarations, is_outside
from ipclint.program.program import Program, UnitRef

REFUSE = "{coder}.failWithError(CocoaError(.coderReadCorrupt))"


class Typed(NamedTuple):
    """The edits that give a decode its class, and the classes that it then allows."""

    edits: tuple[Edit, ...]
    classes: tuple[str, ...]
    safe: bool


def typed_decode(program: Program, ref: UnitRef, decode: Decode, sources: Sources) -> Typed | None:
    """How to decode with the class that the code expects; None when no class can be named."""
    if decode.wanted is None or not isinstance(decode.node, Call) or "orKey" not in decode.form:
        return None
    text = decode.wanted.type if ref.path.endswith(".swift") else expanded(program, decode.wanted.type)
    shape = parse_shape(text)
    classes = classes_of(program, shape)
    if classes is None or not _are_classes(program, ref.path, text, classes):
        return None
    safe = decode.wanted.exact and classes.exact
    if ref.path.endswith(".swift"):
        edit = _swift(program, ref, decode, decode.node, shape, classes, sources)
        return None if edit is None else Typed((edit.edit,), classes.names, safe and edit.safe)
    edits = (_objc(ref, decode.node, classes, sources), *_headers(program, ref.path, classes, sources))
    return Typed(edits, classes.names, safe)


def _are_classes(program: Program, path: str, text: str, classes: Classes) -> bool:
    """Whether the names are classes: an unknown name without a star is a typedef in Objective-C, of who knows what."""
    if path.endswith(".swift") or " | " in text:
        return True
    unknown = (name for name in classes.names if is_outside(program, name) and not is_sdk_class(name))
    return all(re.search(rf"\b{re.escape(name)}\b[^*,]*\*", text) for name in unknown)


# ── Objective-C ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _objc(ref: UnitRef, call: Call, classes: Classes, sources: Sources) -> Edit:
    first = call.name.partition(":")[0]  # decodeObjectForKey, decodeTopLevelObjectForKey
    stem = first.removesuffix("ForKey")
    selector = Place(ref.path, ref.key, call.name_start, call.name_start + len(first))
    argument = class_argument(classes.names, uses_dot_class(sources.data(ref.path)))
    plural = "OfClasses" if len(classes.names) > 1 else "OfClass"
    span = sources.span(selector)
    return Edit(ref.path, span.start, span.end, f"{stem}{plural}:{argument} forKey")


def uses_dot_class(data: bytes) -> bool:
    """Whether a file writes `Foo.class` rather than `[Foo class]`."""
    return len(re.findall(rb"\b[A-Z]\w*\.class\b", data)) > len(re.findall(rb"\[[A-Z]\w* class\]", data))


def class_argument(names: tuple[str, ...], dotted: bool = False) -> str:
    """`[Foo class]`, or the set of several."""
    each = [f"{name}.class" if dotted else f"[{name} class]" for name in names]
    return each[0] if len(each) == 1 else f"[NSSet setWithObjects:{', '.join(each)}, nil]"


def _headers(program: Program, path: str, classes: Classes, sources: Sources) -> tuple[Edit, ...]:
    """A class that is named as an object needs its @interface, where `@class` was enough before."""
    edits: list[Edit] = []
    for name in classes.names:
        header = header_of(program, name)
        if header and header != path and header.rpartition("/")[2] not in reachable_headers(program, path):
            edits += sources.imports(path, f'"{header.rpartition("/")[2]}"')
    return tuple(edits)


def header_of(program: Program, name: str) -> str:
    """The header that declares class `name`, "" when none of the program does."""
    found = [
        ref.path for ref, unit in declarations(program, name) if unit.kind == "interface" and ref.path.endswith(".h")
    ]
    return found[0] if len(found) == 1 else ""


def reachable_headers(program: Program, path: str) -> frozenset[str]:
    """The names of the headers that a file imports, itself or by its own header; folders are left aside."""
    stem = path.rpartition(".")[0]
    refs = (UnitRef(each, key) for each in (path, f"{stem}.h") for key in program.keys(each) if key.startswith("I "))
    units = (program.unit(ref) for ref in refs)
    return frozenset(unit.name.rpartition("/")[2] for unit in units if isinstance(unit, Import))


# ── Swift ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Swift(NamedTuple):
    edit: Edit
    safe: bool


def _swift(
    program: Program, ref: UnitRef, decode: Decode, call: Call, shape: Shape, classes: Classes, sources: Sources
) -> _Swift | None:
    path = path_to(program, ref, call)
    cast = decode.wanted.cast if decode.wanted else None
    written = _with_class(sources, ref, call, _of(classes.names))
    if cast is None:
        whole = Place(ref.path, ref.key, call.start, call.end)
        return _Swift(_exactly(sources, whole, written), True) if in_condition(path) else None
    before, after = _around(sources, ref, call, cast)
    plain = resolved_name(program, shape.name) if shape.kind == "named" else ""
    if shape.kind != "named" or plain in NUMBERS:  # the cast stays: it takes the value out of the collection or number
        return _kept_cast(program, ref, path, cast, before + written + after, sources)
    kept = f" as {shape.name}?" if plain in BRIDGED else ""
    tail = _CAST.sub("", after, count=1)
    if cast.op == "as!" and not shape.optional:
        if (guarded := _guarded(program, ref, path, cast, f"{written}{kept}", sources)) is not None:
            return guarded
        value = f"({written}{kept})!" if kept else f"{written}!"
        return _Swift(_exactly(sources, _place(ref, cast), f"{before}{value}{tail}"), False)
    value = f"{written}{kept}"
    if not kept and before.endswith("(") and tail.startswith(")"):
        before, tail = before[:-1], tail[1:]  # parentheses that only held the cast
    if kept and not before and is_default(path, cast):
        value = f"({value})"
    return _Swift(_exactly(sources, _place(ref, cast), f"{before}{value}{tail}"), True)


_CAST = re.compile(r"\s*\bas[?!]?\s+[\w.]+[?!]?")


def _of(names: tuple[str, ...]) -> str:
    if len(names) == 1 and names[0] not in ("NSArray", "NSDictionary", "NSSet", "NSOrderedSet"):
        return f"{names[0]}.self"
    return f"[{', '.join(f'{name}.self' for name in names)}]"


def _with_class(sources: Sources, ref: UnitRef, call: Call, classes: str) -> str:
    """The decode as written, with the class before its key."""
    text = sources.text(Place(ref.path, ref.key, call.start, call.end))
    name_ends = len(sources.text(Place(ref.path, ref.key, call.start, call.name_start))) + len(call.name)
    at = text.index("forKey", name_ends)
    return f"{text[:at]}of: {classes}, {text[at:]}"


def _around(sources: Sources, ref: UnitRef, call: Call, cast: Cast) -> tuple[str, str]:
    """What a cast expression writes before and behind the decode: parentheses, and the cast itself."""
    before = sources.text(Place(ref.path, ref.key, cast.start, call.start))
    return before, sources.text(Place(ref.path, ref.key, call.end, cast.end))


def _kept_cast(
    program: Program, ref: UnitRef, path: tuple[Node, ...], cast: Cast, text: str, sources: Sources
) -> _Swift:
    if cast.op == "as!" and not cast.type.endswith("?"):
        optional = re.sub(r"\bas!", "as?", text, count=1)
        if (guarded := _guarded(program, ref, path, cast, optional, sources)) is not None:
            return guarded
    return _Swift(_exactly(sources, _place(ref, cast), text), True)


def is_default(path: tuple[Node, ...], cast: Cast) -> bool:
    """Whether a cast is an operand of `??`, where `as T?` needs parentheses."""
    index = next((i for i, node in enumerate(path) if node is cast), 0)
    return index > 0 and isinstance(path[index - 1], Operator) and getattr(path[index - 1], "op", "") == "??"


def _guarded(
    program: Program, ref: UnitRef, path: tuple[Node, ...], cast: Cast, value: str, sources: Sources
) -> _Swift | None:
    """`self.x = … as! Foo` in a failable initialiser as a guard that refuses the archive; None in any other shape."""
    function = program.function(ref)
    index = next((i for i, node in enumerate(path) if node is cast), 0)
    statement = (
        path[index - 2] if index > 1 and isinstance(path[index - 1], Assign) else path[index - 1] if index else None
    )
    if function is None or function.kind != "initializer" or "failable" not in function.modifiers or statement is None:
        return None
    coder = next((param.name for param in function.params if "Coder" in param.type), "")
    name, rest = _binding(statement, path[index - 1], sources, ref)
    if not name or not coder or name == coder or "\n" in value or not _stands_alone(sources, ref, statement):
        return None
    text = f"guard let {name} = {value} else {{\n    {REFUSE.format(coder=coder)}\n    return nil\n}}{rest}"
    return _Swift(sources.replace(_place(ref, statement), text), True)


def _exactly(sources: Sources, place: Place, text: str) -> Edit:
    """An edit whose text is already laid out: it is made of what stands in the source."""
    span = sources.span(place)
    return Edit(place.path, span.start, span.end, text)


def _binding(statement: Node, holder: Node, sources: Sources, ref: UnitRef) -> tuple[str, str]:
    """The name that a guard binds in place of a statement, and what has to follow it."""
    match statement:
        case Evaluate(value=Assign(target=target, op="=")) if statement.value is holder:
            name = _assigned(target)
            return name, f"\nself.{name} = {name}"
        case Let(names=(name,), mutable=False, type=text):
            return (f"{name}: {text}" if text else name), ""
        case _:
            return "", ""


def _assigned(target: Expr) -> str:
    match target:
        case Name(text=name) | Member(base=Name(text="self"), name=name):
            return name
        case _:
            return ""


def _stands_alone(sources: Sources, ref: UnitRef, statement: Node) -> bool:
    """Whether a statement has its lines for itself, but for a comment behind it."""
    span = sources.span(_place(ref, statement))
    data = sources.data(ref.path)
    before = data[data.rfind(b"\n", 0, span.start) + 1 : span.start].strip()
    end = data.find(b"\n", span.end)
    after = data[span.end : end if end >= 0 else len(data)].strip()
    return not before and (not after or after.startswith(b"//"))


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
