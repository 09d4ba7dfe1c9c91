"""Deletes the restore points of a run that is not being trained."""

from pathlib import Path

from engine.errors import UserError
from engine.protocol.streams import say
from engine.service.status import in_words, status_of
from engine.storage.lock import lock_and_wait
from engine.storage.tidying import Leftover, delete, leftover

OVER = ("finished", "stopped", "failed", "lost")
"states in which nothing writes restore points; a live run that is finished waits for commands"


def tidy(folder: Path) -> Leftover:
    """Delete the restore points of a run; what was deleted, and what stays.

    Raises:
        UserError: the run is being trained, or a file cannot be deleted.
    """
    status = status_of(folder)
    if status.state not in OVER:
        raise UserError(
            "Not tidied",
            f"{folder} is {in_words(status)}, and rewinds need its restore points; tidy it when it has ended",
        )
    lock = lock_and_wait(folder, say) if not status.live else None  # so that nobody resumes it meanwhile
    try:
        found = leftover(folder)
        delete(found.points)
    finally:
        if lock is not None:
            lock.close()
    return found
