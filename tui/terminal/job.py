"""The shell's job that this process is part of: whether the shell controls it, and how it is stopped."""

import os
import signal
from contextlib import suppress

import psutil


def has_shell() -> bool:
    """Whether a shell with job control waits for this job. Without one, nothing lets it go on after a stop.

    The first ancestor outside the job's process group must be in the same session (POSIX, "orphaned process group").
    """
    group, session = os.getpgrp(), os.getsid(0)
    with suppress(OSError, psutil.Error):  # an ancestor has just ended
        for ancestor in psutil.Process().parents():
            if os.getpgid(ancestor.pid) != group:
                return os.getsid(ancestor.pid) == session
    return False


def in_front(terminal: int) -> bool:
    """Whether the terminal is this job's, not that of the shell or of another job.

    Raises:
        OSError: the terminal has gone away.
    """
    return os.tcgetpgrp(terminal) == os.getpgrp()


def stop() -> None:
    """Stop all processes of the job, as a shell expects it of Ctrl+Z."""
    os.killpg(0, signal.SIGSTOP)
