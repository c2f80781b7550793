"""A bound on the time that one file may take, whatever it makes a reader or a rule do; the rest goes on without it.

    try:
        with at_most(PATIENCE):
            facts = read(path, data)
    except Overdue:
        …

Readers and queries are bounded by themselves; this is for the day on which one of them is not. A thread looks twice a
second whether the work under way is overdue, and if so raises `Overdue` in the thread that does it. What it costs is
the processor time of that thread, where the system tells it, so that a busy machine gives up no sooner.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 10.0
"""Seconds for one file: reading it, and again for checking it. Those that people wrote take hundredths."""

RESTS = 30
"""A file that was given up is left alone for as many times as long as it took, before it is tried again."""

_TICK = 0.5


class Overdue(BaseException):
    """Work was broken off. Not an Exception: what guards against a broken rule must not go on with it."""


class _Watch:
    """The work under way. One piece at a time in a process; a piece inside another belongs to the outer one."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.due: float | None = None
        self.fired = False
        self._worker = 0
        self._clock: Callable[[], float] = time.monotonic
        self._started = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        return self._thread is not None

    def begin(self, seconds: float) -> None:
        self._worker = threading.get_ident()
        self._clock = _clock_of(self._worker)
        self.fired = False
        self.due = self._clock() + seconds
        if self._thread is None:
            self._thread = threading.Thread(target=self._look, name="patience", daemon=True)
            self._thread.start()
        self._started.set()

    def end(self) -> None:
        try:
            with self.lock:
                self.due = None
                if self.fired:
                    _raise_in(self._worker, None)  # should it not have got there yet
        finally:
            self.due = None
            self._started.clear()

    def _look(self) -> None:
        while self._started.wait():
            time.sleep(_TICK)
            with self.lock:
                if self.due is not None and not self.fired and self._clock() > self.due:
                    self.fired = True
                    _raise_in(self._worker, Overdue)


_watch = _Watch()


def _forked() -> None:
    global _watch
    _watch = _Watch()  # the thread is not in the child


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises Overdue in the work inside, when it has taken so long. Work inside of work is the outer one's."""
    if _watch.due is not None:
        yield
        return
    _watch.begin(seconds)
    try:
        yield
    finally:
        _watch.end()


def watching_threads() -> int:
    """How many threads of this process only watch."""
    return int(_watch.is_running)


def gave_up(doing: str) -> str:
    """What to tell of a file that was given up."""
    return f"took more than {PATIENCE:g} seconds to {doing}, so it was not analysed"


def _clock_of(thread: int) -> Callable[[], float]:
    if not hasattr(time, "pthread_getcpuclockid"):
        return time.monotonic
    clock = time.pthread_getcpuclockid(thread)
    return lambda: time.clock_gettime(clock)


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    import ctypes  # seldom needed

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error) if error else None)
