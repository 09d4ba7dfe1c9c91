import math

from hypothesis import given
from hypothesis import strategies as st

from engine.figures.series import Series, smoothed

values = st.lists(st.floats(-1e6, 1e6), max_size=400)


@given(values, st.sampled_from([2, 8, 64]))
def test_a_series_never_holds_more_than_its_limit_and_stays_in_order(numbers, most):
    series = Series(most)
    for step, number in enumerate(numbers, 1):
        series.add(step, number)
    steps, kept = series.points()
    assert len(steps) == len(kept) == len(series) < most + 1
    assert steps == sorted(set(steps))


@given(values, st.sampled_from([2, 8, 64]))
def test_what_is_kept_lies_between_the_extremes(numbers, most):
    series = Series(most)
    for step, number in enumerate(numbers, 1):
        series.add(step, number)
    for value in series.points()[1]:
        assert min(numbers) - 1e-3 <= value <= max(numbers) + 1e-3


def test_below_the_limit_nothing_is_averaged():
    series = Series(8)
    for step in range(1, 8):
        series.add(step, step * 10.0)
    assert series.points() == ([1, 2, 3, 4, 5, 6, 7], [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0])


def test_at_the_limit_neighbours_are_averaged_and_later_ones_too():
    series = Series(4)
    for step in range(1, 7):
        series.add(step, float(step))
    assert series.points() == ([2, 4, 6], [1.5, 3.5, 5.5])


def test_a_million_steps_take_no_more_room_than_a_thousand():
    series = Series()
    for step in range(1, 1_000_001):
        series.add(step, 1.0)
    assert len(series) <= 512


def test_cutting_forgets_what_comes_later():
    series = Series(8)
    for step in range(1, 7):
        series.add(step, float(step))
    series.cut(3)
    series.add(4, 40.0)
    assert series.points() == ([1, 2, 3, 4], [1.0, 2.0, 3.0, 40.0])


@given(values, values, st.sampled_from([2, 8, 64]))
def test_a_copy_goes_on_as_the_series_would_have_and_leaves_it_alone(before, after, most):
    series = Series(most)
    for step, number in enumerate(before, 1):
        series.add(step, number)
    kept, copy = series.points(), series.copy()
    for step, number in enumerate(after, len(before) + 1):
        copy.add(step, number)
    assert series.points() == kept
    for step, number in enumerate(after, len(before) + 1):
        series.add(step, number)
    assert copy.points() == series.points()


def test_numbers_that_cannot_be_drawn_are_left_out():
    series = Series()
    for number in (1.0, math.nan, math.inf, 2.0):
        series.add(len(series) + 1, number)
    assert series.points()[1] == [1.0, 2.0]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=100), st.floats(1, 50))
def test_smoothing_stays_between_the_extremes_and_keeps_the_first_value(numbers, window):
    result = smoothed(numbers, window)
    assert len(result) == len(numbers)
    assert math.isclose(result[0], numbers[0], abs_tol=1e-9)
    assert all(min(numbers) - 1e-3 <= value <= max(numbers) + 1e-3 for value in result)


def test_a_window_of_one_does_not_smooth():
    assert smoothed([1.0, 5.0, 2.0], 1) == [1.0, 5.0, 2.0]
