"""Compiling the training step: when, and that it changes nothing but the time."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from engine import protocol as p
from engine.config import RunConfig
from engine.loop import compiling
from engine.loop.compiling import CompileChoice
from engine.loop.run import Run
from engine.storage.choices import Choices
from tests.engine.backbones import NORM
from tests.engine.driving import after_step, folder_of, only, play, with_settings

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")


def arm(steps_left: int, was_compiled: bool = False, name: str = "scratch", trained: str = "head") -> SimpleNamespace:
    network = SimpleNamespace(trained_groups=frozenset([trained]))
    return SimpleNamespace(arm=name, step=12, steps_left=steps_left, was_compiled=was_compiled, network=network)


def choice_after(seconds: float, steps_left: int, setting: str | bool = "auto") -> p.CompileChosen | None:
    choice = CompileChoice(setting)
    for _ in range(compiling.MEASURED_STEPS):
        assert setting is True or choice.decide(arm(steps_left)) is None
        choice.add_step_time(arm(steps_left), seconds)
    return choice.decide(arm(steps_left))


def test_auto_compiles_where_twice_the_price_is_won_back_and_gives_the_estimate() -> None:
    enough = int(compiling.WORTH_FACTOR * compiling.COMPILE_SECONDS / compiling.SAVED_FRACTION)
    long, short = choice_after(1.0, enough + 1), choice_after(1.0, enough - 1)
    assert long.worth and not short.worth
    assert long.reason == "about 40 s to compile, about 80 s saved of 616 s left; more than 2 times as much"


def test_the_choice_is_made_once_an_arm_and_for_the_layers_that_are_trained() -> None:
    choice = CompileChoice(True)
    assert choice.decide(arm(5)).worth and choice.decide(arm(5)) is None
    assert choice.decide(arm(9, name="pretrained")).worth
    assert choice.decide(arm(5, trained="backbone")).worth and choice.decide(arm(5)) is None


def test_a_run_that_is_repeated_compiles_where_it_did() -> None:
    before = Choices(frozenset(), frozenset([("scratch", 12)]))
    assert CompileChoice(False, before).decide(arm(5)).worth
    assert CompileChoice(True, before).decide(arm(5, name="pretrained")) is None


def test_a_resumed_arm_that_was_compiled_is_compiled_at_once_unless_that_is_switched_off() -> None:
    assert CompileChoice("auto").decide(arm(5, was_compiled=True)).worth
    assert CompileChoice(False).decide(arm(5, was_compiled=True)) is None


def test_short_runs_are_not_compiled_and_the_log_says_why(small: RunConfig) -> None:
    events = play(Run(with_settings(small, train__epochs=4)))
    (chosen,) = only(events, p.CompileChosen)
    assert not chosen.worth and chosen.step == compiling.MEASURED_STEPS and "less than" in chosen.reason
    assert not only(events, p.Compiled)


@needs_compiler
def test_a_compiled_run_learns_the_same_and_resumes_bit_by_bit(small: RunConfig) -> None:
    config = with_settings(small, train__compile=True, model__name=NORM, optim__scratch_lr=1e-6)
    compiled = play(Run(config), after_step(3, p.Save()))
    plain = play(Run(with_settings(config, train__compile=False)))
    (told,) = only(compiled, p.Compiled)
    assert told.failure == "" and told.step == 0
    losses = [[step.loss for step in only(events, p.TrainStep)] for events in (compiled, plain)]
    assert losses[0][:3] == pytest.approx(losses[1][:3], abs=1e-3)
    assert compiled[-1].weights_sha256 != plain[-1].weights_sha256  # else it was not compiled
    for path in Path(folder_of(compiled), "scratch").rglob("*.pt"):
        if path.name != "step-000003.pt":
            path.unlink()
    resumed = play(Run(with_settings(config, train__compile="auto"), resume=folder_of(compiled)))
    assert only(resumed, p.ArmStarted)[0].step == 3 and not only(resumed, p.Compiled)[0].failure
    assert resumed[-1].weights_sha256 == compiled[-1].weights_sha256


def test_what_cannot_be_compiled_is_said_and_trains_as_it_would_have(
    small: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = with_settings(small, model__name=NORM)
    plain = play(Run(config))

    def broken(model: torch.nn.Module) -> object:
        def run(images: torch.Tensor) -> torch.Tensor:
            model(images)  # changes the statistics of batch norm
            raise RuntimeError("no compiler found\nand many lines more")

        return run

    monkeypatch.setattr(torch, "compile", broken)
    events = play(Run(with_settings(config, train__compile=True)))
    assert [event.failure for event in only(events, p.Compiled)] == ["no compiler found"]
    assert events[-1].weights_sha256 == plain[-1].weights_sha256
