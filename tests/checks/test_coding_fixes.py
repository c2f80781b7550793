"""The secure-coding fixes on classes of any shape: what they leave parses, is silent, and is not changed again."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ipclint.checks.edits import apply_fixes, compatible
from ipclint.checks.rule import Rule
from ipclint.model.finding import Fix
from tests.rules.harness import Run, rulebook

ADOPT, DECODE = "Adopt NSSecureCoding", "Decode with the expected class"

NAMES = st.lists(
    st.sampled_from(["name", "date", "items", "coder", "kind", "decoder", "url", "count", "self_", "isOpen", "über"]),
    min_size=1,
    max_size=5,
    unique=True,
)
SWIFT_TYPES = st.sampled_from(
    ["String", "Data?", "URL", "UUID?", "Date", "Int", "Int?", "Bool", "UInt16", "CGFloat", "Float?", "[String]",
     "[Int]?", "[String: [Date]]", "Set<UUID>", "NSNumber", "NSAttributedString?", "Kind", "Kind?", "[Kind]", "Flags",
     "Box", "[Box]?", "Part", "[Part]", "[String: Part]?", "NSRange", "Any?", "(() -> Void)?", "(Int, Int)?",
     "[[String]]"]
)  # fmt: skip
OBJC_TYPES = st.sampled_from(
    ["NSString *", "NSArray<NSString *> *", "NSDictionary<NSString *, Part *> *", "NSMutableArray *", "Part *", "BOOL",
     "NSInteger", "NSUInteger", "double", "float", "int32_t", "NSRange", "NSDate *", "id<NSCopying>", "void (^)(void)",
     "NSSet<NSNumber *> *", "Mode"]
)  # fmt: skip
STYLES = st.sampled_from(["    ", "  ", "\t"])
NEWLINES = st.sampled_from(["\n", "\r\n"])


def rule(code: str) -> Rule:
    found = rulebook().get(code)
    assert found is not None
    return found


def fixed(run: Run, title: str) -> tuple[dict[str, bytes], list[Fix]]:
    """The files after the fixes of this title, as many as go together."""
    fixes = [fix for each in run.found() for fix in run.fixes(each.finding) if fix.title == title]
    together = compatible(fixes)[0]
    return {**run.files, **apply_fixes(lambda path: run.files[path], together)}, together


def check(files: dict[str, str], title: str, code: str) -> None:
    """Applied until nothing is left to do, a fix parses no worse, keeps the line ends, and silences what it mends."""
    run = Run({path: text.encode() for path, text in files.items()}, (rule(code),))
    errors, newline = run.errors(), b"\r\n" if "\r\n" in "".join(files.values()) else b"\n"
    for _ in range(8):
        before = len(run.found())
        after, applied = fixed(run, title)
        if not applied:
            return
        run = Run(after, (rule(code),))
        assert run.errors() <= errors
        assert len(run.found()) < before
        assert all(data.count(b"\r\n") == (data.count(b"\n") if newline == b"\r\n" else 0) for data in after.values())
    raise AssertionError("the fix finds something to do again and again")


# ── Swift ────────────────────────────────────────────────────────────────────────────────────────────────────────────

SWIFT_FRAME = """\
import UIKit
@objc protocol P { func send(_ item: Item, parts: Part) }
enum Kind: String, Codable { case a, b }
struct Flags: OptionSet { let rawValue: Int }
struct Box: Codable { var x: Int }
class Part: NSObject { var size = 0 }
let interface = NSXPCInterface(with: P.self)
"""


@given(NAMES, st.data(), STYLES, NEWLINES, st.sampled_from(["", "final ", "public ", "open "]))
@settings(max_examples=25, deadline=None)
def test_a_swift_class_without_a_coder(
    names: list[str], data: st.DataObject, indent: str, newline: str, access: str
) -> None:
    """Whatever a class stores, the conformance that is written for it is complete, or none is offered."""
    properties = [f"{indent}var {name}: {data.draw(SWIFT_TYPES)}" for name in names]
    lines = [f"{access}class Item: NSObject {{", *properties, "}"]
    check({"Item.swift": newline.join([*SWIFT_FRAME.splitlines(), *lines, ""])}, ADOPT, "XPC201")


CASTS = st.sampled_from(
    ["as? String", "as! String", "as? Part", "as! Part", "as? [Part]", "as! [String: Int]", "as? Int", "as! Bool",
     "as? Kind", "as? [Any]", "as? Thing", "as? T", "as? String ?? \"\"", "as? [Part] ?? []"]
)  # fmt: skip
STATEMENTS = st.sampled_from(
    ["{name} = {decode}", "self.{name} = {decode}", "let {name} = {decode}", "let {name} = ({decode})",
     "guard let {name} = {decode} else {{ return nil }}", "if let {name} = {decode} {{ print({name}) }}",
     "print({decode}, {decode})", "{name} = flag ? {decode} : nil", "let {name} = {decode}; let y = 1"]
)  # fmt: skip


@given(NAMES, st.data(), STYLES, NEWLINES, st.sampled_from(["required init?", "required init", "convenience init?"]))
@settings(max_examples=30, deadline=None)
def test_the_decodes_of_a_swift_coder(
    names: list[str], data: st.DataObject, indent: str, newline: str, init: str
) -> None:
    """A decode that gets its class stands as well as it stood before, in whatever statement."""
    body: list[str] = []
    for name in names:
        decode = f'c.decodeObject(forKey: "{name}") {data.draw(CASTS)}'
        body.append(indent * 2 + data.draw(STATEMENTS).format(name=name, decode=decode))
    lines = ["class Item: NSObject, NSCoding {", f"{indent}{init}(coder c: NSCoder) {{", *body, f"{indent}}}", "}"]
    text = newline.join([*SWIFT_FRAME.splitlines(), *lines, ""])
    check({"Item.swift": text}, DECODE, "XPC202")
    check({"Item.swift": text}, ADOPT, "XPC201")


# ── Objective-C ──────────────────────────────────────────────────────────────────────────────────────────────────────

OBJC_FRAME = """\
#import <Foundation/Foundation.h>
typedef NS_ENUM(NSInteger, Mode) { ModeA, ModeB };
@interface Part : NSObject
@property (copy) NSString *text;
@end
@implementation Part
@end
"""


@given(NAMES, st.data(), STYLES, NEWLINES, st.booleans(), st.booleans())
@settings(max_examples=25, deadline=None)
def test_an_objective_c_class_in_two_files(
    names: list[str], data: st.DataObject, indent: str, newline: str, below: bool, coded: bool
) -> None:
    """Header and implementation are changed together, with and without a coder to begin with."""
    types = {name: data.draw(OBJC_TYPES) for name in names}
    blocks = {
        name: text.replace("(^)", f"(^{name})") if "^" in text else f"{text} {name}" for name, text in types.items()
    }
    adopts = " <NSCoding>" if coded else ""
    header = [*OBJC_FRAME.splitlines(), f"@interface Item : NSObject{adopts}"]
    header += [f"@property (nonatomic) {blocks[name]};" for name in names]
    header += ["@end", "@protocol P", "- (void)send:(Item *)item;", "@end"]
    source = ['#import "Item.h"', "@implementation Item"]
    brace = ["{"] if below else []
    if coded:
        source += [f"- (instancetype)initWithCoder:(NSCoder *)c{'' if below else ' {'}", *brace]
        source += [f"{indent}if (self = [super init]) {{"]
        source += [f'{indent * 2}_{name} = [c decodeObjectForKey:@"{name}"];' for name in names]
        source += [f"{indent}}}", f"{indent}return self;", "}"]
        source += [f"- (void)encodeWithCoder:(NSCoder *)c{'' if below else ' {'}", *brace, "}"]
    source += ["@end", "NSXPCInterface *f(void) { return [NSXPCInterface interfaceWithProtocol:@protocol(P)]; }"]
    files = {"Item.h": newline.join([*header, ""]), "Item.m": newline.join([*source, ""])}
    check(files, ADOPT, "XPC201")
    if coded:
        check(files, DECODE, "XPC202")
