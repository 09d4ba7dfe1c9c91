"""By how much one arm's best weights are more accurate than another's, and whether that may be chance."""

from dataclasses import dataclass

from engine.figures.best import Best, Score
from engine.metrics.interval import difference
from engine.protocol import Part


@dataclass(frozen=True, slots=True)
class Difference:
    """The first accuracy less the second, and its 95 % interval; all in -1..1."""

    first: Score
    second: Score
    low: float
    high: float

    @property
    def part(self) -> Part:
        """The pictures that both accuracies are of."""
        return self.first.part

    @property
    def by(self) -> float:
        """By how much the first one is more accurate."""
        return self.first.accuracy - self.second.accuracy

    @property
    def may_be_chance(self) -> bool:
        """Whether the interval holds 0."""
        return self.low <= 0 <= self.high


def difference_of(one: Best, other: Best) -> Difference | None:
    """On the test pictures where both were tested, else on those that chose.

    `None` where they were scored on different parts of the pictures, or on none.
    """
    both_tested = one.tested is not None and other.tested is not None
    first, second = (one.score, other.score) if both_tested else (one.chosen, other.chosen)
    if first.part != second.part:
        first, second = one.score, other.score
    if first.part != second.part or not first.images or not second.images:
        return None
    low, high = difference(first.correct, first.images, second.correct, second.images)
    return Difference(first, second, low, high)
