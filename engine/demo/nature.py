"""Animals, plants and things in the sky: drawings for pretraining only."""

import math

import numpy as np

from engine.demo.geometry import arc, blob, ellipse, lens, moved, normals, polygon, ribbon, ripple, star
from engine.demo.palette import any_colour, darker, lighter, named, vivid
from engine.demo.pen import Pen


def fish(pen: Pen) -> None:
    """A fish with a forked tail."""
    rng, skin = pen.rng, any_colour(pen.rng)
    height = rng.uniform(0.5, 0.9)
    pen.fill(np.array([[0.45, 0], [0.98, -0.4], [0.82, 0], [0.98, 0.4]]), darker(skin, 0.2))
    pen.fill(moved(lens(1.5, height), -0.15, 0), skin)
    for x in np.linspace(-0.2, 0.4, rng.randint(0, 4)):
        pen.line(moved(arc(height * 0.5, 0.8), x, 0, math.pi / 2), 0.07, darker(skin, 0.45))
    pen.disc(-0.6, -0.08, 0.13, named(rng, "dark"), 0)


def snake(pen: Pen) -> None:
    """A winding snake with rings or a zigzag on its back."""
    rng, skin, mark = pen.rng, any_colour(pen.rng), any_colour(pen.rng)
    path = ripple(arc(1.8, rng.uniform(-0.8, 0.8), 40), rng.uniform(0.08, 0.25), rng.uniform(0.7, 1.6))
    width = rng.uniform(0.18, 0.34)
    pen.body(path, np.interp(np.linspace(0, 1, len(path)), [0, 0.1, 0.6, 1], [1, 0.8, 0.9, 0.2]) * width, skin)
    if rng.random() < 0.6:
        pen.line(ripple(path[4:-8], width * 0.25, rng.uniform(4, 8), sharp=True), 0.06, mark)
    else:
        for segment in np.array_split(path[4:-6], rng.randint(4, 7)):
            pen.line(segment[:2], width * 0.7, mark)
    pen.disc(path[0, 0], path[0, 1] - 0.03, 0.07, named(rng, "dark"), 0)


def caterpillar(pen: Pen) -> None:
    """A row of round segments with feelers."""
    rng, skin = pen.rng, any_colour(pen.rng)
    path = arc(1.6, rng.uniform(-1.5, 1.5), rng.randint(5, 9))
    for number, (x, y) in enumerate(path):
        pen.disc(x, y, 2.1 / len(path) + 0.1, skin if number % 2 else lighter(skin, 0.3))
    for angle in (-0.5, 0.5):
        pen.line(moved(arc(0.35, 0.6) - [0.3, 0], path[0, 0], path[0, 1], angle), 0.05, named(rng, "dark"))


def butterfly(pen: Pen) -> None:
    """Four spotted wings around a thin body."""
    rng, wing, spot = pen.rng, any_colour(pen.rng), any_colour(pen.rng)
    upper, lower = rng.uniform(0.6, 0.85), rng.uniform(0.45, 0.65)
    for side in (-1, 1):
        for size, angle in ((lower, 0.6), (upper, -0.5)):
            centre = side * 0.5 * math.cos(angle), 0.6 * math.sin(angle)
            pen.fill(moved(ellipse(size * 1.2, size * 0.9), *centre, side * angle), wing, 0.6)
            pen.disc(*centre, size * 0.4, spot, 0)
    pen.body(moved(arc(1.0, 0), 0, 0, math.pi / 2), 0.14, darker(wing, 0.7))


def ladybird(pen: Pen) -> None:
    """A round beetle with spots on both wings."""
    rng, shell, dark = (
        pen.rng,
        named(pen.rng, pen.rng.choice(["ketchup", "ketchup", "mustard"])),
        named(pen.rng, "dark"),
    )
    for y in (-0.4, 0.0, 0.4):
        pen.line(np.array([[-0.9, y * 1.3], [0.9, y * 1.3]]), 0.07, dark)
    pen.disc(0, -0.65, 0.6, dark)
    pen.fill(ellipse(1.35, 1.55), shell)
    pen.line(np.array([[0, -0.75], [0, 0.75]]), 0.06, dark)
    for y in np.linspace(-0.4, 0.4, rng.randint(2, 3)):
        for side in (-1, 1):
            pen.disc(side * rng.uniform(0.25, 0.38), y, 0.25, dark, 0)


def spider(pen: Pen) -> None:
    """Two round parts and eight bent legs."""
    rng, skin = pen.rng, named(pen.rng, pen.rng.choice(["dark", "chocolate"]))
    for side in (-1, 1):
        for angle in np.linspace(-0.9, 0.9, 4):
            knee = [side * 0.55 * math.cos(angle), 0.65 * math.sin(angle) - 0.12]
            foot = [side * 0.95 * math.cos(angle), 0.95 * math.sin(angle)]
            pen.line(np.array([[0, 0], knee, foot]), 0.06, darker(skin, 0.4))
    pen.fill(moved(ellipse(rng.uniform(0.6, 0.8), 0.9), 0, 0.25), skin)
    pen.disc(0, -0.3, rng.uniform(0.35, 0.5), skin)


def snail(pen: Pen) -> None:
    """A coiled shell on a creeping foot."""
    rng, skin, shell = pen.rng, any_colour(pen.rng), any_colour(pen.rng)
    pen.body(moved(arc(1.7, 0.3), 0, 0.6), np.linspace(0.3, 0.1, 24), skin)
    for x in (-0.95, -0.7):
        pen.line(np.array([[-0.75, 0.5], [x, 0.05]]), 0.07, skin)
    pen.disc(0.1, 0, 1.2, shell)
    turns = np.linspace(0.5, rng.uniform(12, 16), 60)
    coil = np.stack([np.cos(turns), np.sin(turns)], axis=1) * (turns / 30)[:, None]
    pen.line(moved(coil, 0.1, 0), 0.07, darker(shell, 0.55))


def starfish(pen: Pen) -> None:
    """Five arms with knobs."""
    rng, skin = pen.rng, any_colour(pen.rng)
    pen.fill(star(5, 1, rng.uniform(0.35, 0.5)), skin)
    for x, y in star(5, 1, 1)[::2]:
        for share in (0.2, 0.45, 0.7):
            pen.disc(x * share, y * share, 0.1, lighter(skin, 0.4), 0)


def leaf(pen: Pen) -> None:
    """A pointed leaf with veins and a stalk."""
    rng, green = pen.rng, named(pen.rng, pen.rng.choice(["leaf", "leaf", "carrot"]))
    width = rng.uniform(0.6, 1.0)
    pen.line(np.array([[-0.6, 0], [0.98, 0]]), 0.08, darker(green, 0.4))
    pen.fill(moved(lens(1.6, width), -0.15, 0), green, 0.5)
    pen.line(np.array([[-0.85, 0], [0.5, 0]]), 0.05, lighter(green, 0.4))
    for x in np.linspace(-0.5, 0.3, rng.randint(3, 5)):
        vein = np.array([[x - 0.22, -width * 0.3], [x, 0], [x - 0.22, width * 0.3]])
        pen.line(vein, 0.04, lighter(green, 0.4))


def feather(pen: Pen) -> None:
    """A quill with slanted barbs on both sides."""
    rng, tint = pen.rng, any_colour(pen.rng)
    path = arc(1.9, rng.uniform(-0.8, 0.8))
    for place, normal in zip(path[7:], normals(path)[7:], strict=True):
        for side in (-1, 1):
            pen.line(np.stack([place, place + [0.2, 0] + side * 0.32 * normal]), 0.06, tint)
    pen.line(path[:-1], 0.06, darker(tint, 0.5))


def flower(pen: Pen) -> None:
    """Petals around a round heart."""
    rng, petal = pen.rng, any_colour(pen.rng)
    count = rng.randint(5, 9)
    for x, y in polygon(count, 0.62):
        pen.fill(moved(ellipse(0.72, 2.6 / count), x, y, math.atan2(y, x)), petal)
    pen.disc(0, 0, rng.uniform(0.45, 0.7), any_colour(rng))


def tree(pen: Pen) -> None:
    """A fir of stacked triangles on a trunk."""
    rng, needles = pen.rng, named(pen.rng, "leaf")
    pen.fill(np.array([[-0.12, 0.4], [0.12, 0.4], [0.12, 0.98], [-0.12, 0.98]]), named(rng, "chocolate"), 0.3)
    for y, width in ((0.6, 0.75), (0.1, 0.6), (-0.35, 0.42)):
        pen.fill(np.array([[-width, y], [0, y - 0.65], [width, y]]), needles, 0.5)


def cactus(pen: Pen) -> None:
    """A round column with raised arms, in a pot."""
    rng, green = pen.rng, named(pen.rng, "leaf")
    for side in (-1, 1):
        y = rng.uniform(-0.2, 0.3)
        pen.body(np.array([[0, y], [side * 0.5, y], [side * 0.5, y - 0.45]]), 0.24, green)
    pen.body(np.array([[0, 0.6], [0, 0], [0, -0.7]]), 0.4, green)
    pen.fill(np.array([[-0.4, 0.5], [0.4, 0.5], [0.3, 0.98], [-0.3, 0.98]]), any_colour(rng), 0.5)


def toadstool(pen: Pen) -> None:
    """A domed cap with spots on a stem."""
    rng, cap = pen.rng, named(pen.rng, pen.rng.choice(["ketchup", "ketchup", "chocolate"]))
    pen.body(np.array([[0, 0], [0, 0.4], [0, 0.75]]), rng.uniform(0.3, 0.5), named(rng, "pale"))
    dome = ellipse(1.8, rng.uniform(1.3, 1.9))
    pen.fill(dome[dome[:, 1] <= 0.01], cap)
    for x, y in ((-0.45, -0.2), (0.0, -0.45), (0.4, -0.18), (0.05, -0.15)):
        pen.disc(x, y, rng.uniform(0.15, 0.28), named(rng, "pale"), 0)


def sun(pen: Pen) -> None:
    """A disc with rays."""
    rng, glow = pen.rng, named(pen.rng, pen.rng.choice(["mustard", "carrot"]))
    for x, y in polygon(rng.randint(8, 14), 0.95):
        pen.line(np.array([[0, 0], [x, y]]), 0.1, glow)
    pen.disc(0, 0, rng.uniform(0.9, 1.3), lighter(glow, 0.2))


def cloud(pen: Pen) -> None:
    """Puffs over rain, or over none."""
    rng, vapour = pen.rng, named(pen.rng, pen.rng.choice(["grey", "pale"]))
    for x in np.linspace(-0.5, 0.5, rng.randint(0, 4)):
        pen.line(np.array([[x, 0.3], [x - 0.12, 0.8]]), 0.07, vivid(rng))
    for x, y, size in ((-0.5, 0.1, 0.8), (0.5, 0.1, 0.8), (0.2, -0.2, 0.9), (-0.2, -0.1, 0.8), (0, 0.2, 0.7)):
        pen.disc(x, y, size * rng.uniform(0.85, 1.1), vapour, 0.4)


def lightning(pen: Pen) -> None:
    """A jagged bolt that tapers."""
    rng, flash = pen.rng, named(pen.rng, pen.rng.choice(["mustard", "pale"]))
    path = ripple(arc(1.9, 0), rng.uniform(0.15, 0.35), rng.uniform(1.5, 2.5), sharp=True)
    pen.fill(ribbon(path, np.linspace(rng.uniform(0.4, 0.6), 0.03, len(path))), flash, 0.2)


def pebbles(pen: Pen) -> None:
    """A heap of round stones."""
    rng, stone = pen.rng, named(pen.rng, "grey")
    for x, y in ((-0.6, 0.4), (0.0, 0.5), (0.6, 0.4), (-0.3, 0.0), (0.3, 0.0), (0.0, -0.4)):
        pen.fill(moved(blob(rng, rng.uniform(0.26, 0.36), 0.4), x, y), lighter(stone, rng.uniform(0, 0.4)))


def pea_pod(pen: Pen) -> None:
    """Round seeds in a split hull."""
    rng, hull = pen.rng, named(pen.rng, "leaf")
    pen.fill(lens(1.9, rng.uniform(0.6, 0.85)), hull, 0.6)
    pen.fill(lens(1.6, 0.45), darker(hull, 0.5), 0)
    for x in np.linspace(-0.5, 0.5, rng.randint(3, 5)):
        pen.disc(x, 0, 0.3, lighter(hull, 0.25))
