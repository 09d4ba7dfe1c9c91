"""The loop: train an epoch, test, save, taking commands between steps."""

import math
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import torch

from engine.arm import TrainedArm
from engine.comparison import Comparison
from engine.compiling import CompileChoice
from engine.config import RunConfig
from engine.data import check_share
from engine.data.batches import Batch, Loader, Unreadable
from engine.data.folder import Catalogue
from engine.features import Batches, FeatureBatch, FeatureBatches, Features
from engine.journal import Journal
from engine.protocol import (
    Arm,
    ArmFinished,
    Compiled,
    EpochDone,
    EvalDone,
    Evaluating,
    Event,
    ImageSkipped,
    PicturesPrepared,
    Preparing,
    TrainStep,
)
from engine.readback import Readback
from engine.steering import Steering

REPORT_SECONDS = 1.0  # between two reports of how many pictures are prepared


class Skipped:
    """The pictures that could not be decoded, each told once."""

    def __init__(self) -> None:
        self._all: dict[str, Unreadable] = {}

    def __call__(self, item: Unreadable) -> Iterator[ImageSkipped]:
        """Tell one, unless it has been."""
        if item.path not in self._all:
            self._all[item.path] = item
            yield ImageSkipped(item.path, item.reason, len(self._all))

    def __len__(self) -> int:
        return len(self._all)

    def check(self, pictures: int) -> None:
        """Raise `DataError` where there are too many of them."""
        if self._all:
            check_share(len(self._all), pictures, next(iter(self._all.values())))


@dataclass(frozen=True, slots=True)
class _Step:
    """A step whose figures are still with the device."""

    number: int
    epoch: int
    images: int
    began: float
    waited: float
    rates: dict[str, float]


class _Sums:
    """Figures of an evaluation, of the batches of this process."""

    def __init__(self) -> None:
        self.loss, self.correct, self.images = 0.0, 0.0, 0

    def add(self, scores: Iterator[tuple[int, list[float]]]) -> None:
        """Those of batches: their numbers of pictures, summed losses and correct predictions."""
        for images, (loss, correct) in scores:
            self.loss, self.correct, self.images = self.loss + loss, self.correct + correct, self.images + images

    def tensor(self) -> torch.Tensor:
        """In a form that can be added up over processes."""
        return torch.tensor([self.loss, self.correct, self.images], dtype=torch.float64)


class Training:
    """Trains and tests the arm in hand."""

    def __init__(
        self,
        *,
        loader: Loader,
        catalogue: Catalogue,
        comparison: Comparison,
        steering: Steering,
        journal: Journal,
        device: torch.device,
        config: RunConfig,
        skipped: Skipped,
    ) -> None:
        self._loader = loader
        self._catalogue = catalogue
        self._comparison = comparison
        self._steering = steering
        self._journal = journal
        self._skipped = skipped
        self._device = device
        self._seed = config.seed
        self._peers = comparison.peers
        # The processes would measure different times, and choose differently.
        alone = self._peers.size == 1
        self._compile = CompileChoice(config.train.compile if alone else config.train.compile is True)
        self._batches: dict[Arm, Batches] = {}
        self._steps: Readback[_Step] = Readback(device)
        self._scores: Readback[int] = Readback(device)
        self._read_at = 0.0
        self._prepared = 0
        self._told = 0.0

    def train(self, arm: TrainedArm) -> Iterator[Event]:
        """Train an arm until it is done, suspended or the run is stopped."""
        while self._in_hand(arm) and not arm.done:
            if arm.arm not in self._batches:
                yield from self._choose_batches(arm)
            elif arm.evaluation_due:
                yield from self._evaluate(arm)
            else:
                yield from self._train_epoch(arm)

    def _in_hand(self, arm: TrainedArm) -> bool:
        return arm is self._comparison.hand and not self._steering.stopped

    def _choose_batches(self, arm: TrainedArm) -> Iterator[Event]:
        """Take the pictures, or the features of a frozen backbone, of which each picture has but one."""
        features = None
        if arm.frozen and not self._loader.augments and self._peers.size == 1:
            features = yield from self._features(arm)
            if not self._in_hand(arm):
                return
        self._batches[arm.arm] = features or self._loader

    def _features(self, arm: TrainedArm) -> Generator[Event, None, FeatureBatches | None]:
        """The features of all pictures; `None` if they cannot be had or kept, or a command came between."""
        parts, done = [], 0
        for samples, training in ((self._catalogue.train, True), (self._catalogue.test, False)):
            part = Features(self._pictures, self._device)
            for batch in self._loader.testing(samples, training):
                yield from self._note(batch)
                yield from self._steering.commands()
                if not self._in_hand(arm):
                    return None
                if len(batch.labels):
                    found = arm.network.features(batch)
                    if found is None or not part.add(batch, found):
                        return None
                done += len(batch.labels) + len(batch.unreadable)
                yield Preparing("features", done, self._pictures)
            parts.append(part.close())
        return FeatureBatches(self._loader, self._seed, *parts)

    # --- training ---------------------------------------------------------------------------------------

    def _train_epoch(self, arm: TrainedArm) -> Iterator[Event]:
        batches = self._batches[arm.arm].training(self._catalogue.train, arm.epoch - 1, arm.position)
        while True:
            if self._steering.waited_for or self._comparison.autosave_due:
                yield from self._read(arm, everything=True)  # what was done comes before what is done now
            yield from self._steering.commands()
            if not self._in_hand(arm):
                return
            if self._comparison.autosave_due:
                self._comparison.save_all("autosave")
            yield from self._comparison.saving.results()
            began = time.perf_counter()
            batch = next(batches, None)
            if batch is None:
                break
            waited = time.perf_counter() - began
            yield from self._note(batch)
            epoch, images = arm.epoch, batch.whole
            if isinstance(batch, Batch) and images == self._loader.batch_size:
                yield from self._choose_compiled(arm, batch)
            began = time.perf_counter() - waited  # without what came between
            figures, rates = arm.update(batch)
            self._steps.put(_Step(arm.step, epoch, images, began, waited, rates), figures)
            yield from self._read(arm)
        yield from self._read(arm, everything=True)

    def _choose_compiled(self, arm: TrainedArm, batch: Batch) -> Iterator[Event]:
        """Compile the step if it is worth it; training waits, and whoever looks is told for what."""
        choice = self._compile.make(arm)
        if choice is None:
            return
        yield from self._read(arm, everything=True)
        yield choice
        if choice.worth:
            began = time.perf_counter()
            failure = arm.compile(batch)
            yield Compiled(arm.arm, arm.step, time.perf_counter() - began, failure)

    def _read(self, arm: TrainedArm, everything: bool = False) -> Iterator[TrainStep]:
        """The steps whose figures have arrived, or all that were done."""
        for step, (loss, correct) in self._steps.take(everything):
            if not math.isfinite(loss):
                raise arm.not_finite(step.number, loss)
            # Where the host is ahead of the device, a step begins when the one before it has ended.
            now = time.perf_counter()
            seconds = now - max(step.began, self._read_at)
            self._read_at = now
            waited = min(step.waited, seconds)
            self._compile.watch(arm, seconds - waited)
            arm.count(loss, int(correct), step.images, seconds, waited)
            yield TrainStep(
                arm=arm.arm,
                step=step.number,
                epoch=step.epoch,
                loss=loss,
                accuracy=correct / step.images,
                images_per_second=step.images / seconds,
                data_wait=waited / seconds,
                learning_rates=step.rates,
            )

    # --- testing ----------------------------------------------------------------------------------------

    def _evaluate(self, arm: TrainedArm) -> Iterator[Event]:
        """Score the test set, then save; left half done by a command, it is due again later."""
        began, idle = time.perf_counter(), 0.0
        sums, total = _Sums(), len(self._catalogue.test)
        yield Evaluating(arm.arm, arm.step, 0, total)
        for batch in self._batches[arm.arm].testing(self._catalogue.test):
            if len(batch.labels):
                self._scores.put(len(batch.labels), arm.score(batch))
            sums.add(self._scores.take())
            yield from self._note(batch)
            yield Evaluating(arm.arm, arm.step, min(sums.images * self._peers.size, total), total)
            waiting = time.perf_counter()
            yield from self._steering.commands()
            idle += time.perf_counter() - waiting
            if not self._in_hand(arm):
                list(self._scores.take(everything=True))
                return
        sums.add(self._scores.take(everything=True))
        loss, correct, images = self._peers.add_up(sums.tensor()).tolist()
        seconds = time.perf_counter() - began - idle
        yield from self._end_epoch(arm, loss / images, correct / images, int(images), seconds)

    def _end_epoch(self, arm: TrainedArm, loss: float, accuracy: float, images: int, seconds: float) -> Iterator[Event]:
        best_before = arm.best_accuracy
        best = best_before is None or accuracy > best_before
        row = arm.end_epoch(loss, accuracy, seconds)
        yield EvalDone(arm.arm, arm.step, row["epoch"], loss, accuracy, images, best)
        self._journal.metrics(self._comparison.history)
        yield EpochDone(arm=arm.arm, **row)
        yield from self.tell_prepared()
        self._comparison.save({"best": "best", "last": "epoch"} if best else {"last": "epoch"})
        if arm.done:
            yield from self._comparison.saving.results(wait=True)
            assert arm.best_accuracy is not None
            yield ArmFinished(arm.arm, arm.step, accuracy, arm.best_accuracy, arm.seconds)

    # --- pictures ---------------------------------------------------------------------------------------

    def tell_prepared(self) -> Iterator[PicturesPrepared]:
        """How many pictures are prepared, if it is more than was told last."""
        store = self._loader.decoded.store
        if store is not None and store.stored > self._prepared:
            self._prepared = store.stored
            yield PicturesPrepared(store.stored, self._pictures, store.bytes, store.full)

    def _note(self, batch: Batch | FeatureBatch) -> Iterator[Event]:
        """Pictures that turned out to be unreadable, and how far their preparation is."""
        unreadable = batch.unreadable if isinstance(batch, Batch) else []
        for item in unreadable:
            yield from self._skipped(item)
        if unreadable:
            self._skipped.check(self._pictures)
        store = self._loader.decoded.store
        if store is not None and not store.full and time.monotonic() - self._told >= REPORT_SECONDS:
            self._told = time.monotonic()
            if store.stored < self._pictures - len(self._skipped):
                yield Preparing("pictures", store.stored, self._pictures)

    @property
    def _pictures(self) -> int:
        return len(self._catalogue.train) + len(self._catalogue.test)
