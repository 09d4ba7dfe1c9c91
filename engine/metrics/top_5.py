"""Top-5 accuracy: the fraction of pictures whose right class is one of the five most probable ones."""

from typing import TYPE_CHECKING

from engine.metrics.metric import Metric

if TYPE_CHECKING:
    from engine.metrics.predictions import Predictions  # which loads torch

BEST = 5


def top_5(predictions: "Predictions") -> float | None:
    """The top-5 accuracy, in 0..1; `None` for at most five classes, when it is always 1."""
    if predictions.classes <= BEST:
        return None
    return int((predictions.ahead < BEST).sum()) / len(predictions.labels)


METRIC = Metric(top_5, "share", higher_is_better=True, proportion=True, label="top 5")
