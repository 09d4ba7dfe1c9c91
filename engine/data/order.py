"""The order of the training pictures in an epoch. It depends only on the seed, the epoch and the pictures."""

import itertools
import math
import random
from collections.abc import Sequence
from itertools import accumulate
from typing import Literal

import torch

from engine.data.samples import LEFT_OUT

Balance = Literal["none", "sqrt", "full"]


def epoch_order(labels: Sequence[int], balance: Balance, seed: int, epoch: int) -> list[int]:
    """The draws of an epoch in their order, as many as there are pictures. `labels` are the pictures' classes.

    Draw number d is the picture d % N of N pictures, for the time d // N in this epoch, counted from 0. With `none`
    each picture is drawn once. Otherwise each class is drawn in proportion to 1 (`full`) or to the square root of its
    number of pictures (`sqrt`); within a class, the pictures' numbers of draws differ by at most one.

    A picture whose label is `LEFT_OUT` is not drawn. With `none`, random other ones are drawn again in such places.
    """
    generator = torch.Generator().manual_seed(random.Random(f"{seed}/{epoch}").getrandbits(62))
    count = len(labels)
    if balance == "none":
        order = _shuffled(range(count), generator)
        return _without_left_out(order, labels, generator) if LEFT_OUT in labels else order
    classes: dict[int, list[int]] = {}
    for index, label in enumerate(labels):
        if label != LEFT_OUT:
            classes.setdefault(label, []).append(index)
    weights = [1.0 if balance == "full" else math.sqrt(len(indices)) for indices in classes.values()]
    draws = list[int]()
    for indices, quota in zip(classes.values(), _quotas(weights, count, generator), strict=True):
        times, rest = divmod(quota, len(indices))
        draws += [index + time * count for time in range(times) for index in indices]
        draws += [index + times * count for index in _shuffled(indices, generator)[:rest]]
    return _shuffled(draws, generator)


def _without_left_out(order: Sequence[int], labels: Sequence[int], generator: torch.Generator) -> list[int]:
    """The order with further draws of other pictures in the places of those that are left out."""
    count = len(labels)
    kept = [index for index, label in enumerate(labels) if label != LEFT_OUT]
    again = _shuffled(kept, generator)
    further = (index + time * count for time in itertools.count(1) for index in again)
    return [next(further) if labels[index] == LEFT_OUT else index for index in order]


def _quotas(weights: Sequence[float], count: int, generator: torch.Generator) -> list[int]:
    """Whole numbers in proportion to `weights` whose sum is `count`.

    Each is the exact share rounded up or down at random, so that over many epochs all classes get their share
    (systematic sampling).
    """
    offset = torch.rand((), generator=generator, dtype=torch.float64).item()
    whole = sum(weights)
    bounds = [math.floor(offset + count * below / whole) for below in accumulate(weights[:-1], initial=0.0)]
    return [end - begin for begin, end in zip(bounds, [*bounds[1:], count], strict=True)]


def _shuffled(numbers: Sequence[int], generator: torch.Generator) -> list[int]:
    return [numbers[place] for place in torch.randperm(len(numbers), generator=generator).tolist()]
