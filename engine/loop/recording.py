"""Records events: hooks, journal and sinks get each event before the caller does."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from engine.errors import UserError
from engine.protocol import Event, RunFailed, RunFinished
from engine.sinks import RUN_SINKS, Sink
from engine.storage.hooks import Hooks
from engine.storage.journal import Journal, NullJournal


class Recording:
    """Records the events of a run before it yields them. Events before the journal exists are written later."""

    def __init__(self, hooks: Hooks) -> None:
        self.hooks = hooks
        self.journal: Journal | None = None
        self._sinks: list[Sink] = []
        self._early: list[Event] = []
        self._lock = threading.Lock()
        self.ended = False
        "whether the last event is recorded"

    def open(self, folder: Path | None) -> Journal:
        """Open the journal and the sinks in a run's folder. Without a folder nothing is recorded.

        Raises:
            UserError: the journal cannot be opened.
        """
        self.journal = NullJournal() if folder is None else Journal(folder)
        if folder is not None:
            self._sinks = [open_sink(folder) for open_sink in RUN_SINKS.values()]
        return self.journal

    def open_if_possible(self, folder: Path) -> None:
        """Open the journal, if it can be opened, for a run that ends before it has started."""
        if self.journal is None:
            with contextlib.suppress(UserError):  # the event itself says what cannot be written
                self.open(folder)

    def record(self, event: Event) -> Iterator[Event]:
        """Record an event and yield it. If it cannot be recorded, yield that failure once.

        The hook runs first, because no event may follow the last one, not even the failure of a hook.
        """
        for failed in self.hooks.before(event):
            yield from self.record(failed)
        with self._lock:
            self._put(event)
        if self.journal is not None and (failure := self.journal.failure()):
            yield failure  # first, as nothing follows the last event
        yield event

    def leave(self, event: RunFinished) -> Iterator[Event]:
        """Record the last event of a run that another thread is in the middle of; that thread can record no more."""
        self._lock.acquire()  # for ever
        if not self.ended:
            yield from self.hooks.before(event)  # a command that fails now is in the log of the commands, too
            self._put(event)
            yield event

    def _put(self, event: Event) -> None:
        """Write an event, and those before the journal was there."""
        self.ended = self.ended or isinstance(event, RunFinished | RunFailed)
        self._early.append(event)
        if self.journal is not None:
            for early in self._early:
                self._write(early, self.journal)
            self._early.clear()

    def close(self) -> None:
        """Close the journal."""
        if self.journal is not None:
            self.journal.close()

    def _write(self, event: Event, journal: Journal) -> None:
        journal.event(event)
        for sink in self._sinks:
            try:
                sink(event)
            except OSError as error:
                journal.failed(Path(error.filename or journal.folder), error)
