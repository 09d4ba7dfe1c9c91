"""Learning-rate schedules as multipliers of each group's base rate.

The user can change a base rate without a conflict with the schedule.
"""

import math

from engine.config.sections import ScheduleConfig

ONE_CYCLE_WARMUP = 0.3  # fraction of warm-up steps, as in PyTorch; Smith & Topin, "Super-Convergence" (2018)


def multiplier(step: int, total: int, config: ScheduleConfig) -> float:
    """The multiplier, in 0..1, of update `step` (counted from 0) of `total` updates.

    The warm-up rises linearly; the step after it has the multiplier 1. One-cycle rises and falls along half cosines.
    Every schedule has a step with the multiplier 1, even if it has only one step. Later steps keep the last value.
    """
    step = min(max(step, 0), total - 1)
    fraction = config.warmup
    if config.name == "one_cycle" and fraction == 0:
        fraction = ONE_CYCLE_WARMUP
    warmup = min(round(fraction * total), total - 1)
    if step < warmup:
        risen = (step + 1) / (warmup + 1)
        return _half_cosine(risen) if config.name == "one_cycle" else risen
    if config.name == "constant":
        return 1.0
    left = 1 - (step - warmup) / max(total - 1 - warmup, 1)
    return config.final + (1 - config.final) * _half_cosine(left)


def _half_cosine(x: float) -> float:
    """A smooth rise from 0 at x = 0 to 1 at x = 1."""
    return (1 - math.cos(math.pi * x)) / 2
