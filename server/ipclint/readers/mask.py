"""Blanks or respells, byte for byte, what the Objective-C grammar cannot read: directives, attribute macros, C++.

The masked bytes are only parsed: texts and names are always taken from the original bytes at the same offsets. All
preprocessor lines go, so that a `#if` in the middle of a statement breaks nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ipclint.readers.conditionals import Directive
from ipclint.readers.mask_words import (
    C_NAMES,
    DECORATION,
    ENUMERATION,
    KEYWORD_BEFORE,
    LOOP,
    NEVER_CALLED,
    OBJECTIVE_C,
    REACT_METHOD,
    TELLING,
    TOKEN,
    WORD_ALONE,
)
from ipclint.readers.objc_cxx import may_be_cxx, respell, scopes
from ipclint.readers.objc_cxx_scopes import Scope
from ipclint.readers.objc_directives import BLANKS, LINE, Line, conditional, drop_branches

MAX_ARGUMENTS = 4000
"""Bytes within which the closing parenthesis of a macro must stand."""

MAX_UNCLOSED = 100
"""After so many macros without closing parenthesis the file is taken as broken: no more arguments are looked for."""

WINDOW = 600
"""Bytes around a macro that are looked at to tell what it is."""

# What follows on its line a macro that decorates a declaration: `FOO_API static …`, `FOO_API Type name`.
DECLARATION_AFTER = re.compile(
    rb"""[ \t]+(?: @(?:interface|protocol|implementation|class|property)\b
      | (?:static|extern|inline|void|struct|enum|unsigned|typedef)\b
      | (?:const[ \t]+)?(?!const\b)[A-Za-z_][\w:]*(?:<[\w:, *<>]*>)?(?:[ \t]*[*&]+[ \t]*|[ \t]+)
        (?!const\b)[A-Za-z_][\w:]*[ \t]*[\w;=(\[] )""",
    re.X,
)
BEFORE_ON_LINE = re.compile(rb'[ \t]*(?:(?:extern|static|typedef|"C")[ \t]+)*\Z')
METHOD_HEAD = re.compile(rb"(?:\A|\n)[ \t]*[-+][ \t]*\(")
FUNCTION_HEAD = re.compile(rb"(?:\A|\n)[A-Za-z_][\w \t*]*[\s*]\w+[ \t]*\(")
FUNCTION_NAME = re.compile(rb"[ \t]*(?![A-Z0-9]*_)\w+[ \t]*\(")
ARGUMENT = re.compile(rb"""[()]|"[^"\\\n]*(?:\\.[^"\\\n]*)*"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'""")
ALONE = re.compile(rb"((?:[ \t]*;)?)[ \t]*(?://[^\n]*|/\*[^\n]*\*/[ \t]*)?\r?(?:\n|\Z)")
ENUMERATION_ARGUMENTS = re.compile(rb"[ \t]*\(\s*[^(),]*(?:,\s*([A-Za-z_]\w*)\s*)?\)")
TYPEDEF_BEFORE = re.compile(rb"\btypedef\s+\Z")
TYPE_ARGUMENT = re.compile(
    rb"(?<=\w)[ \t]*(\*+)[ \t]*(?=[,)])|(?<=[(, ])((?:struct|enum|union)[ \t])(?=[ \t]*\w+[ \t*]*[,)])"
)
FIRST_AFTER = re.compile(rb"\s*(.)", re.S)
PIECE_BETWEEN = re.compile(rb"\s*@?([A-Za-z_]\w*)\s*@?\Z")
PIECE_AFTER = re.compile(rb"\s*@?([A-Z_][A-Z0-9_a-z]+)[ \t]*[],)}]")

AFTER_TEXT = frozenset((b")", b"]", b",", b";", b""))
OPERATORS_BEFORE = frozenset(b"=|&<+-/?[!~^%.")
OPERATORS_AFTER = frozenset(b",=:|&)+-/?<>.]}%")


def mask(data: bytes) -> bytes:
    """As many bytes as `data`, with everything blanked or respelled that would break the parse; see the module."""
    return respell(mask_macros(data))


@lru_cache(maxsize=1)  # a file is masked to be parsed, and once more for its C++ scopes
def mask_macros(data: bytes) -> bytes:
    """As `mask`, but for C++."""
    masking = _Masking(data)
    masking.run()
    drop_branches(masking.out, masking.directives)
    masked = bytes(masking.out)
    if OBJECTIVE_C.search(data):
        return masked
    return C_NAMES.sub(lambda name: name[0][:1] + b"_" * (len(name[0]) - 1), masked)


def cxx_scopes(data: bytes) -> tuple[Scope, ...]:
    """The C++ namespaces and classes whose head and braces `mask` takes away, in source order."""
    return scopes(mask_macros(data)) if may_be_cxx(data) else ()


class _Masking:
    """One pass over `data`: `out` is what becomes of it, `directives` the preprocessor lines met on the way."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.out = bytearray(data)
        self.directives: list[Directive] = []
        self.done = 0  # nothing before this byte is looked at again: the arguments of a masked macro
        self.unclosed = 0
        self.text_end = 0  # where the last string literal ended
        self.comments = (0, 0)  # the last run of comments with nothing but white space between them

    def run(self) -> None:
        for match in TOKEN.finditer(self.data):
            kind = match.lastgroup
            start, end = match.span()
            if kind is None or kind == "char" or start < self.done:
                continue
            if kind == "comment":
                run = self.comments
                joined = start - run[1] < WINDOW and not self.data[run[1] : start].strip()
                self.comments = (run[0] if joined else start, end)
            elif kind == "string":
                self.string(start, end)
            elif kind == "macro":
                self.macro(match[0], start, end)
            elif kind == "under":
                self.underscored(match[0], start, end)
            elif kind == "directive":
                self.directive(start, end)
            elif kind == "declared":
                self.declared(start)
            elif kind == "header":
                self.blank(end - 1, end)  # `@interface Foo ();`
            else:
                self.out[start:end] = b"@selector"  # `@protocol(X)`: as long, and the grammar reads it

    def blank(self, start: int, end: int) -> None:
        self.out[start:end] = self.data[start:end].translate(BLANKS)

    def blank_with_arguments(self, start: int, end: int) -> None:
        self.done = self.closing(end)
        self.blank(start, self.done)

    def declared(self, start: int) -> None:
        """`FooDefinitionAttribute @interface Foo`: what stands in front is a macro, whatever it is called."""
        line = self.data.rfind(b"\n", 0, start) + 1
        if WORD_ALONE.fullmatch(self.data[line:start]):
            self.blank(line, start)

    def directive(self, start: int, end: int) -> None:
        if not self.data[self.data.rfind(b"\n", 0, start) + 1 : start].strip():
            self.blank(start, end)
            match = LINE.match(self.data, start)
            if match and (directive := conditional(self.data, Line(match[1], start, end, match.start(2)))):
                self.directives.append(directive)

    def string(self, start: int, end: int) -> None:
        """Makes one literal of `"a" MACRO "b"` and of `"a" MACRO`: the grammar loses its way in a message otherwise."""
        data = self.data
        if self.text_end > 0 and 0 < start - self.text_end < 100 and PIECE_BETWEEN.match(data, self.text_end, start):
            self.out[self.text_end - 1 : start + 1] = b" " * (start - self.text_end + 2)
        self.text_end = end
        if data[end : end + 1] in AFTER_TEXT:
            return
        after = PIECE_AFTER.match(data, end, end + WINDOW)
        if after and data[end - 1] == ord('"'):
            self.out[end - 1 : after.end(1)] = b" " * (after.end(1) - end) + b'"'

    def underscored(self, word: bytes, start: int, end: int) -> None:
        """`__attribute__((x))`, `_Nullable`, `_Atomic(T)`."""
        if word == b"_Atomic":
            closing = self.closing(end)
            self.blank(start, end + 1)
            self.blank(closing - 1, closing)
        elif NEVER_CALLED.fullmatch(word):
            self.blank(start, end)
        else:
            self.blank_with_arguments(start, end)

    def macro(self, word: bytes, start: int, end: int) -> None:
        """A word in capitals: decoration, an enumeration, a statement without semicolon, or what C can read."""
        if DECORATION.fullmatch(word):
            self.decoration(word, start, end)
        elif ENUMERATION.fullmatch(word):
            self.enumeration(word, start, end)
        elif REACT_METHOD.fullmatch(word):
            self.react_method(word, start, end)
        else:
            self.unknown(word, start, end)

    def enumeration(self, word: bytes, start: int, end: int) -> None:
        """`typedef NS_ENUM(NSInteger, Name) {` becomes `enum Name {`."""
        arguments = ENUMERATION_ARGUMENTS.match(self.data, end)
        if arguments is None or not (arguments[1] or word.startswith((b"NS_", b"CF_"))):
            return
        typedef = TYPEDEF_BEFORE.search(self.data, max(0, start - 40), start)
        self.blank(typedef.start() if typedef else start, arguments.end())
        self.out[start : start + 4] = b"enum"
        if arguments[1]:
            self.out[arguments.start(1) : arguments.end(1)] = arguments[1]
        self.done = arguments.end()

    def react_method(self, word: bytes, start: int, end: int) -> None:
        """`RCT_EXPORT_METHOD(save:(id)x)` becomes `- (void) save:(id)x`; REMAP has another name before a comma."""
        closing = self.closing(end)
        if closing == end:
            return
        comma = self.data.find(b",", end, closing) if b"REMAP" in word else -1
        self.blank(start, max(end, comma) + 1)
        self.out[start : start + 8] = b"- (void)"
        self.blank(closing - 1, closing)
        self.done = closing

    def decoration(self, word: bytes, start: int, end: int) -> None:
        self.done = end if NEVER_CALLED.fullmatch(word) else self.closing(end)
        self.blank(start, self.done)

    def unknown(self, word: bytes, start: int, end: int) -> None:
        """A macro whose name is the project's own: what it can be follows from what stands before and after it."""
        data = self.data
        closing = self.closing(end)
        before = self.code_before(start)
        following = FIRST_AFTER.match(data, closing)
        after = data[following.start(1) : following.start(1) + WINDOW] if following else b""
        if after[:1] in (b"+", b"-") and METHOD_HEAD.match(after):
            after = b"@"  # the next method, not an operator
        if _is_operand(before, after):
            self.drop_types(end, closing)
            return
        line = data.rfind(b"\n", 0, start) + 1
        alone = ALONE.match(data, closing)
        if TELLING.fullmatch(word):
            if closing > end and FUNCTION_NAME.match(data, closing):
                self.blank(start, data.index(b"(", end) + 1)  # `FOO_PUBLIC(char *) name(…)`: the type stays
                self.blank(closing - 1, closing)
            else:
                self.decoration(word, start, end)
        elif line == start and closing > end and after[:1] == b"{" and before[-1:] in (b"", b";", b"}"):
            self.out[start : start + 2] = b"T "  # `TEST_F(Suite, name) {`: C wants a type before a name
        elif BEFORE_ON_LINE.match(data, line, start) and DECLARATION_AFTER.match(data, end):
            self.blank(start, end)
        elif _ends_a_head(before, after) or (alone and line == start):
            self.blank(start, alone.end(1) if alone and line == start else closing)
            self.done = closing
            if after[:1] == b"@" and METHOD_HEAD.search(before, _statement(before)):
                self.out[start : start + 2] = b"{}"  # `- (id)init FOO_UNAVAILABLE(…)` stands for a body
        elif not data[line:start].strip():
            self.statement(word, start, closing, after, alone is not None and not alone[1])

    def code_before(self, start: int) -> bytes:
        """Up to WINDOW bytes before `start`, without the comments and white space right before it."""
        if self.comments[1] and not self.data[self.comments[1] : start].strip():
            start = self.comments[0]
        return self.data[max(0, start - WINDOW) : start].rstrip()

    def drop_types(self, start: int, end: int) -> None:
        """A macro may take types, `ALLOC(struct item *, 3)`; a call may not."""
        for match in TYPE_ARGUMENT.finditer(self.data, start, end):
            self.blank(*match.span(1 if match[1] else 2))

    def statement(self, word: bytes, start: int, closing: int, after: bytes, unfinished: bool) -> None:
        """A macro that fills its line and has no semicolon; one that begins a loop becomes `while (…)`."""
        end = start + len(word)
        self.drop_types(end, closing)
        if LOOP.fullmatch(word) and closing > end and after[:1] != b";":
            self.blank(start, end)
            self.out[start : start + 5] = b"while"
        elif unfinished and (after[:1].isalnum() or after[:1] in (b"[", b"@", b"_", b"}")):
            self.out[closing : closing + 1] = b";"

    def closing(self, end: int) -> int:
        """The byte after the `)` of the arguments that begin at or after byte `end`; `end` when there are none."""
        data = self.data
        limit = min(len(data), end + MAX_ARGUMENTS)
        at = end
        while at < limit and data[at] in b" \t":
            at += 1
        if at == limit or data[at] != ord("(") or self.unclosed > MAX_UNCLOSED:
            return end
        depth = 0
        for match in ARGUMENT.finditer(data, at, limit):
            if match[0] == b"(":
                depth += 1
            elif match[0] == b")":
                depth -= 1
                if not depth:
                    return match.end()
        self.unclosed += 1
        return end


def _is_operand(before: bytes, after: bytes) -> bool:
    """Whether a name between these bytes is a value in an expression, a list or an enumeration."""
    previous = before[-1:]
    if previous and previous[0] in OPERATORS_BEFORE:
        return True
    follows = after[:1]
    if follows == b"}" and previous in (b";", b"}"):
        return False
    if KEYWORD_BEFORE.search(before, max(0, len(before) - 8)):
        return True
    if follows == b";" or (follows and follows[0] in OPERATORS_AFTER):
        return not (previous.isalnum() or previous == b"_" or (previous == b")" and follows == b";"))
    return False


def _statement(before: bytes) -> int:
    """Where the unfinished statement or declaration at the end of `before` begins."""
    return max(before.rfind(b";"), before.rfind(b"{"), before.rfind(b"}")) + 1


def _ends_a_head(before: bytes, after: bytes) -> bool:
    """Whether a macro between these bytes ends the head of a method or function."""
    if after[:1] == b"{" and before.endswith(b")"):
        return True
    if after[:1] not in (b"{", b";", b"@"):
        return False
    head = _statement(before)
    if METHOD_HEAD.search(before, head):
        return True
    return after[:1] == b";" and before.endswith(b")") and FUNCTION_HEAD.search(before, head) is not None
