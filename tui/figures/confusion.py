"""What an evaluation gets wrong, in the order a person asks for it. Loads no Textual."""

from typing import NamedTuple

from engine.protocol import Confusion


class ByClass(NamedTuple):
    """How a class fares."""

    label: int
    "its number, from 0"
    images: int
    "test pictures of it"
    correct: int
    "how many of them are classified correctly"
    taken_for: int | None
    "the class that most of the others are taken for; none where there are none"
    times: int
    "how many are"

    @property
    def accuracy(self) -> float | None:
        """Share of its pictures that are classified correctly; none where it has none."""
        return self.correct / self.images if self.images else None


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
        rows = [
            ByClass(label, images, correct, *mostly.get(label, (None, 0)))
            for label, (images, correct) in enumerate(zip(confusion.images, confusion.correct, strict=True))
        ]
        self.by_class = sorted(rows, key=lambda row: (not row.images, row.accuracy or 0.0, -row.images, row.label))
        "the worst ones first, those without test pictures last"
        self.per_class = confusion.images
        "test pictures of each class"

    def share(self, label: int, predicted: int) -> float:
        """How much of a class is taken for another one, or itself."""
        return self.counts.get((label, predicted), 0) / max(self.per_class[label], 1)


def name_of(classes: tuple[str, ...], label: int) -> str:
    """A class by name, or by number where that is not known."""
    return classes[label] if 0 <= label < len(classes) else str(label)
