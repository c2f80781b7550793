"""`init?(coder:)` and `encode(with:)` in Swift, from the types of a class's properties (fixes F06 to F09)."""

from __future__ import annotations

from typing import NamedTuple

from ipclint.checks.builders.coding_properties import (
    Half,
    Member,
    Property,
    coding_superclasses,
    imported,
    stored_properties,
    traps,
)
from ipclint.checks.detectors.coding_class import Coded, coded, subclasses
from ipclint.checks.detectors.coding_shapes import (
    BRIDGED,
    NUMBERS,
    Shape,
    classes_of,
    is_codable,
    is_sdk_class,
    is_secure_class,
    resolved_name,
)
from ipclint.checks.fix import Sources
from ipclint.model.facts import Function, Type, Variable
from ipclint.model.finding import Place
from ipclint.program.link import declarations, is_outside
from ipclint.program.program import Program


class Codec(NamedTuple):
    """How a property is coded. `value` decodes it: an optional to be bound where `optional`.

    `raw` is what the value is made from, when that has to be bound first under the name `raw_name`. `{coder}` and
    `{key}` stand for the coder's name and the key; `encode` is what is handed to `encode(_:forKey:)`.
    """

    value: str
    optional: bool
    encode: str
    raw: str = ""
    raw_name: str = ""
    needs: tuple[str, ...] = ()


_PRIMITIVES = {
    "Int": "decodeInteger", "Int32": "decodeInt32", "Int64": "decodeInt64", "Bool": "decodeBool",
    "Double": "decodeDouble", "TimeInterval": "decodeDouble", "Float": "decodeFloat",
}  # fmt: skip
_GEOMETRY = {
    "UIKit": {"CGRect": "decodeCGRect", "CGPoint": "decodeCGPoint", "CGSize": "decodeCGSize",
              "CGVector": "decodeCGVector", "CGAffineTransform": "decodeCGAffineTransform",
              "UIEdgeInsets": "decodeUIEdgeInsets"},
    "AppKit": {"CGRect": "decodeRect", "NSRect": "decodeRect", "CGPoint": "decodePoint", "NSPoint": "decodePoint",
               "CGSize": "decodeSize", "NSSize": "decodeSize"},
}  # fmt: skip


def swift_members(
    program: Program, found: Coded, sources: Sources, decoder: bool, encoder: bool, known: Half | None
) -> tuple[Member, ...] | None:
    """The methods that a Swift class lacks, to be written into its body; None when a value cannot be coded."""
    properties = stored_properties(program, found, sources)
    coded_ones: list[tuple[Property, Codec, str]] = []
    for each in properties:
        if known is not None and each.name not in known.keys and not each.required:
            continue
        key = known.keys.get(each.name) if known is not None else f'"{each.name}"'
        codec = codec_of(program, found, each.shape, each.name)
        if codec is None and not each.required and known is None:
            continue  # it keeps the value that it begins with
        if codec is None or key is None:
            return None
        coded_ones.append((each, codec, key))
    coder = "decoder" if any(each.name == "coder" for each in properties) else "coder"
    inits = _initializers(program, found)
    if decoder and not inits and coding_superclasses(program, found):
        return () if not coded_ones else None  # it would no longer inherit the initialisers of its superclass
    members: list[Member] = []
    needs = tuple(dict.fromkeys(name for _, codec, _ in coded_ones for name in codec.needs))
    if decoder:
        needs += tuple(each.name for each in subclasses(program, found.name) if _initializers(program, each))
        if not inits and found.decoder is None:
            members.append(Member(_plain_init(program, found)))
        replaces = _whole(found, sources) if found.decoder is not None and traps(program, found.decoder) else None
        members.append(Member(_decoder(program, found, coded_ones, coder), needs, replaces))
    if encoder:
        members.append(Member(_encoder(program, found, coded_ones, coder), needs))
    return tuple(members)


def _whole(found: Coded, sources: Sources) -> Place | None:
    if found.decoder is None:
        return None
    extent = sources.extent(found.decoder)
    return Place(found.decoder.path, found.decoder.key, 0, extent.end - extent.start)


def _initializers(program: Program, found: Coded | None) -> list[Function]:
    """The designated initialisers that a class declares besides `init(coder:)`."""
    if found is None:
        return []
    units = (program.unit(ref) for ref in found.members)
    return [
        unit
        for unit in units
        if isinstance(unit, Function)
        and unit.name == "init"
        and "convenience" not in unit.modifiers
        and unit.labels != ("coder",)
    ]


# ── text ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def access_of(program: Program, found: Coded, overridable: bool = True) -> str:
    """The access level, with a space behind it, that a member needs to satisfy the protocol."""
    unit = program.unit(found.main)
    modifiers = unit.modifiers if isinstance(unit, Type) else ()
    level = next((each for each in modifiers if each in ("public", "open", "package")), "")
    return f"{'public' if level == 'open' and not overridable else level} " if level else ""


def _plain_init(program: Program, found: Coded) -> str:
    """`init()` is inherited no longer once a class declares an initialiser of its own."""
    return f"{access_of(program, found, False)}override init() {{\n    super.init()\n}}"


def _decoder(program: Program, found: Coded, properties: list[tuple[Property, Codec, str]], coder: str) -> str:
    lines: list[str] = []
    for each, codec, key in properties:
        value, raw = (text.format(coder=coder, key=key) for text in (codec.value, codec.raw))
        if not codec.optional or each.shape.optional:
            lines.append(f"{each.name} = {value}")
            continue
        if raw:
            lines += [f"guard let {codec.raw_name} = {raw},", f"      let {each.name} = {value} else {{"]
        else:
            lines.append(f"guard let {each.name} = {value} else {{")
        lines += [f"    {coder}.failWithError(CocoaError(.coderReadCorrupt))", "    return nil", "}"]
        lines.append(f"self.{each.name} = {each.name}")
    lines.append(f"super.init(coder: {coder})" if coding_superclasses(program, found) else "super.init()")
    body = "\n".join(f"    {line}" for line in lines)
    label = "coder" if coder == "coder" else f"coder {coder}"
    return f"{access_of(program, found, False)}required init?({label}: NSCoder) {{\n{body}\n}}"


def _encoder(program: Program, found: Coded, properties: list[tuple[Property, Codec, str]], coder: str) -> str:
    inherits = bool(coding_superclasses(program, found))
    lines = [f"super.encode(with: {coder})"] if inherits else []
    lines += [f"{coder}.encode({codec.encode}, forKey: {key})" for _, codec, key in properties]
    body = "\n".join(f"    {line}" for line in lines)
    override = "override " if inherits else ""
    label = "with" if coder == "with" else f"with {coder}"
    return f"{access_of(program, found)}{override}func encode({label}: NSCoder) {{\n{body}\n}}"


# ── codecs ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_OBJECT = "{{coder}}.decodeObject(of: {classes}, forKey: {{key}})"


def codec_of(program: Program, found: Coded, shape: Shape, name: str) -> Codec | None:
    """How a property is coded; None when its type cannot be."""
    if shape.kind in ("array", "dictionary", "set"):
        return _collection(program, shape, name)
    if shape.kind != "named":
        return None
    plain = _scoped(program, found, shape.name)
    if plain in NUMBERS:
        return _number(plain, shape, name)
    if plain in BRIDGED:
        return Codec(_OBJECT.format(classes=f"{BRIDGED[plain]}.self") + f" as {shape.name}?", True, name)
    if coded(program, plain) is not None or (is_outside(program, plain) and is_sdk_class(plain)):
        needs = () if is_secure_class(program, plain) else (plain,)
        return Codec(_OBJECT.format(classes=f"{shape.name}.self"), True, name, needs=needs)
    if (geometry := _geometry(program, found, plain)) and not shape.optional:
        return Codec(f"{{coder}}.{geometry}(forKey: {{key}})", False, name)
    if plain == "NSRange":
        boxed = f"{name}.map {{ NSValue(range: $0) }}" if shape.optional else f"NSValue(range: {name})"
        return Codec(f"{_OBJECT.format(classes='NSValue.self')}?.rangeValue", True, boxed)
    return _value_type(program, plain, shape, name)


def _scoped(program: Program, found: Coded, name: str) -> str:
    """The type that a name means inside the class: one nested in it comes first."""
    nested = f"{found.name}.{name}"
    return resolved_name(program, name) if is_outside(program, nested) else nested


def _number(plain: str, shape: Shape, name: str) -> Codec:
    boxed = f"{_OBJECT.format(classes='NSNumber.self')} as? {shape.name}"
    if shape.optional:
        return Codec(boxed, True, name)
    if plain in _PRIMITIVES:
        return Codec(f"{{coder}}.{_PRIMITIVES[plain]}(forKey: {{key}})", False, name)
    if plain == "CGFloat":
        return Codec("CGFloat({coder}.decodeDouble(forKey: {key}))", False, f"Double({name})")
    return Codec(boxed, True, f"NSNumber(value: {name})")


def _geometry(program: Program, found: Coded, plain: str) -> str:
    modules = imported(program, found.main.path)
    framework = "UIKit" if modules & {"UIKit", "SwiftUI"} else "AppKit" if modules & {"AppKit", "Cocoa"} else ""
    return _GEOMETRY.get(framework, {}).get(plain, "")


def _value_type(program: Program, plain: str, shape: Shape, name: str) -> Codec | None:
    """An enum by its raw value, an option set likewise, any other Codable value as a property list."""
    raw = raw_type(program, plain)
    if raw:
        return _raw_value(raw, shape, name, failable="enum" in {unit.kind for _, unit in declarations(program, plain)})
    if is_codable(program, plain):
        return _property_list(shape.name, shape.optional, name)
    return None


def raw_type(program: Program, name: str) -> str:
    """The type of an enum's or option set's raw value, "" when it has none."""
    for _, unit in declarations(program, name):
        if unit.kind == "enum" and unit.inherits and unit.inherits[0] in (NUMBERS | {"String"}):
            return unit.inherits[0]
        if unit.kind == "struct" and {"OptionSet", "RawRepresentable"} & set(unit.inherits):
            for ref in program.members_of(unit.qualified):
                variable = program.unit(ref)
                if isinstance(variable, Variable) and variable.name == "rawValue":
                    return variable.type if "OptionSet" in unit.inherits else ""
    return ""


def _raw_value(raw: str, shape: Shape, name: str, failable: bool) -> Codec | None:
    if raw == "String":
        read, direct = f"{_OBJECT.format(classes='NSString.self')} as String?", False
    else:
        direct = raw in _PRIMITIVES
        read = f"{_OBJECT.format(classes='NSNumber.self')} as? {raw}"
    if shape.optional:
        step = "flatMap" if failable else "map"
        return Codec(f"({read}).{step}({shape.name}.init(rawValue:))", True, f"{name}?.rawValue")
    if direct:
        value = f"{shape.name}(rawValue: {{coder}}.{_PRIMITIVES[raw]}(forKey: {{key}}))"
        return Codec(value, failable, f"{name}.rawValue")
    if not failable:
        return None
    written = f"{name}.rawValue" if raw == "String" else f"NSNumber(value: {name}.rawValue)"
    raw_name = f"raw{name[:1].upper()}{name[1:]}"
    return Codec(f"{shape.name}(rawValue: {raw_name})", True, written, read, raw_name)


def _property_list(type_text: str, optional: bool, name: str) -> Codec:
    data = f"{_OBJECT.format(classes='NSData.self')} as Data?"
    if optional:
        value = f"({data}).flatMap {{{{ try? PropertyListDecoder().decode({type_text}.self, from: $0) }}}}"
        return Codec(value, True, f"{name}.flatMap {{ try? PropertyListEncoder().encode($0) }}")
    value = f"try? PropertyListDecoder().decode({type_text}.self, from: {name}Data)"
    return Codec(value, True, f"try? PropertyListEncoder().encode({name})", data, f"{name}Data")


def _collection(program: Program, shape: Shape, name: str) -> Codec | None:
    text = spelled(shape)
    classes = classes_of(program, shape, uncoded=True)
    if classes is not None:
        list_ = ", ".join(f"{each}.self" for each in classes.names)
        needs = tuple(each for each in classes.names if coded(program, each) and not is_secure_class(program, each))
        return Codec(f"{_OBJECT.format(classes=f'[{list_}]')} as? {text}", True, name, needs=needs)
    element = shape.args[0] if shape.kind == "array" and shape.args else None
    if element is not None and element.kind == "named" and not element.optional:
        plain = resolved_name(program, element.name)
        raw = raw_type(program, plain)
        if raw and any(unit.kind == "enum" for _, unit in declarations(program, plain)):
            inner = "NSString" if raw == "String" else "NSNumber"
            read = f"({_OBJECT.format(classes=f'[NSArray.self, {inner}.self]')} as? [{raw}])"
            optional = "?" if shape.optional else ""
            return Codec(
                f"{read}?.compactMap({element.name}.init(rawValue:))", True, f"{name}{optional}.map {{ $0.rawValue }}"
            )
    return _property_list(text, shape.optional, name) if _is_plain_value(program, shape) else None


def _is_plain_value(program: Program, shape: Shape) -> bool:
    """Whether everything in a collection is Codable."""
    if shape.kind in ("array", "dictionary", "set"):
        return bool(shape.args) and all(_is_plain_value(program, each) for each in shape.args)
    if shape.kind != "named":
        return False
    plain = resolved_name(program, shape.name)
    return plain in BRIDGED or plain in NUMBERS or is_codable(program, plain)


def spelled(shape: Shape) -> str:
    """The Swift type of a shape, without its own optionality."""
    match shape.kind:
        case "array":
            return f"[{_inner(shape.args[0])}]" if shape.args and not shape.name else shape.name or "[Any]"
        case "dictionary":
            if shape.name or len(shape.args) != 2:
                return shape.name or "[AnyHashable: Any]"
            return f"[{_inner(shape.args[0])}: {_inner(shape.args[1])}]"
        case "set":
            return f"Set<{_inner(shape.args[0])}>" if shape.args and not shape.name else shape.name or "NSSet"
        case "named":
            return shape.name
        case _:
            return "Any"


def _inner(shape: Shape) -> str:
    return f"{spelled(shape)}{'?' if shape.optional else ''}"
