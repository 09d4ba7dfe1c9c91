"""Batch norm on CPUs with exact statistics, for models whose channels of a pixel are adjacent in memory.

In that layout torch's batch norm (2.14 at least) adds up the values of a channel one after the other, in single
precision. Mean and variance of 400,000 values are then 100 times less exact than in torch's plain layout, where it
adds in double precision. Each layer that follows amplifies the difference, and where it turns the sign of an input
of a ReLU, that pixel's gradient is there or not. Here the values are added up in many short sums, one for each part
of the batch. That makes the forward pass faster than in the plain layout, too.

The backward pass is torch's own: nothing amplifies the error of its sums.
"""

import functools
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable

FEW_VALUES = 1024
"so many values of a channel torch adds up about as exactly; a small layer would take longer in here than there"
SHORT_SUM = 64
"values that are added up in single precision; fewer take longer and are not more exact"


def make_batch_norm_exact(model: nn.Module) -> None:
    """Make the 2-D batch norm layers of a model on the CPU exact in training mode.

    The names and values of the model's state do not change, and evaluation mode is torch's own. Layers of other types,
    layers derived from `BatchNorm2d` included, and layers without weights or running statistics stay as they are.
    """
    for layer in model.modules():
        if type(layer) is nn.BatchNorm2d and layer.affine and layer.track_running_stats:
            # The same object, so hooks and shared layers stay; a copy of it is exact as well.
            layer.__class__ = ExactBatchNorm2d


class ExactBatchNorm2d(nn.BatchNorm2d):
    """Batch norm (Ioffe & Szegedy 2015) over float32 (N, C, H, W) with adjacent channels; otherwise as torch's.

    Neither a compiled model (the compiler adds up in its own way) nor the plain layout needs this.
    """

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """The normalised input, in the same layout."""
        if not self.training or torch.compiler.is_compiling() or not _is_inexact(input):
            return super().forward(input)
        statistics = _statistics(input)
        self._track(statistics, input.numel() // input.shape[1])
        output: torch.Tensor = _Normalise.apply(input, self.weight, self.bias, statistics, self.eps)
        return output

    @torch.no_grad()
    def _track(self, statistics: "_Statistics", count: int) -> None:
        assert self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        weight = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(statistics.mean, weight)
        self.running_var.lerp_(statistics.variance * (count / (count - 1)), weight)


def _is_inexact(input: torch.Tensor) -> bool:
    """Whether torch's own statistics of an input (N, C, H, W) would be much less exact than single precision."""
    return (
        input.dtype == torch.float32
        and input.device.type == "cpu"
        and input.dim() == 4
        and input.numel() > FEW_VALUES * input.shape[1]
        and input.is_contiguous(memory_format=torch.channels_last)
    )


@dataclass(frozen=True, slots=True)
class _Statistics:
    """Of each channel, (C)."""

    mean: torch.Tensor
    variance: torch.Tensor
    "the biased one"


@torch.no_grad()
def _statistics(input: torch.Tensor) -> _Statistics:
    """Neighbouring pixels count as channels of their own at first.

    Their means and variances are then combined (Chan, Golub & LeVeque 1979) in double precision, so no large sums are
    subtracted from each other, and there is no other error than that of sums of about `SHORT_SUM` values.
    """
    count, channels = input.numel() // input.shape[1], input.shape[1]
    parts = _part_count(count)
    rows = input.permute(0, 2, 3, 1).reshape(count // parts, parts * channels)
    # torch's own function for both; batch norm itself would write its output, too
    means, variances = torch.ops.aten.batch_norm_update_stats(rows, None, None, 0.0)
    means = means.view(parts, channels).double()
    mean = means.mean(0)
    between = means.sub_(mean).square_().mean(0)
    variance = variances.view(parts, channels).mean(0, dtype=torch.float64) + between
    return _Statistics(mean.float(), variance.float())


@functools.lru_cache
def _part_count(count: int) -> int:
    """The largest divisor of `count` for which a part has at least `SHORT_SUM` values."""
    return next(parts for parts in range(max(count // SHORT_SUM, 1), 0, -1) if count % parts == 0)


class _Normalise(torch.autograd.Function):
    """Batch norm with the statistics of its input, which are known already."""

    @staticmethod
    def forward(  # noqa: PLR0917 - torch passes them by position
        context: Any,  # noqa: ANN401 - torch's own
        input: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor,
        statistics: _Statistics,
        eps: float,
    ) -> torch.Tensor:
        mean, variance = statistics.mean, statistics.variance
        context.save_for_backward(input, weight, mean, (variance + eps).rsqrt_())
        context.eps = eps
        output: torch.Tensor = torch.native_batch_norm(input, weight, bias, mean, variance, False, 0.0, eps)[0]
        return output

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:  # noqa: ANN401
        input, weight, mean, inverse_deviation = context.saved_tensors
        wanted = list(context.needs_input_grad[:3])
        known = (gradient, input, weight, None, None, mean, inverse_deviation)
        gradients: tuple[torch.Tensor | None, ...]
        gradients = torch.ops.aten.native_batch_norm_backward(*known, True, context.eps, wanted)
        return *gradients, None, None
