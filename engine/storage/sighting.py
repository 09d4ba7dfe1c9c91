"""What can be seen of the process that has a run's folder, from this machine or from another one."""

from pathlib import Path
from typing import NamedTuple

from engine.storage.heartbeat import STALE_SECONDS, silence
from engine.storage.holder import LOCK, LONGEST, Holder, parse


class Sighting(NamedTuple):
    """The last holder of a run's folder, and whether it is still there."""

    holder: Holder
    alive: bool
    silent: float | None
    "seconds since its last sign of life; `None` where its process can be looked up, or has given the folder back"

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is alive, as far as can be seen, and cannot be looked up here."""
        return self.alive and self.silent is not None


def sight(folder: Path) -> Sighting | None:
    """Look for the process that has a run's folder; `None` if the lock names none.

    The lock is not tried, because that would take it.
    """
    found = parse(text_of(folder))
    if found is None:
        return None
    if found.ended:
        return Sighting(found, alive=False, silent=None)
    if found.visible:
        return Sighting(found, alive=is_running(found, folder), silent=None)
    silent = silence(folder)
    return Sighting(found, alive=silent < STALE_SECONDS, silent=silent)


def last_holder(folder: Path) -> str:
    """The process that holds, or last held, the lock, as `process 123 on host`; empty if there was none."""
    text = text_of(folder)
    found = parse(text)
    return str(found) if found is not None else text


def holder(folder: Path) -> str:
    """The same if that process is alive, on this machine or, as far as can be seen from here, on another one."""
    found = sight(folder)
    return str(found.holder) if found is not None and found.alive else ""


def text_of(folder: Path) -> str:
    """What the lock says; empty where there is none."""
    try:
        with (folder / LOCK).open(encoding="utf-8", errors="replace") as file:
            return file.read(LONGEST).strip()
    except OSError:
        return ""


def is_running(holder: Holder, folder: Path) -> bool:
    """Whether a process of this machine that has, or had, the lock is still there."""
    import psutil  # late: it is needed for few runs

    try:
        process = psutil.Process(holder.process)
        if process.status() == psutil.STATUS_ZOMBIE:  # it has ended, and its parent has not asked how
            return False
        began: float = process.create_time()
        # A process that began after the lock was written has taken over the number of the one that held the lock.
        return began <= (folder / LOCK).stat().st_mtime + 1
    except (psutil.Error, OSError, OverflowError):
        return False
