"""Apple's code-signing requirement language: `parse`, `show`, and `judge`, which says who can satisfy a requirement."""

from ipclint.checks.requirement.clauses import Grade
from ipclint.checks.requirement.syntax import RequirementError, parse, parse_set
from ipclint.checks.requirement.tree import HOLE, Node, show, with_holes
from ipclint.checks.requirement.verdict import Verdict, judge

__all__ = [
    "HOLE",
    "Grade",
    "Node",
    "RequirementError",
    "Verdict",
    "judge",
    "parse",
    "parse_set",
    "show",
    "with_holes",
]
