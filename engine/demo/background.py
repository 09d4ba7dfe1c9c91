"""The background of an object: a table, a cloth or a plate, of any colour and pattern."""

import random

import numpy as np
from PIL import Image, ImageDraw

from engine.demo.geometry import blob, moved
from engine.demo.palette import Colour, any_colour, darker, lighter, mixed

Colours = tuple[Colour, Colour]
Draw = ImageDraw.ImageDraw


def background(rng: random.Random, side: int, mess: float) -> Image.Image:
    """A square picture of a background only. The higher `mess`, the more often it has a pattern."""
    ground = any_colour(rng)
    other = mixed(ground, any_colour(rng), rng.uniform(0.1, 0.6))
    image = Image.new("RGB", (side, side), ground)
    pattern = rng.choice([None, _stripes, _checks, _dots, _planks, _patches, _plate])
    if pattern is None or rng.random() > mess:
        return image
    pattern(ImageDraw.Draw(image), rng, side, (ground, other))
    return image if pattern is _plate else image.rotate(rng.uniform(0, 360), fillcolor=ground)


def _stripes(draw: Draw, rng: random.Random, side: int, colours: Colours) -> None:
    step = _step(rng, side)
    for place in np.arange(0, side, step):
        draw.rectangle((place, 0, place + step / 2, side), colours[1])


def _checks(draw: Draw, rng: random.Random, side: int, colours: Colours) -> None:
    step, crossed = _step(rng, side), mixed(*colours, 0.5)
    for place in np.arange(0, side, step):
        draw.rectangle((place, 0, place + step / 2, side), colours[1])
    for place in np.arange(0, side, step):
        draw.rectangle((0, place, side, place + step / 2), crossed)


def _dots(draw: Draw, rng: random.Random, side: int, colours: Colours) -> None:
    step = _step(rng, side)
    for x in np.arange(0, side, step):
        for y in np.arange(0, side, step):
            draw.ellipse((x, y, x + step / 2, y + step / 2), colours[1])


def _planks(draw: Draw, rng: random.Random, side: int, colours: Colours) -> None:
    step = _step(rng, side)
    for place in np.arange(0, side, step):
        draw.rectangle((0, place, side, place + step), mixed(*colours, rng.random()))
        draw.line((0, place, side, place), darker(colours[0], 0.5), max(1, side // 120))


def _patches(draw: Draw, rng: random.Random, side: int, colours: Colours) -> None:
    for _ in range(8):
        patch = moved(blob(rng, rng.uniform(0.1, 0.5) * side, 0.5), rng.random() * side, rng.random() * side)
        draw.polygon(patch.ravel().tolist(), mixed(*colours, rng.random()))


def _plate(draw: Draw, rng: random.Random, side: int, colours: Colours) -> None:
    middle = np.array([rng.uniform(0.4, 0.6), rng.uniform(0.4, 0.6)]) * side
    china = colours[1]
    for share, shade in ((0.48, darker(china, 0.15)), (0.46, china), (0.34, lighter(china, 0.25))):
        draw.ellipse((*(middle - share * side), *(middle + share * side)), shade)


def _step(rng: random.Random, side: int) -> float:
    return side / rng.uniform(2.5, 9)
