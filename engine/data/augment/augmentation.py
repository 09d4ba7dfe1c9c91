"""The protocols of augmentations: of one picture, and of a batch."""

import random
from typing import Protocol

import torch

from engine.data.pictures import Pixels, Preparation


class PictureAugmentation(Protocol):
    """A function of one training picture. The last one applied must return a picture of the model's size."""

    def __call__(self, pixels: Pixels, preparation: Preparation, rng: random.Random) -> Pixels:
        """Return a changed picture, uint8 (height, width, 3), without writing to `pixels`.

        `rng` depends only on (seed, epoch, sample).
        """


class BatchAugmentation(Protocol):
    """A function of a training batch on the device."""

    def __call__(
        self, images: torch.Tensor, targets: torch.Tensor, rng: random.Random
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return changed pictures and targets.

        `images` are normalised, float32 (N, 3, size, size). `targets` are probabilities, float32 (N, classes). `rng`
        depends only on (seed, step).
        """
