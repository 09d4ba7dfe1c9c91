"""What trackers get of a run: one tracker run for each branch of an arm, and its numbers and notes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from engine.protocol import Arm

Value = str | float | bool


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of an arm, which is a run for the tracker."""

    run: str
    arm: Arm
    number: int = 1
    base: int = 0
    "the branch that it leaves; 0: it is the arm's first one"
    step: int = 0
    "the step after which it begins"

    @property
    def name(self) -> str:
        """The name of the tracker's run."""
        return f"{self.run}/{self.arm}" + (f"-branch-{self.number}" if self.number > 1 else "")


@dataclass(frozen=True, slots=True)
class Scalars:
    """Numbers of a branch after a step. `time` is in seconds since 1970; a number need not be finite."""

    branch: Branch
    step: int
    time: float
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence about what was done after a step."""

    branch: Branch
    step: int
    time: float
    text: str


class TrackerRun(Protocol):
    """A run of a tracker that is open. Any exception means that something was not sent."""

    def send(self, items: Iterable[Scalars | Note], /) -> None:
        """Send these, and wait until the tracker has them as far as it lets one wait."""

    def close(self, failed: bool, /) -> None:
        """End it for now; another process may go on with it. `failed`: the run could not go on."""


class Tracker(Protocol):
    """A place that keeps runs."""

    @property
    def place(self) -> str:
        """Where it is, for people. What was sent to another place does not count."""

    @property
    def continues(self) -> bool:
        """Whether another process can go on with a run; if not, it sends the whole run again, which replaces it."""

    def open(self, branch: Branch, settings: Mapping[str, Value], key: str, /) -> TrackerRun:
        """Begin a run, or go on with the one of the same `key`, which no other run of this place has."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where a person wants the runs to be kept."""

    root: str
    "folder for trackers that keep files, if nothing else is said"
    store: str = ""
    "a folder or an address; empty: the tracker's own default"
    project: str = "finetune-tui"
