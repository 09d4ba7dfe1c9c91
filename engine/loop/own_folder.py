"""The folder of a run that is trained: which one it is, whether it existed before, and the lock on it."""

import time
from collections.abc import Callable, Generator
from pathlib import Path

from engine.config import RunConfig
from engine.errors import StoppedError
from engine.hardware.process_group import ProcessGroup
from engine.hardware.torchrun import launcher, restarts
from engine.protocol import Event, FolderAwaited, Loading
from engine.storage import ranks_file
from engine.storage.atomic import clean
from engine.storage.lock import POLL_SECONDS, Locking, RunLock, lock_when_free
from engine.storage.run_folder import PICTURES, create_run, find_launched, has_checkpoint


class OwnFolder:
    """The folder, from the view of one of the run's processes. The first one locks it and writes to it."""

    def __init__(self, processes: ProcessGroup, resume: Path | None, prepared: Path | None) -> None:
        """`resume` is the folder of a run to resume. `prepared` is that of a new run, if it exists already."""
        self.path = resume if resume is not None else prepared
        self.resuming = resume is not None
        self.begins = not self.resuming
        "whether nothing has been trained yet"
        self._processes = processes
        self._lock: RunLock | None = None

    @property
    def is_locked(self) -> bool:
        """Whether this process has locked it."""
        return self._lock is not None

    @property
    def taken_over_by(self) -> str:
        """Which process goes on with the run, so that this one must write nothing more; empty if none does."""
        return self._lock.taken_over_by if self._lock is not None else ""

    @property
    def written(self) -> Path | None:
        """The folder in the first process; the others write nothing."""
        return self.path if self._processes.is_first else None

    @property
    def kept_pictures(self) -> Path | None:
        """The list of pictures that the run was trained on. One that begins again takes them as they are now."""
        return self.path / PICTURES if self.path is not None and self.resuming and not self.begins else None

    def lock(self, stop_requested: Callable[[], bool]) -> Generator[Event, None, None]:
        """Lock it in the first process, if it exists, and remove temporary files that a crash left there.

        Where a process of another machine may still have it, wait, and say so.

        Raises:
            UserError: another process has it.
            StoppedError: the run was stopped while it waited to know that.
        """
        if self.path is None or self._lock is not None or not self._processes.is_first:
            return
        self._lock = yield from _lock(self.path, stop_requested)
        clean(self.path)
        ranks_file.clear(self.path)

    def create(self, config: RunConfig) -> None:
        """Make it in the first process, unless it exists.

        Raises:
            UserError: it cannot be made.
        """
        if self._processes.is_first and self.path is None:
            self.path = create_run(config, launcher())

    def find_launched(self, config: RunConfig) -> None:
        """After a restart by torchrun, resume the run of the same launch if it has a checkpoint."""
        if self.resuming or not self._processes.is_first or not restarts():
            return
        found = find_launched(launcher(), config.checkpoint.dir) if self.path is None else self.path
        if found is not None and has_checkpoint(found):
            self.path, self.resuming, self.begins = found, True, False

    def unlock(self) -> None:
        """Give it back."""
        if self._lock is not None:
            self._lock.close()


def _lock(folder: Path, stop_requested: Callable[[], bool]) -> Generator[Event, None, RunLock]:
    locking, told = Locking(lock_when_free(folder)), False
    for sentence in locking:
        yield Loading("waiting for the run's folder") if told else FolderAwaited(sentence)
        told = True
        if stop_requested():
            raise StoppedError("Stopped", "while it waited for the run's folder")
        time.sleep(POLL_SECONDS)
    return locking.lock
