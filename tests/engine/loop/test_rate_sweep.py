"""The learning-rate finder: what it tells, when it is refused or ended, and that it changes nothing."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine import protocol as p
from engine.config import RunConfig
from engine.loop.run import Run
from engine.storage.writer import copy_to_host
from tests.engine.backbones import NORM
from tests.engine.conftest import write_weights
from tests.engine.driving import STEPS, Reaction, after_step, folder_of, only, play, with_settings

SWEEP = 14


@pytest.fixture(autouse=True)
def _a_short_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.loop.rate_sweep.STEPS", SWEEP)


def sweeping(step: int = 2, *after: p.Command, arm: p.Arm = "scratch") -> Reaction:
    """Pause after a step, sweep, and go on, or send `after` in the middle of the sweep."""
    pause = after_step(step, p.Pause(), p.FindRate(), arm=arm)

    def react(event: p.Event) -> Iterable[p.Command]:
        if isinstance(event, p.SweepingRates) and event.done == 3:
            return after
        if isinstance(event, p.RatesSwept) and not after:
            return [p.Resume()]
        return pause(event)

    return react


def sha(events: list[p.Event]) -> str:
    return only(events, p.RunFinished)[0].weights_sha256


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


def test_a_sweep_tells_its_progress_and_its_curve(small: RunConfig) -> None:
    events = play(Run(small), sweeping())
    (swept,) = only(events, p.RatesSwept)
    progress = only(events, p.SweepingRates)
    assert [event.done for event in progress] == list(range(1, len(progress) + 1)) and progress[0].total == SWEEP
    assert swept.rates[: len(progress)] == tuple(event.rate for event in progress)
    assert swept.losses[: len(progress)] == tuple(event.loss for event in progress)
    assert (swept.arm, swept.step, swept.group) == ("scratch", 2, "head")
    assert (swept.suggestion is None) == bool(swept.reason)
    assert p.decode(p.encode(swept)) == swept


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"recipe": "auto", "train__clip": 1.0},
        {"schedule__name": "cosine", "schedule__warmup": 0.5, "optim__name": "adamw"},
    ],
)
@pytest.mark.parametrize("step", [0, 2, 5])
def test_a_run_with_a_sweep_ends_with_the_same_weights(small: RunConfig, step: int, settings: dict[str, Any]) -> None:
    config = with_settings(small, **settings)
    plain, swept = play(Run(config)), play(Run(config), sweeping(step))
    assert len(only(swept, p.RatesSwept)) == 1 and len(only(swept, p.TrainStep)) == STEPS
    assert sha(swept) == sha(plain)


def test_a_sweep_restores_the_whole_state(small: RunConfig) -> None:
    run = Run(with_settings(small, schedule__warmup=0.5))
    states: list[dict[str, Any]] = []
    others: list[tuple[Any, ...]] = []

    def react(event: p.Event) -> Iterable[p.Command]:
        if isinstance(event, p.Paused | p.RatesSwept):
            arm = run.work.arms.current
            states.append(copy_to_host(arm.state()))
            others.append((arm.init, arm.unsaved, arm.batches, arm.groups.rates, list(arm.history)))
        return sweeping(5)(event)

    play(run, react)
    assert equal(*states) and others[0] == others[1]


def test_a_sweep_does_not_compute_cached_features_again(small: RunConfig, tmp_path: Path) -> None:
    frozen = {"init": "pretrained", "optim__groups__backbone__frozen": True, "data__augment": False}
    config = with_settings(small, model__name=NORM, model__weights=str(write_weights(tmp_path, NORM)), **frozen)
    events = play(Run(config), sweeping(arm="pretrained"))
    assert len(only(events, p.RatesSwept)) == 1
    assert sum(event.done == event.total for event in only(events, p.Preparing) if event.what == "features") == 1
    assert sha(events) == sha(play(Run(config)))


def test_the_groups_keep_the_ratios_of_their_rates(small: RunConfig, weights: Path) -> None:
    rates: list[dict[str, float]] = []
    config = with_settings(small, init="pretrained", model__weights=str(weights), schedule__warmup=0.5)
    run = Run(config)

    def react(event: p.Event) -> Iterable[p.Command]:
        if isinstance(event, p.SweepingRates):
            rates.append(run.work.arms.current.groups.rates | {"swept": event.rate})
        return sweeping(1, arm="pretrained")(event)

    play(run, react)
    assert all(rate["head"] == pytest.approx(rate["swept"]) for rate in rates), "whatever the schedule says"
    assert all(rate["head"] == pytest.approx(10 * rate["backbone"]) for rate in rates)


@pytest.mark.parametrize("command", [p.Resume(), p.Stop(), p.SwitchArm("pretrained"), p.SetRate("head", 0.1)])
def test_a_command_ends_the_sweep_and_finds_the_arm_as_it_was(small: RunConfig, weights, command: p.Command) -> None:
    config = with_settings(small, model__weights=str(weights))

    def then(event: p.Event) -> Iterable[p.Command]:
        if isinstance(event, p.RateChanged):
            return [p.Stop()]
        return sweeping(2, command)(event)

    events = play(Run(config), then)
    (swept,) = only(events, p.RatesSwept)
    assert swept.suggestion is None and "a command ended the sweep after 3 of 14 steps" in swept.reason
    if isinstance(command, p.Resume):
        assert sha(events) == sha(play(Run(config)))
    elif not isinstance(command, p.SwitchArm):
        stopped = play(Run(config), after_step(2, p.Stop()))
        assert sha(events) == sha(stopped)


def test_a_command_right_after_it_ends_the_sweep_before_it_begins(small: RunConfig) -> None:
    events = play(Run(small), after_step(2, p.Pause(), p.FindRate(), p.Resume()))
    (swept,) = only(events, p.RatesSwept)
    assert swept.rates == () and "before its first step" in swept.reason
    assert only(events, p.SweepingRates) == [] and sha(events) == sha(play(Run(small)))


def test_a_run_goes_on_after_a_resume_though_there_was_a_sweep(small: RunConfig) -> None:
    stopped = play(Run(small), sweeping(2, p.Stop()))
    resumed = play(Run(small, resume=folder_of(stopped)))
    assert sha(resumed) == sha(play(Run(small)))


@pytest.mark.parametrize(
    ("commands", "reason"),
    [
        ([p.FindRate()], "training is not paused"),
        ([p.SetRate("head", 0.0), p.SetRate("backbone", 0.0), p.Pause(), p.FindRate()], "have the rate 0"),
        ([p.Pause(), p.Evaluate(), p.FindRate()], "an evaluation is under way"),
    ],
)
def test_a_sweep_that_is_impossible_is_refused(small: RunConfig, commands: list[p.Command], reason: str) -> None:
    events = play(Run(small), after_step(2, *commands, p.Stop()))
    (refused,) = only(events, p.CommandRefused)
    assert refused.command == "find_rate" and reason in refused.reason


def test_training_that_diverges_ends_the_sweep_and_not_the_run(small: RunConfig) -> None:
    config = with_settings(small, optim__scratch_lr=1e-3)

    def far(event: p.Event) -> Iterable[p.Command]:
        return sweeping(2)(event)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.loop.rate_sweep.sweep_rates", lambda steps: [1e30] * steps)
        events = play(Run(config), far)
    (swept,) = only(events, p.RatesSwept)
    assert swept.suggestion is None and "training diverged after" in swept.reason
    assert only(events, p.Diverged) == [] and sha(events) == sha(play(Run(config)))


def test_a_sweep_is_not_repeated_in_the_journal_of_commands(small: RunConfig) -> None:
    events = play(Run(small), sweeping())
    lines = (Path(folder_of(events)) / "journal.jsonl").read_text()
    assert '"find_rate"' in lines and '"rates_swept"' in lines and '"sweeping_rates"' not in lines
