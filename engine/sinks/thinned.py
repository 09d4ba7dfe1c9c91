"""Training steps thinned for a tracker: the mean of as many neighbours as leave about a thousand points."""

from collections.abc import Iterator

from engine.protocol import TrainStep
from engine.sinks.tracking import Branch, Scalars

MOST_POINTS = 1000


def stride_of(steps: int) -> int:
    """How many steps become a point in a run of so many steps."""
    return max(1, -(-steps // MOST_POINTS))


class Thinned:
    """The steps of a branch. Points are means, except of learning rates; each is at the last of its steps."""

    def __init__(self, branch: Branch, stride: int) -> None:
        self.last = branch.step
        "the last step that was added"
        self._branch, self._stride, self._told = branch, stride, branch.step
        self._waiting: list[TrainStep] = []

    def add(self, step: TrainStep, time: float) -> Iterator[Scalars]:
        """Take in a step; a point, if it completes one. A step that a point has already is left out."""
        if step.step <= self._told:
            return
        self.last = step.step
        self._waiting.append(step)
        if step.step % self._stride == 0:
            yield from self.rest(time)

    def rest(self, time: float) -> Iterator[Scalars]:
        """A point of the steps that are no whole one yet."""
        steps, self._waiting = self._waiting, []
        if not steps:
            return
        values = {
            "train/loss": _mean([step.loss for step in steps]),
            "train/accuracy": _mean([step.accuracy for step in steps]),
            "train/images_per_second": _mean([step.images_per_second for step in steps]),
            "train/gradient_norm": _mean([step.gradient_norm for step in steps]),
        }
        self._told = self.last
        rates = {f"learning_rate/{name}": rate for name, rate in steps[-1].learning_rates.items()}
        yield Scalars(self._branch, steps[-1].step, time, values | rates)

    def forget(self) -> None:
        """Drop the steps that are no whole point: a crash undid them, and they are trained again."""
        self._waiting.clear()


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
