"""`-initWithCoder:` and `-encodeWithCoder:` in Objective-C, from the properties and instance variables of a class."""

from __future__ import annotations

from typing import NamedTuple

from ipclint.checks.builders.coding_decode import class_argument, uses_dot_class
from ipclint.checks.builders.coding_properties import (
    Half,
    Member,
    Property,
    coding_superclasses,
    imported,
    stored_properties,
)
from ipclint.checks.builders.coding_style import objc_if, objc_method
from ipclint.checks.detectors.coding_class import Coded, coded
from ipclint.checks.detectors.coding_shapes import MUTABLE, Shape, classes_of, is_secure_class
from ipclint.checks.fix import Sources
from ipclint.model.facts import Alias, Type
from ipclint.program.link import declarations
from ipclint.program.program import Program, UnitRef


class Codec(NamedTuple):
    """`decode` and `encode` with `{coder}`, `{key}` and `{place}` (the instance variable)."""

    decode: str
    encode: str
    needs: tuple[str, ...] = ()


_SCALARS = {
    "BOOL": "Bool", "bool": "Bool", "Boolean": "Bool", "NSInteger": "Integer", "long": "Integer", "int": "Int",
    "int32_t": "Int32", "SInt32": "Int32", "int64_t": "Int64", "SInt64": "Int64", "long long": "Int64",
    "float": "Float", "double": "Double", "CGFloat": "Double", "NSTimeInterval": "Double", "CFTimeInterval": "Double",
    "CFAbsoluteTime": "Double",
}  # fmt: skip
_BOXED = {
    "NSUInteger": "unsignedIntegerValue", "unsigned long": "unsignedLongValue", "unsigned int": "unsignedIntValue",
    "unsigned": "unsignedIntValue", "uint32_t": "unsignedIntValue", "UInt32": "unsignedIntValue",
    "uint64_t": "unsignedLongLongValue", "UInt64": "unsignedLongLongValue", "size_t": "unsignedLongValue",
    "unsigned long long": "unsignedLongLongValue", "uint16_t": "unsignedShortValue", "UInt16": "unsignedShortValue",
    "uint8_t": "unsignedCharValue", "UInt8": "unsignedCharValue", "short": "shortValue", "int16_t": "shortValue",
    "char": "charValue", "int8_t": "charValue", "pid_t": "intValue", "uid_t": "unsignedIntValue",
    "gid_t": "unsignedIntValue", "mode_t": "unsignedShortValue",
}  # fmt: skip
_GEOMETRY = {
    "UIKit": {"CGRect": "CGRect", "CGPoint": "CGPoint", "CGSize": "CGSize", "CGVector": "CGVector",
              "CGAffineTransform": "CGAffineTransform", "UIEdgeInsets": "UIEdgeInsets"},
    "AppKit": {"CGRect": "Rect", "NSRect": "Rect", "CGPoint": "Point", "NSPoint": "Point", "CGSize": "Size",
               "NSSize": "Size"},
}  # fmt: skip


def objc_members(
    program: Program, found: Coded, sources: Sources, decoder: bool, encoder: bool, known: Half | None
) -> tuple[Member, ...] | None:
    """The methods that a class lacks, to be written into its @implementation; None when a value cannot be coded."""
    body = next((ref for ref in found.units if _is_implementation(program, ref)), None)
    if body is None:
        return None
    data = sources.data(body.path)
    dotted = uses_dot_class(data)
    coded_ones: list[tuple[Property, Codec, str]] = []
    for each in stored_properties(program, found, sources):
        if known is not None and each.name not in known.keys:
            continue
        key = known.keys[each.name] if known is not None else f'@"{each.name.lstrip("_")}"'
        codec = codec_of(program, found, each, dotted)
        if codec is None:
            return None
        coded_ones.append((each, codec, key))
    needs = tuple(dict.fromkeys(name for _, codec, _ in coded_ones for name in codec.needs))
    members: list[Member] = []
    if decoder:
        members.append(Member(_decoder(program, found, coded_ones, data), needs))
    if encoder:
        members.append(Member(_encoder(program, found, coded_ones, data), needs))
    return tuple(members)


def _is_implementation(program: Program, ref: UnitRef) -> bool:
    unit = program.unit(ref)
    return isinstance(unit, Type) and unit.kind == "implementation"


def _decoder(program: Program, found: Coded, properties: list[tuple[Property, Codec, str]], data: bytes) -> str:
    above = "[super initWithCoder:coder]" if coding_superclasses(program, found) else "[super init]"
    assignments = [f"{each.place} = {codec.decode.format(coder='coder', key=key)};" for each, codec, key in properties]
    lines = [f"self = {above};"]
    if assignments:
        lines += objc_if(data, "self", assignments)
    lines.append("return self;")
    return objc_method(data, "- (instancetype)initWithCoder:(NSCoder *)coder", "\n".join(lines))


def _encoder(program: Program, found: Coded, properties: list[tuple[Property, Codec, str]], data: bytes) -> str:
    lines = ["[super encodeWithCoder:coder];"] if coding_superclasses(program, found) else []
    lines += [codec.encode.format(coder="coder", key=key, place=each.place) for each, codec, key in properties]
    return objc_method(data, "- (void)encodeWithCoder:(NSCoder *)coder", "\n".join(lines))


# ── codecs ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_OBJECT_ENCODE = "[{coder} encodeObject:{place} forKey:{key}];"


def codec_of(program: Program, found: Coded, each: Property, dotted: bool) -> Codec | None:
    """How an instance variable is coded; None when its type cannot be."""
    text = " ".join(each.type.replace("const", "").split())
    if "*" not in text and (scalar := _scalar(program, found, text)) is not None:
        return scalar
    return _object(program, each.shape, dotted) if "*" in text or each.shape.kind != "named" else None


def _scalar(program: Program, found: Coded, text: str, depth: int = 0) -> Codec | None:
    if kind := _SCALARS.get(text):
        return Codec(f"[{{coder}} decode{kind}ForKey:{{key}}]", f"[{{coder}} encode{kind}:{{place}} forKey:{{key}}];")
    if value := _BOXED.get(text):
        number = "[{coder} decodeObjectOfClass:[NSNumber class] forKey:{key}]"
        return Codec(f"[{number} {value}]", "[{coder} encodeObject:@({place}) forKey:{key}];")
    if text in ("NSRange", "NSRange_"):
        value = "[[{coder} decodeObjectOfClass:[NSValue class] forKey:{key}] rangeValue]"
        return Codec(value, "[{coder} encodeObject:[NSValue valueWithRange:{place}] forKey:{key}];")
    modules = imported(program, found.main.path) | frozenset(
        name for ref in found.units for name in imported(program, ref.path)
    )
    framework = "UIKit" if "UIKit" in modules else "AppKit" if modules & {"AppKit", "Cocoa"} else ""
    if kind := _GEOMETRY.get(framework, {}).get(text):
        return Codec(f"[{{coder}} decode{kind}ForKey:{{key}}]", f"[{{coder}} encode{kind}:{{place}} forKey:{{key}}];")
    return _enumeration(program, found, text, depth)


def _enumeration(program: Program, found: Coded, text: str, depth: int) -> Codec | None:
    """An enum as an integer; a typedef as what it stands for."""
    name = text.removeprefix("enum ")
    if any(unit.kind == "enum" for _, unit in declarations(program, name)):
        return Codec(
            f"({text})[{{coder}} decodeIntegerForKey:{{key}}]", "[{coder} encodeInteger:{place} forKey:{key}];"
        )
    targets = {unit.target for ref in program.aliases_named(name) if isinstance(unit := program.unit(ref), Alias)}
    if len(targets) == 1 and depth < 4:
        return _scalar(program, found, targets.pop(), depth + 1)
    return None


def _object(program: Program, shape: Shape, dotted: bool) -> Codec | None:
    classes = classes_of(program, shape, uncoded=True)
    if classes is None:
        return None
    needs = tuple(name for name in classes.names if coded(program, name) and not is_secure_class(program, name))
    plural = "OfClasses" if len(classes.names) > 1 else "OfClass"
    value = f"[{{coder}} decodeObject{plural}:{class_argument(classes.names, dotted)} forKey:{{key}}]"
    if shape.name in MUTABLE:
        value = f"[{value} mutableCopy]"
    return Codec(value, _OBJECT_ENCODE, needs)
