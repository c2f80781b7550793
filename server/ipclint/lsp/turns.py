"""When work on the analysis thread gives way to what happened meanwhile. The newest version wins, but not for ever:
whoever types faster than an analysis takes is shown something too."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

LONGEST = 0.5
"""Seconds after which an answer that somebody waits for is worked out to its end, whatever happens meanwhile."""

SLICE = 0.04
"""Seconds that work in the background has for itself each time: without, it would never come to an end."""


class Turn:
    """A piece of work. Called, it says whether the work is to be broken off for something newer: from `after` seconds
    until `until` seconds after its beginning, which is now."""

    def __init__(self, has_news: Callable[[], bool], *, after: float = 0.0, until: float = math.inf) -> None:
        self._has_news = has_news
        self._after = after
        self._until = until
        self.begin()

    def begin(self) -> None:
        self._begun = time.monotonic()

    def __call__(self) -> bool:
        return self._has_news() and self._after <= time.monotonic() - self._begun < self._until


def answering(has_news: Callable[[], bool]) -> Turn:
    return Turn(has_news, until=LONGEST)


def in_the_background(has_news: Callable[[], bool]) -> Turn:
    return Turn(has_news, after=SLICE)
