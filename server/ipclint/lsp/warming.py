"""Finds the trust boundaries of a folder once it is indexed, a step at a time, before anybody waits for them.

In a large workspace the first look takes seconds, and has further files read. A client that can be told to ask again
is told nothing of boundaries until then, so that no keystroke waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from weakref import WeakSet

from ipclint.engine.patience import PATIENCE, Overdue, at_most
from ipclint.engine.session import Session
from ipclint.lsp.analysis import Analysis
from ipclint.lsp.events import Update
from ipclint.lsp.folders import Address, Folder
from ipclint.lsp.turns import Turn, in_the_background
from ipclint.lsp.worker import Task, Worker
from ipclint.program.query import Interrupted

logger = logging.getLogger(__name__)


class Warming:
    """Runs on the event loop; the work itself on the worker. `show` gets what the further files changed."""

    def __init__(self, worker: Worker, analysis: Analysis, show: Callable[[list[Update]], None]) -> None:
        self._worker = worker
        self._analysis = analysis
        self._show = show
        self._warm: WeakSet[Session] = WeakSet()

    def is_warm(self, folder: Folder) -> bool:
        """Whether the boundaries of a folder are known; what is in no workspace folder is never indexed."""
        return folder.session in self._warm or not self._analysis.folders.is_workspace(folder)

    async def warm(self, folders: Iterable[Folder]) -> None:
        """Returns when the boundaries of all of them are known."""
        for folder in folders:
            finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._worker.start(self._task(folder, finished))
            await finished

    def _task(self, folder: Folder, finished: asyncio.Future[None]) -> Task:
        loop, session = finished.get_loop(), folder.session
        try:
            for updates in self._steps(folder, session):
                if updates:
                    loop.call_soon_threadsafe(self._show, updates)
                yield
        except Exception:
            logger.exception("the trust boundaries could not be found")
        finally:
            self._warm.add(session)
            loop.call_soon_threadsafe(finished.set_result, None)

    def _steps(self, folder: Folder, session: Session) -> Iterator[list[Update]]:
        changed: set[str] = set()
        turn = in_the_background(self._analysis.has_news)
        for path in session.parts():
            while not self._look(session, path, turn):
                yield []
                turn.begin()
        for _ in session.catching_up(changed, turn):
            yield []
            turn.begin()
        if folder.session is session and self._analysis.folders.is_workspace(folder):
            yield [self._analysis.update(Address(folder, path)) for path in sorted(changed)]

    def _look(self, session: Session, path: str, turn: Turn) -> bool:
        """Finds the boundaries of a program; false when something happened meanwhile, and it must be asked again."""
        from ipclint.engine.boundaries import boundaries  # after the first diagnostics

        try:
            with at_most(PATIENCE):
                session.ask(path, boundaries, turn)
        except Overdue:
            session.program(path).abandon()
            logger.warning("the trust boundaries took too long")
        except Interrupted:
            return False
        return True
