"""From a rule to its checks: which functions look at which kinds of unit, and which words make them look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ipclint.checks import detectors
from ipclint.checks.look import Check
from ipclint.checks.match_syntax import Match, named, parse_match
from ipclint.checks.rule import Rule
from ipclint.program.vocabulary import Vocabulary


class UnknownApi(ValueError):
    """A rule names an API that no model describes."""


def checks_of(rule: Rule, vocabulary: Vocabulary) -> Iterator[Check]:
    """The checks of a rule. Raises UnknownDetector, UnknownApi, MatchError, FlowError."""
    if rule.detector:
        for found in detectors.find(rule.detector):
            triggers, texts = ((), ()) if found.everywhere else (rule.triggers, rule.texts)
            yield Check(rule, found.on, found.detect, frozenset(triggers), texts)
    if rule.match:
        yield from _match_checks(rule, tuple(map(parse_match, rule.match)), vocabulary)
    if rule.flow is not None:
        from ipclint.checks import trace  # loads the flow engine

        words, signatures = trace.words_of(vocabulary)
        detect = trace.on_flows(trace.parse_flow(rule, vocabulary))
        words |= frozenset(rule.triggers)
        yield Check(rule, "function", detect, words, rule.texts, signatures)
        yield Check(rule, "variable", detect, words, rule.texts)  # `lazy var listener = { … exportedObject = … }()`


def _match_checks(rule: Rule, tables: tuple[Match, ...], vocabulary: Vocabulary) -> Iterator[Check]:
    from ipclint.checks import match  # loads the linker and all that data rules can ask for

    if uses := tuple(table for table in tables if table.uses.apis):
        _check_names(rule, uses, vocabulary)
        words = frozenset(rule.triggers) or _words(uses, vocabulary)
        detect = match.on_uses(uses)
        for kind in ("function", "variable", "macro"):
            yield Check(rule, kind, detect, words, rule.texts)
    if functions := tuple(table for table in tables if table.function):
        names = {name.partition("(")[0] for table in functions for name in table.function}
        plain = not any(set(name) & set("*?[") for name in names)
        yield Check(rule, "function", match.on_functions(functions), frozenset(names if plain else ()))
    if types := tuple(table for table in tables if table.adopts):
        names = frozenset(name for table in types for name in table.adopts)
        yield Check(rule, "type", match.on_types(types), names)
    if keys := tuple(table for table in tables if table.key):
        names = frozenset(name for table in keys for name in table.key)
        yield Check(rule, "plist", match.on_plists(keys), names)


def _check_names(rule: Rule, tables: Iterable[Match], vocabulary: Vocabulary) -> None:
    """Raises UnknownApi for a name that no model describes."""
    kinds = {flow.kind for api in vocabulary.apis.values() for flow in api.source}
    for table in tables:
        for name in _mentioned(table):
            if not _expand(name, vocabulary) and not any(named(kind, (name,)) for kind in kinds):
                from difflib import get_close_matches  # only a mistake needs it

                near = get_close_matches(name, vocabulary.apis, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise UnknownApi(f'{rule.id}: no model describes an API called "{name}"{hint}')


def _words(tables: Iterable[Match], vocabulary: Vocabulary) -> frozenset[str]:
    """The words that code names when it uses what the tables look for."""
    apis = {api for table in tables for name in table.uses.apis for api in _expand(name, vocabulary)}
    return frozenset(word for api in apis for word in vocabulary.words(api))


def _mentioned(table: Match) -> Iterator[str]:
    """Every name of an API in a table, and every kind of source."""
    yield from table.uses.apis
    for conditions in (table.conditions, *table.context.values(), *(each.conditions for each in table.unless)):
        for test in conditions.tests.values():
            yield from test.from_
        if conditions.inside:
            yield from conditions.inside.closure_of
    yield from (name for unless in table.unless for name in unless.uses.apis)


def _expand(name: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    if name.endswith(".*"):
        return tuple(api for api in vocabulary.apis if api.startswith(name[:-1]))
    return (name,) if name in vocabulary.apis else ()
