"""Which panes there is room for, and where they lie."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.layout import GUTTER, NARROWER, NORMAL, WIDER, Place, Want, arrange
from tui.panes import PANES

WANTS = [pane.want for pane in PANES]
NAMES = [want.name for want in WANTS]
FIXED = Want("progress", 1, width=20, least=3, rows=5)
PLOT = Want("loss", 2, width=20, least=4, weight=1)


@pytest.mark.parametrize("bands", [NARROWER, NORMAL, WIDER])
def test_each_pane_has_a_place(bands):
    placed = [name for band in bands for column in band for name in column]
    assert set(NAMES) <= set(placed) and len(placed) == len(set(placed))


def overlap(one: Place, other: Place) -> bool:
    across = one.x < other.x + other.width and other.x < one.x + one.width
    return across and one.y < other.y + other.height and other.y < one.y + one.height


@settings(deadline=None)
@given(
    width=st.integers(1, 300),
    height=st.integers(1, 120),
    frame=st.sampled_from((1, 2)),
    chosen=st.dictionaries(st.sampled_from(NAMES), st.booleans()),
    gpus=st.integers(1, 8),
)
def test_panes_never_overlap_nor_leave_the_screen_and_there_is_always_one(width, height, frame, chosen, gpus):
    wants = [Want(w.name, w.rank, w.width, w.least, gpus + 2, w.weight) if w.name == "system" else w for w in WANTS]
    places = list(arrange(width, height, wants, frame=frame, chosen=chosen).values())
    assert places or not any(chosen.get(name, True) for name in NAMES)
    for place in places:
        assert place.x >= 0 and place.y >= 0 and place.height >= 1
        assert place.x + place.width <= width and place.y + place.height <= height
    assert not any(overlap(one, other) for number, one in enumerate(places) for other in places[:number])


@settings(deadline=None)
@given(width=st.integers(36, 300), height=st.integers(20, 120))
def test_the_panes_fill_the_screen_from_top_to_bottom(width, height):
    places = arrange(width, height, WANTS, frame=1)
    assert {row for place in places.values() for row in range(place.y, place.y + place.height)} == set(range(height))


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((80, 21), {"accuracy", "progress", "comparison", "rates", "system"}),
        ((120, 33), {"loss", "accuracy", "progress", "comparison", "rates", "system", "mistakes", "log"}),
        ((120, 47), set(NAMES)),
        ((200, 47), set(NAMES)),
    ],
)
def test_a_larger_terminal_shows_more(size, shown):
    assert set(arrange(*size, WANTS, frame=1 if size[1] < 27 else 2)) == shown


def test_in_a_portrait_terminal_panes_lie_below_each_other():
    places = arrange(60, 57, WANTS, frame=2)
    assert {"loss", "accuracy", "progress"} <= set(places)
    assert all(place.x == 0 and place.width == 60 for place in places.values())


def test_a_pane_that_a_person_switched_on_comes_before_all_others():
    assert "log" not in arrange(80, 21, WANTS, frame=1)
    assert "log" in arrange(80, 21, WANTS, frame=1, chosen={"log": True})


def test_of_panes_that_a_person_switched_on_the_last_one_comes_first():
    first, last = ({"lr": True, "mistakes": True}, {"mistakes": True, "lr": True})
    assert "mistakes" in arrange(80, 8, WANTS, frame=1, chosen=first)
    assert "lr" in arrange(80, 8, WANTS, frame=1, chosen=last)


def test_a_pane_that_a_person_switched_off_gives_its_room_to_others():
    before, after = (arrange(120, 100, WANTS, frame=2, chosen=chosen) for chosen in ({}, {"rates": False}))
    assert "rates" in before and "rates" not in after and after["progress"].height > before["progress"].height


def test_a_zoomed_pane_has_all_the_room():
    assert arrange(80, 21, WANTS, frame=1, zoomed="rates") == {"rates": Place(0, 0, 80, 21)}


def test_what_is_left_over_goes_to_panes_that_can_use_it():
    places = arrange(30, 40, [FIXED, PLOT], frame=2)
    assert places["progress"].height == 7 and places["loss"].height == 33


def test_panes_of_text_are_as_narrow_as_it_and_plots_share_the_width():
    places, known = arrange(150, 33, WANTS, frame=2), {want.name: want for want in WANTS}
    assert places["accuracy"].width > places["loss"].width >= known["loss"].width
    assert places["accuracy"].width + GUTTER + places["loss"].width == 150
    assert places["comparison"].width == places["system"].width == known["system"].most
    assert places["progress"].width == known["progress"].most
    assert places["mistakes"].width == 150 - places["progress"].width - places["system"].width - 2 * GUTTER


def test_the_plots_of_the_race_have_half_of_the_terminal():
    wants = [replace(want, rows=8) if want.name in ("progress", "comparison") else want for want in WANTS]
    places = arrange(120, 33, wants, frame=2)
    assert places["accuracy"].height >= 36 / 2 and places["accuracy"].y == 0
