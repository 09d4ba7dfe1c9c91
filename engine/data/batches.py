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
from itertools import chain

import torch

from engine.data.decoded import Decoded
from engine.data.folder import Sample, printable
from engine.data.pictures import (
    Preparation,
    UnreadablePictureError,
    training_pixels,
)
from engine.errors import DataError

BOUND = 4 / 3  # short side of a bounded picture in crops: the average one, 54 % of the area, is hardly enlarged then
AHEAD = 3  # batches decoded ahead
CHECKS_AHEAD = 256  # pictures checked ahead
ANSWER_SECONDS = 0.1  # a slow picture or disk holds back an answer no longer than this
MOST_THREADS = 8


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A picture file that cannot be decoded, and why: text for people, whatever bytes the name is made of."""

    path: str
    reason: str

    @classmethod
    def of(cls, sample: Sample, reason: str) -> "Unreadable":
        """`reason` for the file of a sample."""
        return cls(printable(sample.path), reason)


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures as uint8 (N, 3, size, size), labels as int64 (N), and the files that could not be read."""

    images: torch.Tensor
    labels: torch.Tensor
    unreadable: list[Unreadable]


class Loader:
    """Makes batches of samples. Close it to end its threads."""

    def __init__(
        self, preparation: Preparation, batch_size: int, seed: int, threads: int | None, bounded: bool = False
    ) -> None:
        """`bounded` reduces training pictures that are much larger than the crops made of them."""
        self.decoded = Decoded(preparation, round(preparation.image_size * BOUND) if bounded else None)
        self._preparation = preparation
        self._batch_size = batch_size
        self._seed = seed
        self._pool = ThreadPoolExecutor(threads or min(os.cpu_count() or 1, MOST_THREADS), thread_name_prefix="decode")

    def close(self) -> None:
        """End the threads; batches not taken yet are dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self.decoded.close()

    def steps_per_epoch(self, samples: int) -> int:
        """Number of training batches in an epoch of `samples` pictures."""
        whole, rest = divmod(samples, self._batch_size)
        # Batch norm cannot be estimated from a last batch of a single picture, so that one is left out.
        return whole + (rest > 1 or (rest == 1 and whole == 0))

    def training(self, samples: Sequence[Sample], epoch: int, start: int) -> Iterator[Batch]:
        """The shuffled, augmented batches of `epoch` from number `start` (counted from 0) on.

        Raises:
            DataError: not one file of a batch can be read any more.
        """
        generator = torch.Generator().manual_seed(random.Random(f"{self._seed}/{epoch}").getrandbits(62))
        order = torch.randperm(len(samples), generator=generator).tolist()
        batches = self.steps_per_epoch(len(samples))
        groups = (order[i * self._batch_size : (i + 1) * self._batch_size] for i in range(start, batches))
        for batch in self._batches(
            [(samples[index], random.Random(f"{self._seed}/{epoch}/{index}")) for index in group] for group in groups
        ):
            if not len(batch.labels):
                raise _lost(batch.unreadable)
            yield batch

    def testing(self, samples: Sequence[Sample]) -> Iterator[Batch]:
        """All samples in order, prepared as test pictures; a batch whose files are all lost has no pictures.

        Raises:
            DataError: not one file can be read any more.
        """
        size, readable = self._batch_size, 0
        groups = (samples[i : i + size] for i in range(0, len(samples), size))
        for batch in self._batches([(sample, None) for sample in group] for group in groups):
            yield batch
            readable += len(batch.labels)
        if not readable:
            raise _lost(batch.unreadable)

    def check(self, train: Sequence[Sample], test: Sequence[Sample] = ()) -> Iterator[tuple[int, Unreadable | None]]:
        """Decode each file once, in order: the number done so far, and the last one of them if it is unreadable.

        Yields after each file, and every 0.1 s while a file takes longer.
        """
        todo = chain(((sample, False) for sample in train), ((sample, True) for sample in test))
        waiting: deque[tuple[Sample, Future[str]]] = deque()
        done = 0
        try:
            while True:
                while len(waiting) < CHECKS_AHEAD and (item := next(todo, None)) is not None:
                    sample, testing = item
                    waiting.append((sample, self._pool.submit(self.decoded.check, sample.path, testing)))
                if not waiting:
                    return
                sample, future = waiting[0]
                try:
                    reason = future.result(ANSWER_SECONDS)
                except TimeoutError:
                    yield done, None
                    continue
                waiting.popleft()
                done += 1
                yield done, Unreadable.of(sample, reason) if reason else None
        finally:
            for _, future in waiting:
                future.cancel()

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
                size = self._preparation.image_size
                yield Batch(
                    torch.stack([pixels for pixels, _ in pairs])
                    if pairs
                    else torch.empty(0, 3, size, size, dtype=torch.uint8),
                    torch.tensor([label for _, label in pairs], dtype=torch.int64),
                    [item for item in results if isinstance(item, Unreadable)],
                )
        finally:
            for futures in waiting:
                for future in futures:
                    future.cancel()

    def _load(self, sample: Sample, rng: random.Random | None) -> tuple[torch.Tensor, int] | Unreadable:
        try:
            if rng is None:
                return self.decoded.test(sample.path), sample.label
            return training_pixels(self.decoded.training(sample.path), self._preparation, rng), sample.label
        except UnreadablePictureError as error:
            return Unreadable.of(sample, str(error))


def _lost(files: list[Unreadable]) -> DataError:
    return DataError(
        "Pictures lost",
        f"not one of {len(files)} files can be read any more, such as {files[0].path} ({files[0].reason}); "
        f"bring the folder back, then go on with --resume",
    )
