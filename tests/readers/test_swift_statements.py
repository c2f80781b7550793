"""Swift statements: bindings, conditions, patterns, #if inside bodies."""

from __future__ import annotations

import pytest
from notation import body_of

from ipclint.model import ir
from ipclint.model.facts import Function, SourceFacts
from ipclint.readers import read


def function(source: str) -> Function:
    facts = read("a.swift", f"func f() {{\n{source}\n}}\n".encode())
    assert isinstance(facts, SourceFacts) and not facts.errors, facts
    unit = facts.units["F f()"]
    assert isinstance(unit, Function)
    return unit


STATEMENTS = [
    ("let (a, b) = f()", "let a b = f()"),
    ("let a = 1, b: Int = 2", "let a = 1; let b: Int = 2"),
    ("let a, b: Int", "let a: Int; let b: Int"),
    ("var c: [String: Int]?", "var c: [String: Int]?"),
    ("let _ = f()", "let  = f()"),
    ("async let x = f()", "let x = f()"),
    ("var x: Int { g() }", "func x() [g()]"),
    ("_ = try? f()", "drop (try? f())"),
    ("try _ = f()", "drop (try f())"),
    ("try x = f()", "x = (try f())"),
    ("a.b += 1", "a.b += 1"),
    ("a |= b && c", "a |= (b && c)"),
    ("a = b = c", "a = b = c"),
    ("(a, b) = (b, a)", "(a, b) = (b, a)"),
    ("defer { a() }", "defer [a()]"),
    ("defer\n{ a() }", "defer [a()]"),
    ("deferred { a() }", "deferred({: { in a()})"),
    ("return", "return -"),
    ("return a == .b && c", "return ((a == .b) && c)"),
    ("throw E.bad(1)", "throw E→bad(1)"),
    ("func g(_ a: Int, to b: T = c) -> Int { a }", "func g(/a:Int to/b:T) [a]"),
    ("out: for x in y { continue out }", "out:; for-in x of y [continue out]"),
    ("for (i, x) in y.z() where x.a == 1 && b { c() }", "for-in i x of y→z() ((x.a == 1) && b) [c()]"),
    ("for case .a(let b) in c {}", "for-in b of c []"),
    ("for try await x in y {}", "for-in x of y []"),
    ("for i in 0... { a() }", "for-in i of 0 [a()]"),
    ("while let x = y, z { break }", "while let x = y z [break]"),
    ("repeat { a() } while b && !c", "repeat (b && (! c)) [a()]"),
    ("do { try a() } catch { b(error) }", "do [(try a())] catch error - [b(error)]"),
    ("do { } catch let e as NSError { b }", "do [] catch e NSError [b]"),
    ("do { } catch is E { } catch A.b(let c) { } catch A.d { }", "do [] catch - E [] catch c A.b [] catch - A.d []"),
]

CONDITIONS = [
    ("if let x, let y = z, a == b { } else if c { d() } else { e() }",
     "if let x = x , let y = z , (a == b) [] else [if c [d()] else [e()]]"),
    ("if let x: Int = y as? Int, x > 3 {}", "if let x: Int = (y as? Int) , (x > 3) []"),
    ("if case .a = b, var c = d {}", "if (.a ~= b) , var c = d []"),
    ("if case let .a(b, c: d) = e {}", "if let b d = e []"),
    ("if case .a(.b(let c), d: _) = x {}", "if let c = x []"),
    ("if case let x? = y {}", "if let x = y []"),
    ("if case let x as Foo = y {}", "if let x = (y as? Foo) []"),
    ("if case is Foo = y {}", "if (y is Foo) []"),
    ("if let (a, b) = c {}", "if let a b = c []"),
    ("if #available(macOS 13.3, iOS 16, *), a {}", "if when macOS 13.3 iOS 16 , a []"),
    ("if #unavailable(iOS 15) {}", "if unless iOS 15 []"),
    ("if (a) == b, !(c is D) {}", "if (a == b) , (! (c is D)) []"),
    ("guard let self else { return }", "guard let self = self else [return -]"),
    ("guard a == b, case let .c(d) = f else { throw e }", "guard (a == b) , let d = f else [throw e]"),
    ("guard let x = try? await f(a), x.b != nil else { return nil }",
     "guard let x = (try? (await f(a))) , (x.b != nil) else [return nil]"),
    ("if await a.b { c() }", "if a.b [c()]"),
    ("if let a, await b.c == nil { d() }", "if let a = a , (b.c == nil) [d()]"),
    ("if let x = try? f(a) as? B { c() }", "if let x = (try? (f(a) as? B)) [c()]"),
]  # fmt: skip

SWITCHES = [
    ("switch x { case .a(let b), .c(let b) where b > 1: f()\ndefault: break }",
     "switch x | .a(b) , .c(b) let b where (b > 1) [f()] | default [break]"),
    ("switch x {\ncase let .a(b, c): d()\n fallthrough\ncase A.e: f()\n}",
     "switch x | .a(b, c) let b c [d(); fallthrough] | A.e [f()]"),
    ("switch (a, b) { case (.x, let y): f()\ncase (1, _): g()\ncase _: h() }",
     "switch (a, b) | (.x, y) let y [f()] | (1, _) [g()] | _ [h()]"),
    ("switch x { case 1...3, ..<0: f()\ncase \"a\": g()\ncase nil: h()\ncase -1: i() }",
     "switch x | (1 ... 3) , (..< 0) [f()] | 'a' [g()] | nil [h()] | (- 1) [i()]"),
    ("switch x { case let a as A where b: c()\ncase is B: d()\ncase let y?: e()\n@unknown default: f() }",
     "switch x | (a as A) let a where b [c()] | (_ is B) [d()] | y let y [e()] | default [f()]"),
    ("switch await a.b { case .success(): c()\ncase .failure(let e): d(e) }",
     "switch a.b | .success [c()] | .failure(e) let e [d(e)]"),
]  # fmt: skip

DIRECTIVES = [
    ("#if DEBUG\na()\n#elseif os(iOS) && !B // why\nb()\n#else\nc()\n#endif\nd()",
     "#(DEBUG) [a()] #(os(iOS) && !B) [b()] #() [c()]; d()"),
    ("#if A\n#if B\na()\n#endif\nb()\n#endif", "#(A) [#(B) [a()]; b()]"),
    ("if x {\n#if A\na()\n#endif\n}", "if x [#(A) [a()]]"),
    ("f {\n#if A\na()\n#endif\nb()\n}", "f({: { in #(A) [a()]; b()})"),
    ("switch x {\n#if A\ncase .a: f()\n#endif\ndefault: g()\n}", "switch x | .a [f()] | default [g()]"),
    ("let x = [\n1,\n#if A\n2,\n#endif\n]", "let x = [1, 2]"),
    ("x.a()\n#if A\n.b()\n#endif\n.c()", "x→a()→b()→c()"),
    ("#if A\na()", "a()"),
    ("#endif\na()\n#else", "a()"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), STATEMENTS + CONDITIONS + SWITCHES)
def test_statement(source: str, expected: str) -> None:
    assert body_of(function(source).block) == expected


@pytest.mark.parametrize(("source", "expected"), DIRECTIVES)
def test_directives_are_nested_again(source: str, expected: str) -> None:
    facts = read("a.swift", f"func f() {{\n{source}\n}}\n".encode())
    assert isinstance(facts, SourceFacts)
    unit = facts.units["F f()"]
    assert isinstance(unit, Function)
    assert body_of(unit.block) == expected


def test_a_directive_in_a_string_or_comment_is_none() -> None:
    block = function('let s = """\n#if A\n"""\n/*\n#if B\n*/\na()').block
    assert body_of(block) == "let s = '#if A'; a()"


def test_spans_are_relative_to_the_unit() -> None:
    unit = function("  a(b)")
    (statement,) = unit.block
    assert isinstance(statement, ir.Evaluate)
    assert statement.start == len("func f() {\n  ") and statement.end == statement.start + len("a(b)")
    assert unit.body_start == len("func f() {")


def test_statements_inside_an_error_are_kept() -> None:
    facts = read("a.swift", b"func f() {\n  a()\n  if case @ {\n  b(c)\n  d()\n}\nfunc g() { e() }\n")
    assert isinstance(facts, SourceFacts) and facts.errors
    mentioned = {word for _, unit in facts.functions() for word in unit.mentions}
    assert {"a", "b", "c", "d", "e"} <= mentioned
