"""A lock on a run's folder: two processes that write the same checkpoints and journal would destroy the run."""

import contextlib
import fcntl
import os
import re
import socket
from pathlib import Path
from typing import TextIO

from engine.errors import UserError

LOCK = "lock"


class RunLock:
    """The lock of a run's folder. The system releases it when the process ends, in whatever way.

    The file names the process that holds, or last held, the lock. It is never removed: otherwise two processes could
    each lock a file of their own.
    """

    def __init__(self, folder: Path) -> None:
        """Raises `UserError` if another process holds the lock."""
        self._file: TextIO | None = None
        with contextlib.suppress(OSError):  # the journal reports that the folder cannot be written
            self._file = (folder / LOCK).open("a+", encoding="utf-8")
            self._take(self._file, folder)

    def close(self) -> None:
        """Release the lock."""
        with contextlib.suppress(OSError):
            if self._file is not None:
                self._file.close()

    def _take(self, file: TextIO, folder: Path) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            file.close()
            message = f"{folder} is in use by {holder}; stop it first, or start a run of its own"
            raise UserError("Run in use", message) from None
        except OSError:
            return  # the file system has no locks
        file.truncate(0)
        print(f"process {os.getpid()} on {socket.gethostname()}", file=file, flush=True)


def last_holder(folder: Path) -> str:
    """The process that holds, or last held, the lock, as `process 123 on host`; empty if there was none."""
    try:
        return (folder / LOCK).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def holder(folder: Path) -> str:
    """The same if that process runs on this machine, else empty. The lock is not tried, because that would take it."""
    found = re.fullmatch(r"process (\d+) on (.*)", who := last_holder(folder))
    if found is None or found[2] != socket.gethostname():
        return ""
    import psutil  # late: it is needed for few runs

    try:
        process = psutil.Process(int(found[1]))
        if process.status() == psutil.STATUS_ZOMBIE:  # it has ended, and its parent has not asked how
            return ""
        began: float = process.create_time()
        # A process that began after the lock was written has taken over the number of the one that held the lock.
        return who if began <= (folder / LOCK).stat().st_mtime + 1 else ""
    except (psutil.Error, OSError, OverflowError):
        return ""
