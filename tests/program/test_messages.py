"""Messages between processes: their three sides found from each other, whatever the languages."""

from __future__ import annotations

from ipclint.program.arrivals import arrivals
from ipclint.program.messages import calls, implementations, messages, requirements_of, sent_by
from ipclint.program.program import Program, UnitRef
from tests.program.flow_sample import vocabulary
from tests.program.sample import call, function, program_of

SWIFT_PROTOCOL = """
@objc protocol Helping {
    func run(path: String, withReply reply: @escaping (Bool) -> Void)
    func ping()
}
"""
OBJC_PROTOCOL = """
@protocol Helping
- (void)runWithPath:(NSString *)path withReply:(void (^)(BOOL))reply;
- (void)ping;
@end
"""
SWIFT_SIDE = """
final class Helper: NSObject, Helping {
    func run(path: String, withReply reply: @escaping (Bool) -> Void) { reply(true) }
    func ping() {}
    func hidden() {}
}
func use(_ helper: Helping) {
    helper.run(path: "/") { _ in }
    helper.run(path: "/", withReply: { _ in })
}
"""
OBJC_SIDE = """
@implementation Helper
- (void)runWithPath:(NSString *)path withReply:(void (^)(BOOL))reply { reply(YES); }
- (void)ping {}
- (void)hidden {}
@end
void use(id<Helping> helper) { [helper runWithPath:@"/" withReply:^(BOOL done) {}]; }
"""
EXPORT = """
func export(_ connection: NSXPCConnection) {
    connection.exportedInterface = NSXPCInterface(with: Helping.self)
    connection.exportedObject = Helper()
}
"""
OBJC_INTERFACE = "@interface Helper : NSObject <Helping>\n@end\n"


def linked(protocol: str, helper: str) -> tuple[Program, UnitRef]:
    program = program_of(
        {
            "Helping.h" if protocol is OBJC_PROTOCOL else "Helping.swift": protocol,
            "Helper.m" if helper is OBJC_SIDE else "Helper.swift": helper,
            "Helper.h": OBJC_INTERFACE if helper is OBJC_SIDE else "",
            "Export.swift": EXPORT,
        }
    )
    [run] = [ref for ref in messages(program) if "run" in ref.key]
    return program, run


def test_the_sides_of_a_message_in_all_pairs_of_languages() -> None:
    for protocol in (SWIFT_PROTOCOL, OBJC_PROTOCOL):
        for helper, sites in ((SWIFT_SIDE, 2), (OBJC_SIDE, 1)):
            program, run = linked(protocol, helper)
            [implementation] = implementations(program, run)
            assert implementation.path.startswith("Helper.")
            assert requirements_of(program, implementation) == requirements_of(program, run) == (run,)
            assert [site.caller.key for site in calls(program, run)] == [function(program, "use").key] * sites


def test_a_call_leads_to_its_message_and_another_to_none() -> None:
    program, run = linked(OBJC_PROTOCOL, SWIFT_SIDE)
    use = function(program, "use")
    assert sent_by(program, use, call(program, use, "run")) == (run,)
    assert requirements_of(program, function(program, "hidden")) == ()


def test_parameters_that_another_process_fills_but_no_reply_blocks() -> None:
    program, _ = linked(OBJC_PROTOCOL, OBJC_SIDE)
    method = function(program, "runWithPath:withReply:")
    assert [(each.param.name, each.kind) for each in arrivals(program, method)] == [("path", "ipc.xpc")]
    assert arrivals(program, function(program, "hidden")) == ()


def test_handlers_and_closures_that_the_system_fills() -> None:
    text = """
    void serve(xpc_connection_t peer) {
        xpc_connection_set_event_handler(peer, ^(xpc_object_t event) { handle(event); });
    }
    """
    delegate = """
    class Delegate: NSObject, UIApplicationDelegate {
        func application(_ app: UIApplication, open url: URL, options: [String: Any]) -> Bool { use(url) }
        func applicationDidBecomeActive(_ app: UIApplication) {}
    }
    """
    program = program_of({"a.c": text, "b.swift": delegate}, vocabulary())
    [event] = arrivals(program, function(program, "serve"))
    assert (event.param.name, event.kind, event.in_closure) == ("event", "ipc.xpc", True)
    [url] = arrivals(program, function(program, "application"))
    assert (url.param.name, url.kind, url.in_closure) == ("url", "ipc.url", False)
    assert arrivals(program, function(program, "applicationDidBecomeActive")) == ()
