"""Which words make a source file worth reading: what the rules look for, as distinctive as it can be had."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from ipclint.checks.plan import checks_of
from ipclint.checks.rule import Rule
from ipclint.checks.rulebook import Rulebook
from ipclint.program.vocabulary import Spelling, Vocabulary

_HUMP = re.compile(r"[a-z][A-Z]|_")


def trigger_words(book: Rulebook) -> frozenset[str]:
    """The words and texts of which a source file holds one if any rule can have something to say of it.

    A word that half of all files hold (`url`, `open`, `data`) counts because some type has a member of that name: then
    the names of those types, and of what gives one, stand for it.
    """
    vocabulary = book.vocabulary
    factories = _factories(vocabulary)
    found: set[str] = set()
    for rule in book:
        for check in checks_of(rule, vocabulary):
            if check.on not in ("plist", "project"):
                words = (word for word in check.words for word in _distinctive(word, rule, vocabulary, factories))
                found.update(words, check.texts)
    return frozenset(found)


def _distinctive(word: str, rule: Rule, vocabulary: Vocabulary, factories: dict[str, set[str]]) -> Iterator[str]:
    word = word.partition(":")[0]
    spellings = [spelling for spelling in vocabulary.by_word.get(word, ()) if _is_meant(spelling, rule)]
    if _HUMP.search(word) or not spellings or not all(map(_has_type, spellings)):
        yield word
        return
    for spelling in spellings:
        receiver = spelling.receiver.rpartition(".")[2]
        yield receiver
        yield from factories[receiver]


def _is_meant(spelling: Spelling, rule: Rule) -> bool:
    """Whether a rule can mean this API by a word: one where hostile data enters, or one of its own family."""
    entry = rule.flow is not None and bool(spelling.api.source)
    return entry or spelling.api.name.startswith(f"{rule.family}.")


def _has_type(spelling: Spelling) -> bool:
    """Whether a spelling is a member of a named type that code must have got from somewhere."""
    return (
        spelling.kind in ("method", "property") and spelling.receiver not in ("", "*") and not spelling.api.distinctive
    )


def _factories(vocabulary: Vocabulary) -> dict[str, set[str]]:
    """Type → the names of what returns one, so that code may hold it without naming it."""
    factories: dict[str, set[str]] = defaultdict(set)
    for api in vocabulary.apis.values():
        if api.returns:
            factories[api.returns].update(vocabulary.words(api.name))
    return factories
