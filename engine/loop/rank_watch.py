"""Says of processes of a run that do not answer: to those who watch it, and in a file for `status`."""

import time
from collections.abc import Callable
from pathlib import Path

from engine.protocol import Event, RankSilent
from engine.storage import ranks_file

AGAIN_SECONDS = 30.0  # between two events about the same process


class RankWatch:
    """Is told of the silent processes at every beat, by a thread of its own."""

    def __init__(self, folder: Callable[[], Path | None], tell: Callable[[Event], None]) -> None:
        """`folder` is that of the run, as soon as it is known; `tell` sends an event to those who watch."""
        self._folder = folder
        self._tell = tell
        self._silent: dict[int, RankSilent] = {}
        "by rank; as it was told last"
        self._at = 0.0
        self._written: set[int] | None = None
        "the ranks that the file names"

    def __call__(self, silent: tuple[RankSilent, ...]) -> None:
        """These processes are silent, and no others."""
        now = {event.rank: event for event in silent}
        folder = self._folder()
        if folder is not None and self._written != now.keys():
            self._written = set(now)
            if silent:
                ranks_file.write_silent(folder, silent)
            else:
                ranks_file.clear(folder)
        again = time.monotonic() - self._at >= AGAIN_SECONDS
        for rank, event in now.items():
            if again or rank not in self._silent:
                self._at = time.monotonic()
                self._tell(event)
        for rank, event in self._silent.items():
            if rank not in now:
                self._tell(RankSilent(rank, event.host, event.doing, 0.0))
        self._silent = now
