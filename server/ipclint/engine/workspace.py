"""What is known of the workspace's files: facts of those that matter, names of the others, bytes of open documents."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator

from ipclint.checks.rulebook import Rulebook
from ipclint.engine.batch import Outcome
from ipclint.engine.changes import ByteEdit, Change
from ipclint.engine.discover import Discovery, Scope
from ipclint.engine.disk import Disk, Unreadable
from ipclint.engine.island import Island
from ipclint.engine.islands import Islands
from ipclint.engine.opened import OpenDocument
from ipclint.engine.prefilter import declared_names, may_matter, word_filter
from ipclint.engine.report import Document
from ipclint.engine.testcode import TestTargets, imports_tests
from ipclint.model.facts import Facts, ProjectFacts, SourceFacts, decode
from ipclint.readers import INCLUDED, Kind, kind_of
from ipclint.readers.decoding import decoded

MAX_TREES = 64
"""Open documents that keep their syntax trees."""


class Workspace:
    """`words` are those of which a source file must hold one to be read without being asked for."""

    def __init__(self, disk: Disk, scope: Scope, rulebook: Rulebook, words: frozenset[str]) -> None:
        self.disk = disk
        self.scope = scope
        self.facts: dict[str, Facts] = {}
        self.problems: dict[str, str] = {}
        self._rulebook = rulebook
        self._has_word: Callable[[bytes], bool] = word_filter(words)
        self._open: dict[str, OpenDocument] = {}
        self._islands = Islands((), (), ())
        self._parts: dict[str, Island] = {}
        self._tests = TestTargets(())
        self._test_files: set[str] = set()  # read, and found to be test code

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def split(self, discovery: Discovery) -> set[str]:
        """Decide which parts of the workspace are programs of their own.

        An editor may have opened documents before: when one belongs to another part now, all parts are made anew.
        Returns the files that are to be checked again for it.
        """
        before = self._islands
        self._islands = Islands(discovery.top_files, discovery.top_folders, (file.path for file in discovery.files))
        if all(before.of(path) == self._islands.of(path) for path in self.facts):
            return set()
        self._parts.clear()
        for path, facts in self.facts.items():
            self.island(path).program.update(facts)
        return set(self.facts)

    def island(self, path: str) -> Island:
        """The program that a file belongs to."""
        name = self._islands.of(path)
        if name not in self._parts:
            self._parts[name] = Island(self._rulebook)
        return self._parts[name]

    def islands(self) -> Iterable[Island]:
        return self._parts.values()

    # ── taking in ────────────────────────────────────────────────────────────────────────────────────────────────────

    def learn(self, outcome: Outcome) -> bool:
        """Take in what came of reading a file that is not open; whether there is something to check now."""
        path = outcome.path
        if path in self._open:
            return False
        if outcome.problem:
            self.problems[path] = outcome.problem
        else:
            self.problems.pop(path, None)
        if outcome.facts is not None:
            return self._know(path, decode(outcome.facts))
        if outcome.digest:
            self.island(path).leave_unread(path, outcome.names)
        return False

    def calling(self) -> set[str]:
        """The unread files that seem to call functions whose callers matter."""

        def read(path: str) -> bytes:
            found = self.disk.read(path)
            return found if isinstance(found, bytes) else b""

        return {path for island in self._parts.values() for path in island.calling(read)}

    def take(self, change: Change) -> bool:
        """Take in a change; whether the file is not what it was."""
        path = change.path
        kind = kind_of(path)
        document = self._open.get(path)
        if kind is None or not self.scope.holds(path):
            return False
        if change.kind == "opened":
            self.problems.pop(path, None)  # with the file on disk, which does not count now
            if document is not None and document.rests:
                return self._know(path, document.edit([ByteEdit(0, len(document.data), change.data)]))
            return self._know(path, self._in_use(path, OpenDocument(path, kind, change.data, self._beside)).facts)
        if change.kind == "edited":
            if document is None:
                return False
            return self._know(path, self._in_use(path, document).edit(change.edits))
        if change.kind == "closed":
            return self._open.pop(path, None) is not None and self.take(self.on_disk(path))
        if document is not None:
            return False
        if change.kind == "gone":
            return self._forget(path)
        return self._written(path, kind, change.data)

    def _in_use(self, path: str, document: OpenDocument) -> OpenDocument:
        """Notes which document is being edited: those that were not for longest keep no tree."""
        self._open.pop(path, None)
        self._open[path] = document
        if len(self._open) > MAX_TREES:
            for idle in list(self._open.values())[:-MAX_TREES]:
                idle.forget_tree()
        return document

    def on_disk(self, path: str) -> Change:
        """What the disk says of a file now."""
        found = self.disk.read(path)
        self.problems.pop(path, None)
        if isinstance(found, Unreadable):
            if not found.gone:
                self.problems[path] = found.problem
            return Change.gone(path)
        return Change.written(path, found)

    def _written(self, path: str, kind: Kind, data: bytes) -> bool:
        island = self.island(path)
        if path not in self.facts and not (may_matter(kind, data, self._has_word) or island.may_call(data)):
            island.leave_unread(path, declared_names(kind, data))
            return False
        return self._know(path, OpenDocument(path, kind, data, self._beside).facts)  # within the same bounds

    def _beside(self, path: str) -> bytes | None:
        """The bytes of a file that a project includes."""
        found = self._open[path].data if path in self._open else self.disk.read(path)
        return found if isinstance(found, bytes) else None

    def take_again(self, path: str) -> Iterator[str]:
        """After a file changed, of whatever kind: read the projects that include it. Yields their paths."""
        for project in list(self.including(path)):
            if self.take(Change.edited(project, ()) if project in self._open else self.on_disk(project)):
                yield project

    def including(self, path: str) -> Iterator[str]:
        """The projects that include a file, specs of XcodeGen; what an .xcconfig file includes is merged later."""
        for project, facts in self.facts.items() if path.endswith(INCLUDED) else ():
            if isinstance(facts, ProjectFacts) and path in facts.includes and project != path:
                yield project

    def _know(self, path: str, facts: Facts) -> bool:
        if isinstance(facts, SourceFacts) and self._is_test(path, facts):
            self._test_files.add(path)
            return self._forget(path)
        self._test_files.discard(path)
        island = self.island(path)
        island.unread.discard(path)
        self.facts[path] = facts
        island.program.update(facts)
        return True

    def _forget(self, path: str) -> bool:
        island = self.island(path)
        island.unread.discard(path)
        if self.facts.pop(path, None) is None:
            return False
        island.program.remove(path)
        return True

    # ── test code ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _is_test(self, path: str, facts: SourceFacts) -> bool:
        return self.scope.may_be_test(path) and (
            self.scope.is_test(path) or self._tests.compile(path) or imports_tests(facts)
        )

    def drop_tests(self) -> Iterator[str]:
        """After a project changed: forget the files that only its test targets compile. Yields their paths."""
        self._tests = TestTargets(facts for facts in self.facts.values() if isinstance(facts, ProjectFacts))
        for path, facts in list(self.facts.items()):
            if isinstance(facts, SourceFacts) and self._is_test(path, facts):
                self._test_files.add(path)
                self._forget(path)
                yield path

    @property
    def test_files(self) -> int:
        """How many files were read and then left out because they turned out to be test code."""
        return len(self._test_files)

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def document(self, path: str) -> Document:
        """A file as it stands, the open document before the one on disk; without bytes when it cannot be read."""
        opened = self._open.get(path)
        if opened is not None:
            return Document(path, opened.data, self.facts.get(path))
        found = self.disk.read(path)
        data = b"" if isinstance(found, Unreadable) else found
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            data = decoded(data).data  # what the facts count in
        return Document(path, data, self.facts.get(path))

    def is_open(self, path: str) -> bool:
        return path in self._open
