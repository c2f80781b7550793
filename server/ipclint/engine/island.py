"""One program of the workspace with its checker, and what its rules said of each file that was asked about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from ipclint.checks.rulebook import Rulebook
from ipclint.checks.run import Checker
from ipclint.engine.prefilter import calls_in
from ipclint.engine.unread import Unread
from ipclint.model.finding import Finding
from ipclint.program.program import Program


class Island:
    """`found` holds findings by the file they lie in; a check of one file may find something in another."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.program = Program(rulebook.vocabulary)
        self.checker = Checker(self.program, rulebook)
        self.unread = Unread()
        self._asked: set[str] = set()  # what the program ever looked up and did not find; selectors by first part
        self._again: set[str] = set()  # those of it that a file left unread since then declares
        self._called: set[str] = set()  # names of functions whose callers matter
        self._uncalled: set[str] = set()  # those of them for which the unread files were not searched yet
        self._findings: dict[str, tuple[Finding, ...]] = {}  # by the file that was asked about
        self._homes: dict[str, set[str]] = defaultdict(set)  # file → files asked about that have findings in it

    def ask(self, path: str, is_called_off: Callable[[], bool] | None = None) -> set[str]:
        """Check a file again. Returns the files whose findings are not what they were. Raises Interrupted."""
        with self.program.until(is_called_off):
            return self._note(path, self.checker.findings(path))

    def give_up(self, path: str) -> set[str]:
        """After a check of a file was broken off: it has no findings. Returns as `ask`."""
        self.program.abandon()
        return self._note(path, ())

    def _note(self, path: str, after: tuple[Finding, ...]) -> set[str]:
        before = self._findings.get(path, ())
        if after == before:
            return set()
        self._findings[path] = after
        homes_before, homes_after = ({finding.place.path for finding in each} for each in (before, after))
        for home in homes_before - homes_after:
            self._homes[home].discard(path)
        for home in homes_after:
            self._homes[home].add(path)
        return homes_before | homes_after

    def findings(self, path: str) -> list[Finding]:
        """The findings that lie in a file, each once."""
        found = {
            (finding.shown_rule, finding.place): finding
            for asked in sorted(self._homes[path])
            for finding in self._findings[asked]
            if finding.place.path == path
        }
        return list(found.values())

    def leave_unread(self, path: str, names: frozenset[str]) -> None:
        """Note what a file declares that need not be read yet."""
        self.unread.add(path, names)
        self._again |= self._asked.intersection(name.removeprefix("+") for name in names)

    def wanted(self) -> set[str]:
        """The unread files that may declare what the program looked up and did not find; each is named once."""
        names = {name.partition(":")[0] for name in self.program.take_wanted()} - self._asked
        self._asked |= names
        called = {name[1:] for name in names if name.startswith("^")}
        self._called |= called
        self._uncalled |= called
        names |= self._again
        self._again = set()
        return self.unread.declaring(names)

    def calling(self, read: Callable[[str], bytes]) -> set[str]:
        """The unread files that seem to call functions whose callers matter; each function is searched for once."""
        called, self._uncalled = self._uncalled, set()
        return self.unread.calling(called, read)

    def may_call(self, data: bytes) -> bool:
        """Whether a file of these bytes seems to call a function whose callers matter."""
        return bool(self._called) and bool(calls_in(self._called)(data))
