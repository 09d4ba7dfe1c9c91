"""A run is a generator: `next` and a command in the inbox between two events, no thread and no sleep."""

import math
import threading
from pathlib import Path
from queue import SimpleQueue

import pytest
import torch

from engine import protocol as p
from engine.arms.arm import TrainedArm
from engine.config import RunConfig
from engine.errors import ConfigError
from engine.hardware.device import choose_device, choose_precision
from engine.loop.run import Run
from engine.storage import checkpoint
from tests.engine.driving import STEPS, after_step, folder_of, only, play, with_settings


def decode_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("decode")]


def test_a_run_trains_every_step_evaluates_every_epoch_and_finishes(small: RunConfig) -> None:
    events = play(Run(small))
    assert [event.step for event in only(events, p.TrainStep)] == list(range(1, STEPS + 1))
    assert [event.epoch for event in only(events, p.TrainStep)] == [1] * 4 + [2] * 4
    assert [(event.epoch, event.images) for event in only(events, p.EvalDone)] == [(1, 6), (2, 6)]
    finished = events[-1]
    assert isinstance(finished, p.RunFinished) and finished.completed and finished.step == STEPS
    assert finished.accuracy == only(events, p.EvalDone)[-1].accuracy


def test_the_figures_of_an_epoch_are_those_of_its_steps(small: RunConfig) -> None:
    events = play(Run(small))
    sizes = [4, 4, 4, 2]
    for epoch in only(events, p.EpochDone):
        steps = [event for event in only(events, p.TrainStep) if event.epoch == epoch.epoch]
        mean = sum(step.loss * size for step, size in zip(steps, sizes, strict=True)) / 14
        right = sum(step.accuracy * size for step, size in zip(steps, sizes, strict=True)) / 14
        assert epoch.train_loss == pytest.approx(mean) and epoch.train_accuracy == pytest.approx(right)
        assert 0 <= epoch.data_wait <= 1 and epoch.images_per_second > 0
        assert epoch.images_per_second == pytest.approx(14 / sum(step.seconds for step in steps))


def test_the_seconds_of_a_run_are_those_of_its_steps_and_evaluations(small: RunConfig) -> None:
    events = play(Run(small))
    seconds = sum(event.seconds for event in only(events, p.TrainStep) + only(events, p.EvalDone))
    assert only(events, p.ArmFinished)[0].seconds == pytest.approx(seconds)


def test_waiting_and_the_update_are_parts_of_a_step(small: RunConfig) -> None:
    for step in only(play(Run(small)), p.TrainStep):
        assert step.data_wait >= 0 < step.optimizer and step.data_wait + step.optimizer <= 1


def test_two_runs_of_one_seed_end_with_equal_weights_whatever_the_threads_and_another_seed_with_others(
    small: RunConfig,
) -> None:
    first, second, other = (
        play(Run(config))[-1].weights_sha256
        for config in (small, with_settings(small, data__threads=5), with_settings(small, seed=1))
    )
    assert first == second != other


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_the_optimizer_and_its_settings_are_those_of_the_configuration(small: RunConfig, name: str) -> None:
    events = play(
        Run(with_settings(small, optim__name=name, optim__momentum=0.7, optim__weight_decay=0.02)),
        after_step(1, p.Stop()),
    )
    group = torch.load(events[-1].checkpoint, weights_only=True)["optimizer"]["param_groups"][0]
    assert group["weight_decay"] == 0.02
    assert group["betas"][0] == 0.7 if name == "adamw" else group["momentum"] == 0.7


def test_the_pretrained_arm_has_two_rates_and_the_scratch_arm_one(small: RunConfig, weights: Path) -> None:
    config = with_settings(small, init="pretrained", model__weights=str(weights))
    pretrained = only(play(Run(config), after_step(1, p.Stop(), arm="pretrained")), p.ArmStarted)[0]
    scratch = only(play(Run(small), after_step(1, p.Stop())), p.ArmStarted)[0]
    assert [(group.name, group.base_lr) for group in pretrained.groups] == [("backbone", 5e-5), ("head", 5e-4)]
    assert [(group.name, group.base_lr) for group in scratch.groups] == [("backbone", 1e-3), ("head", 1e-3)]
    assert sum(group.parameters for group in scratch.groups) == 3_712 + 34


def test_the_schedule_multiplies_each_groups_own_rate(small: RunConfig, weights: Path) -> None:
    config = with_settings(small, init="pretrained", model__weights=str(weights), schedule__name="cosine")
    rates = [step.learning_rates for step in only(play(Run(config)), p.TrainStep)]
    for step, rate in enumerate(rates):
        share = (1 + math.cos(math.pi * step / (STEPS - 1))) / 2
        assert rate == pytest.approx({"backbone": 5e-5 * share, "head": 5e-4 * share})


def test_a_pause_waits_and_resuming_goes_on(small: RunConfig) -> None:
    def react(event: p.Event) -> list[p.Command]:
        if isinstance(event, p.Paused):
            return [p.Pause(), p.Save(), p.Resume()]
        return [p.Pause()] if isinstance(event, p.TrainStep) and event.step == 2 else []

    events = play(Run(small), react)
    assert [event.step for event in only(events, p.Paused)] == [2]
    assert [event.command for event in only(events, p.CommandRefused)] == ["pause"]
    assert [event.step for event in only(events, p.CheckpointSaved) if event.reason == "key"] == [2]
    assert [event.step for event in only(events, p.Resumed)] == [2]
    assert events[-1].completed


@pytest.mark.parametrize(
    "command", [p.Resume(), p.SetRate("neck", 0.1), p.SetRate("head", float("nan")), p.SwitchArm("scratch")]
)
def test_an_impossible_command_is_refused_with_a_reason(small: RunConfig, command: p.Command) -> None:
    refused = only(play(Run(small), after_step(1, command)), p.CommandRefused)
    assert len(refused) == 1 and refused[0].reason and refused[0].step == 1


def test_a_switch_to_an_arm_that_cannot_be_built_is_refused_and_training_goes_on(
    small: RunConfig, tmp_path: Path
) -> None:
    torch.save({"fc.weight": torch.zeros(2, 2)}, tmp_path / "other.pth")
    config = with_settings(small, model__weights=str(tmp_path / "other.pth"))
    events = play(Run(config), after_step(3, p.SwitchArm("pretrained")))
    (refused,) = only(events, p.CommandRefused)
    assert "other.pth" in refused.reason and not only(events, p.ArmSuspended)
    assert events[-1].completed


def test_with_hold_open_a_done_arm_waits_for_the_next_command(small: RunConfig) -> None:
    run = Run(small, hold_open=lambda: True)
    events = play(run, lambda event: [p.Pause(), p.Stop()] if isinstance(event, p.ArmFinished) else [])
    assert only(events, p.CommandRefused)[0].command == "pause"
    assert events[-1].completed


def test_a_stop_while_loading_ends_at_once_and_leaves_no_run_behind(small: RunConfig) -> None:
    inbox: SimpleQueue[p.Command] = SimpleQueue()
    inbox.put(p.Pause())
    inbox.put(p.Stop())
    *_, finished = Run(small).events(inbox)
    assert isinstance(finished, p.RunFinished) and finished.step == 0 and not finished.completed
    assert not small.checkpoint.dir.exists()


def test_other_commands_sent_while_loading_take_effect_before_the_first_step(small: RunConfig) -> None:
    inbox: SimpleQueue[p.Command] = SimpleQueue()
    inbox.put(p.SetRate("head", 0.5))
    events = list(Run(small).events(inbox))
    assert only(events, p.RateChanged)[0].step == 0
    assert only(events, p.TrainStep)[0].learning_rates["head"] == 0.5


def test_an_unexpected_error_is_an_event_that_names_the_place(
    small: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrainedArm, "end_epoch", lambda *figures: 1 / 0)
    failed = play(Run(small))[-1]
    assert isinstance(failed, p.RunFailed) and failed.title == "Unexpected error" and failed.exit_status == 1
    assert "ZeroDivisionError" in failed.message and "(engine/loop/training.py:" in failed.message


@pytest.mark.parametrize("batch_size, remedy", [(4, "--set data.batch_size=2"), (1, "a smaller model")])
def test_too_little_memory_says_what_would_fit(
    small: RunConfig, monkeypatch: pytest.MonkeyPatch, batch_size: int, remedy: str
) -> None:
    def update(*args: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(TrainedArm, "update", update)
    failed = play(Run(with_settings(small, data__batch_size=batch_size)))[-1]
    assert failed.title == "Out of memory" and remedy in failed.message


def test_no_thread_is_left_after_the_end_a_failure_or_a_closed_generator(small: RunConfig) -> None:
    play(Run(small), after_step(2, p.Stop()))
    assert decode_threads() == []
    play(Run(with_settings(small, optim__scratch_lr=100.0)))
    assert decode_threads() == []
    events = Run(small).events()
    assert any(isinstance(event, p.TrainStep) for event in events)
    assert decode_threads() != []
    events.close()
    assert decode_threads() == []


# --- devices and precision ------------------------------------------------------------------------------


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match="cuda:97"):
        choose_device("cuda:97")
    assert choose_device("cpu") == torch.device("cpu")


def test_float32_is_the_default_on_the_cpu() -> None:
    assert choose_precision("auto", torch.device("cpu")) == "float32"
    assert choose_precision("bfloat16", torch.device("cpu")) == "bfloat16"


@pytest.mark.parametrize("real, chosen", [(True, "bfloat16"), (False, "float16")])
def test_a_gpu_computes_in_bfloat16_only_where_it_does_not_emulate_it(
    monkeypatch: pytest.MonkeyPatch, real: bool, chosen: str
) -> None:
    monkeypatch.setattr(torch.cuda, "device", lambda device: torch.random.fork_rng(devices=[]))  # any context
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: real or including_emulation)
    assert choose_precision("auto", torch.device("cuda")) == chosen


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_mixed_precision_trains_and_says_so(small: RunConfig, precision: str) -> None:
    events = play(Run(with_settings(small, train__precision=precision)))
    assert only(events, p.RunStarted)[0].precision == precision
    assert events[-1].completed and len(only(events, p.TrainStep)) == STEPS
    model = torch.load(Path(folder_of(events), "scratch", "last.pt"), weights_only=True)["model"]
    assert {tensor.dtype for tensor in model.values()} == {torch.float32}


def test_in_float16_an_overflowing_gradient_leaves_the_weights_alone_and_halves_the_scale(small: RunConfig) -> None:
    config = with_settings(small, train__precision="float16")
    events = play(Run(config), after_step(1, p.Stop()))
    file = Path(events[-1].checkpoint)
    state = torch.load(file, weights_only=True)
    state["scaler"]["scale"] = 2.0**60
    torch.save(state, file)
    checkpoint.seal(file)
    resumed = play(Run(config, resume=folder_of(events)), after_step(2, p.Stop()))
    after = torch.load(file, weights_only=True)
    assert after["step"] == 2 and only(resumed, p.TrainStep)[0].step == 2
    assert after["scaler"]["scale"] == 2.0**59
    assert all(torch.equal(after["model"][name], tensor) for name, tensor in state["model"].items())
