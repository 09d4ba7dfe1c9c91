"""Repairs two failures automatically: an arm that diverges, and a batch that does not fit into memory."""

from collections.abc import Callable, Generator, Iterator
from typing import TypeVar

import torch

from engine.arms.arm import TrainedArm
from engine.arms.features import FeatureBatch
from engine.config.sections import WatchdogConfig
from engine.data.batches import Batch
from engine.errors import EngineError
from engine.protocol import Diverged, Event
from engine.steering.steering import Steering

T = TypeVar("T")
B = TypeVar("B", Batch, FeatureBatch, Batch | FeatureBatch)

MAX_DIVERGED = 3  # how often an arm may diverge before it completes an epoch
MIN_MICRO_BATCH = 2  # pictures in a micro-batch; batch norm fails with a single one


class NotFinite(Exception):  # noqa: N818 - it interrupts training and does not end the run
    """The loss or the gradient of a step is not finite."""

    def __init__(self, step: int, what: str, value: float) -> None:
        super().__init__(f"the {what} of step {step} is {value}")
        self.step = step
        self.what = what
        self.value = value


class Watchdog:
    """Repairs the current arm, unless the configuration forbids it."""

    def __init__(self, config: WatchdogConfig, steering: Steering) -> None:
        self._config = config
        self._steering = steering
        self._checkpointer = steering.arms.checkpointer
        self._single_process = steering.arms.processes.size == 1

    def diverged(self, arm: TrainedArm, found: NotFinite) -> Iterator[Event]:
        """Rewind the arm to its last restore point and halve the rates.

        If it diverges again before it completes an epoch, rewind to an earlier point with a quarter of the rates, and
        so on: weights may be bad long before they are not finite.

        Raises:
            EngineError: the arm has diverged too often, or `watchdog.not_finite` is false.
        """
        if not self._config.not_finite or arm.diverged >= MAX_DIVERGED:
            raise _not_finite_error(arm, found)
        arm.diverged += 1
        arm.diverged_at = max(arm.diverged_at, found.step)
        yield Diverged(arm.arm, found.step - 1, found.what, found.value, arm.diverged)
        yield from self._checkpointer.results(wait=True)
        point = self._checkpointer.last_point(arm, arm.recovered)
        reason = f"the {found.what} of step {found.step} was not finite"
        yield from self._steering.recover(point, reason, 0.5**arm.diverged)

    def within_memory(self, arm: TrainedArm, batch: B, do: Callable[[B], T]) -> Generator[Event, None, T]:
        """The result of `do` for a batch. If memory runs out, try again with micro-batches of half the size.

        Raises:
            RuntimeError: torch's own, if the micro-batch cannot be smaller or `watchdog.out_of_memory` is false.
        """
        while True:
            try:
                return do(batch)
            except (RuntimeError, MemoryError) as error:
                pictures = min(arm.micro_batch or batch.global_size, batch.global_size) // 2
                # With several processes the others would wait for this one forever.
                hopeless = pictures < MIN_MICRO_BATCH or isinstance(batch, FeatureBatch) or not self._single_process
                if not is_out_of_memory(error) or hopeless or not self._config.out_of_memory:
                    raise
            # The error keeps the memory of the attempt alive. It is free only after the except block.
            arm.free_gradients()
            yield from self._steering.limit_micro_batch(pictures, f"{pictures * 2} pictures at once do not fit")


def _not_finite_error(arm: TrainedArm, found: NotFinite) -> EngineError:
    """The error that ends the run, with a remedy."""
    lower = " ".join(f"--set {key}={value / 10:.2g}" for key, value in arm.groups.rate_settings.items())
    remedy = f"lower the learning rates (for example {lower})" if lower else "lower the learning rates"
    if arm.network.precision == "float16":
        remedy += " or compute more exactly (--set train.precision=float32)"
    where = f"{arm.arm}, step {found.step}"
    return EngineError(
        f"{found.what.capitalize()} is not finite",
        f"{where}: the {found.what} is {found.value}; {remedy} and resume from the last checkpoint",
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out. torch's CPU allocator raises a plain RuntimeError for it."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)
