"""A run that is resumed with other settings says what differs, and what becomes of it."""

from pathlib import Path
from typing import Any

import pytest
import torch

from engine import protocol as p
from engine.config import RunConfig
from engine.config.resumed import before_changes, differences, with_changes, with_kept
from engine.loop.run import Run
from engine.protocol.sentences import message
from engine.storage import checkpoint
from engine.storage.run_folder import load_run_config
from tests.engine.driving import after_step, folder_of, only, play, with_settings


def resumed(config: RunConfig, step: int = 3, **changed: Any) -> tuple[list[p.Event], list[p.Event]]:
    first = play(Run(config), after_step(step, p.Stop(), arm=config.init))
    return first, play(Run(with_settings(config, **changed), resume=folder_of(first)))


def test_without_a_difference_nothing_is_said(small: RunConfig) -> None:
    _, events = resumed(small)
    assert not only(events, p.SettingsChanged) and events[-1].completed


def test_each_difference_is_listed_with_what_becomes_of_it(small: RunConfig) -> None:
    _, events = resumed(small, seed=7, optim__scratch_lr=0.005, checkpoint__every_seconds=5.0)
    (changed,) = only(events, p.SettingsChanged)
    assert [(s.key, s.before, s.now, s.applied) for s in changed.settings] == [
        ("seed", "0", "7", False),
        ("optim.scratch_lr", "0.001", "0.005", True),
        ("checkpoint.every_seconds", "60.0", "5.0", True),
    ]
    assert message(changed).startswith("seed stays 0: stays as it was: the split and the order of the pictures")


def test_settings_that_contradict_those_of_the_run_are_refused(small: RunConfig) -> None:
    first = play(Run(with_settings(small, data__erasing=0.5)), after_step(1, p.Stop()))
    data = small.data.model_dump(exclude_unset=True) | {"augment": False}
    now = RunConfig.model_validate(small.model_dump(exclude_unset=True) | {"data": data})
    (failed,) = only(play(Run(now, resume=folder_of(first))), p.RunFailed)
    assert failed.exit_status == 2
    assert failed.message == "--resume: `data.erasing` is set, but `data.augment` is false; leave out one of them"


def test_a_changed_rate_is_in_force_and_one_set_by_hand_gives_way_to_it(small: RunConfig) -> None:
    first = play(Run(small), after_step(3, p.SetRate("head", 0.123), p.Stop()))
    changed = with_settings(small, optim__scratch_lr=0.005)
    events = play(Run(changed, resume=folder_of(first)), after_step(5, p.Stop()))
    assert [(e.group, e.base_lr, e.why) for e in only(events, p.RateChanged)] == [
        ("backbone", 0.005, "changed on resume"),
        ("head", 0.005, "changed on resume"),
    ]
    assert only(events, p.TrainStep)[0].learning_rates == {"backbone": 0.005, "head": 0.005}
    again = play(Run(changed, resume=folder_of(first)))  # the run's own settings now
    assert not only(again, p.SettingsChanged) and not only(again, p.RateChanged)
    assert only(again, p.TrainStep)[0].learning_rates == {"backbone": 0.005, "head": 0.005}


def test_the_message_says_which_rates_are_in_force_and_why(small: RunConfig) -> None:
    first = play(Run(small), after_step(3, p.SetRate("head", 0.123), p.Stop()))
    events = play(Run(small, resume=folder_of(first)))
    assert message(only(events, p.ArmStarted)[0]) == (
        "scratch: checkpoint at step 3; learning rates: backbone 0.001 (configuration), "
        "head 0.123 (set by hand after step 3)"
    )


def test_what_takes_effect_is_the_runs_own_from_then_on(small: RunConfig) -> None:
    first, _ = resumed(small, seed=7, optim__weight_decay=0.5)
    config = load_run_config(Path(folder_of(first)))
    assert (config.seed, config.optim.weight_decay) == (0, 0.5)


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_momentum_and_weight_decay_take_effect(small: RunConfig, name: str) -> None:
    _, events = resumed(with_settings(small, optim__name=name), optim__momentum=0.5, optim__weight_decay=0.2)
    group = checkpoint.load(Path(folder_of(events), "scratch", "last.pt"))["optimizer"]["param_groups"][0]
    assert group["weight_decay"] == 0.2 and (group["betas"][0] if name == "adamw" else group["momentum"]) == 0.5


def test_a_backbone_can_be_frozen_on_a_resume(small: RunConfig, weights: Path) -> None:
    config = with_settings(small, init="pretrained", model__weights=str(weights))
    first, events = resumed(config, optim__groups__backbone__frozen=True, train__micro_batch=2)
    assert [(e.step, e.frozen) for e in only(events, p.GroupFrozen)] == [(3, True)]
    assert [e.pictures for e in only(events, p.MicroBatchChanged)] == [2]
    last = checkpoint.load(Path(folder_of(events), "pretrained", "last.pt"))
    stopped = checkpoint.load(Path(folder_of(first), "pretrained", "points", "1-000003-0.pt"))
    changed = [key for key in last["model"] if not torch.equal(last["model"][key], stopped["model"][key])]
    assert changed and all(key.startswith("classifier") for key in changed)


def test_the_other_arm_adopts_them_when_it_is_taken_up(small: RunConfig, weights: Path) -> None:
    config = with_settings(small, model__weights=str(weights))
    first = play(
        Run(config),
        lambda e: after_step(2, p.SwitchArm("pretrained"))(e) or after_step(2, p.Stop(), arm="pretrained")(e),
    )
    changed = with_settings(config, optim__scratch_lr=0.004, optim__groups__head__lr=0.003)
    events = play(
        Run(changed, resume=folder_of(first)),
        after_step(4, p.SwitchArm("scratch"), arm="pretrained"),
    )
    rates = [(e.arm, e.group, e.base_lr) for e in only(events, p.RateChanged)]
    assert rates == [("pretrained", "head", 0.003), ("scratch", "backbone", 0.004), ("scratch", "head", 0.004)]


def test_differences_can_be_put_back_and_made_again(small: RunConfig) -> None:
    changed = with_settings(
        small, optim__groups__head__lr=0.1, data__threads=None, train__compile=True, schedule__name="cosine", seed=3
    )
    settings = differences(small, changed)
    assert {setting.key for setting in settings if not setting.applied} == {"seed"}
    event = p.SettingsChanged(settings)
    now = with_kept(small, changed)
    assert with_changes(small, event) == now and before_changes(now, [event]) == small
