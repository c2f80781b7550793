"""Type texts as shapes: what an archive must hold for a value of a type, in Swift and in Objective-C."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal as OneOf
from typing import NamedTuple

from ipclint.checks.detectors.coding_class import coded
from ipclint.model.facts import Alias
from ipclint.program.link import conforms, is_outside
from ipclint.program.program import Program
from ipclint.program.types import base_type

ShapeKind = OneOf["named", "array", "dictionary", "set", "function", "tuple", "any", "union"]


class Shape(NamedTuple):
    """A type taken apart. `args` are the elements of a collection (of a dictionary: key, value) or of a union."""

    kind: ShapeKind
    name: str = ""
    args: tuple[Shape, ...] = ()
    optional: bool = False


ANY = Shape("any")

_ATTRIBUTE = re.compile(
    r"/\*.*?\*/\s*|@\w+(?:\([^()]*\))?\s*|\b(?:inout|borrowing|consuming|some|any|const|volatile|nullable|nonnull|_Nullable|_Nonnull|"
    r"_Null_unspecified|__nullable|__nonnull|__strong|__weak|__block|__unsafe_unretained|__autoreleasing|__kindof|"
    r"IBOutlet|static|extern|struct|enum|unowned|weak)\b\s*"
)
_GENERIC = re.compile(r"^([\w.]+)\s*<(.*)>$", re.DOTALL)
_NAME = re.compile(r"^[A-Za-z_][\w.]*$")
_COLLECTIONS: dict[str, ShapeKind] = {
    "Array": "array", "ContiguousArray": "array", "NSArray": "array", "NSMutableArray": "array",
    "Set": "set", "NSSet": "set", "NSMutableSet": "set", "NSOrderedSet": "set", "NSMutableOrderedSet": "set",
    "Dictionary": "dictionary", "NSDictionary": "dictionary", "NSMutableDictionary": "dictionary",
}  # fmt: skip


@lru_cache(maxsize=4096)
def parse_shape(text: str) -> Shape:
    """The shape of a Swift or Objective-C type's text; kind "any" when the text says nothing about the class."""
    text = _ATTRIBUTE.sub("", text).strip()
    bare = text.rstrip("?! ")
    if bare != text:
        return parse_shape(bare)._replace(optional=True)
    if (
        "->" in text
        or "^" in text
        or (text.startswith("(") and text.endswith(")") and "," not in text and "->" in text)
    ):
        return Shape("function")
    text = text.rstrip("* ").strip()
    if " | " in text:
        return Shape("union", args=tuple(parse_shape(each) for each in text.split(" | ")))
    if text.startswith("[") and text.endswith("]"):
        key, colon, value = split_top(text[1:-1], ":")
        return (
            Shape("dictionary", args=(parse_shape(key), parse_shape(value)))
            if colon
            else Shape("array", args=(parse_shape(key),))
        )
    if text.startswith("(") and text.endswith(")"):
        return Shape("tuple") if split_top(text[1:-1], ",")[1] or text == "()" else parse_shape(text[1:-1])
    if found := _GENERIC.match(text):
        return _generic(found[1], found[2])
    if not _NAME.match(text) or text in ("id", "Any", "AnyObject", "AnyHashable", "instancetype", "Class", "NSObject"):
        return ANY
    if text in _COLLECTIONS:
        return Shape(_COLLECTIONS[text], text)
    return Shape("named", text)


def _generic(name: str, inside: str) -> Shape:
    args = tuple(parse_shape(each) for each in split_all(inside))
    if name == "Optional" and args:
        return args[0]._replace(optional=True)
    if name in _COLLECTIONS:
        return Shape(_COLLECTIONS[name], name if name.startswith("NS") else "", args)
    if name in ("id", "Class", "NSObject"):
        return ANY
    return Shape("named", name)


def split_top(text: str, separator: str) -> tuple[str, str, str]:
    """`text` at its first `separator` outside brackets, as `str.partition` gives it."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character in "[(<") - (character in "])>" and text[at - 1 : at] != "-")
        if character == separator and depth == 0:
            return text[:at].strip(), separator, text[at + 1 :].strip()
    return text.strip(), "", ""


def split_all(text: str) -> tuple[str, ...]:
    """The parts of `text` between commas outside brackets."""
    first, comma, rest = split_top(text, ",")
    return (first, *split_all(rest)) if comma else (first,)


# ── classes in the archive ───────────────────────────────────────────────────────────────────────────────────────────

BRIDGED = {
    "String": "NSString", "Data": "NSData", "Date": "NSDate", "URL": "NSURL", "UUID": "NSUUID",
    "Decimal": "NSDecimalNumber", "Locale": "NSLocale", "TimeZone": "NSTimeZone", "Calendar": "NSCalendar",
    "DateComponents": "NSDateComponents", "IndexSet": "NSIndexSet", "IndexPath": "NSIndexPath",
    "URLRequest": "NSURLRequest", "CharacterSet": "NSCharacterSet", "DateInterval": "NSDateInterval",
    "PersonNameComponents": "NSPersonNameComponents",
}  # fmt: skip
"""Swift values that are archived as objects of Foundation, and come back by `as`."""

NUMBERS = frozenset(
    {"Int", "Int8", "Int16", "Int32", "Int64", "UInt", "UInt8", "UInt16", "UInt32", "UInt64", "Double", "Float",
     "CGFloat", "Bool", "TimeInterval"}
)  # fmt: skip

PROPERTY_LIST = ("NSArray", "NSDictionary", "NSString", "NSNumber", "NSData", "NSDate")

MUTABLE = {
    "NSMutableString": "NSString", "NSMutableData": "NSData", "NSMutableAttributedString": "NSAttributedString",
    "NSMutableURLRequest": "NSURLRequest", "NSMutableIndexSet": "NSIndexSet", "NSMutableArray": "NSArray",
    "NSMutableDictionary": "NSDictionary", "NSMutableSet": "NSSet", "NSMutableOrderedSet": "NSOrderedSet",
}  # fmt: skip
"""A list that names the immutable class lets both in."""

_SDK = re.compile(r"^(?:NS|UI|CL|MK|CN|EK|PK|AV|CI|CB|HK|IN|GK|SCN|WK|UN|CK|MP|PH|AS|LA|SF|ML|VN|CX|CS)[A-Z]\w*$")
_NO_CLASS = frozenset(
    {"NSRange", "NSRect", "NSSize", "NSPoint", "NSEdgeInsets", "NSInteger", "NSUInteger", "NSTimeInterval", "NSZone",
     "NSComparisonResult", "NSStringEncoding", "NSDecimal", "NSDirectionalEdgeInsets", "UIEdgeInsets", "UIOffset",
     "UIRectEdge", "UIRectCorner", "CLLocationCoordinate2D", "CLLocationDegrees", "CLLocationDistance",
     "CLLocationAccuracy", "MKCoordinateRegion", "MKCoordinateSpan", "MKMapRect", "MKMapPoint", "BOOL", "Boolean",
     "OSStatus", "SEL", "Class", "Protocol"}
)  # fmt: skip
_NO_CODING = re.compile(
    r"(?:Delegate|DataSource|Protocol|Type|Style|Mode|Options|Option|State|Status|Kind|Level|Policy)$"
)


class Classes(NamedTuple):
    """What a typed decode has to allow. `exact` is False when classes had to be assumed."""

    names: tuple[str, ...]
    exact: bool = True


def classes_of(program: Program, shape: Shape, uncoded: bool = False) -> Classes | None:
    """The classes that an archived value of a shape is made of, outermost first; None when no class can be named.

    With `uncoded`, classes of the program count that do not code themselves yet.
    """
    match shape.kind:
        case "array" | "set" | "dictionary":
            return _collection(program, shape, uncoded)
        case "union":
            parts = [classes_of(program, each, uncoded) for each in shape.args]
            return _joined((), [part for part in parts if part]) if all(parts) else None
        case "named":
            return _named(program, shape.name, uncoded)
        case _:
            return None


_OUTER = {"array": "NSArray", "set": "NSSet", "dictionary": "NSDictionary"}


def _collection(program: Program, shape: Shape, uncoded: bool) -> Classes | None:
    outer = "NSOrderedSet" if "OrderedSet" in shape.name else _OUTER[shape.kind]
    if not shape.args:
        return Classes(tuple(dict.fromkeys((outer, *PROPERTY_LIST))), False)
    parts: list[Classes] = []
    for each in shape.args:
        part = Classes(PROPERTY_LIST, False) if each.kind == "any" else classes_of(program, each, uncoded)
        if part is None:
            return None
        parts.append(part)
    return _joined((outer,), parts)


def _joined(first: tuple[str, ...], parts: list[Classes]) -> Classes:
    names = dict.fromkeys((*first, *(name for part in parts for name in part.names)))
    return Classes(tuple(names), all(part.exact for part in parts))


def _named(program: Program, name: str, uncoded: bool) -> Classes | None:
    plain = resolved_name(program, name)
    if plain in BRIDGED:
        return Classes((BRIDGED[plain],))
    if plain in NUMBERS:
        return Classes(("NSNumber",))
    if plain in MUTABLE:
        return Classes((MUTABLE[plain],))
    if found := coded(program, plain):
        if uncoded or found.level in ("secure", "plain") or (found.level == "unknown" and found.decoder is not None):
            return Classes((plain,))
        return Classes((plain,), False) if found.level == "unknown" else None
    if not is_outside(program, plain) or "." in plain:
        return None  # a struct, an enum, a protocol; a nested type of the SDK is one of these as well
    if _SDK.match(plain) or plain in _NO_CLASS:
        return Classes((plain,)) if is_sdk_class(plain) else None
    return Classes((plain,), False) if plain[:1].isupper() and len(plain) > 1 else None


def is_sdk_class(name: str) -> bool:
    """Whether a name that the program does not declare is that of an SDK class which codes itself, by its look."""
    return _SDK.match(name) is not None and name not in _NO_CLASS and _NO_CODING.search(name) is None


def resolved_name(program: Program, name: str) -> str:
    """A type's name with the program's aliases followed."""
    for _ in range(4):
        if not is_outside(program, name) or name in BRIDGED or name in NUMBERS:
            return name
        targets = {unit.target for ref in program.aliases_named(name) if isinstance(unit := program.unit(ref), Alias)}
        shape = parse_shape(targets.pop()) if len(targets) == 1 else ANY
        if shape.kind != "named" or shape.name == name:
            return name
        name = shape.name
    return name


def expanded(program: Program, text: str) -> str:
    """A type's text with the alias that it is followed, so that a typedef of a block reads as the block."""
    for _ in range(4):
        name = base_type(text)
        if not is_outside(program, name):
            return text
        targets = {unit.target for ref in program.aliases_named(name) if isinstance(unit := program.unit(ref), Alias)}
        if len(targets) != 1:
            return text
        text = targets.pop()
    return text


def is_secure_class(program: Program, name: str, near: str = "") -> bool:
    """Whether every decode of class `name` (the one nearest to path `near`) may be asked of a secure coder."""
    found = coded(program, name, near)
    if found is None:
        return is_outside(program, name) and is_sdk_class(name)
    return found.level == "secure"


def is_codable(program: Program, name: str) -> bool:
    """Whether a type of the program is Codable."""
    return bool(conforms(program, name, "Codable")) or (
        bool(conforms(program, name, "Decodable")) and bool(conforms(program, name, "Encodable"))
    )
