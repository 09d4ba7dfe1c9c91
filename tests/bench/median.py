"""The median of some figures, and how sure it is."""

import math
import statistics
from collections.abc import Sequence

SURE = 0.95


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Where the median lies with a confidence of 95 % at least, whatever the figures' distribution: the sign test's.

    Of fewer than six figures that cannot be said; it is then the range of them all.
    """
    ordered, count = sorted(values), len(values)
    below, tail = 0, 0.5**count  # that at most `below` of the figures lie below the median
    while 2 * tail <= 1 - SURE:
        below += 1
        tail += math.comb(count, below) * 0.5**count
    left_out = max(below - 1, 0)
    return ordered[left_out], ordered[count - 1 - left_out]


def with_interval(values: Sequence[float], digits: int = 3) -> str:
    """A median and, in brackets, its interval."""
    low, high = interval(values)
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f}..{high:.{digits}f})"
