"""A run that was stopped, killed or switched away from goes on as if nothing had happened: bit by bit on the CPU."""

import csv
import math
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine import protocol as p
from engine.config import RunConfig
from engine.loop.run import Run
from tests.engine.backbones import NORM, PLAIN
from tests.engine.driving import STEPS, after_step, folder_of, only, play, with_settings

VARIANTS: dict[str, dict[str, Any]] = {
    "sgd, dropout": {"schedule__name": "one_cycle"},
    "adamw": {"optim__name": "adamw", "schedule__name": "cosine"},
    "batch norm": {"model__name": NORM},
}


@pytest.fixture(scope="module", params=VARIANTS)
def whole(request: pytest.FixtureRequest, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A configuration and the events of its uninterrupted run."""
    data = {"source": "folder", "root": pictures, "image_size": 32, "batch_size": 4, "threads": 2}
    config = RunConfig(device="cpu", init="scratch", data=data, model={"name": PLAIN}, train={"epochs": 2})
    runs = tmp_path_factory.mktemp("runs")
    config = with_settings(config, checkpoint__dir=runs, optim__scratch_lr=1e-3, **VARIANTS[request.param])
    return config, play(Run(config))


def learned(events: Iterable[p.Event]) -> list[tuple[Any, ...]]:
    """All that has to be equal: losses, rates and accuracies, but no times. NaN counts as equal."""
    return [
        (event.arm, event.step, event.epoch, repr(event.loss), event.accuracy, getattr(event, "learning_rates", None))
        for event in events
        if isinstance(event, p.TrainStep | p.EvalDone)
    ]


def check_equal(parts: list[p.Event], whole: list[p.Event]) -> None:
    assert learned(parts) == learned(whole)
    assert parts[-1].weights_sha256 == whole[-1].weights_sha256
    assert parts[-1].best_accuracy == whole[-1].best_accuracy
    ours, theirs = only(parts, p.EpochDone)[-1], only(whole, p.EpochDone)[-1]
    assert repr((ours.train_loss, ours.train_accuracy)) == repr((theirs.train_loss, theirs.train_accuracy))


@pytest.mark.parametrize("step", range(STEPS + 1))
def test_from_a_stop_at_any_step(whole: tuple[RunConfig, list[p.Event]], step: int) -> None:
    config, uninterrupted = whole
    stopped = play(Run(config), after_step(step, p.Stop()))
    assert stopped[-1].step == step and not stopped[-1].completed
    resumed = play(Run(config, resume=folder_of(stopped)))
    assert only(resumed, p.ArmStarted)[0].step == step
    assert only(resumed, p.RunStarted)[0].resumed_from == stopped[-1].checkpoint
    check_equal(stopped + resumed, uninterrupted)


def test_from_a_stop_in_the_middle_of_an_evaluation(whole: tuple[RunConfig, list[p.Event]]) -> None:
    config, uninterrupted = whole
    stopped = play(Run(config), lambda event: [p.Stop()] if isinstance(event, p.Evaluating) and event.done else [])
    assert stopped[-1].step == 4 and not only(stopped, p.EvalDone)
    check_equal(stopped + play(Run(config, resume=folder_of(stopped))), uninterrupted)


@pytest.mark.parametrize("step", [1, 6])
def test_from_the_autosave_before_a_kill(whole: tuple[RunConfig, list[p.Event]], step: int) -> None:
    config, uninterrupted = whole
    events, before = Run(with_settings(config, checkpoint__every_seconds=1e-9)).events(), []
    for event in events:
        before.append(event)
        if isinstance(event, p.CheckpointSaved) and event.reason == "autosave" and event.step == step:
            events.close()
    check_equal(before + play(Run(config, resume=folder_of(before))), uninterrupted)


def test_the_steps_after_the_last_save_are_done_again(whole: tuple[RunConfig, list[p.Event]]) -> None:
    config, uninterrupted = whole
    events, before = Run(config).events(), []
    for event in events:
        before.append(event)
        if isinstance(event, p.TrainStep) and event.step == 6:
            events.close()  # saved at step 4, after the epoch
    again = play(Run(config, resume=folder_of(before)))
    assert only(again, p.TrainStep)[0].step == 5
    assert learned(again) == learned(uninterrupted)[5:]
    assert again[-1].weights_sha256 == uninterrupted[-1].weights_sha256


def test_in_float16_the_scale_of_the_gradients_goes_on_too(small: RunConfig) -> None:
    config = with_settings(small, train__precision="float16")
    stopped = play(Run(config), after_step(5, p.Stop()))
    check_equal(stopped + play(Run(config, resume=folder_of(stopped))), play(Run(config)))


# --- both arms ------------------------------------------------------------------------------------------


@pytest.fixture
def both(small: RunConfig, weights: Path) -> RunConfig:
    return with_settings(small, model__weights=str(weights))


def in_turns(*turns: tuple[str, int, p.Command]) -> Any:
    """After each (arm, step), in this order, the command."""
    left = list(turns)

    def react(event: p.Event) -> list[p.Command]:
        if left and isinstance(event, p.TrainStep) and (event.arm, event.step) == left[0][:2]:
            return [left.pop(0)[2]]
        return []

    return react


def test_both_arms_with_switches_and_stops_between_end_as_if_each_had_been_alone(both: RunConfig) -> None:
    alone = {arm: play(Run(with_settings(both, init=arm))) for arm in p.ARMS}
    to_scratch, to_pretrained, stop = p.SwitchArm("scratch"), p.SwitchArm("pretrained"), p.Stop()
    parts = play(
        Run(both), in_turns(("scratch", 3, to_pretrained), ("pretrained", 5, to_scratch), ("scratch", 6, stop))
    )
    folder = folder_of(parts)
    # The pretrained arm, at rest since before the stop, goes on at step 6 in a new process.
    parts += play(Run(both, resume=folder), in_turns(("scratch", 7, to_pretrained), ("pretrained", 7, stop)))
    parts += play(Run(both, resume=folder))  # the pretrained arm to its end
    parts += play(
        Run(both, resume=folder, hold_open=lambda: True),
        lambda event: (
            [to_scratch]
            if isinstance(event, p.ArmStarted) and event.arm == "pretrained"
            else [stop]
            if isinstance(event, p.ArmFinished)
            else []
        ),
    )
    steps = [(event.arm, event.step) for event in only(parts, p.TrainStep)]
    expected = [("scratch", 3, 0), ("pretrained", 5, 0), ("scratch", 6, 3), ("scratch", 7, 6), ("pretrained", 7, 5)]
    expected += [("pretrained", 8, 7), ("scratch", 8, 7)]
    assert steps == [(arm, step) for arm, last, first in expected for step in range(first + 1, last + 1)]
    for arm in p.ARMS:
        mine = [event for event in parts if getattr(event, "arm", None) == arm]
        assert learned(mine) == learned(alone[arm])
        model = torch.load(Path(folder, arm, "last.pt"), weights_only=True)["model"]
        other = torch.load(Path(folder_of(alone[arm]), arm, "last.pt"), weights_only=True)["model"]
        assert model.keys() == other.keys() and all(torch.equal(model[key], other[key]) for key in model)


def test_every_checkpoint_after_a_resume_holds_the_history_of_the_arm_that_was_not_touched(both: RunConfig) -> None:
    first = play(Run(both), in_turns(("scratch", 5, p.SwitchArm("pretrained")), ("pretrained", 2, p.Stop())))
    resumed = play(Run(both, resume=folder_of(first)), after_step(3, p.Save(), arm="pretrained"))
    scratch = only(first, p.EpochDone)
    assert [row.arm for row in scratch] == ["scratch"]
    saved = only(resumed, p.CheckpointSaved)
    assert len(saved) >= 4
    for path in {checkpoint.path for checkpoint in saved}:
        history = torch.load(path, weights_only=True)["history"]
        assert history["scratch"] == [{key: getattr(row, key) for key in history["scratch"][0]} for row in scratch]


@pytest.mark.parametrize("command", [p.Stop(), p.Save(), p.SetRate("head", 0.1), p.Rewind("start")])
def test_an_arm_whose_save_failed_at_the_switch_is_saved_with_the_next_one(both: RunConfig, command: p.Command) -> None:
    def react(event: p.Event) -> list[p.Command]:
        if isinstance(event, p.RunStarted):
            react.scratch = Path(event.path, "scratch")
        if isinstance(event, p.TrainStep) and (event.arm, event.step) == ("scratch", 2):
            react.scratch.write_text("in the way")
            return [p.SwitchArm("pretrained")]
        if isinstance(event, p.TrainStep) and (event.arm, event.step) == ("pretrained", 1):
            react.scratch.unlink()
            return [command, p.Stop()]
        return []

    events = play(Run(both), react)
    assert [event.arm for event in only(events, p.CheckpointFailed)] == ["scratch"]
    saved = [(event.arm, event.step) for event in only(events, p.CheckpointSaved)]
    assert saved[:2] == [("scratch", 2), ("pretrained", 1)] and saved.count(("scratch", 2)) == 1
    if isinstance(command, p.Rewind):
        return
    resumed = play(Run(both, resume=folder_of(events)), in_turns(("pretrained", 2, p.SwitchArm("scratch"))))
    assert [(event.arm, event.step) for event in only(resumed, p.TrainStep)][1] == ("scratch", 3)


# --- what is kept ---------------------------------------------------------------------------------------


def test_a_changed_rate_is_in_force_from_the_next_step_and_survives_a_resume(small: RunConfig) -> None:
    react = lambda event: after_step(2, p.SetRate("head", 0.123))(event) or after_step(4, p.Stop())(event)  # noqa: E731
    events = play(Run(small), react)
    rates = {event.step: event.learning_rates["head"] for event in only(events, p.TrainStep)}
    assert rates[2] == 0.001 and rates[3] == 0.123
    resumed = play(Run(small, resume=folder_of(events)))
    (started,) = only(resumed, p.ArmStarted)
    assert started.groups[1].base_lr == 0.123 and started.init == "checkpoint at step 4"
    assert all(event.learning_rates["head"] == 0.123 for event in only(resumed, p.TrainStep))


def test_a_copied_run_folder_whose_file_times_are_scrambled_goes_on_where_it_was(small: RunConfig) -> None:
    events = play(Run(small), lambda e: after_step(2, p.Save())(e) or after_step(6, p.Stop())(e))
    for age, file in enumerate(sorted(Path(folder_of(events), "scratch").glob("*.pt"))):
        os.utime(file, (1e9 + age, 1e9 + age))  # the key press of step 2 is the youngest file
    assert only(play(Run(small, resume=folder_of(events))), p.TrainStep)[0].step == 7


def test_a_damaged_newest_checkpoint_is_named_and_the_one_before_it_is_used(small: RunConfig) -> None:
    events = play(Run(small), lambda e: after_step(3, p.Save())(e) or after_step(4, p.Stop())(e))
    last = Path(events[-1].checkpoint)
    last.write_bytes(last.read_bytes()[:-1000])
    resumed = play(Run(small, resume=folder_of(events)))
    point = only(events, p.CheckpointSaved)[-1].point  # another name of the same file
    assert [event.path for event in only(resumed, p.CheckpointDamaged)] == [str(last), str(last.parent / point)]
    assert only(resumed, p.TrainStep)[0].step == 4


def test_a_run_that_is_done_is_done_again_at_once(small: RunConfig) -> None:
    first = play(Run(small))
    again = play(Run(small, resume=folder_of(first)))
    assert not only(again, p.TrainStep) and again[-1].completed
    assert again[-1].weights_sha256 == first[-1].weights_sha256


def test_more_epochs_go_on_from_the_end(small: RunConfig) -> None:
    first = play(Run(small))
    more = play(Run(with_settings(small, train__epochs=3), resume=folder_of(first)))
    assert [event.step for event in only(more, p.TrainStep)] == [9, 10, 11, 12] and more[-1].completed


def test_fewer_epochs_than_have_begun_end_the_run_with_the_one_in_progress(small: RunConfig) -> None:
    first = play(Run(with_settings(small, train__epochs=4)), after_step(6, p.Stop()))
    less = play(Run(with_settings(small, train__epochs=1), resume=folder_of(first)))
    (changed,) = only(less, p.EpochsChanged)
    assert (changed.epochs, changed.reason) == (2, "epoch 2 has begun, so it ends there")
    assert less[-1].completed and only(less, p.EpochDone)[-1].epoch == 2


def test_the_table_of_epochs_has_each_epoch_once_however_often_the_run_was_resumed(both: RunConfig) -> None:
    events = play(Run(both), in_turns(("scratch", 5, p.SwitchArm("pretrained")), ("pretrained", 6, p.Stop())))
    folder = Path(folder_of(events))
    play(Run(both, resume=folder))
    shutil.rmtree(folder / "pretrained")
    play(Run(both, resume=folder))  # from the scratch arm's, and to the other one where that was done before
    with (folder / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["arm"], row["epoch"]) for row in rows] == [("pretrained", "1"), ("pretrained", "2"), ("scratch", "1")]
    assert all(math.isfinite(float(row["test_loss"])) and float(row["lr_head"]) > 0 for row in rows)


# --- what cannot be resumed -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed, what",
    [
        ({"data__batch_size": 5}, "batch size 4, now 5"),
        ({"model__name": "shufflenet_v2_x0_5"}, "model test/plain, now shufflenet_v2_x0_5"),
        ({"optim__name": "adamw"}, "optimizer sgd, now adamw"),
    ],
)
def test_settings_that_the_checkpoint_does_not_fit_are_named(
    small: RunConfig, changed: dict[str, Any], what: str
) -> None:
    events = play(Run(small), after_step(1, p.Stop()))
    failed = play(Run(with_settings(small, **changed), resume=folder_of(events)))[-1]
    assert isinstance(failed, p.RunFailed) and failed.exit_status == 2
    assert what in failed.message and events[-1].checkpoint in failed.message


def test_other_pictures_than_before_are_named(small: RunConfig, pictures: Path, tmp_path: Path) -> None:
    events = play(Run(small), after_step(1, p.Stop()))
    fewer = tmp_path / "fewer"
    for file in pictures.glob("*/*/*.jpg"):
        if file.stem != "6":
            (fewer / file.relative_to(pictures)).parent.mkdir(parents=True, exist_ok=True)
            (fewer / file.relative_to(pictures)).write_bytes(file.read_bytes())
    failed = play(Run(with_settings(small, data__root=fewer), resume=folder_of(events)))[-1]
    assert "2 pictures are gone, such as train/cat/6.jpg" in failed.message


def test_a_run_that_was_killed_before_its_first_checkpoint_begins_anew(whole: tuple[RunConfig, list[p.Event]]) -> None:
    config, uninterrupted = whole
    events = play(Run(config), after_step(1, p.Stop(save=False)))
    again = play(Run(config, resume=folder_of(events)))
    assert only(again, p.ArmStarted)[0].step == 0 and folder_of(again) == folder_of(events)
    check_equal(again, uninterrupted)
