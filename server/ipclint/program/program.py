"""The program: facts of many files as inputs of a query database, with the indexes that linking looks up.

The engine calls `update` and `remove`; everything else is read-only and records its dependencies. `wanted` collects
names that were looked up, so that the engine can read the files that may declare them.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ipclint.model.facts import (
    Alias,
    Facts,
    Function,
    Macro,
    PlistFacts,
    ProjectFacts,
    SourceFacts,
    Type,
    Unit,
    Variable,
)
from ipclint.model.ir import Block, Evaluate, decode_block
from ipclint.program.query import Database
from ipclint.program.vocabulary import Vocabulary


class UnitRef(NamedTuple):
    """A unit by the file that holds it and its key there. Property lists and projects have key ""."""

    path: str
    key: str


MAX_BODIES = 4096
"""Bodies that are kept decoded, each as it stands now; the one that was asked for longest ago goes first."""


class Facet:
    """An index from words to units. Reading a word is a dependency on its set of units, not on their content."""

    def __init__(self, name: str, database: Database) -> None:
        self._name = name
        self._database = database
        self._refs: dict[str, set[UnitRef]] = defaultdict(set)

    def replace(self, ref: UnitRef, old: tuple[str, ...], new: tuple[str, ...]) -> None:
        if old == new:
            return
        for word in old:
            if word not in new:
                self._refs[word].discard(ref)
                if not self._refs[word]:
                    del self._refs[word]
                self._database.touch((self._name, word))
        for word in new:
            if word not in old:
                self._refs[word].add(ref)
                self._database.touch((self._name, word))

    def __getitem__(self, word: str) -> tuple[UnitRef, ...]:
        self._database.input((self._name, word))
        return tuple(sorted(self._refs.get(word, ())))


class Mentions:
    """A Facet of the words that somebody asked for: code names far more words than anybody looks up."""

    def __init__(self, database: Database, facts: dict[str, Facts]) -> None:
        self._database = database
        self._facts = facts
        self._refs: dict[str, set[UnitRef]] = {}
        self._words: dict[str, frozenset[str]] = {}  # of each file, once it was searched

    def replace(self, ref: UnitRef, old: tuple[str, ...], new: tuple[str, ...]) -> None:
        if old == new:
            return
        self._words.pop(ref.path, None)
        for word in self._refs.keys() & (set(old) ^ set(new)):
            (self._refs[word].add if word in new else self._refs[word].discard)(ref)
            self._database.touch(("mention", word))

    def __getitem__(self, word: str) -> tuple[UnitRef, ...]:
        self._database.input(("mention", word))
        if word not in self._refs:
            self._refs[word] = {ref for path in self._facts for ref in self._search(path, word)}
        return tuple(sorted(self._refs[word]))

    def forget_unread(self) -> None:
        """Search anew for the words of which nothing in the database depends, should anybody ask for one again."""
        for word in [word for word in self._refs if not self._database.has(("mention", word))]:
            del self._refs[word]

    def _search(self, path: str, word: str) -> Iterator[UnitRef]:
        units = _units(self._facts[path])
        if path not in self._words:
            self._words[path] = frozenset[str]().union(*map(_mentioned, units.values()))
        if word in self._words[path]:
            yield from (UnitRef(path, key) for key, unit in units.items() if word in _mentioned(unit))


class Program(Database):
    """Facts in, answers out. Paths are workspace-relative with "/"."""

    def __init__(self, vocabulary: Vocabulary | None = None) -> None:
        super().__init__()
        self.vocabulary = vocabulary or Vocabulary(())
        self._facts: dict[str, Facts] = {}
        self._types = Facet("type", self)
        self._functions = Facet("function", self)
        self._variables = Facet("variable", self)
        self._macros = Facet("macro", self)
        self._aliases = Facet("alias", self)
        self._members = Facet("member", self)
        self._named_members = Facet("named member", self)
        self._mentions = Mentions(self, self._facts)
        self._subtypes = Facet("subtype", self)
        self._wanted: set[str] = set()
        self._bodies: OrderedDict[UnitRef, tuple[bytes, Block]] = OrderedDict()  # encoded, decoded; last asked for last

    # ── inputs ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def update(self, facts: Facts) -> None:
        """Set or replace what is known of one file."""
        old = self._facts.get(facts.path)
        self._facts[facts.path] = facts
        self._set_units(facts.path, _units(old), _units(facts))
        if not isinstance(facts, SourceFacts) or not isinstance(old, SourceFacts):
            self._set_configuration(facts.path, old, facts)
        self.set(("keys", facts.path), tuple(_units(facts)))

    def remove(self, path: str) -> None:
        """Forget a file."""
        old = self._facts.pop(path, None)
        self._set_units(path, _units(old), {})
        self._set_configuration(path, old, None)
        self.set(("keys", path), None)

    def _set_units(self, path: str, old: dict[str, Unit], new: dict[str, Unit]) -> None:
        if old != new or tuple(old) != tuple(new):
            self.touch(("units", path))
        for key in old.keys() | new.keys():
            before, after = old.get(key), new.get(key)
            if before is not after and before != after:
                ref = UnitRef(path, key)
                self.touch(("unit", ref))
                self._index(ref, before, after)

    def _set_configuration(self, path: str, old: Facts | None, new: Facts | None) -> None:
        configuration = new if isinstance(new, PlistFacts | ProjectFacts) else None
        self.set(("configuration", path), configuration)
        if configuration is not None or isinstance(old, PlistFacts | ProjectFacts):
            paths = sorted(path for path, facts in self._facts.items() if not isinstance(facts, SourceFacts))
            self.set(("configurations",), tuple(paths))

    def _index(self, ref: UnitRef, before: Unit | None, after: Unit | None) -> None:
        if isinstance(before, Type) or isinstance(after, Type):
            self._types.replace(ref, _type_names(before), _type_names(after))
            self._subtypes.replace(ref, _supertypes(before), _supertypes(after))
        if isinstance(before, Macro | Alias) or isinstance(after, Macro | Alias):
            self._macros.replace(ref, _names(before, Macro), _names(after, Macro))
            self._aliases.replace(ref, _names(before, Alias), _names(after, Alias))
        if isinstance(before, Function | Variable) or isinstance(after, Function | Variable):
            self._functions.replace(ref, _function_names(before), _function_names(after))
            self._variables.replace(ref, _names(before, Variable), _names(after, Variable))
            self._members.replace(ref, _owner(before), _owner(after))
            self._named_members.replace(ref, _named_member(before), _named_member(after))
            self._mentions.replace(ref, _mentioned(before), _mentioned(after))

    def collect(self) -> None:
        super().collect()
        self._mentions.forget_unread()
        for gone in [ref for ref in self._bodies if ref.key not in _units(self._facts.get(ref.path))]:
            del self._bodies[gone]

    # ── look-ups ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def keys(self, path: str) -> tuple[str, ...]:
        """The unit keys of a source file in source order; () when there is no such file."""
        return self.input(("keys", path)) or ()  # type: ignore[return-value]

    def units(self, path: str) -> Mapping[str, Unit]:
        """The units of a source file by key, in source order; empty when there is no such file.

        One dependency on all of them: much cheaper than one on each, for whoever looks at every unit anyway.
        """
        self.input(("units", path))
        return _units(self._facts.get(path))

    def unit(self, ref: UnitRef) -> Unit | None:
        self.input(("unit", ref))
        return _units(self._facts.get(ref.path)).get(ref.key)

    def function(self, ref: UnitRef) -> Function | None:
        unit = self.unit(ref)
        return unit if isinstance(unit, Function) else None

    def body(self, ref: UnitRef) -> Block:
        """What a unit runs: the decoded body of a function (of a macro too), the initialiser of a variable as one
        statement; () without one."""
        unit = self.unit(ref)
        if isinstance(unit, Variable):
            return (Evaluate(unit.value.start, unit.value.end, unit.value),) if unit.value is not None else ()
        if not isinstance(unit, Function | Macro):
            return ()
        known = self._bodies.get(ref)
        if known is None or known[0] != unit.body:
            known = self._bodies[ref] = unit.body, decode_block(unit.body)
            if len(self._bodies) > MAX_BODIES:
                self._bodies.popitem(last=False)
        self._bodies.move_to_end(ref)
        return known[1]

    def configuration(self, path: str) -> PlistFacts | ProjectFacts | None:
        return self.input(("configuration", path))  # type: ignore[return-value]

    def configurations(self) -> Iterator[PlistFacts | ProjectFacts]:
        """Every property list and project, by path."""
        paths: tuple[str, ...] = self.input(("configurations",)) or ()  # type: ignore[assignment]
        for path in paths:
            found = self.configuration(path)
            if found is not None:
                yield found

    def types_named(self, name: str) -> tuple[UnitRef, ...]:
        """Every declaration of and addition to a type, by plain or qualified name; extensions and categories too."""
        return self._found(name, self._types[name])

    def declaring_subtypes(self, name: str) -> tuple[UnitRef, ...]:
        """Type units that write `name` in their inheritance clause (a class's subclasses, a protocol's adopters)."""
        return self._subtypes[name]

    def functions_named(self, name: str) -> tuple[UnitRef, ...]:
        """Functions by Swift base name, Objective-C selector or C name."""
        return self._found(name, self._functions[name])

    def variables_named(self, name: str) -> tuple[UnitRef, ...]:
        return self._found(name, self._variables[name])

    def macros_named(self, name: str) -> tuple[UnitRef, ...]:
        return self._macros[name]

    def aliases_named(self, name: str) -> tuple[UnitRef, ...]:
        return self._aliases[name]

    def members_of(self, qualified: str) -> tuple[UnitRef, ...]:
        """Functions and variables declared with this owner, in every file."""
        return self._members[qualified]

    def members_named(self, qualified: str, name: str) -> tuple[UnitRef, ...]:
        """Functions (by base name or selector) and variables of this name and owner, in every file."""
        return self._named_members[f"{qualified}\n{name}"]

    def functions_known(self, name: str) -> tuple[UnitRef, ...]:
        """As `functions_named`, of the files that are read; asking for it makes nobody read further ones."""
        return self._functions[name]

    def mentioning(self, word: str) -> tuple[UnitRef, ...]:
        """Functions and variables whose code names `word` (an identifier, a member, a selector or its first part)."""
        self._wanted.add(f"@{word}")
        return self._mentions[word]

    def want_callers(self, words: Iterable[str]) -> None:
        """Say that whatever calls one of these matters, in files that nobody asked for too."""
        self._wanted.update(f"^{word}" for word in words if word)

    def take_wanted(self) -> set[str]:
        """Names of types, functions and variables looked up since the last call, be they found or not: a further file
        may declare the same name, and what is read must not decide what is meant. A word asked of `mentioning` begins
        with `@`, one of `want_callers` with `^`."""
        wanted, self._wanted = self._wanted, set()
        return wanted

    def _found(self, name: str, refs: tuple[UnitRef, ...]) -> tuple[UnitRef, ...]:
        if name:
            self._wanted.add(name)
        return refs


def _units(facts: Facts | None) -> dict[str, Unit]:
    return facts.units if isinstance(facts, SourceFacts) else {}


def _type_names(unit: Unit | None) -> tuple[str, ...]:
    return (unit.name, unit.qualified) if isinstance(unit, Type) else ()


def _supertypes(unit: Unit | None) -> tuple[str, ...]:
    return unit.inherits if isinstance(unit, Type) else ()


def _function_names(unit: Unit | None) -> tuple[str, ...]:
    if not isinstance(unit, Function) or unit.kind in ("getter", "setter", "observer", "toplevel"):
        return ()
    return (unit.name, unit.selector) if unit.selector else (unit.name,)


def _names(unit: Unit | None, kind: type[Variable] | type[Macro] | type[Alias]) -> tuple[str, ...]:
    return (unit.name,) if isinstance(unit, kind) else ()


def _owner(unit: Unit | None) -> tuple[str, ...]:
    return (unit.owner,) if isinstance(unit, Function | Variable) and unit.owner else ()


def _named_member(unit: Unit | None) -> tuple[str, ...]:
    if not isinstance(unit, Function | Variable) or not unit.owner:
        return ()
    names = {unit.name, unit.selector} if isinstance(unit, Function) and unit.selector else {unit.name}
    return tuple(f"{unit.owner}\n{name}" for name in names)


def _mentioned(unit: Unit | None) -> tuple[str, ...]:
    return unit.mentions if isinstance(unit, Function | Variable) else ()
