"""The language server: one client, one analysis thread, and what the handlers share. Lives on the event loop."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, BinaryIO, TypeVar

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from ipclint import __version__
from ipclint.lsp.analysis import Analysis
from ipclint.lsp.client import Client
from ipclint.lsp.events import Configured, Event, Reread, Update
from ipclint.lsp.folders import Folder
from ipclint.lsp.indexing import Indexing
from ipclint.lsp.protocol import Protocol
from ipclint.lsp.publishing import Publisher
from ipclint.lsp.refreshing import Refreshing
from ipclint.lsp.settings import Settings
from ipclint.lsp.transport import Writer, frames
from ipclint.lsp.turns import answering
from ipclint.lsp.warming import Warming
from ipclint.lsp.worker import Worker
from ipclint.program.query import Interrupted

T = TypeVar("T")

IDLE = 1.5
"""Seconds without an edit after which a document is read in full again."""

logger = logging.getLogger(__name__)


class Server(LanguageServer):
    """Handlers call `tell` for what happened and `ask` for what they want to know; neither blocks the loop."""

    protocol: Protocol  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self) -> None:
        super().__init__("ipclint", __version__, protocol_cls=Protocol)
        self.worker = Worker()
        self.roots: tuple[str, ...] = ()  # what the client wants analysed
        self.problem = ""  # with the settings it started with
        self.generation = 0  # counts what was shown, for clients that wait for news
        self.pulled = -1  # the generation that the last pull of the workspace was of
        self.refreshing = Refreshing()
        self._news = asyncio.Event()
        self._held: list[Event] = []
        self._released = asyncio.Event()
        self._released.set()
        self._settling: asyncio.Task[None] | None = None
        self._idle: dict[str, asyncio.TimerHandle] = {}
        self._told: set[str] = set()
        self._running: set[asyncio.Task[None]] = set()
        self.equip(Client(), Settings())

    def equip(self, client: Client, settings: Settings) -> None:
        """Prepares for a client, before any event."""
        self.client = client
        self.settings = settings
        self.analysis = Analysis(client, settings.for_analysis, self._warn, self._log)
        self.publisher = Publisher(self.text_document_publish_diagnostics, client.pulls, self.analysis.positions)
        bar = self.work_done_progress if client.progress else None
        self.indexing = Indexing(self.worker, self.analysis, bar, self.show)
        self.warming = Warming(self.worker, self.analysis, self.show)

    # ── running ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def run(self, reader: BinaryIO, writer: BinaryIO) -> int:
        """Serves until the client says `exit` or its stream ends. Returns the exit code that the protocol asks for."""
        try:
            return asyncio.run(self._serve(reader, writer))
        finally:
            self.worker.stop()

    async def _serve(self, reader: BinaryIO, writer: BinaryIO) -> int:
        self._loop = loop = asyncio.get_running_loop()
        ended: asyncio.Future[int] = loop.create_future()

        def finish(code: int) -> None:
            if not ended.done():
                ended.set_result(code)

        def pump() -> None:
            for frame in frames(reader):
                loop.call_soon_threadsafe(self.protocol.receive, frame)
            loop.call_soon_threadsafe(finish, 1)

        self.protocol.finish = finish
        self.protocol.set_writer(Writer(writer))
        threading.Thread(target=pump, name="input", daemon=True).start()
        return await ended

    # ── the analysis ─────────────────────────────────────────────────────────────────────────────────────────────────

    def tell(self, event: Event) -> None:
        """Notes what happened; it is dealt with at once, together with all that comes meanwhile."""
        if not self._released.is_set() and not isinstance(event, Configured):
            self._held.append(event)
            return
        self.analysis.tell(event)
        self.refreshing.stir()
        if self._settling is None or self._settling.done():
            self._settling = asyncio.ensure_future(self._settle())

    def hold(self) -> None:
        """From now on, all but settings waits until it is released, and so do questions."""
        self._released.clear()

    def release(self, first: Event) -> None:
        """Tells of an event, and then of those that waited."""
        self._released.set()
        for event in (first, *self._held):
            self.tell(event)
        self._held.clear()

    async def _settle(self) -> None:
        while self.analysis.has_news():
            await self.ask(lambda: None)

    async def ask(self, job: Callable[[], T]) -> T:
        """What `job` returns on the analysis thread, after every event so far was dealt with. May be cancelled.

        A job that raises Interrupted is done again, after the event that it gave way to.
        """

        def work() -> T:
            turn = answering(self.analysis.has_news)
            while True:
                self._catch_up()
                self.analysis.turn = turn
                try:
                    return job()
                except Interrupted:
                    continue

        await self._released.wait()
        return await asyncio.wrap_future(self.worker.submit(work))

    def _catch_up(self) -> None:
        """On the analysis thread: deals with every event so far, and shows what came of it."""
        start = time.perf_counter()
        updates = self.analysis.settle()
        if updates and self.protocol.trace != types.TraceValue.Off:
            self._trace(updates, time.perf_counter() - start)
        self._loop.call_soon_threadsafe(self._settled, updates)

    def _settled(self, updates: list[Update]) -> None:
        self.show(updates)
        if waiting := self.analysis.take_waiting():
            self.indexing.start(waiting)
            self.start(self._warm(waiting))

    async def _warm(self, folders: list[Folder]) -> None:
        await self.indexing.finished()
        await self.warming.warm(folders)
        self.refreshing.stir()

    def show(self, updates: list[Update]) -> None:
        """Brings updates to the client."""
        if not updates:
            return
        if self.publisher.show(updates):
            self.workspace_diagnostic_refresh(None)
        self.refreshing.stir()
        self.generation += 1
        self._news.set()
        self._news.clear()

    def show_soon(self, updates: list[Update]) -> None:
        """As `show`, from the analysis thread."""
        if updates:
            self._loop.call_soon_threadsafe(self.show, updates)

    async def news_after(self, generation: int) -> None:
        """Returns when something was shown since."""
        while self.generation == generation:
            await self._news.wait()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Lets something run on that no request waits for."""
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def rest(self, uri: str) -> None:
        """Has a document read in full once it was left alone for a while."""
        self.stir(uri)
        self._idle[uri] = self._loop.call_later(IDLE, self.tell, Reread(uri))

    def stir(self, uri: str) -> None:
        """The document is not left alone, or is gone."""
        if timer := self._idle.pop(uri, None):
            timer.cancel()

    # ── talking to the user ──────────────────────────────────────────────────────────────────────────────────────────

    def say(self, text: str, kind: types.MessageType = types.MessageType.Warning) -> None:
        """Shows a message, each text once."""
        if text not in self._told:
            self._told.add(text)
            self.window_show_message(types.ShowMessageParams(kind, text))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """pygls calls this when a handler failed; a request has had its error, so the log is the place for it."""
        logger.error("%s: %s", getattr(source, "__name__", source), error)

    def _trace(self, updates: list[Update], seconds: float) -> None:
        """Tells a client that traces what an analysis took, on the analysis thread."""
        names = ", ".join(sorted({update.uri.rpartition("/")[2] for update in updates}))
        verbose = f"shown anew: {names}" if self.protocol.trace == types.TraceValue.Verbose else None
        told = types.LogTraceParams(f"analysed in {1000 * seconds:.1f} ms; {len(updates)} files shown anew", verbose)
        self._loop.call_soon_threadsafe(self.log_trace, told)

    def _log(self, text: str) -> None:
        """Called on the analysis thread."""
        told = types.LogMessageParams(types.MessageType.Info, text)
        self._loop.call_soon_threadsafe(self.window_log_message, told)

    def _warn(self, text: str) -> None:
        """Called on the analysis thread."""
        self._loop.call_soon_threadsafe(self.say, text)
