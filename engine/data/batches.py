"""Batches of pictures, decoded ahead of their use in threads.

Threads, not processes: the decoder releases the interpreter lock, and processes forked from a process with
threads hang or are orphaned. What is in a batch depends on (seed, epoch, sample) alone, never on the threads.
"""

import os
import random
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import torch

from engine.data.folder import Sample
from engine.data.pictures import UNREADABLE, Preparation, check, decode, test_pixels, training_pixels
from engine.errors import DataError

AHEAD = 3  # batches decoded ahead
MOST_THREADS = 8


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A picture file that cannot be decoded, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures as uint8 (N, 3, size, size), labels as int64 (N), and the files that could not be read."""

    images: torch.Tensor
    labels: torch.Tensor
    unreadable: list[Unreadable]


class Loader:
    """Makes batches of samples. Close it, or use it in a `with`, to end its threads."""

    def __init__(self, preparation: Preparation, batch_size: int, seed: int, threads: int | None) -> None:
        self._preparation = preparation
        self._batch_size = batch_size
        self._seed = seed
        self._pool = ThreadPoolExecutor(threads or min(os.cpu_count() or 1, MOST_THREADS), thread_name_prefix="decode")

    def close(self) -> None:
        """End the threads; batches not taken yet are dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def steps_per_epoch(self, samples: int) -> int:
        """Number of training batches in an epoch of `samples` pictures."""
        whole, rest = divmod(samples, self._batch_size)
        # Batch norm cannot be estimated from a last batch of a single picture, so that one is left out.
        return whole + (rest > 1 or (rest == 1 and whole == 0))

    def training(self, samples: Sequence[Sample], epoch: int, start: int) -> Iterator[Batch]:
        """The shuffled, augmented batches of `epoch` from number `start` (counted from 0) on."""
        generator = torch.Generator().manual_seed(random.Random(f"{self._seed}/{epoch}").getrandbits(62))
        order = torch.randperm(len(samples), generator=generator).tolist()
        batches = self.steps_per_epoch(len(samples))
        groups = (order[i * self._batch_size : (i + 1) * self._batch_size] for i in range(start, batches))
        return self._batches(
            [(samples[index], random.Random(f"{self._seed}/{epoch}/{index}")) for index in group] for group in groups
        )

    def testing(self, samples: Sequence[Sample]) -> Iterator[Batch]:
        """All samples in order, prepared as test pictures."""
        size = self._batch_size
        return self._batches([(sample, None) for sample in samples[i : i + size]] for i in range(0, len(samples), size))

    def check(self, samples: Sequence[Sample]) -> Iterator[Unreadable | None]:
        """For each sample, in order: `None`, or why its file cannot be decoded."""
        reasons = self._pool.map(check, (sample.path for sample in samples))
        for sample, reason in zip(samples, reasons, strict=True):
            yield Unreadable(sample.path, reason) if reason else None

    def _batches(self, groups: Iterator[list[tuple[Sample, random.Random | None]]]) -> Iterator[Batch]:
        waiting: deque[list[Future[tuple[torch.Tensor, int] | Unreadable]]] = deque()
        try:
            while True:
                while len(waiting) < AHEAD and (group := next(groups, None)) is not None:
                    waiting.append([self._pool.submit(self._load, *item) for item in group])
                if not waiting:
                    return
                results = [future.result() for future in waiting.popleft()]
                pairs = [item for item in results if not isinstance(item, Unreadable)]
                bad = [item for item in results if isinstance(item, Unreadable)]
                if not pairs:
                    raise DataError(
                        "Pictures lost",
                        f"no file of a batch can be read any more: {bad[0].path} ({bad[0].reason})",
                    )
                images, labels = zip(*pairs, strict=True)
                yield Batch(torch.stack(images), torch.tensor(labels), bad)
        finally:
            for futures in waiting:
                for future in futures:
                    future.cancel()

    def _load(self, sample: Sample, rng: random.Random | None) -> tuple[torch.Tensor, int] | Unreadable:
        try:
            picture = decode(sample.path)
        except UNREADABLE as error:
            return Unreadable(sample.path, str(error) or type(error).__name__)
        if rng is None:
            return test_pixels(picture, self._preparation), sample.label
        return training_pixels(picture, self._preparation, rng), sample.label
