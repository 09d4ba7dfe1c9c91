"""How far an arm has come, in plain figures."""

from collections.abc import Mapping
from typing import Any

from engine.config.sections import TrainConfig
from engine.metrics.metric import without_own_fields

NOTHING = {"loss": 0.0, "correct": 0, "images": 0, "seconds": 0.0, "data_seconds": 0.0}
"the figures of an epoch before its first step"

KEPT = (
    "step",
    "branch",
    "branches",
    "change",
    "epochs",
    "micro_batch",
    "diverged",
    "recovered",
    "scheduled",
    "seconds",
    "best_accuracy",
    "evaluated",
    "evaluation_asked",
)
"what a checkpoint holds of them"


class Progress:
    """The figures of an arm and what follows from them."""

    def __init__(self, config: TrainConfig, steps_per_epoch: int) -> None:
        self.step = 0
        self.branch = self.branches = 1
        self.change = 0
        "grows with each change of the state that is no step: a place in a branch is (step, change)"
        self.epochs = config.epochs
        self.micro_batch = config.micro_batch
        self.diverged = 0
        "how often a loss or gradient was not finite since an epoch was done"
        self.recovered: int | None = None
        "the step that it was taken back to the last time"
        self.scheduled = -1
        "the last step that the schedule's changes have been made for"
        self.seconds = 0.0
        self.history: list[dict[str, Any]] = []
        self.best_accuracy: float | None = None
        self.evaluated: tuple[int, float] | None = None
        "step and test accuracy of the last evaluation"
        self.evaluation_asked = False
        "until it is done, which a pause does not hold up; an arm at rest keeps it, a rewind drops it"
        self.steps_per_epoch = steps_per_epoch
        self.unsaved = False
        self._sums = dict(NOTHING)

    @property
    def epoch(self) -> int:
        """The epoch the next step belongs to, or the last one; from 1."""
        return min(self.step // self.steps_per_epoch + 1, self.epochs)

    @property
    def position(self) -> int:
        """Number of the next batch in its epoch, from 0."""
        return self.step % self.steps_per_epoch

    @property
    def evaluation_due(self) -> bool:
        """Whether an epoch has been trained and not been evaluated yet."""
        return self.step // self.steps_per_epoch > len(self.history)

    @property
    def done(self) -> bool:
        """Whether all epochs have been trained and evaluated."""
        return self.step >= self.total_steps and not self.evaluation_due

    @property
    def steps_left(self) -> int:
        """Steps of all epochs that are still to be done."""
        return self.total_steps - self.step

    @property
    def total_steps(self) -> int:
        """Steps of all epochs."""
        return self.epochs * self.steps_per_epoch

    def count(self, loss: float, correct: int, images: int, seconds: float, waited: float) -> None:
        """Add a step to the figures of the epoch: `seconds` it took, `waited` of them for data."""
        self.seconds += seconds
        step = {"loss": loss * images, "correct": correct, "images": images, "seconds": seconds}
        step["data_seconds"] = waited
        self._sums = {key: total + step[key] for key, total in self._sums.items()}

    def note_evaluation(self, accuracy: float) -> bool:
        """Take note of the test accuracy; whether it is the best so far, in all branches."""
        best = self.best_accuracy is None or accuracy > self.best_accuracy
        if best:
            self.best_accuracy = accuracy
        self.evaluated = (self.step, accuracy)
        self.evaluation_asked = False
        self.changed()
        return best

    def end_epoch(self, metrics: Mapping[str, float], seconds: float, rates: dict[str, float]) -> dict[str, Any]:
        """Close the epoch after its evaluation, which took `seconds`; its row of the history.

        `metrics` has the values for the test pictures by name, `loss` and `accuracy` among them.
        """
        self.seconds += seconds
        self.diverged, self.recovered = 0, None
        sums = self._sums
        row = {
            "step": self.step,
            "epoch": self.step // self.steps_per_epoch,
            "epochs": self.epochs,
            "train_loss": sums["loss"] / sums["images"],
            "train_accuracy": sums["correct"] / sums["images"],
            "test_loss": metrics["loss"],
            "test_accuracy": metrics["accuracy"],
            "images_per_second": sums["images"] / sums["seconds"],
            "data_wait": sums["data_seconds"] / sums["seconds"],
            "learning_rates": rates,
            "seconds": self.seconds,
        }
        if further := without_own_fields(metrics):
            row["metrics"] = further
        self.history.append(row)
        self._sums = dict(NOTHING)
        return row

    def changed(self) -> None:
        """The state is another than after the step alone."""
        self.change += 1
        self.unsaved = True

    # --- as plain data ----------------------------------------------------------------------------------

    def figures(self) -> dict[str, Any]:
        """All of them, but the history."""
        kept = {name: getattr(self, name) for name in KEPT}
        return kept | {"epoch": self.epoch, "position": self.position, "sums": dict(self._sums)}

    def take_up(self, figures: dict[str, Any]) -> None:
        """Be where `figures` say.

        Raises:
            KeyError: one is missing.
        """
        for name in KEPT:
            setattr(self, name, figures[name])
        self._sums = dict(figures["sums"])
