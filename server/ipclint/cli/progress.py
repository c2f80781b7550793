"""A progress bar on a terminal, once a run has taken longer than a second."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TextIO

from ipclint.engine.session import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

AFTER = 1.0
"""Seconds without a bar."""


class Bar:
    """Use as a context manager; `show` may be called as often as there is something to show."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._wanted = stream.isatty()
        self._due = time.monotonic() + AFTER
        self._bar: RichProgress | None = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, progress: Progress) -> None:
        if not self._wanted or (self._bar is None and time.monotonic() < self._due):
            return
        if self._bar is None:
            self._bar = self._start()
        self._bar.update(
            self._bar.task_ids[0], description=progress.phase, completed=progress.done, total=progress.total
        )

    def _start(self) -> RichProgress:
        from rich.console import Console  # late: importing it costs more than many a run
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as RichProgress

        bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=Console(file=self._stream),
            transient=True,
        )
        bar.add_task("reading")
        bar.start()
        return bar
