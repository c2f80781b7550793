"""Respells C++, byte for byte, as C that the Objective-C grammar can read: one step a construct.

`std::string` reads `std__string`, template arguments vanish, a lambda becomes a block, a reference a pointer, a range
loop `for (T x ;; xs)`. Namespaces, classes and `extern "C"` lose head and braces, so that their members stand at file
level; `scopes` says which class a member belongs to. The reader takes all texts from the original bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ipclint.readers.objc_cxx_scopes import Scope, find_scopes, flatten, hide
from ipclint.readers.objc_directives import BLANKS

TELLING = (
    b"::",
    b"namespace",
    b"template",
    b"\nclass ",
    b"public:",
    b"nullptr",
    b"constexpr",
    b"_cast<",
    b"auto ",
    b"[&",
    b"[=",
)
CXX = re.compile(
    rb"""\w::\w | \bnamespace\b[\w\s:]{0,200}\{ | \btemplate[ \t]*< | \b(?:static|reinterpret|const|dynamic)_cast<
      | (?<![@\w.])class[ \t]+\w+[ \t]*(?:final[ \t]*)?(?::[ \t]*(?:public|private|protected|virtual)\b|[{;])
      | \b(?:nullptr|constexpr|public:)(?!\w) | \[[&=][\w\s,&]{0,99}\]\s*[({]
      | \bauto(?:[ \t]*[*&]+[ \t]*|[ \t]+)[\w\[]""",
    re.X,
)


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
    code = flatten(code)
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
    return tuple(find_scopes(code))


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


def _reference(match: re.Match[bytes]) -> bytes:
    """`T &name`, `T&& name`, `T &)` become pointers; `a &&b` stays unless a type stands before it."""
    if match[1] == b"&&":
        start = match.start()
        if not TYPE_BEFORE.search(match.string, max(0, start - 80), start):
            return match[0]
    return b"*" + b" " * (len(match[0]) - 1)


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
    if before and before[0][:1] == b"=" and not before[1] and DECLARED_VALUE.search(code, max(0, start - 120), start):
        return match[0]  # `T name = {…}`: C reads that
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


_PARENS = rb"\((?:[^(){};]|\((?:[^(){};]|\([^(){};]{0,400}\)){0,400}\)){0,800}\)"
_INITIALISER = rb"\s*(?!(?:if|for|while|switch|return|case)\b)\w+\s*(?:" + _PARENS + rb"|\{[^{};]{0,400}\})"
_TYPE = rb"(?:const\s+)?[A-Za-z_][\w:]*(?:\s+const)?"

EXPRESSION_BEFORE = re.compile(rb"(?:[=(,{;?:>]|\breturn|\|\||&&)\s*\Z")
NO_TYPE = frozenset(b"return new delete else goto case throw typedef using struct enum class union namespace".split())
VALUE_BEFORE = re.compile(rb"(?:(?<![@^])[=(,?:&|!<]|\breturn\b)\s*(?<!\w:\w)([A-Za-z_]\w*\s*)?\Z")
DECLARED_BEFORE = re.compile(rb"(?<!\w)(\w+)[\s*]+\w+\Z")
ENUM_BEFORE = re.compile(rb"\benum\b[\w\s]*:[\w\s]*\Z")
TYPED_BEFORE = re.compile(rb"[\w*&>\])]\s*[\s*&]\s*\w+\s*\Z|\)\s*\Z")
TYPE_BEFORE = re.compile(rb"(?<!\w)(?:[A-Z]\w*|\w+_t|\w*__\w*|aut_|bool|int|char|double|float|long|const)[\s*]*\Z")
DECLARED_VALUE = re.compile(rb"(?:[\w>][\s*&]+\w+\s*|\]\s*)=\s*\Z")
LAST_COMMA = re.compile(rb",\s*\Z")
DESIGNATOR = re.compile(rb"(?:^|[{,(])\s*\.(?=\w)")
ARGUMENTS = re.compile(
    rb"""["'.\[!+-]|\(.*\(|&\w|\d\s*[,)]"""
    rb"""|^\(\s*[a-z_]\w*\s*(?:,\s*[a-z_]\w*\s*)*(?<!_t)(?<!int)(?<!bool)(?<!void)\)$""",
    re.S,
)

PREPARING: tuple[Step, ...] = (  # declarations that only C++ has
    _blanks(rb"\[\[[\w:,\s\"()]{0,200}\]\](?!\s*\w+\s*[\]:])"),
    _blanks(rb"\btemplate\s*<(?:[^<>;{}]|<(?:[^<>;{}]|<[^<>;{}]{0,200}>){0,200}>){0,400}>"),
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
        rb"<(?:(?<=[\w>]<)|(?<=[\w>][ \t]<))(?![<=])"
        rb"(?:[\w\s:,*.\[\]]|&(?!&)|&&(?=\s*[,>])|\([\w\s:,*&]{0,200}\)){0,400}>"
        rb"(?=\s*(?:[({>),;&*\]=:]|\w|\.\.\.))",
        _template_arguments,
    ),
    _swaps(rb"(?m)^((?:\w+::)*)(\w+)::(~?)(?=\2\s*\()", lambda m: m[1] + m[2] + b"  " + m[3].translate(BLANKS)),
    _swaps(
        rb"::(~?)(?:(?<=\w::)|(?<=\w::~))|::", lambda m: m[0].translate(BLANKS) if m[1] is None else b"_" * len(m[0])
    ),
    _swaps(rb"\bdecltype(?=\s*\()", _padded(b"typeof")),
    _swaps(rb"\bauto\b", _padded(b"aut_")),
    _swaps(rb"\baut_(\s*[*&]*\s*)(\[[\w\s,]{0,200}\])", _structured_binding),
    # What follows the parameters of a function.
    _blanks_after_parenthesis(
        rb"(?:\s*(?:const|override|final|volatile|noexcept(?:\([^()]*\))?|&&?(?=\s*[{;]))(?!\w))+(?=\s*(?:[{;=:]|->))"
    ),
    _blanks(rb"->\s*[\w:]+(?:\s*[*&]+|\s+const)*(?=\s*\{)"),
    _blanks_after_parenthesis(rb"\s*=\s*(?:default|delete|0)(?=\s*;)"),
    _blanks_after_parenthesis(rb"\s*:(?!:)" + _INITIALISER + rb"(?:\s*," + _INITIALISER + rb"){0,60}(?=\s*\{)"),
    # Expressions and statements.
    _swaps(
        rb"(\[(?:[\w\s,&=*.]|" + _PARENS + rb"){0,300}\])(?=\s*(?:" + _PARENS + rb"\s*)?(?:mutable\s*)?\{)",
        _lambda,
    ),
    _swaps(
        rb"(&&?)(?:(?:(?<=[\w*]&)|(?<=[\w*]&&))(?=\s+\w+\s*[,)=:;(]|\s*[,)])"
        rb"|(?:(?<=\w\s&)|(?<=\w\s&&))(?=\w+\s*[,)=:;]|[,)]|\w*__\w*\()|(?<=const\s&)(?=\s\w+\s*[,)=:;(]))",
        _reference,
    ),
    _swaps(
        rb"(\b(?:if|while|switch)\s*\(\s*)(" + _TYPE + rb"[\s*&]+)(\w+\s*=(?!=))"
        rb"([^;(){}]{0,300}(?:" + _PARENS + rb"[^;(){}]{0,300}){0,9};)?",
        _condition,
    ),
    _repeats(rb"\{([^{};]{0,2000})\}(?=\s*[;,).(\]])", _brace_initialiser, 3),
    _swaps(rb"(\bfor\s*\([^;(){}?]{0,300}?\w)(\s*:\s*)(?![:=])", _range_loop),
    _swaps(
        rb"=(?<![=<>!+*/|&-]=)(?!=)\s*(?:[\w.:-]+|\"[^\"]*\")(?:\(\)|\{\})?"
        rb"(?=\s*(?:\)|,\s*(?:const\s+)?[A-Za-z_]\w*(?:\s*[*&]+\s*\w|\s+\w|\s*\(\^)))",
        _default_argument,
    ),
    _swaps(rb"([;{}]\s*(?:static\s+|const\s+)*)([A-Za-z_]\w*)([\s*]+)(?=\w+(" + _PARENS + rb")\s*;)", _construction),
    _swaps(rb"\s(?:try(?=\s*\{)|catch(?=\s*\()|throw(?=\s))", lambda match: b"@" + match[0][1:]),
    _blanks(rb"\bnew\b(?=\s+[A-Za-z_])|\bdelete(?:\s*\[\])?(?=\s+[\w*(])"),
)
