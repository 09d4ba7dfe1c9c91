"""Signs of life of the process that has a run's folder, which other machines see on a shared file system."""

import contextlib
import os
import threading
import time
from pathlib import Path

from engine.storage.holder import LOCK, LONGEST, Holder, parse
from engine.storage.journal import JOURNAL

BEAT_SECONDS = 10.0
STALE_SECONDS = 60.0
"after which a process that shows no sign of life counts as gone: beats may be late, and so may a file server be"
JOIN_SECONDS = 5.0  # a file server that does not answer holds up nobody longer


class Heartbeat:
    """Sets the time of the lock's file every few seconds. It owns the file, and fails nobody.

    It writes no bytes, so a full disk does not stop it. It touches an open file, not a path: whoever removes the file
    to break the lock gets one that this process does not touch.
    """

    def __init__(self, descriptor: int, holder: Holder) -> None:
        """`descriptor` is the open lock, which gets the line of `holder`: this process."""
        self.taken_over_by = ""
        "who has the folder now, where this process was suspended or cut off for so long that it counted as gone"
        self._descriptor, self._line = descriptor, holder.line.encode()
        self._last = holder.at_its_end.line.encode()
        self._written = False
        self._write()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # no more threads are allowed: the journal still shows that the run is alive
            self._thread = None

    def beat(self) -> bool:
        """Show a sign of life; whether to go on doing so: no longer if another process has the folder."""
        if not self._written:
            self._write()
            return True
        with contextlib.suppress(OSError):
            line = os.pread(self._descriptor, LONGEST, 0)
            if line != self._line and (other := parse(line.decode(errors="replace"))) is not None:
                self.taken_over_by = str(other)
                return False
            os.utime(self._descriptor)  # the time of the file system, which may be that of a server
        return True

    def close(self) -> None:
        """Stop, say in the file that the folder is given back, and close it."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(JOIN_SECONDS)
            if self._thread.is_alive():  # it waits for a file server, and needs the file
                return
        with contextlib.suppress(OSError):
            if os.pread(self._descriptor, LONGEST, 0) == self._line:
                write_line(self._descriptor, self._last)
        with contextlib.suppress(OSError):
            os.close(self._descriptor)

    def _write(self) -> None:
        with contextlib.suppress(OSError):  # a full disk: the next beat tries again
            write_line(self._descriptor, self._line)
            self._written = True

    def _run(self) -> None:
        while not self._stopping.wait(BEAT_SECONDS) and self.beat():
            pass


def write_line(descriptor: int, line: bytes) -> None:
    """Replace what an open file has, in place and never leaving it empty.

    Raises:
        OSError: it cannot be written.
    """
    os.pwrite(descriptor, line, 0)
    os.ftruncate(descriptor, len(line))
    with contextlib.suppress(OSError):  # some file systems refuse it
        os.fsync(descriptor)  # so that other machines read it


def last_sign(folder: Path) -> tuple[float, ...]:
    """What changes as long as the process that has the folder is alive: some times, in seconds since 1970.

    Two calls with the same answer, some time apart, saw no sign of life, whatever any clock says.
    """
    # The journal counts, too: older versions have no other sign.
    times = (_changed(folder / name) for name in (LOCK, JOURNAL))
    return tuple(time for time in times if time is not None)


def silence(folder: Path) -> float:
    """Seconds since the last sign of life, at least 0.

    The clocks of two machines differ, so the time of one is never compared with that of the other. Both times are
    those of the file system: that of the last sign, and that of a file which this process makes now. On NFS and SMB the
    server gives both. Some cluster file systems take the time of the machine that writes, so whoever takes a lock
    over does not trust this alone, but watches `last_sign` for a while.
    """
    now = _now(folder)
    return max(now - max(last_sign(folder), default=now), 0.0)


def _now(folder: Path) -> float:
    import tempfile  # late: few runs are of another machine

    try:
        with tempfile.TemporaryFile(dir=folder, prefix=".now-", suffix=".tmp") as file:
            return os.fstat(file.fileno()).st_mtime
    except OSError:  # this process may only read: then its own clock has to do, for what is shown, not for a lock
        return time.time()


def _changed(path: Path) -> float | None:
    try:
        # NFS answers for a path from memory, up to a minute old; for a file that is opened it asks the server.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return os.fstat(descriptor).st_mtime
    finally:
        os.close(descriptor)
