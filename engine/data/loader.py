"""Batches of pictures, decoded ahead of their use in threads.

Threads, not processes: the decoder releases the interpreter lock, and processes forked from a process with
threads hang or are orphaned. What is in a batch depends on (seed, epoch, sample) alone, never on the threads.
"""

import os
import random
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
from engine.data.folder import Sample
from engine.data.pictures import Pixels, Preparation, UnreadablePictureError
from engine.data.threads import Threads
from engine.errors import DataError
from engine.protocol.printable import printable

SHORT_SIDE_FACTOR = 2  # short side of a prepared picture in crops; with 4/3 accuracy was measured to suffer
BATCHES_AHEAD = 3  # batches decoded ahead
CHECKS_AHEAD = 256  # pictures checked ahead
ANSWER_SECONDS = 0.1  # a slow picture or disk holds back an answer no longer than this
MAX_THREADS = 8
CLOSE_SECONDS = 3.0  # for the pictures being decoded; what takes longer may never end
MAX_REPLACEMENTS = 20  # pictures that may take the place of an unreadable one


class _Group(NamedTuple):
    """The samples of a batch that this process decodes."""

    numbers: list[int]
    global_size: int
    weight: float


class _Item(NamedTuple):
    """A picture of a batch: its label, and the files that could not be read on the way to it."""

    number: int
    label: int | None
    "`None` if there is no picture"
    unreadable: list[Unreadable]


class Loader:
    """Makes batches of samples. Close it to end its threads."""

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
        """`augmentations` are applied to each training picture, in this order; without any it is prepared as a test
        picture is. `rank` is this process's number among the `world_size` processes that divide each batch."""
        self._augmentations = tuple(augmentations)
        side = data.short_side or preparation.image_size * SHORT_SIDE_FACTOR
        self.decoded = Decoded(preparation, side if data.prepare else None, augment=self.augments)
        self._preparation = preparation
        self.batch_size = data.batch_size
        self._seed = seed
        self._rank, self._world_size = rank, world_size
        self._threads = data.threads or min(os.cpu_count() or 1, MAX_THREADS)
        self._pool = Threads(self._threads, "decode")

    @property
    def augments(self) -> bool:
        """Whether a training picture looks different in each epoch."""
        return bool(self._augmentations)

    def close(self) -> None:
        """End the threads; batches not taken yet are dropped, and so are threads whose file does not come."""
        if self._pool.close(CLOSE_SECONDS):
            self.decoded.close()  # else one of them may still go on to use it

    def steps_per_epoch(self, samples: int) -> int:
        """Number of training batches in an epoch of `samples` pictures."""
        whole, rest = divmod(samples, self.batch_size)
        # Batch norm cannot be estimated from a last batch of a single picture, so that one is left out.
        return whole + (rest > 1 or (rest == 1 and whole == 0))

    def training(self, samples: Sequence[Sample], epoch: int, start: int) -> Iterator[Batch | Waiting]:
        """The shuffled, augmented batches of `epoch` from number `start` (counted from 0) on.

        While one does not come there is a `Waiting` every 0.1 s.
        Another picture takes the place of one that cannot be decoded, so that a batch keeps its size.

        Raises:
            DataError: for a picture that cannot be decoded no other one is found that can.
        """
        groups = (self._own_part(group) for group in self.groups(len(samples), epoch, start))
        yield from self._batches(groups, lambda index, pixels: self._fill_training(samples, epoch, index, pixels))

    def groups(self, samples: int, epoch: int, start: int) -> Iterator[list[int]]:
        """The numbers of the samples in the shuffled batches of `epoch` from number `start` on."""
        generator = torch.Generator().manual_seed(random.Random(f"{self._seed}/{epoch}").getrandbits(62))
        order = torch.randperm(samples, generator=generator).tolist()
        size = self.batch_size
        return (order[i * size : (i + 1) * size] for i in range(start, self.steps_per_epoch(samples)))

    def testing(self, samples: Sequence[Sample], training: bool = False) -> Iterator[Batch | Waiting]:
        """All samples in order, prepared as test pictures; a batch whose files are all lost has no pictures.

        While one does not come there is a `Waiting` every 0.1 s. Of several processes each gets the same number of
        batches, the last of some without pictures. `training` says that they are the pictures to train on.

        Raises:
            DataError: not one file can be read any more.
        """
        size, readable, lost = self.batch_size, 0, list[Unreadable]()
        rounds = -(-len(samples) // (size * self._world_size))
        starts = ((number * self._world_size + self._rank) * size for number in range(rounds))
        groups = (_Group(list(range(i, min(i + size, len(samples)))), size, 1.0) for i in starts)
        for batch in self._batches(groups, lambda index, pixels: self._fill_test(samples, index, pixels, not training)):
            yield batch
            if isinstance(batch, Waiting):
                continue
            readable += len(batch.labels)
            lost = batch.unreadable or lost
        if lost and not readable:
            raise _pictures_lost(lost)

    def check(self, samples: Sequence[tuple[Sample, bool]]) -> Iterator[tuple[int, Unreadable | None]]:
        """Decode files once, in order: the number done so far, and the last one of them if it is unreadable.

        A sample comes with whether it is a test picture. Yields after each file, and every 0.1 s while a file
        takes longer.
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
        # Where there is nothing left, a picture that does not count: the processes take every step together.
        return _Group(mine or batch[:1], len(batch), len(mine) / len(batch))

    def _batches(self, groups: Iterator[_Group], make: Callable[[int, Pixels], _Item]) -> Iterator[Batch | Waiting]:
        """A batch of each group of samples; `make` fills in the pixels of one, in a thread of the pool."""
        waiting: deque[tuple[torch.Tensor, _Group, list[Future[list[_Item]]]]] = deque()
        side = self._preparation.image_size

        # As arrays, because torch copies a tensor of this size in threads, for each thread of the pool anew.
        def fill(images: npt.NDArray[np.uint8], group: list[int]) -> list[_Item]:
            return [make(index, pixels) for index, pixels in zip(group, images, strict=True)]

        try:
            while True:
                while len(waiting) < BATCHES_AHEAD and (group := next(groups, None)) is not None:
                    count = len(group.numbers)
                    images = torch.empty(count, side, side, 3, dtype=torch.uint8)
                    # A task a thread, not one a picture: fewer of them cost the step less.
                    most = max(-(-count // self._threads), 1)
                    parts = (slice(i, i + most) for i in range(0, count, most))
                    pixels = images.numpy()
                    tasks = [self._pool.submit(fill, pixels[part], group.numbers[part]) for part in parts]
                    waiting.append((images, group, tasks))
                if not waiting:
                    return
                began = time.monotonic()
                while wait(waiting[0][2], ANSWER_SECONDS).not_done:
                    yield Waiting(time.monotonic() - began, tuple(map(printable, self.decoded.files_in_progress())))
                images, group, futures = waiting.popleft()
                yield _batch(images, group, [items for future in futures for items in future.result()])
        finally:
            for _, _, futures in waiting:
                for future in futures:
                    future.cancel()

    def _fill_training(self, samples: Sequence[Sample], epoch: int, index: int, pixels: Pixels) -> _Item:
        """Fill in a sample, augmented, or another one if it cannot be read."""
        rng, bad = random.Random(f"{self._seed}/{epoch}/{index}"), []
        for _ in range(MAX_REPLACEMENTS):
            sample = samples[index]
            try:
                found = self.decoded.get(sample.path, testing=False)
                for augment in self._augmentations:
                    found = augment(found, self._preparation, rng)
                pixels[:] = found
            except UnreadablePictureError as error:
                bad.append(Unreadable.of(sample, str(error)))
                index = rng.randrange(len(samples))
            else:
                return _Item(index, sample.label, bad)
        raise _pictures_lost(bad)

    def _fill_test(self, samples: Sequence[Sample], index: int, pixels: Pixels, testing: bool) -> _Item:
        """Fill in a sample resized and cropped in the middle."""
        sample = samples[index]
        try:
            pixels[:] = self.decoded.get(sample.path, testing)
        except UnreadablePictureError as error:
            return _Item(index, None, [Unreadable.of(sample, str(error))])
        return _Item(index, sample.label, [])


def _batch(images: torch.Tensor, group: _Group, items: list[_Item]) -> Batch:
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


def _pictures_lost(files: list[Unreadable]) -> DataError:
    return DataError(
        "Pictures lost",
        f"not one of {len(files)} files can be read any more, such as {files[0].path} ({files[0].reason}); "
        f"bring the folder back, then go on with --resume",
    )
