"""Memoised queries that know what they read: the mechanism behind incremental equals fresh.

An *input* is a keyed value that the outside sets. A *query* is a pure function of inputs and other queries. Every
evaluation records what it read; when an input changes, the entries that read it, directly or not, turn stale, and a
stale entry is recomputed only if something that it read gives another value now. So an edit costs what depends on it,
and nothing has to be invalidated by hand.

A query may reach itself again (recursive functions). The first key that is re-entered is the head of the cycle: it
starts from the query's `bottom` and is recomputed until its value is stable. Values computed on the way from a
provisional one are dropped, so the answer does not depend on who asked first. Queries must be monotone and finite.

Whoever types a name asks for everything that it is the beginning of. `collect` forgets what nobody asks for any more.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Concatenate, ParamSpec, Protocol, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", bound="Database")
V = TypeVar("V")
Key = tuple[Hashable, ...]

MAX_ROUNDS = 50  # of a cycle; the lattices here are a few levels high, so this bounds mistakes, not work
WORTH_COLLECTING = 5_000  # entries more than after the last collection, and half as many again


class Interrupted(BaseException):
    """A question was called off, which may be asked again. Not an Exception: what guards against a broken rule must
    let it through."""


@dataclass(slots=True)
class _Entry:
    value: object = None
    dependencies: dict[Key, None] = field(default_factory=dict[Key, None])
    dependents: set[Key] = field(default_factory=set[Key])
    changed: int = 0  # revision in which the value last became another
    verified: int = -1  # revision for which it is known to hold; -1: never computed
    stale: bool = False
    compute: Callable[[], object] | None = None  # None for inputs
    bottom: object = None
    asked: int = -1  # how many collections there were when it was last asked from outside; -1: never


@dataclass(slots=True)
class _Frame:
    """An evaluation under way: what it read, and the heads whose assumed value it used.

    `looking`: nothing is evaluated, only what a stale entry read is brought up to date.
    """

    key: Key
    looking: bool = False
    reads: dict[Key, None] = field(default_factory=dict[Key, None])
    heads: set[Key] = field(default_factory=set[Key])


class Database:
    """The store of inputs and memoised queries. One thread at a time."""

    def __init__(self) -> None:
        self._entries: dict[Key, _Entry] = {}
        self._revision = 0
        self._stack: list[_Frame] = []
        self._running: set[Key] = set()
        self._assumed: dict[Key, object] = {}  # heads of cycles under way → the value assumed for them
        self._moved = False  # an assumed value of the cycle under way became another in this round
        self._unsettled: dict[Key, tuple[object, _Frame]] = {}  # values that rest on the present assumptions
        self._is_called_off: Callable[[], bool] | None = None
        self._collections = 0
        self._collected = 0  # how many entries the last collection left
        self.evaluations = 0  # how many queries were computed, for tests that count work
        self.turned_stale: set[Key] = set()  # keys that turned stale since the caller last cleared this

    def set(self, key: Key, value: object) -> None:
        """Give input `key` a value (None: absent). Equal values change nothing."""
        entry = self._entries.get(key)
        if entry is None:
            if value is None:
                return
            entry = self._entries[key] = _Entry(verified=0)
        elif entry.value == value:
            return
        entry.value = value
        self._change(entry)

    def _change(self, entry: _Entry) -> None:
        self._revision += 1
        entry.changed = entry.verified = self._revision
        self._mark(entry)

    def touch(self, key: Key) -> None:
        """Say that what stands behind input `key` changed, which has no value here; free when nobody read it."""
        entry = self._entries.get(key)
        if entry is not None:
            self._change(entry)

    def input(self, key: Key) -> object:
        """The value of input `key`, None when it was never set. The reader depends on it either way."""
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry(verified=0)
        self._read(key)
        return entry.value

    def fetch(self, key: Key, compute: Callable[[], T], bottom: T) -> T:
        """The memoised value of query `key`; `compute` runs when it is missing or out of date."""
        entry = self._entries.get(key)
        if entry is not None and not entry.stale and entry.verified >= 0:  # nothing that is under way
            if self._stack:
                self._stack[-1].reads[key] = None
            else:
                entry.asked = self._collections
            return entry.value  # type: ignore[return-value]
        if key in self._running:
            return self._reenter(key, bottom)
        if key in self._unsettled:
            return self._reuse_unsettled(key)
        if entry is None:
            entry = self._entries[key] = _Entry()
        if not self._stack:
            entry.asked = self._collections
        entry.compute, entry.bottom = compute, bottom
        if entry.verified < 0 or (entry.stale and not self._still_holds(key, entry)):
            value, settled = self._evaluate(key, entry, compute)
            if not settled:
                return value
        self._read(key)
        return entry.value  # type: ignore[return-value]

    @contextmanager
    def until(self, is_called_off: Callable[[], bool] | None) -> Generator[None]:
        """Raises Interrupted in a question inside, as soon as a query is to be computed and this says true.

        What was computed by then is kept: who asks again begins where it ended. None: the question may take its time.
        """
        outer, self._is_called_off = self._is_called_off, is_called_off
        try:
            yield
        except Interrupted:
            self.abandon()
            raise
        finally:
            self._is_called_off = outer

    def abandon(self) -> None:
        """After an evaluation was broken off from outside, wherever it was: nothing of it is under way any more."""
        self._stack.clear()
        self._running.clear()
        self._assumed.clear()
        self._unsettled.clear()
        self._moved = False

    # ── forgetting ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def entries(self) -> int:
        """How many values are kept, and places for values."""
        return len(self._entries)

    @property
    def is_worth_collecting(self) -> bool:
        return self.entries > self._collected + max(WORTH_COLLECTING, self._collected // 2)

    def collect(self) -> None:
        """Forget what no question from outside rests on. Takes a microsecond for each value and each reading of one.

        Such a question counts while its answer holds; one that does not, if it was asked since the last collection.
        """
        needed: set[Key] = set()
        todo = [key for key, entry in self._entries.items() if self._is_wanted(entry)]
        while todo:
            key = todo.pop()
            if key not in needed:
                needed.add(key)
                todo.extend(self._entries[key].dependencies)
        for key in self._entries.keys() - needed:
            del self._entries[key]
        for entry in self._entries.values():
            entry.dependents &= needed
        self._collections += 1
        self._collected = len(self._entries)

    def has(self, key: Key) -> bool:
        """Whether something is kept under a key: an input that has a value or was read, or the answer to a query."""
        return key in self._entries

    def _is_wanted(self, entry: _Entry) -> bool:
        if entry.compute is None:
            return entry.value is not None
        return entry.asked == self._collections or (entry.asked >= 0 and not entry.stale)

    # ── evaluation ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _read(self, key: Key) -> None:
        if self._stack:
            self._stack[-1].reads[key] = None

    def _reenter(self, key: Key, bottom: T) -> T:
        value = self._assumed.setdefault(key, bottom)
        for frame in reversed(self._stack):
            if frame.key == key:
                break
            frame.heads.add(key)
            if frame.looking:  # whoever is below has not asked for this value
                break
        return value  # type: ignore[return-value]

    def _reuse_unsettled(self, key: Key) -> T:  # type: ignore[type-var]
        value, frame = self._unsettled[key]
        self._inherit(frame)
        return value  # type: ignore[return-value]

    def _inherit(self, inner: _Frame) -> None:
        """What an unsettled evaluation read and assumed, its reader read and assumed too."""
        if self._stack:
            outer = self._stack[-1]
            outer.reads.update(inner.reads)
            outer.heads |= inner.heads - {outer.key}

    def _evaluate(self, key: Key, entry: _Entry, compute: Callable[[], T]) -> tuple[T, bool]:
        """Compute; the outermost head of a cycle repeats until no assumed value of the cycle changes any more.

        False: the value rests on an assumption of a head further out and must not be kept.
        """
        outer_assumed, outer_unsettled, outer_moved = set(self._assumed), set(self._unsettled), self._moved
        self._running.add(key)
        rounds = 0
        try:
            while True:
                self._moved = False
                rounds += 1
                value, frame = self._once(key, compute)
                if key in self._assumed and self._assumed[key] != value:
                    self._assumed[key] = value
                    self._moved = True
                if frame.heads:
                    self._hand_out(key, value, frame)
                    self._moved = self._moved or outer_moved
                    return value, False
                if not self._moved or rounds == MAX_ROUNDS:
                    break
                self._forget(self._unsettled, outer_unsettled)
        finally:
            self._running.discard(key)
        self._forget(self._unsettled, outer_unsettled)
        self._forget(self._assumed, outer_assumed)
        self._moved = outer_moved
        self._keep(key, entry, value, frame.reads)
        return value, True

    def _once(self, key: Key, compute: Callable[[], T]) -> tuple[T, _Frame]:
        if self._is_called_off is not None and self._is_called_off():
            raise Interrupted
        frame = _Frame(key)
        self._stack.append(frame)
        self.evaluations += 1
        try:
            return compute(), frame
        finally:
            self._stack.pop()

    def _hand_out(self, key: Key, value: object, frame: _Frame) -> None:
        """An inner member of a cycle: whoever relied on it relies on the heads it relied on itself."""
        for _, other in self._unsettled.values():
            if key in other.heads:
                other.heads.discard(key)
                other.heads |= frame.heads
        self._unsettled[key] = value, frame
        self._inherit(frame)

    @staticmethod
    def _forget(table: dict[Key, V], kept: set[Key]) -> None:
        for key in table.keys() - kept:
            del table[key]

    def _keep(self, key: Key, entry: _Entry, value: object, reads: dict[Key, None]) -> None:
        before = entry.dependencies.keys()
        for gone in before - reads.keys():
            self._entries[gone].dependents.discard(key)
        for read in reads.keys() - before:
            self._entries[read].dependents.add(key)
        entry.dependencies = reads
        if entry.verified < 0 or entry.value != value:
            entry.changed = self._revision
        entry.value = value  # an equal one too: the nodes in it are those of the body that is decoded now
        entry.verified = self._revision
        entry.stale = False

    def _still_holds(self, key: Key, entry: _Entry) -> bool:
        """Whether everything that a stale entry read still has the value it had; brings those up to date in order."""
        outer_assumed, outer_unsettled, outer_moved = set(self._assumed), set(self._unsettled), self._moved
        self._stack.append(_Frame(key, looking=True))  # so that looking does not count as reading by whoever asks
        self._running.add(key)
        try:
            for read_key in entry.dependencies:
                read = self._entries[read_key]
                if read.stale and read.compute is not None:
                    self.fetch(read_key, read.compute, read.bottom)
                if read.stale or read.changed > entry.verified:
                    return False
        finally:
            self._stack.pop()
            self._running.discard(key)
            self._forget(self._unsettled, outer_unsettled)
            self._forget(self._assumed, outer_assumed)
            self._moved = outer_moved
        entry.stale = False
        entry.verified = self._revision
        return True

    def _mark(self, changed: _Entry) -> None:
        todo = list(changed.dependents)
        while todo:
            key = todo.pop()
            entry = self._entries[key]
            if not entry.stale:
                entry.stale = True
                self.turned_stale.add(key)
                todo.extend(entry.dependents)


class _Memoise(Protocol):
    """A decorator that leaves the signature of a query as it is."""

    def __call__(self, function: Callable[Concatenate[S, P], T], /) -> Callable[Concatenate[S, P], T]: ...


def query(bottom: object) -> _Memoise:
    """Memoise a method of a Database by its positional (hashable) arguments.

    `bottom`, of the query's own type, is what a query that reaches itself is assumed to answer at first.

    >>> class Square(Database):
    ...     @query(bottom=0)
    ...     def square(self, name: str) -> int:
    ...         return self.input(("n", name)) ** 2
    """

    def decorate(function: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
        name = function.__name__

        def ask(self: S, *args: P.args, **kwargs: P.kwargs) -> T:
            assert not kwargs, "queries take positional arguments"
            return self.fetch((name, *args), lambda: function(self, *args), cast(T, bottom))  # type: ignore[arg-type]

        ask.__name__ = name
        ask.__doc__ = function.__doc__
        return ask

    return decorate
