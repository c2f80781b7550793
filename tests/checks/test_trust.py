"""What the surface map says of who is let in: the state, and the words for it."""

from __future__ import annotations

import pytest

from ipclint.checks.trust import Trust, trust
from ipclint.program.channels import every_endpoint
from tests.program.flow_sample import program_of

SERVE = """
final class Delegate: NSObject, NSXPCListenerDelegate {
    func listener(_ listener: NSXPCListener, shouldAcceptNewConnection c: NSXPCConnection) -> Bool {
        BODY
    }
}
let delegate = Delegate()
let listener = NSXPCListener(machServiceName: "a.b")
listener.delegate = delegate
"""
STRONG = 'anchor apple generic and identifier \\"a.b\\" and certificate leaf[subject.OU] = \\"ABCDE12345\\"'


def trust_in(files: dict[str, str], kind: str) -> Trust:
    program = program_of(files)
    (endpoint,) = [each for each in every_endpoint(program) if each.kind == kind]
    return trust(program, endpoint)


@pytest.mark.parametrize(
    ("body", "state", "words"),
    [
        ("c.resume(); return true", "open", "every connection is accepted"),
        (f'c.setCodeSigningRequirement("{STRONG}"); c.resume(); return true', "verified", "of team ABCDE12345"),
        ('c.setCodeSigningRequirement("identifier \\"a.b\\""); return true', "open", "self-made certificate"),
        ('c.setCodeSigningRequirement("anchor apple generic"); return true', "weak", "free Apple developer account"),
        ("c.setCodeSigningRequirement(fetch()); return true", "unknown", "text is not known"),
        ("if c.processIdentifier != 7 { return false }; return true", "weak", "process id"),
        ("return Other.validate(c)", "unknown", "code that is not here"),
        ('if UserDefaults.standard.bool(forKey: "x") { return true }; return false', "open", "a setting"),
    ],
)
def test_of_a_listener(body: str, state: str, words: str) -> None:
    found = trust_in({"main.swift": SERVE.replace("BODY", body)}, "XPC listener")
    assert found.state == state
    assert words in found.says


def test_of_a_listener_without_a_delegate_nothing_is_known() -> None:
    found = trust_in({"main.swift": 'let listener = NSXPCListener(machServiceName: "a.b")\n'}, "XPC listener")
    assert (found.state, found.places) == ("unknown", ())


def test_a_requirement_keeps_its_text_and_place() -> None:
    (demand,) = trust_in(
        {"main.swift": SERVE.replace("BODY", f'c.setCodeSigningRequirement("{STRONG}"); return true')}, "XPC listener"
    ).demands
    assert demand.text == STRONG.replace('\\"', '"')
    assert demand.place.path == "main.swift"


@pytest.mark.parametrize(
    ("call", "state"),
    [
        ('NSXPCConnection(machServiceName: "a.b", options: .privileged)', "verified"),
        ('NSXPCConnection(machServiceName: "a.b", options: [])', "open"),
        ('NSXPCConnection(machServiceName: "com.apple.a", options: [])', "verified"),
        ('NSXPCConnection(serviceName: "a.b")', "verified"),
    ],
)
def test_what_a_client_knows_of_its_service(call: str, state: str) -> None:
    assert trust_in({"a.swift": f"func f() {{ let c = {call}; c.resume() }}"}, "XPC client").state == state


RAW = """
void handle(xpc_connection_t peer) { xpc_connection_set_event_handler(peer, ^(xpc_object_t o) { CHECK; work(o); }); }
int main(void) {
    xpc_connection_t l = xpc_connection_create_mach_service("a.b", NULL, XPC_CONNECTION_MACH_SERVICE_LISTENER);
    SET;
    xpc_connection_set_event_handler(l, ^(xpc_object_t peer) { handle(peer); });
}
"""


@pytest.mark.parametrize(
    ("check", "setting", "state"),
    [
        ("", "", "open"),
        ("xpc_connection_get_euid(peer)", "", "unknown"),
        ("", f'xpc_connection_set_peer_code_signing_requirement(l, "{STRONG}")', "verified"),
        ("", "xpc_connection_set_peer_team_identity_requirement(l, NULL)", "verified"),
    ],
)
def test_of_a_libxpc_handler_only_a_requirement_is_sure(check: str, setting: str, state: str) -> None:
    text = RAW.replace("CHECK", check).replace("SET;", f"{setting};")
    assert trust_in({"main.c": text}, "libxpc listener").state == state


PLIST = '<?xml version="1.0"?><plist version="1.0"><dict>{}</dict></plist>'


@pytest.mark.parametrize(
    ("point", "state"),
    [("com.apple.share-services", "open"), ("com.apple.widgetkit-extension", "verified"), ("a.plug-in", "unknown")],
)
def test_the_host_of_an_extension_is_known_by_its_point(point: str, state: str) -> None:
    text = PLIST.format(
        f"<key>NSExtension</key><dict><key>NSExtensionPointIdentifier</key><string>{point}</string></dict>"
    )
    assert trust_in({"App/Info.plist": text}, "extension point").state == state


def test_who_may_replace_a_helper_is_read_from_its_requirement() -> None:
    text = PLIST.format('<key>SMAuthorizedClients</key><array><string>identifier "a.b"</string></array>')
    found = trust_in({"Helper/Info.plist": text}, "helper installation")
    assert found.state == "open"
    assert "self-made certificate" in found.says


def test_evidence_that_only_adds_to_a_signature_does_not_weaken_it() -> None:
    body = f"""
        guard Trust.names(c), Trust.signed(c) else {{ return false }}
        return true
    }}
}}
enum Trust {{
    static func signed(_ c: NSXPCConnection) -> Bool {{
        var requirement: SecRequirement?
        SecRequirementCreateWithString("{STRONG}" as CFString, [], &requirement)
        return SecCodeCheckValidity(code(c.auditToken), [], requirement) == errSecSuccess
    }}
    static func names(_ c: NSXPCConnection) -> Bool {{
        return c.value(forKey: kSecCodeInfoTeamIdentifier) == "ABCDE12345"
    """
    found = trust_in({"main.swift": SERVE.replace("BODY", body)}, "XPC listener")
    assert set(found.checks) == {"code", "signing-information"}
    assert found.state == "verified"


def test_a_connection_to_an_endpoint_is_as_good_as_who_gave_it() -> None:
    text = "func f(e: NSXPCListenerEndpoint) { let c = NSXPCConnection(listenerEndpoint: e); c.resume() }"
    assert trust_in({"a.swift": text}, "XPC client").state == "unknown"
