"""Which APIs tell something of a peer, and what: the kinds of evidence, and the switches that are none."""

from __future__ import annotations

from ipclint.model.ir import Call

# Evidence, strongest first. "requirement": a code requirement is in force on the connection; "code": the running code
# was validated by the kernel's identity of it; the others are weaker ends that rules of their own judge.
STRONG = frozenset({"requirement", "code"})

CODE_CHECKS = frozenset({"SecCodeCheckValidity", "SecCodeCheckValidityWithErrors", "SecTaskValidateForRequirement"})
STATIC_CHECKS = frozenset({"SecStaticCodeCheckValidity", "SecStaticCodeCheckValidityWithErrors"})
REQUIREMENT_SETTERS = frozenset(
    {
        "setCodeSigningRequirement",
        "setCodeSigningRequirement:",
        "setPeerRequirement",
        "senderSatisfies",
        "xpc_connection_set_peer_code_signing_requirement",
        "xpc_connection_set_peer_team_identity_requirement",
        "xpc_connection_set_peer_platform_identity_requirement",
        "xpc_connection_set_peer_entitlement_exists_requirement",
        "xpc_connection_set_peer_entitlement_matches_value_requirement",
        "xpc_connection_set_peer_lightweight_code_requirement",
        "xpc_connection_set_peer_requirement",
        "xpc_session_set_peer_code_signing_requirement",
        "xpc_session_set_peer_requirement",
        "xpc_listener_set_peer_requirement",
        "xpc_peer_requirement_match_received_message",
    }
)
WEAK: dict[str, str] = {
    **dict.fromkeys(STATIC_CHECKS, "static-code"),
    "kSecGuestAttributePid": "pid",
    "processIdentifier": "pid",
    "xpc_connection_get_pid": "pid",
    "audit_token_to_pid": "pid",
    "proc_pidpath": "pid",
    "effectiveUserIdentifier": "uid",
    "xpc_connection_get_euid": "uid",
    "audit_token_to_euid": "audited-uid",
    "audit_token_to_ruid": "audited-uid",
    "getpeereid": "uid",
    "kSecCodeInfoCertificates": "certificates",
    "kSecCodeInfoTeamIdentifier": "signing-information",
    "kSecCodeInfoIdentifier": "signing-information",
    "kSecCodeInfoEntitlementsDict": "signing-information",
    "SecTaskCopyValueForEntitlement": "entitlement",
    "SecTaskCopyValuesForEntitlements": "entitlement",
    "SecTaskCopySigningIdentifier": "signing-information",
    "valueForEntitlement": "entitlement",
    "valueForEntitlement:": "entitlement",
    "xpc_connection_copy_entitlement_value": "entitlement",
    "bundleIdentifier": "bundle-id",
}
# Kinds that are no evidence: who accepts on them alone accepts everybody.
EXCUSES = frozenset({"switch", "older-system"})
# What is no evidence, but a choice that somebody outside makes: XPC117 reports it.
SWITCHES: dict[str, str] = {
    "UserDefaults": "a user default",
    "NSUserDefaults": "a user default",
    "CFPreferencesGetAppBooleanValue": "a preference",
    "CFPreferencesCopyAppValue": "a preference",
    "getenv": "an environment variable",
    "environment": "an environment variable",
    "arguments": "a command-line argument",
    "CommandLine": "a command-line argument",
    "fileExists": "the existence of a file",
    "fileExistsAtPath:": "the existence of a file",
    "access": "the existence of a file",
}
DIRECT: dict[str, str] = {
    **dict.fromkeys(CODE_CHECKS, "code"),
    **dict.fromkeys(REQUIREMENT_SETTERS, "requirement"),
    **WEAK,
}
REQUIRING = frozenset(name.partition(":")[0] for name in REQUIREMENT_SETTERS)
DIRECT_WORDS = {name.partition(":")[0]: kind for name, kind in DIRECT.items()}
"""The same by the first word of a selector: how a function's mentions spell it."""
ACCEPTORS = frozenset({"listener:shouldAcceptNewConnection:", "shouldAcceptXPCConnection:"})
PEERS = frozenset({"NSXPCConnection", "xpc_connection_t", "xpc_object_t", "XPCReceivedMessage", "XPCSession"})
BOOLEAN = frozenset({"Bool", "BOOL", "bool", "Boolean", "ObjCBool"})


def evidence_in(call: Call) -> str:
    """The kind of evidence that a call is by itself; "" for none."""
    if call.name == "value" and call.labels[:1] == ("forEntitlement",):
        return "entitlement"
    return DIRECT.get(call.name, "")
