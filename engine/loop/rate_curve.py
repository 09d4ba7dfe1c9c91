"""The curve of a sweep over learning rates, and the rate that it suggests."""

import math
import statistics

from engine.protocol.counting import plural

STEPS = 100
LOWEST, HIGHEST = 1e-7, 10.0
SMOOTHING = 0.95
"of the exponential average of the losses; higher is smoother"
DIVERGED = 4.0
"the sweep ends when the loss is this many times the lowest one"
SETTLED = 10
"steps before the average is of enough losses to be compared"
UNTIL_LEARNING = 30
"steps at rates that are too low to change the loss: they show how much it varies from batch to batch"
BELOW_MINIMUM = 10.0
"the suggested rate is the one of the lowest loss divided by this"


def sweep_rates(steps: int) -> list[float]:
    """The rates of a sweep: each is the one before times the same factor."""
    return [LOWEST * (HIGHEST / LOWEST) ** (step / (steps - 1)) for step in range(steps)]


class RateCurve:
    """Smoothed losses by rate. The method is the range test of Smith (2015), arXiv 1506.01186.

    Losses are smoothed as in fastai's `lr_find`, by an exponential average whose bias at the start is corrected. The
    suggestion is fastai's `minimum`: a tenth of the rate at which the smoothed loss is lowest. It is less sensitive to
    the noise of single batches than the steepest descent is.
    """

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.losses: list[float] = []
        "smoothed, one a rate"
        self._raw: list[float] = []
        self._average = 0.0

    def add(self, rate: float, loss: float) -> bool:
        """Add the loss (finite) of a step. Returns whether training has diverged, so that the sweep ends."""
        self._raw.append(loss)
        self.rates.append(rate)
        self._average = SMOOTHING * self._average + (1 - SMOOTHING) * loss
        self.losses.append(self._average / (1 - SMOOTHING ** len(self._raw)))
        settled = self.losses[SETTLED:]
        return bool(settled) and self.losses[-1] > DIVERGED * min(settled)

    def suggestion(self) -> tuple[float | None, str]:
        """The suggested rate, to two digits, or `None` and the reason why there is none."""
        before, after = self._raw[:UNTIL_LEARNING], self.losses[UNTIL_LEARNING:]
        if not after:
            return None, f"training diverged after {plural(len(self.losses), 'step')}"
        # The standard deviation of an exponential average of independent losses.
        noise = statistics.pstdev(before) * math.sqrt((1 - SMOOTHING) / (1 + SMOOTHING))
        if min(after) > statistics.fmean(before) - 2 * noise:
            return None, "the loss did not fall at any rate by more than it varies from batch to batch"
        rate = self.rates[UNTIL_LEARNING + after.index(min(after))] / BELOW_MINIMUM
        return float(f"{rate:.1e}"), ""
