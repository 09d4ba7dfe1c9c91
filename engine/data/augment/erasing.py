"""Random erasing."""

import math
import random

import numpy as np

from engine.data.pictures import Pixels, Preparation

SMALLEST, LARGEST = 0.02, 1 / 3  # area of the rectangle, as a fraction of the picture
NARROWEST, WIDEST = 0.3, 3.3  # width / height of the rectangle


def random_erasing(pixels: Pixels, preparation: Preparation, rng: random.Random, *, probability: float = 0.5) -> Pixels:
    """Fill a random rectangle with the mean colour of the preparation, with the given probability.

    Zhong et al., "Random Erasing Data Augmentation" (2017), arXiv 1708.04896. Logarithms of the ratio of sides are
    equally likely, so that wide and tall rectangles are, too.
    """
    if rng.random() >= probability:
        return pixels
    top, left, height, width = random_rectangle(pixels.shape[0], pixels.shape[1], rng)
    erased = np.array(pixels)
    erased[top : top + height, left : left + width] = [round(255 * value) for value in preparation.mean]
    return erased


def random_rectangle(height: int, width: int, rng: random.Random) -> tuple[int, int, int, int]:
    """(top, left, height, width) of a rectangle in a picture, all in pixels. It has no area if none was found."""
    for _ in range(10):
        area = height * width * rng.uniform(SMALLEST, LARGEST)
        ratio = math.exp(rng.uniform(math.log(NARROWEST), math.log(WIDEST)))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            return rng.randint(0, height - h), rng.randint(0, width - w), h, w
    return 0, 0, 0, 0
