"""Mixup and CutMix: each picture of a batch is mixed with another one, and their targets are, too.

The other one is that of the batch in reverse order, so the middle one of an odd number of pictures stays as it is. With
several processes or micro-batches, each process mixes its own part of the batch, before it is divided.
"""

import math
import random

import torch

from engine.data.augment.augmentation import BatchAugmentation


def mixup(
    images: torch.Tensor, targets: torch.Tensor, rng: random.Random, *, alpha: float = 0.2
) -> tuple[torch.Tensor, torch.Tensor]:
    """Blend pictures and targets; the share of the first one is of the distribution Beta(alpha, alpha).

    Zhang et al., "mixup: Beyond Empirical Risk Minimization" (2017), arXiv 1710.09412.
    """
    other = 1 - rng.betavariate(alpha, alpha)
    return images.lerp(images.flip(0), other), targets.lerp(targets.flip(0), other)


def cutmix(
    images: torch.Tensor, targets: torch.Tensor, rng: random.Random, *, alpha: float = 1.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Paste a rectangle of the other picture into each picture, and blend targets by its area.

    The rectangle has the proportions of the picture and any centre; what lies outside the picture is cut off. Its share
    of the area before that is of the distribution Beta(alpha, alpha).

    Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features" (2019), arXiv
    1905.04899.
    """
    height, width = images.shape[2:]
    side = math.sqrt(1 - rng.betavariate(alpha, alpha))
    top, bottom = _span(height, side, rng)
    left, right = _span(width, side, rng)
    mixed = images.clone()
    mixed[:, :, top:bottom, left:right] = images[:, :, top:bottom, left:right].flip(0)
    return mixed, targets.lerp(targets.flip(0), (bottom - top) * (right - left) / (height * width))


def one_of(*augmentations: BatchAugmentation) -> BatchAugmentation:
    """An augmentation that applies one of several to each batch, all equally likely."""

    def apply(images: torch.Tensor, targets: torch.Tensor, rng: random.Random) -> tuple[torch.Tensor, torch.Tensor]:
        return rng.choice(augmentations)(images, targets, rng)

    return apply


def _span(length: int, share: float, rng: random.Random) -> tuple[int, int]:
    """Begin and end of a part of `length` pixels, of about `share` of them and with any centre."""
    half, centre = length * share / 2, rng.uniform(0, length)
    return max(round(centre - half), 0), min(round(centre + half), length)
