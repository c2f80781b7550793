"""The one thread that analyses. Requests never wait on the event loop for it, and it never waits for them."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")
Task = Generator[None, None, None]

logger = logging.getLogger(__name__)


class Worker:
    """Runs jobs in the order they come, and between them, a step at a time, tasks that take long.

    A job that was cancelled before its turn is not run. A task is a generator: each `yield` is a point at which jobs
    are let through. Everything that is given to a worker may use what belongs to its thread without a lock.
    """

    def __init__(self) -> None:
        self._jobs: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._tasks: deque[Task] = deque()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="analysis", daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Runs `job` after those submitted before; what it raises is the future's exception."""
        future: Future[T] = Future()
        with self._changed:
            self._jobs.append((future, job))
            self._changed.notify()
        return future

    def start(self, task: Task) -> None:
        """Runs a task while there are no jobs, behind the tasks that were started before it."""
        with self._changed:
            self._tasks.append(task)
            self._changed.notify()

    def stop(self, timeout: float = 1.0) -> None:
        """Ends the thread after what it is doing now; waits at most `timeout` seconds for it."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join(timeout)

    def _run(self) -> None:
        while (turn := self._next()) is not None:
            turn()

    def _next(self) -> Callable[[], None] | None:
        """What to do now: a job, else a step of the first task; None at the end."""
        with self._changed:
            while not (self._stopped or self._jobs or self._tasks):
                self._changed.wait()
            if self._stopped:
                return None
            if self._jobs:
                future, job = self._jobs.popleft()
                return lambda: _work(future, job)
            return self._step

    def _step(self) -> None:
        task = self._tasks[0]
        try:
            next(task)
            return
        except StopIteration:
            pass
        except Exception:
            if not self._stopped:  # else there is no loop any more that it could have told
                logger.exception("a background task failed")
        with self._changed:
            self._tasks.remove(task)


def _work(future: Future[Any], job: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = job()
    except Exception as error:
        future.set_exception(error)
    else:
        future.set_result(result)
