"""Things made by people: drawings for pretraining only."""

import math

import numpy as np

from engine.demo.geometry import arc, ellipse, lens, moved, polygon, rectangle, ribbon, ripple
from engine.demo.palette import Colour, any_colour, darker, lighter, named
from engine.demo.pen import Pen


def sailing_boat(pen: Pen) -> None:
    """A hull, a mast and two sails."""
    rng = pen.rng
    pen.line(np.array([[0, -0.95], [0, 0.5]]), 0.07, named(rng, "chocolate"))
    pen.fill(np.array([[0.08, -0.9], [rng.uniform(0.6, 0.9), 0.25], [0.08, 0.25]]), any_colour(rng), 0.3)
    pen.fill(np.array([[-0.08, -0.7], [-0.6, 0.25], [-0.08, 0.25]]), any_colour(rng), 0.3)
    pen.fill(np.array([[-0.9, 0.4], [0.9, 0.4], [0.6, 0.85], [-0.6, 0.85]]), any_colour(rng), 0.5)


def kayak(pen: Pen) -> None:
    """A slender hull with a cockpit and a paddle across."""
    rng, hull = pen.rng, any_colour(pen.rng)
    pen.fill(lens(2.0, rng.uniform(0.4, 0.6)), hull)
    pen.fill(ellipse(rng.uniform(0.5, 1.0), 0.24), darker(hull, 0.6), 0)
    paddle = moved(arc(1.3, 0), rng.uniform(-0.3, 0.3), 0, rng.uniform(0.9, 2.2))
    shaft = any_colour(rng)
    pen.line(paddle, 0.06, shaft)
    for end in (paddle[:4], paddle[-4:]):
        pen.line(end, 0.17, shaft)


def rocket(pen: Pen) -> None:
    """A pointed body with fins, a porthole and a flame."""
    rng, paint, trim = pen.rng, any_colour(pen.rng), any_colour(pen.rng)
    pen.fill(moved(lens(0.9, 0.35), -0.6, 0), named(rng, "mustard"), 0.4)
    for side in (-1, 1):
        pen.fill(np.array([[-0.1, side * 0.2], [-0.55, side * 0.6], [-0.5, side * 0.15]]), trim, 0.3)
    hull = moved(lens(2.0, rng.uniform(0.6, 0.8)), 0, 0)
    pen.fill(hull[hull[:, 0] > -0.5], paint)
    pen.disc(0.2, 0, 0.26, trim, 0.4)


def house(pen: Pen) -> None:
    """A wall with a roof, a door and windows."""
    rng, wall = pen.rng, any_colour(pen.rng)
    pen.fill(moved(rectangle(1.3, 1.0), 0, 0.4), wall, 0.2)
    pen.fill(np.array([[-0.85, -0.1], [0, -0.85], [0.85, -0.1]]), any_colour(rng), 0.3)
    pen.fill(moved(rectangle(0.3, 0.55), rng.choice([-0.3, 0, 0.3]), 0.62), darker(wall, 0.6), 0)
    for x in (-0.42, 0.42):
        pen.fill(moved(rectangle(0.25, 0.25), x, 0.15), lighter(wall, 0.6), 0)


def umbrella(pen: Pen) -> None:
    """A canopy with a hooked handle."""
    rng, cloth = pen.rng, any_colour(pen.rng)
    hook = moved(arc(0.5, 3.0), 0.14, 0.85)
    pen.line(np.array([[0, -0.9], [0, 0.75]]), 0.07, named(rng, "dark"))
    pen.line(hook, 0.09, named(rng, "dark"))
    dome = ellipse(1.9, rng.uniform(1.5, 1.8))
    pen.fill(dome[dome[:, 1] <= 0.01], cloth, 0.6)
    for x in (-0.35, 0.35):
        pen.line(np.array([[0, -0.75], [x, 0]]), 0.05, darker(cloth, 0.4))


def key(pen: Pen) -> None:
    """A ring, a shaft and teeth."""
    rng, metal = pen.rng, any_colour(pen.rng)
    ring = moved(ellipse(0.6, 0.6), -0.6, 0)
    pen.line(np.array([[-0.3, 0], [0.9, 0]]), 0.14, metal)
    pen.line(np.concatenate([ring, ring[:2]]), 0.16, metal)
    for x in np.linspace(0.4, 0.85, rng.randint(2, 3)):
        pen.line(np.array([[x, 0], [x, rng.uniform(0.2, 0.4)]]), 0.13, metal)


def ladder(pen: Pen) -> None:
    """Two rails and rungs."""
    rng, wood = pen.rng, any_colour(pen.rng)
    width = rng.uniform(0.3, 0.5)
    for x in np.linspace(-0.75, 0.75, rng.randint(4, 8)):
        pen.line(np.array([[x, -width], [x, width]]), 0.09, darker(wood, 0.25))
    for side in (-1, 1):
        pen.body(moved(arc(1.9, 0), 0, side * width), 0.13, wood)


def comb(pen: Pen) -> None:
    """A back with many teeth."""
    rng, horn = pen.rng, any_colour(pen.rng)
    depth = rng.uniform(0.4, 0.7)
    for x in np.linspace(-0.85, 0.85, rng.randint(9, 14)):
        pen.line(np.array([[x, -0.3], [x, depth - 0.3]]), 0.06, horn)
    pen.body(moved(arc(1.8, rng.choice([0, 0.5])), 0, -0.3), 0.22, horn)


def spring(pen: Pen) -> None:
    """A coil of wire, or a zigzag of it."""
    rng, wire = pen.rng, any_colour(pen.rng)
    coil = ripple(arc(1.7, rng.uniform(-0.6, 0.6)), rng.uniform(0.2, 0.4), rng.uniform(4, 8), rng.random() < 0.5)
    pen.line(coil, 0.12, darker(wire, 0.5))
    pen.line(coil, 0.07, wire)


def target(pen: Pen) -> None:
    """Rings within rings."""
    rng, paint, other = pen.rng, any_colour(pen.rng), any_colour(pen.rng)
    count = rng.randint(3, 5)
    for number in range(count):
        pen.disc(0, 0, 1.9 * (1 - number / count), other if number % 2 else paint, 0)


def gear(pen: Pen) -> None:
    """A toothed wheel with a bore."""
    rng, metal = pen.rng, any_colour(pen.rng)
    for x, y in polygon(rng.randint(7, 12), 0.85):
        pen.line(np.array([[0, 0], [x, y]]), 0.24, metal)
    pen.disc(0, 0, 1.5, metal, 0.5)
    pen.disc(0, 0, rng.uniform(0.4, 0.7), darker(metal, 0.7), 0)


def die(pen: Pen) -> None:
    """A square with one to six pips."""
    rng, side = pen.rng, any_colour(pen.rng)
    pip = darker(side, 0.8) if sum(side) > 380 else lighter(side, 0.8)
    pen.fill(rectangle(1.4, 1.4), side, 0.4)
    places = [(0, 0), (-1, -1), (1, 1), (1, -1), (-1, 1), (-1, 0), (1, 0)]
    number = rng.randint(1, 6)
    for x, y in places[:number] if number % 2 else places[1 : number + 1]:
        pen.disc(x * 0.42, y * 0.42, 0.25, pip, 0)


def kite(pen: Pen) -> None:
    """A quartered diamond with a winding tail."""
    rng, cloth, other = pen.rng, any_colour(pen.rng), any_colour(pen.rng)
    tail = moved(ripple(arc(0.9, 0), 0.1, rng.uniform(1.5, 3)), 0.55, 0)
    pen.line(tail, 0.06, darker(cloth, 0.4))
    left, right, top, bottom = [-0.9, 0], [0.25, 0], [-0.45, -0.55], [-0.45, 0.55]
    pen.fill(np.array([left, top, right, bottom]), cloth, 0.3)
    pen.fill(np.array([left, top, [-0.45, 0]]), other, 0)
    pen.fill(np.array([right, bottom, [-0.45, 0]]), other, 0)


def thermometer(pen: Pen) -> None:
    """A glass tube with a column in it, a bulb and a scale."""
    rng, glass, fluid = pen.rng, any_colour(pen.rng), any_colour(pen.rng)
    tube = arc(1.5, 0)
    pen.body(tube, rng.uniform(0.28, 0.4), glass)
    pen.disc(-0.72, 0, 0.5, glass)
    pen.disc(-0.72, 0, 0.32, fluid, 0)
    pen.line(tube[: rng.randint(8, 20)], 0.12, fluid)
    for x in np.linspace(-0.3, 0.6, rng.randint(3, 7)):
        pen.line(np.array([[x, 0.08], [x, 0.16]]), 0.04, named(rng, "dark"))


def skateboard(pen: Pen) -> None:
    """A board with turned-up ends on wheels."""
    rng, deck = pen.rng, any_colour(pen.rng)
    wheel = any_colour(rng)
    for x in (-0.5, 0.5):
        pen.disc(x, 0.3, rng.uniform(0.28, 0.42), wheel)
    board = np.array([[-0.95, -0.2], [-0.65, 0.0], [0.0, 0.02], [0.65, 0.0], [0.95, -0.2]])
    pen.body(board, rng.uniform(0.14, 0.22), deck)


def candle(pen: Pen) -> None:
    """A wax stick with a flame, in a dish."""
    rng, wax = pen.rng, any_colour(pen.rng)
    pen.fill(moved(ellipse(1.3, 0.4), 0, 0.75), any_colour(rng), 0.5)
    pen.fill(moved(rectangle(rng.uniform(0.3, 0.5), 1.1), 0, 0.2), wax, 0.3)
    pen.line(np.array([[0, -0.35], [0, -0.5]]), 0.06, named(rng, "dark"))
    pen.fill(moved(lens(0.55, 0.3), 0, -0.7, math.pi / 2), named(rng, "mustard"), 0.6)


def pill(pen: Pen) -> None:
    """A capsule of two colours."""
    rng, half, other = pen.rng, any_colour(pen.rng), any_colour(pen.rng)
    path, width = arc(rng.uniform(0.7, 1.2), 0), rng.uniform(0.5, 0.75)
    pen.body(path, width, half)
    pen.body(path[: len(path) // 2], width, other)


def envelope(pen: Pen) -> None:
    """A rectangle with the folds of its flap, and a seal."""
    rng, paper = pen.rng, any_colour(pen.rng)
    pen.fill(rectangle(1.7, 1.1), paper, 0.15)
    pen.line(np.array([[-0.85, -0.55], [0, rng.uniform(0.0, 0.2)], [0.85, -0.55]]), 0.06, darker(paper, 0.5))
    if rng.random() < 0.6:
        pen.disc(0, 0.1, 0.3, any_colour(rng))


def dumbbell(pen: Pen) -> None:
    """A bar with weights at both ends."""
    rng, iron = pen.rng, any_colour(pen.rng)
    pen.body(arc(1.3, 0), 0.14, lighter(iron, 0.3))
    for side in (-1, 1):
        for x, height in ((0.55, rng.uniform(0.7, 0.95)), (0.78, rng.uniform(0.4, 0.7))):
            pen.fill(moved(rectangle(0.2, height), side * x, 0), iron, 0.4)


def road(pen: Pen) -> None:
    """A bent grey band with kerbs and a broken line."""
    rng, asphalt = pen.rng, named(pen.rng, "grey")
    path, width = arc(1.7, rng.uniform(-1.2, 1.2), 28), rng.uniform(0.45, 0.65)
    pen.fill(ribbon(path, width * 1.25), any_colour(rng), 0)
    pen.fill(ribbon(path, width), asphalt, 0)
    for place in range(1, len(path) - 3, 4):
        pen.line(path[place : place + 3], 0.07, named(rng, "pale"))


def bunting(pen: Pen) -> None:
    """A hanging cord with small flags."""
    rng = pen.rng
    colours: list[Colour] = [any_colour(rng) for _ in range(2)]
    count = rng.randint(4, 6)
    cord = arc(1.9, -rng.uniform(0.4, 1.2), 4 * count + 1)
    half = 0.7 / count
    for number, (x, y) in enumerate(cord[2::4]):
        pen.fill(np.array([[x - half, y], [x + half, y], [x, y + 0.55]]), colours[number % 2], 0.2)
    pen.line(cord, 0.06, named(rng, "dark"))
