"""How often a block is called on each way through a function, and what is left open."""

from __future__ import annotations

import pytest

from ipclint.program.callbacks import Way, parameter_ways
from ipclint.program.conditions import contradictory, shape
from ipclint.program.paths import paths
from tests.program.sample import function, program_of


def counted(body: str, more: str = "") -> list[str]:
    """For each way of a Swift function: the number of its calls of `reply`, `?` when it is open, why it has none."""
    program = program_of({"A.swift": f"func f(reply: @escaping (Int?) -> Void) {{\n{body}\n}}\n{more}"})
    return sorted(shown(way) for way in parameter_ways(program, function(program, "f"), 0))


def shown(way: Way) -> str:
    if way.open:
        return f"{len(way.calls) or ''}?"
    return str(len(way.calls)) if way.calls or way.stop is None else way.stop.why


@pytest.mark.parametrize(
    ("body", "ways"),
    [
        ("reply(1)", ["1"]),
        ("", ["ends"]),
        ("guard let x = y else { return }\nreply(x)", ["1", "returns"]),
        ("if a { reply(1) }", ["1", "decides"]),
        ("if a { reply(1) }\nif !a { reply(2) }", ["1", "1"]),
        ("if x == nil { reply(1) }\nguard let x = x else { return }\nreply(x)", ["1", "1"]),
        ("defer { reply(nil) }\nif a { return }\nwork()", ["1"]),
        ("if a { return }\ndefer { reply(nil) }", ["1", "returns"]),
        ("a ? reply(1) : reply(2)", ["1", "1"]),
        ("a && reply(1)", ["1", "ends"]),
        ("reply != nil ? reply(1) : log()", ["1"]),
        ("do { reply(try g()) } catch let e as E { reply(nil) } catch { log() }", ["1", "1", "throws"]),
        ("do { reply(try g()) } catch { log() }", ["1", "throws"]),
        ("Task { reply(try await g()) }", ["1", "throws"]),
        ("queue.async { [weak self] in\nguard let self else { return }\nself.work()\nreply(1)\n}", ["1"]),
        ("queue.async { if a { return }\nreply(1) }\nqueue.async { other() }", ["1", "returns"]),
        ("for x in xs { reply(x) }", ["1", "?"]),
        ("for x in xs { if x == 1 { reply(x); return } }\nreply(nil)", ["1", "1", "1?"]),
        ("waiting.append(reply)", ["?"]),
        ("self.done = reply", ["?"]),
        ("unknown { reply($0) }", ["?"]),
        ("let done = { (x: Int) in reply(x) }\ndone(1)", ["1"]),
        ("func done() { reply(1) }\ndone()\ndone()", ["2"]),
        ("let again = reply\nagain(1)", ["1"]),
        ("if ok { reply(1) } else { fatalError() }", ["1", "?"]),
        ("connection.invalidate()", ["?"]),
        ("other { reply in reply(1) }", ["ends"]),
        ("switch k {\ncase 1: reply(1)\ncase 2: break\ndefault: reply(3)\n}", ["1", "1", "ends"]),
    ],
)
def test_ways(body: str, ways: list[str]) -> None:
    assert counted(body) == ways


def test_a_function_of_the_program_is_followed() -> None:
    more = "func g(_ done: @escaping (Int?) -> Void) {\nif a { return }\ndone(1)\n}"
    assert counted("g(reply)", more) == ["1", "returns"]
    assert counted("g { reply($0) }", more) == ["1", "returns"]


def test_a_function_that_calls_twice_may_mean_it() -> None:
    more = "func g(_ done: @escaping (Int?) -> Void) {\ndone(1)\ndone(2)\n}"
    assert counted("g { if $0 == 2 { reply($0) } }", more) == ["?"]


def test_what_throws_before_it_calls() -> None:
    more = "func g(_ done: @escaping (Int?) -> Void) throws {\ntry start()\ndone(1)\n}"
    assert counted("do { try g { reply($0) } } catch { log() }", more) == ["1", "throws"]
    assert counted("do { try g { reply($0) } } catch { log() }", more.replace("try start()", "")) == ["1"]


def test_one_of_reply_and_error_handler_is_called() -> None:
    proxy = "let p = c.remoteObjectProxyWithErrorHandler { _ in %s } as! P\np.ask { reply($0) }"
    assert counted(proxy % "reply(nil)") == ["1", "1"]
    assert counted(proxy % "log()") == ["1", "error handler"]


def test_a_function_that_calls_itself_is_open() -> None:
    more = "func g(_ done: @escaping (Int?) -> Void) { g(done) }"
    assert counted("g(reply)", more) == ["?"]


def test_conditions_in_other_words() -> None:
    body = "if (!a) { one(); }\nif (a != nil) { two(); }\nif (YES == b) { three(); }\nif (b) { four(); }"
    program = program_of({"A.m": f"void f(id a, BOOL b) {{\n{body}\n}}"})
    found = paths(program.body(function(program, "f")), lambda node: True).paths
    assert sum(not contradictory(path.events) for path in found) == 4


def test_shape_knows_no_positions() -> None:
    program = program_of({"A.swift": "func f() {\ng(1)\n  g(1)\ng(2)\n}"})
    first, again, other = program.body(function(program, "f"))
    assert shape(first) == shape(again) != shape(other)
