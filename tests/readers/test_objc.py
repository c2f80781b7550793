"""Objective-C and C: expressions, statements, shapes; and nothing fails, whatever the bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from notation import body_of, show

from ipclint.model import facts as model
from ipclint.model import ir
from ipclint.model.facts import Alias, Function, Import, Macro, SourceFacts, Type, Variable
from ipclint.readers import read
from ipclint.readers.mask import mask


def facts_of(source: str, path: str = "a.m") -> SourceFacts:
    facts = read(path, source.encode())
    assert isinstance(facts, SourceFacts)
    return facts


def block(source: str, path: str = "a.m") -> ir.Block:
    """The body of `void f(void) { … }`."""
    unit = facts_of(f"void f(void) {{\n  {source}\n}}\n", path).units["F f"]
    assert isinstance(unit, Function)
    return unit.block


EXPRESSIONS = [
    ("[c decodeObjectForKey:k]", "c→decodeObjectForKey:(k)"),
    ('[[Foo alloc] initWithA:1 b:@"s"]', "Foo→alloc()→initWithA:b:(1, 's')"),
    ('[NSString stringWithFormat:@"%@", x, 3]', "NSString→stringWithFormat:('%@', x, 3)"),
    ("[Foo class]", "<class Foo>"),
    ("@selector(foo:bar:)", "<selector foo:bar:>"),
    ("[NSXPCInterface interfaceWithProtocol:@protocol(P)]", "NSXPCInterface→interfaceWithProtocol:(<class P>)"),
    ("a.b->c", "a.b.c"),
    ("f(x, &y, *z)", "f(x, (address y), (dereference z))"),
    ("self.handler(x)", "self→handler(x)"),
    ('a[@"k"]', "a['k']"),
    ("a ? b : c", "(a ? b : c)"),
    ("a ?: b", "(a ? a : b)"),
    ("!x && y || z == nil", "(((! x) && y) || (z == nil))"),
    ("@(a + 1)", "(a + 1)"),
    ('@[ @1, @"b" ]', "[1, 'b']"),
    ('@{ @"k": v, (id)key: @YES }', "⟦'k', v, (key c id), true⟧"),
    ("(__bridge NSString *)x", "(x c NSString *)"),
    ("x = y", "x = y"),
    ("x += 2", "x += 2"),
    ("YES", "true"),
    ("NULL", "nil"),
    ("0x1F", "0x1F"),
    ('"a" "b"', "'ab'"),
    ('CFSTR("a \\"" TEAM "\\" b")', "CFSTR($'a \"{TEAM}\" b')"),
    ('@"caf\\u00e9\\n"', "'café\\n'"),
    ("^{ [self go]; }", "{ in self→go()}"),
    ("^BOOL(int a, NSError *e) { return YES; }", "{a e in return true}"),
    ("((void (*)(id))send)(x)", "(send c void (*)(id))→(x)"),
    ("((void (*)(id, SEL, int))objc_msgSend)(a, @selector(go:), 3)", "a→go:(3)"),
    ("[c decodeObjectOfClass:NSString.class forKey:k]", "c→decodeObjectOfClass:forKey:(<class NSString>, k)"),
    ("[a b:c :d e:f, g]", "a→b::e:(c, d, f, g)"),
    ('[a log:@"%d " FMT @"\\n", n]', "a→log:($'%d {FMT}\\n', n)"),
    ('f("%" PRId64, n)', "f($'%{PRId64}', n)"),
    ("a || b || c || d", "(((a || b) || c) || d)"),
    ("sizeof(struct sockaddr_un)", "sizeof(struct sockaddr_un)"),
    ("va_arg(list, id)", "va_arg(list, id)"),
    ("(CGPoint){1, 2}", "([1, 2] c CGPoint)"),
    ("(a, b, c)", "(, a b c)"),
    ("@encode(int)", "@encode(int)"),
    ("1.5f + 0x1F + 1e3", "((1.5f + 0x1F) + 1e3)"),
    ("^NSString *(id<P> a) { return a; }", "{a in return a}"),
]


@pytest.mark.parametrize(("source", "expected"), EXPRESSIONS)
def test_expression(source: str, expected: str) -> None:
    (statement,) = block(f"{source};")
    assert isinstance(statement, ir.Evaluate)
    assert show(statement.value) == expected


STATEMENTS = [
    ("NSString *s = x, *t;", "var s: NSString * = x; var t: NSString *"),
    ('static NSString * const k = @"v";', "let k: NSString * = 'v'"),
    ("__weak typeof(self) weakSelf = self;", "var weakSelf: typeof(self) = self"),
    ("char buf[10];", "var buf: char[]"),
    ("(void)x;", "drop x"),
    ("if (a) b(); else { c(); }", "if a [b()] else [c()]"),
    ("if ((self = [super init])) { }", "if self = super→init() []"),
    ("if (a) { } else if (b) { c(); }", "if a [] else [if b [c()]]"),
    ("if (@available(macOS 13.0, *)) { x(); }", "if when macOS 13.0 [x()]"),
    ("for (int i = 0; i < 3; i++) { continue; }", "for var i: int = 0 (i < 3) (++ i) [continue]"),
    ("for (NSString *k in d) { break; }", "for-in k: NSString * of d [break]"),
    ("for (NSArray<Foo *> *k in d) { }", "for-in k: NSArray<Foo *> * of d []"),
    ("while (x) y();", "while x [y()]"),
    ("do { x(); } while (y);", "repeat y [x()]"),
    ("switch (a) { case 1: case 2: x(); break; default: y(); }", "switch a | 1 [] | 2 [x(); break] | default [y()]"),
    ("@try { t(); } @catch (NSException *e) { u(); } @finally { v(); }", "do [t()] catch e NSException [u()]"),
    ("@synchronized (self) { x(); }", "self; do [x()]"),
    ("@autoreleasepool { x(); }", "do [x()]"),
    ("goto bail; bail: return;", "goto bail; bail:; return -"),
    ("@throw e;", "throw e"),
    ("return -1;", "return -1"),
    ('const char *args[] = {"a", NULL}, **p;', "var args: const char *[] = ['a', nil]; var p: const char **"),
    ("void (^done)(NSError *) = nil;", "var done: void (^)(NSError *) = nil"),
    ("NSError *__autoreleasing *e;", "var e: NSError **"),
    ("if (!(x)) { } else { y(); }", "if (! x) [] else [y()]"),
    ("switch (a) { case 1 ... 3: x(); }", "switch a | (1 ... 3) [x()]"),
    ("for (;;) { if (a) break; }", "for  [if a [break]]"),
    ("FOR_EACH(a, b) { x(a); }", "while (a , b) [x(a)]"),
    ("FOO_CHECK(a)\n  b();", "FOO_CHECK(a); b()"),
    ("dispatch_once(&once, ^{ x = [X new]; });", "dispatch_once((address once), { in x = X→new()})"),
    ("struct sockaddr_un a = {.sun_family = AF_UNIX};", "var a: struct sockaddr_un = [AF_UNIX]"),
]


@pytest.mark.parametrize(("source", "expected"), STATEMENTS)
def test_statement(source: str, expected: str) -> None:
    assert body_of(block(source)) == expected


def test_conditional_compilation_in_a_body() -> None:
    source = "a();\n#if DEBUG\nb();\n#else\nc();\n#endif\n#ifndef X\nd();\n#endif"
    assert body_of(block(source)) == "a(); #(DEBUG) [b()] #() [c()]; #(!X) [d()]"


def test_half_a_statement_under_a_condition() -> None:
    assert body_of(block("#ifdef A\nif (x) {\n#else\nif (y) {\n#endif\nz();\n}")) == "if x [z()]"


CLASS = """\
#import "Foo.h"
#import <Foundation/Foundation.h>
#define DECODE(cls, key) [coder decodeObjectOfClass:[cls class] forKey:(key)]
#define TEAM @"ABCDE12345"
typedef NS_ENUM(NSInteger, Kind) { KindA, KindB = 2 };
typedef void (^Reply)(BOOL ok);
static NSString * const kName = @"name";
NS_ASSUME_NONNULL_BEGIN
@protocol P <NSObject>
- (void)must;
@optional
- (void)may:(int)x;
@end
@interface Foo : NSObject <NSCoding, P> {
  int _count;
}
@property (nonatomic, copy, nullable) NSString *name;
@property (class, readonly) Foo *shared;
- (nullable instancetype)initWithCoder:(NSCoder *)coder NS_DESIGNATED_INITIALIZER;
- (void)fetch:(NSString *)key withReply:(void (^)(NSError * _Nullable error))reply;
+ (Foo *)make;
@end
NS_ASSUME_NONNULL_END
@interface Foo ()
@property BOOL hidden;
@end
@implementation Foo
- (void)fetch:(NSString *)key withReply:(void (^)(NSError *error))reply {
  reply(nil);
}
static int helper(const char *text, int n) { return n; }
@end
"""


def test_shape_of_a_class() -> None:
    units = facts_of(CLASS).units
    interface = units["T Foo"]
    assert isinstance(interface, Type)
    assert (interface.kind, interface.superclass, interface.inherits) == (
        "interface",
        "NSObject",
        ("NSObject", "NSCoding", "P"),
    )
    assert [(u.kind, u.category) for u in units.values() if isinstance(u, Type) and u.name == "Foo"] == [
        ("interface", ""),
        ("category", ""),
        ("implementation", ""),
    ]
    variables = {u.name: u for u in units.values() if isinstance(u, Variable)}
    assert variables["name"].type == "NSString *" and variables["name"].owner == "Foo"
    assert variables["name"].attributes == ("nonatomic", "copy", "nullable")
    assert variables["shared"].is_static and not variables["shared"].mutable
    assert variables["_count"].attributes == ("ivar",)
    assert not variables["kName"].mutable and show(variables["kName"].value) == "'name'"
    assert variables["hidden"].owner == "Foo"


def test_methods_declared_and_defined() -> None:
    functions = [u for u in facts_of(CLASS).units.values() if isinstance(u, Function)]
    fetches = [u for u in functions if u.selector == "fetch:withReply:"]
    assert [bool(u.body) for u in fetches] == [False, True]
    assert [(p.name, p.type) for p in fetches[1].params] == [
        ("key", "NSString *"),
        ("reply", "void (^)(NSError *error)"),
    ]
    coder = next(u for u in functions if u.selector == "initWithCoder:")
    assert (coder.kind, coder.returns, coder.owner) == ("initializer", "instancetype", "Foo")
    assert next(u for u in functions if u.name == "make").is_static
    assert next(u for u in functions if u.name == "may:").modifiers == ("optional",)
    helper = next(u for u in functions if u.name == "helper")
    assert (helper.owner, helper.modifiers, [p.type for p in helper.params]) == (
        "",
        ("static",),
        ["const char *", "int"],
    )


def test_preprocessor_and_types() -> None:
    units = facts_of(CLASS).units
    assert units["I Foo.h"] == Import("Foo.h", True)
    assert units["I Foundation/Foundation.h"] == Import("Foundation/Foundation.h", False)
    macro = units["M DECODE"]
    assert isinstance(macro, Macro) and macro.params == ("cls", "key")
    assert body_of(ir.decode_block(macro.body)) == "coder→decodeObjectOfClass:forKey:(cls→class(), key)"
    kind = units["T Kind"]
    assert isinstance(kind, Type) and [(c.name, c.value) for c in kind.cases] == [("KindA", None), ("KindB", "2")]
    alias = units["A Reply"]
    assert isinstance(alias, Alias) and "^" in alias.target


def test_extents_and_names_stand_where_they_say() -> None:
    data = CLASS.encode()
    facts = facts_of(CLASS)
    for key, unit in facts.units.items():
        extent = facts.extents[key]
        assert 0 <= extent.start < extent.end <= len(data)
        if isinstance(unit, Function | Variable) and unit.name_span.end:
            name = data[extent.start + unit.name_span.start : extent.start + unit.name_span.end].decode()
            assert unit.name.startswith(name)


def test_text_is_that_of_the_original_behind_emoji() -> None:
    source = '/* 😀 */ void f(void) { g(@"é", [x y:@"z"]); }'
    unit = facts_of(source).units["F f"]
    assert isinstance(unit, Function)
    (statement,) = unit.block
    assert show(statement) == "g('é', x→y:('z'))"


def test_spans_behind_text_that_is_not_ascii() -> None:
    source = 'void f(void) { g(@"é" TEAM @"ü", x); }'
    facts = facts_of(source)
    unit = facts.units["F f"]
    assert isinstance(unit, Function)
    named = {node.text: node for node in ir.walk(unit.block) if isinstance(node, ir.Name)}
    for name in ("TEAM", "x"):
        assert source.encode()[named[name].start : named[name].end].decode() == name


def test_attributes_and_versions() -> None:
    source = (
        "@interface A : NSObject\n- (void)go NS_SWIFT_NAME(run()) API_AVAILABLE(macos(10.15), ios(13));\n@end\n"
        "__attribute__((constructor)) static void setUp(void) { }\n"
    )
    units = facts_of(source).units
    go, set_up = units["F -[A go]"], units["F setUp"]
    assert isinstance(go, Function) and isinstance(set_up, Function)
    assert go.attributes == ("NS_SWIFT_NAME(run())", "API_AVAILABLE(macos(10.15), ios(13))")
    assert go.availability == (("macOS", "10.15"), ("iOS", "13"))
    assert set_up.attributes == ("__attribute__((constructor))",) and set_up.modifiers == ("static",)


def test_initialisers_return_objects() -> None:
    source = "@implementation A\n- (id)initWithX:(int)x { return self; }\n- (BOOL)initAll { return YES; }\n- (void)dealloc { }\n@end"
    kinds = [unit.kind for unit in facts_of(source).units.values() if isinstance(unit, Function)]
    assert kinds == ["initializer", "method", "deinitializer"]


def test_fields_and_constants() -> None:
    units = facts_of("struct S { int a; void (*b)(int); };\nenum { kA = 1, kB };\ntypedef struct { char *c; } T;").units
    variables = {key: unit for key, unit in units.items() if isinstance(unit, Variable)}
    assert {key: unit.type for key, unit in variables.items()} == {
        "V S.a": "int",
        "V S.b": "void (*)(int)",
        "V kA": "int",
        "V kB": "int",
        "V T.c": "char *",
    }
    assert show(variables["V kA"].value) == "1" and not variables["V kA"].mutable
    assert isinstance(units["T T"], Type) and units["T T"].kind == "struct"


def test_conditions_of_units() -> None:
    source = "#ifdef A\nvoid a(void) { }\n#elif B\nvoid b(void) { }\n#else\nvoid c(void) { }\n#endif\n#ifndef D\nint d;\n#endif"
    units = facts_of(source).units
    conditions = {key: unit.conditions for key, unit in units.items() if isinstance(unit, Function | Variable)}
    assert conditions == {"F a": ("A",), "F b": ("!(A)", "B"), "F c": ("!(A)", "!(B)"), "V d": ("!D",)}


def test_suppressions_in_code_and_behind_macros() -> None:
    source = (
        "#define A 1 // ipclint:ignore XPC101 -- one\nint b; // ipclint:ignore XPC102 -- two\n"
        'NSString *c = @"// ipclint:ignore X -- no";\n'
    )
    assert [s.ids for s in facts_of(source).suppressions] == [("XPC101",), ("XPC102",)]


def test_members_of_cxx_classes() -> None:
    source = (
        "namespace n {\nclass A {\npublic:\n  void run(const std::string& s) { system(s.c_str()); }\n};\n}\n"
        "void A::stop(int x) { if (x) { exit(x); } }\n"
    )
    functions = {u.name: u for u in facts_of(source, "a.mm").units.values() if isinstance(u, Function)}
    assert functions["run"].owner == "A" and functions["stop"].owner == "A"
    assert show(functions["stop"].block[0]) == "if x [exit(x)]"
    assert "system" in functions["run"].mentions


def test_a_broken_declaration_loses_only_itself() -> None:
    source = "@implementation A\n- (void)a { x( }\n- (void)b { y(); }\n@end\nvoid c(void) { z(); }\n"
    names = {u.name for u in facts_of(source).units.values() if isinstance(u, Function)}
    assert "c" in names or "b" in names


TOKENS = [
    *"(){}[]<>;:,.@#\"'\\*&=+- \n^",
    "@interface A\n",
    "@implementation A\n",
    "@end\n",
    "- (void)x ",
    "#if A\n",
    "#else\n",
    "#endif\n",
    "#define M(a) a\n",
    "/*",
    "*/",
    "//",
    '@"',
    "é",
    "if (",
    "return ",
    "case 1:",
    "^{",
    "@{",
    "@[",
    "class ",
    "namespace {",
    "NS_ENUM(",
    "goto a;",
]


def check(data: bytes) -> None:
    facts = read("a.m", data)
    assert isinstance(facts, SourceFacts)
    assert model.decode(model.encode(facts)) == facts
    for key, extent in facts.extents.items():
        assert 0 <= extent.start <= extent.end <= len(data) + 4, key


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=60))
def test_reading_tokens_never_fails(tokens: list[str]) -> None:
    check("".join(tokens).encode())


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_reading_bytes_never_fails(data: bytes) -> None:
    check(data)
    assert len(mask(data)) == len(data)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(CLASS)), st.integers(0, len(CLASS)))
def test_reading_pieces_never_fails(start: int, end: int) -> None:
    piece = CLASS[start:end].encode()
    check(piece)
    assert len(mask(piece)) == len(piece)


def test_deep_nesting_is_bounded() -> None:
    check(("void f(void) { " + "(" * 20_000 + "x" + ")" * 20_000 + "; }").encode())
    check(("void f(void) { " + "[" * 5_000 + "x" + " y]" * 5_000 + "; }").encode())
    check(("void f(void) { " + " + ".join("x" * 20_000) + "; }").encode())
    check(("void f(void) { " + ("(" + "x + " * 40) * 1_000 + "x" + ")" * 1_000 + "; }").encode())
    check(("void f(void) {\n" + "#if A\n" * 3_000 + "a();\n" + "#endif\n" * 3_000 + "}").encode())
    nested = ("#if A\n" * 30 + "if (a) {\n") * 100 + ("}\n" + "#endif\n" * 30) * 100
    check(f"void f(void) {{\n{nested}}}".encode())


def test_a_long_chain_of_operators_keeps_its_operands() -> None:
    facts = read("a.m", ("void f(void) { g(" + " || ".join(f"v{n}" for n in range(80)) + "); }").encode())
    assert isinstance(facts, SourceFacts)
    [function] = [unit for unit in facts.units.values() if isinstance(unit, Function)]
    assert {f"v{n}" for n in range(80)} <= set(function.mentions)
