"""Scoring the test set, with commands taken between its batches."""

import time
from collections.abc import Generator, Iterator
from typing import NamedTuple

import torch

from engine.arms.arm import TrainedArm
from engine.data.batches import Waiting
from engine.loop.input_pipeline import InputPipeline
from engine.loop.readback import Readback
from engine.loop.watchdog import Watchdog
from engine.metrics.confusion import Answers
from engine.protocol import Confusion, Evaluating, Event
from engine.steering.steering import Steering


class Score(NamedTuple):
    """Figures of a test set."""

    loss: float
    accuracy: float
    images: int
    seconds: float
    "that it took, without pauses"
    confusion: Confusion


class _Sums:
    """Figures of the batches of this process."""

    def __init__(self, answers: Answers) -> None:
        self.loss, self.correct, self.images, self.answers = 0.0, 0.0, 0, answers

    def add(self, scores: Iterator[tuple[list[int], torch.Tensor]]) -> None:
        """Those of batches: the numbers of their samples, and what the arm's `score` makes of them."""
        for numbers, scored in scores:
            loss, correct = scored[0].tolist()
            self.loss, self.correct = self.loss + loss, self.correct + correct
            self.images += len(numbers)
            self.answers.add(numbers, scored[1:])

    def tensor(self) -> torch.Tensor:
        """In a form that can be added up over processes."""
        return torch.tensor([self.loss, self.correct, self.images], dtype=torch.float64)


class Evaluation:
    """Scores the arm in hand."""

    def __init__(self, pipeline: InputPipeline, steering: Steering, watchdog: Watchdog, device: torch.device) -> None:
        self._pipeline = pipeline
        self._steering = steering
        self._watchdog = watchdog
        self._processes = steering.arms.processes
        self._scores: Readback[list[int]] = Readback(device)

    def score(self, arm: TrainedArm) -> Generator[Event, None, Score | None]:
        """Score the test set; `None` where a command took the arm elsewhere before it was done."""
        assert arm.batches is not None
        catalogue = self._pipeline.catalogue
        samples = catalogue.test
        began, idle, branch = time.perf_counter(), 0.0, arm.branch
        sums, total = _Sums(Answers(samples, len(catalogue.classes))), len(samples)
        yield Evaluating(arm.arm, arm.step, 0, total)
        batches = arm.batches.testing(samples)
        while (batch := (yield from self._pipeline.next(batches))) is not None:
            if not isinstance(batch, Waiting):
                if len(batch.labels):
                    scored = yield from self._watchdog.within_memory(arm, batch, arm.score)
                    self._scores.put(batch.numbers, scored)
                sums.add(self._scores.take())
                yield from self._pipeline.note(batch)
                yield Evaluating(arm.arm, arm.step, min(sums.images * self._processes.size, total), total)
            waiting = time.perf_counter()
            yield from self._steering.commands()
            idle += time.perf_counter() - waiting
            if not self._steering.is_current(arm) or arm.branch != branch:
                list(self._scores.take(everything=True))
                return None
        sums.add(self._scores.take(everything=True))
        loss, correct, images = self._processes.all_reduce(sums.tensor()).tolist()
        confusion = sums.answers.compare(arm.arm, arm.step, self._processes)
        seconds = time.perf_counter() - began - idle
        return Score(loss / images, correct / images, int(images), seconds, confusion)
