"""Learning-rate schedules as multipliers on each group's base rate, so that a rate changed by hand and
the schedule never fight."""

import math

from engine.config.sections import ScheduleConfig

ONE_CYCLE_WARMUP = 0.3  # share of rising steps in Smith & Topin, "Super-Convergence" (2018), as in PyTorch


def multiplier(step: int, total: int, config: ScheduleConfig) -> float:
    """The multiplier of update `step`, counted from 0, of `total` updates; in 0..1.

    Warm-up rises linearly and the step after it has 1; one-cycle rises and falls along half cosines. Every
    schedule has a step of 1, be it the only one. Steps beyond the end keep the last value.
    """
    step = min(max(step, 0), total - 1)
    share = config.warmup
    if config.name == "one_cycle" and share == 0:
        share = ONE_CYCLE_WARMUP
    warmup = min(round(share * total), total - 1)
    if step < warmup:
        risen = (step + 1) / (warmup + 1)
        return _half_cosine(risen) if config.name == "one_cycle" else risen
    if config.name == "constant":
        return 1.0
    left = 1 - (step - warmup) / max(total - 1 - warmup, 1)
    return config.final + (1 - config.final) * _half_cosine(left)


def _half_cosine(share: float) -> float:
    """Smooth rise from 0 at 0 to 1 at 1."""
    return (1 - math.cos(math.pi * share)) / 2
