"""Compiles the training step: beside training where the step may change at any time, else before the next step."""

import time
from collections.abc import Iterator

import torch

from engine.arms.arm import TrainedArm
from engine.arms.interruption import Interrupted
from engine.config import RunConfig
from engine.data.batches import Batch
from engine.hardware.device import has_room_beside
from engine.loop.compile_times import CompileTimes, described_step
from engine.loop.compiler_process import CompilerProcess
from engine.loop.compiling import CompileChoice
from engine.protocol import CompileChosen, Compiled, Event, Loading
from engine.steering.steering import Steering

LOOK_SECONDS = 0.05  # between two looks at the commands while training waits
COMPILING = "compiling the training step"


class StepCompiler:
    """The compilation of one arm at a time. A command takes effect while it is under way."""

    def __init__(self, config: RunConfig, steering: Steering, device: torch.device) -> None:
        self._steering = steering
        self._device = device
        self._single_process = steering.arms.processes.size == 1
        self._times = CompileTimes()
        self._step = described_step(config, device.type)
        # Several processes would measure different times and choose differently.
        setting = config.train.compile if self._single_process else config.train.compile is True
        self._choice = CompileChoice(setting, steering.arms.checkpointer.choices, self._times.last(self._step))
        self._process: CompilerProcess | None = None
        self._chosen: CompileChosen | None = None
        "the choice that is being carried out"
        self._groups: frozenset[str] = frozenset()
        "the parameter groups that the step was to train"
        self.holds = False
        "whether the step must not be trained yet, because a command has come while training waited"

    def before_step(self, arm: TrainedArm, batch: Batch) -> Iterator[Event]:
        """Choose whether to compile the step, and do it. Afterwards `holds` says whether a command comes first."""
        self.holds = False
        if self._chosen is not None and self._groups != arm.network.trained_groups:
            yield from self.drop(arm, "other layers are trained now")
        if self._chosen is None:
            choice = self._choice.decide(arm)
            if choice is None:
                return
            yield choice
            if not choice.worth:
                return
            self._chosen = choice
            self._start(arm, batch)
        elif self._chosen.waits:
            yield Loading(COMPILING)
        while self._chosen.waits and not self._is_over(LOOK_SECONDS):
            if self._steering.has_commands:
                self.holds = True
                return
        if self._is_over():
            yield from self._take_over(arm, batch)

    def add_step_time(self, arm: TrainedArm, seconds: float) -> None:
        """Record the time of a step, from which it is chosen whether to compile it."""
        self._choice.add_step_time(arm, seconds)

    def drop(self, arm: TrainedArm, reason: str) -> Iterator[Event]:
        """Give up a compilation that is under way. It is chosen again if the step is trained again."""
        if self._chosen is not None:
            self.close()
            self._chosen = None
            self._choice.forget(arm.arm)
            yield Compiled(arm.arm, arm.step, 0.0, f"it was dropped, because {reason}")

    def close(self) -> None:
        """End the compiler's process."""
        if self._process is not None:
            self._process.close()
            self._process = None

    def _start(self, arm: TrainedArm, batch: Batch) -> None:
        self._groups = arm.network.trained_groups
        # All processes must take the compiled step at the same time; and training must not run out of memory.
        if not self._single_process or not has_room_beside(self._device):
            return
        try:
            self._process = CompilerProcess(arm.network.trial_step(batch))
        except Exception:  # any kind, where a model cannot be pickled: then it is compiled here, without a process
            self._process = None

    def _take_over(self, arm: TrainedArm, batch: Batch) -> Iterator[Event]:
        """Compile the step here, mostly from what the process has left in torch's cache."""
        failure, seconds = (self._process.failure, self._process.seconds) if self._process is not None else ("", 0.0)
        if not failure:
            yield from self._steering.secure()  # the compiler waits for processes of its own, and hears of nothing then
            yield Loading(COMPILING)
            began = time.perf_counter()
            try:
                failure = arm.compile(batch, self._is_unwanted)
            except Interrupted:
                self.holds = True
                yield from self.drop(arm, "the run is to end")
                return
            finally:
                self._steering.release()
            seconds += time.perf_counter() - began
        self.close()
        self._chosen = None
        if not failure:
            self._times.took(self._step, seconds)
            self._choice.compiled(seconds)
        yield Compiled(arm.arm, arm.step, seconds, failure)

    def _is_over(self, seconds: float = 0.0) -> bool:
        """Whether the process has ended, or there is none; waits at most so long for it."""
        return self._process is None or self._process.wait(seconds)

    def _is_unwanted(self) -> bool:
        """Whether the run is to end at once. One of several processes must not break off what all of them do."""
        return self._single_process and self._steering.stop_requested()
