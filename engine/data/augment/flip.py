"""Horizontal flip."""

import random

from engine.data.pictures import Pixels, Preparation


def horizontal_flip(pixels: Pixels, preparation: Preparation, rng: random.Random) -> Pixels:
    """Mirror the picture left to right with probability 1/2."""
    return pixels[:, ::-1] if rng.random() < 0.5 else pixels
