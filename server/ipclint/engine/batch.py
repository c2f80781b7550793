"""Many files read: glance, read, keep; in this process or mapped over any `concurrent.futures.Executor`.

A `Batch` holds everything that reading needs and goes to a worker as it is, so a worker can be another process or
another machine that sees the same files. Facts travel encoded.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ipclint.engine.disk import Disk, Unreadable
from ipclint.engine.patience import PATIENCE, Overdue, at_most, gave_up, watching_threads
from ipclint.engine.prefilter import declared_names, may_matter, word_filter
from ipclint.engine.store import Store, digest
from ipclint.model.facts import encode
from ipclint.readers import READER_VERSION, read

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

CHUNK_BYTES = 512 * 1024
"""How much source a task holds: enough to make sending it cheap, little enough to share the work evenly."""

STEP_BYTES = 48 * 1024
"""How much source this process reads in one step: an editor waits for no more than that."""

POLL = 0.02
"""Seconds that a step waits for a pool."""

POOL_PAYS = 0.12
"""Seconds of reading in this process after which the rest goes to a pool (starting one takes 60 to 100 ms)."""


class Wanted(NamedTuple):
    """A file to read; `whole` when the program asked for it, so that it is read whatever stands in it."""

    path: str
    kind: str
    size: int
    whole: bool = False


class Outcome(NamedTuple):
    """What came of a file: its facts, or the names it declares when nothing in it matters yet, or a problem."""

    path: str
    digest: bytes  # of its content, b"" when it could not be read
    facts: bytes | None = None
    names: frozenset[str] = frozenset()
    problem: str = ""


class Batch(NamedTuple):
    root: str
    words: frozenset[str]
    store: Path | None  # the folder of the cache
    files: tuple[Wanted, ...]


def read_batch(batch: Batch) -> list[Outcome]:
    """The outcomes of a batch in its order. Runs in workers; never raises for what a file holds."""
    disk, store = Disk(Path(batch.root), remember=True), Store(batch.store)
    has_word = word_filter(batch.words)
    return [_read_one(file, disk, store, has_word) for file in batch.files]


def _read_one(file: Wanted, disk: Disk, store: Store, has_word: Callable[[bytes], bool]) -> Outcome:
    data = disk.read(file.path)
    if isinstance(data, Unreadable):
        return Outcome(file.path, b"", problem=data.problem)
    content = digest(data)
    if not file.whole and not may_matter(file.kind, data, has_word):
        return Outcome(file.path, content, names=declared_names(file.kind, data))
    key = facts_key(file.path, content)
    facts = store.get(key)
    if facts is None:
        others: list[str] = []

        def beside(path: str) -> bytes | None:
            others.append(path)
            found = disk.read(path)
            return found if isinstance(found, bytes) else None

        try:
            with at_most(PATIENCE):
                facts = encode(read(file.path, data, beside))
        except Overdue:
            return Outcome(file.path, content, problem=gave_up("read"))
        except Exception as error:  # readers never raise; should one do, one file is lost and not the run
            return Outcome(file.path, content, problem=f"could not be read: {type(error).__name__}: {error}")
        if not others:  # else they are made of more than the key names
            store.put(key, facts)
    return Outcome(file.path, content, facts)


def facts_key(path: str, content: bytes) -> bytes:
    """The digest under which facts are kept. They name their path, and a property list's kind depends on it."""
    return digest(b"facts", str(READER_VERSION).encode(), path.encode(), content)


def chunks(files: Iterable[Wanted], limit: int = CHUNK_BYTES) -> Iterator[tuple[Wanted, ...]]:
    """The files in order, in runs of about `limit` bytes."""
    run: list[Wanted] = []
    size = 0
    for file in files:
        run.append(file)
        size += file.size + 1024
        if size >= limit:
            yield tuple(run)
            run, size = [], 0
    if run:
        yield tuple(run)


class Reader:
    """Reads files in this process until it is plain that a pool pays, and then in a pool of `jobs` processes.

    A given `executor` is used from the first file on. Use as a context manager; leaving it stops its own pool.
    """

    def __init__(
        self, root: str, words: frozenset[str], store: Path | None, jobs: int, executor: Executor | None = None
    ):
        self._batch = Batch(root, words, store, ())
        self._jobs = jobs or os.cpu_count() or 1
        self._executor = executor
        self._own: Executor | None = None
        self._begun: list[Future[list[Outcome]]] = []
        self._spent = 0.0

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        if self._own is not None:
            # Waiting: an interpreter that ends while the pool is still closing writes into a pipe that is gone.
            self._own.shutdown(wait=True, cancel_futures=True)

    def begin(self, files: Sequence[Wanted]) -> bool:
        """Let the pool read these while this process does something else; the next `read` gives what came of them.

        False, and nothing is begun, when there is no pool.
        """
        if self._executor is not None:
            self._begun += self._submitted(self._executor, files)
        return self._executor is not None

    def read(self, files: Sequence[Wanted]) -> Iterator[list[Outcome]]:
        """The outcomes, a run of files at a time, in the order of `files` whatever the number of workers; before them
        those of the files that were begun.

        A run is empty when a pool is at work and has nothing ready yet.
        """
        if self._begun:
            begun, self._begun = self._begun, []
            yield from _results(begun)
        at = 0
        for run in chunks(files, STEP_BYTES):
            if self._executor is None and self._pool_pays(files[at:]):
                self._executor = self._own = make_pool(self._jobs)
            if self._executor is not None:
                yield from _results(self._submitted(self._executor, files[at:]))
                return
            start = time.perf_counter()
            yield read_batch(self._batch._replace(files=run))
            self._spent += time.perf_counter() - start
            at += len(run)

    def _pool_pays(self, files: Sequence[Wanted]) -> bool:
        return self._jobs > 1 and self._spent > POOL_PAYS and sum(file.size for file in files) > CHUNK_BYTES

    def _submitted(self, executor: Executor, files: Sequence[Wanted]) -> list[Future[list[Outcome]]]:
        return [executor.submit(read_batch, self._batch._replace(files=run)) for run in chunks(files)]


def _results(futures: Iterable[Future[list[Outcome]]]) -> Iterator[list[Outcome]]:
    """What came of tasks, in their order; an empty run now and then while one of them is under way."""
    from concurrent.futures import wait  # loaded with the pool

    for future in futures:
        while not wait([future], POLL).done:
            yield []
        yield future.result()


def make_pool(jobs: int) -> Executor:
    """Processes that read. Forking is the fastest start, and safe while this process has a single thread."""
    import multiprocessing
    import threading
    from concurrent.futures.process import ProcessPoolExecutor

    forks = sys.platform.startswith("linux") and threading.active_count() - watching_threads() == 1
    context = multiprocessing.get_context("fork" if forks else None if sys.platform == "win32" else "forkserver")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=collect_rarely)


def collect_rarely() -> None:
    """Let the cyclic garbage collector run seldom: what a run makes is trees and tables without cycles, and looking
    through them again and again takes a quarter of its time."""
    gc.set_threshold(200_000, 20, 50)
