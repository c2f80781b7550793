"""URL101: secrets in a URL that any app may claim."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeGuard

from ipclint.checks.detectors import detector
from ipclint.checks.rule import Rule
from ipclint.model.facts import Function
from ipclint.model.finding import Finding, Place, Severity, Step
from ipclint.model.ir import Assign, Block, Call, Expr, Interpolation, Let, Member, Name, Node, Operator, Text, walk
from ipclint.program.constants import HOLE, fold
from ipclint.program.program import Program, UnitRef
from ipclint.program.secrets import RANKS, Secret, classify_name, secret_in, words_of
from ipclint.program.usage import uses_of
from ipclint.program.vocabulary import Vocabulary

SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]{0,60})://?")
PARAMETER = re.compile(r"[?&;]([A-Za-z_][\w.-]{0,60})=$")
SEVERITY: dict[str, Severity] = {"key": "high", "password": "high", "number": "high", "code": "low", "personal": "low"}
MAX_SLICE = 40  # locals followed back from an opened URL


@detector("secret-in-custom-scheme-url", on="function")
def secret_in_custom_scheme_url(rule: Rule, program: Program, ref: UnitRef, unit: Function) -> Iterator[Finding]:
    opened = uses_of(program, ref, "url.open")
    if not opened:
        return
    reported: set[int] = set()
    for use in opened:
        for expr in _slice(program, ref, use.args[:1]):
            scheme = custom_scheme(program, ref, expr)
            if not scheme or id(expr) in reported:
                continue
            reported.add(id(expr))
            secret = _secret_part(program, ref, expr)
            if secret is not None:
                yield _finding(rule, ref, expr, use.node, scheme, secret)
        yield from _components(rule, program, ref, use.node)


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


def _slice(program: Program, ref: UnitRef, args: tuple[Expr, ...]) -> Iterator[Expr]:
    """Expressions that build text and that flow into `args` through locals of this function."""
    body = program.body(ref)
    todo: list[Expr] = list(args)
    seen: set[str] = set()
    while todo and len(seen) < MAX_SLICE:
        expr = todo.pop()
        for node in walk(expr):
            if _builds_text(node):
                yield node
            elif isinstance(node, Name) and node.text not in seen:
                seen.add(node.text)
                todo.extend(_values_of(body, node.text))


def _builds_text(node: Node) -> TypeGuard[Interpolation | Operator | Call]:
    if isinstance(node, Interpolation) or (isinstance(node, Operator) and node.op == "+"):
        return True
    return isinstance(node, Call) and (
        "Format" in node.name
        or (node.name in ("String", "NSString") and node.labels[:1] == ("format",))
        or node.name == "stringByAppendingString:"
    )


def _values_of(body: Block, name: str) -> Iterator[Expr]:
    for node in walk(body):
        if isinstance(node, Let):
            if name in node.names and node.value is not None:
                yield node.value
        elif isinstance(node, Assign) and isinstance(node.target, Name) and node.target.text == name:
            yield node.value


def _secret_part(program: Program, ref: UnitRef, expr: Expr) -> Secret | None:
    """The worst secret in a built text: by the value, or by the parameter name written before it."""
    found: list[Secret] = []
    parts = expr.parts if isinstance(expr, Interpolation) else expr.operands if isinstance(expr, Operator) else ()
    before = ""
    for part in parts:
        if isinstance(part, Text):
            before = part.value
            continue
        parameter = PARAMETER.search(before)
        rank = classify_name(program.vocabulary, parameter[1]) if parameter else ""
        if rank and parameter and not _is_public(part):
            found.append(Secret(parameter[1], rank, part, ref))
        elif parameter and is_personal(program.vocabulary, parameter[1]):
            found.append(Secret(parameter[1], "personal", part, ref))
        before = ""
    secret = secret_in(program, ref, expr)
    if secret is not None:
        found.append(secret)
    return min(found, key=lambda s: (*RANKS, "personal").index(s.rank), default=None)


def _is_public(part: Expr) -> bool:
    """A challenge or a public key is made to be handed out."""
    words = {
        word
        for n in walk(part)
        for word in words_of(n.text if isinstance(n, Name) else n.name if isinstance(n, Member | Call) else "")
    }
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
            rank = classify_name(program.vocabulary, name.value) if isinstance(name, Text) else ""
            secret = (
                Secret(name.value, rank, value, ref)
                if rank and isinstance(name, Text)
                else secret_in(program, ref, value)
            )
            if secret is not None and not isinstance(value, Text):
                yield _finding(rule, ref, node, opening, scheme, secret)


def _components_scheme(program: Program, ref: UnitRef) -> str:
    for node in walk(program.body(ref)):
        if isinstance(node, Assign) and isinstance(node.target, Member) and node.target.name == "scheme":
            texts = fold(program, ref, node.value)
        elif (
            isinstance(node, Call)
            and node.name in ("URLComponents", "NSURLComponents", "componentsWithString:")
            and node.args
        ):
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
