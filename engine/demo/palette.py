"""Named colours, each time a little different."""

import colorsys
import random

Colour = tuple[int, int, int]
Range = tuple[float, float]

# Ranges of hue, saturation and value. Both of the demo's classes and the clutter use those of food, so that no colour
# reveals the class.
NAMED: dict[str, tuple[Range, Range, Range]] = {
    "bread": ((0.07, 0.12), (0.35, 0.75), (0.60, 0.95)),
    "crust": ((0.05, 0.09), (0.55, 0.85), (0.40, 0.70)),
    "meat": ((-0.02, 0.05), (0.55, 0.85), (0.45, 0.85)),
    "mustard": ((0.11, 0.15), (0.70, 1.00), (0.80, 1.00)),
    "ketchup": ((-0.03, 0.02), (0.75, 1.00), (0.60, 0.90)),
    "cream": ((0.08, 0.14), (0.08, 0.30), (0.88, 1.00)),
    "chocolate": ((0.02, 0.07), (0.50, 0.80), (0.18, 0.40)),
    "carrot": ((0.05, 0.09), (0.80, 1.00), (0.80, 1.00)),
    "leaf": ((0.22, 0.38), (0.45, 0.90), (0.35, 0.80)),
    "water": ((0.50, 0.62), (0.30, 0.80), (0.55, 0.95)),
    "pink": ((0.93, 1.01), (0.25, 0.50), (0.65, 0.95)),
    "dark": ((0.00, 1.00), (0.10, 0.50), (0.08, 0.25)),
    "pale": ((0.00, 1.00), (0.00, 0.15), (0.85, 1.00)),
    "grey": ((0.00, 1.00), (0.00, 0.12), (0.35, 0.80)),
}
WARM = ("bread", "crust", "meat", "mustard", "ketchup", "cream", "chocolate", "carrot")


def named(rng: random.Random, name: str) -> Colour:
    """A colour of `NAMED`."""
    return _from_ranges(rng, *NAMED[name])


def warm(rng: random.Random) -> Colour:
    """A colour that food has."""
    return named(rng, rng.choice(WARM))


def vivid(rng: random.Random) -> Colour:
    """A strong colour of any hue."""
    return _from_ranges(rng, (0, 1), (0.5, 1.0), (0.5, 1.0))


def any_colour(rng: random.Random) -> Colour:
    """Any colour, grey and dark ones too, and every other time one that food has."""
    return warm(rng) if rng.random() < 0.5 else _from_ranges(rng, (0, 1), (0.05, 0.9), (0.25, 1.0))


def mixed(colour: Colour, other: Colour, share: float) -> Colour:
    """A mixture of two colours; `share`, in 0..1, is that of the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def darker(colour: Colour, share: float) -> Colour:
    """The colour in shadow."""
    return mixed(colour, (20, 12, 24), share)


def lighter(colour: Colour, share: float) -> Colour:
    """The colour in bright light."""
    return mixed(colour, (255, 252, 240), share)


def _from_ranges(rng: random.Random, hue: Range, saturation: Range, value: Range) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(rng.uniform(*hue) % 1, rng.uniform(*saturation), rng.uniform(*value))
    return round(red * 255), round(green * 255), round(blue * 255)
