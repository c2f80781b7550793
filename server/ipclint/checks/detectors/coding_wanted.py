"""The class that code expects of what it decodes or unarchives, by everything it does with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.checks.around import path_to
from ipclint.checks.detectors.coding_class import class_named, owner_class
from ipclint.checks.detectors.coding_elements import with_elements
from ipclint.model.ir import (
    Assign,
    Call,
    Cast,
    Expr,
    Let,
    Literal,
    Member,
    Name,
    Node,
    Operator,
    Return,
    Text,
    walk,
)
from ipclint.program.constants import constant
from ipclint.program.link import calls_in, owner_of, property_type, resolve, type_of
from ipclint.program.names import property_of_setter
from ipclint.program.program import Program, UnitRef
from ipclint.program.types import base_type


class Wanted(NamedTuple):
    """The type that code expects of a decode, as it is written there ("[Foo]", "NSArray<Foo *> *", "String").

    `exact` is False where the code would also take another class; `replaces` is the node that the decode and the cast
    on it make up together.
    """

    type: str
    exact: bool
    replaces: Node
    cast: Cast | None = None


_SAME = frozenset({"copy", "mutableCopy", "retain", "autorelease"})
_NUMBER = frozenset(
    {"boolValue", "intValue", "integerValue", "floatValue", "doubleValue", "longLongValue", "charValue", "longValue",
     "shortValue", "unsignedIntValue", "unsignedIntegerValue", "unsignedCharValue", "unsignedShortValue",
     "unsignedLongValue", "unsignedLongLongValue", "stringValue"}
)  # fmt: skip
_STRING_TOO = frozenset({"boolValue", "intValue", "integerValue", "floatValue", "doubleValue", "longLongValue"})
_VALUE = frozenset(
    {"rangeValue", "rectValue", "pointValue", "sizeValue", "CGRectValue", "CGPointValue", "CGSizeValue",
     "CGVectorValue", "CGAffineTransformValue", "UIEdgeInsetsValue", "UIOffsetValue", "edgeInsetsValue"}
)  # fmt: skip
_STRING = frozenset(
    {"UTF8String", "isEqualToString:", "hasPrefix:", "hasSuffix:", "lowercaseString", "uppercaseString"}
)
_TAKES = {
    "arrayWithArray:": "NSArray *", "initWithArray:": "NSArray *", "setArray:": "NSArray *",
    "setWithArray:": "NSArray *", "addObjectsFromArray:": "NSArray *", "dictionaryWithDictionary:": "NSDictionary *",
    "initWithDictionary:": "NSDictionary *", "setDictionary:": "NSDictionary *", "setWithSet:": "NSSet *",
    "addEntriesFromDictionary:": "NSDictionary *", "initWithSet:": "NSSet *", "setSet:": "NSSet *",
    "stringWithString:": "NSString *", "initWithString:": "NSString *", "setString:": "NSString *",
    "dataWithData:": "NSData *", "initWithData:": "NSData *",
}  # fmt: skip
_ANYTHING = frozenset({"id", "Any", "AnyObject", "instancetype", "NSObject"})
_TRANSPARENT = frozenset({"try", "try?", "try!", "await", "unwrap", "??", "?:"})


def wanted(program: Program, ref: UnitRef, call: Call) -> Wanted | None:
    """What is expected of a decode: by a cast, the variable or property it goes into, a parameter it is passed as, a
    message sent to it, tests of its class, another decode of the same key, or the encoder's value for the key."""
    path = path_to(program, ref, call)
    found = _by_use(program, ref, path) or _by_tests(program, ref, path)
    if found is not None and (text := with_elements(program, ref, found.type, path)) != found.type:
        found = found._replace(type=text, exact=False)
    if found is None and path:
        found = _by_same_key(program, ref, call) or _by_encoder(program, ref, call)
    return found


def _by_use(program: Program, ref: UnitRef, path: tuple[Node, ...]) -> Wanted | None:
    child = path[-1] if path else None
    for parent in reversed(path[:-1]):
        match parent:
            case Cast(op=op, type=text):
                if op == "is" or base_type(text) in _ANYTHING or base_type(text) == "":
                    return None
                return Wanted(text, True, parent, parent)
            case Operator(op=op, operands=operands) if op in _TRANSPARENT and not (op == "?:" and operands[0] is child):
                pass
            case Call(target=target, name=name) if target is child and name in _SAME:
                pass
            case Call(target=target, name=name) | Member(base=target, name=name) if target is child:
                return _by_message(name, path[-1])
            case Call(args=args) if any(arg is child for arg in args):
                index = next(i for i, arg in enumerate(args) if arg is child)
                return _typed(_parameter(program, ref, parent, index), path[-1])
            case Let(names=(_,), type=text):
                return _typed(text, path[-1])
            case Assign(target=target, value=value) if value is child:
                return _typed(target_type(program, ref, target), path[-1])
            case Return():
                function = program.function(ref)
                return _typed(function.returns if function is not None else "", path[-1])
            case _:
                return None
        child = parent
    return None


def _typed(text: str, node: Node) -> Wanted | None:
    return None if not text or base_type(text) in _ANYTHING or base_type(text) == "" else Wanted(text, True, node)


def _by_message(name: str, node: Node) -> Wanted | None:
    if name in _NUMBER:
        return Wanted("NSNumber *", name not in _STRING_TOO, node)
    if name in _VALUE:
        return Wanted("NSValue *", True, node)
    return Wanted("NSString *", True, node) if name in _STRING else None


def _parameter(program: Program, ref: UnitRef, call: Call, index: int) -> str:
    """The type that a call's argument has by the callee."""
    setter = property_of_setter(call.name) if index == 0 and call.target is not None else ""
    if setter and (found := property_type(program, base_type(type_of(program, ref, call.target)), setter)):
        return found
    if index == 0 and call.name in _TAKES:
        return _TAKES[call.name]
    types = {
        function.params[index].type
        for callee in resolve(program, ref, call).refs
        if (function := program.function(callee)) is not None and index < len(function.params)
    }
    return types.pop() if len(types) == 1 else ""


def target_type(program: Program, ref: UnitRef, target: Expr) -> str:
    """The declared type of what is assigned to: a local, a property, an instance variable."""
    if found := type_of(program, ref, target):
        return found
    name = target.text if isinstance(target, Name) else target.name if isinstance(target, Member) else ""
    owner = owner_of(program, ref)
    return property_type(program, owner, name[1:]) if owner and name.startswith("_") else ""


def _by_tests(program: Program, ref: UnitRef, path: tuple[Node, ...]) -> Wanted | None:
    """A decode kept in a local without type, whose class is asked for later: `[x isKindOfClass:[Foo class]]`."""
    name = next((node.names[0] for node in path if isinstance(node, Let) and len(node.names) == 1), "")
    if not name:
        return None
    classes: dict[str, None] = {}
    for node in walk(program.body(ref)):
        match node:
            case Call(target=Name(text=text), name="isKindOfClass:", args=(tested,)) if text == name:
                if (asked := class_named(tested)) is not None:
                    classes[asked] = None
            case _:
                pass
    return Wanted(" | ".join(classes), True, path[-1]) if classes else None


def _by_same_key(program: Program, ref: UnitRef, call: Call) -> Wanted | None:
    """`if ([coder decodeObjectForKey:@"k"])` before `_k = [coder decodeObjectForKey:@"k"]`."""
    key = key_of(program, ref, call)
    for other in calls_in(program, ref) if key else ():
        if other is call or not other.name.startswith("decode") or key_of(program, ref, other) != key:
            continue
        if found := _by_use(program, ref, path_to(program, ref, other)):
            return Wanted(found.type, found.exact, call)
    return None


def _by_encoder(program: Program, ref: UnitRef, call: Call) -> Wanted | None:
    """The type of what the class's encoder writes under the same key."""
    key, owner = key_of(program, ref, call), owner_class(program, ref)
    if not key or owner is None or owner.encoder is None:
        return None
    for encoder, other in _encodes(program, owner.encoder):
        if key_of(program, encoder, other) == key and other.args:
            text = boxed_type(program, encoder, other.args[0])
            found = _typed(text, call)
            return found._replace(exact=False) if found else None
    return None


def _encodes(program: Program, encoder: UnitRef) -> Iterator[tuple[UnitRef, Call]]:
    for call in calls_in(program, encoder):
        if call.name in ("encodeObject:forKey:", "encodeConditionalObject:forKey:") or (
            call.name == "encode" and call.labels == ("", "forKey")
        ):
            yield encoder, call


def boxed_type(program: Program, ref: UnitRef, expr: Expr) -> str:
    """The class of an encoded value: numbers are boxed."""
    text = type_of(program, ref, expr)
    is_scalar = bool(text) and "*" not in text and not text.startswith(("id", "instancetype", "Class"))
    return "NSNumber *" if is_scalar and not ref.path.endswith(".swift") else text


def key_of(program: Program, ref: UnitRef, call: Call) -> str:
    """The key of a keyed call: its text when it folds to one, else the name that spells it; "" when there is none."""
    if not call.args or not (
        call.name.endswith("orKey:") or call.labels[-1:] == ("forKey",) or "forKey" in call.labels
    ):
        return ""
    index = call.labels.index("forKey") if "forKey" in call.labels else len(call.args) - 1
    key = call.args[index]
    if isinstance(key, Text):
        return key.value
    return constant(program, ref, key) or spelled_key(key)


def spelled_key(key: Expr) -> str:
    """A key's spelling, for keys that no constant says: `Keys.name`, `NSStringFromSelector(@selector(name))`."""
    return ".".join(
        node.text if isinstance(node, Name | Literal) else node.name
        for node in walk(key)
        if isinstance(node, Name | Literal | Member | Call)
    )
