"""Where a run's commands come from: a person, or a script of what was done before."""

from collections import deque
from queue import Empty, SimpleQueue

from engine.hardware.process_group import ProcessGroup
from engine.protocol import Command, Stop
from engine.steering.script import Script
from engine.storage.journal import Position


class Inbox:
    """The commands that wait, oldest first; those of the first process are everyone's."""

    def __init__(self, queue: SimpleQueue[Command], processes: ProcessGroup) -> None:
        self.script = Script()
        self.scripted = False
        "whether the command handed out last is the script's"
        self._queue = queue
        self._processes = processes
        self._looked_at: deque[Command] = deque()

    def stop_waits(self) -> bool:
        """Whether there is a stop among them; all keep their turn."""
        self._looked_at.extend(iter(self._from_queue, None))
        return any(isinstance(command, Stop) for command in self._looked_at)

    @property
    def empty(self) -> bool:
        """Whether nobody has sent one."""
        return not self._looked_at and self._queue.empty()

    def take(self, at: Position) -> Command | None:
        """The next command, if any: what the script has for this place comes first."""
        due = self.script.take(at)
        command = due if due is not None else self._next()
        self.scripted, command = self._processes.broadcast((due is not None, command))
        return command

    def wait(self) -> Command:
        """The next command that is sent, when it comes; waiting costs no processor time."""
        self.scripted = False
        return self._processes.broadcast((self._next() or self._queue.get()) if self._processes.is_first else Stop())

    def _next(self) -> Command | None:
        """The oldest one; no more leave the queue than are looked at, so that whoever fills it sees how many wait."""
        return self._looked_at.popleft() if self._looked_at else self._from_queue()

    def _from_queue(self) -> Command | None:
        try:
            return self._queue.get_nowait()
        except Empty:
            return None
