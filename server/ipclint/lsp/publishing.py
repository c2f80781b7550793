"""What the client has been shown: pushes what is new, drops what is stale. Lives on the event loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lsprotocol import types

from ipclint.lsp.analysis import Update

Publish = Callable[[types.PublishDiagnosticsParams], None]


class Publisher:
    """`pulls`: the client asks for the diagnostics of open documents itself, so none are pushed for them."""

    def __init__(self, publish: Publish, pulls: bool) -> None:
        self._publish = publish
        self._pulls = pulls
        self._newest: dict[str, int] = {}  # the version of each open document, as far as it is known here
        self._pushed: dict[str, types.PublishDiagnosticsParams | None] = {}  # what the client shows; None: unknown
        self.pulls_workspace = False
        self.only_open = False

    def opened(self, uri: str, version: int) -> None:
        self._newest[uri] = version
        if uri in self._pushed:
            self._pushed[uri] = None  # some clients forget with the buffer what it showed
        if self._pulls:
            self._push(uri, None, [])  # what was pushed for the closed file would stand beside what is pulled

    def edited(self, uri: str, version: int) -> None:
        self._newest[uri] = version

    def closed(self, uri: str) -> None:
        self._newest.pop(uri, None)

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
                must_refresh |= not update.edited
            elif update.version == newest:
                self._push(update.uri, update.version, update.diagnostics)
        return must_refresh

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
