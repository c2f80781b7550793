"""Which words make a source file worth reading: what the rules look for, as distinctive as it can be had."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatchcase

from ipclint.checks.match_syntax import parse_match
from ipclint.checks.rule import Rule
from ipclint.checks.rulebook import Rulebook
from ipclint.program.openings import WORDS
from ipclint.program.vocabulary import Spelling, Vocabulary

SURFACE = frozenset(
    {"NSXPC*", "xpc_*", "XPCListener", "XPCSession", "SMAppService", "NSKeyedUnarchiver", "NSKeyedArchiver"}
    | {"exportedObject", "setExportedObject", "exportedInterface", "setInterface", "setClasses"}
    | WORDS
)
"""Words by which the program finds what belongs together (`Program.mentioning`), whatever the rules are."""

_HUMP = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]{2}|_|\W")
"""What tells the name of an API from a word of all code."""


def trigger_words(book: Rulebook) -> frozenset[str]:
    """The words and texts of which a source file holds one if any rule can have something to say of it. A word that
    ends in `*` is a beginning.

    A rule says which (`files`), or else its triggers do. A trigger that half of all files hold (`url`, `open`, `data`)
    is one because some type has a member of that name: then the names of those types, and of what gives one, stand for
    it. One that means no API by itself (`value`, `current`) counts only in a rule that has no better one.
    """
    factories = _factories(book.vocabulary)
    found = set(SURFACE)
    for look in book.looks:
        rule = book.get(look.rule)
        if rule is None or look.on in ("plist", "project"):
            continue
        if rule.files:
            found.update(rule.files)
        else:
            words = {better for word in look.words for better in _better(word, rule, book.vocabulary, factories)}
            found.update(words or look.words, look.texts)
    return frozenset(found)


def _better(trigger: str, rule: Rule, vocabulary: Vocabulary, factories: dict[str, set[str]]) -> Iterator[str]:
    """What stands for a trigger in the bytes of a file; nothing when it is a word of all code."""
    word = trigger.partition(":")[0]
    meant = [spelling for spelling in vocabulary.by_word.get(word, ()) if _is_meant(spelling, rule)]
    hump = _HUMP.search(word) is not None
    if any(spelling.receiver in ("", "*") or spelling.api.distinctive for spelling in meant):
        yield word
    elif meant and (not hump or rule.flow is not None):
        for receiver in {spelling.receiver.rpartition(".")[2] for spelling in meant}:
            yield receiver
            yield from factories[receiver]
    elif hump:
        yield word


def _is_meant(spelling: Spelling, rule: Rule) -> bool:
    """Whether a rule means this API by a word: where hostile data enters, what a match names, or its own family's."""
    if rule.flow is not None:
        return bool(spelling.api.source)
    if rule.match:
        named = (name for table in map(parse_match, rule.match) for name in table.uses.apis)
        return any(fnmatchcase(spelling.api.name, name) for name in named)
    return spelling.api.name.startswith(f"{rule.family}.")


def _factories(vocabulary: Vocabulary) -> dict[str, set[str]]:
    """Type → the names of what returns one, so that code may hold it without naming it."""
    factories: dict[str, set[str]] = defaultdict(set)
    for api in vocabulary.apis.values():
        if api.returns:
            factories[api.returns].update(vocabulary.words(api.name))
    return factories
