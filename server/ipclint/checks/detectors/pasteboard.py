"""PB101: secrets on the general pasteboard. The value decides, not the call."""

from __future__ import annotations

from collections.abc import Iterator

from ipclint.checks.detectors import detector
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function
from ipclint.model.finding import Finding, Place, Severity, Step
from ipclint.model.ir import (
    Assign,
    Call,
    Evaluate,
    Expr,
    Interpolation,
    Member,
    Name,
    Node,
    Operator,
    Subscript,
    Text,
    walk,
)
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import scope, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.secrets import Secret, secret_in
from ipclint.program.types import is_optional
from ipclint.program.usage import Use, uses_of

SAFE_MARKERS = ("ConcealedType", "TransientType")  # org.nspasteboard.ConcealedType and its kin
SEVERITY: dict[str, Severity] = {"key": "high", "password": "medium", "number": "medium", "code": "low"}
LOWER: dict[Severity, Severity] = {"high": "medium", "medium": "low", "low": "low"}


@detector("secret-on-general-pasteboard", on="function")
def secret_on_general_pasteboard(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    uses = uses_of(program, ref, "pasteboard.ios.*", "pasteboard.mac.*")
    if any(is_concealed(program, ref, use) for use in uses):
        return
    for use in uses:
        if use.kind == "read" or not use.args or not is_general(program, ref, use.receiver):
            continue
        if use.api.name == "pasteboard.ios.write-restricted" and is_restricted(program, ref, use):
            continue
        secret = secret_in(program, ref, use.args[0])
        if secret is not None:
            yield _finding(rule, program, ref, unit, use, secret)


def _finding(rule: Rule, program: Program, ref: UnitRef, unit: Function, use: Use, secret: Secret) -> Finding:
    severity = SEVERITY[secret.rank]
    if _is_copy_action(unit):
        severity = LOWER[severity]
    steps = (
        ()
        if secret.ref == ref
        else (Step(_place(secret.ref, secret.node), f"{secret.name} is handed to the code that copies"),)
    )
    return rule.finding(
        _place(ref, use.node),
        "certain" if secret.by_origin or secret.rank == "code" else "likely",
        severity=severity,
        holes={
            "secret": secret.name,
            "pasteboard": "UIPasteboard.general" if ".ios." in use.api.name else "NSPasteboard.general",
            "value": _place(ref, use.args[0]),
            "statement": _place(ref, _statement(program, ref, use.node)),
            "shape": _shape(use),
            "optional": _optionality(program, ref, use.args[0]),
            **({"receiver": _place(ref, use.receiver)} if use.receiver is not None else {}),
        },
        steps=steps,
    )


def is_general(program: Program, ref: UnitRef, receiver: Expr | None) -> bool:
    """False when the pasteboard is a named or unique one: another rule's matter."""
    match receiver:
        case Member(name="general") | Call(name="generalPasteboard"):
            return True
        case Operator(op="unwrap" | "?", operands=(inner,)):
            return is_general(program, ref, inner)
        case Call(name=name):
            return name not in (
                "UIPasteboard",
                "NSPasteboard",
                "withUniqueName",
                "pasteboardWithUniqueName",
                "pasteboardWithName:",
                "pasteboardWithName:create:",
            )
        case Name(text=text):
            values = [b.value for b in scope(program, ref).get(text, ()) if b.value is not None]
            return all(is_general(program, ref, value) for value in values)
        case _:
            return True


def is_restricted(program: Program, ref: UnitRef, use: Use) -> bool:
    """Whether the options keep the item on this device and let it expire: both, or it stays readable."""
    options = use.args[1] if len(use.args) > 1 else None
    if isinstance(options, Name):
        values = [b.value for b in scope(program, ref).get(options.text, ()) if b.value is not None]
        options = values[-1] if values else options
    words = {_word(n) for n in walk(options)} if options is not None else set[str]()
    return bool(words & {"localOnly", "UIPasteboardOptionLocalOnly"}) and bool(
        words & {"expirationDate", "UIPasteboardOptionExpirationDate"}
    )


def is_concealed(program: Program, ref: UnitRef, use: Use) -> bool:
    """Whether this write marks the content as secret for clipboard managers."""
    for argument in use.args:
        for node in walk(argument):
            if isinstance(node, Text | Name | Member | Call | Subscript):
                if any(marker in text for text in _texts(program, ref, node) for marker in SAFE_MARKERS):
                    return True
    return False


def _texts(program: Program, ref: UnitRef, node: Expr) -> tuple[str, ...]:
    word = _word(node)
    if "oncealed" in word or "ransient" in word:  # a constant named after the type
        return ("ConcealedType",)
    folded = fold(program, ref, node) if isinstance(node, Text | Name) else ()
    return tuple(text for text in folded if HOLE not in text)


def _word(node: Node) -> str:
    return node.text if isinstance(node, Name) else node.name if isinstance(node, Member | Call) else ""


def _shape(use: Use) -> str:
    """The property or method that writes, without its type argument: "string", "setString", "writeObjects"."""
    name = (
        use.node.target.name
        if isinstance(use.node, Assign) and isinstance(use.node.target, Member)
        else _word(use.node)
    )
    return name.partition(":")[0]


def _optionality(program: Program, ref: UnitRef, value: Expr) -> str:
    """ "no", "yes" or "unknown": a fix that puts the value into a literal has to know."""
    if isinstance(value, Text | Interpolation) or (isinstance(value, Operator) and value.op in ("unwrap", "+", "??")):
        return "no"
    text = type_of(program, ref, value)
    return "unknown" if not text else "yes" if is_optional(text) else "no"


def _is_copy_action(unit: Function) -> bool:
    """The user asked for the copy: an action handler, or a function that says so by its name."""
    return (
        unit.name.lower().startswith(("copy", "didtapcopy", "tappedcopy", "oncopy", "handlecopy"))
        or "@IBAction" in unit.attributes
        or unit.returns == "IBAction"
    )


def _statement(program: Program, ref: UnitRef, node: Node) -> Node:
    """The statement that a write is, so that a fix can replace it whole."""
    for statement in walk(program.body(ref)):
        if isinstance(statement, Evaluate) and (statement.value is node or node in (statement.value,)):
            return statement
    return node


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
