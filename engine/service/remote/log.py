"""A log beside the journal, of bounded size: which processes the run's socket sent away."""

import contextlib
import os
import time
from pathlib import Path

from engine.errors import place
from engine.protocol import PeerRefused
from engine.protocol.sentences import message

LOG, LOG_BYTES = "control.log", 1 << 18
AT_ONCE = 20  # entries that may be written in a row
SECONDS_EACH = 1.0  # after which one more may be written
FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK  # never waits, whatever was put in the file's place


class ControlLog:
    """Writes some entries at once, then one a second, and counts the others: a flood does not fill the disk."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOG
        self._count, self._written = 0, 0
        self._allowed = float(AT_ONCE)
        self._updated = time.monotonic()

    def refused(self, who: str, reason: str) -> PeerRefused | None:
        """Log a refusal; its event, or `None` where there are too many."""
        self._count += 1
        if not self._may_write():
            return None
        self._written = self._count
        event = PeerRefused(who, reason, self._count)
        self._write(message(event))
        return event

    def failed(self, error: Exception) -> None:
        """Log a mistake of this program."""
        if self._may_write():
            self._write(f"{type(error).__name__}: {error} ({place(error)}); please report this")

    def close(self) -> None:
        """Log how many there were, where some were not logged."""
        if self._written < self._count:
            self._write(f"sent {self._count} away from the control socket in all")

    def _may_write(self) -> bool:
        now = time.monotonic()
        self._allowed = min(AT_ONCE, self._allowed + (now - self._updated) / SECONDS_EACH)
        self._updated = now
        if self._allowed < 1:
            return False
        self._allowed -= 1
        return True

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            if self._path.exists() and self._path.stat().st_size > LOG_BYTES:
                self._path.replace(self._path.with_suffix(".log.1"))
            with os.fdopen(os.open(self._path, FLAGS, 0o600), "wb", buffering=0) as log:
                log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n".encode(errors="backslashreplace"))
