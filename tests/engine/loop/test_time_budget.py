"""`train.minutes`: an arm ends in time, and its schedule with it."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine import protocol as p
from engine.arms.arm import TrainedArm
from engine.config import RunConfig
from engine.config.deadline import Limit
from engine.config.sections import TrainConfig
from engine.loop import evaluation, step_reports, time_budget, training
from engine.loop.run import Run
from engine.steering import steering
from engine.steering.inbox import Inbox
from engine.storage import checkpoint
from engine.storage.journal import read_journal
from tests.engine.backbones import NORM
from tests.engine.cli.test_replay import again
from tests.engine.conftest import write_weights
from tests.engine.driving import after_step, folder_of, only, play, with_settings

SECONDS = 90.0


class Clock:
    """A clock that stands still but for steps, which take 1 s (the first ones 3 s), and batches that are scored."""

    def __init__(self) -> None:
        self.now, self.steps = 1000.0, 0

    def slowed(self, real: Callable[..., Any], seconds: Callable[[], float]) -> Callable[..., Any]:
        def slow(*given: Any, **named: Any) -> Any:
            self.now += seconds()
            return real(*given, **named)

        return slow

    def step(self) -> float:
        self.steps += 1
        return 3.0 if self.steps < 4 else 1.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (time_budget, training, step_reports, evaluation, steering):
        monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    monkeypatch.setattr(TrainedArm, "update", clock.slowed(TrainedArm.update, clock.step))
    monkeypatch.setattr(TrainedArm, "score", clock.slowed(TrainedArm.score, lambda: 0.25))
    monkeypatch.setattr("engine.loop.run.time", SimpleNamespace(perf_counter=lambda: clock.now, time=lambda: 1.0))
    return clock


@pytest.fixture
def timed(small: RunConfig) -> RunConfig:
    return with_settings(small, train__minutes=SECONDS / 60, schedule__name="cosine", schedule__warmup=0.1)


def spent(clock: Clock) -> float:
    return clock.now - 1000.0


def test_an_arm_ends_in_time_and_its_schedule_with_it(timed: RunConfig, clock: Clock) -> None:
    events = play(Run(timed))
    assert SECONDS * 0.97 <= spent(clock) <= SECONDS * 1.03
    assert events[-1].completed and events[-1].step == only(events, p.StepsChanged)[-1].steps
    rates = [e.learning_rates["head"] for e in only(events, p.TrainStep)]
    assert rates[-1] < 0.01 * max(rates) and rates.index(max(rates)) <= 0.25 * len(rates)
    assert all(e.planned for e in only(events, p.StepsChanged))
    last = only(events, p.EpochDone)[-1]
    assert last.step == events[-1].step and last.epoch == last.epochs == -(-last.step // 4)


def test_a_pause_is_no_time(timed: RunConfig, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Inbox, "wait", clock.slowed(lambda inbox: p.Resume(), lambda: 1000.0))
    events = play(Run(timed), after_step(9, p.Pause()))
    assert only(events, p.Paused) and SECONDS * 0.97 <= spent(clock) - 1000.0 <= SECONDS * 1.03


def test_a_resumed_run_has_the_time_that_was_left(timed: RunConfig, clock: Clock) -> None:
    first = play(Run(timed), after_step(21, p.Stop()))
    clock.now += 5000.0
    again = play(Run(timed, resume=folder_of(first)))
    assert again[-1].completed and SECONDS * 0.96 <= spent(clock) - 5000.0 <= SECONDS * 1.04


def test_epochs_by_hand_end_the_plan(timed: RunConfig, clock: Clock) -> None:
    events = play(Run(timed), after_step(6, p.SetEpochs(3)))
    assert events[-1].step == 12 and events[-1].completed


def test_without_time_only_the_head_is_fitted(timed: RunConfig, clock: Clock, tmp_path: Path) -> None:
    model = {"name": NORM, "weights": str(write_weights(tmp_path, NORM)), "head": "fitted"}
    config = with_settings(
        timed, init="pretrained", train__minutes=1e-5, **{f"model__{key}": value for key, value in model.items()}
    )
    events = play(Run(config))
    assert only(events, p.HeadFitted) and not only(events, p.TrainStep) and events[-1].completed
    (first, *_) = only(play(Run(with_settings(config, model__head="random"))), p.EpochDone)
    assert first.step == 1


def test_a_replay_makes_the_same_steps_however_long_they_take(timed: RunConfig, clock: Clock) -> None:
    events = play(Run(timed))
    assert any(isinstance(message, p.SetSteps) for message in read_journal(Path(folder_of(events))))
    clock.step = lambda: 7.0  # type: ignore[method-assign]
    verdict, told = again(events)
    assert verdict.equal and told[-1].step == events[-1].step


# --- steps by hand ------------------------------------------------------------------------------------------


def test_an_arm_may_end_in_the_middle_of_an_epoch(small: RunConfig) -> None:
    events = play(Run(small), after_step(2, p.SetSteps(6)))
    assert events[-1].completed and [e.step for e in only(events, p.EpochDone)] == [4, 6]
    assert [(e.steps, e.epochs, e.planned) for e in only(events, p.StepsChanged)] == [(6, 2, False)]
    longer = play(Run(with_settings(small, train__epochs=3), resume=folder_of(events)))
    assert [e.step for e in only(longer, p.EpochDone)] == [8, 12]
    state = checkpoint.load(Path(folder_of(events)) / "scratch/last.pt")
    assert [row["step"] for row in state["history"]["scratch"]] == [4, 6, 8, 12]


@pytest.mark.parametrize("steps, reason", [(0, "steps lie in 1.."), (8, "8 steps already"), (1, "step 2 is done")])
def test_steps_that_cannot_be_are_refused(small: RunConfig, steps: int, reason: str) -> None:
    events = play(Run(small), after_step(2, p.SetSteps(steps)))
    assert reason in only(events, p.CommandRefused)[0].reason and events[-1].step == 8


# --- a time of day -------------------------------------------------------------------------------------------


@pytest.fixture
def of_day(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The same clock tells the time of day."""
    times = SimpleNamespace(perf_counter=lambda: clock.now, time=lambda: clock.now)
    for module in ("engine.loop.time_budget", "engine.loop.run", "engine.loop.work"):
        monkeypatch.setattr(f"{module}.time", times)
    return clock


def test_an_arm_ends_by_a_time_and_its_schedule_with_it(small: RunConfig, of_day: Clock) -> None:
    until = str(of_day.now + SECONDS)
    events = play(Run(with_settings(small, train__until=until, schedule__name="cosine", schedule__warmup=0.1)))
    assert SECONDS * 0.93 <= spent(of_day) <= SECONDS and events[-1].completed
    assert only(events, p.TrainStep)[-1].learning_rates["head"] < 1e-4
    assert only(events, p.StepsChanged)[-1].reason.startswith("to end by ")


def test_the_earlier_of_all_times_counts_and_a_pause_is_time(
    small: RunConfig, of_day: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Inbox, "wait", of_day.slowed(lambda inbox: p.Resume(), lambda: 30.0))
    limit = Limit("Slurm", of_day.now + SECONDS + 60, of_day.now + SECONDS)
    events = play(Run(with_settings(small, train__minutes=60.0), limit=limit), after_step(9, p.Pause()))
    assert SECONDS * 0.93 <= spent(of_day) <= SECONDS and events[-1].completed
    assert only(events, p.TimeLimited)[0].message.startswith("Slurm ends this job at ")
    assert only(events, p.StepsChanged)[-1].reason.endswith(", before the time limit of Slurm")


def test_a_limit_alone_leaves_the_schedule_alone(small: RunConfig, of_day: Clock) -> None:
    events = play(Run(small, limit=Limit("Slurm", of_day.now + 7, of_day.now + 6)))
    assert events[-1].completed and len(only(events, p.TrainStep)) == 8 and not only(events, p.StepsChanged)


def test_a_resumed_run_whose_time_is_over_ends_at_once_in_order(small: RunConfig, of_day: Clock) -> None:
    first = play(Run(with_settings(small, train__epochs=50)), after_step(6, p.Stop()))
    late = with_settings(small, train__epochs=50, train__until=str(of_day.now - 1))
    again = play(Run(late, resume=folder_of(first)))
    assert again[-1].completed and again[-1].step == 6 and len(only(again, p.EvalDone)) == 1


def test_what_is_estimated_ends_by_the_earliest_time() -> None:
    def given(limit: Limit | None = None, **train: Any) -> tuple[float | None, bool]:
        minutes, until = time_budget.time_given(TrainConfig(**train), limit, 1000.0)
        return minutes, bool(until)

    limit = Limit("Slurm", 1660.0, 1600.0)
    assert given(limit) == (None, False) and given(minutes=3) == (3, False)
    assert given(until=1300.0) == (5, True) == given(until=1300.0, minutes=6)
    assert given(limit, minutes=60) == (10, True) and given(until=1300.0, minutes=4) == (4, False)
