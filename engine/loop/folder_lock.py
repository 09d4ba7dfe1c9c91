"""Locks a run's folder. Where a process of another machine may still have it, the run waits, and says so."""

import time
from collections.abc import Callable, Generator
from pathlib import Path

from engine.errors import StoppedError
from engine.protocol import Event, FolderAwaited, Loading
from engine.storage.lock import POLL_SECONDS, RunLock, lock_when_free


def lock_folder(folder: Path, stop_requested: Callable[[], bool]) -> Generator[Event, None, RunLock]:
    """Lock the folder of a run.

    Raises:
        UserError: another process has it.
        StoppedError: the run was stopped while it waited to know that.
    """
    locking, told = lock_when_free(folder), False
    while True:
        try:
            sentence = next(locking)
        except StopIteration as locked:
            lock: RunLock = locked.value
            return lock
        yield Loading("waiting for the run's folder") if told else FolderAwaited(sentence)
        told = True
        if stop_requested():
            raise StoppedError("Stopped", "while it waited for the run's folder")
        time.sleep(POLL_SECONDS)
