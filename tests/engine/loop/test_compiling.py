"""Compiling the training step: when, that commands act meanwhile, and that it changes nothing but the time."""

import shutil
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest
import torch

from engine import protocol as p
from engine.arms.interruption import Interrupted, unless
from engine.arms.trial_step import TrialStep
from engine.config import RunConfig
from engine.loop import compiling, step_compiler
from engine.loop.compile_times import CompileTimes
from engine.loop.compiler_process import CompilerProcess, Job
from engine.loop.compiling import CompileChoice
from engine.loop.run import Run
from engine.storage.choices import Choices, choices_of
from tests.engine.backbones import NORM
from tests.engine.driving import after_step, folder_of, only, play, with_settings


class NotCompiled(torch.nn.Linear):
    """A layer that torch does not compile, and so soon done."""

    def __init__(self) -> None:
        super().__init__(4, 2)

    @torch.compiler.disable
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return super().forward(inputs)


class NoProcess:
    """Stands for the compiler's process: over at once, unless it is held, and it has compiled nothing."""

    held = threading.Event()
    failure, seconds = "", 0.0
    made: ClassVar[list["NoProcess"]] = []

    def __init__(self, step: TrialStep) -> None:
        self.closed = False
        self.made.append(self)

    def wait(self, seconds: float = 0.0) -> bool:
        return not self.held.is_set()

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> type[NoProcess]:
    NoProcess.held.clear()
    NoProcess.made.clear()
    monkeypatch.setattr(step_compiler, "CompilerProcess", NoProcess)
    return NoProcess


@pytest.fixture
def uncompiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """`torch.compile` returns the model itself: what it is trained with then is the same, compiled or not."""
    monkeypatch.setattr(torch, "compile", lambda model: model)


@pytest.fixture
def worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiling is always worth it."""
    monkeypatch.setattr(compiling, "COMPILE_SECONDS", 0.0)


needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")


def arm(steps_left: int, was_compiled: bool = False, name: str = "scratch", trained: str = "head") -> SimpleNamespace:
    network = SimpleNamespace(trained_groups=frozenset([trained]))
    return SimpleNamespace(
        arm=name, branch=1, step=12, steps_left=steps_left, was_compiled=was_compiled, network=network
    )


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
    before = Choices(frozenset(), frozenset([("scratch", 1, 12)]))
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
def test_a_compiled_run_learns_the_same_and_resumes_bit_by_bit(small: RunConfig, process: type[NoProcess]) -> None:
    """The only test that compiles."""
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


def test_the_process_has_the_settings_of_the_run_on_which_the_key_of_the_cache_depends() -> None:
    """All that the key has of them: with another key nothing that the process compiles would be found by the run."""

    def settings() -> tuple[object, ...]:
        precision = torch.backends.cuda.matmul.fp32_precision
        exact = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
        return (*exact, precision, torch.get_num_threads())

    for deterministic, warn_only in ((False, False), (True, True)):
        torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        job, before = Job(None), settings()
        torch.use_deterministic_algorithms(False)  # as in a new process
        job.set_torch()
        assert settings() == before
    torch.use_deterministic_algorithms(False)


def test_what_cannot_be_compiled_is_said_and_trains_as_it_would_have(
    small: RunConfig, process: type[NoProcess], monkeypatch: pytest.MonkeyPatch
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


def test_training_goes_on_beside_the_compiler_and_the_compiled_step_takes_over_later(
    small: RunConfig, process: type[NoProcess], uncompiled: None, worth_it: None
) -> None:
    process.held.set()

    def ready(event: p.Event) -> tuple[()]:
        if isinstance(event, p.TrainStep) and event.step == compiling.MEASURED_STEPS + 3:
            process.held.clear()
        return ()

    events = play(Run(with_settings(small, train__epochs=4)), ready)
    (chosen,), (told,) = only(events, p.CompileChosen), only(events, p.Compiled)
    assert (chosen.step, chosen.waits) == (compiling.MEASURED_STEPS, False)
    assert (told.step, told.failure) == (compiling.MEASURED_STEPS + 3, "")
    choices = choices_of(events)
    assert choices.compiled == {("scratch", 1, told.step)}  # a replay takes over at the same step
    assert all(process.closed for process in process.made)


def test_commands_act_while_training_waits_for_the_compiler(
    small: RunConfig, process: type[NoProcess], uncompiled: None
) -> None:
    process.held.set()
    asked: list[str] = []

    def steer(event: p.Event) -> list[p.Command]:
        match event:
            case p.CompileChosen():
                return [p.SetRate("head", 0.002), p.Pause()]
            case p.Paused():
                return [p.Resume()]
            case p.Loading(what=step_compiler.COMPILING):  # it waits again
                asked.append(event.what)
                process.held.clear()
        return []

    events = play(Run(with_settings(small, train__compile=True)), steer)
    kinds = [type(event) for event in events]
    first = [kinds.index(kind) for kind in (p.CompileChosen, p.RateChanged, p.Paused, p.Resumed, p.Compiled)]
    assert first == sorted(first) and kinds.index(p.TrainStep) > first[-1] and asked
    assert len(process.made) == 1 and events[-1].completed


def test_a_stop_ends_the_compiler_and_the_next_run_compiles_again(
    small: RunConfig, process: type[NoProcess], uncompiled: None
) -> None:
    process.held.set()
    config = with_settings(small, train__compile=True)
    stopped = play(Run(config), lambda event: [p.Stop()] if isinstance(event, p.CompileChosen) else [])
    (told,) = only(stopped, p.Compiled)
    assert told.failure == "it was dropped, because the arm is not trained any more"
    assert not only(stopped, p.TrainStep) and process.made[0].closed and not choices_of(stopped).compiled
    process.held.clear()
    resumed = play(Run(config, resume=folder_of(stopped)))
    assert [event.failure for event in only(resumed, p.Compiled)] == [""] and resumed[-1].completed


def test_a_stop_breaks_off_what_is_compiled_here_and_leaves_the_arm_as_it_was(
    small: RunConfig, process: type[NoProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, begun = with_settings(small, model__name=NORM, train__compile=True), threading.Event()

    def endless(model: torch.nn.Module) -> object:
        def run(images: torch.Tensor) -> torch.Tensor:
            model(images)  # changes the statistics of batch norm
            begun.set()
            while True:
                torch.rand(1)

        return run

    monkeypatch.setattr(torch, "compile", endless)
    events = play(Run(config), lambda event: [p.Stop()] if isinstance(event, p.CompileChosen) else [])
    (told,) = only(events, p.Compiled)
    untouched = play(Run(with_settings(config, train__compile=False)), after_step(0, p.Stop()))
    assert begun.is_set() and told.failure == "it was dropped, because the run is to end"
    assert events[-1].weights_sha256 == untouched[-1].weights_sha256


def test_other_trained_layers_drop_the_compilation_and_are_chosen_for_anew(
    small: RunConfig, process: type[NoProcess], uncompiled: None, worth_it: None
) -> None:
    process.held.set()
    config = with_settings(small, train__epochs=6, data__augment=True)
    freeze = after_step(compiling.MEASURED_STEPS + 1, p.SetFrozen("backbone", True))
    told = only(play(Run(config), freeze), p.Compiled)
    assert told[0].failure == "it was dropped, because other layers are trained now"
    assert process.made[0].closed


def test_a_step_compiled_after_a_rewind_is_repeated_on_its_branch_and_what_a_crash_lost_is_not() -> None:
    def arm_started(step: int, branch: int) -> p.ArmStarted:
        return p.ArmStarted("scratch", step, 1, 2, 4, (), "", branch)

    compiled = p.Compiled("scratch", 25, 1.0, "")
    begun = [arm_started(0, 1), arm_started(20, 2), compiled]
    assert choices_of(begun).compiled == {("scratch", 2, 25)}
    assert not choices_of([*begun, arm_started(22, 2)]).compiled
    assert not choices_of([*begun[:2], p.Compiled("scratch", 25, 1.0, "no compiler")]).compiled


def test_the_estimate_is_what_compiling_took_the_last_time(tmp_path: Path) -> None:
    times = CompileTimes(tmp_path / "new" / "times.json")
    assert times.last("a") is None
    times.took("a", 136.04)
    times.took("b", 5.0)
    assert (times.last("a"), times.last("b")) == (136.0, 5.0)
    (tmp_path / "new" / "times.json").write_text("[torn")
    assert times.last("a") is None
    choice = CompileChoice("auto", known=136.0)
    for _ in range(compiling.MEASURED_STEPS):
        choice.add_step_time(arm(100), 1.0)
    assert choice.decide(arm(100)).reason.startswith("about 136 s to compile, as the last time, about 13 s saved")


def test_a_call_is_broken_off_when_it_is_not_wanted_any_more() -> None:
    begun = threading.Event()

    def endless() -> None:
        begun.set()
        while True:
            pass

    with pytest.raises(Interrupted):
        unless(begun.is_set, endless)
    assert unless(lambda: False, lambda: 3) == 3


def test_the_process_says_why_it_fails_and_can_be_ended() -> None:
    right = TrialStep(NotCompiled(), torch.rand(2, 4), torch.tensor([0, 1]), None)
    wrong = TrialStep(NotCompiled(), torch.rand(2, 3), torch.tensor([0, 1]), None)
    done, failed, dropped = CompilerProcess(right), CompilerProcess(wrong), CompilerProcess(wrong)
    dropped.close()
    assert done.wait(200) and not done.failure
    assert dropped.wait(200) and not dropped.failure  # it is compiled in this process then
    assert failed.wait(200) and failed.seconds > 0
    assert failed.failure and "\n" not in failed.failure
