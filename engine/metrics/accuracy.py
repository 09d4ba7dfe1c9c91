"""Accuracy: the fraction of pictures whose most probable class is the right one."""

from typing import TYPE_CHECKING

from engine.metrics.metric import Metric

if TYPE_CHECKING:
    from engine.metrics.predictions import Predictions  # which loads torch


def accuracy(predictions: "Predictions") -> float:
    """The accuracy, in 0..1."""
    return int((predictions.predicted == predictions.labels).sum()) / len(predictions.labels)


METRIC = Metric(accuracy, "share", higher_is_better=True, proportion=True, headline=True)
