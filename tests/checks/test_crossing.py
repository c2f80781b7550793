"""What crosses at an endpoint, and what the data of the other side reaches there."""

from __future__ import annotations

from ipclint.checks.crossing import Crossing, what_crosses
from ipclint.program.channels import every_endpoint
from tests.program.flow_sample import program_of

PLIST = '<?xml version="1.0"?><plist version="1.0"><dict>{}</dict></plist>'
SERVICE = """
@objc protocol Disk { func wipe(path: String, withReply reply: @escaping (Bool) -> Void); func ping() }
final class DiskService: NSObject, Disk {
    func wipe(path: String, withReply reply: @escaping (Bool) -> Void) { try? FileManager.default.removeItem(atPath: path) }
    func ping() {}
}
final class Delegate: NSObject, NSXPCListenerDelegate {
    func listener(_ listener: NSXPCListener, shouldAcceptNewConnection c: NSXPCConnection) -> Bool {
        c.exportedInterface = NSXPCInterface(with: Disk.self)
        c.exportedObject = DiskService()
        return true
    }
}
let delegate = Delegate()
let listener = NSXPCListener(machServiceName: "a.b")
listener.delegate = delegate
"""
CLIENT = """
func call() {
    let c = NSXPCConnection(machServiceName: "a.b", options: [])
    c.remoteObjectInterface = NSXPCInterface(with: Disk.self)
}
"""


def crossing_at(files: dict[str, str], kind: str) -> list[Crossing]:
    program = program_of(files)
    (endpoint,) = [each for each in every_endpoint(program) if each.kind == kind]
    return list(what_crosses(program, endpoint))


def test_the_methods_of_a_listener_with_what_they_reach() -> None:
    wipe, ping = crossing_at({"main.swift": SERVICE}, "XPC listener")
    assert (wipe.signature, wipe.protocol) == ("wipe(path:withReply:)", "Disk")
    assert wipe.params == (("path", "String"), ("reply", "@escaping (Bool) -> Void"))
    assert [(each.family, each.code) for each in wipe.reaches] == [("path", "FileManager.default.removeItem(atPath:)")]
    assert wipe.body is not None and wipe.body.unit == "F DiskService.wipe(path:withReply:)"
    assert (ping.signature, ping.reaches) == ("ping", ())


def test_a_client_sends_messages_that_run_elsewhere() -> None:
    found = crossing_at({"main.swift": SERVICE, "client.swift": CLIENT}, "XPC client")
    assert [(each.signature, each.body, each.reaches) for each in found] == [
        ("wipe(path:withReply:)", None, ()),
        ("ping", None, ()),
    ]


def test_a_protocol_that_is_declared_twice_is_told_once() -> None:
    again = SERVICE.partition("final class")[0]
    found = crossing_at({"main.swift": SERVICE, "copy.swift": again}, "XPC listener")
    assert [each.signature for each in found] == ["wipe(path:withReply:)", "ping"]


def test_messages_of_protocols_above_cross_too() -> None:
    text = SERVICE.replace("@objc protocol Disk {", "@objc protocol Base { func stop() }\n@objc protocol Disk: Base {")
    assert [each.signature for each in crossing_at({"main.swift": text}, "XPC listener")] == [
        "wipe(path:withReply:)",
        "ping",
        "stop",
    ]


def test_a_scheme_is_handled_by_what_the_system_calls() -> None:
    info = PLIST.format(
        "<key>CFBundleURLTypes</key><array><dict><key>CFBundleURLSchemes</key><array><string>a</string></array></dict></array>"
    )
    code = """
    @interface AppDelegate : UIResponder <UIApplicationDelegate>
    @end
    @implementation AppDelegate
    - (BOOL)application:(UIApplication *)app openURL:(NSURL *)url options:(NSDictionary *)options {
        [[NSFileManager defaultManager] removeItemAtPath:url.path error:nil];
        return YES;
    }
    @end
    """
    (handler,) = crossing_at({"App/Info.plist": info, "App/AppDelegate.m": code}, "URL scheme")
    assert handler.signature == "-[AppDelegate application:openURL:options:]"
    assert handler.params == (("url", "NSURL *"),)
    assert [each.family for each in handler.reaches] == ["path"]


def test_a_service_of_the_menu_is_handled_by_its_message() -> None:
    info = PLIST.format("<key>NSServices</key><array><dict><key>NSMessage</key><string>shorten</string></dict></array>")
    code = """
    @implementation Provider
    - (void)shorten:(NSPasteboard *)pboard userData:(NSString *)data error:(NSString **)error { [self log:pboard]; }
    @end
    """
    (handler,) = crossing_at({"App/Info.plist": info, "App/Provider.m": code}, "system service")
    assert handler.signature == "-[Provider shorten:userData:error:]"


def test_what_is_shared_is_not_called() -> None:
    assert crossing_at({"a.swift": 'func f() { UIPasteboard.general.string = "x" }'}, "pasteboard") == []
