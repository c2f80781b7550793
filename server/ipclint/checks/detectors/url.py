"""URL101: secrets in a URL that any app may claim."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, TypeGuard

from ipclint.checks import around
from ipclint.checks.detectors import detector
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function
from ipclint.model.finding import Finding, Place, Severity, Step
from ipclint.model.ir import (
    Assign,
    Call,
    Expr,
    Interpolation,
    Let,
    Member,
    Name,
    Node,
    Operator,
    Text,
    walk,
)
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import members, owner_of, resolve, scope
from ipclint.program.program import Program, UnitRef
from ipclint.program.secrets import RANKS, Secret, classify_name, may_be_secret, secret_in, words_of
from ipclint.program.usage import Use, uses_of
from ipclint.program.vocabulary import Vocabulary

SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]{0,60})://?")
PARAMETER = re.compile(r"(?:^|[?&;])([A-Za-z_][\w.-]{0,60})=$")
FORMAT = re.compile(r"%(?:\d+\$)?[@a-zA-Z]+")
ORDER = (*RANKS, "weak", "personal")
SEVERITY: dict[str, Severity] = {
    "key": "high",
    "password": "high",
    "number": "high",
    "code": "low",
    "weak": "medium",  # `token=` with something called a token
    "personal": "low",
}
MAX_SLICE = 40  # locals, properties and functions followed back from an opened URL
APPENDS = ("append", "appendString:", "appendFormat:")


class _Built(NamedTuple):
    """An expression that builds text, the function it stands in, and the scheme of the text that it is appended to."""

    ref: UnitRef
    expr: Expr
    scheme: str = ""


@detector("secret-in-custom-scheme-url", on="function")
def secret_in_custom_scheme_url(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    reported: set[int] = set()
    for use in uses_of(program, ref, "url.open", "url.link"):
        for built in _slice(program, ref, _destination(use)):
            scheme = built.scheme or custom_scheme(program, built.ref, built.expr)
            if not scheme or id(built.expr) in reported:
                continue
            reported.add(id(built.expr))
            secret = _secret_part(program, built.ref, built.expr)
            if secret is not None:
                at = built.expr if built.ref == ref else use.node
                yield _finding(rule, ref, at, use.node, scheme, secret)
        yield from _components(rule, program, ref, use.node)


def _destination(use: Use) -> tuple[Expr, ...]:
    """The URL that is opened: the first argument, of a link the one that says so."""
    if use.api.name == "url.link" and isinstance(use.node, Call):
        return tuple(arg for label, arg in zip(use.node.labels, use.args, strict=False) if label == "destination")
    return use.args[:1]


def _finding(rule: Rule, ref: UnitRef, expr: Node, opening: Node, scheme: str, secret: Secret) -> Finding:
    return rule.finding(
        _place(ref, expr),
        "certain" if secret.by_origin else "likely",
        severity=SEVERITY[secret.rank],
        context="personal-data" if secret.rank == "personal" else "",
        holes={"secret": secret.name, "scheme": scheme},
        steps=(
            Step(_place(secret.ref, secret.node), f"{secret.name} goes into the URL"),
            Step(_place(ref, opening), f"and the URL is opened: whichever app claims {scheme}: receives it"),
        ),
    )


def custom_scheme(program: Program, ref: UnitRef, expr: Expr) -> str:
    """The scheme of a URL text that is put together here, "" when it has none, is constant, or belongs to the
    system.
    """
    for text in fold(program, ref, expr):
        found = SCHEME.match(text)
        if found and HOLE in text and not is_system_scheme(program.vocabulary, found[1]):
            return found[1]
    return ""


def is_system_scheme(vocabulary: Vocabulary, scheme: str) -> bool:
    """Whether no other app can claim a scheme; Apple's own (`x-apple…`, `itms…`) included."""
    api = vocabulary.apis.get("url.scheme-of-the-system")
    lower = scheme.lower()
    return lower.startswith(("x-apple", "itms", "com.apple")) or (api is not None and lower in api.words)


def _slice(program: Program, ref: UnitRef, args: tuple[Expr, ...]) -> Iterator[_Built]:
    """What builds text and flows into `args`, through locals, properties of the type and functions."""
    todo = [_Built(ref, arg) for arg in args]
    seen: set[tuple[UnitRef, str]] = set()
    while todo and len(seen) < MAX_SLICE:
        at = todo.pop()
        for node in walk(at.expr):
            if _builds_text(node):
                yield _Built(at.ref, node, at.scheme)
            elif isinstance(node, Name | Member | Call) and (at.ref, _word(node)) not in seen:
                seen.add((at.ref, _word(node)))
                todo += _values_of(program, at.ref, node)


def _builds_text(node: Node) -> TypeGuard[Interpolation | Operator | Call]:
    if isinstance(node, Interpolation) or (isinstance(node, Operator) and node.op == "+"):
        return True
    return isinstance(node, Call) and (_is_format(node) or node.name == "stringByAppendingString:")


def _is_format(call: Call) -> bool:
    return "Format" in call.name or (call.name in ("String", "NSString") and call.labels[:1] == ("format",))


def _values_of(program: Program, ref: UnitRef, node: Name | Member | Call) -> Iterator[_Built]:
    """What a name or a call stands for: a local, with what is appended to it, a property, what a function returns."""
    match node:
        case Call():
            yield from _given(program, ref, node)
        case Name(text=name) if name in scope(program, ref):
            yield from _assigned(program, ref, name)
        case Name(text=name) | Member(base=Name(text="self"), name=name):
            yield from _property(program, ref, name)
        case _:
            return


def _assigned(program: Program, ref: UnitRef, name: str) -> Iterator[_Built]:
    values: list[Expr] = []
    appended: list[Expr] = []
    for node in walk(program.body(ref)):
        match node:
            case Let(names=names, value=value) if name in names and value is not None:
                if isinstance(value, Name) and value.text == name:  # `guard let link = link`
                    yield from _property(program, ref, name)
                values.append(value)
            case Assign(target=Name(text=text), op=op, value=value) if text == name:
                (appended if op == "+=" else values).append(value)
            case Call(target=Name(text=text), name=called, args=args) if text == name and called in APPENDS and args:
                appended.append(node if called == "appendFormat:" else args[0])
            case _:
                continue
    schemes = (_scheme_before(program, ref, value) for value in values)
    scheme = next(filter(None, schemes), "") if appended else ""
    yield from (_Built(ref, value) for value in values)
    yield from (_Built(ref, value, scheme) for value in appended if scheme)


def _property(program: Program, ref: UnitRef, name: str) -> Iterator[_Built]:
    """What the getter of a property of the type returns."""
    for member in members(program, owner_of(program, ref), name):
        yield from _returned(program, UnitRef(member.path, f"F {member.key[2:]}.get"))


def _given(program: Program, ref: UnitRef, call: Call) -> Iterator[_Built]:
    """What a function of the program returns."""
    called = resolve(program, ref, call)
    for each in called.refs[:2] if called.certain else ():
        yield from _returned(program, each)


def _returned(program: Program, ref: UnitRef) -> Iterator[_Built]:
    if program.function(ref) is not None:
        yield from (_Built(ref, value) for value in around.returned(program, ref))


def _scheme_before(program: Program, ref: UnitRef, value: Expr) -> str:
    """The custom scheme that a text begins with, to which more is appended."""
    constant = next((node for node in walk(value) if isinstance(node, Text)), value)
    for text in fold(program, ref, constant):
        found = SCHEME.match(text)
        if found and not is_system_scheme(program.vocabulary, found[1]):
            return found[1]
    return ""


def _secret_part(program: Program, ref: UnitRef, expr: Expr) -> Secret | None:
    """The worst secret in a built text: by the value, or by the parameter name written before it."""
    found: list[Secret] = []
    before = ""
    for part in _parts(expr):
        if isinstance(part, Text):
            before = part.value
            continue
        parameter = PARAMETER.search(before)
        if parameter is not None and not _is_public(part):
            found += _of_parameter(program, ref, parameter[1], part)
        found += filter(None, (secret_in(program, ref, part),))
        before = ""
    secret = secret_in(program, ref, expr)
    if secret is not None:
        found.append(secret)
    return min(found, key=lambda s: ORDER.index(s.rank), default=None)


def _of_parameter(program: Program, ref: UnitRef, name: str, value: Expr) -> Iterator[Secret]:
    """What the name of a parameter says about its value; one that may name a secret, if the value is called so too."""
    rank = classify_name(program.vocabulary, name)
    if not rank and may_be_secret(program.vocabulary, name):
        words = [_word(node) for node in walk(value)]
        weak = any(may_be_secret(program.vocabulary, word) for word in words)
        rank = "weak" if weak else ""
    if not rank and is_personal(program.vocabulary, name):
        rank = "personal"
    if rank:
        yield Secret(name, rank, value, ref)


def _parts(expr: Expr) -> tuple[Expr, ...]:
    """The pieces of a built text in their order, a format cut at its placeholders."""
    match expr:
        case Interpolation(parts=parts):
            return parts
        case Operator(operands=operands):
            return operands
        case Call(name="stringByAppendingString:", target=target, args=args):
            return ((target,) if target is not None else ()) + args
        case Call(args=(Text(value=value) as template, *values)):
            pieces = FORMAT.split(value.replace("%%", ""))
            cut = [Text(template.start, template.end, piece) for piece in pieces]
            return tuple(part for pair in zip(cut, values, strict=False) for part in pair)
        case _:
            return ()


def _word(node: Node) -> str:
    return node.text if isinstance(node, Name) else node.name if isinstance(node, Member | Call) else ""


def _is_public(part: Expr) -> bool:
    """A challenge or a public key is made to be handed out."""
    words = {word for node in walk(part) for word in words_of(_word(node))}
    return bool(words & {"public", "challenge", "hash", "hashed", "encrypted", "digest"})


def is_personal(vocabulary: Vocabulary, name: str) -> bool:
    words = words_of(name)
    api = vocabulary.apis.get("personal.data")
    phrases = [tuple(phrase.split()) for phrase in api.words] if api else []
    return any(words[at : at + len(p)] == p for p in phrases for at in range(len(words) - len(p) + 1))


def _components(rule: Rule, program: Program, ref: UnitRef, opening: Node) -> Iterator[Finding]:
    """`URLComponents` with a custom scheme and a query item that is a secret."""
    scheme = _components_scheme(program, ref)
    if not scheme:
        return
    for node in walk(program.body(ref)):
        if (
            isinstance(node, Call)
            and node.name in ("URLQueryItem", "queryItemWithName:value:", "initWithName:value:")
            and len(node.args) == 2
        ):
            name, value = node.args
            named = name.value if isinstance(name, Text) else ""
            secret = next(_of_parameter(program, ref, named, value), None)
            if secret is None or secret.rank == "personal":
                secret = secret_in(program, ref, value)
            if secret is not None and not isinstance(value, Text) and not _is_public(value):
                yield _finding(rule, ref, node, opening, scheme, secret)


def _components_scheme(program: Program, ref: UnitRef) -> str:
    nodes = tuple(walk(program.body(ref)))
    makers = ["URLComponents", "NSURLComponents", "componentsWithString:"]
    if any(isinstance(node, Call) and node.labels == ("queryItems",) for node in nodes):  # url.appending(queryItems:)
        makers.append("URL")
    for node in nodes:
        if isinstance(node, Assign) and isinstance(node.target, Member) and node.target.name == "scheme":
            texts = fold(program, ref, node.value)
        elif isinstance(node, Call) and node.name in makers and node.args:
            found = SCHEME.match(fold(program, ref, node.args[0])[0])
            texts = (found[1],) if found else ()
        else:
            continue
        for text in texts:
            if text and HOLE not in text and not is_system_scheme(program.vocabulary, text):
                return text
    return ""


def _place(ref: UnitRef, node: Node) -> Place:
    return Place(ref.path, ref.key, node.start, node.end)
