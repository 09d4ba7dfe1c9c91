"""Copies a batch to the device and normalises it there."""

import torch

from engine.data.batches import Batch
from engine.data.pictures import Preparation


class Transfer:
    """Copies batches to a device and normalises them there."""

    def __init__(self, preparation: Preparation, device: torch.device) -> None:
        self.preparation = preparation
        self._device = device
        self._mean, self._std = (
            torch.tensor(values, device=device).view(1, 3, 1, 1) for values in (preparation.mean, preparation.std)
        )
        self._copies: torch.cuda.Stream | None = None
        if device.type == "cuda":
            self._copies = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def __call__(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Pictures of about zero mean and unit variance, float32 (N, 3, size, size), and labels, int64 (N)."""
        pixels, labels = self._copy(batch.images.permute(0, 2, 3, 1), batch.labels)
        return self.normalise(pixels.permute(0, 3, 1, 2)), labels

    def normalise(self, pixels: torch.Tensor) -> torch.Tensor:
        """Pictures on the device, uint8 (N, 3, size, size), as float32 of about zero mean and unit variance."""
        # The steps of torchvision's formula in its order, so that test pictures are bit-identical to torchvision's.
        return pixels.float().div_(255).sub_(self._mean).div_(self._std)

    def _copy(self, *tensors: torch.Tensor) -> list[torch.Tensor]:
        if self._copies is None:
            return [tensor.to(self._device) for tensor in tensors]
        # Pinned memory and a separate stream: a batch is copied while the device still computes the previous step.
        with torch.cuda.stream(self._copies):
            copies = [tensor.pin_memory().to(self._device, non_blocking=True) for tensor in tensors]
        working = torch.cuda.current_stream(self._device)
        working.wait_stream(self._copies)
        for copy in copies:
            copy.record_stream(working)
        return copies
