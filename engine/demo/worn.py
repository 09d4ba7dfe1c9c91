"""Things that people wear: drawings for pretraining only."""

import math

import numpy as np

from engine.demo.geometry import arc, ellipse, moved, normals, polygon, rectangle, ribbon, ripple, star
from engine.demo.palette import any_colour, darker, lighter, named
from engine.demo.pen import Pen


def spectacles(pen: Pen) -> None:
    """Two glasses, a bridge and the ends of the temples."""
    rng, frame, glass = pen.rng, any_colour(pen.rng), any_colour(pen.rng)
    lens_shape = rng.choice([ellipse(0.75, 0.7), moved(polygon(4, 0.48), 0, 0, math.pi / 4)])
    pen.line(moved(arc(0.4, -1.5), 0, -0.1), 0.08, frame)
    for side in (-1, 1):
        pen.line(np.array([[side * 0.85, -0.1], [side * 0.98, -0.4]]), 0.08, frame)
        pen.fill(moved(lens_shape, side * 0.5, 0), frame, 0)
        pen.fill(moved(lens_shape * 0.75, side * 0.5, 0), glass, 0.5)


def finger_ring(pen: Pen) -> None:
    """A hoop with a stone."""
    rng, gold = pen.rng, any_colour(pen.rng)
    hoop = moved(ellipse(1.3, 1.3), 0, 0.25)
    pen.line(np.concatenate([hoop, hoop[:2]]), rng.uniform(0.14, 0.26), gold)
    pen.fill(moved(polygon(rng.choice([4, 6, 8]), 0.36), 0, -0.55), any_colour(rng))


def button(pen: Pen) -> None:
    """A round disc with a rim and holes."""
    rng, horn = pen.rng, any_colour(pen.rng)
    pen.disc(0, 0, 1.7, darker(horn, 0.3))
    pen.disc(0, 0, 1.3, horn, 0.3)
    for x, y in moved(polygon(rng.choice([2, 4]), 0.28), 0, 0, math.pi / 4):
        pen.disc(x, y, 0.22, darker(horn, 0.75), 0)


def scarf(pen: Pen) -> None:
    """A long striped band with fringes."""
    rng, wool, stripe = pen.rng, any_colour(pen.rng), any_colour(pen.rng)
    path = ripple(arc(1.6, rng.uniform(-0.8, 0.8), 30), rng.uniform(0, 0.15), 1)
    across, width = normals(path), rng.uniform(0.34, 0.55)
    for end in (0, -1):
        for offset in np.linspace(-0.4, 0.4, 5):
            start = path[end] + across[end] * width * offset
            fringe = np.array([0.2 if end else -0.2, 0])
            pen.line(np.stack([start, start + fringe]), 0.05, stripe)
    pen.fill(ribbon(path, width), wool, 0)
    for place in range(2, len(path) - 2, rng.randint(3, 6)):
        pen.fill(ribbon(path[place : place + 2], width), stripe, 0)


def badge(pen: Pen) -> None:
    """A many-pointed star with a disc and ribbons."""
    rng, silk = pen.rng, any_colour(pen.rng)
    for angle in (-0.3, 0.3):
        pen.fill(moved(moved(rectangle(0.3, 0.9), 0, 0.5), 0, 0, angle), darker(silk, 0.3), 0)
    pen.fill(moved(star(rng.randint(9, 14), 0.68, 0.5), 0, -0.25), silk, 0.3)
    pen.disc(0, -0.25, rng.uniform(0.5, 0.75), any_colour(rng))


def belt(pen: Pen) -> None:
    """A strap with a square buckle and a row of holes."""
    rng, path = pen.rng, arc(1.7, pen.rng.uniform(-1.2, 1.2))
    leather, width = named(rng, rng.choice(["chocolate", "dark", "crust"])), rng.uniform(0.22, 0.34)
    pen.body(path, width, leather, 0.4)
    for x, y in path[12:22:2]:
        pen.disc(x, y, 0.09, lighter(leather, 0.6), 0)
    frame = moved(rectangle(0.34, width * 1.5), path[1, 0], path[1, 1])
    pen.line(np.concatenate([frame, frame[:2]]), 0.09, named(rng, rng.choice(["mustard", "grey"])))


def zip_fastener(pen: Pen) -> None:
    """Two bands of cloth, a row of teeth between them and a slider."""
    rng, cloth, path = pen.rng, any_colour(pen.rng), arc(1.8, pen.rng.uniform(-0.6, 0.6), 30)
    metal = named(rng, rng.choice(["mustard", "grey", "pale"]))
    pen.fill(ribbon(path, rng.uniform(0.5, 0.7)), cloth, 0)
    pen.line(ripple(path, 0.06, 12, sharp=True), 0.06, metal)
    pen.fill(moved(rectangle(0.2, 0.3), *path[rng.randint(6, 24)]), metal, 0.5)


def necktie(pen: Pen) -> None:
    """A knot and a widening band with slanted stripes."""
    rng, silk, stripe = pen.rng, any_colour(pen.rng), any_colour(pen.rng)
    pen.fill(np.array([[-0.6, -0.1], [0.65, -0.3], [0.95, 0], [0.65, 0.3], [-0.6, 0.1]]), silk, 0.3)
    for x in np.linspace(-0.3, 0.5, rng.randint(2, 4)):
        half = 0.12 + 0.16 * (x + 0.6) / 1.25
        pen.line(np.array([[x - 0.08, -half], [x + 0.08, half]]), 0.08, stripe)
    pen.fill(np.array([[-0.95, -0.2], [-0.6, -0.12], [-0.6, 0.12], [-0.95, 0.2]]), darker(silk, 0.2), 0.4)
