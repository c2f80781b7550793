"""The fixes of the secure-coding rules: one decode typed, or a class brought to NSSecureCoding as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.builders.coding_adopt import adopt_secure_coding
from ipclint.checks.builders.coding_decode import typed_decode
from ipclint.checks.builders.coding_lists import completed, declared
from ipclint.checks.builders.coding_narrow import narrowed
from ipclint.checks.builders.coding_switch import secure_unarchiver
from ipclint.checks.detectors.coding_decodes import untyped_decodes
from ipclint.checks.fix import Sources, builder
from ipclint.checks.rule import Rule
from ipclint.model.finding import Finding, Fix
from ipclint.model.ir import Call
from ipclint.program.program import Program, UnitRef


@builder("typed-decode")
def type_decode(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Decode with the class that the code expects."""
    ref = UnitRef(finding.place.path, finding.place.unit)
    for decode in untyped_decodes(program, ref):
        if isinstance(decode.node, Call) and decode.node.name_start == finding.place.start and not decode.macro:
            typed = typed_decode(program, ref, decode, sources)
            if typed is not None:
                yield Fix("Decode with the expected class", typed.safe, typed.edits, rule=rule.id)


@builder("adopt-secure-coding")
def adopt(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """The whole conformance of the class, its superclasses' included."""
    name = finding.holes.get("class")
    plan = adopt_secure_coding(program, name, finding.place.path, sources) if isinstance(name, str) else None
    if plan is not None:
        yield Fix("Adopt NSSecureCoding", plan.safe, tuple(sorted(plan.edits)), rule=rule.id)


@builder("require-secure-coding")
def require_secure_coding(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """Switch secure coding on, and type every decode of the unarchiver. Unsafe: old archives may be refused."""
    edits = secure_unarchiver(program, finding, sources)
    if edits:
        yield Fix("Require secure coding", False, edits, rule=rule.id)


@builder("narrow-class-list")
def narrow_class_list(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """The classes that the code expects in place of a root class."""
    edits = narrowed(program, finding, sources)
    if edits:
        yield Fix("Allow the class that the code expects", False, edits, rule=rule.id)


@builder("complete-class-list")
def complete_class_list(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """The class that a list lacks."""
    edits = completed(finding, sources)
    if edits:
        yield Fix("Complete the class list", True, edits, rule=rule.id)


@builder("declare-classes")
def declare_classes(rule: Rule, program: Program, finding: Finding, sources: Sources) -> Iterator[Fix]:
    """The class list that is missing, on the side that receives the collection."""
    change = declared(program, finding, sources)
    if change is not None:
        yield Fix("Declare the classes in the collection", change.safe, change.edits, rule=rule.id)
