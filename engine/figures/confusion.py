"""What an evaluation gets wrong, the worst classes first."""

from collections.abc import Iterable
from itertools import repeat
from typing import NamedTuple

from engine.metrics.per_class import ClassCounts, predicted_counts
from engine.protocol import Confusion


class ByClass(NamedTuple):
    """How a class fares."""

    label: int
    "its number, from 0"
    images: int
    "test pictures of it"
    correct: int
    "how many of them are classified correctly"
    predicted: int | None
    "test pictures that are classified as it; `None` where an older version did not tell"
    taken_for: int | None
    "the wrong class that is predicted most often; `None` where there are no mistakes"
    times: int
    "how often it is predicted"

    @property
    def recall(self) -> float | None:
        """Share of its pictures that are classified correctly; `None` where it has no pictures."""
        return ClassCounts(self.images, 0, self.correct).recall

    @property
    def precision(self) -> float | None:
        """Share of the pictures classified as it that are of it; `None` where there are none, or it is not known."""
        return None if self.predicted is None else ClassCounts(self.images, self.predicted, self.correct).precision

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; `None` where there is none, or it is not known."""
        return None if self.predicted is None else ClassCounts(self.images, self.predicted, self.correct).f1


class Errors:
    """An evaluation's mistakes, class by class."""

    def __init__(self, confusion: Confusion) -> None:
        self.images, self.correct = sum(confusion.images), sum(confusion.correct)
        self.worst = confusion.mistakes
        "the most confident mistakes first"
        self.counts = {(label, predicted): number for label, predicted, number in confusion.confused}
        "pictures by class and predicted class, those on the diagonal included"
        mostly: dict[int, tuple[int, int]] = {}
        for label, predicted, number in confusion.confused:
            if number > mostly.get(label, (0, 0))[1]:
                mostly[label] = predicted, number
        self.counts |= {(label, label): number for label, number in enumerate(confusion.correct) if number}
        answers: Iterable[int | None] = predicted_counts(confusion) or repeat(None, len(confusion.images))
        rows = [
            ByClass(label, *counts, *mostly.get(label, (None, 0)))
            for label, counts in enumerate(zip(confusion.images, confusion.correct, answers, strict=True))
        ]
        self.by_class = sorted(rows, key=lambda row: (not row.images, row.recall or 0.0, -row.images, row.label))
        "the worst ones first, those without test pictures last"
        self.per_class = confusion.images
        "test pictures of each class"

    def share(self, label: int, predicted: int) -> float:
        """Share of the pictures of class `label` that are classified as `predicted`."""
        return self.counts.get((label, predicted), 0) / max(self.per_class[label], 1)


def name_of(classes: tuple[str, ...], label: int) -> str:
    """The name of a class, or its number where the name is not known."""
    return classes[label] if 0 <= label < len(classes) else str(label)
