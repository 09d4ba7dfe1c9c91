"""The line under the plots: there only with a verdict, with as much evidence as fits, and noted once in the log."""

from dataclasses import replace

import pytest

from engine import protocol as p
from tests.tui.story import BEGUN, STEPS_PER_EPOCH, Screen, epoch_of, step_of
from tui.panels.why import MARK

TOLD = "pretrained: rate too small"


def flat(epochs: int, first: int = 1) -> list[p.Event]:
    """Epochs in which nothing is learnt."""
    events: list[p.Event] = []
    for epoch in range(first, epochs + 1):
        for step in range((epoch - 1) * STEPS_PER_EPOCH + 1, epoch * STEPS_PER_EPOCH + 1):
            quiet = step_of("pretrained", step)
            events.append(replace(quiet, loss=0.7, update_ratios=dict.fromkeys(quiet.learning_rates, 2e-6)))
        for event in epoch_of("pretrained", epoch):
            if isinstance(event, p.EpochDone):
                events.append(replace(event, train_loss=0.7, train_accuracy=0.5))
            else:
                events.append(replace(event, accuracy=0.5) if isinstance(event, p.EvalDone) else event)
    return events


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_it_is_below_the_plots_while_there_is_a_verdict(size: tuple[int, int]) -> None:
    screen = Screen([*BEGUN, *flat(1)])
    async with screen.shown(size) as pilot:
        assert MARK not in screen.text()
        before = dict(screen.app._body.places)
        await screen.feed(pilot, *flat(2, first=2))
        await screen.feed(pilot)
        rows = screen.text().splitlines()
        (row,) = [number for number, text in enumerate(rows) if text.lstrip().startswith(f"{MARK}rate too small")]
        assert "moves 2e-6 of its length a step" in rows[row] and rows[row].endswith("* raises all rates")
        places = screen.app._body.places
        assert set(places) == set(before)
        assert max(place.y + place.height for name, place in places.items() if name in ("loss", "accuracy")) <= row - 1
        await screen.feed(pilot, p.RateChanged("pretrained", 2 * STEPS_PER_EPOCH, "head", 1.0))
        await screen.feed(pilot)
        assert f"{MARK}rate too small" not in screen.text() and screen.app._body.places == before


async def test_the_log_has_it_once() -> None:
    screen = Screen([*BEGUN, *flat(3)])
    async with screen.shown():
        assert len([note for note in screen.app.state.log if note.text.startswith(TOLD)]) == 1


async def test_a_zoomed_plot_has_it_too_and_what_does_not_fit_is_left_out() -> None:
    screen = Screen([*BEGUN, *flat(2)])
    async with screen.shown((60, 24)) as pilot:
        await pilot.press("z")
        await screen.feed(pilot)
        assert f"{MARK}rate too small; * raises all rates" in screen.text()


async def test_where_no_key_steers_it_says_what_to_set_next_time() -> None:
    screen = Screen([*BEGUN, *flat(2)])
    screen.app.state.locked = "read-only"
    async with screen.shown((100, 24)):
        assert f"{MARK}rate too small: " in screen.text() and "next time larger rates" in screen.text()
