"""The three experiments: what they ask of the run, what they say, and how they end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from engine import protocol as p
from tests.tui.story import BEGUN, BOTH_ARMS, STEPS_PER_EPOCH, TRAINING, Screen, epoch_of, started, step_of, trained
from tui.app import Dashboard
from tui.experiments import EXPERIMENTS, Experiment, FittedHead, Freeze, KnownHead, RaiseRate
from tui.screens.experiment import ExperimentScreen
from tui.state import UiState

SAVED = p.CheckpointSaved("pretrained", 14, "runs/demo-1/pretrained/step-000014.pt", "key", 9, 1.8e9, 0.0, "step-14.pt")


def epoch(number: int, accuracy: float, pace: float = 312.0) -> list[p.Event]:
    """An epoch's last step, its evaluation and what follows."""
    events: list[p.Event] = [step_of("pretrained", number * STEPS_PER_EPOCH)]
    for event in epoch_of("pretrained", number):
        match event:
            case p.EvalDone():
                events.append(replace(event, accuracy=accuracy))
            case p.EpochDone():
                events.append(replace(event, test_accuracy=accuracy, images_per_second=pace))
            case _:
                events.append(event)
    return events


@asynccontextmanager
async def opened(kind: type[Experiment], *answer: str, events: list[p.Event] = TRAINING) -> AsyncIterator:
    """A run in which an experiment was chosen in the palette, and its question answered."""
    screen = Screen(events)
    async with screen.shown((80, 24)) as pilot:
        await pick(screen, pilot, f"experiment: {kind.name}")
        await pilot.press(*answer)
        await pilot.pause()
        yield screen, pilot


async def pick(screen: Screen, pilot: Pilot[None], title: str) -> None:
    """Do what a command of the palette does."""
    commands = {command.title: command.callback for command in screen.app.get_system_commands(screen.app.screen)}
    commands[title]()
    screen.app.draw()
    await pilot.pause()


def offered(screen: Screen) -> list[str]:
    return [command.title for command in screen.app.get_system_commands(screen.app.screen)]


@pytest.mark.parametrize("kind", EXPERIMENTS)
async def test_an_experiment_says_first_what_to_expect_and_can_be_left_alone(kind):
    async with opened(kind) as (screen, pilot):
        text = " ".join(screen.text().replace("│", " ").split())
        assert "Expect" in text and "Start" in text and screen.session.sent == []
        await pilot.press("escape")
        assert screen.session.sent == [] and "experiment: results" not in offered(screen)


@pytest.mark.parametrize("kind", EXPERIMENTS)
async def test_on_a_small_terminal_the_text_scrolls_above_the_answers(kind):
    screen = Screen(TRAINING)
    async with screen.shown((40, 12)) as pilot:
        await pick(screen, pilot, f"experiment: {kind.name}")
        await pilot.pause()
        end = kind.expect(screen.app.state).split()[-1]
        assert "Start" in screen.text() and "Not now" in screen.text()
        assert end not in screen.text() and "PgDn" in screen.text()
        await pilot.press("pagedown")
        await pilot.pause()
        assert end in screen.text() and "Start" in screen.text() and "Not now" in screen.text()
        await pilot.press("pageup", "down", "enter")
        assert screen.session.sent == [] and len(screen.app.screen_stack) == 1


async def test_on_a_small_terminal_results_are_above_the_answers():
    screen = Screen(TRAINING)
    async with screen.shown((40, 12)) as pilot:
        await pick(screen, pilot, f"experiment: {RaiseRate.name}")
        await pilot.press("enter")
        await screen.feed(pilot, SAVED, *epoch(2, 0.95), p.RateChanged("pretrained", 21, "backbone", 5e-4))
        await screen.feed(pilot, *epoch(3, 0.5))
        await pilot.pause()
        assert all(text in screen.text() for text in ("95.0 %", "50.0 %", "Keep the run", "Go back to where"))


async def test_the_palette_finds_it():
    screen = Screen(TRAINING)
    async with screen.shown((80, 24)) as pilot:
        await pilot.press("ctrl+p", *"freeze the", "enter")
        await pilot.pause()
        assert isinstance(screen.app.screen, ExperimentScreen) and screen.session.sent == []


async def test_it_says_how_long_it_is_going_to_take():
    async with opened(RaiseRate) as (screen, _):
        assert "5 epochs, about 0:22" in " ".join(screen.text().replace("│", " ").split())


async def test_the_rate_is_raised_after_each_epoch_and_the_table_grows():
    async with opened(RaiseRate, "enter") as (screen, pilot):
        assert screen.session.sent == [p.Save(), p.SetEpochs(6)]  # epoch 2 as it is, and four more
        await screen.feed(pilot, SAVED, p.EpochsChanged("pretrained", 14, 6))
        for number, rate in enumerate((5e-4, 5e-3, 5e-2, 0.5), start=2):
            await screen.feed(pilot, *epoch(number, 0.95 - 0.01 * number))
            assert screen.session.sent[number:] == [p.ScaleRate("backbone", 10.0)]
            await screen.feed(pilot, p.RateChanged("pretrained", 10 * number + 1, "backbone", rate))
        await screen.feed(pilot, *epoch(6, 0.84), p.ArmFinished("pretrained", 60, 0.84, 0.96, 13.5))
        assert len(screen.session.sent) == 6
        text = screen.text()
        assert all(cell in text for cell in ("5e-5", "93.0 %", "0.5", "84.0 %"))
        assert "accuracy went from 93.0 % to 84.0 %" in " ".join(text.replace("│", " ").split())


async def test_it_ends_when_accuracy_has_fallen_and_offers_the_way_back():
    async with opened(RaiseRate, "enter") as (screen, pilot):
        await screen.feed(pilot, SAVED, *epoch(2, 0.95), p.RateChanged("pretrained", 21, "backbone", 5e-4))
        await screen.feed(pilot, *epoch(3, 0.5))
        assert screen.session.sent[2:] == [p.ScaleRate("backbone", 10.0)]
        assert "accuracy fell from 95.0 % to 50.0 %" in " ".join(screen.text().replace("│", " ").split())
        await pilot.press("down", "enter")
        assert screen.session.sent[3:] == [p.Rewind("step-14.pt")]


async def test_the_first_answer_at_the_end_keeps_the_run_as_it_is():
    async with opened(RaiseRate, "enter") as (screen, pilot):
        await screen.feed(pilot, SAVED, p.ArmSuspended("pretrained", 15), started("scratch"))
        await pilot.press("enter")
        assert screen.session.sent == [p.Save(), p.SetEpochs(6)] and len(screen.app.screen_stack) == 1


async def test_epochs_are_added_only_where_they_are_too_few():
    many = [*TRAINING, p.EpochsChanged("pretrained", 14, 9)]
    async with opened(RaiseRate, "enter", events=many) as (screen, _):
        assert screen.session.sent == [p.Save()]


async def test_freezing_shows_speed_and_accuracy_before_and_after_a_whole_epoch():
    async with opened(Freeze, "enter") as (screen, pilot):
        assert screen.session.sent == [p.Save(), p.SetFrozen("backbone")]
        await screen.feed(pilot, SAVED, p.GroupFrozen("pretrained", 14, "backbone", frozen=True))
        await screen.feed(pilot, *epoch(2, 0.92, pace=500.0))
        assert "frozen in part" in screen.text() and len(screen.app.screen_stack) == 1
        await screen.feed(pilot, *epoch(3, 0.91, pace=1234.0))
        said = " ".join(screen.text().replace("│", " ").split())
        assert "1,230 images/s, 91.0 %; before: 312 images/s, 94.0 %" in said


async def test_an_epoch_that_was_frozen_from_its_start_is_a_whole_one():
    async with opened(Freeze, "enter") as (screen, pilot):
        await screen.feed(pilot, p.GroupFrozen("pretrained", 20, "backbone", frozen=True), *epoch(3, 0.9))
        assert "Over: frozen: 312" in screen.text()


REWOUND = [
    replace(SAVED, reason="branch", point="branch-1.pt"),
    p.Rewound(
        "pretrained", 0, 2, 1, 1, 14, "start", "asked for, with the pretrained classifier's rows", 0, "pretrained"
    ),
    replace(started(), branch=2),
]


async def test_the_known_head_is_scored_before_any_training():
    async with opened(KnownHead, "enter") as (screen, pilot):
        assert screen.session.sent == [p.Rewind("start", head="pretrained"), p.Evaluate()]
        await screen.feed(pilot, *REWOUND, p.EvalDone("pretrained", 0, 1, 0.5, 0.881, 400, best=True))
        assert "before any training, test accuracy 88.1 %" in screen.text()
        await screen.feed(pilot, *epoch(1, 0.97))
        assert isinstance(screen.app.screen, ExperimentScreen)
        assert all(score in screen.text() for score in ("94.0 %", "88.1 %", "97.0 %"))
        await pilot.press("down", "enter")
        assert screen.session.sent[2:] == [p.Rewind("branch-1.pt")]


async def test_no_class_in_common_is_told_in_the_runs_words():
    async with opened(KnownHead, "enter") as (screen, pilot):
        await screen.feed(pilot, p.CommandRefused("pretrained", 14, "rewind", "it has none of the classes cat, dog"))
        assert "it has none of the classes cat, dog" in screen.text() and "Go back" not in screen.text()


NO_CLASS = p.CommandRefused("pretrained", 14, "rewind", "it has none of the classes cat, dog")
EVALUATED = p.CommandRefused("pretrained", 14, "evaluate", "step 14 is evaluated already")


async def test_where_going_back_is_refused_there_is_no_way_back_from_where_the_run_still_is():
    async with opened(KnownHead, "enter") as (screen, pilot):
        await screen.feed(pilot, replace(SAVED, reason="branch", point="branch-1.pt"), NO_CLASS, EVALUATED)
        assert "it has none of the classes cat, dog" in screen.text() and "Go back" not in screen.text()


async def test_the_message_line_ends_on_why_the_head_cannot_be_had():
    async with opened(KnownHead, "enter") as (screen, pilot):
        await screen.feed(pilot, NO_CLASS, EVALUATED)
        assert "it has none of the classes cat, dog" in screen.app.state.note.text
        await screen.feed(pilot, EVALUATED)  # of one that a person asked for
        assert "evaluated already" in screen.app.state.note.text


async def test_after_a_score_that_was_had_all_the_same_a_refused_evaluation_is_a_persons():
    async with opened(KnownHead, "enter") as (screen, pilot):
        await screen.feed(pilot, NO_CLASS, p.EvalDone("pretrained", 14, 2, 0.5, 0.9, 400, best=False), EVALUATED)
        assert "evaluated already" in screen.app.state.note.text


async def test_it_says_before_that_nothing_is_changed_where_no_class_is_known():
    async with opened(KnownHead) as (screen, _):
        assert "classes, nothing is changed." in screen.text() and "Not now" in screen.text()


async def test_a_fitted_head_is_scored_before_any_training_and_compared():
    async with opened(FittedHead, "enter") as (screen, pilot):
        assert screen.session.sent == [p.Rewind("start", head="fitted")]
        fitted = p.HeadFitted("pretrained", 0, 0.881, "test", 0.01, 12.0)
        await screen.feed(pilot, *REWOUND, p.EvalDone("pretrained", 0, 0, 0.5, 0.881, 400, best=True), fitted)
        assert "before any training, accuracy 88.1 %" in screen.text()
        await screen.feed(pilot, *epoch(1, 0.97))
        assert all(score in screen.text() for score in ("94.0 %", "88.1 %", "97.0 %"))


async def test_a_head_that_cannot_be_fitted_ends_the_experiment_with_the_reason():
    async with opened(FittedHead, "enter") as (screen, pilot):
        await screen.feed(pilot, *REWOUND, p.HeadFitted("pretrained", 0, 0.1, "test", 0.0, 1.0, "it is not linear"))
        assert "it is not linear" in screen.text()


@pytest.mark.parametrize(
    ("kind", "events", "reason"),
    [
        (RaiseRate, [], "has not started"),
        (RaiseRate, BOTH_ARMS, "this is the scratch arm"),
        (
            Freeze,
            [*BEGUN, *trained("pretrained", 1, 30), p.ArmFinished("pretrained", 30, 0.9, 0.9, 1.0)],
            "all its epo",
        ),
        (Freeze, [*TRAINING, p.Paused("pretrained", 14)], "training is paused"),
        (Freeze, [*TRAINING, p.GroupFrozen("pretrained", 14, "backbone", frozen=True)], "the backbone is frozen"),
        (RaiseRate, [*TRAINING, p.RunFinished("pretrained", 14, False, 0.9, 0.9, "a", "b", 1.0)], "has ended"),
        (KnownHead, BEGUN, "epoch 1 has to be done first"),
        (FittedHead, BEGUN, "an epoch has to be done first"),
    ],
)
async def test_an_experiment_that_cannot_begin_says_why(kind, events, reason):
    async with opened(kind, events=events) as (screen, _):
        assert reason in screen.text() and screen.session.sent == [] and len(screen.app.screen_stack) == 1


@pytest.mark.parametrize(("access", "reason"), [("read-only", "read-only"), ("view", "this run is over")])
async def test_a_run_that_is_only_looked_at_is_left_alone(access, reason):
    screen = Screen(TRAINING)
    screen.app = Dashboard(lambda: screen.session, access=access)
    async with screen.shown((120, 30)) as pilot:
        await pick(screen, pilot, f"experiment: {Freeze.name}")
        assert reason in screen.text() and screen.session.sent == []


async def test_there_is_one_experiment_at_a_time_and_it_can_be_ended_by_hand():
    async with opened(RaiseRate, "enter") as (screen, pilot):
        await pick(screen, pilot, f"experiment: {Freeze.name}")
        assert "another experiment is under way" in screen.text()
        await screen.feed(pilot, SAVED)
        await pick(screen, pilot, "experiment: end")
        assert "you ended it" in screen.text() and "Go back to where" in screen.text()
        await pilot.press("escape")
        await screen.feed(pilot, *epoch(2, 0.9))
        assert screen.session.sent == [p.Save(), p.SetEpochs(6)]
        assert "experiment: end" not in offered(screen)


async def test_its_results_can_be_looked_at_while_it_goes_on():
    async with opened(RaiseRate, "enter") as (screen, pilot):
        await screen.feed(pilot, *epoch(2, 0.95))
        await pick(screen, pilot, "experiment: results")
        assert "95.0 %" in screen.text() and "End the experiment here" in screen.text()
        await screen.feed(pilot, p.RateChanged("pretrained", 21, "backbone", 5e-4), *epoch(3, 0.9))
        screen.app.screen.follow()
        await pilot.pause()
        assert "90.0 %" in screen.text()
        await pilot.press("down", "enter")
        await pilot.pause()
        assert "you ended it" in screen.text()


async def test_its_end_does_not_cover_what_a_person_is_looking_at():
    async with opened(RaiseRate, "enter") as (screen, pilot):
        await pilot.press("l")
        await screen.feed(pilot, p.ArmSuspended("pretrained", 15))
        assert not isinstance(screen.app.screen, ExperimentScreen)
        await pilot.press("escape")
        assert "the run switched to the other arm" in screen.text() and "experiment: results" in offered(screen)


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (p.ArmSuspended("pretrained", 15), "the other arm"),
        (p.ArmFinished("pretrained", 15, 0.9, 0.9, 1.0), "done all its epochs"),
        (p.RunFinished("pretrained", 15, False, 0.9, 0.9, "a", "b", 1.0), "the run has ended"),
        (p.RunFailed("Out of memory", "a smaller batch"), "the run failed: Out of memory"),
        (p.Rewound("pretrained", 10, 2, 1, 1, 15, "x", "the loss is nan"), "went back to step 10: the loss is nan"),
        (p.CheckpointFailed("pretrained", 15, "x.pt", "No space left"), "could not be saved: No space left"),
        (p.CommandRefused("pretrained", 15, "scale_rate", "a rate lies in 0..100"), "a rate lies in 0..100"),
        (p.HistoryBegins(), "the connection to the run was lost"),
    ],
)
def test_what_ends_it(event, why):
    state = UiState()
    for told in TRAINING:
        state.fold(told)
    experiment = RaiseRate()
    experiment.begin(state)
    for told in epoch(2, 0.9):
        experiment.fold(told)
    assert experiment.fold(p.CommandRefused("pretrained", 14, "evaluate", "not its own")) == [] and not experiment.over
    assert experiment.fold(event) == [] and why in experiment.over
    assert experiment.fold(epoch(3, 0.9)[3]) == []
