"""Scoring the test set, with commands taken between its batches."""

import time
from collections.abc import Generator, Iterator
from typing import NamedTuple

import torch

from engine.arm import TrainedArm
from engine.data.batches import Waiting
from engine.protocol import Evaluating, Event
from engine.readback import Readback
from engine.steering import Steering
from engine.supply import Supply
from engine.watchdog import Watchdog


class Score(NamedTuple):
    """Figures of a test set."""

    loss: float
    accuracy: float
    images: int
    seconds: float
    "that it took, without pauses"


class _Sums:
    """Figures of the batches of this process."""

    def __init__(self) -> None:
        self.loss, self.correct, self.images = 0.0, 0.0, 0

    def add(self, scores: Iterator[tuple[int, list[float]]]) -> None:
        """Those of batches: their numbers of pictures, summed losses and correct predictions."""
        for images, (loss, correct) in scores:
            self.loss, self.correct, self.images = self.loss + loss, self.correct + correct, self.images + images

    def tensor(self) -> torch.Tensor:
        """In a form that can be added up over processes."""
        return torch.tensor([self.loss, self.correct, self.images], dtype=torch.float64)


class Evaluation:
    """Scores the arm in hand."""

    def __init__(self, supply: Supply, steering: Steering, watchdog: Watchdog, device: torch.device) -> None:
        self._supply = supply
        self._steering = steering
        self._watchdog = watchdog
        self._peers = steering.comparison.peers
        self._scores: Readback[int] = Readback(device)

    def score(self, arm: TrainedArm) -> Generator[Event, None, Score | None]:
        """Score the test set; `None` where a command took the arm elsewhere before it was done."""
        assert arm.batches is not None
        samples = self._supply.catalogue.test
        began, idle, branch = time.perf_counter(), 0.0, arm.branch
        sums, total = _Sums(), len(samples)
        yield Evaluating(arm.arm, arm.step, 0, total)
        batches = arm.batches.testing(samples)
        while (batch := (yield from self._supply.next(batches))) is not None:
            if not isinstance(batch, Waiting):
                if len(batch.labels):
                    scored = yield from self._watchdog.within_memory(arm, batch, arm.score)
                    self._scores.put(len(batch.labels), scored)
                sums.add(self._scores.take())
                yield from self._supply.note(batch)
                yield Evaluating(arm.arm, arm.step, min(sums.images * self._peers.size, total), total)
            waiting = time.perf_counter()
            yield from self._steering.commands()
            idle += time.perf_counter() - waiting
            if not self._steering.in_hand(arm) or arm.branch != branch:
                list(self._scores.take(everything=True))
                return None
        sums.add(self._scores.take(everything=True))
        loss, correct, images = self._peers.add_up(sums.tensor()).tolist()
        return Score(loss / images, correct / images, int(images), time.perf_counter() - began - idle)
