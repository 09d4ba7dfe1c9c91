"""A run as a screen sees it: the same methods wherever the engine runs."""

import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Full, Queue
from typing import Protocol

from engine.protocol import Command, Event, Loading, Stop
from engine.service.host import Host
from engine.service.launch import Launch
from engine.service.remote.backlog import Backlog
from engine.service.remote.history import read_history
from engine.service.remote.link import Link
from engine.storage.journal import JOURNAL, size_of

MOST_AT_ONCE = 5000  # events in a call; the screen takes some ten milliseconds for them


class Session(Protocol):
    """Events come out, commands go in, and no call waits."""

    def poll(self) -> list[Event]:
        """The events since the last call, oldest first."""

    def send(self, command: Command) -> None:
        """Send a command; the answer is an event."""

    def leave(self) -> None:
        """Stop watching. The run goes on to the end of its epochs."""


class LocalSession:
    """The engine in a daemon thread of this process."""

    def __init__(self, launch: Launch) -> None:
        """Start the engine. The events of a resumed run begin with its history."""
        self._host = Host(launch, hold=True)
        self._backlog = Backlog()
        self._host.watchers.add(self._backlog)
        self._reading: _HistoryReader | None = None
        if launch.resume is not None:
            self._reading = _HistoryReader(read_history(launch.resume, size_of(launch.resume / JOURNAL), current=False))
        self._engine = threading.Thread(target=self._host.train, name="engine", daemon=True)
        self._engine.start()

    def poll(self) -> list[Event]:
        """The events since the last call, oldest first."""
        if self._reading is not None:
            if self._reading.is_alive():
                return self._reading.progress()
            events, self._reading = self._reading.events, None
            return events
        now = self._host.watchers.resync(self._backlog)
        folder = self._host.folder
        if now is not None and folder is not None:
            self._reading = _HistoryReader(read_history(folder, now.journal, now.begun))
            return []
        return self._backlog.take(MOST_AT_ONCE)

    def send(self, command: Command) -> None:
        """Put a command into the engine's inbox."""
        self._host.inbox.put(command)

    def leave(self) -> None:
        """Stop watching. The run goes on to the end of its epochs; `wait` waits for that."""
        self._host.watchers.remove(self._backlog)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the engine has ended or was left; whether it ended within `timeout` seconds."""
        if self._host.ending.wait(timeout) and not self._host.ending.left:
            self._engine.join()
        return not self._engine.is_alive()

    def stop(self, cause: str = "") -> None:
        """End the engine, with a checkpoint if one can be written. `cause` is the signal that asks for it, if one does.

        If the engine is in the middle of something long and nothing would be lost, it is left there.
        """
        self._host.ending.ask(cause)
        self.send(Stop(save=False, cause=cause))  # takes effect only if the first one was refused

    def close(self, timeout: float, cause: str = "") -> bool:
        """Stop the engine; whether it ended within `timeout` seconds."""
        self.stop(cause)
        ended = self.wait(timeout)
        if self._reading is not None:
            self._reading.join(timeout)
        return ended


class RemoteSession:
    """The engine in another process."""

    def __init__(self, link: Link) -> None:
        self._link = link
        # Bounded: if the screen is slow, the connection fills up, and the run sends less.
        self._events: Queue[Event] = Queue(4 * MOST_AT_ONCE)
        self._left = False
        self._follower = threading.Thread(target=self._follow, name="follower", daemon=True)
        self._follower.start()

    def poll(self) -> list[Event]:
        """The events since the last call, oldest first."""
        events: list[Event] = []
        try:
            while len(events) < MOST_AT_ONCE:
                events.append(self._events.get_nowait())
        except Empty:
            pass
        return events

    def send(self, command: Command) -> None:
        """Send a command."""
        self._link.send(command)

    def leave(self) -> None:
        """Stop watching; the run goes on."""
        self._left = True
        self._link.close()

    def _follow(self) -> None:
        for event in self._link.events():
            while not self._left:
                try:
                    self._events.put(event, timeout=0.5)
                    break
                except Full:
                    continue


class ReplaySession:
    """A run that is over: its journal is replayed, and commands have no effect."""

    def __init__(self, folder: Path) -> None:
        self._reading = _HistoryReader(read_history(folder))

    def poll(self) -> list[Event]:
        """The history in parts, once it is read; then nothing more."""
        if self._reading.is_alive():
            return self._reading.progress()
        events = self._reading.events[:MOST_AT_ONCE]
        del self._reading.events[:MOST_AT_ONCE]
        return events

    def send(self, command: Command) -> None:
        """Do nothing."""

    def leave(self) -> None:
        """Do nothing."""


class _HistoryReader(threading.Thread):
    """Reads a history in a thread, because it may take long."""

    def __init__(self, history: Iterator[Event]) -> None:
        super().__init__(name="history", daemon=True)
        self.events: list[Event] = []
        self._history = history
        self._progress: deque[Event] = deque(maxlen=1)
        self.start()

    def progress(self) -> list[Event]:
        """What is new of how far it is, if anything is."""
        return [self._progress.pop()] if self._progress else []

    def run(self) -> None:
        """Read all of it."""
        for event in self._history:
            (self._progress if isinstance(event, Loading) else self.events).append(event)
