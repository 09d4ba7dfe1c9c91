"""Batch norm over the pictures of all processes, as if one process had the whole batch.

torch has it only for GPUs (`SyncBatchNorm`). This one is for CPUs, so that several processes can be tested there.
"""

from typing import Any

import torch
from torch import distributed, nn


def synchronise_batch_norm(model: nn.Module, device: torch.device) -> nn.Module:
    """Make batch norm layers compute over all processes. The names and values of the model's state do not change."""
    if device.type == "cuda" and any(_has_activation(module) for module in model.modules()):
        from timm import layers  # torch's own function would drop the activation

        convert: Any = layers
        of_timm: nn.Module = convert.convert_sync_batchnorm(model)
        return of_timm
    if device.type == "cuda":
        converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
        return converted
    for name, child in model.named_children():
        if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d):
            assert child.affine and child.track_running_stats
            norm = _SyncNorm(child)
            norm.load_state_dict(child.state_dict())
            norm.train(child.training)
            setattr(model, name, norm)
        else:
            synchronise_batch_norm(child, device)
    return model


def _has_activation(module: nn.Module) -> bool:
    """Whether it is a batch norm of timm, which drops and activates its output itself."""
    return isinstance(module, nn.BatchNorm2d) and hasattr(module, "act") and hasattr(module, "drop")


class _Sum(torch.autograd.Function):
    """The sum over all processes. Its gradient is the sum of the gradients of all processes."""

    @staticmethod
    def forward(context: Any, tensor: torch.Tensor) -> torch.Tensor:  # noqa: ANN401 - torch's own
        total = tensor.detach().clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> torch.Tensor:  # noqa: ANN401
        return _Sum.forward(context, gradient)


def _sum(tensor: torch.Tensor) -> torch.Tensor:
    total: torch.Tensor = _Sum.apply(tensor)
    return total


class _SyncNorm(nn.BatchNorm2d):
    def __init__(self, replaced: nn.BatchNorm1d | nn.BatchNorm2d) -> None:
        super().__init__(replaced.num_features, replaced.eps, replaced.momentum)
        parts: list[Any] = [replaced.drop, replaced.act] if _has_activation(replaced) else []
        self.after = nn.Sequential(*parts)

    def _check_input_dim(self, input: torch.Tensor) -> None:
        pass

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """The normalised input, and what follows the norm in the layer that it replaces."""
        found: torch.Tensor = self.after(self._normalise(input))
        return found

    def _normalise(self, input: torch.Tensor) -> torch.Tensor:
        """Batch norm (Ioffe & Szegedy 2015) with mean and variance over all processes."""
        if not self.training:
            return super().forward(input)
        dims = [0, *range(2, input.dim())]
        shape = [1, -1, *[1] * (input.dim() - 2)]
        count = torch.tensor(float(input.numel() // input.shape[1]))
        distributed.all_reduce(count)
        mean = _sum(input.sum(dims)) / count
        centred = input - mean.view(shape)
        variance = _sum(centred.square().sum(dims)) / count
        assert self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None
        with torch.no_grad():
            self.num_batches_tracked += 1
            weight = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
            self.running_mean.lerp_(mean, weight)
            self.running_var.lerp_(variance * count / (count - 1), weight)
        return centred * (variance + self.eps).rsqrt().view(shape) * self.weight.view(shape) + self.bias.view(shape)
