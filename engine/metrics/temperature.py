"""Temperature scaling: one number by which all logits are divided, so that the confidence fits the accuracy.

Guo et al., "On Calibration of Modern Neural Networks", 2017, arXiv 1706.04599. The predicted classes stay the same.
"""

from typing import NamedTuple

import torch

LOWEST, HIGHEST = 0.05, 20.0
"bounds of the temperature; a model that is always right has no best one"
CHUNK = 2**19  # logits that are converted to float64 at once
MAX_STEPS = 60
PRECISION = 1e-7  # relative change of the temperature at which the search ends


class _Derivatives(NamedTuple):
    """Those of the mean cross entropy with respect to the inverse temperature."""

    slope: float
    curvature: float


def fit_temperature(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """The temperature in 0.05..20 that minimises the mean cross entropy of the labels.

    Args:
        logits: float32 (N, classes). Rows with values that are not finite are ignored.
        labels: int64 (N), the right classes.

    Returns:
        1.0 if the temperature makes no difference, for example if there are no pictures.
    """
    finite = logits.isfinite().all(1)
    if not finite.all():
        logits, labels = logits[finite], labels[finite]
    if not len(labels):
        return 1.0
    return 1 / _best_scale(logits, labels)


def _best_scale(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """The best inverse temperature. The cross entropy is convex in it, so that its slope has one root.

    Newton's method, and a bisection of the logarithm wherever it would leave the interval that has the root.
    """
    low, high = 1 / HIGHEST, 1 / LOWEST
    left, right = _derivatives(logits, labels, low).slope, _derivatives(logits, labels, high).slope
    if left >= 0 or right <= 0:
        return 1.0 if left >= 0 >= right else low if left >= 0 else high
    scale = 1.0
    for _ in range(MAX_STEPS):
        slope, curvature = _derivatives(logits, labels, scale)
        low, high = (low, scale) if slope > 0 else (scale, high)
        newton = scale - slope / curvature if curvature > 0 else low
        before, scale = scale, newton if low < newton < high else (low * high) ** 0.5
        if abs(scale - before) <= PRECISION * before:
            break
    return scale


def _derivatives(logits: torch.Tensor, labels: torch.Tensor, scale: float) -> _Derivatives:
    """The derivatives at the inverse temperature `scale`, in float64.

    With p the probabilities and z the logits of a picture, the slope is the mean of p·z - z[label], and the curvature
    is the variance of z under p.
    """
    slope = curvature = 0.0
    rows = max(CHUNK // logits.shape[1], 1)
    for start in range(0, len(labels), rows):
        values, right = logits[start : start + rows].double(), labels[start : start + rows]
        values -= values.amax(1, keepdim=True)  # else the variance would be a difference of large numbers
        weights = (values * scale).softmax(1)
        mean = (weights * values).sum(1)
        slope += float((mean - values.gather(1, right[:, None])[:, 0]).sum())
        curvature += float((weights.mul_(values).mul_(values).sum(1) - mean.square()).sum())
    return _Derivatives(slope / len(labels), curvature / len(labels))
