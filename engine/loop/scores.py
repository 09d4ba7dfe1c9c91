"""The result of an evaluation, and its events."""

from collections.abc import Iterator
from typing import NamedTuple

from engine.arms.arm import TrainedArm
from engine.metrics.metric import without_own_fields
from engine.protocol import Confusion, EvalDone, Event, Part


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


def report_score(arm: TrainedArm, epoch: int, score: Score, best: bool) -> Iterator[Event]:
    """The events of an evaluation of the pictures that choose."""
    yield EvalDone(
        arm=arm.arm,
        step=arm.step,
        epoch=epoch,
        loss=score.metrics["loss"],
        accuracy=score.metrics["accuracy"],
        images=score.images,
        best=best,
        seconds=score.seconds,
        metrics=without_own_fields(score.metrics),
        temperature=score.temperature,
        part=score.part,
    )
    yield score.confusion
