"""Confidence intervals for all metrics: by a formula for shares of pictures, else by drawing the pictures again."""

import torch
from torch.nn.functional import cross_entropy

from engine.metrics import METRICS
from engine.metrics.interval import wilson
from engine.metrics.predictions import Predictions

MOST, FEWEST = 1000, 100  # times that the pictures are drawn again
WORK = 5e8  # logits that are drawn altogether

Interval = tuple[float, float]


def values_and_intervals(predictions: Predictions, seed: int = 0) -> dict[str, tuple[float, Interval]]:
    """Each metric that applies, by name, with its value and its 95 % interval.

    `predictions` must have the logits of all pictures. The interval of a share of pictures is Wilson's. The others are
    between the 2.5th and the 97.5th percentile of the values for samples of the same size, drawn from the pictures with
    replacement (B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7, 1979).
    """
    assert len(predictions.logits) == len(predictions.labels)
    values = {name: metric.compute(predictions) for name, metric in METRICS.items()}
    known = {name: value for name, value in values.items() if value is not None}
    drawn = _drawn(predictions, [name for name in known if not METRICS[name].proportion], seed)
    pictures = len(predictions.labels)
    return {
        name: (value, drawn[name] if name in drawn else wilson(round(value * pictures), pictures))
        for name, value in known.items()
    }


def _drawn(predictions: Predictions, names: list[str], seed: int) -> dict[str, Interval]:
    """The intervals of these metrics from samples of the pictures."""
    losses = cross_entropy(predictions.logits, predictions.labels, reduction="none").double()
    rng = torch.Generator().manual_seed(seed)
    times = int(min(max(WORK / max(predictions.logits.numel(), 1), FEWEST), MOST))
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(times):
        sample = _sample(predictions, losses, torch.randint(len(losses), (len(losses),), generator=rng))
        for name, values in found.items():
            if (value := METRICS[name].compute(sample)) is not None:
                values.append(value)
    return {name: _middle(values) for name, values in found.items()}


def _sample(predictions: Predictions, losses: torch.Tensor, numbers: torch.Tensor) -> Predictions:
    return Predictions(
        paths=(),
        labels=predictions.labels[numbers],
        predicted=predictions.predicted[numbers],
        confidence=predictions.confidence[numbers],
        ahead=predictions.ahead[numbers],
        loss=losses[numbers].sum().item(),
        classes=predictions.classes,
        logits=predictions.logits[numbers],
        kept=torch.arange(len(numbers)),
        temperature=predictions.temperature,
    )


def _middle(values: list[float]) -> Interval:
    """The bounds of the middle 95 % of the values."""
    low, high = torch.tensor(values, dtype=torch.float64).quantile(torch.tensor([0.025, 0.975], dtype=torch.float64))
    return low.item(), high.item()
