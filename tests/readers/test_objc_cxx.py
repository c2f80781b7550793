"""C++ read through its respelling: texts are as written, classes own their members."""

from __future__ import annotations

import pytest
from notation import body_of

from ipclint.model.facts import Function, SourceFacts, Type, Variable
from ipclint.readers import read


def facts_of(source: str) -> SourceFacts:
    facts = read("a.mm", source.encode())
    assert isinstance(facts, SourceFacts) and not facts.errors
    return facts


BODIES = [
    ("std::string s(p, 3);", "var s: std::string = std::string(p, 3)"),
    ("for (const auto &x : xs) { use(x); }", "for-in x of xs [use(x)]"),
    ("for (auto &[k, v] : m) { use(k); }", "for-in k v of m [use(k)]"),
    ("for (auto x : {a::b, a::c}) { use(x); }", "for-in x of [a::b, a::c] [use(x)]"),
    ("if (auto x = f()) { use(x); }", "if var x: auto = f() [use(x)]"),
    ("auto [k, v] = f();", "var k v: auto = f()"),
    ("int n = static_cast<int>(x);", "var n: int = (x c int)"),
    ("run([&](int y) { return y; });", "run({y in return y})"),
    ("auto p = std::make_unique<Foo>(1);", "var p: auto = std::make_unique(1)"),
    ("Foo::bar(1); ns::baz(2);", "Foo→bar(1); ns::baz(2)"),
    ("char *argv[] = {a.data(), b, nullptr};", "var argv: char *[] = [a→data(), b, nil]"),
    ("if (mode & FLAG) { x(a && b); }", "if (mode & FLAG) [x((a && b))]"),
    ("::system(s.c_str()); std::f();", "system(s→c_str()); std::f()"),
    ("try { a::f(); } catch (const std::exception &e) { g(e); }", "do [a::f()] catch e const std::exception [g(e)]"),
    ("return std::string{};", "return std::string()"),
    ('run(R"(a "b")"); std::f();', "run('a \"b\"'); std::f()"),
]


@pytest.mark.parametrize(("source", "expected"), BODIES)
def test_body(source: str, expected: str) -> None:
    unit = facts_of(f"void f(void) {{\n  {source}\n}}\n").units["F f"]
    assert isinstance(unit, Function)
    assert body_of(unit.block) == expected


SHAPE = """\
namespace santa {
class Server final : public Base<int>, private Other {
 public:
  explicit Server(int port) : port_(port) { start(); }
  ~Server() { stop(); }
  bool Accept(const std::string &name, Peer&& peer, int limit = 3) const override { return check(name); }
  operator bool() const { return true; }
  static std::unique_ptr<Server> Create();

 private:
  std::map<std::string, int> ports_;
};

void Server::Run(xpc_object_t event) { handle(event); }
Server::Server() { start(); }
static std::optional<int> Helper(int a) noexcept { return a; }
}  // namespace santa
"""


def test_shape() -> None:
    units = facts_of(SHAPE).units
    server = units["T Server"]
    assert isinstance(server, Type)
    assert (server.kind, server.inherits) == ("class", ("Base", "Other"))
    functions = [unit for unit in units.values() if isinstance(unit, Function)]
    assert [(unit.owner, unit.name, unit.kind) for unit in functions] == [
        ("Server", "Server", "initializer"),
        ("Server", "~Server", "deinitializer"),
        ("Server", "Accept", "method"),
        ("Server", "operator bool", "method"),
        ("Server", "Create", "method"),
        ("Server", "Run", "method"),
        ("Server", "Server", "initializer"),
        ("", "Helper", "function"),
    ]
    accept, create, helper = functions[2], functions[4], functions[-1]
    assert [(param.name, param.type) for param in accept.params] == [
        ("name", "const std::string &"),
        ("peer", "Peer &&"),
        ("limit", "int"),
    ]
    assert body_of(accept.block) == "return check(name)"
    assert create.is_static and create.returns == "std::unique_ptr<Server>" and not create.body
    assert helper.returns == "std::optional<int>" and helper.modifiers == ("static",)
    ports = units["V Server.ports_"]
    assert isinstance(ports, Variable) and ports.type == "std::map<std::string, int>"


def test_names_stand_where_they_say() -> None:
    facts = facts_of(SHAPE)
    for key, unit in facts.units.items():
        if isinstance(unit, Type | Function | Variable) and unit.name_span.end and not unit.name.startswith("operator"):
            start = facts.extents[key].start
            assert SHAPE[start + unit.name_span.start : start + unit.name_span.end] in (
                unit.name,
                unit.name.lstrip("~"),
                f"Server::{unit.name}",
            )


def test_objective_c_keeps_its_brackets() -> None:
    source = "@implementation A\n- (void)go { std::string s = x; [[B alloc] init:a[b[1]] c:@[ d ]]; }\n@end\n"
    unit = facts_of(source).units["F -[A go]"]
    assert isinstance(unit, Function)
    assert body_of(unit.block) == "var s: std::string = x; B→alloc()→init:c:(a[b[1]], [d])"
