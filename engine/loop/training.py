"""The training loop: train an epoch, evaluate, save, and take commands between steps."""

import contextlib
import time
from collections.abc import Iterator

import torch

from engine.arms.arm import TrainedArm
from engine.config import RunConfig
from engine.config.deadline import Limit
from engine.data.batches import Batch, Waiting
from engine.loop.end_average import EndAverage
from engine.loop.evaluation import Evaluation
from engine.loop.feature_pass import FeaturePass
from engine.loop.final_test import FinalTest
from engine.loop.head_fitting import HeadFitting
from engine.loop.input_pipeline import InputPipeline
from engine.loop.rate_sweep import RateSweep
from engine.loop.scores import Score, report_score
from engine.loop.step_compiler import StepCompiler
from engine.loop.step_reports import Step, StepReports
from engine.loop.time_budget import TimeBudget
from engine.loop.watchdog import NotFinite, Watchdog
from engine.protocol import ArmFinished, EpochDone, EpochsChanged, Event, Stop, Suspects, TrainStep
from engine.recipes.table import recipe_of
from engine.steering.steering import Steering

SLOW_SECONDS = 2.0
"a step that takes longer is worth a copy of the arm before it"


class Training:
    """Trains and evaluates the current arm."""

    def __init__(
        self,
        pipeline: InputPipeline,
        steering: Steering,
        device: torch.device,
        config: RunConfig,
        *,
        began: float,
        limit: Limit | None = None,
    ) -> None:
        """`began` is the time, of `time.perf_counter`, at which the run began; `limit` is that of its job."""
        self._pipeline = pipeline
        self._steering = steering
        self._device = device
        self._caches_features = recipe_of(config).train_transform.is_empty
        self._arms = steering.arms
        self._checkpointer = steering.arms.checkpointer
        self._watchdog = Watchdog(config.watchdog, steering)
        self._evaluation = Evaluation(pipeline, steering, self._watchdog, device)
        self._single_process = self._arms.processes.size == 1
        self._compiler = StepCompiler(config, steering, device)
        self._end_average = EndAverage(config.train, self._checkpointer, self._evaluation)
        self._final_test = FinalTest(pipeline, self._checkpointer, self._evaluation)
        self._passes = FeaturePass(pipeline, steering, device, config.seed)
        self._head_fitting = HeadFitting(pipeline, steering, self._evaluation, self._passes, config.seed)
        self._budget = TimeBudget(config.train, pipeline, steering, began, limit)
        self._rate_sweep = RateSweep(pipeline, steering)
        self._steps = StepReports(device)

    def train(self, arm: TrainedArm) -> Iterator[Event]:
        """Train an arm until it is done, another arm becomes current, or the run stops."""
        try:
            for event in self._train(arm):
                self._budget.observe(event)
                yield event
            yield from self._compiler.drop(arm, "the arm is not trained any more")
        finally:
            self._compiler.close()

    def _train(self, arm: TrainedArm) -> Iterator[Event]:
        if arm.done and not self._end_due(arm):
            return
        while self._steering.is_current(arm) and not arm.done:
            if arm.head_due:
                yield from self._head_fitting.fit(arm)
            elif arm.batches is None:
                yield from self._choose_batches(arm)
            elif self._steering.sweep_asked:
                yield from self._rate_sweep.sweep(arm)
            elif arm.evaluation_due or arm.evaluation_asked:
                yield from self._evaluate(arm)
            elif arm.test_asked:
                yield from self._final_test.score(arm)
            else:
                try:
                    yield from self._train_epoch(arm)
                except NotFinite as found:
                    self._steps.drop()  # the steps after it are useless
                    yield from self._watchdog.diverged(arm, found)
        if arm.done and arm is self._arms.current:
            yield from self._end(arm)
        if arm.done and arm is self._arms.current:
            yield from self._checkpointer.settle()
            assert arm.evaluated is not None
            part, best = self._pipeline.catalogue.scored_part, self._checkpointer.best_accuracy(arm)
            yield ArmFinished(arm.arm, arm.step, arm.evaluated[1], best, arm.seconds, part, arm.tested)
        yield from self._stop_after_epoch(arm.done)

    def _end_due(self, arm: TrainedArm) -> bool:
        return self._end_average.is_due(arm) or self._final_test.is_due(arm)

    def _end(self, arm: TrainedArm) -> Iterator[Event]:
        """Choose the best weights after the last epoch, and test them."""
        for step in (self._end_average, self._final_test):
            yield from self._checkpointer.settle()
            if step.is_due(arm) and self._steering.is_current(arm):
                yield from step.score(arm)

    def _choose_batches(self, arm: TrainedArm) -> Iterator[Event]:
        """Choose the pictures, or the cached features of a frozen backbone if there is no augmentation."""
        features, version = None, arm.batches_version
        if arm.frozen and self._caches_features and self._single_process:
            features = yield from self._passes.tables(arm)
        if self._steering.is_current(arm) and arm.batches_version == version:
            arm.batches = features or self._pipeline.loader

    # --- training ---------------------------------------------------------------------------------------

    def _train_epoch(self, arm: TrainedArm) -> Iterator[Event]:
        """Train until the epoch ends, or until a command or an evaluation interrupts it."""
        assert arm.batches is not None
        batches = arm.batches.training(arm.pictures, arm.epoch - 1, arm.position)
        version, waited = arm.batches_version, 0.0
        while True:
            if self._steering.has_commands or self._checkpointer.autosave_due:
                yield from self._read(arm, everything=True)  # report earlier steps before the command or the save
            yield from self._steering.commands()
            if self._budget.before_step(arm) and self._steering.is_current(arm):
                yield from self._read(arm, everything=True)
                yield from self._budget.plan(arm)
            if arm.step >= arm.total_steps:
                break
            interrupted = arm.asked or self._steering.sweep_asked
            if not self._steering.is_current(arm) or arm.batches_version != version or interrupted:
                yield from self._read(arm, everything=True)
                return
            if self._checkpointer.autosave_due:
                self._checkpointer.save(self._arms.current, {"last": "autosave"})
            yield from self._checkpointer.results()
            began = time.perf_counter()
            batch = yield from self._pipeline.next(batches)
            waited += time.perf_counter() - began
            if batch is None:
                break
            if isinstance(batch, Waiting):
                continue
            yield from self._pipeline.report_batch(batch)
            epoch, images = arm.epoch, batch.global_size
            if isinstance(batch, Batch) and images == self._pipeline.loader.batch_size:
                yield from self._compile(arm, batch)
                if self._compiler.holds:
                    return
            began = time.perf_counter() - waited  # without the time for commands, saves and compiling
            with self._kept(arm):
                figures, rates, update = yield from self._watchdog.within_memory(arm, batch, arm.update)
            self._steps.add(Step(arm.step, epoch, images, began, waited, rates, update), figures)
            waited = 0.0
            yield from self._read(arm)
        yield from self._read(arm, everything=True)

    def _kept(self, arm: TrainedArm) -> contextlib.AbstractContextManager[None]:
        """Within it, a step that is so long that nobody can wait for its end does not keep the arm from being saved."""
        slow = self._single_process and self._steps.last_seconds > SLOW_SECONDS
        return self._checkpointer.keeping(arm) if slow else contextlib.nullcontext()

    def _compile(self, arm: TrainedArm, batch: Batch) -> Iterator[Event]:
        """Compile the step if that is worth it. What is known of the steps before is reported first."""
        for event in self._compiler.before_step(arm, batch):
            yield from self._read(arm, everything=True)
            yield event

    def _read(self, arm: TrainedArm, everything: bool = False) -> Iterator[TrainStep]:
        """Report the steps whose figures have arrived, as `StepReports.read` does."""
        for step in self._steps.read(arm, everything):
            self._compiler.add_step_time(arm, self._steps.last_seconds)
            yield step

    # --- testing ----------------------------------------------------------------------------------------

    def _evaluate(self, arm: TrainedArm) -> Iterator[Event]:
        """Score the test pictures and save. If a command interrupts this, the evaluation is done again later."""
        score = yield from self._evaluation.score(arm)
        if score is None:
            return
        if arm.evaluation_due:
            yield from self._end_epoch(arm, score)
            return
        best = arm.record_evaluation(score.metrics, score.temperature)
        arm.seconds += score.seconds
        yield from report_score(arm, arm.epoch, score, best)
        if best:
            self._checkpointer.save(arm, {"best": "best"})

    def _end_epoch(self, arm: TrainedArm, score: Score) -> Iterator[Event]:
        best = arm.record_evaluation(score.metrics, score.temperature)
        row = arm.end_epoch(score.metrics, score.seconds, arm.groups.rates, score.part)
        yield from report_score(arm, row["epoch"], score, best)
        yield EpochDone(arm=arm.arm, **row)
        if (suspects := arm.suspects()) is not None:
            yield Suspects(arm.arm, arm.step, tuple(suspects[0]), suspects[1])
        yield from self._pipeline.report_prepared()
        if arm.out_of_patience and not arm.done:
            reason = f"{arm.stale} epochs in a row were not better than the best one"
            arm.set_epochs(row["epoch"])
            yield EpochsChanged(arm.arm, arm.step, arm.epochs, arm.change, reason)
        self._checkpointer.save(arm, {"best": "best", "last": "epoch"} if best else {"last": "epoch"})
        if not arm.done:
            yield from self._stop_after_epoch(True)

    def _stop_after_epoch(self, done: bool) -> Iterator[Event]:
        """Stop if the epoch is `done` and the user wants to stop at its end."""
        if done and self._steering.stops_after_epoch and not self._steering.stopped:
            self._steering.stops_after_epoch = False
            yield from self._steering.stop(Stop())
