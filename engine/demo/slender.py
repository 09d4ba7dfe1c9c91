"""Long things that differ in their colours or in the order of their parts: drawings for pretraining only."""

import math

import numpy as np

from engine.demo.geometry import arc, ellipse, moved, normals, rectangle, ribbon, ripple
from engine.demo.palette import any_colour, darker, lighter, named
from engine.demo.pen import Pen


def bathtub(pen: Pen) -> None:
    """A pale tub with water in it, and a tap."""
    rng, length, width = pen.rng, pen.rng.uniform(0.9, 1.2), pen.rng.uniform(0.6, 0.8)
    path = arc(length, 0)
    pen.body(path, width, named(rng, "pale"))
    pen.body(path, width * 0.68, named(rng, "water"), 0.3)
    pen.line(np.array([[length / 2 + width / 2, 0], [length / 2, 0]]), 0.12, named(rng, "grey"))


def flower_box(pen: Pen) -> None:
    """A long wooden box with green in it, with blossoms or without."""
    rng, length, width = pen.rng, pen.rng.uniform(1.5, 1.8), pen.rng.uniform(0.5, 0.8)
    pen.fill(rectangle(length, width), named(rng, "chocolate"), 0.3)
    pen.body(arc(length - width * 0.8, 0), width * 0.55, named(rng, "leaf"))
    blossom = any_colour(rng)
    for x in np.linspace(-0.5, 0.5, rng.choice([0, 3, 4, 5])):
        pen.disc(x, rng.uniform(-0.1, 0.1), 0.18, blossom)


def dugout(pen: Pen) -> None:
    """A wooden boat with pointed ends and benches."""
    rng, wood, path = pen.rng, named(pen.rng, "crust"), arc(1.8, 0)
    taper = np.sin(np.linspace(0.15, math.pi - 0.15, len(path)))
    width = rng.uniform(0.5, 0.7)
    pen.body(path, width * taper, wood)
    pen.fill(ribbon(path[2:-2], width * 0.65 * taper[2:-2]), darker(wood, 0.6), 0)
    for x in np.linspace(-0.4, 0.4, rng.randint(1, 3)):
        pen.line(np.array([[x, -width * 0.28], [x, width * 0.28]]), 0.12, lighter(wood, 0.3))


def sleeping_bag(pen: Pen) -> None:
    """A quilted bag with a sleeper's head at its end."""
    rng, cloth = pen.rng, any_colour(pen.rng)
    path, width = arc(1.3, rng.uniform(-0.3, 0.3)), rng.uniform(0.5, 0.65)
    across = normals(path)
    pen.body(path, np.linspace(1, 0.65, len(path)) * width, cloth)
    for place in range(5, 23, 5):
        seam = np.stack([path[place] - across[place] * width * 0.35, path[place] + across[place] * width * 0.35])
        pen.line(seam, 0.04, darker(cloth, 0.45))
    pen.disc(path[0, 0], path[0, 1], width * 0.6, named(rng, rng.choice(["cream", "bread", "chocolate"])))


def surfboard(pen: Pen) -> None:
    """A pointed board with a straight stripe along it."""
    rng, path = pen.rng, arc(1.9, 0)
    widths = rng.uniform(0.45, 0.65) * np.sin(np.linspace(0.3, math.pi - 0.05, len(path))) ** 0.7
    pen.body(path, widths, any_colour(rng))
    pen.line(path[2:-4], rng.uniform(0.08, 0.16), any_colour(rng))


def worm(pen: Pen) -> None:
    """A pink worm with rings and a pale saddle."""
    rng, skin = pen.rng, named(pen.rng, "pink")
    path = ripple(arc(1.7, rng.uniform(-1.2, 1.2), 36), rng.uniform(0.0, 0.15), 1)
    width, across = rng.uniform(0.16, 0.28), normals(path)
    pen.body(path, np.interp(np.linspace(0, 1, len(path)), [0, 0.2, 0.8, 1], [0.5, 1, 1, 0.4]) * width, skin)
    pen.body(path[9:14], width * 1.2, lighter(skin, 0.4))
    for place in range(16, len(path) - 2, 3):
        ring = np.stack([path[place] - across[place] * width * 0.4, path[place] + across[place] * width * 0.4])
        pen.line(ring, 0.03, darker(skin, 0.4))


def slug(pen: Pen) -> None:
    """A dark slug with feelers and a mantle."""
    rng = pen.rng
    skin = named(rng, rng.choice(["dark", "chocolate"]))
    path, width = arc(1.6, rng.uniform(-0.8, 0.8)), rng.uniform(0.36, 0.5)
    for angle in (-0.5, 0.5):
        pen.line(moved(arc(0.4, 0.4) - [0.25, 0], path[0, 0], path[0, 1], angle), 0.06, skin)
    pen.body(path, np.interp(np.linspace(0, 1, len(path)), [0, 0.3, 1], [0.7, 1, 0.15]) * width, skin)
    pen.body(path[4:10], width * 0.65, lighter(skin, 0.25), 0.4)


def log(pen: Pen) -> None:
    """A trunk with bark and the rings of its cut end."""
    rng = pen.rng
    bark, wood = named(rng, rng.choice(["chocolate", "grey"])), named(rng, rng.choice(["bread", "cream"]))
    width = rng.uniform(0.5, 0.75)
    pen.body(arc(1.2, 0), width, bark)
    for y in (-0.25, 0.0, 0.22):
        x = rng.uniform(-0.4, 0.2)
        pen.line(np.array([[x - 0.25, y * width], [x + 0.25, y * width]]), 0.05, darker(bark, 0.5))
    for share, shade in ((1.0, wood), (0.65, darker(wood, 0.3)), (0.5, wood), (0.2, darker(wood, 0.3))):
        pen.fill(moved(ellipse(width * share * 0.75, width * share), 0.6, 0), shade, 0)


def raft(pen: Pen) -> None:
    """Logs side by side, all of one wood, bound with ropes."""
    rng, count = pen.rng, pen.rng.randint(3, 6)
    wood, width = named(rng, rng.choice(["crust", "bread", "grey"])), rng.uniform(0.2, 0.26)
    for number in range(count):
        pen.body(moved(arc(rng.uniform(1.3, 1.6), 0), 0, (number - (count - 1) / 2) * width), width, wood)
    reach = count * width / 2
    for x in (-0.45, 0.45):
        pen.line(np.array([[x, -reach], [x, reach]]), 0.08, named(rng, "dark"))


def railway(pen: Pen) -> None:
    """Two rails on sleepers."""
    rng, path = pen.rng, arc(1.8, pen.rng.uniform(-1.2, 1.2))
    across, gauge, wood = normals(path), rng.uniform(0.2, 0.3), named(rng, "chocolate")
    for place in range(0, len(path), 2):
        reach = across[place] * gauge * 1.6
        pen.line(np.stack([path[place] - reach, path[place] + reach]), 0.07, wood)
    for side in (-1, 1):
        pen.line(path + across * gauge * side, 0.09, named(rng, "grey"))


def tricolour(pen: Pen) -> None:
    """A flag of three bands of three colours on a pole."""
    _flag(pen, 3)


def two_bands(pen: Pen) -> None:
    """A flag of two bands on a pole."""
    _flag(pen, 2)


def cross_flag(pen: Pen) -> None:
    """A flag with a cross that reaches its edges."""
    rng, cross = pen.rng, any_colour(pen.rng)
    _flag(pen, 1)
    pen.fill(moved(rectangle(1.5, 0.2), 0.1, 0), cross, 0)
    pen.fill(moved(rectangle(0.2, 1.0), rng.uniform(-0.25, 0.0), 0), cross, 0)


def lipstick(pen: Pen) -> None:
    """A dark case, a metal ring and a slanted red tip."""
    rng, width = pen.rng, pen.rng.uniform(0.4, 0.6)
    pen.fill(moved(rectangle(0.8, width), -0.5, 0), named(rng, "dark"), 0.6)
    pen.fill(moved(rectangle(0.3, width * 0.85), 0.05, 0), named(rng, "mustard"), 0.4)
    half = width * 0.32
    pen.fill(np.array([[0.2, -half], [0.65, -half], [0.9, half], [0.2, half]]), named(rng, "ketchup"), 0.5)


def torch(pen: Pen) -> None:
    """An electric torch: a handle, a wider head and its light."""
    rng, case = pen.rng, any_colour(pen.rng)
    beam = np.array([[0.45, -0.2], [0.98, -0.55], [0.98, 0.55], [0.45, 0.2]])
    pen.fill(beam, named(rng, "cream"), 0)
    pen.body(moved(arc(1.0, 0), -0.35, 0), rng.uniform(0.24, 0.34), case)
    pen.fill(np.array([[0.1, -0.18], [0.5, -0.34], [0.5, 0.34], [0.1, 0.18]]), darker(case, 0.25), 0.5)
    pen.disc(-0.25, 0, 0.13, lighter(case, 0.6), 0)


def toothbrush(pen: Pen) -> None:
    """A slim handle with bristles, with or without paste on them."""
    rng, path = pen.rng, arc(1.9, pen.rng.uniform(-0.3, 0.3))
    for place in range(1, 7):
        pen.line(np.stack([path[place], path[place] - [0, 0.3]]), 0.08, named(rng, "pale"))
    if rng.random() < 0.5:
        pen.line(ripple(path[1:7] - [0, 0.34], 0.04, 2), 0.1, any_colour(rng))
    pen.body(path, rng.uniform(0.12, 0.18), any_colour(rng))


def bone(pen: Pen) -> None:
    """A pale shaft with two knobs at each end."""
    rng, size = pen.rng, pen.rng.uniform(0.34, 0.44)
    ivory = named(rng, rng.choice(["cream", "pale"]))
    for side in (-1, 1):
        for y in (-0.17, 0.17):
            pen.disc(side * 0.68, y, size, ivory)
    pen.body(arc(1.2, 0), size * rng.uniform(0.55, 0.75), ivory)


def monitor(pen: Pen) -> None:
    """A dark screen in a frame, with a jagged curve on it."""
    rng, trace = pen.rng, ripple(arc(1.3, 0), pen.rng.uniform(0.1, 0.25), pen.rng.uniform(2, 5), sharp=True)
    pen.fill(rectangle(1.7, 1.1), named(rng, rng.choice(["grey", "pale"])), 0.4)
    pen.fill(rectangle(1.5, 0.9), named(rng, "dark"), 0)
    pen.line(trace, 0.07, named(rng, rng.choice(["leaf", "mustard", "ketchup"])))


def ruler(pen: Pen) -> None:
    """A straight strip with marks along one edge."""
    rng, width = pen.rng, pen.rng.uniform(0.28, 0.42)
    strip = named(rng, rng.choice(["bread", "mustard", "pale", "water"]))
    pen.fill(rectangle(1.9, width), strip, 0.1)
    for number, x in enumerate(np.linspace(-0.85, 0.85, rng.randint(9, 15))):
        end = -width / 2 + width * (0.55 if number % 4 == 0 else 0.3)
        pen.line(np.array([[x, -width / 2], [x, end]]), 0.04, named(rng, "dark"))


def _flag(pen: Pen, bands: int) -> None:
    rng, height = pen.rng, 1.0
    pen.body(moved(arc(1.9, 0), -0.68, 0.0, math.pi / 2), 0.1, named(rng, "chocolate"))
    for number in range(bands):
        y = (number - (bands - 1) / 2) * height / bands
        pen.fill(moved(rectangle(1.5, height / bands), 0.1, y), any_colour(rng), 0)
