"""The only way in: changes of files go in, reports come out.

A keystroke is one change; a CI run is every file applied to an empty session. The session owns the bytes of open
documents; it reads any other file from disk when it must show a piece of it.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from typing import Literal as OneOf

from ipclint.checks.fix import Sources
from ipclint.checks.rulebook import Rulebook
from ipclint.engine.baseline import Baseline, read_baseline
from ipclint.engine.batch import Outcome, Reader, Wanted, chunks
from ipclint.engine.changes import Change, Delta
from ipclint.engine.config import Config
from ipclint.engine.discover import Discovery, Found, Scope, discover
from ipclint.engine.disk import Disk
from ipclint.engine.patience import PATIENCE, RESTS, Overdue, at_most, gave_up
from ipclint.engine.prefilter import SUPPRESSION
from ipclint.engine.recall import Recall, Recalled
from ipclint.engine.report import Document, Report
from ipclint.engine.reporting import reports_of
from ipclint.engine.selection import Selection, with_options
from ipclint.engine.store import Store
from ipclint.engine.triggers import trigger_words
from ipclint.engine.workspace import Workspace
from ipclint.model.facts import ProjectFacts, SourceFacts
from ipclint.model.finding import Fix, Place
from ipclint.model.source import Span
from ipclint.program.program import Program, UnitRef
from ipclint.program.query import Interrupted
from ipclint.readers import kind_of

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from ipclint.engine.surface import Surface

RECALLED_AT_ONCE = 256 * 1024
"""Bytes of source that are looked up in the cache in one step of an index."""

READ_AHEAD = 16
"""How many files the program has to ask for before a pool begins to read them, while the check goes on."""

T = TypeVar("T")
CallOff = Callable[[], bool]
"""Whether there is something newer, so that what is under way need not be finished. Asked very often."""

MAX_ROUNDS = 8
"""How often the files that the program asked for are read before it must do with what it has."""


class Progress(NamedTuple):
    """How far the index is. `total` grows while further files turn out to be needed."""

    phase: OneOf["reading", "checking"]
    done: int
    total: int


class Survey(NamedTuple):
    """The files of a workspace, the memory of them, and what it gave."""

    discovery: Discovery
    recall: Recall
    recalled: Recalled


class Work:
    """What is left to do: the files to be checked again, those whose reports may be others then, those to be read.

    `searches`: callers are searched for in the files that were not read, which takes as long as reading them all.
    """

    def __init__(self, touched: Iterable[str] = (), *, searches: bool = True) -> None:
        self.due = set(touched)
        self.affected = set(touched)
        self.wanted: set[str] = set()
        self.searches = searches

    def add(self, paths: set[str]) -> None:
        self.due |= paths
        self.affected |= paths

    def clear(self) -> None:
        self.due.clear()
        self.affected.clear()
        self.wanted.clear()


class Session:
    """A workspace under watch. One thread at a time. `root` is the folder that no path leaves.

    `store` is the folder of the cache, None for none. Without `checks` the workspace is linked and no rule is asked.
    Raises ConfigError when the configuration names a rule that the rulebook does not have, a setting that the rule does
    not have, or a baseline that is none.
    """

    def __init__(
        self, root: Path, config: Config, rulebook: Rulebook, store: Path | None = None, *, checks: bool = True
    ) -> None:
        self.config = config
        self.rulebook = rulebook = with_options(rulebook, config)
        self.discovery = Discovery()
        self._selection = Selection(config, self.rulebook)
        self._words = trigger_words(rulebook) | {SUPPRESSION}
        self._store = Store(store)
        self.disk = Disk(root)
        self.baseline = read_baseline(Path(config.baseline), Path(self.disk.root)) if config.baseline else Baseline()
        self.baselined: dict[str, int] = {}  # path → how many findings the baseline holds back there
        self._scope = Scope(config)
        asked = rulebook if checks else Rulebook(rulebook.rules, rulebook.models, looks=())
        self._files = Workspace(self.disk, self._scope, asked, self._words)
        self._reports: dict[str, tuple[Report, ...]] = {}
        self._failures: dict[str, str] = {}  # path → how a rule or its fix failed there
        self._resting: dict[str, float] = {}  # path → when a file that was given up may be tried again
        self._passing: dict[str, set[str]] = defaultdict(set)  # file → files with a trace through it
        self._left = Work(searches=False)  # by an `apply` that was called off
        self._later = Work()  # what questions brought up: no change waits for it

    # ── what happened ────────────────────────────────────────────────────────────────────────────────────────────────

    def load(self, executor: Executor | None = None) -> Delta:
        """Index the workspace from disk; documents that an editor has open stay as they are."""
        before = dict(self._reports)
        for _ in self.index(executor=executor):
            pass
        paths = before.keys() | self._reports.keys()
        return Delta(frozenset(path for path in paths if before.get(path) != self._reports.get(path)))

    def survey(self, under: Iterable[str] = ("",)) -> Survey:
        """What there is to look at below these folders (or files) of the workspace, and what is remembered of it."""
        discovery = discover(self.disk, self._scope, under)
        recall = Recall(self.disk, self._store, self._words)
        return Survey(discovery, recall, recall.recall(_in_order(discovery.files)))

    def index(
        self, survey: Survey | None = None, executor: Executor | None = None, is_called_off: CallOff | None = None
    ) -> Iterator[Progress]:
        """As `load`, a step at a time: between two steps any other method may be called. A step is short, all the more
        when it is called off: it is done again then.

        Without a survey, everything is looked at.
        """
        self.discovery = survey.discovery if survey is not None else discover(self.disk, self._scope)
        touched = self._files.split(self.discovery)
        recall = survey.recall if survey is not None else Recall(self.disk, self._store, self._words)
        runs = chunks(_in_order(self.discovery.files), RECALLED_AT_ONCE)
        rest: list[Wanted] = []
        done, total = 0, len(self.discovery.files)
        for recalled in [survey.recalled] if survey is not None else map(recall.recall, runs):
            touched |= self._learn(recalled.outcomes)
            rest += recalled.rest
            done += len(recalled.outcomes)
            yield Progress("reading", done, total)
        with self._reader(self.config.jobs, executor) as reader:
            for run in reader.read(rest):
                touched |= self._learn(run)
                recall.note(run)
                done += len(run)
                yield Progress("reading", done, total)
            recall.keep()
            self._store.trim_daily()
            touched.update(self._files.drop_tests())
            yield from self._settle(Work(touched), set(), reader, is_called_off)

    def apply(self, changes: Iterable[Change], is_called_off: CallOff | None = None) -> Delta:
        """Take in what happened, check what depends on it, and say which reports changed.

        Raises Interrupted once `is_called_off` says so. What happened is taken in then, and every report is what it
        was; the next call does what is left. Callers of what is being typed are searched for once the whole document is
        sent again: not with every keystroke.
        """
        changes = tuple(changes)
        touched = {change.path for change in changes if self._files.take(change)}
        touched |= {project for change in changes for project in self._files.take_again(change.path)}
        if any(isinstance(self._files.facts.get(path), ProjectFacts) for path in touched):
            touched.update(self._files.drop_tests())
        self._left.add(touched)
        self._left.searches |= any(change.kind != "edited" for change in changes)
        changed: set[str] = set()
        with self._reader(1) as reader:
            for _ in self._settle(self._left, changed, reader, is_called_off):
                if is_called_off is not None and is_called_off():
                    raise Interrupted
        self._left.searches = False
        return Delta(frozenset(changed))

    def refresh(self, paths: Iterable[str], is_called_off: CallOff | None = None) -> Delta:
        """Read these files from disk again (written, created or deleted by others) and take in what they hold. As
        `apply`."""
        return self.apply([self._files.on_disk(path) for path in paths], is_called_off)

    def ask(self, path: str, question: Callable[[Program], T], is_called_off: CallOff | None = None) -> T:
        """What the program of a file answers. The files that it turns out to need are read by `catch_up`. Raises
        Interrupted."""
        island = self._files.island(path)
        try:
            with island.program.until(is_called_off):
                return question(island.program)
        finally:
            self._later.wanted |= island.wanted()

    def catch_up(self, is_called_off: CallOff | None = None) -> Delta | None:
        """Read the files that questions turned out to need, and check what depends on them; None when there are none.

        Who asks a program that has not seen all its callers repeats the question then. Raises Interrupted; the next
        call does what is left.
        """
        changed, had_any = set[str](), False
        for _ in self.catching_up(changed, is_called_off):
            if is_called_off is not None and is_called_off():
                raise Interrupted
            had_any = True
        return Delta(frozenset(changed)) if had_any else None

    def catching_up(self, changed: set[str], is_called_off: CallOff | None = None) -> Iterator[Progress]:
        """As `catch_up`, in steps as those of `index`; adds the paths whose reports became others to `changed`."""
        with self._reader(1) as reader:
            yield from self._settle(self._later, changed, reader, is_called_off)

    def unread(self, path: str) -> tuple[str, ...]:
        """The files of a document's program that nothing asked for yet, and that hold no word of a rule."""
        return tuple(self._files.island(path).unread)

    def read_mentioning(self, words: Iterable[bytes], paths: Iterable[str]) -> Delta:
        """Read those of the files that hold one of the words, and check them and what depends on them."""
        words = tuple(words)
        wanted = [path for path in paths if any(word in self._source(path) for word in words)]
        changed: set[str] = set()
        with self._reader(1) as reader:
            touched = {path for run in reader.read([_whole(path) for path in wanted]) for path in self._learn(run)}
            for _ in self._settle(Work(touched), changed, reader) if touched else ():
                pass
        return Delta(frozenset(changed))

    def tidy(self) -> None:
        """Forget what nobody needs any more, when there is much of it: call it now and then, when nobody waits."""
        for island in self._files.islands():
            if island.program.is_worth_collecting:
                island.program.collect()

    # ── what is known ────────────────────────────────────────────────────────────────────────────────────────────────

    def paths(self) -> tuple[str, ...]:
        """The paths that have reports, sorted."""
        return tuple(sorted(self._reports))

    def reports(self, path: str) -> tuple[Report, ...]:
        """The reports of a file in source order; () for a file without any, or unknown."""
        return self._reports.get(path, ())

    def fixes(self, report: Report) -> tuple[Fix, ...]:
        """The fixes of a report against the files as they stand now, the best first."""
        if report.finding.rule.startswith("ipclint/"):
            return ()
        checker = self._files.island(report.path).checker
        try:
            return checker.fixes(report.finding, self._source, self.extent)
        except Exception as error:  # one broken fix must not take the report with it
            self._failures[report.path] = f"{report.rule}: its fix failed: {type(error).__name__}: {error}"
            return ()

    def scaffolds(self, ref: UnitRef) -> tuple[Fix, ...]:
        """What can be built at a declaration, against the files as they stand now."""
        from ipclint.checks.scaffolds import scaffolds  # a check needs none

        try:
            return tuple(scaffolds(self.program(ref.path), ref, Sources(self._source, self.extent)))
        except Exception as error:
            self._failures[ref.path] = f"a refactoring failed: {type(error).__name__}: {error}"
            return ()

    def document(self, path: str) -> Document:
        """A file as it stands, the open document before the one on disk; without bytes when it cannot be read."""
        return self._files.document(path)

    def exists(self, path: str) -> bool:
        """Whether there is such a file, open or on disk."""
        return self._files.is_open(path) or self.disk.exists(path)

    def is_included(self, path: str) -> bool:
        """Whether a file of no kind of its own is part of a project."""
        return next(self._files.including(path), None) is not None

    def is_open(self, path: str) -> bool:
        return self._files.is_open(path)

    def program(self, path: str) -> Program:
        """The program that a file belongs to, for questions that no report answers."""
        return self._files.island(path).program

    def parts(self) -> tuple[str, ...]:
        """A file of each program of the workspace, sorted."""
        files = {id(self._files.island(path)): path for path in sorted(self._files.facts)}
        return tuple(files.values())

    def span(self, place: Place) -> Span:
        """The absolute bytes of a place; empty and at the beginning for a unit that is gone."""
        if not place.unit:
            return Span(place.start, place.end)
        extent = self.extent(UnitRef(place.path, place.unit))
        return Span(extent.start + place.start, extent.start + place.end) if extent.end else extent

    def extent(self, ref: UnitRef) -> Span:
        """The absolute bytes of a unit; empty for one that is gone."""
        facts = self._files.facts.get(ref.path)
        extents = facts.extents if isinstance(facts, SourceFacts) else {}
        return extents.get(ref.key, Span(0, 0))

    def surface(self) -> Surface:
        """The surface map of what is known now; `engine.surface.of` reads further files that it turns out to need."""
        from ipclint.engine.surface import surface_of  # it loads the code that looks, which a check may not need

        return surface_of(self._files)

    def evaluations(self) -> int:
        """How many queries were computed so far, for tests that count work."""
        return sum(island.program.evaluations for island in self._files.islands())

    @property
    def test_files(self) -> int:
        """How many files were read and then left out because they turned out to be test code."""
        return self._files.test_files

    @property
    def gave_up(self) -> bool:
        """Whether a file took so long that it was given up: the same check may say more another time."""
        return bool(self._resting) or gave_up("read") in self._files.problems.values()

    def problem(self, path: str) -> str:
        """Why a file was not analysed, or not in full; "" when it was. What is wrong with a property list is found."""
        facts = self._files.facts.get(path)
        unread = facts.problem if isinstance(facts, SourceFacts | ProjectFacts) else ""
        return self._failures.get(path) or self._files.problems.get(path) or unread

    def problems(self) -> list[tuple[str, str]]:
        """What could not be read, or not in full, with the reason, and rules that failed; sorted by path."""
        facts = ((path, facts.problem) for path, facts in self._files.facts.items() if facts.problem)
        return sorted({*self.discovery.problems, *self._files.problems.items(), *self._failures.items(), *facts})

    # ── the loop ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _settle(
        self, work: Work, changed: set[str], reader: Reader, is_called_off: CallOff | None = None
    ) -> Iterator[Progress]:
        """Check what changed and what depends on it; read what the program then asks for; until it asks for no more.

        Adds the paths whose reports became others to `changed`. `work` holds at each step what is left of it.
        """
        done = 0
        for _ in range(MAX_ROUNDS):
            work.due |= self._stale()
            begun, total = set[str](), max(done, len(work.due))
            for path in sorted(work.due):
                while not self._check(path, work, is_called_off):
                    work.wanted |= self._files.island(path).wanted() - begun
                    yield Progress("checking", done, total)
                work.wanted |= self._files.island(path).wanted() - begun
                if len(work.wanted) >= READ_AHEAD and reader.begin(_all_whole(work.wanted)):
                    begun |= work.wanted
                    work.wanted.clear()
                done += 1
                yield Progress("checking", done, max(done, total))
            work.wanted |= {path for island in self._files.islands() for path in island.wanted()} - begun
            if work.searches and not work.wanted and not begun:  # last: many more have callers by now
                work.wanted |= self._files.calling()
            if not (work.wanted or begun or work.due):  # another may have added to it between two steps
                break
            for outcomes in reader.read(_all_whole(work.wanted)):
                work.wanted -= {outcome.path for outcome in outcomes}
                work.add(self._learn(outcomes))
                work.due |= self._stale()  # before anything else happens: that is not to wait for it
                yield Progress("checking", done, done + len(work.due))
        affected = work.affected | {path for each in work.affected for path in self._passing.get(each, ())}
        work.clear()
        self._show(affected, changed)

    def _stale(self) -> set[str]:
        return {path for island in self._files.islands() for path in island.checker.stale_paths()}

    def _check(self, path: str, work: Work, is_called_off: CallOff | None) -> bool:
        """Check a file; false when it was called off."""
        try:
            work.affected |= self._ask(path, is_called_off)
        except Interrupted:
            return False
        work.due.discard(path)
        return True

    def _ask(self, path: str, is_called_off: CallOff | None) -> set[str]:
        island = self._files.island(path)
        if self._resting.get(path, 0.0) > time.monotonic():
            return set()
        self._failures.pop(path, None)
        start = time.monotonic()
        try:
            with at_most(PATIENCE):
                changed = island.ask(path, is_called_off)
        except Overdue:
            self._resting[path] = time.monotonic() + RESTS * (time.monotonic() - start)
            self._failures[path] = gave_up("check")
            return island.give_up(path)
        for rule, _, error in island.checker.failures(path):
            self._failures[path] = f"{rule}: it failed here: {error}"
        return changed

    def _learn(self, outcomes: Iterable[Outcome]) -> set[str]:
        return {outcome.path for outcome in outcomes if self._files.learn(outcome)}

    def _show(self, paths: Iterable[str], changed: set[str]) -> None:
        """Bring the reports of files up to date."""
        documents: dict[str, Document] = {}

        def document(path: str) -> Document:
            if path not in documents:
                documents[path] = self._files.document(path)
            return documents[path]

        for path in sorted(paths):
            old = self._reports.pop(path, ())
            self.baselined.pop(path, None)
            new = self._reports_now(path, document)
            if new:
                self._reports[path] = new
            if new != old:
                changed.add(path)
                for hop in (hop for report in new for hop in report.steps):
                    self._passing[hop.location.path].add(path)

    def _reports_now(self, path: str, document: Callable[[str], Document]) -> tuple[Report, ...]:
        facts = self._files.facts.get(path)
        findings = self._files.island(path).findings(path) if facts is not None else []
        if not findings and not (facts is not None and facts.suppressions):
            return ()
        found = reports_of(document(path), findings, self._selection, self.rulebook, document)
        new = self.baseline.new(found, document(path).data)
        if len(new) < len(found):
            self.baselined[path] = len(found) - len(new)
        return new

    def _reader(self, jobs: int, executor: Executor | None = None) -> Reader:
        return Reader(self.disk.root, self._words, self._store.folder, jobs, executor)

    def _source(self, path: str) -> bytes:
        return self._files.document(path).data


def _in_order(files: Sequence[Found]) -> list[Wanted]:
    """The largest first, so that no worker is left with one at the end."""
    return [Wanted(*file) for file in sorted(files, key=lambda file: (-file.size, file))]


def _all_whole(paths: Iterable[str]) -> list[Wanted]:
    return [_whole(path) for path in sorted(paths)]


def _whole(path: str) -> Wanted:
    return Wanted(path, kind_of(path) or "", 16 * 1024, whole=True)
