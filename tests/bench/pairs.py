"""Differences of two sides that were measured with the same seeds, with intervals of Student's t distribution."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy.stats import t  # comes with scikit-learn


@dataclass(frozen=True)
class Difference:
    """A mean difference."""

    mean: float
    error: float
    "standard error"
    freedom: float
    "degrees of freedom"
    pairs: int

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval."""
        half = float(t.ppf(0.975, self.freedom)) * self.error
        return self.mean - half, self.mean + half


def difference(ours: Mapping[int, float], theirs: Mapping[int, float]) -> Difference | None:
    """The mean of ours minus theirs over the seeds that both have; `None` if there are fewer than two."""
    pairs = [ours[seed] - theirs[seed] for seed in sorted(ours.keys() & theirs.keys())]
    if len(pairs) < 2:
        return None
    error = statistics.stdev(pairs) / len(pairs) ** 0.5
    return Difference(statistics.fmean(pairs), error, len(pairs) - 1, len(pairs))


def average(parts: Sequence[Difference]) -> Difference:
    """The average of independent differences. Degrees of freedom after Welch (1947) and Satterthwaite (1946)."""
    squares = [part.error**2 for part in parts]
    total = sum(squares)
    rest = sum(square**2 / part.freedom for square, part in zip(squares, parts, strict=True))
    freedom = total**2 / rest if rest else sum(part.freedom for part in parts)
    mean = statistics.fmean(part.mean for part in parts)
    return Difference(mean, total**0.5 / len(parts), freedom, sum(part.pairs for part in parts))
