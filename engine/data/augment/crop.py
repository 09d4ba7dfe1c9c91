"""Random resized crop."""

import math
import random

import numpy as np
import torch
from torch.nn.functional import interpolate

from engine.data.pictures import Pixels, Preparation


def random_resized_crop(
    pixels: Pixels, preparation: Preparation, rng: random.Random, *, smallest: float = 0.08
) -> Pixels:
    """A random crop of at least `smallest` of the area, resized to the model's size with antialiasing."""
    height, width, _ = pixels.shape
    top, left, height, width = random_crop(height, width, rng, smallest)
    # A batch with channels last, the layout that torch resizes fastest. It is contiguous, because torch would copy a
    # strided one with threads of its own for each thread of the pool.
    part = np.ascontiguousarray(pixels[None, top : top + height, left : left + width])
    window = torch.from_numpy(part).permute(0, 3, 1, 2)
    size = (preparation.image_size, preparation.image_size)
    if preparation.interpolation == "nearest":
        crop = interpolate(window, size, mode="nearest-exact")
    else:
        crop = interpolate(window, size, mode=preparation.interpolation, antialias=True)
    cropped: Pixels = crop[0].permute(1, 2, 0).numpy()
    return cropped


def random_crop(height: int, width: int, rng: random.Random, smallest: float = 0.08) -> tuple[int, int, int, int]:
    """(top, left, height, width) of a crop of `smallest` to 1 of the area and an aspect ratio of 3/4 to 4/3.

    It has the distribution of torchvision's `RandomResizedCrop`, after Szegedy et al., "Going Deeper with
    Convolutions" (2015). All random numbers come from `rng`.
    """
    low, high = math.log(3 / 4), math.log(4 / 3)
    for _ in range(10):
        area = height * width * rng.uniform(smallest, 1.0)
        ratio = math.exp(rng.uniform(low, high))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            return rng.randint(0, height - h), rng.randint(0, width - w), h, w
    # No such crop fits: use the largest centre crop with an allowed ratio.
    ratio = min(max(width / height, 3 / 4), 4 / 3)
    w, h = min(width, round(height * ratio)), min(height, round(width / ratio))
    return (height - h) // 2, (width - w) // 2, h, w
