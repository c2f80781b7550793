"""The source files in which nothing matters yet: by the names they declare, so that one can be read when it does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from ipclint.engine.prefilter import calls_in

MAX_DECLARERS = 3
"""A name that more unread files declare than this (`init`, `body`, `String`) does not tell which of them is meant;
where the type is known, its own name leads to the file."""


MAX_CALLERS = 24
"""A function's name that more unread files hold than this (`set`, `show`) is a word of all code, or a function that
everybody calls: what they would add is not worth reading them all."""


class Unread:
    """File by name and names by file, both as `declared_names` gives them. Selectors are known by their first part."""

    def __init__(self) -> None:
        self._names: dict[str, frozenset[str]] = {}
        self._files: dict[str, set[str]] = defaultdict(set)

    def __contains__(self, path: str) -> bool:
        return path in self._names

    def __iter__(self) -> Iterator[str]:
        """The paths, sorted."""
        return iter(sorted(self._names))

    def __len__(self) -> int:
        return len(self._names)

    def add(self, path: str, names: frozenset[str]) -> None:
        """Note, or correct, what an unread file declares."""
        self.discard(path)
        self._names[path] = names
        for name in names:
            self._files[name].add(path)

    def discard(self, path: str) -> None:
        """Forget a file: it was read, or is gone."""
        for name in self._names.pop(path, frozenset()):
            self._files[name].discard(path)

    def calling(self, words: Iterable[str], read: Callable[[str], bytes]) -> set[str]:
        """The files that seem to call a function of one of the names; none for a name that too many of them call."""
        words = frozenset(words)
        called = calls_in(words)
        calling: dict[bytes, set[str]] = defaultdict(set)
        for path in self._names if words else ():
            for word in called(read(path)):
                calling[word].add(path)
        return {path for files in calling.values() if len(files) <= MAX_CALLERS for path in files}

    def declaring(self, names: Iterable[str]) -> set[str]:
        """The files that may declare one of `names`."""
        found: set[str] = set()
        for name in names:
            for files in (self._files.get(name, ()), self._files.get(f"+{name}", ())):
                if len(files) <= MAX_DECLARERS or name.startswith("@"):
                    found.update(files)
        return found
