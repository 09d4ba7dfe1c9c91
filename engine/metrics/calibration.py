"""Calibration error: how far the model's confidence is from its accuracy, before and after temperature scaling.

Expected calibration error (ECE) of Guo et al., "On Calibration of Modern Neural Networks", 2017, arXiv 1706.04599: the
pictures are put in bins by the confidence of their prediction. The error is the mean distance between the accuracy and
the mean confidence of a bin, weighted by its number of pictures.
"""

from typing import TYPE_CHECKING

from engine.metrics.metric import Metric

if TYPE_CHECKING:
    import torch

    from engine.metrics.predictions import Predictions  # which loads torch

BINS = 15


def calibration_error(predictions: "Predictions") -> float | None:
    """The ECE, in 0..1, of the model's own confidence."""
    return _expected_error(predictions.confidence, predictions.predicted == predictions.labels)


def calibration_error_scaled(predictions: "Predictions") -> float | None:
    """The ECE, in 0..1, after temperature scaling, of the pictures whose logits are kept.

    The temperature is fitted on the same pictures. With one parameter, that flatters the figure very little.
    """
    kept = predictions.kept
    confidence = (predictions.logits / predictions.temperature).softmax(1).amax(1).nan_to_num(0.0)
    return _expected_error(confidence, (predictions.predicted == predictions.labels)[kept])


def _expected_error(confidence: "torch.Tensor", right: "torch.Tensor") -> float | None:
    """The ECE of confidences, float32 (N), and of whether the predictions are right, bool (N).

    A bin has its upper edge, as in the paper.
    """
    if not len(right):
        return None
    confidence = confidence.double()
    bins = (confidence * BINS).ceil().long().sub(1).clamp(0, BINS - 1)
    gaps = bins.bincount(weights=right.double() - confidence, minlength=BINS)
    return float(gaps.abs().sum()) / len(right)


METRIC = Metric(calibration_error, "share", higher_is_better=False, label="ECE")
SCALED = Metric(calibration_error_scaled, "share", higher_is_better=False, label="scaled")
