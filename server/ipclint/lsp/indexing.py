"""Indexing of workspace folders in the background, with progress that the user can see and stop."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Iterable

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.progress import Progress as Bar

from ipclint.engine.session import Progress
from ipclint.lsp.analysis import Analysis
from ipclint.lsp.events import Update
from ipclint.lsp.folders import Folder
from ipclint.lsp.worker import Task, Worker

EVERY = 0.1
"""Seconds between two reports of progress."""

logger = logging.getLogger(__name__)


class Indexing:
    """Runs on the event loop; the work itself on the worker, a step at a time.

    `bar` draws progress, None for a client that shows none. `show` gets what an index has found.
    """

    def __init__(
        self, worker: Worker, analysis: Analysis, bar: Bar | None, show: Callable[[list[Update]], None]
    ) -> None:
        self._worker = worker
        self._analysis = analysis
        self._bar = bar
        self._show = show
        self._running: set[asyncio.Task[None]] = set()

    def start(self, folders: Iterable[Folder]) -> None:
        for folder in folders:
            task = asyncio.ensure_future(self._index(folder))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    @property
    def is_running(self) -> bool:
        return bool(self._running)

    async def finished(self) -> None:
        """Returns when no folder is being indexed."""
        while self._running:
            await asyncio.wait(self._running)

    async def _index(self, folder: Folder) -> None:
        loop = asyncio.get_running_loop()
        finished: asyncio.Future[None] = loop.create_future()
        drawn = Drawn(self._bar, folder.root.rpartition("/")[2])
        last = 0.0

        def progress(step: Progress) -> bool:
            nonlocal last
            if time.monotonic() - last >= EVERY:
                last = time.monotonic()
                loop.call_soon_threadsafe(drawn.report, step)
            return not drawn.stopped

        def work() -> Task:
            try:
                for updates in self._analysis.index(folder, progress):
                    if updates:
                        loop.call_soon_threadsafe(self._show, updates)  # at once, so that nothing newer is shown before
                    yield
            finally:
                loop.call_soon_threadsafe(finished.set_result, None)

        await drawn.begin()
        self._worker.start(work())
        await finished
        drawn.end()


class Drawn:
    """One progress bar in the client, or none."""

    def __init__(self, bar: Bar | None, title: str) -> None:
        self._bar = bar
        self._title = title
        self._token = f"ipclint-{uuid.uuid4()}"
        self._begun = False

    async def begin(self) -> None:
        if self._bar is None:
            return
        try:
            await self._bar.create_async(self._token)
        except JsonRpcException as error:
            logger.info("the client shows no progress: %s", error)
            return
        begin = types.WorkDoneProgressBegin(
            f"ipclint: {self._title}", cancellable=True, message="reading", percentage=0
        )
        self._bar.begin(self._token, begin)
        self._begun = True

    @property
    def stopped(self) -> bool:
        """Whether the user asked to stop."""
        return self._bar is not None and self._token in self._bar.tokens and self._bar.tokens[self._token].cancelled()

    def report(self, step: Progress) -> None:
        if self._bar is not None and self._begun:
            percentage = 100 * step.done // max(step.total, 1)
            message = f"{step.phase} {step.done}/{step.total}"
            self._bar.report(
                self._token, types.WorkDoneProgressReport(message=message, percentage=min(percentage, 100))
            )

    def end(self) -> None:
        if self._bar is not None and self._begun:
            self._begun = False
            self._bar.end(self._token, types.WorkDoneProgressEnd())
            self._bar.tokens.pop(self._token, None)
