"""The learning-rate finder: trains a few steps at growing rates in a pause, and restores the arm afterwards."""

import math
import time
from collections.abc import Generator, Iterator

from engine.arms.arm import TrainedArm
from engine.arms.features import FeatureBatch
from engine.arms.optimizer import largest_group
from engine.data.batches import Batch, Waiting
from engine.loop.input_pipeline import InputPipeline
from engine.loop.rate_curve import STEPS, RateCurve, sweep_rates
from engine.loop.watchdog import is_out_of_memory
from engine.protocol import Event, RatesSwept, SweepingRates
from engine.steering.steering import Steering
from engine.storage.writer import copy_to_host

KEPT = ("init", "unsaved", "batches")
"attributes of an arm that `TrainedArm.load` changes though they are not part of its state"


class RateSweep:
    """Makes sweeps over learning rates with the current arm. Nothing of them counts as training."""

    def __init__(self, pipeline: InputPipeline, steering: Steering) -> None:
        self._pipeline = pipeline
        self._steering = steering

    def sweep(self, arm: TrainedArm) -> Iterator[Event]:
        """Train on training batches at exponentially growing rates, then restore the arm bit for bit.

        All groups keep the ratios of their base rates. Any command ends the sweep, and is taken after the restore.
        """
        self._steering.sweep_asked = False
        step, group, curve = arm.step, largest_group(arm.optimizer), RateCurve()
        before = copy_to_host(arm.state() | {"history": {arm.arm: arm.history}})
        kept = {name: getattr(arm, name) for name in KEPT}
        began = time.perf_counter()
        try:
            ended = yield from self._train(arm, curve)
        finally:
            arm.free_gradients()
            arm.load(before)
            vars(arm).update(kept)
            self._steering.waited += time.perf_counter() - began  # it is part of the pause
        suggestion, reason = (None, ended) if ended else curve.suggestion()
        yield RatesSwept(arm.arm, step, group.name, tuple(curve.rates), tuple(curve.losses), suggestion, reason)

    def _train(self, arm: TrainedArm, curve: RateCurve) -> Generator[Event, None, str]:
        """Train until the rates end or training diverges. Returns why nothing can be suggested; empty if it can."""
        rates, step, group = sweep_rates(STEPS), arm.step, largest_group(arm.optimizer)
        batches = self._batches(arm)
        while len(curve.rates) < len(rates):
            if self._steering.has_commands:
                return f"a command ended the sweep after {len(curve.rates)} of {len(rates)} steps"
            batch = yield from self._pipeline.next(batches)
            if batch is None:
                batches = self._batches(arm)
            if batch is None or isinstance(batch, Waiting):
                continue
            yield from self._pipeline.report_batch(batch)
            rate = rates[len(curve.rates)]
            try:
                figures, _, _ = arm.update(batch, rate / group.base_lr)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                return "a batch does not fit into memory; set train.micro_batch"
            loss, _, norm, *_ = figures.tolist()
            if not math.isfinite(loss) or not (math.isfinite(norm) or arm.scales_gradients):
                break  # the weights do not change any more
            if curve.add(rate, loss):
                break
            yield SweepingRates(arm.arm, step, len(curve.rates), len(rates), group.name, rate, curve.losses[-1])
        return ""

    def _batches(self, arm: TrainedArm) -> Iterator[Batch | FeatureBatch | Waiting]:
        """The training batches of the arm's epoch that are still to come."""
        assert arm.batches is not None
        return arm.batches.training(arm.pictures, arm.epoch - 1, arm.position)
