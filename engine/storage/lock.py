"""A lock on a run's folder: two processes that write the same checkpoints and journal would destroy the run."""

import fcntl
import os
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

from engine.errors import UserError
from engine.protocol.ages import age
from engine.storage.heartbeat import STALE_SECONDS, Heartbeat, last_sign, silence
from engine.storage.holder import LOCK, LONGEST, Holder, parse, this_process
from engine.storage.sighting import is_running, text_of

SURE_SECONDS = 600.0
"""silence after which another machine's process is gone for sure: where the file system takes the time of the machine
that writes, clocks may differ by minutes"""
HELD_SECONDS = 180.0
"for which a lock that a file server keeps for a machine may outlive it; NFS forgets after 90 s"
SETTLE_SECONDS = 5.0
"after which a file server has what a process wrote that was killed: what it gets later is of one that is alive"
POLL_SECONDS = 1.0
FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK  # never waits, whatever was put in the file's place


class RunInUseError(UserError):
    """Another process has the run's folder, or may have it."""

    def __init__(self, folder: Path, who: str, *, certain: bool) -> None:
        super().__init__("Run in use", f"{folder} is in use by {who}; stop it first, or start a run of its own")
        self.certain = certain
        "whether it is sure that the process is alive; else watching its signs of life tells"


class RunLock:
    """The lock of a run's folder. The system releases it when the process ends, in whatever way.

    The file names the process that holds, or last held, the lock. It is never removed: otherwise two processes could
    each lock a file of their own. Not every file system has locks that other machines see, and some have none at all.
    So the file has signs of life of its process, too.
    """

    def __init__(self, folder: Path, gone: Holder | None = None) -> None:
        """Lock without waiting. `gone` is a process of another machine that is known to have ended.

        Raises:
            RunInUseError: another process has the folder, or one of another machine had it a short time ago.
        """
        self._heartbeat: Heartbeat | None = None
        try:
            descriptor = os.open(folder / LOCK, FLAGS, 0o666)
        except OSError:
            return  # the journal reports that the folder cannot be written
        try:
            _check(descriptor, folder, gone)
        except BaseException:
            os.close(descriptor)
            raise
        self._heartbeat = Heartbeat(descriptor, this_process())

    @property
    def taken_over_by(self) -> str:
        """Who has the folder now, if it was taken from this process because it showed no sign of life; else empty."""
        return self._heartbeat.taken_over_by if self._heartbeat is not None else ""

    def close(self) -> None:
        """Release the lock."""
        heartbeat, self._heartbeat = self._heartbeat, None
        if heartbeat is not None:
            heartbeat.close()


def lock_when_free(folder: Path, clock: Callable[[], float] = time.monotonic) -> Generator[str, None, RunLock]:
    """Lock a run's folder. Where a process of another machine may have it, find out: that takes a minute at most.

    A job that is requeued starts elsewhere seconds after the one before was killed, whose signs of life look fresh. So
    they are watched: if there is another one, its process is alive. If there is none for `STALE_SECONDS`, it is gone.
    Each time it yields, with a sentence for people, the caller waits for `POLL_SECONDS`.

    Raises:
        RunInUseError: another process has the folder.
    """
    gone: Holder | None = None
    watched: tuple[str, tuple[float, ...]] | None = None
    began = quiet = clock()
    while True:
        try:
            return RunLock(folder, gone)
        except RunInUseError as refusal:
            if refusal.certain:
                raise
            now, text = clock(), text_of(folder)
            if watched != (seen := (text, last_sign(folder))):
                if watched is not None and now - began >= SETTLE_SECONDS:
                    raise
                watched, quiet = seen, now
            if now - began >= HELD_SECONDS:
                raise UserError("Run in use", _held(folder, text)) from None
            if now - quiet >= STALE_SECONDS and gone is None:
                gone = parse(text)
                continue
            yield (
                f"waiting for {folder.name}: {parse(text) or text}, seen {age(silence(folder))} ago, may still train "
                f"it; without a sign of life for {STALE_SECONDS:.0f} s the run goes on here"
            )


class Locking:
    """Iterates over the sentences of `lock_when_free`, and has the lock afterwards."""

    lock: RunLock

    def __init__(self, waiting: Generator[str, None, RunLock]) -> None:
        self._waiting = waiting

    def __iter__(self) -> Iterator[str]:
        self.lock = yield from self._waiting


def lock_and_wait(folder: Path, tell: Callable[[str], None], sleep: Callable[[float], None] = time.sleep) -> RunLock:
    """The same for a caller that has nothing else to do; `tell` gets the sentence once.

    Raises:
        RunInUseError: another process has the folder.
    """
    locking, told = Locking(lock_when_free(folder)), False
    for sentence in locking:
        if not told:
            tell(sentence)
            told = True
        sleep(POLL_SECONDS)
    return locking.lock


def _check(descriptor: int, folder: Path, gone: Holder | None) -> None:
    """Raise `RunInUseError` if another process has the folder, or may have it; else the file is locked if it can be."""
    blocked = _is_locked_by_another(descriptor)
    try:
        text = os.pread(descriptor, LONGEST, 0).decode(errors="replace").strip()
    except OSError:
        text = ""
    found = parse(text)
    if blocked and (found is None or found.ended or found.on_this_kernel):
        raise RunInUseError(folder, str(found or text or "another process"), certain=True)
    if found is None or found.ended:
        return
    # Between containers a lock decides nothing, even on one machine: each may have mounted the file system for itself.
    if found.visible:
        if blocked is None and is_running(found, folder):
            raise RunInUseError(folder, str(found), certain=True)
    elif blocked or (found != gone and silence(folder) < SURE_SECONDS):
        raise RunInUseError(folder, f"{found}, seen {age(silence(folder))} ago", certain=False)


def _is_locked_by_another(descriptor: int) -> bool | None:
    """Lock an open file; whether another process has locked it. `None`: the file system has no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    return False


def _held(folder: Path, text: str) -> str:
    who = parse(text) or text or "another process"
    return (
        f"{folder} is locked for {who}, which shows no sign of life; if that machine is down, remove {folder / LOCK} "
        "and start again"
    )
