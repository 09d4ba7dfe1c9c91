"""Balanced accuracy: the mean of the classes' accuracies. A large class counts no more than a small one.

Brodersen et al., "The balanced accuracy and its posterior distribution", ICPR 2010.
"""

from typing import TYPE_CHECKING

from engine.metrics.metric import Metric
from engine.metrics.per_class import class_counts, mean

if TYPE_CHECKING:
    from engine.metrics.predictions import Predictions  # which loads torch


def balanced_accuracy(predictions: "Predictions") -> float | None:
    """The mean recall, in 0..1, of the classes that have pictures."""
    return mean([counts.recall for counts in class_counts(predictions)])


METRIC = Metric(balanced_accuracy, "share", higher_is_better=True, label="balanced")
