"""Differences by seed, and their intervals."""

import pytest

from tests.bench.pairs import average, difference


def test_a_difference_is_that_of_common_seeds_with_the_interval_of_student() -> None:
    found = difference({0: 3.0, 1: 5.0, 2: 7.0, 9: 100.0}, {0: 2.0, 1: 3.0, 2: 4.0, 8: -100.0})
    assert found is not None
    assert (found.mean, found.pairs, found.freedom) == (2.0, 3, 2)
    assert found.error == pytest.approx(1 / 3**0.5)
    assert found.interval == pytest.approx((2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5), abs=1e-4)


def test_a_single_common_seed_says_nothing() -> None:
    assert difference({0: 1.0, 1: 2.0}, {1: 3.0, 2: 4.0}) is None


def test_an_average_of_equally_exact_differences_has_the_degrees_of_freedom_of_all() -> None:
    one = difference({0: 1.0, 1: 2.0, 2: 3.0}, dict.fromkeys(range(3), 0.0))
    assert one is not None
    both = average([one, one])
    assert (both.mean, both.pairs) == (2.0, 6)
    assert both.freedom == pytest.approx(4)
    assert both.error == pytest.approx(one.error / 2**0.5)


def test_an_average_of_differences_without_spread_is_exact() -> None:
    same = difference({0: 1.0, 1: 2.0}, {0: 0.5, 1: 1.5})
    assert same is not None
    assert average([same, same]).interval == (0.5, 0.5)
