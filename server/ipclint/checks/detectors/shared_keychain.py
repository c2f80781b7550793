"""GRP105: keychain items of an access group that are kept weakly, and access groups that are too wide."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks import around
from ipclint.checks.detectors import detector
from ipclint.checks.detectors.entitlements import entries_of
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, PlistFacts
from ipclint.model.finding import Finding, Place
from ipclint.model.ir import Call, Name, Node, walk
from ipclint.program.configuration import programs_of
from ipclint.program.link import code_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.target_info import version_key

GROUP = "kSecAttrAccessGroup"
ALWAYS = ("kSecAttrAccessibleAlways", "kSecAttrAccessibleAlwaysThisDeviceOnly")
OWN_KEYCHAIN = "kSecUseDataProtectionKeychain"
SYNCHRONIZABLE = ("kSecAttrSynchronizable", "kSecAttrSynchronizableAny")
WILDCARD = re.compile(r"(?:(?:\$\(\w+\)|\$\{\w+\}|[A-Z0-9]{10})\.?)?\*")
"""A star behind nothing but what stands for the team."""


@detector("shared-keychain-item-weak", on="function")
def shared_keychain_item_weak(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    if GROUP not in unit.mentions:
        return
    nodes = tuple(walk_code(program, ref))
    for node in nodes:
        if isinstance(node, Name) and node.text in ALWAYS:
            place = Place(ref.path, ref.key, node.start, node.end)
            yield rule.finding(place, "certain", holes={"class": node.text, "option": place})
    if OWN_KEYCHAIN in unit.mentions or any(name in unit.mentions for name in SYNCHRONIZABLE):
        return  # synchronised items live in the data protection keychain
    if not _is_mac_alone(program, ref.path):
        return
    added = next((node for node in nodes if isinstance(node, Call) and node.name == "SecItemAdd"), None)
    if added is not None:
        yield rule.finding(around.place_of(ref, added), "likely", variant="b")


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


def walk_code(program: Program, ref: UnitRef) -> Iterator[Node]:
    """Every node of a function's body."""
    for statement in code_of(program, ref):
        yield from walk(statement)
