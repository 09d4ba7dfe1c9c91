"""The events of steps, when the device has computed their figures: some steps after the host has begun them."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from engine.arms.arm import TrainedArm
from engine.arms.stopwatch import Stopwatch
from engine.loop.readback import Readback
from engine.loop.watchdog import NotFinite
from engine.protocol import TrainStep


@dataclass(frozen=True, slots=True)
class Step:
    """A step whose figures the host has not read yet."""

    number: int
    epoch: int
    images: int
    began: float
    "value of `time.perf_counter`, without the time for commands, saves and compiling"
    waited: float
    "seconds for which it waited for its batch"
    rates: dict[str, float]
    update: Stopwatch


class StepReports:
    """The steps that are under way, oldest first."""

    def __init__(self, device: torch.device) -> None:
        self._steps: Readback[Step] = Readback(device)
        self._read_at = 0.0
        self.last_seconds = 0.0
        "how long the last step took that was read, without waiting for its batch"

    def add(self, step: Step, figures: torch.Tensor) -> None:
        """A step has begun, and the device computes its figures: loss, correct pictures, norm, and ratios."""
        self._steps.put(step, figures)

    def drop(self) -> None:
        """Forget all that are under way."""
        list(self._steps.take(everything=True))

    def read(self, arm: TrainedArm, everything: bool = False) -> Iterator[TrainStep]:
        """The steps whose figures have arrived, which are counted in the arm. `everything` waits for all steps.

        Raises:
            NotFinite: the loss or the gradient of a step is not finite; the steps after it do not count.
        """
        for step, figures in self._steps.take(everything):
            loss, correct, norm, *ratios = figures.tolist()
            if not math.isfinite(loss):
                raise NotFinite(step.number, "loss", loss)
            if not math.isfinite(norm) and not arm.scales_gradients:
                raise NotFinite(step.number, "gradient", norm)
            # If the host is ahead of the device, a step begins when the step before it has ended.
            now = time.perf_counter()
            seconds = now - max(step.began, self._read_at)
            self._read_at = now
            waited = min(step.waited, seconds)
            waiting = waited / seconds
            self.last_seconds = seconds - waited
            arm.add_step(loss, int(correct), step.images, seconds, waited)
            yield TrainStep(
                arm=arm.arm,
                step=step.number,
                epoch=step.epoch,
                loss=loss,
                accuracy=correct / step.images,
                images_per_second=step.images / seconds,
                data_wait=waiting,
                learning_rates=step.rates,
                gradient_norm=norm,
                seconds=seconds,
                # The device may have finished the update before the host waited for it.
                optimizer=min(step.update.seconds / seconds, 1 - waiting),
                update_ratios=dict(zip(step.rates, ratios, strict=False)),  # of most steps there are none
            )
