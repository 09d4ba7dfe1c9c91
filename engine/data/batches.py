"""What the loader hands out: a batch of pictures, or that the next one has not come yet."""

from dataclasses import dataclass

import torch

from engine.data.folder import Sample
from engine.protocol.printable import printable


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
    """Pictures, their labels, and the files that could not be read."""

    images: torch.Tensor
    "uint8 (N, 3, size, size), the channels of a pixel side by side in memory"
    labels: torch.Tensor
    "int64 (N)"
    numbers: list[int]
    "which samples they are (N)"
    global_size: int
    "pictures of the batch in all processes"
    weight: float
    "share of the whole batch that is in this process; 0 if its pictures do not count"
    unreadable: list[Unreadable]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The next batch has not come yet."""

    seconds: float
    "since it was asked for"
    paths: tuple[str, ...]
    "files being decoded, as text for people, the one that has taken longest first"
