"""The declarations of Swift files as units with keys and extents."""

from __future__ import annotations

import pytest

from ipclint.model import ir
from ipclint.model.facts import Alias, Function, Import, SourceFacts, Type, Unit, Variable
from ipclint.readers import read

SOURCE = """\
import Foundation
@testable import class Kit.Thing
/// Serves.
@available(macOS 10.15, iOS 13.0, *) @objc(Server)
public final class Server<T: Codable>: NSObject, Base<Int>, @unchecked Sendable, ~Copyable, A & B where T: X {
    @Published private(set) var x: Int = f(1), y = g { $0 }
    static let z = [1]
    let (a, b) = pair()
    weak var delegate: (any Listening)?
    var c: Int { h() }
    var d: String {
        get async throws { i() }
        set(fresh) { x = fresh }
    }
    var e = 3 { willSet { j() } didSet(old) { k(old) } }
    subscript(i: Int, at j: String) -> Int { get { 1 } set { x = newValue } }
    init?(coder aDecoder: NSCoder) { super.init() }
    required convenience init(_ x: inout Int) throws { self.init() }
    deinit { l() }
    @discardableResult
    override class func run(_ a: @escaping (Int) -> Void = { _ in }, with b: Any...) async -> [String: Int]? { nil }
    typealias Q = Int
    enum Kind: String, CaseIterable { case a, b = "x"; case c(Int); indirect case d
      func m() {} }
    struct Deep { actor Deeper { func n() {} } }
}
extension Server.Kind: Hashable {}
extension Server {}
extension [Int] { func sum() {} }
protocol Listening: AnyObject {
    func f(x: Int) -> Int
    var p: Int { get set }
    static var q: Int { get }
    @objc optional func g()
    static func == (l: Self, r: Self) -> Bool
}
func + (a: Int, b: Int) -> Int { a }
let shared = Server()
"""


def facts_of(source: str, path: str = "a.swift") -> SourceFacts:
    facts = read(path, source.encode())
    assert isinstance(facts, SourceFacts)
    return facts


@pytest.fixture(scope="module")
def facts() -> SourceFacts:
    return facts_of(SOURCE)


def text_of(facts: SourceFacts, key: str, source: str = SOURCE) -> str:
    start, end = facts.extents[key]
    return source.encode()[start:end].decode()


def a_type(facts: SourceFacts, key: str) -> Type:
    unit = facts.units[key]
    assert isinstance(unit, Type)
    return unit


def a_function(facts: SourceFacts, key: str) -> Function:
    unit = facts.units[key]
    assert isinstance(unit, Function)
    return unit


def a_variable(facts: SourceFacts, key: str) -> Variable:
    unit = facts.units[key]
    assert isinstance(unit, Variable)
    return unit


def test_keys_are_in_source_order(facts: SourceFacts) -> None:
    assert list(facts.units) == [
        "I Foundation", "I Kit", "T Server", "V Server.x", "V Server.y", "V Server.z", "V Server.a", "V Server.b",
        "V Server.delegate", "V Server.c", "F Server.c.get", "V Server.d", "F Server.d.get", "F Server.d.set",
        "V Server.e", "F Server.e.willSet", "F Server.e.didSet", "F Server.subscript(i:at:).get",
        "F Server.subscript(i:at:).set", "F Server.init(coder:)", "F Server.init(_:)", "F Server.deinit()",
        "F Server.run(_:with:)", "A Server.Q", "T Server.Kind", "F Server.Kind.m()", "T Server.Deep",
        "T Server.Deep.Deeper", "F Server.Deep.Deeper.n()", "E Server.Kind", "E Server", "E Array", "F Array.sum()",
        "T Listening", "F Listening.f(x:)", "V Listening.p", "V Listening.q", "F Listening.g()", "F Listening.==(l:r:)",
        "F +(a:b:)", "V shared",
    ]  # fmt: skip
    assert facts.errors == ()


def test_a_type(facts: SourceFacts) -> None:
    server = a_type(facts, "T Server")
    text = text_of(facts, "T Server")
    assert text.startswith("@available(macOS") and text.endswith("\n}")
    assert (server.name, server.qualified, server.kind) == ("Server", "Server", "class")
    assert server.inherits == ("NSObject", "Base", "Sendable", "A", "B")
    assert server.attributes == ("@available(macOS 10.15, iOS 13.0, *)", "@objc(Server)")
    assert server.modifiers == ("public", "final") and server.generics == ("T",)
    assert text[slice(*server.name_span)] == "Server"
    assert text[slice(*server.inherits_span)] == "NSObject, Base<Int>, @unchecked Sendable, ~Copyable, A & B"
    assert text[server.body_start - 1] == "{"


def test_nested_types_and_extensions(facts: SourceFacts) -> None:
    assert a_type(facts, "T Server.Deep.Deeper").name == "Deeper"
    kind = a_type(facts, "T Server.Kind")
    assert [(case.name, case.value) for case in kind.cases] == [("a", None), ("b", "x"), ("c", None), ("d", None)]
    extension = a_type(facts, "E Server.Kind")
    assert (extension.kind, extension.qualified, extension.inherits) == ("extension", "Server.Kind", ("Hashable",))
    bare = a_type(facts, "E Server")
    assert bare.inherits_span == (bare.name_span.end, bare.name_span.end)


def test_stored_properties(facts: SourceFacts) -> None:
    x, y = a_variable(facts, "V Server.x"), a_variable(facts, "V Server.y")
    assert (x.type, x.attributes, x.modifiers, x.mutable, x.computed) == (
        "Int",
        ("@Published",),
        ("private(set)",),
        True,
        False,
    )
    assert isinstance(x.value, ir.Call) and text_of(facts, "V Server.x")[x.value.start : x.value.end] == "f(1)"
    assert isinstance(y.value, ir.Call) and text_of(facts, "V Server.y")[y.value.start : y.value.end] == "g { $0 }"
    assert y.attributes == ("@Published",) and "Published" in y.mentions and "g" in y.mentions
    z = a_variable(facts, "V Server.z")
    assert (z.is_static, z.mutable) == (True, False)
    assert isinstance(a_variable(facts, "V Server.a").value, ir.Call)
    assert a_variable(facts, "V Server.b").value == a_variable(facts, "V Server.a").value
    assert a_variable(facts, "V Server.delegate").type == "(any Listening)?"
    assert a_variable(facts, "V shared").owner == ""


def test_accessors(facts: SourceFacts) -> None:
    assert text_of(facts, "F Server.c.get") == "{ h() }"
    assert a_variable(facts, "V Server.c").computed and not a_variable(facts, "V Server.c").mutable
    assert a_variable(facts, "V Server.d").mutable
    getter, setter = a_function(facts, "F Server.d.get"), a_function(facts, "F Server.d.set")
    assert (getter.name, getter.kind, getter.returns, getter.params) == ("d", "getter", "String", ())
    assert (setter.kind, [(p.name, p.type) for p in setter.params]) == ("setter", [("fresh", "String")])
    assert text_of(facts, "F Server.d.set")[setter.body_start - 1] == "{"
    observer = a_function(facts, "F Server.e.didSet")
    assert (observer.kind, observer.params[0].name, observer.mentions) == ("observer", "old", ("k", "old"))
    subscript = a_function(facts, "F Server.subscript(i:at:).set")
    assert [(p.label, p.name) for p in subscript.params] == [("i", "i"), ("at", "j"), ("", "newValue")]


def test_functions(facts: SourceFacts) -> None:
    run = a_function(facts, "F Server.run(_:with:)")
    text = text_of(facts, "F Server.run(_:with:)")
    assert text.startswith("@discardableResult") and text.endswith("{ nil }")
    assert (run.name, run.labels, run.kind, run.owner, run.is_static) == ("run", ("", "with"), "method", "Server", True)
    assert run.modifiers == ("override", "class", "async") and run.returns == "[String: Int]?"
    assert [param.type for param in run.params] == ["@escaping (Int) -> Void", "Any..."]
    assert isinstance(run.params[0].default, ir.Closure)
    assert text[slice(*run.name_span)] == "run"
    coder = a_function(facts, "F Server.init(coder:)")
    assert (coder.kind, coder.modifiers, coder.selector) == ("initializer", ("failable",), "initWithCoder:")
    assert coder.params[0].name == "aDecoder" and "NSCoder" in coder.mentions
    throwing = a_function(facts, "F Server.init(_:)")
    assert throwing.modifiers == ("required", "convenience", "throws") and throwing.params[0].type == "inout Int"


def test_requirements_have_no_body(facts: SourceFacts) -> None:
    required = a_function(facts, "F Listening.g()")
    assert (required.body, required.body_start) == (b"", 0)
    assert (required.attributes, required.modifiers, required.selector) == (("@objc",), ("optional",), "g")
    assert a_variable(facts, "V Listening.p").mutable and not a_variable(facts, "V Listening.q").mutable
    assert a_variable(facts, "V Listening.q").is_static


def test_imports_and_aliases(facts: SourceFacts) -> None:
    assert facts.units["I Kit"] == Import("Kit", local=False)
    assert facts.units["A Server.Q"] == Alias("Q", "Int", "Server")


@pytest.mark.parametrize(
    ("declaration", "selector"),
    [
        ("func listener(_ l: L, shouldAcceptNewConnection c: C) -> Bool", "listener:shouldAcceptNewConnection:"),
        ("func fetch(withReply reply: R)", "fetchWithReply:"),
        ("func foo(bar: Int)", "fooWithBar:"),
        ("func move(to: Int, _ b: Int)", "moveTo::"),
        ("func moveTo(place: Int)", "moveToPlace:"),
        ("func foo()", "foo"),
        ("func foo(_ a: Int)", "foo:"),
        ("@objc(named:) func foo(bar: Int)", "named:"),
        ("@nonobjc func foo(bar: Int)", ""),
        ("func load() throws", "loadAndReturnError:"),
        ("func load(url: U) throws", "loadWithUrl:error:"),
        ("func load(url: U, done: () -> Void) throws", "loadWithUrl:error:done:"),
        ("func load() async throws -> Int", "loadWithCompletionHandler:"),
        ("func load(url: U) async", "loadWithUrl:completionHandler:"),
        ("init()", "init"),
        ("init(frame: F, style: S)", "initWithFrame:style:"),
        ("static func + (a: Int, b: Int)", ""),
    ],
)
def test_selectors(declaration: str, selector: str) -> None:
    facts = facts_of(f"class C: NSObject {{ {declaration} {{}} }}")
    (function,) = (unit for _, unit in facts.functions())
    assert function.selector == selector


def test_what_objective_c_cannot_call_has_no_selector() -> None:
    facts = facts_of("struct S { func f() {} }\nfunc g() {}")
    assert [unit.selector for _, unit in facts.functions()] == ["", ""]


def test_duplicate_keys_are_numbered() -> None:
    facts = facts_of("extension A { func f() {} }\nextension A { func f() {} }\nextension A {}")
    assert list(facts.units) == ["E A", "F A.f()", "E A#2", "F A.f()#2", "E A#3"]


def test_conditions_of_units() -> None:
    facts = facts_of(
        "#if os(macOS) && DEBUG\nimport AppKit\nclass A {\n  #if X\n  func f() {}\n  #elseif Y\n  var g = 1\n  #else\n"
        "  @objc\n  #endif\n  func h() {}\n}\n#else\nstruct S {}\n#endif\nlet last = 1\n"
    )

    def conditions(key: str) -> tuple[str, ...]:
        unit: Unit = facts.units[key]
        assert isinstance(unit, Type | Function | Variable)
        return unit.conditions

    assert conditions("T A") == ("os(macOS) && DEBUG",)
    assert conditions("F A.f()") == ("os(macOS) && DEBUG", "X")
    assert conditions("V A.g") == ("os(macOS) && DEBUG", "!(X)", "Y")
    assert conditions("F A.h()") == ("os(macOS) && DEBUG",)
    assert a_function(facts, "F A.h()").attributes == ("@objc",)
    assert conditions("T S") == ("!(os(macOS) && DEBUG)",)
    assert conditions("V last") == ()


def test_availability() -> None:
    facts = facts_of(
        "@available(macOS 13, iOS 16.1, *) func a() {}\n"
        "@available(macOS, introduced: 10.15, deprecated: 11) func b() {}\n"
        '@available(*, deprecated, message: "x") func c() {}'
    )
    assert a_function(facts, "F a()").availability == (("macOS", "13"), ("iOS", "16.1"))
    assert a_function(facts, "F b()").availability == (("macOS", "10.15"),)
    assert a_function(facts, "F c()").availability == ()


def test_script_code_is_one_function() -> None:
    source = "let a = f()\nguard let b = a else { exit(1) }\nfunc g() {}\nb.run()\n"
    facts = facts_of(source, "main.swift")
    toplevel = a_function(facts, "F toplevel")
    assert toplevel.kind == "toplevel" and toplevel.body_start == 0
    assert text_of(facts, "F toplevel", source).startswith("guard") and text_of(facts, "F toplevel", source).endswith(
        "run()"
    )
    assert [type(statement).__name__ for statement in toplevel.block] == ["Guard", "Evaluate"]


def test_types_inside_bodies_are_units() -> None:
    facts = facts_of("class A { func f() { class B: NSObject { func g() { h() } }\n B() } }")
    assert list(facts.units) == ["T A", "F A.f()", "T A.B", "F A.B.g()"]
    assert len(a_function(facts, "F A.f()").block) == 1


def test_a_declaration_after_an_error_is_kept() -> None:
    facts = facts_of("class A {\n  func f() { a() }\n  let = = 3\n  func g() { b() }\n}\nclass C { func h() {} }\n")
    assert facts.errors
    assert {"T A", "F A.f()", "F A.g()", "T C", "F C.h()"} <= set(facts.units)


def test_spellings_the_grammar_does_not_know_stay_local() -> None:
    """Each of these makes the grammar lose the rest of the file unless it is masked."""
    facts = facts_of(
        "class A {\n  func a() async { switch await b.c { case .d(): e()\n default: break } }\n"
        "  func f() { nonisolated(unsafe) var g = 1; h { (i: J!) -> Void in k() } }\n"
        "  nonisolated(unsafe) static var shared = 1\n"
        '  let globs = ["/*/", "x*/"]\n  func l() { for i in 0... { m() } }\n'
        "  func n() { withTaskGroup(of: (any Error)?.self) { o in } }\n}\n"
    )
    assert facts.errors == ()
    assert set(facts.units) >= {"F A.a()", "F A.f()", "F A.l()", "F A.n()"}
    assert a_variable(facts, "V A.shared").modifiers == ("nonisolated(unsafe)", "static")
    globs = a_variable(facts, "V A.globs").value
    assert isinstance(globs, ir.Collection)
    assert [item.value for item in globs.items if isinstance(item, ir.Text)] == ["/*/", "x*/"]
