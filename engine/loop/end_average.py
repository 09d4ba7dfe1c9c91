"""At the end of an arm, averages of its weights with the fitted head and of its last weights are scored.

Between both, models are often better than either: Wortsman et al., "Robust fine-tuning of zero-shot models" (2021),
arXiv 2109.01903 (WiSE-FT).
"""

from collections.abc import Iterator, Mapping

import torch

from engine.arms.arm import TrainedArm
from engine.arms.checkpointer import HEAD, Checkpointer
from engine.config.sections import TrainConfig
from engine.errors import CheckpointError
from engine.loop.evaluation import Evaluation
from engine.loop.scores import Score
from engine.metrics.ranking import rank_of
from engine.protocol import AverageScored, CheckpointDamaged, Event

SHARES = (0.25, 0.5, 0.75)
"the shares of the last weights in the averages"


class EndAverage:
    """Scores the averages of an arm whose head was fitted. The best one is saved if nothing before was better."""

    def __init__(self, config: TrainConfig, checkpointer: Checkpointer, evaluation: Evaluation) -> None:
        self._wanted, self._metric = config.average, config.metric
        self._checkpointer = checkpointer
        self._evaluation = evaluation

    def is_due(self, arm: TrainedArm) -> bool:
        """Whether an arm that has done its epochs has averages that were not scored yet."""
        return self._wanted and arm.fitted and arm.step > 0 and arm.averaged != arm.step

    def score(self, arm: TrainedArm) -> Iterator[Event]:
        """Score the averages. If a command interrupts this, nothing is changed, and it is done again later."""
        try:
            start = self._checkpointer.load(arm.arm, HEAD)["model"]
        except CheckpointError as error:  # it could not be written, or somebody has removed it
            arm.averaged = arm.step
            yield CheckpointDamaged(str(self._checkpointer.folder / arm.arm / HEAD), error.message)
            return
        end = {name: value.detach().to("cpu", copy=True) for name, value in arm.network.weights.items()}
        scores: dict[float, Score] = {}
        for share in SHARES:
            score = yield from self._evaluation.score(arm, weights=_average(start, end, share))
            if score is None:
                return
            scores[share] = score
        arm.averaged = arm.step
        arm.seconds += sum(score.seconds for score in scores.values())
        arm.mark_changed()
        best = max(scores, key=lambda share: rank_of(scores[share].metrics, self._metric))
        chosen = best if arm.take_if_best(scores[best].metrics) else None
        yield from (_event(arm, share, score, share == chosen) for share, score in scores.items())
        if chosen is not None:
            state = arm.network.state(_average(start, end, chosen)) | {"temperature": scores[chosen].temperature}
            self._checkpointer.save(arm, {"best": "average"}, state)
            arm.mark_changed()  # so that the next restore point has a name of its own
        self._checkpointer.save(arm, {"last": "averages"})


def _event(arm: TrainedArm, share: float, score: Score, best: bool) -> AverageScored:
    return AverageScored(
        arm=arm.arm,
        step=arm.step,
        epoch=arm.epoch,
        share=share,
        best=best,
        part=score.part,
        temperature=score.temperature,
        change=arm.change,
        **score.figures,
    )


def _average(
    start: Mapping[str, torch.Tensor], end: Mapping[str, torch.Tensor], share: float
) -> dict[str, torch.Tensor]:
    """The average of two models, with the `share` of the end. Values that are no real numbers are those of the end."""
    return {name: start[name].lerp(value, share) if value.is_floating_point() else value for name, value in end.items()}
