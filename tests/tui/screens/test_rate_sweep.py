"""The learning-rate finder: its curve grows, a rate is chosen, and all groups get theirs in proportion."""

from dataclasses import replace

import pytest

from engine import protocol as p
from tests.tui.story import SWEPT, TRAINING, Screen, step_of
from tui.screens.rate_sweep import RateScreen

PAUSED = [*TRAINING, p.Paused("pretrained", 14)]
NOTHING = replace(SWEPT, suggestion=None, reason="the loss did not fall")


def step(done: int) -> p.SweepingRates:
    rate, loss = SWEPT.rates[done - 1], SWEPT.losses[done - 1]
    return p.SweepingRates("pretrained", 14, done, len(SWEPT.rates), "head", rate, loss)


def follow(screen: Screen) -> None:
    """Let the finder look at the state, unless it has closed by itself."""
    if isinstance(screen.app.screen, RateScreen):
        screen.app.screen.follow()


async def test_r_asks_for_a_sweep_and_shows_how_it_goes_on():
    screen = Screen(PAUSED)
    async with screen.shown() as pilot:
        await pilot.press("r")
        assert screen.session.sent == [p.FindRate()] and "The sweep begins" in screen.text()
        await screen.feed(pilot, *map(step, range(1, 31)))
        follow(screen)
        await pilot.pause()
        assert f"step 30 of {len(SWEPT.rates)}" in screen.text()
        await pilot.press("enter", "left")
        assert screen.session.sent == [p.FindRate()]
        await pilot.press("escape")
        await screen.feed(pilot)
        assert "finding a learning rate" in screen.text()
        await pilot.press("r")
        assert screen.session.sent == [p.FindRate()], "it is still under way"


async def test_enter_takes_the_suggestion_and_the_other_groups_keep_their_ratios():
    screen = Screen([*PAUSED, SWEPT])
    async with screen.shown() as pilot:
        await pilot.press("r")
        await pilot.pause()
        assert "head 2e-3 (suggested)" in screen.text() and "backbone 2e-4" in screen.text()
        await pilot.press("enter")
        backbone, head = screen.session.sent
        assert head == p.SetRate("head", 2e-3)
        assert backbone.group == "backbone" and backbone.base_lr == pytest.approx(2e-4)


async def test_the_cursor_chooses_another_rate():
    screen = Screen([*PAUSED, SWEPT])
    async with screen.shown() as pilot:
        await pilot.press("r", "left", "left", "right", "right", "right", "enter")
        (head,) = [command.base_lr for command in screen.session.sent if command.group == "head"]
        assert 2e-3 < head < 3e-3


async def test_escape_takes_nothing():
    screen = Screen([*PAUSED, SWEPT])
    async with screen.shown() as pilot:
        await pilot.press("r", "left", "escape", "p")
        assert screen.session.sent == [p.Resume()]


async def test_without_a_suggestion_it_says_why_and_starts_at_the_present_rate():
    screen = Screen([*PAUSED, NOTHING])
    async with screen.shown() as pilot:
        await pilot.press("r")
        await pilot.pause()
        assert "Nothing is suggested: the loss did not fall." in screen.text()
        assert "head 5e-4 (as it is now)" in screen.text()


async def test_r_in_the_screen_sweeps_again():
    screen = Screen([*PAUSED, SWEPT])
    async with screen.shown() as pilot:
        await pilot.press("r", "r")
        await pilot.pause()
        assert screen.session.sent == [p.FindRate()] and "The sweep begins" in screen.text()


@pytest.mark.parametrize(
    "event",
    [p.CommandRefused("pretrained", 14, "find_rate", "no"), p.RunFailed("No memory", "buy some")],
)
async def test_it_closes_when_there_will_be_no_sweep(event: p.Event):
    screen = Screen(PAUSED)
    async with screen.shown() as pilot:
        await pilot.press("r")
        finder = screen.app.screen
        await screen.feed(pilot, event)
        finder.follow()
        finder.follow()
        await pilot.pause()
        assert finder not in screen.app.screen_stack


async def test_a_curve_is_forgotten_when_training_goes_on():
    screen = Screen([*PAUSED, SWEPT, p.Resumed("pretrained", 14), step_of("pretrained", 15)])
    async with screen.shown() as pilot:
        await screen.feed(pilot, p.Paused("pretrained", 15))
        await pilot.press("r")
        assert screen.session.sent == [p.FindRate()]


async def test_a_sweep_that_a_command_ended_before_its_first_step_shows_why():
    ended = replace(NOTHING, rates=(), losses=(), reason="a command ended the sweep before its first step")
    screen = Screen([*PAUSED, ended])
    async with screen.shown() as pilot:
        await pilot.press("r")
        await pilot.pause()
        assert "a command ended the sweep" in screen.text()
