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
    Collection,
    Evaluate,
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
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import scope, type_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.secrets import Secret, secret_in
from ipclint.program.types import is_optional
from ipclint.program.usage import Use, uses_of

SAFE_MARKERS = ("ConcealedType", "TransientType")  # org.nspasteboard.ConcealedType and its kin
SEVERITY: dict[str, Severity] = {"key": "high", "password": "medium", "number": "medium", "code": "low"}
LOWER: dict[Severity, Severity] = {"high": "medium", "medium": "low", "low": "low"}

_HOLDERS = ("URL", "NSURL", "URLWithString:", "NSItemProvider", "initWithObject:", "initWithString:")
"""What makes an object of the one thing that it holds."""
_FILLS = ("setString", "setData", "setPropertyList")
_LINKS = ("url", "urls", "URL", "URLs", "setURL", "setURLs")


@detector("secret-on-general-pasteboard", on="function")
def secret_on_general_pasteboard(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    uses = uses_of(program, ref, "pasteboard.ios.*", "pasteboard.mac.*")
    if any(is_concealed(program, ref, use.args) for use in uses):
        return
    for use in uses:
        if use.kind == "read" or not use.args or not is_general(program, ref, use.receiver):
            continue
        if use.api.name == "pasteboard.ios.write-restricted" and is_restricted(program, ref, use):
            continue
        contents = contents_of(program, ref, use.args[0])
        secret = next(filter(None, (secret_in(program, ref, content) for content in contents)), None)
        if secret is not None:
            yield _finding(rule, program, ref, unit, use, secret)
    yield from _copied(rule, program, ref)


def _copied(rule: Rule, program: Program, ref: UnitRef) -> Iterator[Finding]:
    """What a view of SwiftUI gives to the Copy command: `.copyable([password])`, `.onCopyCommand { … }`."""
    for use in uses_of(program, ref, "pasteboard.swiftui.*"):
        contents = [content for argument in use.args[:1] for content in contents_of(program, ref, argument)]
        held = (node for argument in use.args[:1] for node in walk(argument))
        contents += [node.args[0] for node in held if isinstance(node, Call) and node.name in _HOLDERS and node.args]
        secret = next(filter(None, (secret_in(program, ref, content) for content in contents)), None)
        if secret is not None and isinstance(use.node, Call):
            certain = secret.by_origin or secret.rank == "code"
            yield rule.finding(
                Place(ref.path, ref.key, use.node.name_start, use.node.end),
                "certain" if certain else "likely",
                severity=LOWER[SEVERITY[secret.rank]],
                holes={"secret": secret.name, "pasteboard": "the general pasteboard"},
            )


def _finding(rule: Rule, program: Program, ref: UnitRef, unit: Function, use: Use, secret: Secret) -> Finding:
    severity = SEVERITY[secret.rank]
    if _is_copy_action(unit) or _shape(use) in _LINKS:
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
    if len(use.args) > 2:  # localOnly:expirationDate:
        return not any(isinstance(each, Literal) and each.text in ("false", "nil") for each in use.args[1:3])
    if isinstance(options, Name):
        values = [b.value for b in scope(program, ref).get(options.text, ()) if b.value is not None]
        options = values[-1] if values else options
    words = {_word(n) for n in walk(options)} if options is not None else set[str]()
    return bool(words & {"localOnly", "UIPasteboardOptionLocalOnly"}) and bool(
        words & {"expirationDate", "UIPasteboardOptionExpirationDate"}
    )


def contents_of(program: Program, ref: UnitRef, value: Expr) -> Iterator[Expr]:
    """A value that is written, and what is in it: the text of a URL, what an item or an item provider was given."""
    yield value
    for item in value.items if isinstance(value, Collection) else (value,):
        made = _maker(program, ref, item)
        if made is not None and made.name in _HOLDERS and made.args:
            yield made.args[0]
        if isinstance(item, Name) and made is not None and _is_item(made):
            yield from (call.args[0] for call in _filled(program, ref, item.text))


def _maker(program: Program, ref: UnitRef, value: Expr) -> Call | None:
    """The call that makes an object, in place or where the local that holds it is declared."""
    match value:
        case Operator(op="unwrap" | "?", operands=(inner,)):
            return _maker(program, ref, inner)
        case Call():
            return value
        case Name(text=text):
            bindings = scope(program, ref).get(text, ())
            return next((made for b in bindings if (made := _unwrapped(b.value)) is not None), None)
        case _:
            return None


def _unwrapped(value: Expr | None) -> Call | None:
    match value:
        case Operator(op="unwrap" | "?", operands=(inner,)):
            return _unwrapped(inner)
        case Call():
            return value
        case _:
            return None


def _is_item(made: Call) -> bool:
    """Whether an `NSPasteboardItem` is made, by `NSPasteboardItem()`, `new` or `alloc` and `init`."""
    return any(isinstance(node, Name | Call) and _word(node) == "NSPasteboardItem" for node in walk(made))


def _filled(program: Program, ref: UnitRef, item: str) -> Iterator[Call]:
    """The calls that put something into an item."""
    for node in walk(program.body(ref)):
        if isinstance(node, Call) and node.args and node.name.partition(":")[0] in _FILLS:
            if isinstance(node.target, Name) and node.target.text == item:
                yield node


def is_concealed(program: Program, ref: UnitRef, args: tuple[Expr, ...]) -> bool:
    """Whether a write marks the content as secret for clipboard managers."""
    for argument in args:
        if isinstance(argument, Collection | Name):
            items = argument.items if isinstance(argument, Collection) else (argument,)
            names = [item.text for item in items if isinstance(item, Name)]
            filled = (call for name in names for call in _filled(program, ref, name))
            if any(is_concealed(program, ref, call.args[1:]) for call in filled):
                return True
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
