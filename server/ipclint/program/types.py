"""Type texts: `NSXPCConnection?`, `any P`, `[Foo]`, `NSArray<Foo *> *` reduced to the names that linking asks for."""

from __future__ import annotations

import re
from functools import lru_cache

_NOISE = re.compile(
    r"/\*.*?\*/|//[^\n]*|"
    r"\b(?:inout|borrowing|consuming|any|some|const|volatile|struct|enum|unsigned|static|extern|register|weak|unowned|"
    r"nullable|nonnull|_Nullable|_Nonnull|_Null_unspecified|__nullable|__nonnull|__strong|__weak|__block|"
    r"__unsafe_unretained|__autoreleasing|__kindof|IBOutlet|oneway|in|out|bycopy|byref)\b|@\w+(?:\([^()]*\))?"
)
_QUALIFIED_ID = re.compile(r"(?:id|Class)\s*<\s*([\w.]+)")
_IDENTIFIER = re.compile(r"[^\W\d][\w.]*")
_ARRAY = re.compile(
    r"^\[\s*([^:\[\]]+)\s*\]$|^(?:Array|Set|ArraySlice|NSArray|NSMutableArray|NSSet)\s*<\s*([\w. ]+?)[ *?]*>"
)
_FUNCTION = re.compile(r"^(?:@\w+\s+)*\(([^()]+)\)\s*(?:async\s*)?(?:throws\s*)?->")


@lru_cache(maxsize=8192)
def base_type(text: str) -> str:
    """The name that counts for look-ups: `Foo` of `inout Foo?`, `__kindof Foo *`, `Foo<Bar>`, `any Foo`, `id<Foo>`.

    Arrays read "Array" or their class, dictionaries "Dictionary", functions and tuples "", metatypes keep ".Type".
    A module prefix (`Foundation.Data`) is dropped for lower-risk matching only when the rest is a single name.
    """
    qualified = _QUALIFIED_ID.search(text)
    if qualified:
        return qualified.group(1)
    text = _NOISE.sub(" ", text).strip().rstrip("?!* ")
    if not text:
        return ""
    if text.startswith("["):
        return "Dictionary" if _has_top_level_colon(text) else "Array"
    if text.startswith("(") or "->" in text or "^" in text:
        inner = (
            text[1:-1] if text.startswith("(") and text.endswith(")") and "->" not in text and "," not in text else ""
        )
        return base_type(inner) if inner else ""
    found = _IDENTIFIER.match(text)
    return found.group(0) if found else ""


def element_type(text: str) -> str:
    """The element of `[Foo]`, `Array<Foo>`, `Set<Foo>`, `NSArray<Foo *> *`; "" when unknown."""
    found = _ARRAY.match(_NOISE.sub(" ", text).strip().rstrip("?!* "))
    return base_type(found.group(1) or found.group(2)) if found else ""


def type_names(text: str) -> tuple[str, ...]:
    """Every type name in a type's text, outermost first: what may cross a boundary inside `[String: [Foo]]?`."""
    return tuple(name for name in _IDENTIFIER.findall(_NOISE.sub(" ", text)) if name not in ("id", "Class", "void"))


def is_optional(text: str) -> bool:
    """Whether a Swift type's text is optional."""
    return text.rstrip().endswith(("?", "!")) or text.startswith("Optional<")


def _has_top_level_colon(text: str) -> bool:
    depth = 0
    for character in text:
        depth += character in "[(<"
        depth -= character in "])>"
        if character == ":" and depth == 1:
            return True
    return False


def parameter_types(text: str) -> tuple[str, ...]:
    """The types of the parameters of a Swift function type: `(message: XPCReceivedMessage) -> Void`. () for another."""
    found = _FUNCTION.match(text.strip())
    parts = found[1].split(",") if found else ()
    return tuple(part.rpartition(":")[2].strip() for part in parts)
