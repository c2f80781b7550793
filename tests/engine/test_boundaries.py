"""Trust boundaries: who is on the other side, which methods run for him, what his data reaches."""

from __future__ import annotations

from ipclint.engine.boundaries import Boundary, boundaries, listeners_exporting, reached_from
from tests.program.flow_sample import vocabulary
from tests.program.sample import function, program_of

HELPER = """
@objc protocol Helping { func remove(path: String); func ping() }
final class Helper: NSObject, Helping {
    func remove(path: String) { try? FileManager.default.removeItem(atPath: path) }
    func ping() {}
}
func export(_ connection: NSXPCConnection) { connection.exportedObject = Helper() }
"""
LISTENER = """
let delegate = Delegate()
let listener = NSXPCListener(machServiceName: "com.example.helper")
listener.delegate = delegate
"""
DELEGATE = """
final class Delegate: NSObject, NSXPCListenerDelegate {
    func listener(_ listener: NSXPCListener, shouldAcceptNewConnection c: NSXPCConnection) -> Bool {
        CHECK
        c.exportedInterface = NSXPCInterface(with: Helping.self)
        export(c)
        c.resume()
        return true
    }
}
"""
CLIENT = 'func connect() { _ = NSXPCConnection(machServiceName: "com.example.helper", options: []) }'


def listener(check: str = "", more: str = "") -> Boundary:
    files = {
        "Helper.swift": HELPER,
        "main.swift": LISTENER + more,
        "Delegate.swift": DELEGATE.replace("CHECK", check),
        "Client.swift": CLIENT,
    }
    [found] = [each for each in boundaries(program_of(files, vocabulary())) if each.listens]
    return found


def test_a_listener_with_its_clients_and_what_it_exports_by_a_helper() -> None:
    found = listener()
    assert [place.path for place in found.others] == ["Client.swift"]
    assert [ref.key for ref in found.acceptors] == ["F Delegate.listener(_:shouldAcceptNewConnection:)"]
    assert [ref.key for ref in found.methods] == ["F Helper.remove(path:)", "F Helper.ping()"]
    [reached] = found.reached
    assert (reached.family, [ref.key for ref in reached.functions]) == ("path", ["F Helper.remove(path:)"])


def test_a_method_knows_the_listeners_that_export_it() -> None:
    files = {"Helper.swift": HELPER, "main.swift": LISTENER, "Delegate.swift": DELEGATE.replace("CHECK", "")}
    program = program_of(files, vocabulary())
    assert [each.endpoint.name for each in listeners_exporting(program, function(program, "ping"))] == [
        "com.example.helper"
    ]
    assert listeners_exporting(program, function(program, "export")) == ()


def test_what_a_handler_reaches() -> None:
    text = """
    class Delegate: NSObject, UIApplicationDelegate {
        func application(_ app: UIApplication, open url: URL, options: [String: Any]) -> Bool {
            try? FileManager.default.removeItem(atPath: url.path)
            return true
        }
    }
    """
    program = program_of({"a.swift": text}, vocabulary())
    [reached] = reached_from(program, function(program, "application"), "ipc.url")
    assert reached.family == "path" and len(reached.places) == 1
