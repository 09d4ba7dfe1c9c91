"""What an augmentation is: of a picture, or of a batch."""

import random
from typing import Protocol

import torch

from engine.data.pictures import Pixels, Preparation


class PictureAugmentation(Protocol):
    """A function of one training picture. The last one applied must return a picture of the model's size."""

    def __call__(self, pixels: Pixels, preparation: Preparation, rng: random.Random) -> Pixels:
        """Change a picture, uint8 (height, width, 3), which is not to be written to; `rng` depends on
        (seed, epoch, sample) alone."""


class BatchAugmentation(Protocol):
    """A function of a training batch on the device."""

    def __call__(
        self, images: torch.Tensor, targets: torch.Tensor, rng: random.Random
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Change pictures, float32 (N, 3, size, size), of about zero mean and unit variance, and their targets.

        Targets are probabilities, float32 (N, classes); `rng` depends on (seed, step) alone.
        """
