"""Types taken apart, and the classes that an archive of them holds."""

from __future__ import annotations

import pytest

from ipclint.checks.detectors.coding_class import coded
from ipclint.checks.detectors.coding_shapes import classes_of, parse_shape
from ipclint.checks.detectors.coding_slots import block_arguments
from tests.rules.harness import Run

SOURCES = {
    "App/Item.swift": b"class Item: NSObject, NSSecureCoding {}\nenum Kind: String { case a }\ntypealias Tag = String",
    "App/Names.h": b"typedef NSString *XYZName;\n@interface NSString (Trimming)\n@end\n",
    "Tool/Item.swift": b"class Item: NSObject {\n    required init?(coder: NSCoder) { super.init() }\n}\n",
}


@pytest.mark.parametrize(
    ("text", "kind", "name", "optional"),
    [
        ("String?", "named", "String", True),
        ("Optional<Foo.Bar>", "named", "Foo.Bar", True),
        ("any Codable", "named", "Codable", False),
        ("[String: [Int]]?", "dictionary", "", True),
        ("Set<String>", "set", "", False),
        ("NSMutableArray<Foo *> * _Nullable", "array", "NSMutableArray", False),
        ("__kindof NSDictionary *", "dictionary", "NSDictionary", False),
        ("@escaping (Int) -> Void", "function", "", False),
        ("void (^)(NSString *)", "function", "", False),
        ("(Int, String)", "tuple", "", False),
        ("id<NSCopying>", "any", "", False),
        ("[Any]", "array", "", False),
        ("NSArray | Foo", "union", "", False),
    ],
)
def test_types_are_taken_apart(text: str, kind: str, name: str, optional: bool) -> None:
    shape = parse_shape(text)
    assert (shape.kind, shape.name, shape.optional) == (kind, name, optional)


@pytest.mark.parametrize(
    ("text", "names", "exact"),
    [
        ("Tag", ("NSString",), True),
        ("[Tag: [Item]]", ("NSDictionary", "NSString", "NSArray", "Item"), True),
        ("NSSet<NSNumber *> *", ("NSSet", "NSNumber"), True),
        ("NSMutableString *", ("NSString",), True),
        ("NSArray<XYZName> *", ("NSArray", "NSString"), True),
        ("Stranger", ("Stranger",), False),
        ("[Any]", ("NSArray", "NSDictionary", "NSString", "NSNumber", "NSData", "NSDate"), False),
    ],
)
def test_an_archive_holds_these_classes(text: str, names: tuple[str, ...], exact: bool) -> None:
    classes = classes_of(Run(SOURCES, ()).program, parse_shape(text))
    assert classes is not None
    assert (classes.names, classes.exact) == (names, exact)


@pytest.mark.parametrize("text", ["Kind", "[Kind]", "(Int, Int)", "() -> Void", "NSRange", "UIImage.Orientation"])
def test_no_class_can_be_named(text: str) -> None:
    assert classes_of(Run(SOURCES, ()).program, parse_shape(text)) is None


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("@escaping ([Item]?, Error?) -> Void", ("[Item]?", "Error?")),
        ("((_ items: [String: Item], _ error: (any Error)?) -> Void)?", ("[String: Item]", "(any Error)?")),
        ("@Sendable () async -> Void", ()),
        ("void (^)(NSArray<Item *> *items, NSError *)", ("NSArray<Item *> *", "NSError *")),
        ("void (^_Nullable)(void)", ()),
    ],
)
def test_the_arguments_of_a_reply(text: str, arguments: tuple[str, ...]) -> None:
    assert block_arguments(text) == arguments


def test_of_two_classes_the_nearest_is_meant() -> None:
    program = Run(SOURCES, ()).program
    near_app, near_tool = coded(program, "Item", "App/Use.swift"), coded(program, "Item", "Tool/main.swift")
    assert near_app is not None and near_app.level == "secure" and near_app.decoder is None
    assert near_tool is not None and near_tool.level == "none" and near_tool.decoder is not None
