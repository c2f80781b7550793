"""Whether what is stored is a secret: by its value, by the key it is kept under, by what an encoded object holds.

Not a detector itself: the ones about shared defaults share it.
"""

from __future__ import annotations

import re

from ipclint.checks import around
from ipclint.checks.detectors.keyed_parts import is_encrypted, keyed_secret, names_of, rank_of
from ipclint.model.facts import Variable
from ipclint.model.finding import Severity
from ipclint.model.ir import Call, Expr, Literal, Name
from ipclint.program.link import declarations, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.secrets import INNOCENT, Secret, may_be_secret, secret_in, words_of
from ipclint.program.types import base_type, element_type

SEVERITY: dict[str, Severity] = {"key": "high", "password": "high", "number": "medium", "code": "medium"}
ENCODERS = re.compile(r"^(?:encode|archivedData(?:WithRootObject.*)?)$")
ENCODING_METHODS = ("encodeWithCoder:", "encode")
CIPHERS = re.compile(r"^(?:seal|(?:\w+E|e)ncrypt\w*:?.*|SecKeyCreateEncryptedData|CCCrypt)$")
HASHES = frozenset({"hash", "hashed", "digest"})
PINS = frozenset({"pin", "passcode"})


def stored_secret(program: Program, ref: UnitRef, value: Expr, key: Expr) -> Secret | None:
    """The secret that a call stores: by its value, by its key, or by a property of the object it encodes."""
    if isinstance(value, Literal) or base_type(type_of(program, ref, value)) in INNOCENT:
        return None
    made = tuple(around.origins(program, ref, value))
    if any(isinstance(node, Call) and CIPHERS.match(node.name) for node in made):
        return None
    keys = names_of(program, ref, key)
    if any(is_encrypted(text) for text in (*keys, around.spelled(value))):
        return None
    if (found := secret_in(program, ref, value)) is not None:
        return found
    for text in keys:
        if rank := rank_of(program, text):
            return Secret(text, rank, key, ref)
    spelled = around.spelled(value).rpartition(".")[2]
    if all(may_be_secret(program.vocabulary, name) for name in (spelled, keys[0])):
        return Secret(spelled, "code", value, ref)
    encoded = (node for node in made if isinstance(node, Call) and ENCODERS.match(node.name) and node.args)
    found = next(filter(None, (_encoded_secret(program, ref, call) for call in encoded)), None)
    return found or keyed_secret(program, ref, value)


def _encoded_secret(program: Program, ref: UnitRef, call: Call) -> Secret | None:
    """A stored property, secret by its name, of the type that an encoder is given."""
    text = type_of(program, ref, call.args[0])
    for name in dict.fromkeys((base_type(text), base_type(element_type(text)))):
        for member in program.members_of(name) if name else ():
            unit = program.unit(member)
            if not isinstance(unit, Variable) or unit.computed or unit.is_static or base_type(unit.type) in INNOCENT:
                continue
            if (rank := rank_of(program, unit.name)) and _is_encoded(program, name, unit.name):
                node = Name(*unit.name_span, unit.name)
                return Secret(f"{name}.{unit.name}", rank, node, member)
    return None


def _is_encoded(program: Program, type_name: str, name: str) -> bool:
    """Whether encoding a value writes a property: not one that its type's own encoder, or its keys, leave out."""
    for _, keys in declarations(program, f"{type_name}.CodingKeys"):
        if keys.cases and all(case.name != name for case in keys.cases):
            return False
    encoders = [
        function
        for encoder in ENCODING_METHODS
        for ref in program.members_named(type_name, encoder)
        if (function := program.function(ref)) is not None and function.body
    ]
    return not encoders or any(not {name, f"_{name}"}.isdisjoint(each.mentions) for each in encoders)


def hashed_pin(program: Program, ref: UnitRef, value: Expr, key: Expr) -> Secret | None:
    """The hash of a PIN: there are so few that trying them all gives the PIN."""
    if isinstance(value, Literal) or base_type(type_of(program, ref, value)) in INNOCENT:
        return None
    for name in (*names_of(program, ref, key), around.spelled(value).rpartition(".")[2]):
        words = set(words_of(name))
        if words & PINS and words & HASHES:
            return Secret(name, "code", value, ref)
    return None
