"""Plots: every point where its numbers say, axes that hold all of them, text escaped."""

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.report.svg import Line, Mark, Plot, draw, nice_ticks


def plot(points: list[tuple[float, float]], **how: object) -> ElementTree.Element:
    drawn = draw(Plot("<t>", "d & d", [Line("l", points, "s")], [], "{:g}".format, **how), "k")  # type: ignore[arg-type]
    return ElementTree.fromstring(drawn)


def places(root: ElementTree.Element) -> list[tuple[float, float]]:
    (line,) = root.iter("polyline")
    return [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]  # type: ignore[misc]


def test_larger_values_are_higher_and_later_epochs_further_right() -> None:
    (a, b, c) = places(plot([(0, 1.0), (1, 3.0), (2, 2.0)], epochs=2))
    assert a[0] < b[0] < c[0] and b[1] < c[1] < a[1]
    assert b[0] == pytest.approx((a[0] + c[0]) / 2, abs=0.1) and c[1] == pytest.approx((a[1] + b[1]) / 2, abs=0.1)


def test_a_logarithmic_axis_has_a_decade_for_each_factor_of_ten_and_no_zero() -> None:
    found = places(plot([(0, 1e-3), (1, 1e-2), (2, 1e-1), (3, 0.0)], logarithmic=True, epochs=3))
    assert len(found) == 3 and found[0][1] - found[1][1] == pytest.approx(found[1][1] - found[2][1], abs=0.2)


def test_what_is_below_a_logarithmic_axis_is_not_drawn_on_it() -> None:
    found = places(plot([(0, 1.0), (1, 1e-3), (2, 1e-9)], logarithmic=True, epochs=2))
    assert len(found) == 2


def test_what_is_not_finite_is_left_out_and_nothing_is_said_to_be_nothing() -> None:
    assert len(places(plot([(0, 1.0), (1, math.nan), (2, math.inf), (3, 2.0)]))) == 2
    assert "&lt;t&gt;: nothing to draw yet" in draw(Plot("<t>", "", [], [], str), "k")


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_value_that_never_changes_has_an_axis_and_none_above_the_largest_value(value: float) -> None:
    root = plot([(0, value), (1, value)], highest=1.0)
    labels = [float(text.text or "") for text in root.iter("text") if text.attrib["class"] == "end"]
    assert len(labels) >= 2 and min(labels) <= value <= max(labels) <= 1.0
    assert len({y for _, y in places(root)}) == 1


def test_titles_are_escaped_and_marks_that_are_near_become_one() -> None:
    marks = [Mark(0.5, 3, "<b>", "s"), Mark(0.501, 4, "x", "s"), Mark(0.9, 7, "y", "s"), Mark(0.5, 9, "z", "s")]
    text = str(draw(Plot("t", "d", [Line("<l>", [(0, 1), (1, 2)], "s")], [marks], str), "k"))
    assert "<title>3: &lt;b&gt;; 9: z; 4: x</title>" in text and "<title>&lt;l&gt;</title>" in text
    assert re.findall(r">([\d…–]+)</text></g>", text) == ["3…9", "7"]


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(2, 10))
@example(0.0, 5e-324, 2)
@example(0.5, 0.5 + 1e-15, 5)
def test_ticks_hold_both_ends_and_are_not_many(one: float, other: float, most: int) -> None:
    low, high = sorted((one, other))
    ticks = nice_ticks(low, high, most)
    slack = 1e-6 * max(abs(low), abs(high), 1.0)
    assert ticks[0] <= low + slack and ticks[-1] >= high - slack
    assert 2 <= len(ticks) <= most + 3 and ticks == sorted(set(ticks))
