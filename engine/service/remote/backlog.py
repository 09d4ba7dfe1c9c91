"""Events that wait for one watcher: bounded, and of too many the metrics go before the states."""

from collections import deque
from threading import Lock

from engine.protocol import Confusion, Evaluating, Event, Loading, Preparing, SystemSample, TrainStep

MOST = 5000
# The next one, or the journal, says more.
METRICS = (Confusion, Evaluating, Loading, Preparing, SystemSample, TrainStep)


class Backlog:
    """A queue that one thread fills and another one empties, neither of which ever waits."""

    def __init__(self, most: int = MOST) -> None:
        self.behind = False
        "whether something was left out that the journal has"
        self._most = most
        self._events: deque[Event] = deque()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: Event) -> None:
        """Append an event; where there are too many, leave out metrics, or else all that the journal has."""
        with self._lock:
            self._events.append(event)
            if len(self._events) > self._most:
                self._thin()

    def take(self, most: int | None = None) -> list[Event]:
        """The oldest events, all of them or `most`."""
        with self._lock:
            count = len(self._events) if most is None else min(most, len(self._events))
            return [self._events.popleft() for _ in range(count)]

    def caught_up(self) -> bool:
        """Whether it is time to tell the history anew, once: something was left out, and nothing waits any more."""
        with self._lock:
            if not self.behind or self._events:
                return False
            self.behind = False
            return True

    def _thin(self) -> None:
        states: deque[Event] = deque(event for event in self._events if not isinstance(event, METRICS))
        self.behind = True
        # So many states come from a run that nobody has looked at for days: the journal has them.
        self._events = states if len(states) <= self._most // 2 else deque()
