"""Ends a run in time: by a signal, or before the time limit of its job.

A run looks for the command `Stop` between two steps, batches and pictures. Where it cannot look, because a library
loads, compiles or waits for another process, and nothing would be lost, its process is left as it is: it just ends.
What would be lost of a long step is saved first, as it was before that step.
"""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import NoReturn, Protocol

from engine.config.deadline import Limit
from engine.protocol import Command, Event, Stop
from engine.storage.atomic import discard

PATIENT = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU)
"""signals that ask for an end and never demand it at once, however often they come: clusters send the user's two before
the time is up, the system the last one, each second, when the limit of processor time is near"""
PREEMPTING = (signal.SIGTERM, *PATIENT)
"""signals that clusters send, and that of the limit of processor time; `checkpoint.signal_exit` chooses the exit status
after them"""
GRACE_SECONDS = 4.0
"that a run has to look for a command and to end by itself"
LOADING_SECONDS = 2.0
"the same while its libraries load"
LEAVING_SECONDS = 4.0
"that the record of a run which is left may take, with the command of `hooks.preempted`"
LOOK_SECONDS = 0.1
AGAIN_SECONDS = 0.3
"a signal that comes twice so soon was sent to a process and handed on by its parent"


def cause_of(number: int) -> str:
    """The name of a signal that a cluster sends; empty for another one, or none."""
    return signal.Signals(number).name if number in PREEMPTING else ""


def leave_process(status: int, *, flush: bool = True) -> NoReturn:
    """End this process in the middle of something, with what its libraries have started, such as compilers.

    What this program itself starts to outlive it has a session of its own: commands of `hooks`, and trackers. `flush`:
    write what is buffered for the standard streams, which must not block then.
    """
    import psutil  # late: few runs end like this

    discard()
    for stream in (sys.stdout, sys.stderr) if flush else ():
        if stream is not None:
            stream.flush()
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(OSError, psutil.Error):  # it has just ended
            if os.getsid(child.pid) == os.getsid(0):
                child.kill()
    os._exit(status)


class Leavable(Protocol):
    """A run, as seen from another thread."""

    @property
    def can_be_left(self) -> bool:
        """Whether its process may end at this moment, and nothing is lost."""

    def rescue(self) -> bool:
        """Save it as it was before a step that takes long. Returns whether there is such a step, and that is done."""

    def leave(self, cause: str) -> Iterator[Event]:
        """End its record."""


class Ending:
    """Asks a run to end, and sees to it that it does."""

    def __init__(
        self, inbox: "SimpleQueue[Command]", emit: Callable[[Event], None], limit: Limit | None = None
    ) -> None:
        """`emit` gets the last events of a run that is left. Before `limit` the run is asked to end."""
        self.run: Leavable | None = None
        "the run, as soon as there is one"
        self.left = False
        "whether the run was left in the middle of something"
        self._inbox = inbox
        self._emit = emit
        self._limit = limit
        self.asked = False
        "whether the run was asked to end"
        self.cause = ""
        "the signal or the time limit that asked"
        self.is_stuck = False
        "whether even the record of a run that is left could not be ended, as a disk or a reader does not answer"
        self._causes: SimpleQueue[str | None] = SimpleQueue()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._see_to_it, name="ending", daemon=True)

    def start(self) -> None:
        """Begin to see to it: when the run begins."""
        with contextlib.suppress(RuntimeError):  # no more threads are allowed: the run looks for commands by itself
            self._thread.start()

    def ask(self, cause: str = "") -> None:
        """Ask the run to save and to end. In a signal handler, too: this takes no lock."""
        self.asked, self.cause = True, cause
        self._inbox.put(Stop(cause=cause))
        self._causes.put(cause)

    def done(self) -> None:
        """Say that the run has ended."""
        self._over.set()
        self._causes.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end of the run, or until it is left. Returns whether one of them has come in so many seconds."""
        return self._over.wait(seconds)

    def _see_to_it(self) -> None:
        cause = self._cause()
        # While libraries load, each of them may keep all threads from running for seconds: that is time lost already.
        if cause is None or self._over.wait(GRACE_SECONDS if self.run is not None else LOADING_SECONDS):
            return
        while self.run is not None and not self.run.can_be_left and not self.run.rescue():
            if self._over.wait(LOOK_SECONDS):
                return
        if self.run is not None:
            self._end_record(self.run, cause)
        self.left = True
        self._over.set()

    def _end_record(self, run: Leavable, cause: str) -> None:
        last_words = threading.Thread(target=self._leave, args=(run, cause), name="leaving", daemon=True)
        last_words.start()
        last_words.join(LEAVING_SECONDS)
        self.is_stuck = last_words.is_alive()

    def _cause(self) -> str | None:
        """Wait until the run is asked to end; why, or `None` if it has ended. The limit counts as asking."""
        if self._limit is None:
            return self._causes.get()
        try:
            return self._causes.get(timeout=max(self._limit.save_at - time.time(), 0.0))
        except Empty:
            self.ask(self._limit.cause)
            return self._limit.cause

    def _leave(self, run: Leavable, cause: str) -> None:
        for event in run.leave(cause):
            self._emit(event)
