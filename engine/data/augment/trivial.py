"""TrivialAugment: one random operation of random strength for each picture."""

import math
import random
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from engine.data.pictures import Pixels, Preparation

STRENGTHS = 31  # strengths of each operation, evenly spaced


class Operation(NamedTuple):
    """A change of a picture, and its magnitude at the lowest and at the highest strength."""

    apply: Callable[[Image.Image, float], Image.Image]
    low: float = 0.0
    high: float = 0.0
    signed: bool = False
    "whether the magnitude is negative with probability 1/2"

    def magnitude(self, strength: int) -> float:
        """The magnitude at a strength from 0 to `STRENGTHS` - 1."""
        return self.low + (self.high - self.low) * strength / (STRENGTHS - 1)


def _moved(picture: Image.Image, *rows: float) -> Image.Image:
    """Take the pixel at (x, y) from (ax + by + c, dx + ey + f), where `rows` are a to f; black from outside."""
    return picture.transform(picture.size, Image.Transform.AFFINE, rows)


def _enhanced(kind: Callable[[Image.Image], ImageEnhance._Enhance]) -> Callable[[Image.Image, float], Image.Image]:
    return lambda picture, change: kind(picture).enhance(1 + change)


def _posterized(picture: Image.Image, fewer_bits: float) -> Image.Image:
    return ImageOps.posterize(picture, 8 - round(fewer_bits))


OPERATIONS: dict[str, Operation] = {
    "identity": Operation(lambda picture, _: picture),
    "shear_x": Operation(lambda picture, shear: _moved(picture, 1, shear, 0, 0, 1, 0), 0, 0.99, signed=True),
    "shear_y": Operation(lambda picture, shear: _moved(picture, 1, 0, 0, shear, 1, 0), 0, 0.99, signed=True),
    "translate_x": Operation(lambda picture, pixels: _moved(picture, 1, 0, -int(pixels), 0, 1, 0), 0, 32, signed=True),
    "translate_y": Operation(lambda picture, pixels: _moved(picture, 1, 0, 0, 0, 1, -int(pixels)), 0, 32, signed=True),
    "rotate": Operation(lambda picture, degrees: picture.rotate(degrees), 0, 135, signed=True),
    "brightness": Operation(_enhanced(ImageEnhance.Brightness), 0, 0.99, signed=True),
    "color": Operation(_enhanced(ImageEnhance.Color), 0, 0.99, signed=True),
    "contrast": Operation(_enhanced(ImageEnhance.Contrast), 0, 0.99, signed=True),
    "sharpness": Operation(_enhanced(ImageEnhance.Sharpness), 0, 0.99, signed=True),
    "posterize": Operation(_posterized, 0, 6),
    "solarize": Operation(lambda picture, above: ImageOps.solarize(picture, math.ceil(above)), 255, 0),
    "auto_contrast": Operation(lambda picture, _: ImageOps.autocontrast(picture)),
    "equalize": Operation(lambda picture, _: ImageOps.equalize(picture)),
}
"the wide set; shears in pixels a pixel, translations in pixels, rotations in degrees"


def trivial_augment(pixels: Pixels, preparation: Preparation, rng: random.Random) -> Pixels:
    """Apply one of `OPERATIONS` with one of the strengths, all equally likely.

    Müller & Hutter, "TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation" (2021), arXiv 2103.10158, with
    its wide set of operations.
    """
    operation = OPERATIONS[rng.choice(list(OPERATIONS))]
    magnitude = operation.magnitude(rng.randrange(STRENGTHS))
    if operation.signed and rng.random() < 0.5:
        magnitude = -magnitude
    # Pillow, because torchvision's transform draws from torch's global generator, which all threads share.
    return np.asarray(operation.apply(Image.fromarray(pixels), magnitude))
