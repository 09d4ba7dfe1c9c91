"""Scores the test pictures, and takes commands between batches."""

import time
from collections.abc import Generator
from typing import NamedTuple

import torch

from engine.arms.arm import TrainedArm
from engine.data.batches import Waiting
from engine.loop.input_pipeline import InputPipeline
from engine.loop.readback import Readback
from engine.loop.watchdog import Watchdog
from engine.metrics import METRICS
from engine.metrics.confusion import confusion
from engine.metrics.predictions import Collector, Predictions
from engine.protocol import Confusion, Evaluating, Event
from engine.steering.steering import Steering


class Score(NamedTuple):
    """The result of an evaluation."""

    metrics: dict[str, float]
    "values by the names in `METRICS`, without those that say nothing about these predictions"
    temperature: float
    "fitted to the predictions"
    images: int
    seconds: float
    "duration without pauses"
    confusion: Confusion


class Evaluation:
    """Scores the current arm on the test pictures."""

    def __init__(self, pipeline: InputPipeline, steering: Steering, watchdog: Watchdog, device: torch.device) -> None:
        self._pipeline = pipeline
        self._steering = steering
        self._watchdog = watchdog
        self._processes = steering.arms.processes
        self._scores: Readback[list[int]] = Readback(device)

    def score(self, arm: TrainedArm) -> Generator[Event, None, Score | None]:
        """Score the test pictures. Returns `None` if a command made another arm or branch current meanwhile."""
        assert arm.batches is not None
        catalogue = self._pipeline.catalogue
        samples = catalogue.test
        began, idle, branch = time.perf_counter(), 0.0, arm.branch
        labels = [sample.label for sample in samples]
        collector, total = Collector([sample.path for sample in samples], labels, len(catalogue.classes)), len(samples)
        yield Evaluating(arm.arm, arm.step, 0, total)
        batches = arm.batches.testing(samples)
        while (batch := (yield from self._pipeline.next(batches))) is not None:
            if not isinstance(batch, Waiting):
                if len(batch.labels):
                    scored = yield from self._watchdog.within_memory(arm, batch, arm.score)
                    self._scores.put(batch.numbers, scored)
                self._collect(collector)
                yield from self._pipeline.report_batch(batch)
                yield Evaluating(arm.arm, arm.step, min(collector.seen * self._processes.size, total), total)
            waiting = time.perf_counter()
            yield from self._steering.commands()
            idle += time.perf_counter() - waiting
            if not self._steering.is_current(arm) or arm.branch != branch:
                list(self._scores.take(everything=True))
                return None
        self._collect(collector, everything=True)
        predictions = collector.gather(self._processes)
        return Score(
            metrics=_metrics(predictions),
            temperature=predictions.temperature,
            images=len(predictions.labels),
            confusion=confusion(predictions, arm.arm, arm.step),
            seconds=time.perf_counter() - began - idle,
        )

    def _collect(self, collector: Collector, everything: bool = False) -> None:
        for numbers, scored in self._scores.take(everything):
            collector.add(numbers, scored)


def _metrics(predictions: Predictions) -> dict[str, float]:
    """The values of all metrics that apply, by name."""
    values = {name: metric.compute(predictions) for name, metric in METRICS.items()}
    return {name: value for name, value in values.items() if value is not None}
