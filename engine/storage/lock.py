"""One process a run folder: two that write the same checkpoints and the same journal would destroy the run."""

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
    """The right to write to a run's folder; the system takes it back when the process ends, however it does.

    The file stays and says who has, or had, the right: removed, it would leave two processes with a file each.
    """

    def __init__(self, folder: Path) -> None:
        """Raises `UserError` where another process has the right."""
        self._file: TextIO | None = None
        with contextlib.suppress(OSError):  # who may not write there learns it from the journal
            self._file = (folder / LOCK).open("a+", encoding="utf-8")
            self._take(self._file, folder)

    def close(self) -> None:
        """Give the right back."""
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
            return  # the file system has no locks: it goes on without
        file.truncate(0)
        print(f"process {os.getpid()} on {socket.gethostname()}", file=file, flush=True)


def noted(folder: Path) -> str:
    """Who has, or had, the right, as `process 123 on host`; empty where nobody has had it."""
    try:
        return (folder / LOCK).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def holder(folder: Path) -> str:
    """The same of a process of this machine that still is: the lock is not touched, which would keep others from it."""
    found = re.fullmatch(r"process (\d+) on (.*)", who := noted(folder))
    if found is None or found[2] != socket.gethostname():
        return ""
    import psutil  # late: it is needed for few runs

    try:
        began: float = psutil.Process(int(found[1])).create_time()
        # A number is given anew, to a process that is younger than what the lock says.
        return who if began <= (folder / LOCK).stat().st_mtime + 1 else ""
    except (psutil.Error, OSError, OverflowError):
        return ""
