"""What the clauses of one alternative say together, and the grade that makes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal as OneOf

from ipclint.checks.requirement.tree import (
    HOLE,
    LEAF,
    ROOT,
    AppleAnchor,
    Atom,
    CertificateHash,
    CodeHash,
    Field,
    Identifier,
    Match,
    NamedAnchor,
    NamedCode,
    Policy,
    Trusted,
    Unknown,
)

Anchor = OneOf["none", "trusted", "hash", "apple generic", "apple"]

_APPLE_ROOTS = frozenset(  # SHA-1 of Apple Root CA, G2 and G3, and of the older Apple Root Certificate Authority
    (
        "611e5b662c593a08ff58d14ae22452d198df6c60",
        "14698989bfb2950921a42452646d37b50af017e2",
        "b52cb02fd567e0359fe8fa4d4c41037970fe01b0",
        "580f804792abc63bbb80154d4dfddd8b2ef2674e",
    )
)
_STORE_FIELDS = (  # of the certificates that Apple signs Mac App Store, App Store and TestFlight apps with
    "1.2.840.113635.100.6.1.9",
    "1.2.840.113635.100.6.1.3",
    "1.2.840.113635.100.6.1.25.1",
)
_STORE_NAMES = ("Apple Mac OS Application Signing", "Apple iPhone OS Application Signing")
_DEVELOPER_ID_FIELDS = ("1.2.840.113635.100.6.1.13", "1.2.840.113635.100.6.2.6")  # application (leaf), its issuer
_APPLE_SIGNER = "Software Signing"  # common name of the certificate that Apple signs its own programs with
_TEAM_ENTITLEMENTS = (
    "com.apple.developer.team-identifier",
    "com.apple.application-identifier",
    "application-identifier",
)
_VERSION_KEYS = ("CFBundleVersion", "CFBundleShortVersionString")
_TEAM_IN_NAME = re.compile(r"\(([A-Z0-9]{10})\)")
_SAME_OR_PART = ("=", "begins", "ends", "contains")
_TEAM_NAMES = ("Developer ID Application:", "3rd Party Mac Developer Application:", "Apple Distribution:")


class Grade(IntEnum):
    """Who passes, from the widest circle to the narrowest. Up to STORE, an attacker can be among them."""

    ANYONE = 0  # a signature that anybody can make on his own
    TRUSTED = 1  # a root certificate that the administrator or device management trusts
    ACCOUNT = 2  # a free Apple developer account
    PAID = 3  # a paid one (Developer ID)
    STORE = 4  # whatever the App Store distributes
    APPLE = 5  # whatever Apple ships, script interpreters included
    SIGNER = 6  # any program of one signer
    PROGRAM = 7  # one program of one signer, in any version
    CURRENT = 8  # the same, of some version or entitlement on
    BUILD = 9  # one build
    NOBODY = 98  # nothing can satisfy it
    UNKNOWN = 99  # text that decides is not known


@dataclass
class Findings:
    """What the clauses of an alternative say, taken together."""

    apple: bool = False
    generic: bool = False
    trusted: bool = False
    hashed: bool = False  # a certificate of the chain is pinned by its hash
    build: bool = False
    paid: bool = False
    store: bool = False
    team: str | None = None
    signer: str | None = None  # the signer in words, where it is no team
    identifier: str | None = None
    wildcard: bool = False
    min_version: str | None = None
    entitlements: list[str] = field(default_factory=list[str])
    unknown: bool = False
    reasons: list[str] = field(default_factory=list[str])


def is_bare(atom: Atom) -> bool:
    return (isinstance(atom, Field) and atom.match.bare) or (isinstance(atom, Identifier) and atom.bare)


def take(found: Findings, atom: Atom) -> None:
    """Add what one clause says."""
    found.unknown = found.unknown or is_bare(atom)
    match atom:
        case AppleAnchor(generic):
            found.generic = True
            found.apple = found.apple or not generic
        case Trusted():
            found.trusted = True
        case CodeHash():
            found.build = True
        case Policy():
            found.generic = found.paid = True  # Apple gives tickets to Developer ID programs alone
        case CertificateHash(slot, digest):
            _take_hash(found, slot, digest)
        case Identifier(value):
            found.identifier = value
            found.wildcard = "*" in value
            if found.wildcard:
                found.reasons.append("a star in an identifier is an ordinary character, not a wildcard")
        case Field("certificate", key, match, slot):
            _take_certificate(found, key, match, slot)
        case Field("info", key, match):
            _take_info(found, key, match)
        case Field("entitlement", key, match):
            _take_entitlement(found, key, match)
        case Unknown() | NamedAnchor() | NamedCode():
            found.unknown = True
        case _:
            pass  # `platform` is a number that the signer chooses


def _take_hash(found: Findings, slot: int, digest: str) -> None:
    if slot == ROOT and digest in _APPLE_ROOTS:
        found.generic = True
    elif slot in (LEAF, ROOT):
        found.hashed = True
        found.signer = f"whoever holds the {'signing' if slot == LEAF else 'root'} certificate with that hash"
    else:
        found.unknown = True  # whose issuer that is decides: Apple's certify everyone


def _take_certificate(found: Findings, key: str, match: Match, slot: int | None) -> None:
    kind, _, name = key.partition(".")
    if kind in ("field", "extension") and match.operator in ("exists", "="):
        found.store = found.store or (slot == LEAF and name in _STORE_FIELDS)
        found.paid = found.paid or name in _DEVELOPER_ID_FIELDS
    elif key == "subject.CN" and slot == LEAF:
        _take_common_name(found, match)
    elif key in ("subject.OU", "subject.UID") and slot == LEAF:
        if match.operator == "=" or (match.operator in ("begins", "ends", "contains") and len(match.value) >= 10):
            found.team = match.value
        else:
            found.reasons.append(f"`certificate leaf[{key}]` is not compared with one whole team id")
    elif key == "subject.O" and slot == LEAF and match.operator == "=" and found.signer is None:
        found.signer = f"an organisation named “{plain(match.value)}”"
        found.reasons.append("names of organisations are not unique; subject.OU, the team id, is")


def _take_common_name(found: Findings, match: Match) -> None:
    """The common name of the signer's certificate, issued by Apple: it holds a team id, or a developer's own id."""
    team = _TEAM_IN_NAME.search(match.value)
    if match.operator == "=" and match.value in _STORE_NAMES:
        found.store = True
    elif match.operator == "=" and match.value == _APPLE_SIGNER:
        found.apple = found.apple or found.generic
    elif team is not None and match.operator in _SAME_OR_PART:
        if match.value.startswith(_TEAM_NAMES) or match.operator != "=":
            found.team = found.team or team[1]
        else:
            found.signer = f"the developer of the certificate “{plain(match.value)}”"
    elif match.operator == "=":
        found.signer = f"the certificate “{plain(match.value)}”"
    else:
        found.reasons.append("only a part of the common name is compared; others may have names like it")


def _take_info(found: Findings, key: str, match: Match) -> None:
    if key in _VERSION_KEYS and match.operator in (">=", ">", "="):
        found.min_version = plain(match.value)
    elif key == "CFBundleIdentifier" and found.identifier is None and match.operator in _SAME_OR_PART:
        found.identifier = match.value
        found.wildcard = match.operator != "="


def _take_entitlement(found: Findings, key: str, match: Match) -> None:
    if key in _TEAM_ENTITLEMENTS and match.operator in ("=", "begins") and match.value:
        found.team = found.team or match.value.partition(".")[0]
        if match.operator == "=" and "." in match.value and found.identifier is None:
            found.identifier = match.value.partition(".")[2]
    elif match.operator != "absent":
        found.entitlements.append(key)


def grade_of(found: Findings) -> Grade:
    if found.build:
        return Grade.BUILD
    signed = _signed(found)
    if signed < Grade.STORE or found.identifier is None or found.wildcard:
        return signed
    return Grade.CURRENT if found.min_version or found.entitlements else Grade.PROGRAM


def _signed(found: Findings) -> Grade:
    """The grade by the signer alone. Apple's own programs and the store give an identifier to one program only."""
    if not found.generic:
        if found.hashed:
            return Grade.SIGNER
        return Grade.TRUSTED if found.trusted else Grade.ANYONE
    if found.apple:
        return Grade.APPLE
    if found.team is not None or found.signer is not None:
        return Grade.SIGNER
    if found.store:
        return Grade.STORE
    return Grade.PAID if found.paid else Grade.ACCOUNT


def anchor_of(found: Findings) -> Anchor:
    """The narrowest that is asked for."""
    if found.apple:
        return "apple"
    if found.generic:
        return "apple generic"
    if found.hashed:
        return "hash"
    return "trusted" if found.trusted else "none"


def plain(text: str) -> str:
    return text.replace(HOLE, "…")
