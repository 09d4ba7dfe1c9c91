"""Averages of weights: over the steps, and between the fitted head and the end."""

from pathlib import Path
from typing import Any

import pytest
import torch

from engine import protocol as p
from engine.arms.progress import Progress
from engine.config import RunConfig
from engine.loop.run import Run
from engine.storage import checkpoint
from tests.engine.backbones import NORM
from tests.engine.conftest import write_weights
from tests.engine.driving import STEPS, after_step, folder_of, only, play, with_settings


def saved(events: list[p.Event], name: str, arm: str = "scratch") -> dict[str, Any]:
    return checkpoint.load(Path(folder_of(events)) / arm / name)


# --- over the steps -----------------------------------------------------------------------------------------


@pytest.fixture
def averaged(small: RunConfig) -> RunConfig:
    """The average covers half of 8 steps: each counts a quarter of what is left."""
    return with_settings(small, model__name=NORM, train__ema=0.5)


def test_the_average_is_what_its_formula_says(averaged: RunConfig) -> None:
    events = play(Run(averaged), lambda event: [p.Save()] if isinstance(event, p.TrainStep) else [])
    steps = [saved(events, f"step-{step:06d}.pt") for step in range(1, STEPS + 1)]
    expected = steps[0]["trained"]
    for step in steps[1:]:
        expected = {
            name: expected[name].double() * 0.75 + value.double() * 0.25 for name, value in step["trained"].items()
        }
    for name, value in steps[-1]["model"].items():
        if value.is_floating_point():
            torch.testing.assert_close(value.double(), expected[name], rtol=1e-4, atol=1e-6)
    assert not torch.equal(steps[-1]["model"]["fc.weight"], steps[-1]["trained"]["fc.weight"])


def test_it_changes_what_is_scored_and_not_what_is_trained(averaged: RunConfig) -> None:
    plain = play(Run(with_settings(averaged, train__ema=0.0)))
    events = play(Run(averaged))
    assert events[-1].weights_sha256 == plain[-1].weights_sha256
    assert [e.loss for e in only(events, p.TrainStep)] == [e.loss for e in only(plain, p.TrainStep)]
    assert [e.loss for e in only(events, p.EvalDone)] != [e.loss for e in only(plain, p.EvalDone)]
    assert "trained" not in saved(plain, "last.pt")


def test_a_resumed_run_and_a_rewind_go_on_with_the_average(averaged: RunConfig) -> None:
    whole = saved(play(Run(averaged)), "last.pt")
    first = play(Run(averaged), after_step(5, p.Stop()))
    resumed = saved(play(Run(averaged, resume=folder_of(first))), "last.pt")
    asked = iter([p.Rewind("step-000002.pt")])

    def react(event: p.Event) -> list[p.Command]:
        if isinstance(event, p.TrainStep) and event.step in (2, 6):
            return [p.Save()] if event.step == 2 else list(asked)
        return []

    rewound = saved(play(Run(averaged), react), "last.pt")
    for name, value in whole["model"].items():
        assert torch.equal(value, resumed["model"][name]) and torch.equal(value, rewound["model"][name])


def test_a_frozen_backbone_with_cached_features_is_scored_with_the_average(small: RunConfig, tmp_path: Path) -> None:
    frozen = with_settings(
        small,
        init="pretrained",
        model__name=NORM,
        model__weights=str(write_weights(tmp_path, NORM)),
        data__augment=False,
        optim__groups__backbone__frozen=True,
        train__ema=0.5,
    )
    events = play(Run(frozen))
    state = saved(events, "last.pt", "pretrained")
    assert any(isinstance(e, p.Preparing) and e.what == "features" for e in events) and events[-1].completed
    same = [torch.equal(value, state["trained"][name]) for name, value in state["model"].items()]
    assert any(same) and not all(same)


# --- with the fitted head -----------------------------------------------------------------------------------


@pytest.fixture
def between(small: RunConfig, tmp_path: Path) -> RunConfig:
    file = write_weights(tmp_path, NORM)
    model = {"name": NORM, "weights": str(file), "head": "fitted"}
    return with_settings(
        small, init="pretrained", train__average=True, **{f"model__{key}": value for key, value in model.items()}
    )


def test_the_best_of_head_end_and_averages_is_kept(between: RunConfig) -> None:
    events = play(Run(with_settings(between, optim__groups__backbone__lr=0.5)))
    scored = only(events, p.AverageScored)
    assert [(e.share, e.step) for e in scored] == [(0.25, STEPS), (0.5, STEPS), (0.75, STEPS)]
    every = sorted([*only(events, p.EvalDone), *scored], key=lambda e: (e.accuracy, -e.loss))
    assert events[-1].best_accuracy == every[-1].accuracy
    head, best, last = (saved(events, name, "pretrained") for name in ("head.pt", "best.pt", "last.pt"))
    share = every[-1].share if isinstance(every[-1], p.AverageScored) else {0: 0.0, STEPS: 1.0}[every[-1].step]
    for name, value in best["model"].items():
        if value.is_floating_point():
            expected = head["model"][name].lerp(last["model"][name], share)
            torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-6)


def test_the_head_alone_is_scored_as_it_is_with_a_moving_average_too(between: RunConfig) -> None:
    plain, averaged = (play(Run(with_settings(between, train__ema=ema, train__epochs=1))) for ema in (0.0, 0.5))
    assert only(averaged, p.EvalDone)[0].loss == only(plain, p.EvalDone)[0].loss
    head = saved(averaged, "head.pt", "pretrained")
    assert all(torch.equal(value, head["trained"][name]) for name, value in head["model"].items())


def test_they_are_scored_once_and_after_more_epochs_again(between: RunConfig) -> None:
    events = play(Run(between))
    assert not only(play(Run(between, resume=folder_of(events))), p.AverageScored)
    longer = play(Run(with_settings(between, train__epochs=3), resume=folder_of(events)))
    assert len(only(longer, p.AverageScored)) == 3


def test_a_stop_while_they_are_scored_is_made_up_for(between: RunConfig) -> None:
    first = play(
        Run(between),
        lambda event: [p.Stop()] if isinstance(event, p.EpochDone) and event.step == STEPS else [],
    )
    assert not only(first, p.AverageScored)
    again = play(Run(between, resume=folder_of(first)))
    assert len(only(again, p.AverageScored)) == 3 and not only(again, p.TrainStep) and again[-1].completed


def test_without_a_fitted_head_there_is_no_average(between: RunConfig) -> None:
    assert not only(play(Run(with_settings(between, model__head="random"))), p.AverageScored)
    asked = iter([p.Rewind("start", head="random")])
    events = play(Run(between), lambda event: list(asked) if isinstance(event, p.TrainStep) else [])
    assert only(events, p.HeadFitted) and not only(events, p.AverageScored) and events[-1].completed


def test_the_temperature_is_kept_with_the_weights_it_was_fitted_to(between: RunConfig, monkeypatch) -> None:
    monkeypatch.setattr(Progress, "take_if_best", lambda *_: True)
    events = play(Run(between))
    best = saved(events, "best.pt", "pretrained")
    (fits,) = (e for e in only(events, p.AverageScored) if e.best)
    assert best["temperature"] == fits.temperature != saved(events, "last.pt", "pretrained")["temperature"]
