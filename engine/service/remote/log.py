"""Who was sent away from a run's socket, in a file of bounded size beside the journal."""

import contextlib
import os
import time
from pathlib import Path

from engine.errors import place
from engine.protocol import PeerRefused
from engine.protocol.sentences import message

LOG, LOG_BYTES = "control.log", 1 << 18
AT_ONCE = 20  # that are named in a row
TELLING_SECONDS = 1.0  # after which one more is
FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK  # never waits, whatever was put in the file's place


class ControlLog:
    """Names some, then one in a second, and counts the others: whoever floods the socket does not flood the disk."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOG
        self._count, self._told = 0, 0
        self._room = float(AT_ONCE)
        self._looked = time.monotonic()

    def refused(self, who: str, reason: str) -> PeerRefused | None:
        """Note one; the event, if it is time to name it."""
        self._count += 1
        if not self._is_time():
            return None
        self._told = self._count
        event = PeerRefused(who, reason, self._count)
        self._write(message(event))
        return event

    def failed(self, error: Exception) -> None:
        """Note a mistake of this program."""
        if self._is_time():
            self._write(f"{type(error).__name__}: {error} ({place(error)}); please report this")

    def close(self) -> None:
        """Say how many there were, where some were not named."""
        if self._told < self._count:
            self._write(f"sent {self._count} away from the control socket in all")

    def _is_time(self) -> bool:
        now = time.monotonic()
        self._room = min(AT_ONCE, self._room + (now - self._looked) / TELLING_SECONDS)
        self._looked = now
        if self._room < 1:
            return False
        self._room -= 1
        return True

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            if self._path.exists() and self._path.stat().st_size > LOG_BYTES:
                self._path.replace(self._path.with_suffix(".log.1"))
            with os.fdopen(os.open(self._path, FLAGS, 0o600), "wb", buffering=0) as log:
                log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n".encode(errors="backslashreplace"))
