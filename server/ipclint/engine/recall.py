"""What an earlier run learnt of files that have not changed: nothing of it is searched or parsed again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from ipclint.engine.batch import Outcome, Wanted, facts_key
from ipclint.engine.disk import Disk
from ipclint.engine.store import Store, digest
from ipclint.readers import kind_of


class Recalled(NamedTuple):
    """What is remembered, and the files that must be read."""

    outcomes: list[Outcome]
    rest: list[Wanted]


class Recall:
    """The memory of one workspace for one set of trigger words: which contents held nothing, and what they declare."""

    def __init__(self, disk: Disk, store: Store, words: frozenset[str]) -> None:
        self._disk = disk
        self._store = store
        self._key = digest(b"nothing to see of a kind", disk.root.encode(), *(word.encode() for word in sorted(words)))
        blob = store.get(self._key)
        self._empty = blob is None
        self._names = {} if blob is None else msgspec.msgpack.decode(blob, type=dict[bytes, tuple[str, ...]])
        self._seen: dict[bytes, tuple[str, ...]] = {}
        self._contents: dict[str, bytes] = {}

    def recall(self, files: Sequence[Wanted]) -> Recalled:
        """Costs one plain read a file; nothing when the workspace was never seen."""
        recalled = Recalled([], [])
        for file in files:
            outcome = None if self._empty else self._remembered(file)
            if outcome is None:
                recalled.rest.append(file)
            else:
                recalled.outcomes.append(outcome)
        self.note(recalled.outcomes)
        return recalled

    def _remembered(self, file: Wanted) -> Outcome | None:
        data = self._disk.read(file.path)
        if not isinstance(data, bytes):
            return None
        content = digest(data)
        names = self._names.get(_as_kind(file.path, content))
        if names is not None:
            return Outcome(file.path, content, names=frozenset(names))
        facts = self._store.get(facts_key(file.path, content))
        return Outcome(file.path, content, facts) if facts is not None else None

    def note(self, outcomes: Iterable[Outcome]) -> None:
        """Take in what came of files, for the next run and for `contents`."""
        for outcome in outcomes:
            self._contents[outcome.path] = outcome.digest or outcome.problem.encode()
            if outcome.facts is None and outcome.digest and not outcome.problem:
                self._seen[_as_kind(outcome.path, outcome.digest)] = tuple(sorted(outcome.names))

    def contents(self) -> bytes:
        """A digest of every file noted and what it held."""
        return digest(*(part for path in sorted(self._contents) for part in (path.encode(), self._contents[path])))

    def keep(self) -> None:
        """Write what this run saw, when it is not what the last one saw."""
        if self._seen != self._names:
            self._store.put(self._key, msgspec.msgpack.encode(self._seen))


def _as_kind(path: str, content: bytes) -> bytes:
    """Names a content by what it is read as: in a source it may be nothing to see, and something in a property list."""
    return (kind_of(path) or "").encode() + content
