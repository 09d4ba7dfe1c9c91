"""Scores pictures, and takes commands between batches."""

import time
from collections.abc import Generator, Mapping
from functools import partial

import torch

from engine.arms.arm import TrainedArm
from engine.data.batches import Waiting
from engine.loop.input_pipeline import InputPipeline
from engine.loop.readback import Readback
from engine.loop.scores import Score
from engine.loop.watchdog import Watchdog
from engine.metrics import METRICS
from engine.metrics.confusion import confusion
from engine.metrics.predictions import Collector, Predictions
from engine.protocol import Evaluating, Event, Part
from engine.steering.steering import Steering


class Evaluation:
    """Scores the current arm on the pictures that choose, or on the test pictures."""

    def __init__(self, pipeline: InputPipeline, steering: Steering, watchdog: Watchdog, device: torch.device) -> None:
        self._pipeline = pipeline
        self._steering = steering
        self._watchdog = watchdog
        self._processes = steering.arms.processes
        self._scores: Readback[list[int]] = Readback(device)

    def score(
        self, arm: TrainedArm, part: Part | None = None, weights: Mapping[str, torch.Tensor] | None = None
    ) -> Generator[Event, None, Score | None]:
        """Score a part of the pictures: by default those that are scored after each epoch.

        With `weights`, a copy of the model with these weights is scored in place of the arm's model. Returns `None` if
        a command made another arm or branch current meanwhile.
        """
        catalogue = self._pipeline.catalogue
        part = catalogue.scored_part if part is None else part
        samples = catalogue.part(part)
        # Cached features are those of the arm's own backbone.
        own = part == catalogue.scored_part and weights is None and not arm.network.averages
        source = arm.batches if own and arm.batches is not None else self._pipeline.loader
        do = arm.score if weights is None else partial(arm.score, model=arm.network.copy_with(weights))
        began, idle, branch = time.perf_counter(), 0.0, arm.branch
        labels = [sample.label for sample in samples]
        collector, total = Collector([sample.path for sample in samples], labels, len(catalogue.classes)), len(samples)
        yield Evaluating(arm.arm, arm.step, 0, total, part)
        batches = source.testing(samples)
        while (batch := (yield from self._pipeline.next(batches))) is not None:
            if not isinstance(batch, Waiting):
                if len(batch.labels):
                    scored = yield from self._watchdog.within_memory(arm, batch, do)
                    self._scores.put(batch.numbers, scored)
                self._collect(collector)
                yield from self._pipeline.report_batch(batch)
                yield Evaluating(arm.arm, arm.step, min(collector.seen * self._processes.size, total), total, part)
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
            part=part,
        )

    def _collect(self, collector: Collector, everything: bool = False) -> None:
        for numbers, scored in self._scores.take(everything):
            collector.add(numbers, scored)


def _metrics(predictions: Predictions) -> dict[str, float]:
    """The values of all metrics that apply, by name."""
    values = {name: metric.compute(predictions) for name, metric in METRICS.items()}
    return {name: value for name, value in values.items() if value is not None}
