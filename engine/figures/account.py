"""What the time of an arm goes to."""

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from engine.protocol import AverageScored, BestTested, CheckpointSaved, EvalDone, Message, TrainStep

Part = Literal["data", "model", "update", "test", "save"]
"waiting for pictures; forward and backward pass; optimizer; evaluation; waiting for a checkpoint"
PARTS: tuple[Part, ...] = ("data", "model", "update", "test", "save")

SLICES = 32  # parts of the window; it moves on by one of them
FEWEST_STEPS = 20  # with fewer, a share says little


@dataclass
class _Slice:
    """Some steps in a row, and the evaluations and checkpoints after them."""

    steps: int = 0
    seconds: dict[Part, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))


class Account:
    """What the seconds of the last epoch went to; where an epoch is shorter, those of the last 32 steps."""

    def __init__(self) -> None:
        self._slices: deque[_Slice] = deque([_Slice()])

    def fold(self, event: Message, steps_per_epoch: int) -> None:
        """Take in an event; a step that does not say how long it took is left out."""
        match event:
            case TrainStep() if event.seconds > 0:
                waited, updated = event.data_wait * event.seconds, event.optimizer * event.seconds
                newest = self._newest(max(steps_per_epoch, SLICES))
                newest.steps += 1
                newest.seconds["data"] += waited
                newest.seconds["update"] += updated
                newest.seconds["model"] += max(event.seconds - waited - updated, 0.0)
            case EvalDone() | AverageScored() | BestTested():
                self._slices[-1].seconds["test"] += event.seconds
            case CheckpointSaved():
                self._slices[-1].seconds["save"] += event.stall
            case _:
                pass  # it says nothing about time

    def shares(self) -> dict[Part, float]:
        """Shares of the time, which sum to 1; empty while there are too few steps."""
        if sum(part.steps for part in self._slices) < FEWEST_STEPS:
            return {}
        seconds: dict[Part, float] = {name: sum(part.seconds[name] for part in self._slices) for name in PARTS}
        return {name: value / sum(seconds.values()) for name, value in seconds.items()}

    def _newest(self, window: int) -> _Slice:
        """The slice that a step belongs to. Slices that are no longer in the window are dropped."""
        if self._slices[-1].steps >= window // SLICES:
            self._slices.append(_Slice())
        steps = sum(part.steps for part in self._slices)
        while steps - self._slices[0].steps >= window:
            steps -= self._slices.popleft().steps
        return self._slices[-1]
