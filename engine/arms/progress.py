"""The progress of an arm: counters, sums of the epoch and the history."""

import math
from collections.abc import Mapping
from typing import Any

from engine.config.sections import TrainConfig
from engine.metrics.metric import without_own_fields
from engine.metrics.ranking import Rank, rank_of
from engine.protocol import Part

EMPTY_SUMS = {"loss": 0.0, "correct": 0, "images": 0, "seconds": 0.0, "data_seconds": 0.0}
"the sums of an epoch before its first step"

STATE_FIELDS = (
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
"the attributes of `Progress` in a checkpoint; their names are part of its format"


NEW_FIELDS: dict[str, Any] = {
    "head_due": False,
    "tested": None,
    "diverged_at": 0,
    "temperature": 1.0,
    "best_rank": None,
    "best_step": None,
    "stale": 0,
    "fitted": False,
    "averaged": None,
    "steps": None,
    "timed": False,
    "test_asked": False,
    "spent": 0.0,
}
"the same, but missing in checkpoints of older versions; with the values that these have"

OF_ALL_BRANCHES = ("best_accuracy", "best_rank", "best_step", "tested", "diverged", "diverged_at")
"the attributes that a rewind leaves as they are"


class Progress:
    """The counters of an arm and values derived from them."""

    def __init__(self, config: TrainConfig, steps_per_epoch: int) -> None:
        self.step = 0
        self.branch = self.branches = 1
        self.change = 0
        "increases with each change of the state that is no step: (step, change) is a position in a branch"
        self.epochs = max(config.epochs, 1) if config.is_timed else config.epochs
        self.steps: int | None = None
        "all steps, if they are not those of whole epochs"
        self.timed = config.is_timed
        "whether its steps are planned so that it ends in time (`train.minutes`, `train.until`)"
        self.spent = 0.0
        "seconds since the arm began, without pauses, as of the last step; counted if it is timed"
        self.micro_batch = config.micro_batch
        self.diverged = 0
        "how often the loss or the gradient was not finite since an epoch was completed beyond that step"
        self.diverged_at = 0
        "the last step at which that happened"
        self.recovered: int | None = None
        "the step of the last automatic rewind"
        self.scheduled = -1
        "the last step whose planned changes (`schedule.changes`) have been made"
        self.seconds = 0.0
        self.history: list[dict[str, Any]] = []
        self.best_accuracy: float | None = None
        "accuracy of the best weights of all branches"
        self.best_rank: Rank | None = None
        "the rank of their evaluation"
        self.best_step: int | None = None
        "the step of that evaluation; `None` in checkpoints of older versions, too"
        self.stale = 0
        "epochs since the last evaluation that was the best one"
        self.evaluated: tuple[int, float] | None = None
        "step and accuracy of the last evaluation"
        self.temperature = 1.0
        "the temperature that was fitted in that evaluation"
        self.tested: float | None = None
        "accuracy of the best weights on the test pictures, if they have been scored"
        self.head_due = False
        "whether the head is still to be fitted, before the first step"
        self.fitted = False
        "whether the head was fitted before the first step of this branch"
        self.averaged: int | None = None
        "the step at which averages of the fitted head's and the last weights were scored"
        self.evaluation_asked = False
        "whether the user wants an evaluation; it is kept while the other arm is current, and a rewind clears it"
        self.test_asked = False
        "the same for a score of the best weights on the test pictures"
        self.steps_per_epoch = steps_per_epoch
        self._metric, self._patience = config.metric, config.patience
        self.unsaved = False
        self._sums = dict(EMPTY_SUMS)

    @property
    def epoch(self) -> int:
        """The epoch of the next step, from 1; after the last step, the last epoch."""
        return min(self.step // self.steps_per_epoch + 1, self.epochs)

    @property
    def position(self) -> int:
        """Index of the next batch in its epoch, from 0."""
        return self.step % self.steps_per_epoch

    @property
    def evaluation_due(self) -> bool:
        """Whether an epoch, or what there is of the last one, has been trained but not evaluated yet."""
        ended = self.step > 0 and (self.position == 0 or self.step >= self.total_steps)
        return ended and (not self.history or self.history[-1]["step"] != self.step)

    @property
    def asked(self) -> bool:
        """Whether the user wants a score now."""
        return self.evaluation_asked or self.test_asked

    @property
    def done(self) -> bool:
        """Whether all epochs have been trained and evaluated."""
        return self.step >= self.total_steps and not self.evaluation_due and not self.head_due

    @property
    def steps_left(self) -> int:
        """Number of steps until the end of the arm."""
        return self.total_steps - self.step

    @property
    def total_steps(self) -> int:
        """Number of steps of the whole arm."""
        return self.epochs * self.steps_per_epoch if self.steps is None else self.steps

    def add_step(self, loss: float, correct: int, images: int, seconds: float, waited: float) -> None:
        """Add a step to the sums of the epoch. It took `seconds`, and it waited for data for `waited` of them."""
        self.seconds += seconds
        step = {"loss": loss * images, "correct": correct, "images": images, "seconds": seconds}
        step["data_seconds"] = waited
        self._sums = {key: total + step[key] for key, total in self._sums.items()}

    @property
    def out_of_patience(self) -> bool:
        """Whether the last `train.patience` epochs brought no better evaluation."""
        return self._patience is not None and self.stale >= self._patience

    def take_if_best(self, metrics: Mapping[str, float]) -> bool:
        """Whether an evaluation is the best one of all branches; then it is the one to beat."""
        rank = rank_of(metrics, self._metric)
        best = self.best_rank is None or rank > self.best_rank
        if best:
            self.best_rank, self.best_accuracy, self.best_step = rank, metrics["accuracy"], self.step
            self.tested = None
        return best

    def record_evaluation(self, metrics: Mapping[str, float], temperature: float) -> bool:
        """Record an evaluation. Returns whether it is the best one of all branches."""
        best = self.take_if_best(metrics)
        self.stale = 0 if best else self.stale + self.evaluation_due
        self.evaluated = (self.step, metrics["accuracy"])
        self.temperature = temperature
        self.evaluation_asked = False
        self.mark_changed()
        return best

    def end_epoch(
        self, metrics: Mapping[str, float], seconds: float, rates: dict[str, float], part: Part
    ) -> dict[str, Any]:
        """End the epoch after its evaluation, which took `seconds`. Returns the epoch's row of the history.

        `metrics` has the values for the pictures of `part` by name. It must have `loss` and `accuracy`.
        """
        self.seconds += seconds
        # An epoch that is trained again after a rewind says nothing about the step at which it will diverge again.
        if self.step >= self.diverged_at:
            self.diverged, self.recovered = 0, None
        sums = self._sums
        row = {
            "step": self.step,
            "epoch": -(-self.step // self.steps_per_epoch),
            "epochs": self.epochs,
            "train_loss": sums["loss"] / sums["images"],
            "train_accuracy": sums["correct"] / sums["images"],
            "test_loss": metrics["loss"],
            "test_accuracy": metrics["accuracy"],
            "images_per_second": sums["images"] / sums["seconds"],
            "data_wait": sums["data_seconds"] / sums["seconds"],
            "learning_rates": rates,
            "seconds": self.seconds,
            "part": part,
        }
        if further := without_own_fields(metrics):
            row["metrics"] = further
        self.history.append(row)
        self._sums = dict(EMPTY_SUMS)
        return row

    def mark_changed(self) -> None:
        """Record that something other than a step has changed the state."""
        self.change += 1
        self.unsaved = True

    # --- as plain data ----------------------------------------------------------------------------------

    def progress_state(self) -> dict[str, Any]:
        """All counters and sums as plain values, without the history."""
        kept = {name: getattr(self, name) for name in (*STATE_FIELDS, *NEW_FIELDS)}
        return kept | {"epoch": self.epoch, "position": self.position, "sums": dict(self._sums)}

    def load_progress(self, state: dict[str, Any]) -> None:
        """Restore what `progress_state` returned.

        Raises:
            KeyError: a value is missing.
        """
        for name in STATE_FIELDS:
            setattr(self, name, state[name])
        for name, missing in NEW_FIELDS.items():
            setattr(self, name, state.get(name, missing))
        if self.best_rank is None and self.best_accuracy is not None:  # an older version compared nothing else
            self.best_rank = (self.best_accuracy, -math.inf)
        self._sums = dict(state["sums"])
