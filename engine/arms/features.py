"""What a frozen backbone makes of each picture, computed once: the input of the last layer.

Of use where the same picture always looks the same, which is to say without augmentation: an epoch of training is
then one of the last layer alone.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from engine.data.batches import Batch, Waiting
from engine.data.folder import Sample
from engine.data.loader import Loader

ROOM = 2 * 2**30  # bytes of features that are kept, on the device
TEST_BATCH = 4096


@dataclass(frozen=True, slots=True)
class FeatureBatch:
    """Inputs of the last layer, and labels, both on the device."""

    features: torch.Tensor
    "float32 (N, features)"
    labels: torch.Tensor
    "int64 (N)"
    numbers: list[int]
    "which samples they are (N)"
    weight: float = 1.0

    @property
    def whole(self) -> int:
        """Pictures of the batch."""
        return len(self.labels)


class Batches(Protocol):
    """Where batches come from: pictures, or features kept of them."""

    def training(self, samples: Sequence[Sample], epoch: int, start: int) -> Iterator[Batch | FeatureBatch | Waiting]:
        """The shuffled batches of `epoch` from number `start` on."""

    def testing(self, samples: Sequence[Sample]) -> Iterator[Batch | FeatureBatch | Waiting]:
        """All samples in order."""


class Features:
    """The features of a list of samples, but of those whose files cannot be read."""

    def __init__(self, samples: int, device: torch.device) -> None:
        self._samples = samples
        self._device = device
        self._parts: list[torch.Tensor] = []
        self._numbers: list[int] = []
        self._labels: list[torch.Tensor] = []

    def add(self, batch: Batch, features: torch.Tensor) -> bool:
        """Keep those of a batch of pictures; whether there is room for them all."""
        self._parts.append(features.float())
        self._numbers += batch.numbers
        self._labels.append(batch.labels)
        return features.shape[1] * 4 * self._samples <= ROOM

    def close(self) -> "Features":
        """Make one table of them."""
        self.table = torch.cat(self._parts)
        self.labels = torch.cat(self._labels).to(self._device)
        self.rows = {number: row for row, number in enumerate(self._numbers)}
        self._parts.clear()
        return self

    def move(self, device: torch.device) -> None:
        """Move the table elsewhere."""
        self.table, self.labels = self.table.to(device), self.labels.to(device)

    def batch(self, rows: list[int]) -> FeatureBatch:
        """Rows of the table."""
        chosen = torch.tensor(rows, dtype=torch.int64).to(self._device, non_blocking=True)
        return FeatureBatch(self.table[chosen], self.labels[chosen], [self._numbers[row] for row in rows])


class FeatureBatches:
    """Batches of kept features, of the same pictures in the same order as the loader's."""

    def __init__(self, loader: Loader, seed: int, train: Features, test: Features) -> None:
        self._loader = loader
        self._seed = seed
        self._train = train
        self._test = test

    def training(self, samples: Sequence[Sample], epoch: int, start: int) -> Iterator[FeatureBatch]:
        """The shuffled batches of `epoch` from number `start` on."""
        for group in self._loader.groups(len(samples), epoch, start):
            yield self._train.batch([self._row(epoch, number) for number in group])

    def testing(self, samples: Sequence[Sample]) -> Iterator[FeatureBatch]:
        """All samples in order."""
        rows = list(self._test.rows.values())
        for start in range(0, len(rows), TEST_BATCH):
            yield self._test.batch(rows[start : start + TEST_BATCH])

    def move(self, device: torch.device) -> None:
        """Move the features elsewhere, to come back before they are used."""
        self._train.move(device)
        self._test.move(device)

    def _row(self, epoch: int, number: int) -> int:
        """Of a sample, or of another one where its file cannot be read."""
        rows = self._train.rows
        if number not in rows:
            number = random.Random(f"{self._seed}/{epoch}/{number}").choice(list(rows))
        return rows[number]
