"""The result of an evaluation, and its events."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from engine.arms.arm import TrainedArm
from engine.metrics.metric import without_own_fields
from engine.protocol import Confusion, Diverged, EvalDone, Event, Part
from engine.protocol.arms import EVALUATION_LOSS


class Score(NamedTuple):
    """The result of an evaluation."""

    metrics: dict[str, float]
    "values by the names in `METRICS`, without those that say nothing about these predictions"
    temperature: float
    "fitted to the predictions"
    images: int
    seconds: float
    "duration without pauses"
    confusion: Confusion
    part: Part
    "the pictures that were scored"

    @property
    def figures(self) -> dict[str, Any]:
        """The fields that all events about a score have in common."""
        return {
            "loss": self.metrics["loss"],
            "accuracy": self.metrics["accuracy"],
            "images": self.images,
            "seconds": self.seconds,
            "metrics": without_own_fields(self.metrics),
        }


def report_score(arm: TrainedArm, epoch: int, score: Score, best: bool) -> Iterator[Event]:
    """The events of an evaluation of the pictures that choose."""
    yield EvalDone(
        arm=arm.arm,
        step=arm.step,
        epoch=epoch,
        best=best,
        temperature=score.temperature,
        part=score.part,
        **score.figures,
    )
    yield score.confusion
    if not math.isfinite(loss := score.metrics["loss"]):
        yield Diverged(arm.arm, arm.step, EVALUATION_LOSS, loss, times=1)
