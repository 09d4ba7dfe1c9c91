"""Makes batches of pictures. Threads decode the pictures ahead of their use.

It uses threads, not processes: the decoder releases the interpreter lock, and processes that are forked from a process
with threads may hang. The content of a batch depends only on (seed, epoch, sample), never on the threads.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from engine.config.sections import DataConfig
from engine.data.augment import PictureAugmentation
from engine.data.batches import Batch, Unreadable, Waiting
from engine.data.decoded import Decoded
from engine.data.filling import Filler, Item, pictures_lost
from engine.data.order import epoch_order
from engine.data.pictures import Pixels, Preparation
from engine.data.samples import Sample
from engine.data.threads import Threads
from engine.hardware.processors import usable_processors
from engine.protocol.printable import unicode_text

SHORT_SIDE_FACTOR = 2  # short side of a stored picture / side of the crop; 4/3 gave a lower accuracy
BATCHES_AHEAD = 3  # batches that are decoded ahead of their use
CHECKS_AHEAD = 256  # pictures that are checked ahead
ANSWER_SECONDS = 0.1  # maximal time without an answer while a picture or a disk is slow
MAX_THREADS = 8
CLOSE_SECONDS = 3.0  # `close` waits so long for threads; a thread that needs longer may never end


class _Group(NamedTuple):
    """The samples of a batch that this process decodes; `numbers` are their indices or, in training, draws."""

    numbers: list[int]
    global_size: int
    weight: float


class Loader:
    """Makes batches of samples. Call `close` to end its threads."""

    def __init__(
        self,
        preparation: Preparation,
        data: DataConfig,
        augmentations: Sequence[PictureAugmentation],
        seed: int,
        *,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        """`augmentations` are applied to each training picture in this order; without any, training pictures are
        prepared like test pictures. `rank` is this process's number among `world_size`, which divide each batch."""
        side = data.short_side or preparation.image_size * SHORT_SIDE_FACTOR
        self.decoded = Decoded(preparation, side if data.prepare else None, augment=bool(augmentations))
        self._filler = Filler(self.decoded, preparation, augmentations, seed)
        self._preparation, self.batch_size = preparation, data.batch_size
        self._balance, self._seed = data.balance, seed
        self._rank, self._world_size = rank, world_size
        self._threads = data.threads or min(usable_processors(), MAX_THREADS)
        self._pool = Threads(self._threads, "decode")

    @property
    def threads_missing(self) -> int:
        """How many threads the system did not allow."""
        return self._pool.missing

    def close(self) -> None:
        """End the threads and drop batches that nobody has taken. A thread that waits for its file is abandoned."""
        if self._pool.close(CLOSE_SECONDS):
            self.decoded.close()  # otherwise a thread may still use the store

    def steps_per_epoch(self, samples: int) -> int:
        """Number of training batches in an epoch of `samples` pictures."""
        whole, rest = divmod(samples, self.batch_size)
        # Batch norm fails with a single picture, so a last batch of one picture is omitted.
        return whole + (rest > 1 or (rest == 1 and whole == 0))

    def training(self, samples: Sequence[Sample], epoch: int, start: int) -> Iterator[Batch | Waiting]:
        """The shuffled, augmented batches of `epoch`, from batch `start` (counted from 0).

        While a batch is not ready, a `Waiting` comes every 0.1 s. A random other picture replaces one that cannot be
        decoded, so that a batch keeps its size.

        Raises:
            DataError: no readable picture was found to replace an unreadable one.
        """
        groups = (self._own_part(group) for group in self.groups(samples, epoch, start))
        yield from self._batches(groups, lambda draw, pixels: self._filler.training(samples, epoch, draw, pixels))

    def groups(self, samples: Sequence[Sample], epoch: int, start: int) -> Iterator[list[int]]:
        """The draws (see `epoch_order`) of the batches of `epoch`, from batch `start`; they follow `data.balance`."""
        order = epoch_order([sample.label for sample in samples], self._balance, self._seed, epoch)
        size = self.batch_size
        return (order[i * size : (i + 1) * size] for i in range(start, self.steps_per_epoch(len(samples))))

    def testing(self, samples: Sequence[Sample], training: bool = False) -> Iterator[Batch | Waiting]:
        """All samples in order, prepared like test pictures. Unreadable pictures are left out of their batch.

        While a batch is not ready, a `Waiting` comes every 0.1 s. Each process gets the same number of batches; the
        last batch of some may be empty. `training` says that the samples are training pictures.

        Raises:
            DataError: no file can be read any more.
        """
        size, readable, lost = self.batch_size, 0, list[Unreadable]()
        rounds = -(-len(samples) // (size * self._world_size))
        starts = ((number * self._world_size + self._rank) * size for number in range(rounds))
        groups = (_Group(list(range(i, min(i + size, len(samples)))), size, 1.0) for i in starts)
        for batch in self._batches(
            groups, lambda index, pixels: self._filler.whole(samples, index, pixels, not training)
        ):
            yield batch
            if isinstance(batch, Waiting):
                continue
            readable += len(batch.labels)
            lost = batch.unreadable or lost
        if lost and not readable:
            raise pictures_lost(lost)

    def check(self, samples: Sequence[tuple[Sample, bool]]) -> Iterator[tuple[int, Unreadable | None]]:
        """Decode files once, in order. Yields the number of files so far, and the last file if it is unreadable.

        Each sample comes with whether it is a test picture. Yields after each file, and every 0.1 s during a slow
        file.
        """
        todo = iter(samples)
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

    def _own_part(self, batch: list[int]) -> _Group:
        """This process's part of a batch."""
        mine = batch[self._rank :: self._world_size]
        # All processes make each step together. One without pictures takes one with the weight 0.
        return _Group(mine or batch[:1], len(batch), len(mine) / len(batch))

    def _batches(self, groups: Iterator[_Group], make: Callable[[int, Pixels], Item]) -> Iterator[Batch | Waiting]:
        """A batch for each group of samples. `make` writes the pixels of one sample, in a thread of the pool."""
        waiting: deque[tuple[torch.Tensor, _Group, list[Future[list[Item]]]]] = deque()
        side = self._preparation.image_size

        # numpy arrays, because torch would start threads of its own for each thread of the pool.
        def fill(images: npt.NDArray[np.uint8], group: list[int]) -> list[Item]:
            return [make(index, pixels) for index, pixels in zip(group, images, strict=True)]

        try:
            while True:
                while len(waiting) < BATCHES_AHEAD and (group := next(groups, None)) is not None:
                    count = len(group.numbers)
                    images = torch.empty(count, side, side, 3, dtype=torch.uint8)
                    # One task per thread, not per picture: fewer tasks slow the training step less.
                    most = max(-(-count // self._threads), 1)
                    parts = (slice(i, i + most) for i in range(0, count, most))
                    pixels = images.numpy()
                    tasks = [self._pool.submit(fill, pixels[part], group.numbers[part]) for part in parts]
                    waiting.append((images, group, tasks))
                if not waiting:
                    return
                began = time.monotonic()
                while wait(waiting[0][2], ANSWER_SECONDS).not_done:
                    yield Waiting(time.monotonic() - began, tuple(map(unicode_text, self.decoded.files_in_progress())))
                images, group, futures = waiting.popleft()
                yield _batch(images, group, [items for future in futures for items in future.result()])
        finally:
            for _, _, futures in waiting:
                for future in futures:
                    future.cancel()


def _batch(images: torch.Tensor, group: _Group, items: list[Item]) -> Batch:
    kept = [item for item in items if item.label is not None]
    if len(kept) < len(items):
        images = images[[place for place, item in enumerate(items) if item.label is not None]]
    return Batch(
        images.permute(0, 3, 1, 2),
        torch.tensor([item.label for item in kept], dtype=torch.int64),
        [item.number for item in kept],
        group.global_size,
        group.weight,
        [bad for item in items for bad in item.unreadable],
    )
