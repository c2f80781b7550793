"""Swift expressions, with the grammar's mis-nestings put right."""

from __future__ import annotations

import pytest
from notation import show

from ipclint.model import ir
from ipclint.model.facts import Function, SourceFacts
from ipclint.readers import read


def lowered(source: str) -> ir.Expr:
    """The expression in `let it = …` inside a function."""
    facts = read("a.swift", f"func f() {{\n  let it = {source}\n}}\n".encode())
    assert isinstance(facts, SourceFacts)
    unit = facts.units["F f()"]
    assert isinstance(unit, Function)
    statement = unit.block[0]
    assert isinstance(statement, ir.Let) and statement.value is not None and len(unit.block) == 1, unit.block
    return statement.value


PRECEDENCE = [
    ("a == .x && b", "((a == .x) && b)"),
    ("!a && b", "((! a) && b)"),
    ("a && b || c && d", "((a && b) || (c && d))"),
    ("a || b && c || d", "((a || (b && c)) || d)"),
    ("x != nil && y != nil", "((x != nil) && (y != nil))"),
    ("x !== nil || a", "((x !== nil) || a)"),
    ("a < b && c >= d", "((a < b) && (c >= d))"),
    ("a == b(c) && d", "((a == b(c)) && d)"),
    ("a == b(c) { x in y } && d", "((a == b(c, {: {x in y})) && d)"),
    ("a && !b.c(d)", "(a && (! b→c(d)))"),
    ("a && !(b || c) && d", "((a && (! (b || c))) && d)"),
    ("!(a).b(c)", "(! a→b(c))"),
    ("!(a is B) && c", "((! (a is B)) && c)"),
    ("a ?? b == c", "((a ?? b) == c)"),
    ("x ?? y.z(a) ?? w", "(x ?? (y→z(a) ?? w))"),
    ("x as? Foo ?? y", "((x as? Foo) ?? y)"),
    ("x as? Foo == nil", "((x as? Foo) == nil)"),
    ("a as? B ?? c as? D", "((a as? B) ?? (c as? D))"),
    ("a + b as! Foo", "((a + b) as! Foo)"),
    ("a as? String == b && c", "(((a as? String) == b) && c)"),
    ("a is B || c", "((a is B) || c)"),
    ("a - b - c", "((a - b) - c)"),
    ("a + b * c - d", "((a + (b * c)) - d)"),
    ("-a * b", "((- a) * b)"),
    ("a & b | c", "((a & b) | c)"),
    ("a << 2 + b", "((a << 2) + b)"),
    ("0..<a.count + 1", "(0 ..< (a.count + 1))"),
    ("1...n", "(1 ... n)"),
    ("...n", "(... n)"),
    ("a[1...]", "a[(... 1)]"),
    ("a == b ? c ?? d : e", "((a == b) ? (c ?? d) : e)"),
    ("b ? c : d ? e : f", "(b ? c : (d ? e : f))"),
    ("a || b(c) ? d : e && f", "((a || b(c)) ? d : (e && f))"),
    ("a <> b == c", "(a <> (b == c))"),
    ("~a & b", "((~ a) & b)"),
    ("a == -1 && b", "((a == (- 1)) && b)"),
]

SUFFIXES = [
    ("a + Foo(b)", "(a + Foo(b))"),
    ("a * b(c) + d(e)", "((a * b(c)) + d(e))"),
    ("a - b.c(d)", "(a - b→c(d))"),
    ("a / b[c]", "(a / b[c])"),
    ("!foo(a)", "(! foo(a))"),
    ("!a.b?.c(d).e", "(! a.b→c(d).e)"),
    ("-a[0]", "(- a[0])"),
    ("a as! Foo.Type", "(a as! Foo.Type)"),
    ("try foo(a) + bar(b)", "(try (foo(a) + bar(b)))"),
    ("try a.b(c) as? D ?? e", "(try ((a→b(c) as? D) ?? e))"),
    ("try await b.c(d)", "(try (await b→c(d)))"),
    ("try? x.foo()", "(try? x→foo())"),
    ("a ?? (try! b())", "(a ?? (try! b()))"),
    ("(x as? Foo)?.bar()", "(x as? Foo)→bar()"),
    ("(a + b).c(d)", "(a + b)→c(d)"),
    (".foo.bar(x)", ".foo→bar(x)"),
    (".foo + a", "(.foo + a)"),
    ("a == .foo(x) && b", "((a == .foo(x)) && b)"),
    ("-.days(30)", "(- .days(30))"),
]

CALLS = [
    ("f(x)", "f(x)"),
    ("c.decodeObject(forKey: k)", "c→decodeObject(forKey: k)"),
    ("Foo(bar: 1)", "Foo(bar: 1)"),
    (".init(x)", ".init(x)"),
    ("Foo.init(x)", "Foo→init(x)"),
    ("open(u) { ok in }", "open(u, {: {ok in })"),
    ("open(u) {}", "open(u, {: { in })"),
    ("a.b!(c)", "a→b(c)"),
    ("f(a)(b) { c }", "f(a)→(b, {: { in c})"),
    ("f { $0 }", "f({: { in $0})"),
    ("f(a) { x in x } onError: { y in y }", "f(a, {: {x in x}, onError: {y in y})"),
    ("a { }.b { }", "a({: { in })→b({: { in })"),
    ("handlers[i](x)", "handlers[i]→(x)"),
    ("{ x in x }()", "{x in x}→()"),
    ("a?.b!.c()", "(unwrap a.b)→c()"),
    ("a?[0]?.b?()", "a[0]→b()"),
    ("a![0]", "(unwrap a)[0]"),
    ("f(&x.y)", "f((address x.y))"),
    ("reduce(0, +)", "reduce(0, +)"),
    ("f(())", "f(())"),
    ("Foo<Int>(a)", "Foo(a)"),
    ("A.B<Int, C>(a)", "A→B(a)"),
    ("Foo<Int>.bar(a)", "Foo→bar(a)"),
    ("Foo<Int>.shared.bar(a)", "Foo.shared→bar(a)"),
    ("Task<Int> { a }", "Task({: { in a})"),
    ("[String]()", "[String]→()"),
    ("a.foo(bar:baz:)", "a.foo(bar:baz:)"),
    ("foo(_:)", "foo(_:)"),
    ("#Predicate<Foo> { $0.x }", "#Predicate({: { in $0.x})"),
    ("type(of: x)", "type(of: x)"),
    ("f(in: 1, default: 2)", "f(in: 1, default: 2)"),
]

OTHERS = [
    ("Foo.self", "<class Foo>"),
    ("[Foo].self", "<class [Foo]>"),
    ("Set<Int>.self", "<class Set>"),
    ("(any P).self", "<class any P>"),
    ("#selector(Foo.bar(_:baz:))", "<selector Foo.bar(_:baz:)>"),
    (r"\Foo.bar?.baz[0]", "?key_path_expression(0)"),
    ("[a, .b]", "[a, .b]"),
    ("[a: 1, b: 2]", "⟦a, 1, b, 2⟧"),
    ("(a, b: 2)", "(a, 2)"),
    ("()", "()"),
    ("{ [weak self, y = z] (a: Int, b) -> Int in return 1 }", "{[self y] a b in let y = z; return 1}"),
    ("`default`.`in`", "default.in"),
    ("$0.a", "$0.a"),
    ("super.x", "super.x"),
    ("nil", "nil"),
    ("0x1F", "0x1F"),
    ("-1.5", "(- 1.5)"),
    ("if a { b } else { c }", "?if_statement(if a [b] else [c])"),
    ("a.\n  b\n  .c()", "a.b→c()"),
    ("f(\n  a, // first\n  b /* second */\n)", "f(a, b)"),
]

STRINGS = [
    ('"a"', "'a'"),
    ('""', "''"),
    (r'"\n\t\"\\\0"', repr('\n\t"\\\0')),
    (r'"\u{1F600}é"', repr("\U0001f600é")),
    (r'"\u{D800}"', repr("\N{REPLACEMENT CHARACTER}")),
    (r'"a\(x)b\(y.z(1))"', "$'a{x}b{y→z(1)}'"),
    (r'"\(a)\(b)"', "$'{a}{b}'"),
    (r'"\(a ? "x" : "y")"', "$\"{(a ? 'x' : 'y')}\""),
    (r'"\(x, privacy: .public)"', "$'{appendInterpolation(x, privacy: .public)}'"),
    (r'#"raw \n "q" \#(y) \#n"#', "$" + repr('raw \\n "q" {y} \n')),
    (r'##"a\#(x)"##', repr("a\\#(x)")),
    ('"""\n    a\n      b \\\n    c\n    """', repr("a\n  b c")),
    ('"""\n    \\(a) x\n    y\n    """', repr("{a} x\ny").join(("$", ""))),
    ('"""\n\n    a\n\n    """', repr("\na\n")),
    ('"image/*" + "*/"', "('image/*' + '*/')"),
]


@pytest.mark.parametrize(("source", "expected"), PRECEDENCE + SUFFIXES + CALLS + OTHERS + STRINGS)
def test_expression(source: str, expected: str) -> None:
    assert show(lowered(source)) == expected


def test_spans_cover_parentheses_and_names() -> None:
    source = "(a as? B)?.run(x)"
    call = lowered(source)
    at = len("func f() {\n  let it = ")
    assert isinstance(call, ir.Call) and isinstance(call.target, ir.Cast)
    assert (call.start - at, call.end - at) == (0, len(source))
    assert (call.target.start - at, call.target.end - at) == (0, len("(a as? B)"))
    assert call.name_start - at == source.index("run")


def test_spans_are_bytes() -> None:
    call = lowered('é("ü").b(c)')
    assert isinstance(call, ir.Call)
    assert call.name_start - call.start == len('é("ü").'.encode())


def test_a_long_run_of_operators_is_flat() -> None:
    table = lowered(" + ".join(f"s{number}" for number in range(500)))
    assert isinstance(table, ir.Opaque) and table.kind == "operators"
    assert [show(kid) for kid in table.kids[:2]] == ["s0", "s1"] and len(table.kids) == 500
