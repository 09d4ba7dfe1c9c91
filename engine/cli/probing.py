"""Tries models on the same pictures: fits the head of each and scores it, without training anything else."""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from statistics import median

import torch

from engine.cli.headless import DONE, FAILED, run_headless
from engine.config import RunConfig
from engine.config.values import with_values
from engine.inference.trained import TrainedModel, load_trained
from engine.metrics.interval import wilson
from engine.protocol import (
    CheckpointSaved,
    Command,
    EvalDone,
    Evaluating,
    Event,
    HeadFitted,
    Loading,
    RunFailed,
    Stop,
)
from engine.recipes.choices import complete
from engine.service.host import drive

TOLD = (Loading, Evaluating)
"events that a person sees as progress"
BATCH, REPEATS = 32, 3
"pictures and repetitions for the speed"


@dataclass(frozen=True, slots=True)
class Probe:
    """What was found out about a model."""

    model: str
    weights: str
    "as in `model.weights`"
    accuracy: float | None
    "of the fitted head on the validation pictures, in 0..1; `None` if it could not be tried"
    low: float | None = None
    high: float | None = None
    "the 95 % interval of the accuracy"
    images: int = 0
    "number of validation pictures"
    seconds: float = 0.0
    "for all pictures; those of the first model also decoded them"
    images_per_second: float | None = None
    "the network alone, without decoding"
    memory_bytes: int | None = None
    "the most memory of the GPU that was in use at once; `None` on a processor"
    failure: str = ""
    "why it could not be tried"


def probe_all(configs: Sequence[RunConfig], seconds: float) -> tuple[list[Probe], int]:
    """Try each model within so many seconds in all; the results, and the exit status of the whole.

    A model for which there is no time left has that as its failure. After a signal the others are not tried.
    """
    end, probes, status = time.monotonic() + seconds, list[Probe](), DONE
    for config in configs:
        name = config.model.name
        if time.monotonic() >= end:
            probes.append(Probe(name, config.model.weights, None, failure="not tried: the time was over"))
            continue
        with tempfile.TemporaryDirectory(prefix="choose-") as folder:
            trial = _Trial(name, config, Path(folder), end)
            ended = run_headless(trial.run, json_lines=False)
        probes.append(trial.probe)
        if ended > 2:  # a signal
            status = ended
            break
    return probes, status if status else DONE if any(p.accuracy is not None for p in probes) else FAILED


class _Trial:
    """A run that ends when its head is scored."""

    def __init__(self, name: str, config: RunConfig, folder: Path, end: float) -> None:
        self.probe = Probe(name, config.model.weights, None, failure="stopped")
        self._config = with_values(complete(config), {"checkpoint.dir": str(folder), "train.compile": False})
        self._folder = folder
        self._end = end
        self._stopping = False

    def run(self, inbox: "SimpleQueue[Command]", emit: Callable[[Event], None]) -> None:
        """Train until the head is scored, or until the time is over."""

        def take(event: Event) -> None:
            if isinstance(event, TOLD):
                emit(event)
            if self._is_over(event) and not self._stopping:
                self._stopping = True
                inbox.put(Stop(save=False))

        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        drive(self._config, inbox, take)
        best = next(self._folder.glob("*/pretrained/best.pt"), None)
        if self.probe.accuracy is not None and best is not None:
            memory = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else None
            speed = images_per_second(load_trained(best, self._config.device))
            self.probe = replace(self.probe, images_per_second=speed, memory_bytes=memory)

    def _is_over(self, event: Event) -> bool:
        """Take note of an event. Whether the run has nothing more to say, or no time."""
        match event:
            case EvalDone():
                low, high = wilson(round(event.accuracy * event.images), event.images)
                self.probe = replace(
                    self.probe, accuracy=event.accuracy, low=low, high=high, images=event.images, failure=""
                )
            case HeadFitted():
                failure = f"{event.failure}: the head is random" if event.failure else ""
                accuracy = None if failure else self.probe.accuracy
                self.probe = replace(self.probe, accuracy=accuracy, seconds=event.seconds, failure=failure)
            case CheckpointSaved():
                return self.probe.seconds > 0
            case RunFailed():
                self.probe = replace(self.probe, accuracy=None, failure=event.message)
            case _ if time.monotonic() > self._end and self.probe.accuracy is None:
                self.probe = replace(self.probe, failure="not finished: the time was over")
                return True
        return False


def images_per_second(trained: TrainedModel) -> float:
    """Pictures that the network classifies in a second on its device, without decoding: the median of a few batches."""
    side = trained.preparation.image_size
    pixels = torch.zeros(BATCH, 3, side, side, dtype=torch.uint8)
    times = []
    for _ in range(REPEATS + 1):
        began = time.perf_counter()
        trained.logits(pixels)  # it waits for the device
        times.append(time.perf_counter() - began)
    return BATCH / median(times[1:])
