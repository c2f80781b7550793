"""Property lists of every format (XML, binary, OpenStep) → PlistFacts."""

from __future__ import annotations

import base64
import plistlib
import re
from collections.abc import Iterator
from typing import cast

from ipclint.model.facts import PlistEntry, PlistFacts, PlistKind, PlistValue
from ipclint.readers.comments import suppressions, xml_comments
from ipclint.readers.plist_ascii import parse_ascii
from ipclint.readers.plist_xml import MAX_DEPTH, NOWHERE, Parsed, parse_xml

MAX_NODES = 200_000
"""Values of a binary property list. There, a few bytes can refer to the same list many times over."""

_LAUNCHD_KEYS = frozenset(
    (
        *("MachServices", "Program", "ProgramArguments", "BundleProgram", "RunAtLoad", "KeepAlive", "StartInterval"),
        *("StartCalendarInterval", "Sockets", "WatchPaths", "QueueDirectories", "LaunchEvents", "StartOnMount"),
    )
)
_ENTITLEMENT = re.compile(
    r"com\.apple\.(?:security|developer|private)\.|(?:com\.apple\.)?application-identifier$|get-task-allow$"
    r"|keychain-access-groups$|aps-environment$"
)


_POINTER = b"version https://git-lfs.github.com/spec/"
"""How a file begins whose content Git keeps elsewhere: nothing is known of the property list itself."""

_PREPROCESSED = re.compile(rb"\s*(?:#\s*(?:include|import|if|ifdef|ifndef|define|undef|pragma)\b[^\r\n]*\s+)+(?=<)")
"""Directives before the XML, which INFOPLIST_PREPROCESS takes away."""


def read_plist(path: str, data: bytes) -> PlistFacts:
    """The facts of the property list at workspace-relative `path`. Never raises: see `PlistFacts.problem`."""
    elsewhere = data.startswith(_POINTER)
    parsed, binary = (Parsed(), False) if elsewhere else parse_plist(data)
    return PlistFacts(
        path=path,
        kind="other" if elsewhere else _kind(path, parsed.root),
        root=parsed.root,
        binary=binary,
        suppressions=suppressions(data, xml_comments(data)),
        problem=parsed.problem,
        problem_span=parsed.problem_span,
    )


def parse_plist(data: bytes) -> tuple[Parsed, bool]:
    """The tree of a property list in any of its formats, and whether that format is the binary one."""
    if data.startswith(b"bplist"):
        return _parse_binary(data), True
    if directives := _PREPROCESSED.match(data):
        data = re.sub(rb"[^\r\n]", b" ", directives[0]) + data[directives.end() :]
    head = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n\0")
    if head[:1] == b"<" and not re.match(rb"<[0-9A-Fa-f\s]*>", head):
        return parse_xml(data), False
    return parse_ascii(data), False


def _kind(path: str, root: PlistValue | None) -> PlistKind:
    name = path.rpartition("/")[2].lower()
    keys = {entry.key for entry in root.entries} if root is not None else frozenset[str]()
    if ".entitlements" in name or name.endswith(".xcent"):
        return "entitlements"
    if "Label" in keys and keys & _LAUNCHD_KEYS:
        return "launchd"
    if "info.plist" in name or any(key.startswith("CFBundle") for key in keys):
        return "info"
    if any(_ENTITLEMENT.match(key) for key in keys):
        return "entitlements"
    return "other"


# ── binary ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class _TooLarge(Exception):
    """A binary property list that unfolds beyond MAX_NODES or MAX_DEPTH."""


def _parse_binary(data: bytes) -> Parsed:
    try:
        root = plistlib.loads(data, fmt=plistlib.FMT_BINARY)
    except (plistlib.InvalidFileException, ValueError, TypeError, KeyError, RecursionError, MemoryError):
        return Parsed(problem="the binary property list is damaged")
    try:
        return Parsed(_convert(root, iter(range(MAX_NODES)), 0))
    except _TooLarge:
        return Parsed(problem=f"the binary property list unfolds to more than {MAX_NODES} values or {MAX_DEPTH} levels")


def _convert(value: object, budget: Iterator[int], depth: int) -> PlistValue:
    """A value of plistlib as a node without span; each takes one from `budget`. Raises _TooLarge."""
    if next(budget, None) is None or depth > MAX_DEPTH:
        raise _TooLarge
    match value:
        case dict():
            pairs = cast("dict[object, object]", value).items()
            entries = (PlistEntry(str(key), NOWHERE, _convert(item, budget, depth + 1)) for key, item in pairs)
            return PlistValue("dict", NOWHERE, entries=tuple(entries))
        case list():
            items = (_convert(item, budget, depth + 1) for item in cast("list[object]", value))
            return PlistValue("array", NOWHERE, items=tuple(items))
        case bool():
            return PlistValue("bool", NOWHERE, value)
        case int() if -(2**63) <= value < 2**64:
            return PlistValue("integer", NOWHERE, value)
        case float():
            return PlistValue("real", NOWHERE, value)
        case bytes():
            return PlistValue("data", NOWHERE, base64.b64encode(value).decode("ascii"))
        case plistlib.UID():
            return PlistValue("integer", NOWHERE, value.data)
        case str() | int():
            return PlistValue("string", NOWHERE, str(value))
        case _:
            return PlistValue("date", NOWHERE, str(value))
