"""The text of a code-signing requirement → its tree.

The grammar is that of Apple's compiler (Security framework, requirements.grammar; described in Apple's technote 3127
and "Code Signing Requirement Language").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from ipclint.checks.requirement.tree import (
    HOLE,
    KEYWORDS,
    LEAF,
    ROOT,
    And,
    AppleAnchor,
    CertificateHash,
    CodeHash,
    Constant,
    Field,
    Identifier,
    Match,
    NamedAnchor,
    NamedCode,
    Node,
    Not,
    Operator,
    Or,
    Platform,
    Policy,
    Trusted,
    Unknown,
)

MAX_LENGTH = 20_000  # characters
MAX_DEPTH = 100  # of parentheses and negations


class RequirementError(ValueError):
    """Text that Apple's compiler refuses. `message` is one sentence without full stop that says what to do.

    `position` counts characters from 0. `quote` is the range that double quotes round it would mend, if they would.
    `certain` is False when unknown text outside quotes may be what makes it right.
    """

    def __init__(self, message: str, position: int, quote: tuple[int, int] | None = None, certain: bool = True) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.quote = quote
        self.certain = certain


# ── lexer ────────────────────────────────────────────────────────────────────────────────────────────────────────────

_TOKEN = re.compile(
    r"(?P<skip>\s++|/\*(?>(?:[^*]++|\*(?!/))*)\*/|//[^\n]*+|\#[^\n]*+)"
    r'|H"(?P<hash>[^"]*+)"'
    r'|"(?P<text>(?>(?:[^"\\]++|\\["\\])*))"'
    r"|0x(?P<hex>[0-9A-Fa-f]++)"
    rf"|(?P<word>[A-Za-z{HOLE}][A-Za-z0-9{HOLE}]*+(?>(?:\.(?:[A-Za-z{HOLE}][A-Za-z0-9{HOLE}]*+|[0-9]++(?![A-Za-z])))*))"
    r"|(?P<integer>[0-9]++)"
    r"|(?P<path>/[A-Za-z][A-Za-z0-9]*+(?>(?:/[A-Za-z][A-Za-z0-9]*+)+))"
    r"|(?P<mark>=>|==|<=|>=|[;()\[\]<>=~!*\-])"
)
_TAGS = ("guest", "host", "designated", "library", "plugin")
_UNQUOTED = re.compile(rf"[\w.\-:@{HOLE}]+")  # what an author may have meant as one value
_CERTIFICATE_KEYS = ("subject.", "field.", "extension.", "policy.", "timestamp.")
_OPERATORS: dict[str, Operator] = {"=": "=", "==": "=", "~": "contains", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
_WILDCARDS: dict[tuple[bool, bool], Operator] = {  # a star before the value, a star after it
    (False, False): "=",
    (True, False): "ends",
    (False, True): "begins",
    (True, True): "contains",
}
_HEX = re.compile(r"[0-9A-Fa-f]{40}")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # "word", "keyword", "text", "hash", "hex", "integer", "path", "end", or the mark itself
    value: str
    start: int
    end: int

    @property
    def shown(self) -> str:
        return "the end of the text" if self.kind == "end" else f"“{self.value}”"


def _tokens(text: str) -> Iterator[_Token]:
    """The tokens of `text`, an "end" last. Raises RequirementError on characters that begin none."""
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _bad_character(text, at)
        kind = str(found.lastgroup)
        value = found[kind]
        at = found.end()
        if kind == "skip":
            continue
        if kind == "word" and value in KEYWORDS:
            kind = "keyword"
        elif kind == "text":
            value = re.sub(r"\\(.)", r"\1", value)
        yield _Token(value if kind == "mark" else kind, value, found.start(), at)
    yield _Token("end", "", len(text), len(text))


def _bad_character(text: str, at: int) -> RequirementError:
    character = text[at]
    if character == '"' or text.startswith('H"', at):
        if "\\" in text[at:]:
            return RequirementError('inside quotes a backslash may stand only before " and \\', text.index("\\", at))
        return RequirementError("this quotation mark is never closed", at)
    if character in "“”„«»":
        return RequirementError('quotation marks must be straight ones: "', at)
    if text.startswith("/*", at):
        return RequirementError("this comment is never closed", at)
    start = at
    while start > 0 and _UNQUOTED.fullmatch(text[start - 1]):
        start -= 1
    end = at + len(found[0]) if (found := _UNQUOTED.match(text, at)) else at
    if end > at and start < at:
        return RequirementError(f"“{text[start:end]}” needs double quotes", start, (start, end))
    return RequirementError(f"“{character}” may stand only inside double quotes", at)


# ── parser ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def parse(text: str) -> Node:
    """The tree of one requirement. Raises RequirementError, and nothing else, on any other text."""
    parser = _Parser(text)
    if parser.ahead(1).kind == "=>":
        parser.fail("this is a set of requirements (`designated => …`); one requirement without a tag is needed here")
    node = parser.whole()
    if parser.token.kind != "end":
        parser.fail(f"{parser.token.shown} cannot follow here; join clauses by `and` or `or`")
    return node


def parse_set(text: str) -> tuple[tuple[str, Node], ...]:
    """The tags and trees of a set: `designated => … host => …`. Raises RequirementError."""
    parser = _Parser(text)
    entries: list[tuple[str, Node]] = []
    while parser.token.kind != "end" or not entries:
        tag = parser.token
        if not (tag.value in _TAGS and tag.kind == "keyword") and tag.kind != "integer":
            parser.fail(f"a tag ({', '.join(_TAGS)}) must stand here, not {tag.shown}")
        parser.next()
        parser.expect("=>")
        entries.append((tag.value, parser.whole()))
    return tuple(entries)


class _Parser:
    """Recursive descent, one token ahead (two at `(`)."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise RequirementError(f"a requirement of more than {MAX_LENGTH} characters is not read", MAX_LENGTH)
        self.text = text
        self.certain = HOLE not in text
        self.depth = 0
        self.at = 0
        try:
            self.tokens = list(_tokens(text))
        except RequirementError as error:
            raise RequirementError(error.message, error.position, error.quote, self.certain) from None

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def ahead(self, count: int) -> _Token:
        return self.tokens[min(self.at + count, len(self.tokens) - 1)]

    def next(self) -> _Token:
        token = self.tokens[self.at]
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def fail(self, message: str, token: _Token | None = None, quote: tuple[int, int] | None = None) -> NoReturn:
        raise RequirementError(message, (token or self.token).start, quote, self.certain)

    def accept(self, *values: str) -> bool:
        """Step over a keyword or mark, if it is the next token."""
        if self.token.value in values and self.token.kind in ("keyword", self.token.value):
            self.next()
            return True
        return False

    def expect(self, mark: str) -> None:
        if not self.accept(mark):
            self.fail(f"“{mark}” is missing before {self.token.shown}")

    # ── expressions

    def whole(self) -> Node:
        node = self.either()
        while self.accept(";"):
            pass
        return node

    def either(self) -> Node:
        parts = [self.all()]
        while self.accept("or"):
            parts.append(self.all())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def all(self) -> Node:
        parts = [self.primary()]
        while self.accept("and"):
            parts.append(self.primary())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def primary(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"clauses nest deeper than {MAX_DEPTH} levels")
        try:
            if self.accept("!"):
                return Not(self.primary())
            if self.token.kind == "(":
                return self.parentheses()
            return self.clause()
        finally:
            self.depth -= 1

    def parentheses(self) -> Node:
        inner = self.ahead(1)
        named = inner.kind in ("word", "text") and HOLE not in inner.value and self.ahead(2).kind == ")"
        self.next()
        node = NamedCode(self.next().value) if named else self.either()
        if not self.accept(")"):
            self.fail(f"a parenthesis is not closed before {self.token.shown}")
        return node

    def clause(self) -> Node:
        token = self.next()
        if _is_bare(token):
            return Unknown()
        keyword = token.value if token.kind == "keyword" else ""
        match keyword:
            case "always" | "true" | "never" | "false":
                return Constant(token.value in ("always", "true"))
            case "notarized" | "legacy":
                return Policy("notarized" if token.value == "notarized" else "legacy")
            case "identifier":
                self.accept("=", "==")
                value = self.value("the identifier")
                return Identifier(value.value, _is_bare(value))
            case "cdhash":
                self.accept("=", "==")
                return Unknown() if self.hole() else CodeHash(self.digest())
            case "platform":
                self.accept("=", "==")
                return Platform(self.integer())
            case "info":
                return Field("info", self.key(), self.match())
            case "entitlement":
                return Field("entitlement", self.key(), self.match())
            case "anchor" | "certificate" | "cert":
                return self.certificate(token.value)
            case _:
                raise self.no_clause(token)

    def no_clause(self, token: _Token) -> RequirementError:
        message = f"{token.shown} begins no clause"
        if token.kind == "end":
            message = "a clause must follow where the text ends" if self.at else "the requirement is empty"
        elif token.value == "not":
            message = "negation is written `!` in this language"
        return RequirementError(message, token.start, certain=self.certain)

    def certificate(self, word: str) -> Node:
        if word == "anchor":
            if self.accept("apple"):
                if self.accept("generic"):
                    return AppleAnchor(generic=True)
                if self.token.kind in ("word", "text"):
                    return NamedAnchor(self.next().value)
                return AppleAnchor(generic=False)
            if self.accept("generic"):
                if not self.accept("apple"):
                    self.fail(f"`anchor generic` must go on with `apple`, not with {self.token.shown}")
                return AppleAnchor(generic=True)
        if self.accept("trusted"):
            return Trusted(None)
        slot = ROOT if word == "anchor" else self.slot()
        if word != "anchor" and self.accept("trusted"):
            return Trusted(slot)
        if self.token.kind == "[":
            named = self.ahead(1)
            key = self.key()
            if not key.startswith(_CERTIFICATE_KEYS) and HOLE not in key:
                self.fail(f"certificates have no field “{key}”; subject.OU, subject.CN and field.OID are such", named)
            return Field("certificate", key, self.match(), slot)
        self.accept("=", "==")
        if self.hole():
            return Unknown()
        if self.token.kind in ("word", "text", "path"):
            return CertificateHash(slot, self.next().value, is_path=True)
        return CertificateHash(slot, self.digest())

    # ── parts of clauses

    def slot(self) -> int:
        if self.accept("leaf"):
            return LEAF
        if self.accept("root"):
            return ROOT
        sign = -1 if self.accept("-") else 1
        if self.token.kind != "integer":
            self.fail(f"which certificate? `leaf`, `root` or a number must stand before {self.token.shown}")
        return sign * self.integer()

    def integer(self) -> int:
        if self.token.kind != "integer" or len(self.token.value) > 9:
            self.fail(f"a number must stand here, not {self.token.shown}")
        return int(self.next().value)

    def key(self) -> str:
        self.expect("[")
        key = self.value("the name in brackets").value
        self.expect("]")
        return key

    def match(self) -> Match:
        if self.accept("absent"):
            return Match("absent")
        operator = _OPERATORS.get(self.token.kind)
        if operator is None:
            self.accept("exists")
            return Match("exists")
        self.next()
        if operator != "=":
            return self.compared(operator)
        ends = self.accept("*")
        match = self.compared("=")
        begins = self.accept("*")
        return Match(_WILDCARDS[ends, begins], match.value, match.kind, match.bare)

    def compared(self, operator: Operator) -> Match:
        if self.accept("timestamp"):
            return Match(operator, self.value("the time").value, "timestamp")
        if self.token.kind == "hex":
            if len(self.token.value) % 2:
                self.fail("a hexadecimal value has an even number of digits")
            return Match(operator, self.next().value.lower(), "hex")
        value = self.value("the value")
        return Match(operator, value.value, bare=_is_bare(value))

    def value(self, what: str) -> _Token:
        """A text, quoted or plain. Says what to quote when an author forgot to."""
        token = self.token
        if token.kind == "text":
            return self.next()
        meant = _UNQUOTED.match(self.text, token.start)
        if meant is not None and (token.kind in ("integer", "hex", "keyword") or meant.end() > token.end):
            self.fail(f"{what} “{meant[0]}” needs double quotes", quote=meant.span())
        if token.kind != "word":
            self.fail(f"{what} is missing before {token.shown}")
        return self.next()

    def hole(self) -> bool:
        """Step over unknown text outside quotes, if that comes next."""
        bare = _is_bare(self.token)
        if bare:
            self.next()
        return bare

    def digest(self) -> str:
        token = self.token
        if token.kind != "hash":
            self.fail(f'a hash, H"…", must stand here, not {token.shown}')
        if not _HEX.fullmatch(token.value) and HOLE not in token.value:
            self.fail("a hash has 40 hexadecimal digits (SHA-1)")
        return self.next().value.lower()


def _is_bare(token: _Token) -> bool:
    return token.kind == "word" and HOLE in token.value
