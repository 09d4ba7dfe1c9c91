"""A picture around an object: background, clutter behind and before it, pose, shadow, light and noise."""

import math
import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from engine.demo.background import background
from engine.demo.geometry import Points, arc, blob, polygon, ripple
from engine.demo.palette import any_colour
from engine.demo.pen import Pen, Style

Drawing = Callable[[Pen], None]
Thing = tuple[Drawing, float, float, float]
"what to draw, x and y of its centre in 0..1, and its size as a fraction of the picture's size"

SUPERSAMPLING = 3  # drawn this many times larger and then reduced, which smooths the edges


def compose(drawing: Drawing, rng: random.Random, size: int, mess: float = 1.0) -> Image.Image:
    """A square picture of the object in a random pose, on a random background, amid clutter.

    `mess`, from 0 to 1, says how much else there is. At 0 the object is large and the background plain.
    """
    side = size * SUPERSAMPLING
    image = background(rng, side, mess)
    style = Style(_direction(rng), rng.choice([0.0, 0.6, 1.0, 1.2]), rng.choice([0.0, 0.0, 0.035]))

    behind: list[Thing] = [
        (_clutter, rng.random(), rng.random(), rng.uniform(0.10, 0.35))
        for _ in range(round(mess * rng.uniform(0.5, 5.5)))
    ]
    x, y = (0.5 + mess * rng.uniform(-0.12, 0.12) for _ in "xy")
    middle: list[Thing] = [(drawing, x, y, 0.95 - mess * rng.uniform(0.0, 0.4))]
    # Near the edge, so that they hide at most a part of the object.
    rim = [0.5 + _direction(rng) * rng.uniform(0.33, 0.5) for _ in range(round(mess * rng.uniform(-0.5, 2.5)))]
    before: list[Thing] = [(_clutter, float(x), float(y), rng.uniform(0.08, 0.22)) for x, y in rim]
    for things in (behind, middle, before):
        if things:
            _put(image, things, style, rng)
    return _photographed(image.resize((size, size), Image.Resampling.BOX), rng, mess)


def _put(image: Image.Image, things: list[Thing], style: Style, rng: random.Random) -> None:
    """Draw things, each at its place, in its size and in a random pose, with their shadows."""
    layer = Image.new("RGBA", image.size)
    draw = ImageDraw.Draw(layer)
    for drawing, x, y, scale in things:
        cos, sin = _direction(rng)
        turn = np.array([[cos, sin], [-sin, cos]]) * [[1], [rng.choice([-1, 1])]]
        slant = np.array([[1, rng.uniform(-0.15, 0.15)], [0, rng.uniform(0.8, 1.0)]])
        drawing(Pen(draw, rng, scale * image.width / 2 * turn @ slant, np.array([x, y]) * image.width, style))
    covered = layer.getchannel("A")
    if style.relief:
        _cast_shadow(image, covered, style.light)
    image.paste(layer, mask=covered)


def _clutter(pen: Pen) -> None:
    """A small thing of no class."""
    rng = pen.rng
    colour = any_colour(rng)
    match rng.choice(["blob", "polygon", "stick", "squiggle", "crumbs", "hook"]):
        case "blob":
            pen.fill(blob(rng, rng.uniform(0.5, 1), 0.5), colour)
        case "polygon":
            pen.fill(polygon(rng.randint(3, 6), 1), colour, rng.choice([0, 1]))
        case "stick":
            pen.body(arc(2, 0), rng.uniform(0.2, 0.6), colour)
        case "squiggle":
            line = ripple(arc(2, 0), rng.uniform(0.2, 0.5), rng.randint(1, 4), rng.random() < 0.5)
            pen.line(line, rng.uniform(0.12, 0.3), colour)
        case "crumbs":
            for _ in range(rng.randint(4, 10)):
                pen.disc(rng.uniform(-1, 1), rng.uniform(-1, 1), rng.uniform(0.15, 0.4), colour)
        case "hook":
            pen.body(arc(2, rng.uniform(1, 4)), rng.uniform(0.2, 0.5), colour)


def _cast_shadow(image: Image.Image, covered: Image.Image, light: Points) -> None:
    dx, dy = (round(float(part) * -0.025 * image.width) for part in light)
    # Blurred at a quarter of the size: a shadow has no detail, and this is much faster.
    small = covered.reduce(4).filter(ImageFilter.GaussianBlur(image.width / 240))
    mask = Image.new("L", image.size)
    mask.paste(small.resize(image.size).point([level // 2 for level in range(256)]), (dx, dy))
    image.paste((16, 12, 20), mask=mask)


def _photographed(image: Image.Image, rng: random.Random, mess: float) -> Image.Image:
    """The picture as a camera might take it: exposure, uneven light, colour cast, blur and noise."""
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhance(image).enhance(1 + mess * rng.uniform(-0.3, 0.25))
    if rng.random() < 0.4 * mess:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.1)))
    noise = np.random.default_rng(rng.getrandbits(64))
    ramp = np.linspace(-1, 1, image.width)
    slope = _direction(rng) * mess * rng.uniform(0, 45)
    pixels = np.asarray(image) + (ramp[:, None] * slope[1] + ramp[None, :] * slope[0])[:, :, None]
    pixels *= [1 + mess * rng.uniform(-0.15, 0.15) for _ in range(3)]
    pixels += noise.normal(0, 1 + mess * rng.uniform(0, 13), pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _direction(rng: random.Random) -> Points:
    angle = rng.uniform(0, 2 * math.pi)
    return np.array([math.cos(angle), math.sin(angle)])
