"""Values over steps in bounded memory: a million steps take no more memory or drawing time than a thousand."""

import math
from bisect import bisect_right

MOST_POINTS = 512


class Series:
    """Points in the order of their steps. When there are too many, neighbours are averaged in pairs."""

    def __init__(self, most: int = MOST_POINTS) -> None:
        assert most >= 2 and most % 2 == 0
        self._most = most
        self._steps: list[int] = []
        self._values: list[float] = []
        self._stride = 1
        self._waiting: list[float] = []

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def stride(self) -> int:
        """Values that a point is the mean of."""
        return self._stride

    def add(self, step: int, value: float) -> None:
        """Append a value. One that is not finite is left out: it cannot be drawn."""
        if not math.isfinite(value):
            return
        self._waiting.append(value)
        if len(self._waiting) < self._stride:
            return
        self._steps.append(step)
        self._values.append(sum(self._waiting) / len(self._waiting))
        self._waiting.clear()
        if len(self._steps) == self._most:
            self._steps = self._steps[1::2]
            self._values = [(a + b) / 2 for a, b in zip(self._values[::2], self._values[1::2], strict=True)]
            self._stride *= 2

    def cut(self, step: int) -> None:
        """Forget what comes after `step`."""
        keep = bisect_right(self._steps, step)
        del self._steps[keep:], self._values[keep:]
        self._waiting.clear()

    def copy(self) -> "Series":
        """An independent copy."""
        copy = Series(self._most)
        copy._steps, copy._values = list(self._steps), list(self._values)
        copy._stride, copy._waiting = self._stride, list(self._waiting)
        return copy

    def points(self) -> tuple[list[int], list[float]]:
        """Steps and values; a point that is an average has the last of its steps."""
        return list(self._steps), list(self._values)


def smoothed(values: list[float], window: float) -> list[float]:
    """Exponential moving average over about `window` values; corrected, so that the first value has no extra weight."""
    keep = 1 - 2 / (max(window, 1.0) + 1)
    total, weight, result = 0.0, 0.0, []
    for value in values:
        total = keep * total + value
        weight = keep * weight + 1
        result.append(total / weight)
    return result
