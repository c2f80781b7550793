"""Scopes of C++: namespaces and classes lose head and braces, so that their members read as C at file level."""

from __future__ import annotations

import re
from typing import NamedTuple

from ipclint.readers.objc_directives import BLANKS

HIDDEN = re.compile(
    rb"""/(?:/[^\n]*|\*(?s:.*?)(?:\*/|\Z))|R"[^\s()\\"]{0,16}\(|"[^"\\\n]*(?:\\(?s:.)[^"\\\n]*)*"?"""
    rb"""|'(?:[^'\\\n]|\\[^\n]{1,9}){1,9}'"""
)


MAX_UNCLOSED = 100
"""After so many raw strings that nothing closes, no more ends are looked for."""


class Scope(NamedTuple):
    """A namespace, class or struct whose head and braces are blanked. `kind` is "namespace", "class" or "struct"."""

    kind: str
    name: str
    bases: str  # as written, without the colon
    start: int  # of the head
    body: int  # after `{`
    end: int  # after `}`


def hide(data: bytes) -> tuple[bytes, list[tuple[int, int]]]:
    """The code with comments blank and texts emptied, and where those were; a raw string becomes a plain one."""
    out = bytearray(data)
    hidden: list[tuple[int, int]] = []
    done = unclosed = 0
    for match in HIDDEN.finditer(data):
        start, end = match.span()
        if start < done:
            continue
        if data[start] == ord("R"):
            closing = data.find(b")" + data[start + 2 : end - 1] + b'"', end) if unclosed < MAX_UNCLOSED else -1
            done = data.find(b'"', closing) + 1 if closing >= 0 else end
            unclosed += closing < 0
            out[start:done] = b'"' + b" " * (done - start - 2) + b'"'
            continue
        hidden.append((start, end))
        if data[start] == ord("/"):
            out[start:end] = data[start:end].translate(BLANKS)
        else:
            out[start + 1 : end - 1] = b" " * (end - start - 2)
    return bytes(out), hidden


# One set of bytes first, as in `mask`: `re` skips the rest fast.
BRACE = re.compile(
    rb"""[{}censiu](?: (?<=[{}]) | (?<![\w@].) (?:
      (?P<namespace> (?:(?<=n)|(?<=i)nline\s+n)amespace\b[\w:\s]{0,200}(?=\{) )
    | (?P<linkage> (?<=e)xtern\s{0,20}"[^"\n]{0,20}"\s{0,20}(?=\{) )
    | (?P<class> (?:(?<=c)lass|(?<=s)truct|(?<=u)nion)\s+(?:\[\[[^\]\n]{0,99}\]\]\s*|\w{1,60}\(\w{0,60}\)\s*){0,4}
        (?P<name>[\w:]{1,200})\s*(?:<[^;{}()]{0,200}>\s*)?(?:final\s*)?
        (?::(?!:)(?P<bases>[^;{}()=]{0,600}))?(?=\{) ) ))""",
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


def find_scopes(code: bytes) -> list[Scope]:
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


def flatten(code: bytes) -> bytes:
    out = bytearray(code)
    budget = MAX_NESTING * len(code)
    for scope in find_scopes(code):
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
