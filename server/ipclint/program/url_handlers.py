"""Code that takes URLs from other programs, asks for other programs by URL, or waits for a sign-in to come back."""

from __future__ import annotations

import re

from ipclint.model.facts import Variable
from ipclint.model.ir import Call, Expr, Member, Node, Operator, Switch, Text, walk
from ipclint.program.constants import HOLE, fold
from ipclint.program.link import code_of
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import query

_SELECTORS = (
    "application:openURL:options:",
    "application:openURL:sourceApplication:annotation:",
    "application:handleOpenURL:",
    "application:openURLs:",
    "scene:openURLContexts:",
)
_SWIFT = {
    "application": (("", "open"), ("", "handleOpen"), ("", "open", "options")),
    "scene": (("", "openURLContexts"),),
}
_WORDS = ("onOpenURL", "kAEGetURL", "kInternetEventClass", "urlContexts", "URLContexts", "handlesExternalEvents")
_CALLBACK = re.compile(r"callbackURLScheme|redirect_?ur[il]", re.IGNORECASE)
_SIGN_IN = ("ASWebAuthenticationSession", "SFAuthenticationSession", "OIDAuthorizationRequest")
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)(?::|$)")


@query(bottom=())
def url_handlers(program: Program) -> tuple[UnitRef, ...]:
    """The functions that get URLs which other programs open, declared or handed over as closures."""
    found = {ref for selector in _SELECTORS for ref in program.functions_named(selector)}
    for name, shapes in _SWIFT.items():
        for ref in program.functions_named(name):
            function = program.function(ref)
            if function is not None and any(function.labels[: len(shape)] == shape for shape in shapes):
                found.add(ref)
    found |= {ref for word in _WORDS for ref in program.mentioning(word)}
    return tuple(sorted(found))


@query(bottom=())
def link_handlers(program: Program) -> tuple[UnitRef, ...]:
    """The functions that take the address of a universal link."""
    return tuple(sorted({*program.mentioning("webpageURL"), *program.mentioning("onOpenURL")}))


@query(bottom=())
def compared_parts(program: Program, ref: UnitRef, part: str) -> tuple[tuple[str, Node], ...]:
    """The constants that a function compares a part of a URL with ("scheme", "host"), and where."""
    found: list[tuple[str, Node]] = []
    for node in walk(code_of(program, ref)):
        if isinstance(node, Operator) and node.op == "==" and len(node.operands) == 2:
            pairs = [node.operands, node.operands[::-1]]
        elif isinstance(node, Call) and node.name in ("isEqualToString:", "isEqual:") and node.target is not None:
            pairs = [(node.target, node.args[0])]
        elif isinstance(node, Switch):
            pairs = [(node.subject, pattern) for case in node.cases for pattern in case.patterns]
        else:
            continue
        found += ((other.value, other) for one, other in pairs if _is_part(one, part) and isinstance(other, Text))
    return tuple(found)


def _is_part(expr: Expr, part: str) -> bool:
    while isinstance(expr, Operator) and expr.op in ("unwrap", "??"):
        expr = expr.operands[0]
    return isinstance(expr, Member | Call) and expr.name == part


@query(bottom=None)
def asked_schemes(program: Program) -> frozenset[str] | None:
    """The schemes of the URLs that code asks `canOpenURL` about, in small letters; None when one cannot be told."""
    found: set[str] = set()
    for ref in program.mentioning("canOpenURL"):
        for node in walk(code_of(program, ref)):
            if isinstance(node, Call) and node.name in ("canOpenURL", "canOpenURL:") and node.args:
                texts = _texts(program, ref, node.args[0])
                schemes = [_SCHEME.match(text) for text in texts]
                if not texts or not all(schemes):
                    return None
                found |= {scheme[1].lower() for scheme in schemes if scheme is not None}
    return frozenset(found)


def _texts(program: Program, ref: UnitRef, url: Expr) -> tuple[str, ...]:
    """The texts that a URL is made of: those of the one string that its initialiser is given."""
    while isinstance(url, Operator) and url.op in ("unwrap", "try", "try!", "??"):
        url = url.operands[0]
    if isinstance(url, Call) and url.name in ("URL", "NSURL", "URLWithString:", "initWithString:") and url.args:
        return fold(program, ref, url.args[0])
    return fold(program, ref, url)


@query(bottom=frozenset[str]())
def sign_in_schemes(program: Program) -> frozenset[str]:
    """The schemes by which sign-ins come back to the app, in small letters."""
    found: set[str] = set()
    for ref in sorted({ref for word in _SIGN_IN for ref in program.mentioning(word)}):
        for node in walk(code_of(program, ref)):
            if isinstance(node, Call):
                labels = node.name.split(":") if node.name.endswith(":") else node.labels
                for label, argument in zip(labels, node.args, strict=False):
                    if _CALLBACK.search(label):
                        found |= _schemes(_texts(program, ref, argument))
    for name in ("redirectURI", "redirectUri", "redirectURL", "callbackURLScheme", "kRedirectURI"):
        for ref in program.variables_named(name):
            unit = program.unit(ref)
            if isinstance(unit, Variable) and unit.value is not None:
                found |= _schemes(_texts(program, ref, unit.value))
    return frozenset(found) - {"http", "https"}


def _schemes(texts: tuple[str, ...]) -> set[str]:
    return {found[1].lower() for text in texts if HOLE not in text[:1] and (found := _SCHEME.match(text))}
