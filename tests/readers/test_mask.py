"""Masking: what is blanked, what is respelled, what stays; and the length never changes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipclint.readers.mask import mask

MASKED = [
    ("NS_ASSUME_NONNULL_BEGIN\nint a;", "\nint a;"),
    ("- (void)go NS_SWIFT_NAME(go()) API_AVAILABLE(macos(10.15));", "- (void)go;"),
    ("- (id)init FOO_DESIGNATED;", "- (id)init;"),
    ("- (id)init FOO_UNAVAILABLE_USE(@selector(a:))\n\n- (void)b {}", "- (id)init {}\n\n- (void)b {}"),
    ("FOO_EXPORT NSString * const kName;", "NSString * const kName;"),
    ("FOO_API @interface A : NSObject", "@interface A : NSObject"),
    ("FooDefinition @interface A : NSObject", "@interface A : NSObject"),
    ("  FooMembers @implementation A\n", "@implementation A\n"),
    ("x = y @protocol P", "x = y @protocol P"),
    ("typedef NS_ENUM(NSInteger, Kind) { A };", "enum Kind { A };"),
    ("typedef NSString *Key NS_TYPED_ENUM;", "typedef NSString *Key;"),
    ("void f(int a) __attribute__((noreturn));", "void f(int a);"),
    ("NSString * _Nullable a;", "NSString * a;"),
    ("_Atomic(int) a;", "int a;"),
    ("@interface Foo ();", "@interface Foo ()"),
    ("x = @protocol(P);", "x = @selector(P);"),
    ("    FOO_CHECK(x)\n    y();", "    FOO_CHECK(x);    y();"),
    ("    FOR_EACH_ITEM(list, item)\n    {", "    while (list, item)\n    {"),
    ("p = NEW_ARRAY(struct item *, 3);", "p = NEW_ARRAY(item , 3);"),
    ("@class A;\nRCT_EXPORT_METHOD(save:(id)x)\n{", "@class A;- (void) save:(id)x \n{"),
    ("MAKE_ACCESSOR(a, b)\n@end", "\n@end"),
    ("TEST_F(Suite, name) {", "T ST_F(Suite, name) {"),
    ('f(@"a" TEAM @"b");', 'f(@"a TEAM b");'.replace("TEAM", "    ")),
    ("int id = 3;", "int i_ = 3;"),
]
KEPT = [
    "x = FLAG_INTERNAL | OTHER_LOCAL;",
    "case MODE_HIDDEN: return SOME_EXTERNAL;",
    "enum { A_VISIBLE, B_FINAL = 2 };",
    "f(SOL_LOCAL, LOCAL_PEERPID, &x);",
    "if (a) return FOO_UNUSED;",
    'char *s = "NS_ASSUME_NONNULL_BEGIN // \'";',
    "FOO_CHECK(x);",
    "BOOL a = IS_SET(b) && c;",
    "[NSString stringWithFormat:FORMAT_ONE, x];",
]


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(("source", "expected"), MASKED)
def test_masked(source: str, expected: str) -> None:
    masked = mask(source.encode()).decode()
    assert squeezed(masked) == squeezed(expected)
    assert len(masked) == len(source)


@pytest.mark.parametrize("source", KEPT)
def test_kept(source: str) -> None:
    assert mask(b'#import "A.h"\n' + source.encode()).endswith(source.encode())


def test_directives_go_with_their_continuation_and_comments() -> None:
    source = b"#define A(x) \\\n  { x /* two\n lines */ }\nint a;\n# pragma once\n'#' "
    assert mask(source).split() == [b"int", b"a;", b"'#'"]


DIRECTIVES = [
    ("#if 0\nbroken (\n#endif\nint a;", "int a;"),
    ("#if A\nint a;\n#else\nint b;\n#endif", "int a;\nint b;"),
    ("#if A\nif (x) {\n#else\nif (y) {\n#endif\n}", "if (x) {\n}"),
    ("f(1\n#ifdef A\n, 2\n#else\n, 3\n#endif\n);", "f(1 , 2 );"),
    ('#ifdef __cplusplus\nextern "C" {\n#endif\nint a;\n#ifdef __cplusplus\n}\n#endif', "int a;"),
    ("#if A\n@interface B\n@end\n#else\n@interface C\n@end\n#endif", "@interface B\n@end\n@interface C\n@end"),
]


@pytest.mark.parametrize(("source", "expected"), DIRECTIVES)
def test_branches(source: str, expected: str) -> None:
    assert squeezed(mask(source.encode()).decode()) == squeezed(expected)


CXX = [
    ("std::string s;", "std__string s;"),
    ("std::vector<int> v;", "std__vector_____ v;"),
    ("namespace a::b { int x = a::y; }", "int x = a__y;"),
    (
        "class A : public B {\n public:\n  A(int x) : x_(x) { }\n  virtual void f() const;\n};",
        "T A(int x) { } void f();",
    ),
    ("A::A(int x) : x_(x) { }", "A A(int x) { }"),
    ("for (auto &x : xs) { a::f(x); }", "for (aut_ *x ;; xs) { a__f(x); }"),
    ("auto [k, v] = m;", "aut_ _k__v_ = m;"),
    ("auto f = [&](int x) -> bool { return x; };", "aut_ f = ^(int x) { return x; };"),
    ("void f(const a::T &x, U&& y, int z = 3) { }", "void f(const a__T *x, U* y, int z) { }"),
    ("if (auto x = a::f(); x) { }", "if ( x = a__f(), x) { }"),
    ("return a::T{1, .b = 2};", "return a__T(1, b = 2);"),
    ("{ std::string s(3, 'x'); }", "{ s(3, 'x'); }"),
    ("int a[] = {1, 2}; nullptr;", "int a[] = {1, 2}; nullptr;"),
    ("template <typename T> T id(T x) { return x; }", "T i_(T x) { return x; }"),
    (" try { a::b(); } catch (const E &e) { }", "@try { a__b(); }@catch (const E *e) { }"),
    ("a::b(c & d); e(f && g);", "a__b(c & d); e(f && g);"),
    ("[self a:@[x]]; @class B; a::c();", "[self a:@[x]]; @class B; a__c();"),
]


@pytest.mark.parametrize(("source", "expected"), CXX)
def test_cxx(source: str, expected: str) -> None:
    masked = mask(source.encode()).decode()
    assert squeezed(masked) == squeezed(expected)
    assert len(masked) == len(source)


TOKENS = [
    *"(){}[]<>;:,.@#\"'\\*&=+- \n~^R",
    "FOO_API ",
    "NS_ENUM(",
    "#if A\n",
    "#else\n",
    "#endif\n",
    "/*",
    "//",
    "class A ",
    "std::",
    "auto ",
    "template<",
    "for (",
    "return ",
    "operator",
    'R"(',
    "const ",
    "é",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=50))
def test_the_length_never_changes(tokens: list[str]) -> None:
    data = "".join(tokens).encode()
    assert len(mask(data)) == len(data)
