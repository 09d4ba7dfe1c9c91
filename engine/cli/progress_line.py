"""A progress bar on a terminal: one line, which is removed at the end. Elsewhere it writes nothing."""

import time
from types import TracebackType
from typing import Self

from engine.protocol.streams import Output

WIDTH = 24
SECONDS = 0.2  # between two changes


class ProgressLine:
    """Within it, each call with the number of things that are done redraws the line."""

    def __init__(self, out: Output, what: str, total: int) -> None:
        self._out, self._what, self._total = out, what, total
        self._shown = out.isatty()
        self._drawn = 0.0

    def __enter__(self) -> Self:
        return self

    def __call__(self, done: int) -> None:
        """Show how many are done."""
        now = time.monotonic()
        if self._shown and now - self._drawn >= SECONDS:
            self._drawn = now
            filled = WIDTH * done // max(self._total, 1)
            self._out.write(f"\r\x1b[K[{'#' * filled}{'.' * (WIDTH - filled)}] {self._what} {done}/{self._total}")
            self._out.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._out.write("\r\x1b[K")
            self._out.flush()
