"""The tree of a code-signing requirement, and its text again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal as OneOf

HOLE = "\ufffc"
"""Stands for what is not known: inside quotes one opaque value, outside quotes anything."""

LEAF, ROOT = 0, -1
"""Slots of the certificate chain: 0 is the signer's own certificate, 1 its issuer; -1 is the root."""

KEYWORDS = frozenset(
    (
        *("guest", "host", "designated", "library", "plugin", "or", "and", "always", "true", "never", "false"),
        *("identifier", "cdhash", "platform", "notarized", "legacy", "anchor", "apple", "generic", "certificate"),
        *("cert", "trusted", "info", "entitlement", "exists", "absent", "timestamp", "leaf", "root"),
    )
)

Operator = OneOf["exists", "absent", "=", "begins", "ends", "contains", "<", ">", "<=", ">="]

_VARIABLE = re.compile(r"\$\([^()]*\)|\$\{[^{}]*\}|@[A-Za-z_]\w*@")
_PLAIN_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:\.(?:[A-Za-z][A-Za-z0-9]*|[0-9]+))*")


@dataclass(frozen=True, slots=True)
class Match:
    """What a field is compared with. `begins` is written `= "x" *`, `ends` `= * "x"`, `contains` `= * "x" *` or
    `~ "x"`. `bare`: the value is unknown text outside quotes."""

    operator: Operator
    value: str = ""
    kind: OneOf["text", "hex", "timestamp"] = "text"
    bare: bool = False


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    operand: Node


@dataclass(frozen=True, slots=True)
class Constant:
    """`always` or `never`."""

    value: bool


@dataclass(frozen=True, slots=True)
class Identifier:
    value: str
    bare: bool = False


@dataclass(frozen=True, slots=True)
class CodeHash:
    """`cdhash H"…"`: one build of one program."""

    digest: str  # hexadecimal, lower case


@dataclass(frozen=True, slots=True)
class Platform:
    number: int


@dataclass(frozen=True, slots=True)
class Policy:
    """`notarized`, or `legacy` (signed with a Developer ID before notarization was asked for)."""

    name: OneOf["notarized", "legacy"]


@dataclass(frozen=True, slots=True)
class AppleAnchor:
    """`anchor apple` (Apple's own code), or `anchor apple generic` (certified by Apple for anyone)."""

    generic: bool


@dataclass(frozen=True, slots=True)
class NamedAnchor:
    """`anchor apple NAME`: a requirement that comes with the system."""

    name: str


@dataclass(frozen=True, slots=True)
class NamedCode:
    """`(NAME)`: as NamedAnchor."""

    name: str


@dataclass(frozen=True, slots=True)
class Trusted:
    """`anchor trusted` (`slot` None), `certificate SLOT trusted`: the trust settings of the Mac decide."""

    slot: int | None


@dataclass(frozen=True, slots=True)
class CertificateHash:
    """`certificate SLOT = H"…"`; `is_path`: the file of a certificate instead."""

    slot: int
    digest: str
    is_path: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """`certificate SLOT[KEY] …`, `info[KEY] …`, `entitlement[KEY] …`; `slot` is None for the latter two."""

    source: OneOf["certificate", "info", "entitlement"]
    key: str
    match: Match
    slot: int | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """A whole clause that is not known."""


Atom = (
    Constant | Identifier | CodeHash | Platform | Policy | AppleAnchor | NamedAnchor | NamedCode | Trusted
    | CertificateHash | Field | Unknown
)  # fmt: skip
Node = And | Or | Not | Atom


def with_holes(text: str) -> str:
    """The text with a hole for every `$(VAR)`, `${VAR}` and `@VAR@` that a build system fills in. No variable holds
    parentheses of its own: expand what can be expanded before."""
    return _VARIABLE.sub(HOLE, text)


def show(node: Node) -> str:
    """The text of a tree, so that `parse(show(tree)) == tree` for every tree that `parse` gives."""
    match node:
        case Or(parts):
            return " or ".join(f"({show(part)})" if isinstance(part, Or) else show(part) for part in parts)
        case And(parts):
            return " and ".join(f"({show(part)})" if isinstance(part, (And, Or)) else show(part) for part in parts)
        case Not(operand):
            return f"! ({show(operand)})" if isinstance(operand, (And, Or)) else f"! {show(operand)}"
        case _:
            return _show_atom(node)


def _show_atom(atom: Atom) -> str:
    match atom:
        case Constant(value):
            return "always" if value else "never"
        case Identifier(value, bare):
            return f"identifier {value if bare else _quoted(value)}"
        case CodeHash(digest):
            return f"cdhash {_hash(digest)}"
        case Platform(number):
            return f"platform = {number}"
        case Policy(name):
            return name
        case AppleAnchor(generic):
            return "anchor apple generic" if generic else "anchor apple"
        case NamedAnchor(name):
            return f"anchor apple {_quoted(name)}"
        case NamedCode(name):
            return f"({_quoted(name)})"
        case Trusted(slot):
            return "anchor trusted" if slot is None else f"certificate {_slot(slot)} trusted"
        case CertificateHash(slot, digest, is_path):
            return f"certificate {_slot(slot)} = {_quoted(digest) if is_path else _hash(digest)}"
        case Field(source, key, match, slot):
            where = source if slot is None else f"{source} {_slot(slot)}"
            return f"{where}[{_key(key)}]{_show_match(match)}"
        case Unknown():
            return HOLE


def _show_match(match: Match) -> str:
    value = match.value if match.bare else f"0x{match.value}" if match.kind == "hex" else _quoted(match.value)
    if match.kind == "timestamp":
        value = f"timestamp {value}"
    match match.operator:
        case "exists" | "absent":
            return f" {match.operator}"
        case "begins":
            return f" = {value} *"
        case "ends":
            return f" = * {value}"
        case "contains":
            return f" = * {value} *"
        case operator:
            return f" {operator} {value}"


def _slot(slot: int) -> str:
    return {LEAF: "leaf", ROOT: "root"}.get(slot, str(slot))


def _key(key: str) -> str:
    return key if _PLAIN_WORD.fullmatch(key) and key not in KEYWORDS else _quoted(key)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _hash(digest: str) -> str:
    return f'H"{digest}"'
