"""What a glance at the bytes of a source file tells: whether a rule may care for it, and which names it declares."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from ipclint.engine.discover import SOURCES

SUPPRESSION = "ipclint:ignore"
"""Also a word that makes a file matter."""

LATE = frozenset({"addObserver", "canOpenURL", "getpeereid", "LOCAL_PEERCRED", "LOCAL_PEERTOKEN"})
"""Words that many files hold and few runs ask for (`Program.mentioning`): those files are read when one does."""

_DECLARES = rb"(?:class|struct|enum|protocol|extension|actor|func|typealias|let|var)"
_SWIFT = re.compile(
    rb"\n[ \t]{0,8}+(?>(?:(?!" + _DECLARES + rb" )[\w@()]++ )*)(" + _DECLARES + rb") (?>(?:\w+\.)*)(\w+)"
)
_OBJC_TYPE = re.compile(rb"@(?:interface|implementation|protocol)[ \t]++(\w+)")  # a macro may stand before it
_OBJC = re.compile(rb"\n(?:[-+][ \t]*+\([^)\n]*\)[ \t]*+|#[ \t]*+define[ \t]++)(\w+)")
_C = re.compile(rb"\n(?:[A-Za-z_]\w*+[ \t*]++)+(\w+)[ \t]*+[(=]|\n\}[ \t]*+(\w+)[ \t]*+;")
_CXX = re.compile(rb"\n(?>(?:[A-Za-z_][\w:<>,]*+[ \t*&]++)*)(\w++)::(?>(?:\w++::)*)(\w++)\(")
"""A member that is defined outside of its class, which calls name: `Server::start()`."""


_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def may_matter(kind: str, data: bytes, has_word: Callable[[bytes], bool]) -> bool:
    """Whether a file is worth reading: any but a source, a source with one of the words, one that bytes do not tell."""
    return kind not in SOURCES or data.startswith(_UTF16) or has_word(data)


def word_filter(words: Iterable[str]) -> Callable[[bytes], bool]:
    """A function that is true of bytes in which one of `words` stands: as a whole word when it is an identifier, as the
    beginning of one when it ends in `*`, as it is when it is any other text. `a & b` wants both."""
    return _compiled(frozenset(words))


@lru_cache(maxsize=4)
def _compiled(words: frozenset[str]) -> Callable[[bytes], bool]:
    together = [tuple(map(_searcher, map(_alone, word.split(" & ")))) for word in sorted(words) if " & " in word]
    search = _searcher(frozenset(word for word in words if " & " not in word))

    def has_word(data: bytes) -> bool:
        return search(data) is not None or any(all(each(data) is not None for each in parts) for parts in together)

    return has_word


def _alone(word: str) -> frozenset[str]:
    return frozenset({word})


def _searcher(words: frozenset[str]) -> Callable[[bytes], object]:
    """Finds the first of `words` in bytes; gives None when there is none."""
    names = sorted(word.encode() for word in words if word.isidentifier())
    starts = sorted(word[:-1].encode() for word in words if word.endswith("*") and word[:-1].isidentifier())
    texts = sorted({word.encode() for word in words if word} - {*names, *(start + b"*" for start in starts)})
    alternatives = [rb"\b" + factored(names) + rb"\b"] if names else []
    alternatives += [rb"\b" + factored(starts)] if starts else []
    alternatives += [factored(texts)] if texts else []
    if not alternatives:
        return lambda data: None
    return _compile(b"|".join(alternatives)).search


def calls_in(words: Iterable[str]) -> Callable[[bytes], set[bytes]]:
    """A function that tells which of the identifiers `words` bytes seem to call."""
    names = factored(sorted(word.encode() for word in words))
    search = _compile(rb"(\bfunc +)?\b(" + names + rb")(?:\(| ?\{|:|\])").findall
    return lambda data: {name for declared, name in search(data) if not declared}


def _compile(pattern: bytes) -> Any:  # re2 has no types
    try:
        import re2  # an optional wheel, many times as fast
    except ImportError:
        return re.compile(pattern)
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(pattern, options)


def factored(words: Iterable[bytes]) -> bytes:
    """A regular expression for any of `words`, common beginnings written once: `re` tries alternatives one by one, so
    this is three times as fast as a plain alternation."""
    tree: _Tree = {}
    for word in words:
        node = tree
        for byte in word:
            node = node.setdefault(byte, {})
        node[_END] = {}
    return _factored(tree)


_Tree = dict[int, "_Tree"]
_END = -1


def _factored(node: _Tree) -> bytes:
    alternatives = [re.escape(bytes([byte])) + _factored(below) for byte, below in node.items() if byte != _END]
    if _END in node:
        alternatives.append(b"")  # last: a longer word is tried first
    return alternatives[0] if len(alternatives) == 1 else b"(?:" + b"|".join(alternatives) + b")"


def declared_names(kind: str, data: bytes) -> frozenset[str]:
    """The names that a source file may declare, at a glance: types, functions (the first part of a selector), macros,
    constants and properties. Too many rather than too few. The name of an extended type begins with `+`; a word of
    `LATE` that stands in the file, with `@`."""
    data = b"\n" + data
    if kind == "swift":
        found = _SWIFT.findall(data)
        names: set[bytes] = {b"+" + name if keyword == b"extension" else name for keyword, name in found}
    else:
        pairs = (*_C.findall(data), *_CXX.findall(data))
        names = {*_OBJC_TYPE.findall(data), *_OBJC.findall(data), *(name for pair in pairs for name in pair)}
    late = {f"@{word}" for word in LATE if word.encode() in data}
    return frozenset(name.decode("utf-8", "replace") for name in names if name) | late
