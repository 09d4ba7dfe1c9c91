"""Panes: switched on and off by their digits, zoomed, and walked through."""

import pytest

from tests.tui.story import BOTH_ARMS, TRAINING, Screen
from tui.panes import PANES

DIGITS = {pane.digit: pane.name for pane in PANES}


def shown(screen: Screen) -> set[str]:
    return set(screen.app._body.places)


async def test_a_digit_hides_its_pane_and_shows_it_again():
    screen = Screen(BOTH_ARMS)
    async with screen.shown((200, 60)) as pilot:
        for digit, pane in DIGITS.items():
            assert pane in shown(screen)
            await pilot.press(digit)
            await pilot.pause()
            assert pane not in shown(screen)
            assert not any(f"─ {digit} " in row for row in screen.text().splitlines())
            await pilot.press(digit)
            await pilot.pause()
            assert pane in shown(screen)


@pytest.mark.parametrize("size", [(80, 24), (60, 24)])
async def test_a_digit_shows_a_pane_that_there_was_no_room_for(size: tuple[int, int]):
    screen = Screen(BOTH_ARMS)
    async with screen.shown(size) as pilot:
        at_first = shown(screen)
        assert set(DIGITS.values()) - at_first
        for digit, pane in DIGITS.items():
            if pane in at_first:
                continue
            await pilot.press(digit)
            await pilot.pause()
            assert pane in shown(screen)
            await pilot.press(digit)
            await pilot.pause()
            assert shown(screen) == at_first


async def test_what_a_person_chose_stays_when_the_terminal_is_resized():
    screen = Screen(BOTH_ARMS)
    async with screen.shown((120, 36)) as pilot:
        await pilot.press("7")
        for size in ((80, 24), (200, 50)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert "rates" not in shown(screen)


@pytest.mark.parametrize("key", ["z", "enter"])
async def test_the_pane_in_focus_is_zoomed_and_given_back(key: str):
    screen = Screen(BOTH_ARMS)
    async with screen.shown((80, 24)) as pilot:
        before = shown(screen)
        await pilot.press("tab", "tab", key)
        await pilot.pause()
        assert shown(screen) == {"progress"}
        await pilot.press(key)
        await pilot.pause()
        assert shown(screen) == before


async def test_without_a_focus_the_first_plot_is_zoomed():
    screen = Screen(BOTH_ARMS)
    async with screen.shown((80, 24)) as pilot:
        await pilot.press("z")
        await pilot.pause()
        assert shown(screen) == {"accuracy"}


async def test_tab_walks_through_the_panes_that_are_shown_in_their_order():
    screen = Screen(TRAINING)
    async with screen.shown((80, 24)) as pilot:
        order = []
        for _ in range(len(shown(screen)) + 1):
            await pilot.press("tab")
            focused = screen.app.focused
            assert focused is not None
            order.append(focused.id)
        assert order == [*screen.app._body.places, order[0]]
        await pilot.press("shift+tab")
        assert screen.app.focused is not None and screen.app.focused.id == order[-2]


async def test_escape_leaves_the_zoom_then_the_pane():
    screen = Screen(TRAINING)
    async with screen.shown((80, 24)) as pilot:
        await pilot.press("tab", "z", "escape")
        await pilot.pause()
        assert len(shown(screen)) > 1 and screen.app.focused is not None
        await pilot.press("escape")
        assert screen.app.focused is None


async def test_a_pane_that_is_hidden_loses_the_focus():
    screen = Screen(TRAINING)
    async with screen.shown((80, 24)) as pilot:
        await pilot.press("tab", "2")
        await pilot.pause()
        assert screen.app.focused is None


async def test_all_panes_can_be_hidden():
    screen = Screen(TRAINING)
    async with screen.shown((200, 60)) as pilot:
        await pilot.press(*DIGITS)
        await pilot.pause()
        assert shown(screen) == set() and "TRAINING" in screen.text()
        assert "the keys 1 to 9 and 0 show them" in screen.text()
        await pilot.press("z", "2")
        await pilot.pause()
        assert shown(screen) == {"accuracy"} and "show them" not in screen.text()


async def test_the_pane_asked_for_last_is_shown_whatever_was_asked_for_before():
    screen = Screen(TRAINING)
    async with screen.shown((80, 24)) as pilot:
        for digit in "3914391":
            before = shown(screen)
            await pilot.press(digit)
            await pilot.pause()
            assert (DIGITS[digit] in shown(screen)) == (DIGITS[digit] not in before)


async def test_with_a_pane_in_focus_the_last_line_has_the_ways_back():
    screen = Screen(TRAINING)
    async with screen.shown((80, 24)) as pilot:
        await pilot.press("tab")
        last = screen.text().splitlines()[-1]
        assert "left right cursor" in last and "z zoom" in last and "Esc back" in last and "q quit" in last


async def test_a_key_shows_the_usual_panes_again():
    screen = Screen(TRAINING)
    async with screen.shown((120, 36)) as pilot:
        usual = dict(screen.app._body.places)
        await pilot.press("3", "6", "R")
        await pilot.pause()
        assert screen.app._body.places == usual
