"""The classes that the loader yields: a batch of pictures, or a sign that the next batch is not ready."""

from dataclasses import dataclass

import torch

from engine.data.samples import Sample
from engine.protocol.printable import unicode_text


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A picture file that cannot be decoded, and the reason. Both are valid Unicode."""

    path: str
    reason: str

    @classmethod
    def of(cls, sample: Sample, reason: str) -> "Unreadable":
        """The file of a sample that cannot be decoded, with the `reason`."""
        return cls(unicode_text(sample.path), reason)


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures, their labels, and the files that cannot be read."""

    images: torch.Tensor
    "uint8 (N, 3, size, size), channels last in memory"
    labels: torch.Tensor
    "int64 (N)"
    numbers: list[int]
    "indices of the samples (N)"
    global_size: int
    "number of pictures in the batch of all processes"
    weight: float
    "weight of this process's part of the batch, in 0..1; 0 if its pictures do not count"
    unreadable: list[Unreadable]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The next batch is not ready yet."""

    seconds: float
    "since the batch was requested"
    paths: tuple[str, ...]
    "files that are being decoded, as valid Unicode, the slowest one first"
