"""What the system expects under the keys of the property lists that it reads; a value of another type it ignores.

After launchd.plist(5), xpcservice.plist(5) and Apple's references of Info.plist keys and entitlements. Of Info.plist
keys only those are here that decide who may reach the program, and how.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipclint.model.facts import PlistEntry, PlistFacts, PlistKind, PlistValue

_TRANSPORT = (
    "NSAllowsArbitraryLoads",
    "NSAllowsArbitraryLoadsForMedia",
    "NSAllowsArbitraryLoadsInWebContent",
    "NSAllowsLocalNetworking",
)
_EXCEPTIONS = (
    "NSIncludesSubdomains",
    "NSExceptionAllowsInsecureHTTPLoads",
    "NSExceptionRequiresForwardSecrecy",
    "NSTemporaryExceptionAllowsInsecureHTTPLoads",
    "NSThirdPartyExceptionAllowsInsecureHTTPLoads",
    "NSThirdPartyExceptionRequiresForwardSecrecy",
    "NSRequiresCertificateTransparency",
)

KINDS: dict[PlistKind, dict[str, str]] = {
    "launchd": {
        **dict.fromkeys(("Label", "UserName", "GroupName", "Program", "BundleProgram"), "string"),
        **dict.fromkeys(("RootDirectory", "WorkingDirectory", "ProcessType"), "string"),
        **dict.fromkeys(("StandardInPath", "StandardOutPath", "StandardErrorPath"), "string"),
        **dict.fromkeys(("Disabled", "RunAtLoad", "EnableGlobbing", "EnableTransactions", "InitGroups"), "bool"),
        **dict.fromkeys(("StartOnMount", "Debug", "WaitForDebugger", "AbandonProcessGroup", "SessionCreate"), "bool"),
        **dict.fromkeys(("LowPriorityIO", "LowPriorityBackgroundIO", "LaunchOnlyOnce", "LegacyTimers"), "bool"),
        **dict.fromkeys(("EnablePressuredExit", "EnablePressureExit", "OnDemand", "ServiceIPC"), "bool"),
        **dict.fromkeys(("StartInterval", "TimeOut", "ExitTimeOut", "ThrottleInterval", "Nice"), "integer"),
        **dict.fromkeys(("ProgramArguments", "WatchPaths", "QueueDirectories", "LimitLoadToHosts"), "array"),
        **dict.fromkeys(("EnvironmentVariables", "MachServices", "Sockets", "LaunchEvents"), "dict"),
        **dict.fromkeys(("SoftResourceLimits", "HardResourceLimits", "inetdCompatibility"), "dict"),
        "Umask": "integer string",
        "KeepAlive": "bool dict",
        "LimitLoadToSessionType": "string array",
        "AssociatedBundleIdentifiers": "string array",
        "StartCalendarInterval": "dict array",
        "MachServices/*": "bool dict",
        "MachServices/*/ResetAtClose": "bool",
        "MachServices/*/HideUntilCheckIn": "bool",
        "Sockets/*": "dict array",
        "Sockets/*/SockPathMode": "integer",
        "Sockets/*/SockPassive": "bool",
        "Sockets/*/SockPathName": "string",
        "Sockets/*/SockNodeName": "string",
        "EnvironmentVariables/*": "string",
    },
    "info": {
        "CFBundleURLTypes": "array",
        "CFBundleURLTypes/*": "dict",
        "CFBundleURLTypes/*/CFBundleURLSchemes": "array",
        "LSApplicationQueriesSchemes": "array",
        "NSUserActivityTypes": "array",
        "NSServices": "array",
        "SMAuthorizedClients": "array",
        "SMPrivilegedExecutables": "dict",
        "NSExtension": "dict",
        "NSAppTransportSecurity": "dict",
        "NSAppTransportSecurity/NSExceptionDomains": "dict",
        "NSAppTransportSecurity/NSExceptionDomains/*": "dict",
        **{f"NSAppTransportSecurity/{key}": "bool" for key in _TRANSPORT},
        **{f"NSAppTransportSecurity/NSExceptionDomains/*/{key}": "bool" for key in _EXCEPTIONS},
        "NSAppTransportSecurity/NSExceptionDomains/*/NSExceptionMinimumTLSVersion": "string",
        "XPCService": "dict",
        "XPCService/ServiceType": "string",
        "XPCService/RunLoopType": "string",
        "XPCService/JoinExistingSession": "bool",
        "XPCService/EnvironmentVariables": "dict",
    },
    "entitlements": {
        "com.apple.security.application-groups": "array",
        "keychain-access-groups": "array",
        "com.apple.developer.associated-domains": "array",
        **dict.fromkeys(("com.apple.security.get-task-allow", "get-task-allow"), "bool"),
        **dict.fromkeys(("com.apple.security.app-sandbox", "com.apple.security.inherit"), "bool"),
    },
}
"""Path of keys → the kinds of value that are read there; `*` is any key, or any item of an array."""

_RIGHTS = ("cs", "files", "network", "device", "personal-information", "automation", "assets", "smartcard", "print")
"""What follows `com.apple.security.` in entitlements that are granted by `<true/>`."""


class Typed(NamedTuple):
    """A value of a known key, with the kinds that are read there. `entry` is the entry that it stands in."""

    path: str  # "MachServices/com.example.service"
    value: PlistValue
    wanted: tuple[str, ...]
    entry: PlistEntry


def typed_values(plist: PlistFacts) -> Iterator[Typed]:
    """The values of `plist` whose type is known."""
    if plist.root is not None and plist.kind in KINDS:
        yield from _below(plist.root, KINDS[plist.kind], "", "")


def _below(value: PlistValue, kinds: dict[str, str], path: str, pattern: str) -> Iterator[Typed]:
    for entry in value.entries:
        star = f"{pattern}*"
        known = f"{pattern}{entry.key}" if f"{pattern}{entry.key}" in kinds else star
        yield from _at(entry, entry.value, kinds, f"{path}{entry.key}", known)


def _at(entry: PlistEntry, value: PlistValue, kinds: dict[str, str], path: str, pattern: str) -> Iterator[Typed]:
    wanted = kinds.get(pattern) or _right(path)
    if not wanted:
        return
    yield Typed(path, value, tuple(wanted.split()), entry)
    if value.kind not in wanted.split():
        return
    yield from _below(value, kinds, f"{path}/", f"{pattern}/")
    for item in value.items if f"{pattern}/*" in kinds else ():
        yield from _at(entry, item, kinds, path, f"{pattern}/*")


def _right(path: str) -> str:
    right = path.removeprefix("com.apple.security.")
    if right.startswith("temporary-exception.files."):
        return "string array"
    return "bool" if right != path and right.partition(".")[0] in _RIGHTS and "bookmarks" not in right else ""
