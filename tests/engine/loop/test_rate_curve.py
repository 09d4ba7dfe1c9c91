"""The curve of a sweep: smoothing, the end, and the suggested rate."""

import math
from itertools import pairwise

import pytest

from engine.loop.rate_curve import HIGHEST, LOWEST, STEPS, RateCurve, sweep_rates


def curve_of(*losses: float) -> RateCurve:
    curve = RateCurve()
    for rate, loss in zip(sweep_rates(STEPS), losses, strict=False):
        curve.add(rate, loss)
    return curve


def falling(best: int) -> list[float]:
    """Losses that vary around 1, fall from half way on, are lowest at step `best`, and then rise."""
    return [1 + 0.02 * math.sin(5 * step) - 0.02 * max(min(step, best) - 50, 0) for step in range(best)] + [4.0] * 3


def test_rates_grow_by_the_same_factor_from_the_lowest_to_the_highest() -> None:
    rates = sweep_rates(9)
    assert rates[0] == LOWEST and rates[-1] == pytest.approx(HIGHEST)
    assert all(after / before == pytest.approx(10) for before, after in pairwise(rates))


def test_a_constant_loss_is_the_same_when_it_is_smoothed() -> None:
    assert curve_of(*[0.5] * 40).losses == pytest.approx([0.5] * 40)


def test_the_suggestion_is_a_tenth_of_the_rate_of_the_lowest_loss() -> None:
    curve = curve_of(*falling(80))
    suggestion, reason = curve.suggestion()
    assert reason == "" and suggestion == pytest.approx(sweep_rates(STEPS)[79] / 10, rel=0.05)


def test_a_loss_that_only_varies_suggests_nothing() -> None:
    suggestion, reason = curve_of(*(1 + 0.3 * math.sin(5 * step) for step in range(STEPS))).suggestion()
    assert suggestion is None and "did not fall" in reason


def test_a_loss_that_only_rises_suggests_nothing() -> None:
    assert curve_of(*(1 + step / 100 for step in range(STEPS))).suggestion()[0] is None


def test_training_that_diverges_at_once_suggests_nothing() -> None:
    assert curve_of(1.0, 2.0).suggestion() == (None, "training diverged after 2 steps")


def test_the_sweep_ends_when_the_loss_is_four_times_the_lowest_one() -> None:
    curve = curve_of(*[1.0] * 20)
    assert not curve.add(1.0, 4.0) and curve.add(1.0, 100.0)


def test_the_first_losses_do_not_end_the_sweep() -> None:
    curve = curve_of(0.01)
    assert not curve.add(1.0, 1.0)
