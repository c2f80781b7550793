"""Respells C++, byte for byte, as C that the Objective-C grammar can read: one step a construct.

`std::string` reads `std__string`, template arguments vanish, a lambda becomes a block, a reference a pointer, a range
loop `for (T x ;; xs)`. Namespaces, classes and `extern "C"` lose head and braces, so that their members stand at file
level; `scopes` says which class a member belongs to. The reader takes all texts from the original bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ipclint.readers.objc_directives import BLANKS

TELLING = (b"::", b"namespace", b"template", b"\nclass ", b"public:", b"nullptr", b"constexpr", b"_cast<", b"auto ")
CXX = re.compile(
    rb"""\w::\w | \bnamespace\b[\w\s:]*\{ | \btemplate[ \t]*< | \b(?:static|reinterpret|const|dynamic)_cast<
      | (?<![@\w.])class[ \t]+\w+[ \t]*(?:final[ \t]*)?(?::[ \t]*(?:public|private|protected|virtual)\b|[{;])
      | \b(?:nullptr|constexpr|public:)(?!\w) | \bauto(?:[ \t]*[*&]+[ \t]*|[ \t]+)\w+[ \t]*[=:]""",
    re.X,
)
HIDDEN = re.compile(
    rb"""/(?:/[^\n]*|\*(?s:.*?)(?:\*/|\Z))|R"([^\s()\\]{0,16})\((?s:.*?)\)\1"|"[^"\\\n]*(?:\\(?s:.)[^"\\\n]*)*"?"""
    rb"""|'(?:[^'\\\n]|\\[^\n]{1,9}){1,9}'"""
)


class Scope(NamedTuple):
    """A namespace, class or struct whose head and braces are blanked. `kind` is "namespace", "class" or "struct"."""

    kind: str
    name: str
    bases: str  # as written, without the colon
    start: int  # of the head
    body: int  # after `{`
    end: int  # after `}`


def may_be_cxx(data: bytes) -> bool:
    """Whether the bytes hold a word that C++ has; it may stand in a comment."""
    return any(word in data for word in TELLING)


def respell(data: bytes) -> bytes:
    """As many bytes as `data`, the C++ in it respelled as C; `data` itself when there is none."""
    if not may_be_cxx(data):
        return data
    code, hidden = hide(data)
    if not CXX.search(code):
        return data
    for step in PREPARING:
        code = step(code)
    code = _flatten(code)
    for step in STEPS:
        code = step(code)
    out = bytearray(code)
    for start, end in hidden:
        if code[start] != 0x20 or data[start] == ord("/"):
            out[start:end] = data[start:end]
    return bytes(out)


def scopes(data: bytes) -> tuple[Scope, ...]:
    """The scopes that `respell` flattens, in source order."""
    code, _ = hide(data)
    if not CXX.search(code):
        return ()
    for step in PREPARING:
        code = step(code)
    return tuple(_find_scopes(code))


def hide(data: bytes) -> tuple[bytes, list[tuple[int, int]]]:
    """The code with comments blank and texts emptied, and where those were; a raw string becomes a plain one."""
    out = bytearray(data)
    hidden: list[tuple[int, int]] = []
    for match in HIDDEN.finditer(data):
        start, end = match.span()
        if data[start] == ord("R"):
            out[start:end] = b'"' + b" " * (end - start - 2) + b'"'
            continue
        hidden.append((start, end))
        if data[start] == ord("/"):
            out[start:end] = data[start:end].translate(BLANKS)
        else:
            out[start + 1 : end - 1] = b" " * (end - start - 2)
    return bytes(out), hidden


# ── scopes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

# One set of bytes first, as in `mask`: `re` skips the rest fast.
BRACE = re.compile(
    rb"""[{}censiu](?: (?<=[{}]) | (?<![\w@].) (?:
      (?P<namespace> (?:(?<=n)|(?<=i)nline\s+n)amespace\b\s*[\w:\s]*(?=\{) )
    | (?P<linkage> (?<=e)xtern\s*"[^"\n]*"\s*(?=\{) )
    | (?P<class> (?:(?<=c)lass|(?<=s)truct|(?<=u)nion)\s+(?:\[\[[^\]\n]*\]\]\s*|\w+\(\w*\)\s*)*
        (?P<name>[\w:]+)\s*(?:<[^;{}()]*>\s*)?(?:final\s*)?(?::(?!:)(?P<bases>[^;{}()=]*))?(?=\{) ) ))""",
    re.X,
)
SCOPE_END = re.compile(rb"\}\s*;?")
MAX_STRUCT = 20_000
"""Bytes of a struct that are looked through for a member function."""
MAX_NESTING = 20
"""How often a byte may be looked at as part of one class or another."""
MEMBER_FUNCTION = re.compile(
    rb"\)\s*(?:const\s*|noexcept\s*|override\s*|final\s*)*(?:\{|;|=\s*(?:0|default|delete)|:\s*\w+[({])"
)


def _find_scopes(code: bytes) -> list[Scope]:
    found: list[Scope] = []
    open_braces: list[tuple[re.Match[bytes] | None, int]] = []
    head: re.Match[bytes] | None = None
    for match in BRACE.finditer(code):
        token = match[0]
        if token == b"{":
            open_braces.append((head, match.end()))
            head = None
        elif token != b"}":
            head = match
        elif open_braces:
            opening, body = open_braces.pop()
            if opening and _is_flattened(opening, code, body, match.start()):
                name = (opening["name"] or b"").decode("utf-8", "replace")
                bases = " ".join((opening["bases"] or b"").decode("utf-8", "replace").split())
                kind = "namespace" if opening["name"] is None else opening[0].split(None, 1)[0].decode()
                found.append(Scope(kind, name, bases, opening.start(), body, match.end()))
    return sorted(found, key=lambda scope: scope.start)


def _is_flattened(head: re.Match[bytes], code: bytes, body: int, end: int) -> bool:
    """A struct without member functions is C, and stays."""
    if head["class"] is None or head[0].startswith(b"class") or head["bases"] is not None:
        return True
    return MEMBER_FUNCTION.search(code, body, min(end, body + MAX_STRUCT)) is not None


def _flatten(code: bytes) -> bytes:
    out = bytearray(code)
    budget = MAX_NESTING * len(code)
    for scope in _find_scopes(code):
        out[scope.start : scope.body] = code[scope.start : scope.body].translate(BLANKS)
        after = SCOPE_END.match(code, scope.end - 1)
        end = after.end() if after and scope.kind != "namespace" else scope.end
        out[scope.end - 1 : end] = code[scope.end - 1 : end].translate(BLANKS)
        budget -= scope.end - scope.body
        if scope.kind != "namespace" and budget > 0:
            _type_constructors(out, code, scope)
    return bytes(out)


def _type_constructors(out: bytearray, code: bytes, scope: Scope) -> None:
    """Gives the constructors and the destructor of a class a type, for C wants one: `T Name(…)`."""
    name = re.escape(scope.name.rpartition(":")[2].encode())
    for match in re.compile(rb"(?<![\w:.>])~?(?=\b" + name + rb"\s*\()").finditer(code, scope.body, scope.end):
        start = before = match.start()
        while (before := before - 1) >= scope.body and out[before] in b" \t\r\n":
            pass
        if (before < scope.body or out[before] in b";{}:") and start - before > 2:
            end = match.end()
            out[start:end] = b" " * (end - start)
            out[end - 2 : end] = b"T "


# ── steps ────────────────────────────────────────────────────────────────────────────────────────────────────────────

Step = Callable[[bytes], bytes]


def _blank(match: re.Match[bytes]) -> bytes:
    return match[0].translate(BLANKS)


def _swaps(pattern: bytes, respelling: Callable[[re.Match[bytes]], bytes]) -> Step:
    compiled = re.compile(pattern)
    return lambda code: compiled.sub(respelling, code)


def _blanks(pattern: bytes) -> Step:
    return _swaps(pattern, _blank)


def _blanks_after_parenthesis(pattern: bytes) -> Step:
    return _swaps(rb"\)" + pattern, lambda match: b")" + match[0][1:].translate(BLANKS))


def _repeats(pattern: bytes, respelling: Callable[[re.Match[bytes]], bytes], times: int = 8) -> Step:
    """For what nests: the innermost first."""
    compiled = re.compile(pattern)

    def step(code: bytes) -> bytes:
        for _ in range(times):
            code, count = compiled.subn(respelling, code)
            if not count:
                break
        return code

    return step


def _padded(text: bytes) -> Callable[[re.Match[bytes]], bytes]:
    """`text`, and spaces up to the length of the match."""
    return lambda match: text + match[0][len(text) :].translate(BLANKS)


def _lambda(match: re.Match[bytes]) -> bytes:
    """`[this](int x) {` → `     ^(int x) {`; a subscript or a message stays."""
    if not EXPRESSION_BEFORE.search(match.string, max(0, match.start() - 40), match.start()):
        return match[0]
    return b" " * (len(match[0]) - 1) + b"^"


def _range_loop(match: re.Match[bytes]) -> bytes:
    """`for (T x : xs)` → `for (T x ;; xs)`."""
    head, colon = match[1], match[2]
    return head + (b";;" + b" " * (len(colon) - 2) if len(colon) > 1 else colon)


def _template_arguments(match: re.Match[bytes]) -> bytes:
    """Part of the name: `vector<int>` → `vector_____`."""
    spaced = match.string[match.start() - 1] in b" \t"
    return match[0].translate(BLANKS) if spaced else b"_" * len(match[0])


def _brace_initialiser(match: re.Match[bytes]) -> bytes:
    """`Type{a, .b = c}` → `Type(a,  b = c)`; empty ones vanish after `return`, and are 0 in a list."""
    code, start, values = match.string, match.start(), match[1]
    before = VALUE_BEFORE.search(code, max(0, start - 80), start)
    if before and before[0][:1] == b":" and ENUM_BEFORE.search(code, max(0, start - 80), start):
        return match[0]
    if before is None:
        declared = DECLARED_BEFORE.search(code, max(0, start - 80), start)
        if declared is None or declared[1] in NO_TYPE:
            return match[0]
        if values.strip() and b"," not in values:
            return b"=" + values + b" "  # `Type name{value}`
    if values.strip():
        values = DESIGNATOR.sub(lambda dot: dot[0][:-1] + b" ", values)
        return b"(" + LAST_COMMA.sub(_blank, values) + b")"
    if before is None or before[1]:
        return b"()" + values.translate(BLANKS)
    return (b"  " if before[0].startswith(b"return") else b"0 ") + values.translate(BLANKS)


def _condition(match: re.Match[bytes]) -> bytes:
    """`if (auto x = f(); x)` → `if (     x = f(), x)`."""
    return match[1] + match[2].translate(BLANKS) + match[3] + (match[4][:-1] + b"," if match[4] else b"")


def _default_argument(match: re.Match[bytes]) -> bytes:
    """`(T name = value)` → `(T name        )`; an assignment has no type before the name."""
    start = match.start()
    return _blank(match) if TYPED_BEFORE.search(match.string, max(0, start - 80), start) else match[0]


def _construction(match: re.Match[bytes]) -> bytes:
    """`Type name(arguments);` → `     name(arguments);`: C would read a prototype. The reader finds the type."""
    if match[2] in NO_TYPE or not ARGUMENTS.search(match[4]):
        return match[0]
    return match[0][:1] + match[0][1:].translate(BLANKS)


def _structured_binding(match: re.Match[bytes]) -> bytes:
    """`auto &[key, value]` → `aut_  _key__value_`."""
    return b"aut_" + match[1].translate(BLANKS) + re.sub(rb"\W", b"_", match[2])


_PARENS = rb"\((?:[^(){};]|\((?:[^(){};]|\([^(){};]*\))*\))*\)"
_INITIALISER = rb"\s*(?!(?:if|for|while|switch|return|case)\b)\w+\s*(?:" + _PARENS + rb"|\{[^{};]*\})"
_TYPE = rb"(?:const\s+)?[A-Za-z_][\w:]*(?:\s+const)?"

EXPRESSION_BEFORE = re.compile(rb"(?:[=(,{;?:>]|\breturn|\|\||&&)\s*\Z")
NO_TYPE = frozenset(b"return new delete else goto case throw typedef using struct enum class union namespace".split())
VALUE_BEFORE = re.compile(rb"(?:(?<![@^])[=(,?:&|!<]|\breturn\b)\s*(?<!\w:\w)([A-Za-z_]\w*\s*)?\Z")
DECLARED_BEFORE = re.compile(rb"(?<!\w)(\w+)[\s*]+\w+\Z")
ENUM_BEFORE = re.compile(rb"\benum\b[\w\s]*:[\w\s]*\Z")
TYPED_BEFORE = re.compile(rb"[\w*&>\])]\s*[\s*&]\s*\w+\s*\Z|\)\s*\Z")
LAST_COMMA = re.compile(rb",\s*\Z")
DESIGNATOR = re.compile(rb"(?:^|[{,(])\s*\.(?=\w)")
ARGUMENTS = re.compile(
    rb"""["'.\[!+-]|\(.*\(|&\w|\d\s*[,)]"""
    rb"""|^\(\s*[a-z_]\w*\s*(?:,\s*[a-z_]\w*\s*)*(?<!_t)(?<!int)(?<!bool)(?<!void)\)$""",
    re.S,
)

PREPARING: tuple[Step, ...] = (  # declarations that only C++ has
    _blanks(rb"\[\[[\w:,\s\"()]*\]\](?!\s*\w+\s*[\]:])"),
    _blanks(rb"\btemplate\s*<(?:[^<>;{}]|<(?:[^<>;{}]|<[^<>;{}]*>)*>)*>"),
    _blanks(rb"\b(?:(?:using\s|friend\s|namespace\s+\w+\s*=)[^;{}]{0,400}|(?<!@)class\s+[\w:]+\s*);"),
    _blanks(rb"\b(?:virtual|explicit|typename|mutable|thread_local)\b(?=\s)"),
    _swaps(rb"\bconst(?:expr|eval|init)\b", _padded(b"const")),
    _swaps(rb"\benum\s+(?:class|struct)\b", _padded(b"enum")),
)

STEPS: tuple[Step, ...] = (
    _blanks(rb"extern\s*\"[^\"\n]*\""),
    _blanks(rb"\bp(?:ublic|rivate|rotected)\s*:(?!:)"),
    # Names and types.
    _swaps(
        rb"\boperator\s*(?:\(\s*\)|\[\]|\"\"\s*\w+|[^\w\s(]+|\s([\w:]+))",
        lambda match: (b"T o" if match[1] else b"ope") + b"_" * (len(match[0]) - 3),
    ),
    _repeats(
        rb"<(?:(?<=[\w>]<)|(?<=[\w>][ \t]<))(?![<=])(?:[\w\s:,*.\[\]]|&(?!&)|&&(?=\s*[,>])|\([\w\s:,*&]*\))*>"
        rb"(?=\s*(?:[({>),;&*\]=:]|\w|\.\.\.))",
        _template_arguments,
    ),
    _swaps(rb"(?m)^((?:\w+::)*)(\w+)::(~?)(?=\2\s*\()", lambda m: m[1] + m[2] + b"  " + m[3].translate(BLANKS)),
    _swaps(
        rb"::(~?)(?:(?<=\w::)|(?<=\w::~))|::", lambda m: m[0].translate(BLANKS) if m[1] is None else b"_" * len(m[0])
    ),
    _swaps(rb"\bdecltype(?=\s*\()", _padded(b"typeof")),
    _swaps(rb"\bauto\b", _padded(b"aut_")),
    _swaps(rb"\baut_(\s*[*&]*\s*)(\[[\w\s,]*\])", _structured_binding),
    # What follows the parameters of a function.
    _blanks_after_parenthesis(
        rb"(?:\s*(?:const|override|final|volatile|noexcept(?:\([^()]*\))?|&&?(?=\s*[{;]))(?!\w))+(?=\s*(?:[{;=:]|->))"
    ),
    _blanks(rb"->\s*[\w:]+(?:\s*[*&]+|\s+const)*(?=\s*\{)"),
    _blanks_after_parenthesis(rb"\s*=\s*(?:default|delete|0)(?=\s*;)"),
    _blanks_after_parenthesis(rb"\s*:(?!:)" + _INITIALISER + rb"(?:\s*," + _INITIALISER + rb")*(?=\s*\{)"),
    # Expressions and statements.
    _swaps(
        rb"(\[(?:[\w\s,&=*.]|" + _PARENS + rb")*\])(?=\s*(?:" + _PARENS + rb"\s*)?(?:mutable\s*)?\{)",
        _lambda,
    ),
    _swaps(
        rb"&&?(?:(?<=[\w*]&)|(?<=\w\s&)|(?<=\w&&)|(?<=\w\s&&))(?=\w+\s*[,)=:;]|[,)]|\s+\w+\s*[,)=:;]|\w*__\w*\(|(?<=const&)\s\w+\s*\()",
        _padded(b"*"),
    ),
    _swaps(
        rb"(\b(?:if|while|switch)\s*\(\s*)(" + _TYPE + rb"[\s*&]+)(\w+\s*=(?!=))"
        rb"([^;(){}]*(?:" + _PARENS + rb"[^;(){}]*)*;)?",
        _condition,
    ),
    _swaps(rb"(\bfor\s*\([^;(){}?]*?\w)(\s*:\s*)(?![:=])", _range_loop),
    _repeats(rb"\{([^{};]*)\}(?=\s*[;,).(\]])", _brace_initialiser, 3),
    _swaps(
        rb"=(?<![=<>!+*/|&-]=)(?!=)\s*(?:[\w.:-]+|\"[^\"]*\")(?:\(\)|\{\})?"
        rb"(?=\s*(?:\)|,\s*(?:const\s+)?[A-Za-z_]\w*(?:\s*[*&]+\s*\w|\s+\w|\s*\(\^)))",
        _default_argument,
    ),
    _swaps(rb"([;{}]\s*(?:static\s+|const\s+)*)([A-Za-z_]\w*)([\s*]+)(?=\w+(" + _PARENS + rb")\s*;)", _construction),
    _swaps(rb"\s(?:try(?=\s*\{)|catch(?=\s*\()|throw(?=\s))", lambda match: b"@" + match[0][1:]),
    _blanks(rb"\bnew\b(?=\s+[A-Za-z_])|\bdelete(?:\s*\[\])?(?=\s+[\w*(])"),
)
