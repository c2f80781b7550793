"""The alternatives of a requirement: its disjunctive normal form, bounded."""

from __future__ import annotations

from itertools import product

from ipclint.checks.requirement.tree import (
    HOLE,
    And,
    AppleAnchor,
    Atom,
    Constant,
    Field,
    Identifier,
    Match,
    Node,
    Not,
    Or,
)

MAX_BRANCHES = 256
"""Alternatives that are looked at one by one. Requirements in use have fewer than ten."""

Literals = tuple[tuple[Atom, bool], ...]  # atoms that hold (True) or do not (False), together


class TooMany(Exception):
    """More than MAX_BRANCHES alternatives."""


def alternatives(node: Node, positive: bool) -> list[Literals]:
    """The disjunctive normal form of `node`, or of its negation. Raises TooMany."""
    match node:
        case Not(operand):
            return alternatives(operand, not positive)
        case Constant(value):
            return [()] if value is positive else []
        case And(parts) | Or(parts):
            inner = [alternatives(part, positive) for part in parts]
            if isinstance(node, And) is positive:
                count = 1
                for choices in inner:
                    count *= len(choices)
                    _check(count)
                joined = (
                    tuple(dict.fromkeys(literal for part in chosen for literal in part)) for chosen in product(*inner)
                )
                return list(dict.fromkeys(joined))
            _check(sum(map(len, inner)))
            return list(dict.fromkeys(literals for choices in inner for literals in choices))
        case _:
            return [((node, positive),)]


def _check(count: int) -> None:
    if count > MAX_BRANCHES:
        raise TooMany


def contradictory(literals: Literals) -> bool:
    """Whether no program can satisfy all literals, as far as that is easy to see."""
    held = {atom for atom, positive in literals if positive}
    if any(not positive and atom in held for atom, positive in literals):
        return True
    if AppleAnchor(generic=False) in held and (AppleAnchor(generic=True), False) in literals:
        return True
    values: dict[object, str] = {}
    for atom in held:
        match atom:
            case Identifier(value, bare=False) if HOLE not in value:
                if values.setdefault("identifier", value) != value:
                    return True
            case Field("certificate", key, Match("=", value, _, bare=False), slot) if HOLE not in value:
                if values.setdefault((slot, key), value) != value:
                    return True
            case _:
                pass
    return False
