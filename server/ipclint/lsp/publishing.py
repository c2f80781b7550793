"""What the client has been shown: pushes what is new, drops what is stale. Lives on the event loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from lsprotocol import types

from ipclint.lsp.convert import Positions
from ipclint.lsp.events import Update
from ipclint.lsp.moving import is_whole, moved

Change = types.TextDocumentContentChangeEvent
Publish = Callable[[types.PublishDiagnosticsParams], None]


class Publisher:
    """`pulls`: the client asks for the diagnostics of open documents itself, so none are pushed for them."""

    def __init__(self, publish: Publish, pulls: bool, positions: Positions) -> None:
        self._publish = publish
        self._pulls = pulls
        self._positions = positions
        self._newest: dict[str, int] = {}  # the version of each open document, as far as it is known here
        self._changes: dict[str, list[tuple[int, Change]]] = {}  # to versions after the last shown
        self._pushed: dict[str, types.PublishDiagnosticsParams | None] = {}  # what the client shows; None: unknown
        self._last: dict[str, list[types.Diagnostic]] = {}  # of open documents, for a client that pulls
        self.pulls_workspace = False
        self.only_open = False

    def opened(self, uri: str, version: int) -> None:
        self._newest[uri] = version
        self._changes[uri] = []
        if uri in self._pushed:
            self._pushed[uri] = None  # some clients forget with the buffer what it showed
        if self._pulls:
            self._push(uri, None, [])  # what was pushed for the closed file would stand beside what is pulled

    def edited(self, uri: str, version: int, changes: Sequence[Change]) -> None:
        self._newest[uri] = version
        if not self._pulls:
            if any(is_whole(change) for change in changes):
                self._changes[uri].clear()  # nothing can be followed through that
            self._changes[uri] += ((version, change) for change in changes)

    def closed(self, uri: str) -> None:
        self._newest.pop(uri, None)
        self._changes.pop(uri, None)
        self._last.pop(uri, None)

    def is_open(self, uri: str) -> bool:
        return uri in self._newest

    def show(self, updates: Iterable[Update]) -> bool:
        """Pushes what the client does not pull. Returns whether a client that pulls must be told to ask again."""
        must_refresh = False
        for update in updates:
            newest = self._newest.get(update.uri)
            if newest is None:
                hidden = self.only_open or self.pulls_workspace
                self._push(update.uri, None, [] if hidden else update.diagnostics)
                must_refresh |= self.pulls_workspace
            elif self._pulls:
                before = self._last.get(update.uri)
                self._last[update.uri] = update.diagnostics
                must_refresh |= not update.edited and update.diagnostics != before
            elif update.version == newest:
                self._changes[update.uri].clear()
                self._push(update.uri, update.version, update.diagnostics)
            elif update.late and update.version is not None:
                self._push_late(update, update.version)
        return must_refresh

    def _push_late(self, update: Update, version: int) -> None:
        """Pushes what is known of an older version, at the places that it has in the newest: of no version, then."""
        uri = update.uri
        later = self._changes[uri] = [each for each in self._changes[uri] if each[0] > version]
        diagnostics = moved(update.diagnostics, uri, [change for _, change in later], self._positions)
        if diagnostics is not None:
            self._push(uri, None, diagnostics)

    def pull_workspace(self) -> None:
        """From now on the client asks for closed files too: takes back what was pushed for them."""
        if not self.pulls_workspace:
            self.pulls_workspace = True
            for uri in sorted(self._pushed.keys() - self._newest.keys()):
                self._push(uri, None, [])

    def _push(self, uri: str, version: int | None, diagnostics: list[types.Diagnostic]) -> None:
        params = types.PublishDiagnosticsParams(uri=uri, version=version, diagnostics=diagnostics)
        shows_nothing = not diagnostics and version is None and uri not in self._pushed
        if shows_nothing or params == self._pushed.get(uri):
            return
        if diagnostics:
            self._pushed[uri] = params
        else:
            self._pushed.pop(uri, None)
        self._publish(params)
