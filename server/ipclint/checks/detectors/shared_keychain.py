"""GRP105: keychain items of an access group that are kept weakly, and access groups that are too wide."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks import around
from ipclint.checks.detectors import detector
from ipclint.checks.detectors.entitlements import entries_of
from ipclint.checks.detectors.keychain_groups import lack_of_group
from ipclint.checks.detectors.keychain_items import Attribute, Query, held_by
from ipclint.checks.detectors.named_values import nodes_of
from ipclint.checks.platforms import is_compiled_for
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, PlistFacts
from ipclint.model.finding import Finding, Place
from ipclint.model.ir import Assign, Call, Cast, Expr, Literal, Name, Node, walk
from ipclint.program import secrets
from ipclint.program.configuration import programs_of
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import code_of, scope
from ipclint.program.program import Program, UnitRef
from ipclint.program.secrets import secret_in
from ipclint.program.target_info import version_key

GROUP = "kSecAttrAccessGroup"
ACCESSIBLE = "kSecAttrAccessible"
STORES = ("SecItemAdd", "SecItemUpdate")
ALWAYS = ("kSecAttrAccessibleAlways", "kSecAttrAccessibleAlwaysThisDeviceOnly")
OWN_KEYCHAIN = "kSecUseDataProtectionKeychain"
SYNCHRONIZABLE = "kSecAttrSynchronizable"
GUARDED = (ACCESSIBLE, "kSecAttrAccessControl", "kSecAttrAccess")
KEYS = ("kSecClassKey", "kSecClassIdentity")
DEVICE_WORDS = frozenset({"device", "pin", "passcode", "biometric", "biometry", "enclave"})
CONVERSIONS = 2
"""How many ways of reading an item one choice has at most; more are a table of all, used elsewhere."""
WILDCARD = re.compile(r"(?:(?:\$\(\w+\)|\$\{\w+\}|[A-Z0-9]{10})\.?)?\*")
"""A star behind nothing but what stands for the team."""


@detector("shared-keychain-item-weak", on="function")
def shared_keychain_item_weak(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    nodes = tuple(walk(code_of(program, ref)))
    calls = [node for node in nodes if isinstance(node, Call) and node.name in STORES and node.args]
    if not calls and GROUP in unit.mentions:  # makes a query for others
        yield from (_always(rule, ref, node) for node in nodes if isinstance(node, Name) and node.text in ALWAYS)
    for call in calls:
        query = Query(program, ref, *call.args[: 1 if call.name == "SecItemAdd" else 2])
        if query.all(GROUP):
            yield from _of_item(rule, program, ref, call, query)


def _of_item(rule: Rule, program: Program, ref: UnitRef, call: Call, query: Query) -> Iterator[Finding]:
    """What is weak in an item of an access group that a call adds or changes."""
    for attribute in query.all(ACCESSIBLE):
        found = {
            node.text: (at, node)
            for at, node in nodes_of(program, attribute.ref, attribute.value)
            if isinstance(node, Name) and node.text.startswith(ACCESSIBLE)
        }
        if len(found) <= CONVERSIONS:
            yield from (_always(rule, at, node) for word, (at, node) in found.items() if word in ALWAYS)
    synchronised = next((each for each in query.all(SYNCHRONIZABLE) if _is(program, each, "true")), None)
    if synchronised is not None and (what := _bound_to_device(program, query)):
        place = around.place_of(synchronised.ref, synchronised.value)
        yield rule.finding(place, "likely", variant="c", holes={"what": what})
    if call.name != "SecItemAdd":
        return
    own = query.all(OWN_KEYCHAIN)
    off = any(_is(program, each, "false") for each in own)
    if not query.all(SYNCHRONIZABLE) and (off or not own) and (query.is_whole or off):
        yield from _outside_groups(rule, program, ref, call, query)
    mac = {platform for target in programs_of(program, ref.path) for platform in target.platforms} == {"macos"}
    if mac and not own:
        return
    if query.is_whole and not any(query.all(name) for name in GUARDED) and _is_grouped(program, query):
        yield rule.finding(around.place_of(ref, call), "likely", variant="d")
    for attribute in query.all(GROUP):
        if lack := lack_of_group(program, attribute.ref, attribute.value):
            place = around.place_of(attribute.ref, attribute.value)
            yield rule.finding(place, "likely", variant="e", holes=lack.holes, steps=lack.steps)


def _is_grouped(program: Program, query: Query) -> bool:
    """Whether an item surely has a group: not one that may have been left out, as a parameter."""
    for group in query.all(GROUP):
        names = [node.text for node in walk(group.value) if isinstance(node, Name)]
        local = any(name in scope(program, group.ref) for name in names)
        if not local or HOLE not in fold(program, group.ref, group.value)[0]:
            return True
    return False


def _always(rule: Rule, ref: UnitRef, node: Name) -> Finding:
    place = _place(ref, node)
    return rule.finding(place, "certain", holes={"class": node.text, "option": place})


def _is(program: Program, attribute: Attribute, wanted: str) -> bool:
    """Whether an attribute can be true, or false."""
    names = {"true": "kCFBooleanTrue", "false": "kCFBooleanFalse"}
    for _, node in nodes_of(program, attribute.ref, attribute.value):
        match node:
            case Literal(kind="bool", text=text) if text == wanted:
                return True
            case Name(text=text) if text == names[wanted]:
                return True
            case _:
                continue
    return False


def _bound_to_device(program: Program, query: Query) -> str:
    """What says that an item is of this device alone, "" when nothing does: its class, its kind, what it is called."""
    for attribute in query.all(ACCESSIBLE) + query.all("kSecClass"):
        for _, node in nodes_of(program, attribute.ref, attribute.value):
            if isinstance(node, Name) and (node.text.endswith("ThisDeviceOnly") or node.text in KEYS):
                return node.text
    for attribute in query.all("kSecValueData"):
        found = secret_in(program, attribute.ref, attribute.value)
        if found is not None and (found.rank == "key" or not DEVICE_WORDS.isdisjoint(secrets.words_of(found.name))):
            return found.name
    return ""


# ── the keychain of the Mac ──────────────────────────────────────────────────────────────────────────────────────────


def _outside_groups(rule: Rule, program: Program, ref: UnitRef, call: Call, query: Query) -> Iterator[Finding]:
    """An item that goes to the file-based keychain: by default on the Mac, or because the query says so."""
    if not _is_mac_alone(program, ref.path):
        return
    for group in query.all(GROUP):
        if not is_compiled_for(program, _place(group.ref, group.key), "macos"):
            return
    holes = {} if query.all(OWN_KEYCHAIN) else _added_to(program, query.all(GROUP)[0])
    yield rule.finding(around.place_of(ref, call), "likely", variant="b", holes=holes)


def _added_to(program: Program, group: Attribute) -> dict[str, str | Place]:
    """Where the missing attribute goes: after the value of the group in a literal, or after the statement that puts
    the group into the query; and how its key is spelled there."""
    spelled = _spelled_like(group.key)
    if not spelled:
        return {}
    if group.put is None:
        return {"key": spelled, "group": _place(group.ref, group.value)}
    statement = around.statement_in(around.path_to(program, group.ref, group.put))
    held = around.spelled(held_by(group.put)) if isinstance(group.put, Assign) else ""
    if statement is None or not held:
        return {}
    return {"key": spelled, "query": held, "statement": _place(group.ref, statement)}


def _spelled_like(key: Expr) -> str:
    """The key that is missing, converted as `key` is."""
    match key:
        case Name():
            return OWN_KEYCHAIN
        case Cast(op="as", value=Name(), type=text):
            return f"{OWN_KEYCHAIN} as {text}"
        case Cast(op="c", value=Name(), type=text):
            return f"({text}){OWN_KEYCHAIN}"
        case Call(target=None, name="String", args=(Name(),)):
            return f"String({OWN_KEYCHAIN})"
        case _:
            return ""


@detector("shared-keychain-item-weak", on="plist")
def keychain_group_too_wide(rule: Rule, program: Program, ref: UnitRef, unit: PlistFacts) -> Iterator[Finding]:
    for entry in entries_of(program, unit):
        if entry.key == "keychain-access-groups":
            for item in entry.value.items:
                if isinstance(item.scalar, str) and WILDCARD.fullmatch(item.scalar):
                    place = Place(ref.path, "", item.span.start, item.span.end)
                    yield rule.finding(place, "certain", context="wildcard", holes={"group": item.scalar})


def _is_mac_alone(program: Program, path: str) -> bool:
    """Whether every program with this file runs on the Mac, on a system that has the data protection keychain."""
    built = programs_of(program, path)
    versions = [target.deployment.get("macos", "") for target in built]
    return (
        bool(built)
        and all(target.platforms == ("macos",) for target in built)
        and all(version and version_key(version) >= (10, 15) for version in versions)
    )


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
