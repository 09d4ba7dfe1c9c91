"""Counts which classes are taken for which others, and finds the most confident mistakes."""

from collections.abc import Iterator
from heapq import nsmallest

import torch

from engine.metrics.predictions import Predictions
from engine.protocol import Arm, Confusion, Mistake
from engine.protocol.printable import unicode_text

MAX_PAIRS = 10_000
MAX_MISTAKES = 24


def confusion(predictions: Predictions, arm: Arm, step: int) -> Confusion:
    """The event with the confusions and mistakes of an arm after a step."""
    labels, predicted = predictions.labels, predictions.predicted
    right = labels == predicted
    return Confusion(
        arm,
        step,
        images=_by_class(labels, predictions.classes),
        correct=_by_class(labels[right], predictions.classes),
        confused=tuple(_pairs(labels[~right], predicted[~right], predictions.classes)),
        mistakes=tuple(_worst(predictions, ~right)),
        predicted=_by_class(predicted, predictions.classes),
    )


def _by_class(labels: torch.Tensor, classes: int) -> tuple[int, ...]:
    return tuple(labels.bincount(minlength=classes).tolist())


def _pairs(labels: torch.Tensor, predicted: torch.Tensor, classes: int) -> Iterator[tuple[int, int, int]]:
    """Triples of class, predicted class and number of pictures. The most frequent pairs come first."""
    pairs, counts = (labels * classes + predicted).unique(return_counts=True)  # type: ignore[no-untyped-call]
    order = counts.argsort(descending=True, stable=True)[:MAX_PAIRS]
    for pair, count in zip(pairs[order].tolist(), counts[order].tolist(), strict=True):
        yield *divmod(pair, classes), count


def _worst(predictions: Predictions, wrong: torch.Tensor) -> Iterator[Mistake]:
    """The most confident mistakes. Equally confident ones are sorted by path."""
    confidence, paths = predictions.confidence.tolist(), predictions.paths
    numbers = wrong.nonzero().flatten().tolist()
    for number in nsmallest(MAX_MISTAKES, numbers, lambda number: (-confidence[number], paths[number])):
        label, predicted = int(predictions.labels[number]), int(predictions.predicted[number])
        yield Mistake(unicode_text(paths[number]), label, predicted, confidence[number])
