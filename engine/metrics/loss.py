"""Loss: the mean cross entropy of all pictures, in nats."""

from typing import TYPE_CHECKING

from engine.metrics.metric import Metric

if TYPE_CHECKING:
    from engine.metrics.predictions import Predictions  # which loads torch


def loss(predictions: "Predictions") -> float:
    """Mean cross entropy, at least 0."""
    return predictions.loss / len(predictions.labels)


METRIC = Metric(loss, "nats", higher_is_better=False, headline=True)
