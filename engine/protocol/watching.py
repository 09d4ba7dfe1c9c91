"""Events for the watchers of a run, about watching. The journal has none of them."""

from dataclasses import dataclass

from engine.protocol.values import Bool, Int, Real


@dataclass(frozen=True, slots=True)
class HistoryBegins:
    """The events up to `HistoryEnds` are all events in the journal. They replace what was sent before."""


@dataclass(frozen=True, slots=True)
class HistoryEnds:
    """All past events have been sent."""

    current: Bool
    "whether the run is where the history ends; otherwise it is loading, to begin or to go on"


@dataclass(frozen=True, slots=True)
class RecordedAt:
    """When the events of a history that follow were journaled, up to the next one of these."""

    time: Real
    "seconds since 1970"


@dataclass(frozen=True, slots=True)
class Watching:
    """How many watch the run, in its process and through its socket."""

    count: Int


@dataclass(frozen=True, slots=True)
class ControlFailed:
    """The run has no control socket, so nobody can attach to it; training goes on."""

    message: str


@dataclass(frozen=True, slots=True)
class FolderAwaited:
    """The run waits until it is known whether a process of another machine still trains in its folder."""

    message: str


@dataclass(frozen=True, slots=True)
class PeerRefused:
    """The run's socket refused a connection or closed it; training is not affected."""

    who: str
    "its process and user, as far as the system knows them"
    reason: str
    count: Int
    "how many connections so far; of many in a second, only one gives an event"
