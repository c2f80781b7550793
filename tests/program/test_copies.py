"""Programs that each have their own copy of a type: data does not cross from one program's copy to another's."""

from __future__ import annotations

from tests.program.flow_sample import reached, swift

STATE = """
final class State {
    var tool = ""
    static func make(_ text: String) -> State { let state = State(); state.tool = text; return state }
    func run() { %s }
}
"""


def helper(files: dict[str, str]) -> dict[str, str]:
    """The sample helper in a folder of its own, beside other files."""
    return {"Helper/Helper.swift": swift("let state = State.make(x)")["Helper.swift"], **files}


def test_a_call_goes_to_the_copy_of_its_own_program() -> None:
    files = {"App/State.swift": STATE % "system(tool)", "Helper/State.swift": STATE % 'system("ls")'}
    assert reached(helper(files)) == set()
    files = {"App/State.swift": STATE % 'system("ls")', "Helper/State.swift": STATE % "system(tool)"}
    assert reached(helper(files)) == {"command.shell"}


def test_a_property_is_read_in_its_own_program() -> None:
    files = {
        "App/State.swift": STATE % "",
        "App/Window.swift": "final class Window { let state = State()\n func show() { system(state.tool) } }",
        "Helper/State.swift": STATE % "",
    }
    assert reached(helper(files)) == set()
    files["Helper/Window.swift"] = files.pop("App/Window.swift")
    assert reached(helper(files)) == {"command.shell"}


def test_one_declaration_is_everybody_s() -> None:
    files = {"Shared/State.swift": STATE % "system(tool)"}
    assert reached(helper(files)) == {"command.shell"}


def test_overloads_are_no_copies() -> None:
    files = {
        "Helper/Near/One.swift": "func take(_ number: Int) { }",
        "Other/Two.swift": "func take(_ text: String) { system(text) }",
        "Helper/Near/Helper.swift": swift("take(x)")["Helper.swift"],
    }
    assert reached(files) == {"command.shell"}


def test_a_base_type_that_lacks_the_property_reads_none() -> None:
    more = """
final class Table: NSMutableDictionary { var dictionary = NSMutableDictionary() }
final class Other { func make() { system(NSMutableDictionary().dictionary) } }
"""
    assert reached(swift("let table = Table(); table.dictionary = x", more)) == set()
    assert reached(
        swift("let table = Table(); table.dictionary = x", more.replace("NSMutableDictionary().d", "Table().d"))
    ) == {"command.shell"}


def test_types_of_one_name_in_different_types_are_different() -> None:
    more = """
final class One { final class Inner { var line = "" }\n func set(_ text: String) { let inner = Inner(); inner.line = text } }
final class Two { final class Inner { var line = "" }\n let inner = Inner()\n func run() { system(inner.line) } }
"""
    assert reached(swift("One().set(x)", more)) == set()
    assert reached(
        swift(
            "Two().set(x)",
            more.replace("let inner = Inner()\n", "").replace(
                "Two {", "Two { let inner = Inner()\n func set(_ text: String) { inner.line = text }"
            ),
        )
    ) == {"command.shell"}


def test_a_key_path_names_and_reads_nothing() -> None:
    more = 'final class Note: NSObject { @objc var title = ""\n func sort() { system(#keyPath(Note.title)) } }'
    assert reached(swift("let note = Note(); note.title = x", more)) == set()
    assert reached(swift("let note = Note(); note.title = x", more.replace("#keyPath(Note.title)", "title"))) == {
        "command.shell"
    }
