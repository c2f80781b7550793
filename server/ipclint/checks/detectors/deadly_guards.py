"""What decides whether code ends the process: the test around it, and whether that looks at what a peer sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal as OneOf

from ipclint.checks.around import path_to
from ipclint.model.ir import Call, Case, Catch, Do, Guard, If, Node, Switch, walk
from ipclint.program.program import Program, UnitRef

ENDS = frozenset({"fatalError", "preconditionFailure", "abort", "__builtin_trap"})
TESTS = frozenset({"precondition", "assert"})
"""Calls that end the process when their first argument does not hold; `assert` of Swift in debug builds alone."""

Dependence = OneOf["no", "made of", "is"]
"""Whether a test looks at what arrived, or at what was made of it."""


def ends(call: Call, swift: bool) -> bool:
    """Whether a call ends the process, whatever it is given."""
    return (
        call.target is None and call.name in ENDS and (swift or call.name not in ("fatalError", "preconditionFailure"))
    )


def tested(call: Call, swift: bool) -> Node | None:
    """What a call ends the process for when it does not hold."""
    if call.target is not None or not call.args or call.name not in TESTS or swift == (call.name == "assert"):
        return None
    return call.args[0]


def decided(program: Program, ref: UnitRef, call: Call, looks: Callable[[Node], Dependence]) -> Dependence:
    """Whether the nearest test around a call that ends the process looks at what arrived."""
    path = path_to(program, ref, call)
    for outer, inner in zip(reversed(path[:-1]), reversed(path[1:]), strict=True):
        match outer:
            case Guard(conditions=conditions) | If(conditions=conditions) if inner not in conditions:
                return _most(looks(each) for each in conditions)
            case Switch(subject=subject) if isinstance(inner, Case):
                return looks(subject)
            case Do(body=body) if isinstance(inner, Catch):
                return _most(looks(each) for each in walk(body) if isinstance(each, Call))
            case _:
                pass
    return "no"


def _most(found: Iterable[Dependence]) -> Dependence:
    kinds = set(found)
    return "is" if "is" in kinds else "made of" if "made of" in kinds else "no"
