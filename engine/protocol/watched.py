"""What is told to those who watch a run, about watching; nothing of it is journaled."""

from dataclasses import dataclass

from engine.protocol.values import Bool, Int


@dataclass(frozen=True, slots=True)
class HistoryBegins:
    """What follows, up to `Retold`, is all that the run has journaled so far, in place of whatever was told before."""


@dataclass(frozen=True, slots=True)
class HistoryEnds:
    """The history is complete."""

    current: Bool
    "whether the run is where the history ends; otherwise it is still to begin, or go on"


@dataclass(frozen=True, slots=True)
class Watching:
    """How many watch the run, here and through its socket, each of them included."""

    count: Int


@dataclass(frozen=True, slots=True)
class ControlFailed:
    """The run has no control socket: nobody can attach to it; training goes on."""

    message: str


@dataclass(frozen=True, slots=True)
class PeerRefused:
    """Somebody at the run's socket was sent away; training has not noticed."""

    who: str
    "its process and user, as far as the system tells"
    reason: str
    count: Int
    "how many have been sent away so far; of many in a second one is told of"
