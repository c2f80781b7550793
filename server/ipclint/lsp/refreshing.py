"""Has the client ask again for code lenses and inlay hints when something elsewhere made them others.

A client asks for them again itself when their document is edited. What other files, settings and the disk change is
noticed here: what every answer said is kept, and compared once the analysis has come to rest.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Mapping

Key = tuple[str, str]
"""What was asked for ("lenses", "hints"), and of which document."""

Look = Callable[[tuple[Key, ...]], Awaitable[dict[Key, Hashable]]]

REST = 0.4
"""Seconds without an event after which the answers are looked at again."""

logger = logging.getLogger(__name__)


class Refreshing:
    """Lives on the event loop, and does nothing before `begin`."""

    def __init__(self) -> None:
        self._look: Look = _nothing
        self._refresh: Mapping[str, Callable[[], object]] = {}
        self._said: dict[Key, Hashable] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._looking: asyncio.Task[None] | None = None

    def begin(self, look: Look, refresh: Mapping[str, Callable[[], object]]) -> None:
        """`look` works out what answers would say now; `refresh` has the client ask again, for each thing that it wants
        to be told of."""
        self._look, self._refresh = look, refresh

    def answered(self, key: Key, said: Hashable) -> None:
        """The client was told this."""
        if key[0] in self._refresh:
            self._said[key] = said

    def forget(self, uri: str) -> None:
        """The document was closed."""
        for what in self._refresh:
            self._said.pop((what, uri), None)

    def stir(self) -> None:
        """Something happened: look again once nothing more does."""
        if self._timer is not None:
            self._timer.cancel()
        if self._said:
            self._timer = asyncio.get_running_loop().call_later(REST, self._start)

    def _start(self) -> None:
        self._looking = asyncio.ensure_future(self._compare())

    async def _compare(self) -> None:
        try:
            now = await self._look(tuple(self._said))
        except Exception:
            logger.exception("the answers could not be looked at again")
            return
        stale = {key for key, said in now.items() if key in self._said and self._said[key] != said}
        for key in stale:
            self._said[key] = now[key]  # told once, whether or not the client asks
        for what in sorted({what for what, _ in stale}):
            self._refresh[what]()


async def _nothing(_: tuple[Key, ...]) -> dict[Key, Hashable]:
    return {}
