"""All who watch a run, in this process and in others: each gets every event, from a place in the journal on."""

from collections.abc import Callable
from pathlib import Path
from threading import Lock

from engine import __version__
from engine.protocol import Event, Hello, ImageSkipped, Loading, RestorePoints, RunStarted, SystemSample, Watching
from engine.protocol.wire import VERSION
from engine.service.remote.backlog import Backlog
from engine.storage.journal import JOURNAL, PASSING, size_of

STANDING = (RestorePoints, SystemSample)
"not in the journal, and hold until they are said anew"
EARLY = (Loading, ImageSkipped)
"so do these, until the run begins"


class Audience:
    """Fills a backlog for each watcher; who joins, or was left behind, learns how much the journal has told before."""

    def __init__(self, when_empty: Callable[[], None] = lambda: None) -> None:
        """`when_empty` is called when the last one has left."""
        self._when_empty = when_empty
        self.begun = False
        "whether the run is where its journal ends; otherwise it is still loading"
        self._journal: Path | None = None
        self._told = 0
        self._watchers: list[Backlog] = []
        self._standing: dict[type[Event], Event] = {}
        self._lock = Lock()

    @property
    def watched(self) -> bool:
        """Whether anybody watches."""
        return bool(self._watchers)

    def reside(self, folder: Path) -> None:
        """The journal is in this folder."""
        with self._lock:
            self._journal = folder / JOURNAL
            self._told = self._size()

    def emit(self, event: Event) -> None:
        """Tell everybody. Of events that are journaled, one thread tells, and when they have been."""
        with self._lock:
            if isinstance(event, RunStarted):
                self.begun = True
                for kind in EARLY:
                    self._standing.pop(kind, None)
            if isinstance(event, STANDING) or (isinstance(event, EARLY) and not self.begun):
                self._standing[type(event)] = event
            # Exactly what has been told: when another thread tells, the journal may have the next event already.
            if not isinstance(event, PASSING):
                self._told = self._size()
            self._tell(event)

    def join(self, backlog: Backlog) -> Hello:
        """Watch from now on; the answer says what is in the journal of what came before."""
        with self._lock:
            self._watchers.append(backlog)
            self._say_standing(backlog)
            self._tell(Watching(len(self._watchers)))
            return self.hello()

    def catch_up(self, backlog: Backlog) -> Hello | None:
        """What was told, in the journal, up to now, for a watcher who missed some of it and reads again; once."""
        with self._lock:
            if not backlog.caught_up():
                return None
            self._say_standing(backlog)
            backlog.put(Watching(len(self._watchers)))
            return self.hello()

    def leave(self, backlog: Backlog) -> None:
        """Watch no longer."""
        with self._lock:
            if backlog not in self._watchers:
                return
            self._watchers.remove(backlog)
            self._tell(Watching(len(self._watchers)))
            if not self._watchers:
                self._when_empty()

    def hello(self) -> Hello:
        """Who tells, and how far."""
        return Hello(VERSION, __version__, self._told, self.begun)

    def _tell(self, event: Event) -> None:
        for backlog in self._watchers:
            backlog.put(event)

    def _say_standing(self, backlog: Backlog) -> None:
        for event in self._standing.values():
            backlog.put(event)

    def _size(self) -> int:
        return size_of(self._journal) if self._journal is not None else 0
