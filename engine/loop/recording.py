"""Events on their way out of a run: its hooks, its journal and its sinks come before whoever iterates."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from engine.errors import UserError
from engine.protocol import Event
from engine.sinks import RUN_SINKS, Sink
from engine.storage.hooks import Hooks
from engine.storage.journal import Journal, NullJournal


class Recording:
    """Records the events of a run before they are handed out. Events from before there is a journal wait for it."""

    def __init__(self, hooks: Hooks) -> None:
        self.hooks = hooks
        self.journal: Journal | None = None
        self._sinks: list[Sink] = []
        self._early: list[Event] = []

    def open(self, folder: Path | None) -> Journal:
        """Have the journal and the sinks in a run's folder; without a folder nothing is recorded.

        Raises:
            UserError: the journal cannot be opened.
        """
        self.journal = NullJournal() if folder is None else Journal(folder)
        if folder is not None:
            self._sinks = [open_sink(folder) for open_sink in RUN_SINKS.values()]
        return self.journal

    def open_if_possible(self, folder: Path) -> None:
        """Have the journal, for the end of a run that ends before it begins."""
        if self.journal is None:
            with contextlib.suppress(UserError):  # the event itself says what cannot be written
                self.open(folder)

    def record(self, event: Event) -> Iterator[Event]:
        """Record an event and hand it out, then, once, that it could not be recorded.

        Its hook runs before: a hook that failed cannot be reported after the last event.
        """
        for failed in self.hooks.before(event):
            yield from self.record(failed)
        self._early.append(event)
        if self.journal is not None:
            for early in self._early:
                self._write(early, self.journal)
            self._early.clear()
        yield event
        if self.journal is not None and (failure := self.journal.failure()):
            yield failure

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
