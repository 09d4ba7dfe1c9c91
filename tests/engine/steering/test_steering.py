"""Commands take effect between two steps, are acknowledged with the step, and an impossible one is refused."""

import math
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
import torch

from engine import protocol as p
from engine.arms.arm import TrainedArm
from engine.arms.arms import Arms
from engine.config import RunConfig
from engine.loop.run import Run
from engine.storage import checkpoint
from engine.storage.journal import read_records
from tests.engine.backbones import NORM
from tests.engine.driving import STEPS, STEPS_PER_EPOCH, Reaction, after_step, folder_of, only, play, with_settings


def all_of(*reactions: Reaction) -> Reaction:
    """What each of them sends."""
    return lambda event: [command for react in reactions for command in react(event)]


def model_after(events: list[p.Event], name: str = "last.pt") -> dict[str, torch.Tensor]:
    return checkpoint.load(Path(folder_of(events)) / "scratch" / name)["model"]


# --- evaluating -----------------------------------------------------------------------------------------


def test_an_evaluation_by_hand_changes_nothing_of_what_is_learned(small: RunConfig) -> None:
    plain = play(Run(small))
    events = play(Run(small), after_step(2, p.Evaluate()))
    assert [(event.step, event.epoch, event.images) for event in only(events, p.EvalDone)] == [
        (2, 1, 6),
        (4, 1, 6),
        (8, 2, 6),
    ]
    assert len(only(events, p.EpochDone)) == 2
    assert events[-1].weights_sha256 == plain[-1].weights_sha256


def test_in_a_pause_it_is_done_and_the_pause_goes_on(small: RunConfig) -> None:
    def react(event: p.Event) -> list[p.Command]:
        if isinstance(event, p.Paused):
            return [p.Evaluate()]
        if isinstance(event, p.EvalDone) and event.step == 3:
            return [p.SetRate("head", 0.5), p.Resume()]
        return list(after_step(3, p.Pause())(event))

    events = play(Run(small), react)
    kinds = [type(e) for e in events if isinstance(e, p.Paused | p.EvalDone | p.RateChanged | p.Resumed)][:4]
    assert kinds == [p.Paused, p.EvalDone, p.RateChanged, p.Resumed]
    assert events[-1].completed


def test_the_best_one_is_saved_even_in_the_middle_of_an_epoch(small: RunConfig) -> None:
    events = play(Run(small), after_step(1, p.Evaluate()))
    best = max(only(events, p.EvalDone), key=lambda event: (event.accuracy, -event.loss))
    assert checkpoint.load(Path(folder_of(events), "scratch", "best.pt"))["step"] == best.step
    assert events[-1].best_accuracy == best.accuracy


# --- groups ---------------------------------------------------------------------------------------------


def test_a_rate_is_multiplied(small: RunConfig) -> None:
    events = play(Run(small), after_step(2, p.ScaleRate("head", 0.5)))
    (changed,) = only(events, p.RateChanged)
    assert (changed.step, changed.group, changed.base_lr, changed.why) == (
        2,
        "head",
        0.0005,
        "set by hand after step 2",
    )
    rates = {event.step: event.learning_rates["head"] for event in only(events, p.TrainStep)}
    assert rates[2] == 0.001 and rates[3] == 0.0005


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_a_frozen_backbone_stays_as_it_is_and_an_unfrozen_one_learns_again(small: RunConfig, name: str) -> None:
    config = with_settings(small, model__name=NORM, optim__name=name)
    freezing = after_step(2, p.SetFrozen("backbone"), p.Save())
    thawing = after_step(5, p.Save(), p.SetFrozen("backbone", False))
    events = play(Run(config), all_of(freezing, thawing))
    assert [(e.step, e.group, e.frozen) for e in only(events, p.GroupFrozen)] == [
        (2, "backbone", True),
        (5, "backbone", False),
    ]
    before, after = model_after(events, "step-000002.pt"), model_after(events, "step-000005.pt")
    changed = {key.partition(".")[0] for key in before if not torch.equal(before[key], after[key])}
    assert changed == {"fc"}  # the statistics of batch norm are left alone, too
    last = model_after(events)
    assert any(not torch.equal(last[key], after[key]) for key in last if key.startswith("conv"))
    assert any(not torch.equal(last[key], after[key]) for key in last if key.endswith("running_mean"))
    rates = {event.step: event.learning_rates["backbone"] for event in only(events, p.TrainStep)}
    assert (rates[2], rates[3], rates[5], rates[6]) == (0.001, 0.0, 0.0, 0.001)


def test_a_frozen_backbone_has_no_backward_pass(small: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[int, int] = {}
    run = Run(small)

    def react(event: p.Event) -> list[p.Command]:
        if isinstance(event, p.TrainStep):
            arm = run.work.arms.current
            seen[event.step] = sum(parameter.grad is not None for parameter in arm.network.model.parameters())
        return list(after_step(2, p.SetFrozen("backbone"))(event))

    play(run, react)
    assert seen[2] == 8 and seen[3] == 2  # weight and bias of the last layer


def test_the_head_alone_can_be_frozen(small: RunConfig) -> None:
    events = play(Run(small), after_step(1, p.SetFrozen("head"), p.Save(), p.SetFrozen("backbone")))
    assert [(e.command, e.reason) for e in only(events, p.CommandRefused)] == [
        ("set_frozen", "nothing would be trained")
    ]
    before, after = model_after(events, "step-000001.pt"), model_after(events)
    changed = [key for key in before if not torch.equal(before[key], after[key])]
    assert changed and not any(key.startswith("classifier") for key in changed)


def test_where_pictures_are_not_augmented_a_backbone_frozen_by_hand_is_computed_once(small: RunConfig) -> None:
    config = with_settings(small, model__name=NORM, data__augment=False, train__epochs=3)
    events = play(
        Run(config), all_of(after_step(2, p.SetFrozen("backbone")), after_step(6, p.SetFrozen("backbone", False)))
    )
    assert only(events, p.Preparing)[-1].done == 20 and events[-1].completed
    resumed = play(Run(config), all_of(after_step(2, p.SetFrozen("backbone")), after_step(4, p.Stop())))
    again = play(Run(config, resume=folder_of(resumed)), after_step(6, p.SetFrozen("backbone", False)))
    assert again[-1].weights_sha256 == events[-1].weights_sha256


# --- how long -------------------------------------------------------------------------------------------


def test_more_epochs_are_trained_and_a_schedule_is_stretched(small: RunConfig) -> None:
    config = with_settings(small, schedule__name="cosine")
    events = play(Run(config), after_step(2, p.SetEpochs(4)))
    assert [(e.step, e.epochs) for e in only(events, p.EpochsChanged)] == [(2, 4)]
    assert events[-1].step == 16 and events[-1].completed
    rates = {event.step: event.learning_rates["head"] for event in only(events, p.TrainStep)}
    assert rates[3] == pytest.approx(0.001 * (1 + math.cos(math.pi * 2 / 15)) / 2) and rates[16] == pytest.approx(0)


def test_fewer_epochs_end_it_sooner_and_one_that_has_begun_is_trained(small: RunConfig) -> None:
    events = play(Run(with_settings(small, train__epochs=5)), after_step(5, p.SetEpochs(1), p.SetEpochs(2)))
    assert [e.reason for e in only(events, p.CommandRefused)] == ["epoch 2 has begun"]
    assert events[-1].step == 8 and events[-1].completed and only(events, p.ArmFinished)[0].step == 8


def test_at_the_end_of_an_epoch_the_arm_can_be_done_at_once(small: RunConfig) -> None:
    events = play(Run(small), lambda e: [p.SetEpochs(1)] if isinstance(e, p.EpochDone) and e.epoch == 1 else [])
    assert events[-1].step == 4 and events[-1].completed and len(only(events, p.ArmFinished)) == 1


def test_an_arm_that_is_done_goes_on_with_more_epochs(small: RunConfig) -> None:
    finished: list[p.Command] = [p.SetEpochs(3), p.Stop()]
    events = play(
        Run(small, hold_open=lambda: True), lambda e: [finished.pop(0)] if isinstance(e, p.ArmFinished) else []
    )
    assert [event.step for event in only(events, p.ArmFinished)] == [8, 12]
    assert events[-1].step == 12 and events[-1].completed


def test_a_stop_after_the_epoch_comes_after_its_evaluation_and_can_be_taken_back(small: RunConfig) -> None:
    config = with_settings(small, train__epochs=4)
    there, back = after_step(2, p.StopAfterEpoch(), p.StopAfterEpoch()), after_step(3, p.StopAfterEpoch(planned=False))
    events = play(Run(config), all_of(there, back, after_step(6, p.StopAfterEpoch())))
    planned = [(e.step, e.epoch, e.planned) for e in only(events, p.StopPlanned)]
    assert planned == [(2, 1, True), (3, 1, False), (6, 2, True)]
    assert [e.reason for e in only(events, p.CommandRefused)] == ["that is planned already"]
    assert events[-1].step == 8 and not events[-1].completed and len(only(events, p.EvalDone)) == 2
    assert only(events, p.CheckpointSaved)[-1].reason == "stop"


# --- pausing --------------------------------------------------------------------------------------------


def test_on_a_cpu_there_is_no_gpu_to_free(small: RunConfig) -> None:
    events = play(Run(small), after_step(2, p.Pause(free=True)))
    assert "no GPU to free" in only(events, p.CommandRefused)[0].reason and not only(events, p.Paused)


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_a_pause_that_frees_the_gpu_moves_the_arm_there_and_back(
    small: RunConfig, weights: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """On this device a move changes nothing, so that what is tested is when it is made and that all goes on."""
    moves: list[str] = []
    real = TrainedArm.move

    def move(arm: TrainedArm, device: torch.device) -> None:
        moves.append(f"{arm.arm} to {device}")
        real(arm, device)

    monkeypatch.setattr(Arms, "on_gpu", True)
    monkeypatch.setattr(TrainedArm, "move", move)
    config = with_settings(small, model__weights=str(weights), optim__name=name)
    plain = play(Run(config))

    def react(event: p.Event) -> list[p.Command]:
        if isinstance(event, p.Paused):
            return [p.Pause(free=True), p.Evaluate(), p.Save(), p.Resume()] if not event.freed else []
        return list(after_step(3, p.Pause())(event))

    events = play(Run(config), react)
    assert [(e.step, e.freed) for e in only(events, p.Paused)] == [(3, False), (3, True)]
    assert [e.reason for e in only(events, p.CommandRefused)] == ["the GPU is given back; go on first"]
    assert moves == ["scratch to cpu"] * 2 and events[-1].weights_sha256 == plain[-1].weights_sha256


# --- the journal ----------------------------------------------------------------------------------------


def test_every_command_is_in_the_journal_with_its_place_and_a_refused_one_is_not(small: RunConfig) -> None:
    commands = [p.SetRate("head", 0.5), p.Save(), p.ScaleRate("neck", 2.0), p.SetFrozen("backbone"), p.SetEpochs(3)]
    events = play(Run(small), after_step(2, *commands))
    records = [record for record in read_records(Path(folder_of(events))) if record.at is not None]
    assert [(record.message, record.at) for record in records] == [
        (commands[0], ("scratch", 1, 2, 0)),
        (commands[1], ("scratch", 1, 2, 1)),
        (commands[3], ("scratch", 1, 2, 2)),
        (commands[4], ("scratch", 1, 2, 3)),
    ]


@pytest.mark.parametrize(
    "command, reason",
    [
        (p.Resume(), "not paused"),
        (p.SwitchArm("scratch"), "is the current arm already"),
        (p.SetRate("neck", 0.1), "no group `neck`"),
        (p.ScaleRate("neck", 0.1), "no group `neck`"),
        (p.ScaleRate("head", 1e9), "a rate lies in 0..100"),
        (p.SetFrozen("neck"), "no group `neck`"),
        (p.SetFrozen("head", False), "`head` is trained already"),
        (p.SetEpochs(0), "epochs lie in 1..100000"),
        (p.SetEpochs(2), "it has 2 epochs already"),
        (p.Rewind("../../etc/passwd"), "no restore point"),
        (p.Rewind("step-000001.pt"), "no restore point"),
        (p.StopAfterEpoch(planned=False), "no stop is planned"),
    ],
    ids=lambda value: value if isinstance(value, str) else p.name_of(value),
)
def test_an_impossible_one_is_refused_with_the_reason(small: RunConfig, command: p.Command, reason: str) -> None:
    events = play(Run(small), after_step(1, command))
    (refused,) = only(events, p.CommandRefused)
    assert reason in refused.reason and (refused.command, refused.step) == (p.name_of(command), 1)
    assert events[-1].completed


# --- changes that the configuration has -----------------------------------------------------------------


def scheduled(config: RunConfig, *changes: dict[str, Any]) -> RunConfig:
    return with_settings(config, schedule__changes=[{"arm": "scratch"} | change for change in changes])


def test_a_schedule_makes_the_changes_that_a_person_would(small: RunConfig) -> None:
    by_hand = play(
        Run(small),
        all_of(
            after_step(0, p.SetRate("head", 0.01)),
            after_step(2, p.SetFrozen("backbone"), p.SetMicroBatch(2)),
            after_step(6, p.SetEpochs(3)),
        ),
    )
    config = scheduled(
        small,
        {"step": 0, "group": "head", "lr": 0.01},
        {"step": 2, "group": "backbone", "frozen": True},
        {"step": 2, "micro_batch": 2},
        {"step": 6, "epochs": 3},
    )
    alone = play(Run(config))
    assert alone[-1].weights_sha256 == by_hand[-1].weights_sha256 and alone[-1].step == 12
    assert only(alone, p.RateChanged)[0].why == "set by the schedule after step 0"
    for step in (2, 5, 6):
        stopped = play(Run(config), after_step(step, p.Stop()))
        resumed = play(Run(config, resume=folder_of(stopped)))
        assert resumed[-1].weights_sha256 == alone[-1].weights_sha256, step
    assert STEPS == 2 * STEPS_PER_EPOCH


def test_one_that_is_impossible_there_is_refused_and_training_goes_on(small: RunConfig) -> None:
    events = play(Run(scheduled(small, {"step": 6, "epochs": 1})))
    assert only(events, p.CommandRefused)[0].reason == "epoch 2 has begun" and events[-1].completed


def test_a_command_that_came_too_early_waits_for_the_first_step(small: RunConfig) -> None:
    inbox: SimpleQueue[p.Command] = SimpleQueue()
    inbox.put(p.SetFrozen("backbone"))
    events = list(Run(small).events(inbox))
    assert only(events, p.GroupFrozen)[0].step == 0 and events[-1].completed


def test_the_rates_of_all_groups_are_multiplied_by_one_command(small: RunConfig) -> None:
    events = play(Run(small), after_step(2, p.SetRate("head", 4e-3), p.ScaleRate("all", 0.5), p.Stop()))
    scaled = [(event.group, event.base_lr) for event in only(events, p.RateChanged)[1:]]
    assert scaled == [("backbone", 5e-4), ("head", 2e-3)]


def test_the_rates_of_all_groups_are_refused_together(small: RunConfig) -> None:
    events = play(Run(small), after_step(2, p.SetRate("head", 50.0), p.ScaleRate("all", 4.0), p.Stop()))
    assert len(only(events, p.RateChanged)) == 1 and "lies in 0..100" in only(events, p.CommandRefused)[0].reason
