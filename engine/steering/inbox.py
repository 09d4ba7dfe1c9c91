"""Where a run takes its commands from: a script of earlier commands first, then a person."""

from collections import deque
from collections.abc import Sequence
from queue import Empty, SimpleQueue

from engine.hardware.process_group import ProcessGroup
from engine.protocol import Command, Stop
from engine.steering.script import Script
from engine.storage.journal import Position


class Inbox:
    """The commands that wait, oldest first. All processes of a run get those of the first one."""

    def __init__(self, queue: SimpleQueue[Command], processes: ProcessGroup) -> None:
        self.script = Script()
        self.scripted = False
        "whether the last command came from the script"
        self._queue = queue
        self._processes = processes
        self._peeked: deque[Command] = deque()

    def connect(self, queue: SimpleQueue[Command]) -> None:
        """Take the commands of a person from this queue from now on."""
        self._queue = queue

    def stop_requested(self) -> bool:
        """Whether a `Stop` waits; the order of the commands stays as it is."""
        self._peeked.extend(iter(self._from_queue, None))
        return any(isinstance(command, Stop) for command in self._peeked)

    def stop_cause(self) -> str:
        """The signal or the time limit of the `Stop` that waits; empty if there is none, or a person has sent it."""
        self.stop_requested()
        return next((command.cause for command in self._peeked if isinstance(command, Stop)), "")

    def put_first(self, commands: Sequence[Command]) -> None:
        """Let these commands come before those of a person."""
        self._peeked.extendleft(reversed(commands))

    @property
    def empty(self) -> bool:
        """Whether no command of a person waits."""
        return not self._peeked and self._queue.empty()

    def take(self, at: Position) -> Command | None:
        """The next command, if any. The script's command for this position comes first."""
        due = self.script.take(at)
        command = due if due is not None else self._next()
        self.scripted, command = self._processes.broadcast((due is not None, command))
        return command

    def wait(self) -> Command:
        """Wait for the next command of a person; waiting costs no processor time."""
        self.scripted = False
        first = self._processes.is_first
        command = (self._next() or self._processes.take_from(self._queue)) if first else Stop()
        return self._processes.broadcast(command, patient=True)

    def _next(self) -> Command | None:
        """The oldest one. Commands stay in the queue as long as possible: its length tells others how many wait."""
        return self._peeked.popleft() if self._peeked else self._from_queue()

    def _from_queue(self) -> Command | None:
        try:
            return self._queue.get_nowait()
        except Empty:
            return None
