"""Events that wait for one watcher. Their number is bounded: of too many, the metrics are dropped before the states."""

from collections import deque
from threading import Lock

from engine.protocol import Confusion, Evaluating, Event, Loading, Preparing, SweepingRates, SystemSample, TrainStep

MOST = 5000
METRICS = (Confusion, Evaluating, Loading, Preparing, SweepingRates, SystemSample, TrainStep)
"events that are dropped first: the next one of their kind, or the journal, says more"


class Backlog:
    """A queue that one thread fills and another one empties. Neither of them ever waits."""

    def __init__(self, most: int = MOST) -> None:
        self.dropped = False
        "whether events were dropped that the journal has"
        self._most = most
        self._events: deque[Event] = deque()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: Event) -> None:
        """Append an event; where there are too many, drop the metrics, or all if that is not enough."""
        with self._lock:
            self._events.append(event)
            if len(self._events) > self._most:
                self._drop()

    def take(self, most: int | None = None) -> list[Event]:
        """The oldest events, all of them or `most`."""
        with self._lock:
            count = len(self._events) if most is None else min(most, len(self._events))
            return [self._events.popleft() for _ in range(count)]

    def start_resync(self) -> bool:
        """Whether to read the history again: events were dropped and all others are taken. True once for each time."""
        with self._lock:
            if not self.dropped or self._events:
                return False
            self.dropped = False
            return True

    def _drop(self) -> None:
        states: deque[Event] = deque(event for event in self._events if not isinstance(event, METRICS))
        self.dropped = True
        # So many states wait where nobody has taken events for days: the journal has them.
        self._events = states if len(states) <= self._most // 2 else deque()
