"""Cached features: the inputs of the last layer, computed once for each picture by a frozen backbone.

They are valid only without augmentation, when a picture is the same in each epoch. Then an epoch trains only the last
layer, which is much faster.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from engine.data.batches import Batch, Waiting
from engine.data.loader import Loader
from engine.data.samples import LEFT_OUT, Sample

ROOM = 2 * 2**30  # maximal bytes of features on the device
TEST_BATCH = 4096


@dataclass(frozen=True, slots=True)
class FeatureBatch:
    """A batch of inputs of the last layer and of labels, both on the device."""

    features: torch.Tensor
    "float32 (N, features)"
    labels: torch.Tensor
    "int64 (N)"
    numbers: list[int]
    "indices of the samples (N)"
    weight: float = 1.0

    @property
    def global_size(self) -> int:
        """Number of pictures in the batch."""
        return len(self.labels)


class Batches(Protocol):
    """A source of batches: the loader's pictures, or cached features."""

    def training(self, samples: Sequence[Sample], epoch: int, start: int) -> Iterator[Batch | FeatureBatch | Waiting]:
        """The shuffled batches of `epoch` from number `start` on."""

    def testing(self, samples: Sequence[Sample]) -> Iterator[Batch | FeatureBatch | Waiting]:
        """All samples in order."""


class Features:
    """The features of all samples whose files can be read."""

    def __init__(self, samples: int, device: torch.device) -> None:
        self._samples = samples
        self._device = device
        self._parts: list[torch.Tensor] = []
        self._numbers: list[int] = []
        self._labels: list[torch.Tensor] = []

    def add(self, batch: Batch, features: torch.Tensor) -> bool:
        """Add the features (N, features) of a batch. Returns whether there is space for those of all samples."""
        self._parts.append(features.float())
        self._numbers += batch.numbers
        self._labels.append(batch.labels)
        return features.shape[1] * 4 * self._samples <= ROOM

    def close(self) -> "Features":
        """Join all batches in one table, float32 (samples, features)."""
        self.table = torch.cat(self._parts)
        self.labels = torch.cat(self._labels).to(self._device)
        self.rows = {number: row for row, number in enumerate(self._numbers)}
        self._parts.clear()
        return self

    def rows_by_number(self, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The features so far, float32 (M, width), and the indices of their samples, int64 (M)."""
        empty = torch.zeros(0, width, device=self._device)
        numbers = torch.tensor(self._numbers, dtype=torch.int64, device=self._device)
        return torch.cat([empty, *self._parts]), numbers

    def move(self, device: torch.device) -> None:
        """Move the table to `device`."""
        self.table, self.labels = self.table.to(device), self.labels.to(device)

    def batch(self, rows: list[int], labels: torch.Tensor | None = None) -> FeatureBatch:
        """A batch of these rows of the table, with the rows' own labels or those in `labels`, int64 (samples)."""
        chosen = torch.tensor(rows, dtype=torch.int64).to(self._device, non_blocking=True)
        labels = self.labels if labels is None else labels
        return FeatureBatch(self.table[chosen], labels[chosen], [self._numbers[row] for row in rows])

    def labels_of(self, samples: Sequence[Sample]) -> torch.Tensor:
        """The labels that the samples have now, int64, a row each as in the table."""
        return torch.tensor([samples[number].label for number in self._numbers], dtype=torch.int64).to(self._device)


class FeatureBatches:
    """Batches of cached features, with the same pictures in the same order as the loader's batches."""

    def __init__(self, loader: Loader, seed: int, train: Features, test: Features) -> None:
        self._loader = loader
        self._seed = seed
        self._train = train
        self._test = test

    def training(self, samples: Sequence[Sample], epoch: int, start: int) -> Iterator[FeatureBatch]:
        """The shuffled batches of `epoch` from number `start` on."""
        labels = self._train.labels_of(samples)
        for group in self._loader.groups(samples, epoch, start):
            yield self._train.batch([self._row(epoch, draw, samples) for draw in group], labels)

    def testing(self, samples: Sequence[Sample]) -> Iterator[FeatureBatch]:
        """All samples in order."""
        rows = list(self._test.rows.values())
        for start in range(0, len(rows), TEST_BATCH):
            yield self._test.batch(rows[start : start + TEST_BATCH])

    def move(self, device: torch.device) -> None:
        """Move the features to `device`. They must be back before the next batch."""
        self._train.move(device)
        self._test.move(device)

    def _row(self, epoch: int, draw: int, samples: Sequence[Sample]) -> int:
        """The row of a drawn sample; the row of a random other sample if the file cannot be read."""
        rows, number = self._train.rows, draw % len(samples)
        if number not in rows:
            others = [other for other in rows if samples[other].label != LEFT_OUT]
            number = random.Random(f"{self._seed}/{epoch}/{draw}").choice(others)
        return rows[number]
