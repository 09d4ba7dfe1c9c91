"""Macro F1: the mean of the classes' F1. It also falls if a small class is predicted too often."""

from typing import TYPE_CHECKING

from engine.metrics.metric import Metric
from engine.metrics.per_class import class_counts, mean

if TYPE_CHECKING:
    from engine.metrics.predictions import Predictions  # which loads torch


def macro_f1(predictions: "Predictions") -> float | None:
    """The mean F1, in 0..1, of the classes that have pictures or are predicted, as in scikit-learn."""
    return mean([counts.f1 for counts in class_counts(predictions)])


METRIC = Metric(macro_f1, "share", higher_is_better=True, label="macro F1")
