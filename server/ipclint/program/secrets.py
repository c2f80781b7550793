"""The secret classifier: is this value a password, a key, a one-time code? Shared by every rule about secrets.

Lexical, on the words of identifiers (`rules/models/secrets.toml`, extensible by the user), and by origin: what was read
from the keychain, a secure text field or a key API is a secret whatever it is called. The value decides, not the
call: captions,
links and version strings that a user copies are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from ipclint.model.facts import Variable
from ipclint.model.ir import (
    Assign,
    Call,
    Cast,
    Closure,
    Collection,
    Expr,
    Interpolation,
    Literal,
    Member,
    Name,
    Node,
    Operator,
    Subscript,
    Text,
    walk,
)
from ipclint.program.link import callers, calls_in, members, owner_of, scope, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.types import base_type
from ipclint.program.usage import call_uses, read_uses
from ipclint.program.vocabulary import Vocabulary

MAX_DEPTH = 5
MAX_MAKERS = 20  # functions that make objects of a type
MAX_CONSTRUCTIONS = 2  # objects and parameters that a value is handed on by
RANKS = ("key", "password", "number", "code")
"""Kinds of secret, the worst first."""

# A member that only unwraps or converts: the name that matters is its base's.
GENERIC = frozenset(
    {
        "text",
        "stringValue",
        "string",
        "value",
        "rawValue",
        "description",
        "utf8",
        "data",
        "content",
        "wrappedValue",
        "first",
        "last",
        "attributedText",
        "unsafelyUnwrapped",
        "hexString",
        "base64EncodedString",
        "copy",
        "trimmed",
        "plaintext",
        "plainText",
    }
)
# Types that carry no secret, whatever they are called.
INNOCENT = frozenset(
    {
        "Bool",
        "BOOL",
        "Int",
        "NSInteger",
        "NSUInteger",
        "UInt",
        "CGFloat",
        "Double",
        "TimeInterval",
        "Date",
        "NSDate",
        "UIView",
        "UILabel",
        "UIButton",
        "UIImage",
        "NSImage",
        "UIViewController",
        "NSView",
        "NSMenuItem",
        "IndexPath",
        "Selector",
        "Notification",
        "CGRect",
        "NSRange",
        "UIColor",
        "Error",
        "NSError",
    }
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class Secret(NamedTuple):
    """What was found: `name` as the code spells it, `rank` of RANKS, the node that tells, how sure ("certain" by
    origin).
    """

    name: str
    rank: str
    node: Node
    ref: UnitRef
    by_origin: bool = False


@lru_cache(maxsize=16384)
def words_of(identifier: str) -> tuple[str, ...]:
    """`userAPIKey_v2` → ("user", "api", "key", "v", "2")."""
    return tuple(word.lower() for word in _WORD.findall(identifier))


def classify_name(vocabulary: Vocabulary, identifier: str) -> str:
    """The rank of a secret that an identifier names, "" for none."""
    words = words_of(identifier)
    if not words or any(_holds(words, phrase) for phrase in _phrases(vocabulary, "secret.not")):
        return ""
    for rank in RANKS:
        if any(_holds(words, phrase) for phrase in _phrases(vocabulary, f"secret.{rank}")):
            return rank
    return ""


def may_be_secret(vocabulary: Vocabulary, identifier: str) -> bool:
    """Whether an identifier names something that opens something (`token`, `userCookie`), or merely names it."""
    words = words_of(identifier)
    innocent = (*_phrases(vocabulary, "secret.not"), *_phrases(vocabulary, "secret.weak.not"))
    return any(_holds(words, phrase) for phrase in _phrases(vocabulary, "secret.weak")) and not any(
        _holds(words, phrase) for phrase in innocent
    )


def _phrases(vocabulary: Vocabulary, name: str) -> tuple[tuple[str, ...], ...]:
    api = vocabulary.apis.get(name)
    return tuple(tuple(phrase.split()) for phrase in api.words) if api else ()


def _holds(words: tuple[str, ...], phrase: tuple[str, ...]) -> bool:
    size = len(phrase)
    return any(words[at : at + size] == phrase for at in range(len(words) - size + 1))


def secret_in(program: Program, ref: UnitRef, expr: Expr | None, depth: int = 0, follow: bool = True) -> Secret | None:
    """The worst secret that an expression holds, looking through locals, formats and, with `follow`, to the callers."""
    if expr is None or depth > MAX_DEPTH:
        return None
    found = [s for part in values_of(expr) if (s := _secret_of(program, ref, part, depth, follow)) is not None]
    return min(found, key=lambda secret: RANKS.index(secret.rank), default=None)


def values_of(expr: Expr) -> tuple[Expr, ...]:
    """The parts of an expression that its value is made of; conditions and keys are not."""
    match expr:
        case Interpolation(parts=parts):
            return tuple(value for part in parts for value in values_of(part))
        case Operator(op="?:", operands=(_, yes, no)):
            return (*values_of(yes), *values_of(no))
        case Operator(op="??" | "+" | "unwrap" | "try" | "try?" | "try!" | "await", operands=operands):
            return tuple(value for operand in operands for value in values_of(operand))
        case Cast(value=value):
            return values_of(value)
        case Collection(kind=kind, items=items):
            return tuple(
                value for item in (items[1::2] if kind == "dictionary" else items) for value in values_of(item)
            )
        case Literal() | Text() | Closure():
            return ()
        case _:
            return (expr,)


def _secret_of(program: Program, ref: UnitRef, expr: Expr, depth: int, follow: bool) -> Secret | None:
    match expr:
        case Name(text=text):
            found = _named(program, ref, expr, text) or _by_value(program, ref, text, depth, follow)
            owner = owner_of(program, ref) if found is None and follow and text not in scope(program, ref) else ""
            return found or _by_construction(program, owner, text, depth) or _by_home(program, ref, expr, owner, text)
        case Member(base=base, name=name):
            if any("secret" in (flow.kind for flow in use.api.source) for use in read_uses(program, ref, expr)):
                return Secret(name, "password", expr, ref, True)
            if name in GENERIC and base is not None:
                owner = base_type(type_of(program, ref, base)) if follow else ""
                found = secret_in(program, ref, base, depth + 1, follow)
                return found or _by_construction(program, owner, name, depth) or _by_type(program, ref, expr, base)
            found = _named(program, ref, expr, name) or _by_owner(program, ref, expr, base)
            return found or (_by_type(program, ref, expr, base) if name == "key" else None)
        case Call():
            return _of_call(program, ref, expr, depth, follow)
        case Subscript(base=base, args=args):
            for key in args:
                if isinstance(key, Text) and (rank := classify_name(program.vocabulary, key.value)):
                    return Secret(key.value, rank, expr, ref)
            return secret_in(program, ref, base, depth + 1, follow)
        case _:
            return None


def _named(program: Program, ref: UnitRef, expr: Expr, name: str) -> Secret | None:
    rank = classify_name(program.vocabulary, name)
    if not rank or base_type(type_of(program, ref, expr).removesuffix(".Type")) in INNOCENT:
        return None
    return Secret(name, rank, expr, ref)


def _by_owner(program: Program, ref: UnitRef, expr: Member, base: Expr | None) -> Secret | None:
    """A property that says what it is only together with the name of its owner: `totp.code`, `recovery.phrase`."""
    match base:
        case Operator(op="unwrap" | "?", operands=(inner,)):
            return _by_owner(program, ref, expr, inner)
        case Name(text=owner) | Member(name=owner):
            words = words_of(owner)
            joined = (*words[-1:], *words_of(expr.name))
            rank = next((rank for rank in RANKS if joined in _phrases(program.vocabulary, f"secret.{rank}")), "")
            innocent = base_type(type_of(program, ref, expr)) in INNOCENT
            return Secret(f"{owner}.{expr.name}", rank, expr, ref) if rank and not innocent else None
        case _:
            return None


def _by_home(program: Program, ref: UnitRef, expr: Expr, owner: str, name: str) -> Secret | None:
    """A property that its type's name completes: `phrase` of a `RecoveryPhraseProvider`."""
    held = (program.unit(member) for member in members(program, owner, name)) if owner else ()
    if not any(isinstance(unit, Variable) and base_type(unit.type) not in INNOCENT for unit in held):
        return None
    home, last = words_of(owner.rpartition(".")[2]), words_of(name)
    for rank in RANKS:
        for phrase in _phrases(program.vocabulary, f"secret.{rank}"):
            if len(phrase) > 1 and phrase[-1:] == last and _holds(home, phrase):
                return Secret(f"the {' '.join(phrase)}", rank, expr, ref)
    return None


def _by_type(program: Program, ref: UnitRef, expr: Member, base: Expr | None) -> Secret | None:
    """What an object holds whose type is called a secret: `token.key` of an `ApiToken`."""
    name = base_type(type_of(program, ref, base)) if base is not None else ""
    words = words_of(name.rpartition(".")[2])
    ends = any(
        words[-len(phrase) :] == phrase for rank in RANKS for phrase in _phrases(program.vocabulary, f"secret.{rank}")
    )
    rank = classify_name(program.vocabulary, name) if ends else ""
    if not rank or base_type(type_of(program, ref, expr)) in INNOCENT:
        return None
    return Secret(f"{name}.{expr.name}", rank, expr, ref)


def _by_value(program: Program, ref: UnitRef, name: str, depth: int, follow: bool) -> Secret | None:
    """A local or a parameter of plain name: what was put into it, here or by the callers."""
    function = program.function(ref)
    for binding in scope(program, ref).get(name, ()):
        if binding.kind in ("let", "for"):
            if (kept := _from_keychain(program, ref, name)) is not None:
                return kept
            values = [binding.value, *_assigned(program, ref, name)] if binding.kind == "let" else [binding.value]
            for value in values:
                if (found := secret_in(program, ref, value, depth + 1, follow)) is not None:
                    return found
        elif binding.kind == "param" and follow and function is not None:
            index = next((i for i, param in enumerate(function.params) if param.name == name), -1)
            for site in callers(program, ref):
                if site.certain and index < len(site.call.args):
                    if (found := secret_in(program, site.caller, site.call.args[index], depth + 1, False)) is not None:
                        return found
    return None


def _assigned(program: Program, ref: UnitRef, name: str) -> Iterator[Expr]:
    """What a variable is given after it was declared."""
    for node in walk(program.body(ref)):
        if isinstance(node, Assign) and isinstance(node.target, Name) and node.target.text == name:
            yield node.value


def _from_keychain(program: Program, ref: UnitRef, name: str) -> Secret | None:
    """A variable that `SecItemCopyMatching(query, &name)` fills with what an item holds, not with what it is called."""
    function = program.function(ref)
    words = function.mentions if function is not None else ()
    if _COPY not in words or any(word in words for word in _ATTRIBUTES):
        return None
    for node in walk(program.body(ref)):
        if isinstance(node, Call) and node.name == _COPY and len(node.args) > 1:
            match node.args[1]:
                case Operator(op="address", operands=(Name(text=text),)) if text == name:
                    return Secret("what the keychain keeps", "password", node, ref, True)
                case _:
                    continue
    return None


_COPY = "SecItemCopyMatching"
_ATTRIBUTES = ("kSecReturnAttributes", "kSecReturnPersistentRef", "kSecMatchLimitAll", "kSecClassCertificate")
"""Then the result tells about items, or is no secret; what is read out of it is left to its own name."""


def _by_construction(program: Program, owner: str, name: str, depth: int) -> Secret | None:
    """A property of plain name: what the objects of its type are made with, `CopyAction(text: login.password)`."""
    if not any(isinstance(program.unit(member), Variable) for member in members(program, owner, name) if owner):
        return None
    short = owner.rpartition(".")[2]
    for maker in program.mentioning(short)[:MAX_MAKERS]:
        for call in calls_in(program, maker):
            if call.name == short and name in call.labels:
                argument = call.args[call.labels.index(name)]
                if (found := secret_in(program, maker, argument, depth + 1, depth < MAX_CONSTRUCTIONS)) is not None:
                    return found
    return None


def _of_call(program: Program, ref: UnitRef, call: Call, depth: int, follow: bool) -> Secret | None:
    for use in call_uses(program, ref, call):
        if any(flow.kind == "secret" for flow in use.api.source):
            return Secret(call.name, "password", call, ref, True)
    name = call.name.partition(":")[0]
    if name in GENERIC or name in _CONVERSIONS or (name in _RESHAPED and call.target is not None):
        inner = call.args[0] if name in _CONVERSIONS and call.args else call.target
        return secret_in(program, ref, inner, depth + 1, follow)
    if "Format" in call.name or (name in ("String", "NSString") and call.labels[:1] == ("format",)):
        found = [s for arg in call.args[1:] if (s := secret_in(program, ref, arg, depth + 1, follow)) is not None]
        return min(found, key=lambda secret: RANKS.index(secret.rank), default=None)
    if name[:1].isupper():
        return None
    return _named(program, ref, call, name)


_RESHAPED = frozenset(
    {
        "joined",
        "componentsJoinedByString",
        "lowercased",
        "uppercased",
        "lowercaseString",
        "uppercaseString",
        "trimmingCharacters",
        "stringByTrimmingCharactersInSet",
        "replacingOccurrences",
        "stringByReplacingOccurrencesOfString",
    }
)
"""Methods whose result is their receiver in another shape."""

_CONVERSIONS = frozenset(
    {
        "String",
        "NSString",
        "Data",
        "NSData",
        "NSAttributedString",
        "initWithString",
        "stringWithString",
        "initWithData",
        "stringWithUTF8String",
    }
)
