"""Completion: of rule names in suppression comments and in ipclint.toml, and there of settings and their values."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsprotocol import types

from ipclint.checks.rule import Rule
from ipclint.checks.rulebook import Rulebook
from ipclint.lsp.configuring import Setting, begun_at, is_configuration, value_at
from ipclint.lsp.convert import Positions
from ipclint.model.source import LineIndex, Span

TRIGGERS = (" ", ",", "/", '"')

_SUPPRESSION = re.compile(rb"ipclint:ignore(?:-file)?[ \t]+(?:[\w/.-]+[ \t,]+)*(?P<word>[\w/.]*(?:-[\w/.]+)*-?)$")
_QUOTED = re.compile(rb'(?:^|[\[=,{ \t])"(?P<word>[\w/.-]*)$')


def named_before(path: str, lines: LineIndex, offset: int) -> Span | None:
    """The beginning of a rule's name before an offset; empty at a place where one may begin; None elsewhere."""
    start = lines.starts[lines.position(offset)[0]]
    pattern = _QUOTED if is_configuration(path) else _SUPPRESSION
    found = pattern.search(lines.data[start:offset])
    return None if found is None or b"--" in found[0] else Span(start + found.start("word"), offset)


def _items(rule: Rule, word: types.Range, markdown: bool) -> Iterator[types.CompletionItem]:
    kind = types.MarkupKind.Markdown if markdown else types.MarkupKind.PlainText
    for name in (rule.id, *rule.aliases):
        yield types.CompletionItem(
            label=name,
            kind=types.CompletionItemKind.Value,
            detail=rule.title if name == rule.id else f"{rule.id}: {rule.title}",
            documentation=types.MarkupContent(kind, rule.why.strip()) if rule.why.strip() else None,
            filter_text=name,
            text_edit=types.TextEdit(word, rule.id),
        )


def _setting(setting: Setting, word: types.Range, markdown: bool) -> types.CompletionItem:
    kind = types.MarkupKind.Markdown if markdown else types.MarkupKind.PlainText
    return types.CompletionItem(
        label=setting.name,
        kind=types.CompletionItemKind.Property,
        detail=f"{setting.default} by default" if setting.default else None,
        documentation=types.MarkupContent(kind, setting.about),
        text_edit=types.TextEdit(word, f"{setting.name} = "),
    )


def _value(value: str, place: types.Range) -> types.CompletionItem:
    kind = types.CompletionItemKind.Value
    return types.CompletionItem(value.strip('"'), kind=kind, filter_text=value, text_edit=types.TextEdit(place, value))


def completion(
    path: str, lines: LineIndex, position: types.Position, positions: Positions, rulebook: Rulebook, markdown: bool
) -> list[types.CompletionItem]:
    """Every rule, by its id and by its aliases, where one can be named; either way its id is what is written."""
    offset = positions.offset(lines, position)
    if is_configuration(path):
        if (begun := begun_at(lines, offset)) is not None:
            settings, word = begun
            return [_setting(each, positions.range(lines, word), markdown) for each in settings]
        if (value := value_at(lines, offset)) is not None:
            values, word = value
            quoted = lines.data[word.start : word.start + 1] == b'"' == lines.data[word.end : word.end + 1]
            place = positions.range(lines, Span(word.start, word.end + quoted))
            return [_value(each, place) for each in values]
    word = named_before(path, lines, offset)
    if word is None:
        return []
    place = positions.range(lines, word)
    return [item for rule in rulebook for item in _items(rule, place, markdown)]
