"""Endpoints: what listens, what connects, and what property lists open."""

from __future__ import annotations

from ipclint.program.endpoints import Endpoint, endpoints
from tests.program.sample import program_of

PLIST = '<?xml version="1.0"?><plist version="1.0"><dict>{}</dict></plist>'


def found(path: str, text: str) -> list[Endpoint]:
    return list(endpoints(program_of({path: text})))


def test_an_info_plist_opens_url_schemes_and_extension_points() -> None:
    text = PLIST.format(
        "<key>CFBundleURLTypes</key><array><dict><key>CFBundleURLSchemes</key><array><string>courier</string>"
        "<string>parcel</string></array></dict></array><key>NSExtension</key><dict>"
        "<key>NSExtensionPointIdentifier</key><string>com.apple.share-services</string></dict>"
    )
    assert [(each.kind, each.name, each.rating) for each in found("App/Info.plist", text)] == [
        ("URL scheme", "courier", "very low"),
        ("URL scheme", "parcel", "very low"),
        ("extension point", "com.apple.share-services", ""),
    ]


def test_entitlements_open_app_groups_and_universal_links_only() -> None:
    text = PLIST.format(
        "<key>com.apple.developer.associated-domains</key><array><string>applinks:a.example</string>"
        "<string>webcredentials:b.example</string></array>"
        "<key>com.apple.security.application-groups</key><array><string>group.a</string></array>"
    )
    assert [(each.kind, each.name) for each in found("App/App.entitlements", text)] == [
        ("universal link", "a.example"),
        ("app group", "group.a"),
    ]


def test_a_libxpc_connection_listens_only_with_the_flag() -> None:
    text = """
    void serve(void) { xpc_connection_create_mach_service("a.b", NULL, XPC_CONNECTION_MACH_SERVICE_LISTENER); }
    void call(void) { xpc_connection_create_mach_service("a.b", NULL, 0); }
    """
    assert {(each.kind, each.name) for each in found("a.c", text)} == {
        ("libxpc listener", "a.b"),
        ("libxpc client", "a.b"),
    }


def test_a_name_that_is_computed_is_unknown() -> None:
    text = "func f(name: String) { let c = NSXPCConnection(machServiceName: name, options: []) }"
    assert [(each.kind, each.name) for each in found("a.swift", text)] == [("XPC client", "")]
