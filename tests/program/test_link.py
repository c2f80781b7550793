"""Names across files and languages."""

from __future__ import annotations

import pytest

from ipclint.model.ir import Name
from ipclint.program.link import callers, closures_in, conforms, resolve, superclass, type_of
from ipclint.program.names import property_of_setter, selectors
from ipclint.program.program import UnitRef
from ipclint.program.types import base_type, element_type, is_optional, parameter_types
from tests.program.sample import call, function, program_of


@pytest.mark.parametrize(
    ("text", "base", "element"),
    [
        ("NSXPCConnection?", "NSXPCConnection", ""),
        ("inout Foo", "Foo", ""),
        ("NSArray<Foo *> *", "NSArray", "Foo"),
        ("id<Foo>", "Foo", ""),
        ("[Foo]", "Array", "Foo"),
        ("[String: [Foo]]", "Dictionary", ""),
        ("any P", "P", ""),
        ("@escaping (Bool) -> Void", "", ""),
        ("const char *", "char", ""),
        ("__kindof NSView *", "NSView", ""),
        ("(Foo)?", "Foo", ""),
        ("Set<Foo>", "Set", "Foo"),
    ],
)
def test_type_texts(text: str, base: str, element: str) -> None:
    assert (base_type(text), element_type(text)) == (base, element)


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("(XPCReceivedMessage) -> (any Encodable)?", ("XPCReceivedMessage",)),
        ("@Sendable (_ message: Foo, Int) async throws -> Void", ("Foo", "Int")),
        ("() -> Void", ()),
        ("(Foo, Int)", ()),
    ],
)
def test_types_of_parameters(text: str, types: tuple[str, ...]) -> None:
    assert parameter_types(text) == types


def test_optionals() -> None:
    assert is_optional("Foo?") and is_optional("Foo!") and not is_optional("[Foo?]")


@pytest.mark.parametrize(
    ("name", "labels", "exported"),
    [
        ("listener", ("", "shouldAcceptNewConnection"), "listener:shouldAcceptNewConnection:"),
        ("fetch", ("withReply",), "fetchWithReply:"),
        ("run", ("path", "arguments"), "runWithPath:arguments:"),
        ("init", ("coder",), "initWithCoder:"),
        ("stop", (), "stop"),
    ],
)
def test_selectors(name: str, labels: tuple[str, ...], exported: str) -> None:
    assert exported in selectors(name, labels)


def test_setters() -> None:
    assert property_of_setter("setLaunchPath:") == "launchPath"
    assert property_of_setter("setURL:") == "URL"
    assert property_of_setter("settle:") == ""


def test_conformance_through_extensions_categories_and_superclasses() -> None:
    program = program_of(
        {
            "A.swift": "class A: NSObject {}\nclass B: A {}\nclass Outer { class Inner: B {} }",
            "B.swift": "extension A: NSCoding {}",
            "C.h": "@interface C : B <P>\n@end\n@protocol P <Q>\n@end",
        }
    )
    assert conforms(program, "B", "NSCoding") is True
    assert conforms(program, "Inner", "NSCoding") is True
    assert conforms(program, "C", "NSCoding") is True
    assert conforms(program, "C", "Q") is True
    assert conforms(program, "B", "NSSecureCoding") is False
    assert conforms(program, "Elsewhere", "NSCoding") is None
    assert superclass(program, "B") == "A" and superclass(program, "C") == "B"


def test_an_outside_ancestor_leaves_the_question_open() -> None:
    program = program_of({"A.swift": "class A: SomeFrameworkClass {}"})
    assert conforms(program, "A", "NSSecureCoding") is None


def test_types_of_expressions() -> None:
    program = program_of(
        {
            "A.swift": """
class Store { let gate: Gate = TokenGate()
  static let shared = Store()
  func make() -> Parcel { Parcel() }
  func f(c: NSXPCConnection, list: [Parcel]) {
    let a = c
    let b = Store.shared.make()
    for d in list { use(d) }
    let e = x as? Parcel
    let g = self.gate
    let pasteboard = UIPasteboard.general
    show(a, b, e, g, pasteboard)
  }
}
protocol Gate {}
struct TokenGate: Gate {}
class Parcel {}
extension UIPasteboard {}
"""
        }
    )
    ref = function(program, "f")
    types = [base_type(type_of(program, ref, arg)) for arg in call(program, ref, "show").args]
    assert types == ["NSXPCConnection", "Parcel", "Parcel", "Gate", "UIPasteboard"]
    assert base_type(type_of(program, ref, call(program, ref, "use").args[0])) == "Parcel"


def test_calls_reach_the_other_language() -> None:
    program = program_of(
        {
            "Gate.swift": "@objc class Gate: NSObject { @objc func admit(_ c: NSXPCConnection) -> Bool { true } }",
            "Listener.m": "@implementation Listener\n- (BOOL)ask:(Gate *)gate { return [gate admit:nil]; }\n@end",
            "Tool.h": "@interface Tool : NSObject\n- (void)runWithPath:(NSString *)path;\n@end",
            "Tool.m": "@implementation Tool\n- (void)runWithPath:(NSString *)path { }\n@end",
            "User.swift": 'func start(tool: Tool) { tool.run(withPath: "x") }',
        }
    )
    asker = function(program, "ask:")
    assert resolve(program, asker, call(program, asker, "admit:")).refs == (function(program, "admit"),)
    starter = function(program, "start")
    assert resolve(program, starter, call(program, starter, "run")).refs == (function(program, "runWithPath:"),)
    assert [site.caller for site in callers(program, function(program, "runWithPath:"))] == [starter]


def test_a_protocol_call_reaches_its_adopters() -> None:
    program = program_of(
        {
            "A.swift": "protocol Gate { func admits(_ x: Int) -> Bool }\n"
            "struct Open: Gate { func admits(_ x: Int) -> Bool { true } }",
            "B.swift": "func f(gate: Gate) { gate.admits(1) }",
        }
    )
    ref = function(program, "f")
    assert resolve(program, ref, call(program, ref, "admits")).refs == (function(program, "admits"),)


def test_labels_choose_the_overload() -> None:
    program = program_of(
        {"A.swift": "func go(to x: Int) {}\nfunc go(from x: Int, at y: Int = 0) {}\nfunc f() { go(from: 1) }"}
    )
    ref = function(program, "f")
    (found,) = resolve(program, ref, call(program, ref, "go")).refs
    assert found.key == "F go(from:at:)"


def test_what_is_looked_up_in_vain_is_wanted() -> None:
    program = program_of({"A.swift": "func f(h: Helper) { h.run() }"})
    ref = function(program, "f")
    program.take_wanted()
    assert resolve(program, ref, call(program, ref, "run")).refs == ()
    assert "Helper" in program.take_wanted()


def test_a_closure_that_a_variable_holds_has_the_types_of_the_variable() -> None:
    program = program_of({"main.swift": "let answer: (Message, Int) -> Void = { message, count in use(message) }\n"})
    ref = UnitRef("main.swift", "V answer")
    assert [types for _, types in closures_in(program, ref)] == [("Message", "Int")]
    assert len(program.body(ref)) == 1


def test_a_loop_variable_has_the_type_that_is_declared_for_it() -> None:
    program = program_of({"a.m": "void f(NSArray *items) { for (Foo *item in items) { [item go]; } }"})
    assert type_of(program, UnitRef("a.m", "F f"), Name(0, 0, "item")) == "Foo *"
