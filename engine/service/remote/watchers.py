"""All who watch a run, in this process and in others. Each gets every event from a known place in the journal on."""

from collections.abc import Callable
from pathlib import Path
from threading import Lock

from engine import __version__
from engine.protocol import Event, Hello, ImageSkipped, Loading, RestorePoints, RunStarted, SystemSample, Watching
from engine.protocol.wire import VERSION
from engine.service.remote.backlog import Backlog
from engine.storage.journal import JOURNAL, NOT_JOURNALED, size_of

LATEST = (RestorePoints, SystemSample)
"events that are not in the journal, so that a new watcher is sent the latest of each"
LATEST_WHILE_LOADING = (Loading, ImageSkipped)
"the same, until the run begins"


class Watchers:
    """Puts each event into the backlog of every watcher. A new watcher learns which part of the journal to read first.

    So does one that was too slow and lost events. All methods can be called from any thread.
    """

    def __init__(self, when_empty: Callable[[], None] = lambda: None) -> None:
        """`when_empty` is called when the last watcher leaves."""
        self._when_empty = when_empty
        self.begun = False
        "whether the run is at the end of its journal; before that it is loading"
        self._journal: Path | None = None
        self._journaled = 0
        "bytes of the journal that hold the events emitted so far"
        self._backlogs: list[Backlog] = []
        self._latest: dict[type[Event], Event] = {}
        self._lock = Lock()

    @property
    def present(self) -> bool:
        """Whether anybody watches."""
        return bool(self._backlogs)

    def set_folder(self, folder: Path) -> None:
        """Say where the run's journal is."""
        with self._lock:
            self._journal = folder / JOURNAL
            self._journaled = self._size()

    def emit(self, event: Event) -> None:
        """Send an event to all. Those that are journaled come from one thread, after they are in the journal."""
        with self._lock:
            if isinstance(event, RunStarted):
                self.begun = True
                for kind in LATEST_WHILE_LOADING:
                    self._latest.pop(kind, None)
            if isinstance(event, LATEST) or (isinstance(event, LATEST_WHILE_LOADING) and not self.begun):
                self._latest[type(event)] = event
            # Not after other events: they come from another thread, when the journal may have the next event already.
            if not isinstance(event, NOT_JOURNALED):
                self._journaled = self._size()
            self._send(event)

    def add(self, backlog: Backlog) -> Hello:
        """Send events to `backlog` from now on; the answer says how much of the journal comes before them."""
        with self._lock:
            self._backlogs.append(backlog)
            self._send_latest(backlog)
            self._send(Watching(len(self._backlogs)))
            return self.hello()

    def resync(self, backlog: Backlog) -> Hello | None:
        """How much of the journal to read again, once for a watcher that lost events and has taken all the others."""
        with self._lock:
            if not backlog.start_resync():
                return None
            self._send_latest(backlog)
            backlog.put(Watching(len(self._backlogs)))
            return self.hello()

    def remove(self, backlog: Backlog) -> None:
        """Send no more events to `backlog`."""
        with self._lock:
            if backlog not in self._backlogs:
                return
            self._backlogs.remove(backlog)
            self._send(Watching(len(self._backlogs)))
            if not self._backlogs:
                self._when_empty()

    def hello(self) -> Hello:
        """The run's greeting."""
        return Hello(VERSION, __version__, self._journaled, self.begun)

    def _send(self, event: Event) -> None:
        for backlog in self._backlogs:
            backlog.put(event)

    def _send_latest(self, backlog: Backlog) -> None:
        for event in self._latest.values():
            backlog.put(event)

    def _size(self) -> int:
        return size_of(self._journal) if self._journal is not None else 0
