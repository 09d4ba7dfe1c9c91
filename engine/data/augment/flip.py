"""Horizontal flip."""

import random

from engine.data.pictures import Pixels, Preparation


def horizontal_flip(pixels: Pixels, preparation: Preparation, rng: random.Random) -> Pixels:
    """Mirror every second picture, on average, left to right."""
    return pixels[:, ::-1] if rng.random() < 0.5 else pixels
