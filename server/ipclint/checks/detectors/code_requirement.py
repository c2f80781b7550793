"""XPC106–108: code-signing requirements that others can satisfy, that are wrong, or that are too wide."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipclint.checks.detectors import detector
from ipclint.checks.detectors.peer_reach import judges_peer, reaches
from ipclint.checks.requirement import Grade, RequirementError, Verdict, judge, parse
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function, Variable
from ipclint.model.finding import Confidence, Finding, Place, Severity, Step
from ipclint.model.ir import Call, Closure, Expr, Member, Name, Node, Return, walk
from ipclint.program.configuration import is_privileged
from ipclint.program.constants import HOLE, fold, given_by, unwrapped
from ipclint.program.link import members, owner_of, resolve, scope, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.types import base_type
from ipclint.program.usage import Use, uses_of

SEVERITY: dict[Grade, Severity] = {
    Grade.ANYONE: "critical",
    Grade.TRUSTED: "medium",
    Grade.ACCOUNT: "high",
    Grade.PAID: "high",
    Grade.STORE: "high",
}

MAX_HOPS = 4
"""How many names and calls are followed to where a requirement's text is written."""


@detector("code-requirement-spoofable", on="function")
@detector("code-requirement-spoofable", on="variable")
def code_requirement_spoofable(
    rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable
) -> Iterator[Finding]:
    if "SecCodeCopySelf" in unit.mentions:
        return  # asks about this very program, not about a peer
    for use in uses_of(program, ref, "code-requirement.*"):
        argument = _argument(use)
        verdict = weakest(fold(program, ref, argument)) if argument is not None else None
        if argument is None or verdict is None or verdict.grade not in SEVERITY:
            continue
        confidence = _confidence(program, ref, use, verdict)
        if confidence == "hint" and _tells_kinds_apart(program, ref, argument):
            continue
        place = _origin(program, ref, argument)
        steps = (Step(_place(ref, use.node), "the requirement takes effect here"),)
        steps += tuple(Step(place, reason) for reason in verdict.reasons)
        yield rule.finding(
            place,
            confidence,
            severity=SEVERITY[verdict.grade],
            holes={"who": verdict.answer, "text": verdict.weakest.text if verdict.weakest else ""},
            steps=steps,
        )


def _confidence(program: Program, ref: UnitRef, use: Use, verdict: Verdict) -> Confidence:
    """A requirement that is merely made may serve to tell kinds of programs apart; then it is no check of a peer."""
    if use.api.name == "code-requirement.create" and not judges_peer(program, ref):
        return "hint"
    return "certain" if verdict.certain else "likely"


def _tells_kinds_apart(program: Program, ref: UnitRef, argument: Expr) -> bool:
    """Whether a requirement that no peer is held to only sorts programs: it is one of several, what it cannot say is
    read from the signature besides, or it asks for a property (`entitlement["…"] exists`) and for nobody's name.
    """
    if "signing-information" in reaches(program, ref):
        return True
    others = {text for use in uses_of(program, ref, "code-requirement.create") for text in _texts(program, ref, use)}
    return len(others) > 1 or not any(_WHO.search(text) for text in fold(program, ref, argument))


def _texts(program: Program, ref: UnitRef, use: Use) -> tuple[str, ...]:
    argument = _argument(use)
    return fold(program, ref, argument) if argument is not None else ()


_WHO = re.compile(rf"\b(?:anchor|identifier|certificate|cert|cdhash)\b|{HOLE}")


def _argument(use: Use) -> Expr | None:
    position = next((at for flow in use.api.sink for at in flow.at if at.startswith("arg")), "arg0")
    index = int(position.removeprefix("arg"))
    return use.args[index] if index < len(use.args) else None


def weakest(texts: tuple[str, ...]) -> Verdict | None:
    """The verdict on the weakest of the texts that can reach a place; None when none of them can be read."""
    verdicts = [verdict for text in texts if (verdict := read(text)) is not None]
    return min(verdicts, key=lambda verdict: verdict.grade, default=None)


def read(text: str) -> Verdict | None:
    """The verdict on a requirement's text, None when it is malformed or unknown as a whole (another rule's matter)."""
    try:
        verdict = judge(parse(text))
    except RequirementError:
        return None
    return None if verdict.grade is Grade.UNKNOWN else verdict


def _origin(program: Program, ref: UnitRef, argument: Expr, depth: int = 0) -> Place:
    """Where the text is written: the value of a local or a constant, what a function returns, else the argument."""
    argument = unwrapped(argument)
    here = _place(ref, argument)
    if depth > MAX_HOPS:
        return here
    written = _written(program, ref, argument)
    return _origin(program, *written, depth + 1) if written is not None else here


def _written(program: Program, ref: UnitRef, argument: Expr) -> tuple[UnitRef, Expr] | None:
    """The one value that stands behind a name, or that a function of the program returns."""
    constants: tuple[UnitRef, ...] = ()
    match argument:
        case Name(text=name):
            values = [binding.value for binding in scope(program, ref).get(name, ()) if binding.value is not None]
            if len(values) == 1:
                return ref, values[0]
            owner = owner_of(program, ref)
            constants = (*(members(program, owner, name) if owner else ()), *program.variables_named(name))
        case Member(base=base, name=name) if base is not None:
            constants = members(program, base_type(type_of(program, ref, base).removesuffix(".Type")), name)
        case Call(target=Closure(body=body, params=()), args=()):  # that runs at once
            given = given_by(body)
            return (ref, given[0]) if len(given) == 1 else None
        case Call():
            callees = resolve(program, ref, argument).refs
            returned = [n.value for callee in callees for n in walk(program.body(callee)) if isinstance(n, Return)]
            if len(callees) == 1 and len(returned) == 1 and returned[0] is not None:
                return callees[0], returned[0]
        case _:
            pass
    for constant in constants:
        unit = program.unit(constant)
        if isinstance(unit, Variable) and unit.value is not None:
            return constant, unit.value
    return None


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)


# ── malformed and dynamic text ───────────────────────────────────────────────────────────────────────────────────────

OUTSIDE: dict[str, str] = {
    "UserDefaults": "a user default",
    "NSUserDefaults": "a user default",
    "environment": "the environment",
    "getenv": "the environment",
    "CommandLine": "the command line",
    "arguments": "the command line",
    "contentsOfFile": "a file",
    "contentsOf": "a file",
    "stringWithContentsOfFile:encoding:error:": "a file",
}


@detector("code-requirement-invalid-or-dynamic", on="function")
@detector("code-requirement-invalid-or-dynamic", on="variable")
def code_requirement_invalid_or_dynamic(
    rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable
) -> Iterator[Finding]:
    for use in uses_of(program, ref, "code-requirement.*"):
        argument = _argument(use)
        if argument is None:
            continue
        errors = [_error(text) for text in fold(program, ref, argument)]
        broken = errors[0]
        if broken is not None and None not in errors:  # pieces appended one by one also give what is never built
            yield rule.finding(
                _origin(program, ref, argument),
                "certain",
                severity="high",
                context="malformed",
                holes={"error": broken.message},
            )
        elif (source := _outside(program, ref, argument)) is not None:
            yield rule.finding(
                _place(ref, argument),
                "certain",
                severity="high",
                variant="b",
                context="dynamic",
                holes={"source": OUTSIDE[_word(source)]},
                steps=(Step(_place(ref, source), "the text comes from here"),),
            )


def _error(text: str) -> RequirementError | None:
    """What is wrong with a text for sure; text with unknown parts may be right."""
    if not text.strip() or text.strip() == HOLE:
        return None
    try:
        parse(text)
    except RequirementError as error:
        return error if error.certain else None
    return None


def _outside(program: Program, ref: UnitRef, argument: Expr, depth: int = 0) -> Node | None:
    """Where a piece of the text is read from something that others can change."""
    for node in walk(argument):
        if _word(node) in OUTSIDE:
            return node
        if isinstance(node, Name) and depth < 3:
            for binding in scope(program, ref).get(node.text, ()):
                if (
                    binding.value is not None
                    and (found := _outside(program, ref, binding.value, depth + 1)) is not None
                ):
                    return found
    return None


def _word(node: Node) -> str:
    if isinstance(node, Name):
        return node.text
    if isinstance(node, Call):
        return next((label for label in node.labels if label in OUTSIDE), node.name)
    return node.name if isinstance(node, Member) else ""


# ── too many programs of one's own ───────────────────────────────────────────────────────────────────────────────────


@detector("code-requirement-overbroad-for-privileged-service", on="function")
@detector("code-requirement-overbroad-for-privileged-service", on="variable")
def code_requirement_overbroad(
    rule: Rule, program: Program, ref: UnitRef, unit: Function | Variable
) -> Iterator[Finding]:
    if "SecCodeCopySelf" in unit.mentions or not is_privileged(program, ref.path):
        return
    for use in uses_of(program, ref, "code-requirement.*"):
        argument = _argument(use)
        verdict = weakest(fold(program, ref, argument)) if argument is not None else None
        if argument is None or verdict is None:
            continue
        if verdict.grade is Grade.SIGNER:
            context, variant = "any-program", ""
        elif verdict.grade is Grade.PROGRAM:
            context, variant = "any-version", "b"
        else:
            continue
        steps = (Step(_place(ref, use.node), "the requirement takes effect here"),)
        yield rule.finding(
            _origin(program, ref, argument),
            "likely",
            context=context,
            variant=variant,
            holes={"who": verdict.answer},
            steps=steps,
        )
