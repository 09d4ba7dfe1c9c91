"""What is mended without being asked: a run that diverges, and a batch that does not fit into memory."""

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

MAX_DIVERGED = 3  # that an arm may diverge without getting an epoch done
MIN_MICRO_BATCH = 2  # pictures of a micro-batch; batch norm fails of a single one


class NotFinite(Exception):  # noqa: N818 - it ends a stretch of training, not the run
    """The loss or the gradient of a step is not finite."""

    def __init__(self, step: int, what: str, value: float) -> None:
        super().__init__(f"the {what} of step {step} is {value}")
        self.step = step
        self.what = what
        self.value = value


class Watchdog:
    """Mends the arm in hand, unless it is told not to."""

    def __init__(self, config: WatchdogConfig, steering: Steering) -> None:
        self._config = config
        self._steering = steering
        self._checkpointer = steering.arms.checkpointer
        self._single_process = steering.arms.processes.size == 1

    def diverged(self, arm: TrainedArm, found: NotFinite) -> Iterator[Event]:
        """Take the arm back to its last restore point, with half the rates.

        If it diverges again before an epoch is done, to the point before that, with a quarter of its rates, and so on:
        weights may be spoilt long before they are not finite.

        Raises:
            EngineError: that did not help so far, or is not wanted.
        """
        if not self._config.not_finite or arm.diverged >= MAX_DIVERGED:
            raise _not_finite_error(arm, found)
        arm.diverged += 1
        yield Diverged(arm.arm, found.step - 1, found.what, found.value, arm.diverged)
        yield from self._checkpointer.results(wait=True)
        point = self._checkpointer.last_point(arm, arm.recovered)
        reason = f"the {found.what} of step {found.step} was not finite"
        yield from self._steering.recover(point, reason, 0.5**arm.diverged)

    def within_memory(self, arm: TrainedArm, batch: B, do: Callable[[B], T]) -> Generator[Event, None, T]:
        """What `do` makes of a batch; where memory runs out, with smaller and smaller micro-batches.

        Raises:
            RuntimeError: of torch, where that does not help or is not wanted.
        """
        while True:
            try:
                return do(batch)
            except (RuntimeError, MemoryError) as error:
                pictures = min(arm.micro_batch or batch.global_size, batch.global_size) // 2
                # The other processes would wait for this one for ever.
                helpless = pictures < MIN_MICRO_BATCH or isinstance(batch, FeatureBatch) or not self._single_process
                if not is_out_of_memory(error) or helpless or not self._config.out_of_memory:
                    raise
            # Only here, without the error, is the memory of the attempt free again.
            arm.free_gradients()
            yield from self._steering.limit_micro_batch(pictures, f"{pictures * 2} pictures at once do not fit")


def _not_finite_error(arm: TrainedArm, found: NotFinite) -> EngineError:
    """The error that ends the run, with a remedy."""
    remedy = "lower the learning rates (for example --set optim.groups.backbone.lr=1e-5)"
    if arm.network.precision == "float16":
        remedy += " or compute more exactly (--set train.precision=float32)"
    where = f"{arm.arm}, step {found.step}"
    return EngineError(
        f"{found.what.capitalize()} is not finite",
        f"{where}: the {found.what} is {found.value}; {remedy} and resume from the last checkpoint",
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out; torch's CPU allocator has no error of its own for it."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)
