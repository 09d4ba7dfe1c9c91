"""An exponential moving average of a model's weights, which is often better than the weights of the last step.

Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging" (1992).
"""

from collections.abc import Callable, Mapping

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

_Tensors = tuple[torch.Tensor, ...] | list[torch.Tensor]


class MovingAverage:
    """The average of the weights and buffers after each step; later steps count more."""

    def __init__(self, model: nn.Module, share: float) -> None:
        """`share` is the fraction of all steps that the average mostly covers, in 0..1."""
        self._share = share
        self._decay = 0.0
        self._average = AveragedModel(model, multi_avg_fn=self._mix, use_buffers=True)
        self.model: nn.Module = self._average.module.requires_grad_(False).eval()
        "a copy of the model with the averaged weights, in evaluation mode"

    def update(self, model: nn.Module, total_steps: int) -> None:
        """Take in the weights after a step. The first ones are taken over as they are."""
        self._decay = 1 - 1 / max(self._share * total_steps, 1.0)
        self._average.update_parameters(model)

    def load(self, weights: Mapping[str, torch.Tensor], empty: bool) -> None:
        """Restore averaged weights. `empty`: they are those of a model before its first step.

        Raises:
            RuntimeError: the weights are not of this model.
        """
        self.model.load_state_dict(weights)
        self._average.n_averaged.fill_(0 if empty else 1)

    def move(self, device: torch.device) -> None:
        """Move the weights to `device`."""
        self._average.to(device)

    def _mix(self, averaged: _Tensors, new: _Tensors, count: torch.Tensor | int) -> None:
        mix: Callable[[_Tensors, _Tensors, torch.Tensor | int], None]
        mix = get_ema_multi_avg_fn(self._decay)  # type: ignore[no-untyped-call]
        mix(averaged, new, count)
