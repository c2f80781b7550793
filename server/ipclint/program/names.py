"""Swift names of Objective-C selectors and back, by the importer's rules.

A Swift method `fetch(item:withReply:)` is called `fetchWithItem:withReply:` from Objective-C. In the other direction
the importer prunes words, so several Swift spellings may stand for one selector: look-ups go from a Swift spelling to
the selectors that it can stand for. Source: Swift evolution SE-0005 and `@objc` mangling in the Swift book.
"""

from __future__ import annotations

from functools import lru_cache

PREPOSITIONS = (
    "with",
    "for",
    "from",
    "to",
    "at",
    "in",
    "of",
    "by",
    "on",
    "as",
    "using",
    "into",
    "and",
    "via",
    "after",
    "before",
)


@lru_cache(maxsize=4096)
def selectors(name: str, labels: tuple[str, ...]) -> tuple[str, ...]:
    """The selectors that a Swift method or call may stand for, the exported spelling first.

    >>> selectors("listener", ("", "shouldAcceptNewConnection"))
    ('listener:shouldAcceptNewConnection:',)
    >>> selectors("init", ("coder",))
    ('initWithCoder:', 'initCoder:')
    >>> selectors("run", ("path", "arguments"))[0]
    'runWithPath:arguments:'
    """
    if name == ".init":
        name = "init"
    if not labels:
        return (name,)
    first, *rest = ("" if label == "{" else label for label in labels)
    tail = "".join(f"{label}:" for label in rest)
    if not first:
        return (f"{name}:{tail}",)
    capital = first[0].upper() + first[1:]
    spellings = [f"{name}With{capital}:{tail}", f"{name}{capital}:{tail}"]
    if first.lower().startswith(PREPOSITIONS):
        spellings.reverse()
    return tuple(spellings)


@lru_cache(maxsize=4096)
def swift_base_names(selector: str) -> tuple[str, ...]:
    """The base names by which Swift may call a selector: its first part, and what the importer may leave of it.

    >>> swift_base_names("runWithPath:")
    ('run', 'runWith', 'runWithPath')
    """
    first = selector.partition(":")[0]
    cuts = [at for at in range(1, len(first)) if first[at].isupper() and not first[at - 1].isupper()]
    return (*(first[:at] for at in cuts), first)


def may_trail(selector: str, name: str, labels: tuple[str, ...]) -> bool:
    """Whether a Swift call with trailing closures ("{" among its labels) may stand for a selector.

    The closure's label is left out in the call, so nothing but its place tells.

    >>> may_trail("run:withReply:", "run", ("", "{")), may_trail("versionWithReply:", "version", ("{",))
    (True, True)
    >>> may_trail("run:with:reply:", "run", ("", "{")), may_trail("versions:", "version", ("{",))
    (False, False)
    """
    parts = selector.split(":")[:-1]
    if len(parts) != len(labels) or "{" not in labels:
        return False
    if any(label not in ("{", part) for label, part in zip(labels[1:], parts[1:], strict=True)):
        return False
    if labels[0] != "{":
        return parts[0] in {spelling.partition(":")[0] for spelling in selectors(name, labels)}
    return parts[0].startswith(name) and not parts[0][len(name) :][:1].islower()


def property_of_setter(selector: str) -> str:
    """`setLaunchPath:` → `launchPath`, `setURL:` → `URL`; "" for another selector."""
    if not (selector.startswith("set") and selector.count(":") == 1 and selector.endswith(":") and len(selector) > 4):
        return ""
    word = selector[3:-1]
    if not word[0].isupper():
        return ""
    return word if word[:2].isupper() else word[0].lower() + word[1:]
