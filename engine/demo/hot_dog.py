"""Hot dogs, and similar things: their parts, and a pastry with their outline."""

import random

import numpy as np

from engine.demo.geometry import Points, arc, moved, normals, ripple
from engine.demo.palette import Colour, darker, lighter, named
from engine.demo.pen import Pen


def hot_dog(pen: Pen) -> None:
    """A sausage in a bun, seen from above or from the side, plain or with sauce."""
    rng = pen.rng
    path = arc(rng.uniform(1.35, 1.7), rng.uniform(-0.8, 0.8))
    bread, width = bread_colour(rng), rng.uniform(0.28, 0.42)
    gap = rng.uniform(0.26, 0.36)
    filling = path * rng.uniform(0.92, 1.2)
    across = normals(path)
    match rng.choice(["open", "side", "slit"]):
        case "open":
            pen.body(path - across * gap / 1.6, width, bread)
            pen.body(path + across * gap / 1.6, width, bread)
            _sausage(pen, filling, gap)
            _sauce(pen, path, gap)
        case "side":
            pen.body(path - across * gap * 0.8, width, darker(bread, 0.1))
            _sausage(pen, filling - across * 0.06, gap)
            _sauce(pen, path - across * gap * 0.35, gap)
            pen.body(path + across * gap * 0.75, width * 1.1, bread)
        case "slit":
            pen.body(path, gap + width * 1.2, bread)
            pen.line(path * 0.98, gap * 1.25, darker(bread, 0.45))
            _sausage(pen, filling, gap)
            _sauce(pen, path, gap)


def sausage(pen: Pen) -> None:
    """One or two sausages without a bun or sauce."""
    rng = pen.rng
    count, width = rng.choice([1, 1, 2]), rng.uniform(0.26, 0.46)
    length, bend = rng.uniform(1.3, 1.9), rng.uniform(-0.9, 0.9)
    for number in range(count):
        path = moved(arc(length, bend), rng.uniform(-0.1, 0.1), (number - (count - 1) / 2) * width * 1.15)
        _sausage(pen, path, width)


def bun(pen: Pen) -> None:
    """An empty bun: in two halves, slit, or whole with or without sauce on it."""
    rng = pen.rng
    path = arc(rng.uniform(1.2, 1.6), rng.uniform(-0.5, 0.5))
    bread, width = bread_colour(rng), rng.uniform(0.6, 0.8)
    match rng.choice(["halves", "slit", "whole"]):
        case "halves":
            across = normals(path) * width / 4
            pen.body(path - across, width / 2, bread)
            pen.body(path + across, width / 2, bread)
        case "slit":
            pen.body(path, width, bread)
            pen.line(path * 0.95, rng.uniform(0.04, 0.12), darker(bread, 0.5))
        case "whole":
            pen.body(path, width, bread)
            _sauce(pen, path * 0.9, 0.28)


def sausage_beside_bun(pen: Pen) -> None:
    """The parts of a hot dog, side by side instead of one in the other."""
    rng = pen.rng
    bread, bend = bread_colour(rng), rng.uniform(-0.5, 0.5)
    roll = moved(arc(rng.uniform(1.1, 1.4), bend), 0, -0.42)
    other = moved(arc(rng.uniform(1.1, 1.5), bend), rng.uniform(-0.2, 0.2), 0.42, rng.uniform(-0.3, 0.3))
    pen.body(roll, rng.uniform(0.46, 0.6), bread)
    pen.line(roll * np.array([0.95, 1]), 0.05, darker(bread, 0.45))
    _sausage(pen, other, 0.3)
    _sauce(pen, rng.choice([roll, other]), 0.3)


def eclair(pen: Pen) -> None:
    """A long pastry with icing and a drizzle over it."""
    rng = pen.rng
    path, width = arc(rng.uniform(1.3, 1.6), rng.uniform(-0.5, 0.5)), rng.uniform(0.5, 0.7)
    pen.body(path, width, bread_colour(rng))
    icing = ripple(path * 0.97, 0.03, rng.uniform(3, 6))
    glaze = named(rng, rng.choice(["chocolate", "chocolate", "cream"]))
    pen.body(icing, width * rng.uniform(0.6, 0.8), glaze)
    drizzle = ripple(path * 0.85, width * rng.uniform(0.1, 0.25), rng.uniform(3, 6), rng.random() < 0.5)
    pen.line(drizzle, 0.07, lighter(glaze, rng.uniform(0.4, 0.8)))


def bread_colour(rng: random.Random) -> Colour:
    """The colour of a bun."""
    # Not `crust`, which is so similar to `meat` that a hot dog would look like a row of sausages.
    return named(rng, rng.choice(["bread", "bread", "cream"]))


def _sausage(pen: Pen, path: Points, width: float) -> None:
    meat = named(pen.rng, "meat")
    pen.body(path, width, meat)
    if pen.rng.random() < 0.3:
        for place in (0.25, 0.5, 0.75):
            x, y = path[round(place * (len(path) - 1))]
            pen.line(moved(arc(width * 0.6, 0), x, y, 1.1), 0.05, darker(meat, 0.4))


def _sauce(pen: Pen, path: Points, width: float) -> None:
    rng = pen.rng
    for sauce in rng.choice([(), ("mustard",), ("ketchup",), ("mustard", "ketchup"), ("cream",)]):
        waves, sharp = rng.uniform(2.5, 6), rng.random() < 0.5
        line = ripple(path * 0.88, width * rng.uniform(0.0, 0.38), waves, sharp)
        pen.line(line, rng.uniform(0.06, 0.11), named(rng, sauce))
