"""API vocabulary: one name for a thing that Swift, Objective-C and C spell in many ways.

`rules/models/*.toml` says once that `NSKeyedUnarchiver.unarchiveObject(with:)` and
`+[NSKeyedUnarchiver unarchiveObjectWithData:]` are `archiving.unarchive-any`. A spelling is

    Type.method(label:_:)      Type.init(label:)      Type.property      function(_:)      function        (Swift, C)
    -[Type selector:]          +[Type selector:]      Type.property                                        (Objective-C)

`*` as Type stands for any receiver; a name without parentheses at file level is a C function of any arity.
An entry with `words` is a class of names instead: what identifiers call a password or a recovery key.

Methods match when the receiver's type is the named type or inherits from it; a receiver of unknown type matches only
where the entry says `distinctive = true` (the name alone tells).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Literal as OneOf

import msgspec

SpellingKind = OneOf["method", "property", "function", "initializer"]


class Flow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A source, sink or validator role. `at` are positions: `ret`, `self`, `arg0`, `arg*`, `arg1.block.0`, `value`,
    and `param0` of a function that the program declares and the system calls."""

    kind: str
    at: tuple[str, ...] = ("arg0",)
    note: str = ""
    when: OneOf["true", "false", "zero"] = "true"  # of a validator: the outcome that makes sure
    tool: str = ""  # of a sink of arguments: the position of the program that they are for
    names: tuple[str, ...] = ()  # of a source that calls back: constants of which the call has to name one


class Api(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of the vocabulary. `spellings` of all languages; see the module's text for their grammar."""

    name: str
    swift: tuple[str, ...] = ()
    objc: tuple[str, ...] = ()
    c: tuple[str, ...] = ()
    returns: str = ""
    distinctive: bool = False
    source: tuple[Flow, ...] = ()
    sink: tuple[Flow, ...] = ()
    validates: tuple[Flow, ...] = ()
    passes: tuple[str, ...] = ()  # "arg0->ret", "self=>ret +path.resolved", "arg0->self": see program.flow_model.Pass
    note: str = ""
    availability: dict[str, str] = {}
    words: tuple[
        str, ...
    ] = ()  # names that such values go by, space-separated words: "recovery key" (see program.secrets)
    hints: tuple[str, ...] = ()  # of a handler that the system calls: what else stands in a file that declares one


class Spelling(msgspec.Struct, frozen=True):
    """A parsed spelling: `receiver` "" for a free function, "*" for any; `labels` None when any arity will do."""

    api: Api
    kind: SpellingKind
    receiver: str
    name: str
    labels: tuple[str, ...] | None
    static: bool = False


class VocabularyError(ValueError):
    """A spelling that does not follow the grammar; the text says which and where."""


_OBJC = re.compile(r"^([-+])\[(\*|\w+) ([\w:]+)\]$")
_CALL = re.compile(r"^(?:(\*|[\w.]+)\.)?(\w+)\(((?:\w+:)*)\)$")
_PROPERTY = re.compile(r"^(\*|[\w.]+)\.(\w+)$")
_BARE = re.compile(r"^\w+$")


def parse_spelling(api: Api, text: str) -> Spelling:
    """Raises VocabularyError."""
    if found := _OBJC.match(text):
        labels = None if ":" in found[3] else ()  # a message without argument is no Swift call with some
        return Spelling(api, "method", found[2], found[3], labels, found[1] == "+")
    if found := _CALL.match(text):
        labels = tuple("" if label == "_" else label for label in found[3].split(":")[:-1])
        if found[2] == "init":
            return Spelling(api, "initializer", found[1] or "", "init", labels)
        return Spelling(api, "method" if found[1] else "function", found[1] or "", found[2], labels)
    if found := _PROPERTY.match(text):
        return Spelling(api, "property", found[1], found[2], ())
    if _BARE.match(text):
        return Spelling(api, "function", "", text, None)
    raise VocabularyError(f"model {api.name!r}: {text!r} is no spelling of an API (see rules/README.md)")


class Vocabulary:
    """Every API by name, and every spelling by the word that code uses."""

    def __init__(self, apis: Iterable[Api]) -> None:
        self.apis: dict[str, Api] = {}
        self.by_word: Mapping[str, list[Spelling]] = defaultdict(list)
        for api in apis:
            if api.name in self.apis:
                raise VocabularyError(f"model {api.name!r} is defined twice")
            self.apis[api.name] = api
            for text in (*api.swift, *api.objc, *api.c):
                spelling = parse_spelling(api, text)
                word = spelling.receiver if spelling.kind == "initializer" else spelling.name
                self.by_word[word.rpartition(".")[2]].append(spelling)

    def words(self, name: str) -> frozenset[str]:
        """The identifiers of which code that uses API `name` mentions at least one (first selector part in
        Objective-C).
        """
        api = self.apis[name]
        spellings = (parse_spelling(api, text) for text in (*api.swift, *api.objc, *api.c))
        return frozenset((s.receiver if s.kind == "initializer" else s.name).partition(":")[0] for s in spellings)

    @cached_property
    def source_words(self) -> frozenset[str]:
        """The identifiers of which code that reads a source names at least one."""
        apis = (api for api in self.apis.values() if any(not at.startswith("param") for f in api.source for at in f.at))
        return frozenset(word for api in apis for word in self.words(api.name))

    def having(self, role: OneOf["source", "sink", "validates"], kind: str) -> tuple[Api, ...]:
        """APIs that play a role of this kind ("ipc.xpc" also answers to "ipc")."""
        return tuple(
            api
            for api in self.apis.values()
            if any(flow.kind == kind or flow.kind.startswith(f"{kind}.") for flow in getattr(api, role))
        )


def parse_models(tables: Iterable[Mapping[str, object]]) -> tuple[Api, ...]:
    """The `[[api]]` entries of decoded TOML documents. Raises msgspec.ValidationError naming the field."""
    return tuple(api for table in tables for api in msgspec.convert(table.get("api", ()), tuple[Api, ...]))
