"""How far an update moves the weights: the update to weight ratio of each parameter group.

A ratio of about 1e-3 is usual: A. Karpathy, "CS231n: Convolutional Neural Networks", notes on training, "Ratio of
weights:updates" (2015), https://cs231n.github.io/neural-networks-3/.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.nn.utils import get_total_norm

EVERY = 16  # updates; a copy of the weights takes memory bandwidth, but little memory: activations are free by then


def is_measured(number: int) -> bool:
    """Whether update `number` of an arm, from 1, is measured: every 16th, and 1, 2, 4 and 8."""
    return number % EVERY == 0 or number & (number - 1) == 0


class Movement:
    """Compares the weights after an update with those before it. The host does not wait for the device."""

    @torch.no_grad()
    def __init__(self, groups: Sequence[Mapping[str, Any]]) -> None:
        """Keep a copy of the trained weights of an optimizer's `groups`; of those with one name, as one group."""
        self._weights: dict[str, list[torch.Tensor]] = {}
        for group in groups:
            self._weights.setdefault(group["name"], []).extend([] if group["frozen"] else group["params"])
        self._before = {name: [weight.clone() for weight in weights] for name, weights in self._weights.items()}

    @torch.no_grad()
    def ratios(self) -> torch.Tensor:
        """The length of the change divided by that of the weights before it, float32 (groups): 0 where frozen."""
        device = next(weight.device for before in self._before.values() for weight in before)
        found = []
        for name, before in self._before.items():
            if not before:
                found.append(torch.zeros((), device=device))
                continue
            moved = get_total_norm([now - then for now, then in zip(self._weights[name], before, strict=True)])
            length = get_total_norm(before)
            found.append((moved / length.clamp(min=torch.finfo(length.dtype).tiny)).float())
        return torch.stack(found)
