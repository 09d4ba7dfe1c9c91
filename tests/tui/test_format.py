import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui import format as f


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (7.4, "0:07"), (754, "12:34"), (11045, "3:04:05"), (None, "–"), (math.inf, "–"), (-3, "0:00")],
)
def test_durations_read_as_on_a_clock(seconds, text):
    assert f.clock(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.9, "0 s"), (59, "59 s"), (60, "1 min"), (7300, "2 h"), (2e5, "2 d")])
def test_an_age_has_one_unit(seconds, text):
    assert f.age(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"), [(2, "2"), (999, "999"), (2050, "2.05 k"), (341_792, "342 k"), (11_176_512, "11.2 M")]
)
def test_counts_have_three_digits(number, text):
    assert f.count(number) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5e-5, "5e-5"),
        (1.25e-3, "1.25e-3"),
        (0.1, "0.1"),
        (0.0123, "0.0123"),
        (0, "0"),
        (1.0, "1"),
        (2.0, "2"),
        (100.0, "100"),
    ],
)
def test_rates_are_short(value, text):
    assert f.rate(value) == text


def test_what_is_not_there_yet_is_a_dash_and_what_cannot_be_had_is_not_available():
    assert f.percent(None) == "–"
    assert f.gibibytes(None) == "n/a"


@given(st.floats(-1, 2), st.integers(1, 200))
def test_a_bar_has_its_width_whatever_the_share(share, width):
    filled, empty = f.bar(share, width)
    assert len(filled) + len(empty) == width


def test_a_bar_is_empty_at_nothing_and_full_at_one():
    assert f.bar(0, 10) == ("", " " * 10)
    assert f.bar(1, 10) == ("█" * 10, "")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("birds-12", "birds-12"),
        ("all-the-birds-of-the-north-12", "all-the…h-12"),
        ("日本語の犬", "日本語の犬"),
        ("日本語の犬/p0.png", "日本語….png"),
        ("日本語の犬と猫と鳥", "日本語…と鳥"),
    ],
)
def test_a_name_fits_in_cells_and_keeps_its_end(name: str, text: str):
    assert f.short_name(name, 12) == text and cell_len(text) <= 12


def test_rates_step_along_one_two_five():
    up = [5e-5]
    while up[-1] < 5e-3:
        up.append(f.next_nice(up[-1], up=True))
    assert up == [5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3]
    down = [up[-1]]
    while len(down) < len(up):
        down.append(f.next_nice(down[-1], up=False))
    assert down == up[::-1]


@given(st.floats(1e-9, 100))
def test_a_step_up_is_up_a_step_down_is_down_and_neither_is_far(value):
    assert value < f.next_nice(value, up=True) <= value * 2.6
    assert value / 2.6 <= f.next_nice(value, up=False) < value


@pytest.mark.parametrize(
    ("values", "width", "drawn"),
    [
        ([], 5, ""),
        ([0.5], 5, "▄"),
        ([0.2, 0.2], 5, "▄▄"),
        ([0, 1, 2, 3, 4, 5, 6], 7, "▁▂▃▄▅▆▇"),
        ([9, 0, 3, 6], 2, "▁▇"),
    ],
)
def test_a_sparkline_shows_the_course_and_ends_with_the_last_value(values: list[float], width: int, drawn: str):
    assert f.sparkline(values, width) == drawn
