"""The analysis thread's side of the server: events go into sessions, updates of what to show come out.

Everything here belongs to that thread, except `tell`, `has_news` and `take_waiting`, which touch queues alone.
"""

from __future__ import annotations

import gc
import logging
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

from lsprotocol import types

from ipclint.engine.changes import Change
from ipclint.engine.config import FILE_NAME
from ipclint.engine.session import CallOff, Progress
from ipclint.lsp.client import Client
from ipclint.lsp.convert import Positions
from ipclint.lsp.diagnostics import Diagnostics, mistaken, not_analysed
from ipclint.lsp.documents import Document
from ipclint.lsp.edits import Edits
from ipclint.lsp.events import Closed, Configured, Edited, Event, FoldersChanged, OnDisk, Opened, Reread, Update
from ipclint.lsp.folders import Address, Folder, Folders
from ipclint.lsp.sessions import make_session
from ipclint.lsp.settings import Settings
from ipclint.lsp.turns import answering, in_the_background
from ipclint.program.query import Interrupted
from ipclint.readers import INCLUDED, kind_of

SHOWN_AT_ONCE = 50
"""Files that are shown in one step of an index."""

MAX_NAMED = 50
"""Files that the log names after an index."""

logger = logging.getLogger(__name__)


class Batch:
    """What happened in one folder since the last look."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.on_disk: list[str] = []
        self.edited: set[str] = set()  # by the client
        self.sent: set[str] = set()  # the whole of which the session is given
        self.others: set[str] = set()  # to be shown again, whether or not their reports changed
        self.rests = False  # a document was left alone for a while


class Analysis:
    """`warn` is called, on this thread, with what the user has to know, `log` with what may help somebody who asks."""

    def __init__(
        self,
        client: Client,
        settings: Settings,
        warn: Callable[[str], None],
        log: Callable[[str], None] = logger.info,
    ) -> None:
        self.client = client
        self.positions = Positions(client.encoding)
        self.settings = settings
        self.folders = Folders(lambda root: make_session(root, self.settings))
        self._warn = warn
        self._log = log
        self._homes: dict[str, tuple[Address, ...]] = {}  # of open documents; the innermost folder speaks of it
        self._uncertain: set[Address] = set()  # open documents of which the session may hold another text
        self._events: deque[Event] = deque()
        self._waiting: deque[Folder] = deque()  # folders to be indexed
        self._lost: list[Update] = []  # what must be taken back
        self.turn = answering(self.has_news)  # of the question that is being answered

    # ── events in ────────────────────────────────────────────────────────────────────────────────────────────────────

    def tell(self, event: Event) -> None:
        """Notes what happened; `settle` deals with it."""
        self._events.append(event)

    def has_news(self) -> bool:
        """Whether something happened that was not dealt with: what is worked out meanwhile is of an older version."""
        return bool(self._events)

    def take_waiting(self) -> list[Folder]:
        """The folders that have a session which was not indexed yet; each once."""
        waiting: dict[Folder, None] = {}
        while self._waiting:
            waiting[self._waiting.popleft()] = None
        return list(waiting)

    def settle(self) -> list[Update]:
        """Deals with all events so far together: many keystrokes cost one analysis. One that is overtaken by another
        event is broken off, and what is left of it is done with that event; until it is high time to show something.
        """
        turn = answering(self.has_news)
        updates: list[Update] = []
        batches: dict[Folder, Batch] = defaultdict(Batch)
        self._take_all(batches)
        while batches:
            folder = max(
                batches, key=lambda folder: len(folder.root)
            )  # an inner one first, which speaks for outer ones
            batch = batches[folder]
            with suppress(Interrupted):
                updates += self._analyse(folder, batch, turn)
                del batches[folder]
            if turn():
                self._take_all(batches)
        updates += self._lost
        self._lost = []
        return [update._replace(late=True) for update in updates] if self._events else updates

    def _take_all(self, batches: dict[Folder, Batch]) -> None:
        while self._events:
            try:
                self._take(self._events.popleft(), batches)
            except Exception:
                logger.exception("an event could not be dealt with")

    def _take(self, event: Event, batches: dict[Folder, Batch]) -> None:
        match event:
            case Opened(item):
                self._close(item.uri, batches)
                self._open(Document(item.uri, item.language_id, item.version, item.text), batches)
            case Edited(uri, version, changes):
                self._edit(uri, version, changes, batches)
            case Reread(uri):
                for address in self._homes.get(uri, ()):
                    self._whole(address, batches)
                    batches[address.folder].rests = True
            case Closed(uri):
                self._close(uri, batches)
            case OnDisk(uris):
                self._disk(uris, batches)
            case FoldersChanged(added, removed):
                self._change_folders(added, removed, batches)
            case Configured(settings):
                if settings != self.settings:
                    self.settings = settings
                    for folder in self.folders:
                        self._reopen(folder, batches)

    def _open(self, document: Document, batches: dict[Folder, Batch]) -> None:
        homes = self._homes[document.uri] = self.folders.homes(document.uri, document.language)
        folder = homes[0].folder
        if not folder.documents and not self.folders.is_workspace(folder):
            self._tell_mistake(folder, batches)
        for address in homes:
            address.folder.documents[address.path] = document
            self._whole(address, batches)
            batches[address.folder].edited.add(address.path)

    def _edit(
        self,
        uri: str,
        version: int,
        changes: tuple[types.TextDocumentContentChangeEvent, ...],
        batches: dict[Folder, Batch],
    ) -> None:
        homes = self._homes.get(uri)
        if homes is None:
            logger.warning("a change of a document that is not open: %s", uri)
            return
        edits = homes[0].folder.documents[homes[0].path].apply(changes, self.positions, version)
        for address in homes:
            if address in self._uncertain:
                self._whole(address, batches)
            else:
                batches[address.folder].changes.append(Change.edited(address.path, edits))
            batches[address.folder].edited.add(address.path)

    def _whole(self, address: Address, batches: dict[Folder, Batch]) -> None:
        folder, path = address
        batches[folder].changes.append(Change.opened(path, folder.documents[path].data))
        batches[folder].sent.add(path)

    def _close(self, uri: str, batches: dict[Folder, Batch]) -> None:
        homes = self._homes.pop(uri, ())
        for folder, path in homes:
            del folder.documents[path]
            folder.changed_on_disk(path)
            batches[folder].changes.append(Change.closed(path))
            batches[folder].edited.add(path)
            if not folder.in_workspace:
                batches[folder].changes.append(Change.gone(path))
                self.folders.leave(folder)
        if homes and self.folders.find(uri) is None:  # there is no file that could have diagnostics of its own
            self._lost.append(Update(uri, None, []))

    def _disk(self, uris: Iterable[str], batches: dict[Folder, Batch]) -> None:
        for uri in uris:
            if uri.rpartition("/")[2] == FILE_NAME:
                for folder in self.folders.configured_by(uri):
                    self._reopen(folder, batches)
            elif resting := self.folders.baselined_by(uri):
                for folder in resting:
                    self._reopen(folder, batches)
            else:
                for folder, path in self.folders.holding(uri):
                    self._file(folder, path, batches)

    def _file(self, folder: Folder, path: str, batches: dict[Folder, Batch]) -> None:
        folder.changed_on_disk(path)
        if kind_of(path) is not None or folder.session.is_included(path):
            batches[folder].on_disk.append(path)
        elif not path.endswith(INCLUDED):
            self._reopen(folder, batches)  # a folder that came, went or moved

    def _change_folders(self, added: Iterable[str], removed: Iterable[str], batches: dict[Folder, Batch]) -> None:
        gone = list(filter(None, map(self.folders.remove, removed)))
        gc.unfreeze()
        for folder in gone:
            for path in folder.shown - folder.documents.keys():
                self._leave(folder, path, batches)
        for folder in filter(None, map(self.folders.add, added)):
            self._waiting.append(folder)
            self._take_over(folder, batches)
            self._tell_mistake(folder, batches)
        for uri, homes in list(self._homes.items()):
            document = homes[0].folder.documents[homes[0].path]
            if self.folders.homes(uri, document.language) != homes:
                self._close(uri, batches)
                self._open(document, batches)
        for folder in gone:
            batch = batches.pop(folder, Batch())
            for path in batch.edited | batch.sent | batch.others:
                self._leave(folder, path, batches)

    def _leave(self, folder: Folder, path: str, batches: dict[Folder, Batch]) -> None:
        """Takes back what a folder that went has shown of a file, for another one to speak of it that holds it too."""
        uri = folder.uri(path)
        outer = self.folders.find(uri)
        if outer is not None:
            batches[outer.folder].others.add(outer.path)
        else:
            self._lost.append(Update(uri, None, []))

    def _take_over(self, inner: Folder, batches: dict[Folder, Batch]) -> None:
        """Shows anew what a folder around this one has shown of files in it: from now on, this one speaks of them."""
        for folder in self.folders:
            for path in folder.shown if folder is not inner else ():
                address = self.folders.innermost(Address(folder, path))
                if address.folder is inner:
                    batches[inner].others.add(address.path)

    def _reopen(self, folder: Folder, batches: dict[Folder, Batch]) -> None:
        """Gives a folder a new session, with what is open in it."""
        gc.unfreeze()  # the old session is garbage now
        folder.reopen()
        before = batches[folder]
        batches[folder] = Batch()
        batches[folder].others |= before.edited | before.others  # closed since, perhaps
        for path in folder.documents:
            self._whole(Address(folder, path), batches)
        self._tell_mistake(folder, batches)
        if self.folders.is_workspace(folder):
            self._waiting.append(folder)

    def _tell_mistake(self, folder: Folder, batches: dict[Folder, Batch]) -> None:
        """Shows a mistake in the configuration where it was made; elsewhere it is taken back."""
        batches[folder].others |= {path for path in folder.shown if path.endswith(FILE_NAME)}
        if folder.mistake is None:
            return
        path = folder.path_of(folder.mistake.file)
        if path is not None and self.folders.is_workspace(folder):
            batches[folder].others.add(path)
        self._warn(f"{folder.mistake.file}:{folder.mistake.line + 1}: {folder.mistake.text}. The defaults are used.")

    # ── updates out ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _analyse(self, folder: Folder, batch: Batch, is_called_off: CallOff) -> list[Update]:
        """Raises Interrupted; what is to be done when it is called again stands in `batch`."""
        own = batch.edited | batch.sent
        known = {Address(folder, path) for path in own if path in folder.documents}
        try:
            changes, batch.changes = batch.changes, []
            batch.others |= folder.session.apply(changes, is_called_off).changed
            if batch.on_disk:
                on_disk, batch.on_disk = batch.on_disk, []
                batch.others |= folder.session.refresh(on_disk, is_called_off).changed
            if batch.rests:
                left = folder.session.catch_up(is_called_off)
                batch.others |= left.changed if left is not None else frozenset()
                folder.session.tidy()
            self._uncertain -= known
            return [
                self.update(Address(folder, path), path in batch.edited)
                for path in sorted(own | batch.others)
                if folder.in_workspace or path in folder.documents  # outside of it, only what is open is shown
            ]
        except Exception:
            logger.exception("the analysis failed")
            self._uncertain |= known
            for name in sorted(path.rpartition("/")[2] for _, path in known):
                self._warn(
                    f"ipclint could not analyse {name}; what it found before stays. The log says why: please report it."
                )
            return []

    def index(self, folder: Folder, progress: Callable[[Progress], bool]) -> Iterator[list[Update]]:
        """Reads a folder from disk; after each step, what there is to show.

        Stops short when `progress` returns false, and when the folder is gone or gets another session meanwhile.
        """
        session = folder.session
        if folder.indexed is session or not self.folders.is_workspace(folder):
            return  # made anew, or left, while this index waited for its turn
        folder.indexed = session

        def is_over() -> bool:
            return folder.session is not session or not self.folders.is_workspace(folder)

        turn = in_the_background(self.has_news)
        for step in session.index(is_called_off=turn):
            if is_over() or not progress(step):
                return
            yield []
            turn.begin()
        self._log(_summary(folder))
        gc.collect()
        gc.freeze()  # what was read stays; to search it for garbage again and again costs a large workspace dearly
        for paths in batched(sorted({*session.paths(), *folder.shown}), SHOWN_AT_ONCE):
            if is_over():
                return
            yield [self.update(Address(folder, path)) for path in paths]

    def update(self, address: Address, edited: bool = False) -> Update:
        """What to show of a document now: what the innermost folder says that holds it."""
        folder, path = self.folders.innermost(address)
        diagnostics = self.diagnostics(folder).of(folder.session.reports(path))
        if folder.mistake is not None and folder.path_of(folder.mistake.file) == path:
            diagnostics.append(mistaken(folder.mistake.text, folder.mistake.line))
        if path in folder.documents and (problem := folder.session.problem(path)):
            diagnostics.append(not_analysed(f"{path.rpartition('/')[2]}: {problem}"))
        (folder.shown.add if diagnostics else folder.shown.discard)(path)
        return Update(folder.uri(path), folder.version(path), diagnostics, edited)

    def address(self, uri: str) -> Address | None:
        """Where a document or a file lives; None when it is in no folder that is known."""
        homes = self._homes.get(uri)
        return homes[0] if homes else self.folders.find(uri)

    def diagnostics(self, folder: Folder) -> Diagnostics:
        return Diagnostics(self.client, self.positions, folder.uri, folder.lines, folder.page)

    def edits(self, folder: Folder) -> Edits:
        return Edits(self.client, self.positions, folder.uri, folder.lines, folder.version)


def _summary(folder: Folder) -> str:
    """What came of an index, for the log."""
    session = folder.session
    count = sum(len(session.reports(path)) for path in session.paths())
    problems = [f"  {path}: {problem}" for path, problem in session.problems()]
    text = f"{folder.root}: {len(session.discovery.files)} files, {count} findings"
    return "\n".join([f"{text}; not analysed in full:" if problems else text, *problems[:MAX_NAMED]])


def batched(items: Sequence[str], count: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), count):
        yield items[start : start + count]
