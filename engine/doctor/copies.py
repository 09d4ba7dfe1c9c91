"""Pictures that are there more than once: identical files, and pictures that show nearly the same."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.doctor.examine import Examined
from engine.doctor.near_copies import near_pairs

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Copies:
    """Groups of identical files, and pairs that are nearly the same; pictures are numbers in `Examined`."""

    identical: tuple[tuple[int, ...], ...]
    "each group in the order of the pictures"
    near: tuple[tuple[int, int], ...]
    "pairs of which neither picture is identical to the other one"


def find_copies(examined: Examined) -> Copies:
    """The copies among the readable pictures."""
    readable = np.flatnonzero(examined.readable)
    rows = examined.rows[readable]
    of_group = _groups(rows["content"], rows["bytes"])
    members: dict[int, list[int]] = {}
    for number, group in zip(readable.tolist(), of_group.tolist(), strict=True):
        members.setdefault(group, []).append(number)
    first = np.array([some[0] for some in members.values()], np.int64)
    places = examined.parts[first] * len(examined.classes) + examined.labels[first]
    pairs = near_pairs(examined.rows[first], places) if len(first) else np.empty((0, 2), np.int64)
    groups = list(members.values())
    near = ((a, b) for one, other in pairs.tolist() for a in groups[one] for b in groups[other])
    return Copies(
        identical=tuple(tuple(some) for some in groups if len(some) > 1),
        near=tuple(sorted((min(pair), max(pair)) for pair in near)),
    )


def _groups(content: npt.NDArray[np.uint64], sizes: npt.NDArray[np.uint64]) -> Numbers:
    """The number of each picture's group; two files are in one if their hash and their size agree."""
    together = np.stack([content, sizes], axis=1)
    return np.asarray(np.unique(together, axis=0, return_inverse=True)[1].reshape(-1), np.int64)


def splits(examined: Examined, group: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Of identical pictures in several parts: each that lies below the last part, with one of the last part.

    The test pictures stay, so that scores of before and after can be compared; the copies in training go.
    """
    top = max(group, key=lambda number: examined.parts[number])
    for number in group:
        if examined.parts[number] < examined.parts[top]:
            yield number, top


def in_top_part(examined: Examined, group: tuple[int, ...]) -> list[int]:
    """The pictures of a group in the last part that it reaches."""
    top = max(examined.parts[number] for number in group)
    return [number for number in group if examined.parts[number] == top]
