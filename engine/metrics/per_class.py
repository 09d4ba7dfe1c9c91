"""Precision, recall and F1 of a class, from numbers of pictures. Loads no torch."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from engine.protocol import Confusion

if TYPE_CHECKING:
    from engine.metrics.predictions import Predictions  # which loads torch


class ClassCounts(NamedTuple):
    """Numbers of test pictures."""

    images: int
    "pictures of the class"
    predicted: int
    "pictures that are classified as it"
    correct: int
    "those in both"

    @property
    def recall(self) -> float | None:
        """Fraction of the class's pictures that are classified correctly; `None` if it has no pictures."""
        return self.correct / self.images if self.images else None

    @property
    def precision(self) -> float | None:
        """Fraction of the predictions of the class that are right; `None` if it is never predicted."""
        return self.correct / self.predicted if self.predicted else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; `None` if the class has no pictures and is never predicted.

        It is 0 if only one of the two is defined, as in scikit-learn with `zero_division=0`.
        """
        both = self.images + self.predicted
        return 2 * self.correct / both if both else None


def class_counts(predictions: "Predictions") -> list[ClassCounts]:
    """The numbers of each class."""
    labels, predicted, classes = predictions.labels, predictions.predicted, predictions.classes
    right = labels[labels == predicted]
    return [
        ClassCounts(*numbers)
        for numbers in zip(
            *(part.bincount(minlength=classes).tolist() for part in (labels, predicted, right)), strict=True
        )
    ]


def predicted_counts(confusion: Confusion) -> Sequence[int] | None:
    """How often each class is predicted; `None` if an event of an older version does not say it.

    Older versions did not write the field `predicted`. Then it follows from the confused pairs, if all of them are in
    the event.
    """
    if confusion.predicted:
        return confusion.predicted
    counts = Counter(dict(enumerate(confusion.correct)))
    for _, predicted, pictures in confusion.confused:
        counts[predicted] += pictures
    return (
        [counts[label] for label in range(len(confusion.images))] if counts.total() == sum(confusion.images) else None
    )


def mean(values: Sequence[float | None]) -> float | None:
    """The mean of the values that are defined; `None` if there are none."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
