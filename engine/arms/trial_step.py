"""A step that makes torch compile a model, in this process or in another one."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import cross_entropy

Forward = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True, slots=True)
class TrialStep:
    """A model in its training mode with a batch of N pictures. It can be pickled."""

    model: nn.Module
    inputs: torch.Tensor
    labels: torch.Tensor
    "int64 (N)"
    autocast: torch.dtype | None
    "what autocast computes with; `None`: no autocast"

    def logits(self, network: Forward) -> torch.Tensor:
        """What a network returns for the batch, float32 (N, classes)."""
        with torch.autocast(self.inputs.device.type, self.autocast, enabled=self.autocast is not None):
            logits = network(self.inputs)
        return logits.float()

    def compile(self) -> Forward:
        """The compiled model: torch compiles it in a forward and a backward pass.

        They leave gradients, and change buffers and the state of the random numbers. Raises whatever the compiler and
        its tools raise.
        """
        compiled: Forward = torch.compile(self.model)
        cross_entropy(self.logits(compiled), self.labels).backward()  # type: ignore[no-untyped-call]
        return compiled


def why(error: BaseException) -> str:
    """The first line of an error that the compiler raised."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
